"""A process that compiles kernels into the cache while programs already run."""

import atexit
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any

from autograd_lite.compiler.backends.numba.store import LOADED, Kernel, address, cache_folder
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive

WORK = "from autograd_lite.compiler.backends.numba.background import work; work()"
PATIENCE = 10.0  # seconds for which the process waits for more to do
# An interrupt in the terminal is for the program, not for what compiles for it.
APART: dict[str, Any] = (
    {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}  # a new process group
)

_lock = Lock()
_process: "subprocess.Popen[bytes] | None" = None
_asked: set[Kernel] = set()  # what processes have been asked for


def are_ready(kernels: Sequence[Kernel]) -> bool:
    """Whether these kernels can be used now. Sees to it that they will be: where no process brings them, at once."""
    absent = [kernel for kernel in kernels if kernel not in LOADED and not kernel.path().exists()]
    if absent and ask(absent):
        return False
    for kernel in kernels:
        address(kernel)
    return True


def may_start_processes() -> bool:
    """Not in an application that is frozen: its executable is no Python."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def ask(kernels: Sequence[Kernel]) -> bool:
    """Have a process compile these kernels, one process for all; whether one runs that may yet bring them."""
    global _process
    with _lock:
        runs = _process is not None and _process.poll() is None
        new = [kernel for kernel in kernels if kernel not in _asked]
        if not new or (not runs and len(new) < len(kernels)):
            return runs  # what a process failed at, it fails at again
        if not may_start_processes():
            return False
        try:
            if not runs:
                if _process is not None and _process.stdin is not None:
                    _process.stdin.close()
                _process = subprocess.Popen(
                    [sys.executable, "-c", WORK],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    **APART,
                )
            assert _process is not None
            assert _process.stdin is not None
            _process.stdin.write(pickle.dumps((sys.path, str(cache_folder()), [kernel.described() for kernel in new])))
            _process.stdin.flush()
        except (OSError, ValueError):
            return False
        _asked.update(new)
        return True


@atexit.register
def leave() -> None:
    """At the end the process is left to finish what it was asked for, and to end by itself."""
    if _process is not None and _process.stdin is not None:
        with suppress(OSError):
            _process.stdin.close()
        _process.returncode = 0  # or Python warns of a process that still runs


def work() -> None:
    """What the process does: compile what is asked for on its standard input, until nothing comes any more."""
    requests: Queue[Any] = Queue()
    Thread(target=_listen, args=(requests,), daemon=True).start()
    with suppress(Empty):
        while request := requests.get(timeout=PATIENCE):
            sys.path[:], os.environ["AUTOGRAD_LITE_CACHE"], sent = request
            for described in sent:
                with suppress(Exception):  # whatever a compiler raises: who asked finds out, and says it
                    address(_received(*described))
    os._exit(0)  # not by way of the thread, which still reads


def _received(kind: str, what: str | bytes) -> Kernel:
    """The kernel of this description."""
    if isinstance(what, str):
        return Kernel(kind, getattr(table, what, None))
    forward, arity = pickle.loads(what)
    primitive = Primitive("", forward, lambda g: (), "")
    primitive.arity = arity
    return Kernel(kind, primitive)


def _listen(requests: "Queue[Any]") -> None:
    try:
        while True:
            requests.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        requests.put(None)

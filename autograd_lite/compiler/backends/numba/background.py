"""A process that compiles kernels into the cache while the program already runs."""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from threading import Lock
from typing import Any

from autograd_lite.compiler.backends.numba.scalars import OURS
from autograd_lite.compiler.backends.numba.store import LOADED, Kernel, address, cache_folder, pickled
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive

STARTS = "from autograd_lite.compiler.backends.numba.background import work; work()"

_lock = Lock()
_process: "subprocess.Popen[bytes] | None" = None
_asked: set[Kernel] = set()  # what processes have been asked for


def are_ready(kernels: Sequence[Kernel], calls: int) -> bool:
    """Whether these kernels can be used now, after so many calls. Sees to it that they will be.

    Importing Numba takes half a second: what has been called once and may not be called again does without.
    """
    missing = [kernel for kernel in kernels if kernel not in LOADED]
    if not missing:
        return True
    if calls == 0 and "numba" not in sys.modules and may_start_processes():
        start([kernel for kernel in missing if not kernel.is_stored()])
        return False
    absent = [kernel for kernel in missing if not kernel.is_stored()]
    if absent and start(absent):
        return False
    for kernel in missing:
        address(kernel)
    return True


def may_start_processes() -> bool:
    """Not in an application that is frozen: its executable is no Python."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def start(kernels: Sequence[Kernel]) -> bool:
    """Have a process compile these kernels, one process at a time; whether one runs that may yet bring them."""
    global _process
    with _lock:
        if _process is not None and _process.poll() is None:
            return True
        wanted = [kernel for kernel in kernels if kernel not in _asked]  # what a process failed at, it fails at again
        if len(wanted) < len(kernels) or not wanted or not may_start_processes():
            return False
        try:
            _process = subprocess.Popen(
                [sys.executable, "-c", STARTS],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **APART,
            )
            assert _process.stdin is not None
            _process.stdin.write(pickle.dumps((sys.path, str(cache_folder()), [_sent(k) for k in kernels])))
            _process.stdin.close()
        except (OSError, ValueError):
            return False
        _asked.update(wanted)
        return True


# An interrupt in the terminal is for the program, not for what compiles for it.
APART: dict[str, Any] = (
    {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}  # a new process group
)


def _sent(kernel: Kernel) -> tuple[str, str | bytes | None]:
    """A kernel as it travels: a user's primitive as its forward function, by value."""
    primitive = kernel.primitive
    if primitive is None or primitive in OURS:
        return kernel.kind, OURS[primitive] if primitive else None
    return kernel.kind, pickled((primitive.name, primitive.forward, primitive.arity))


def work() -> None:
    """What the process does: compile what stands on its standard input."""
    path, folder, sent = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    os.environ["AUTOGRAD_LITE_CACHE"] = folder
    for kind, what in sent:
        if isinstance(what, bytes):
            name, forward, arity = pickle.loads(what)
            primitive = Primitive(name, forward, lambda g: (), "")
            primitive.arity = arity
            address(Kernel(kind, primitive))
        else:
            address(Kernel(kind, getattr(table, what) if what else None))

"""Kernels by their addresses: each compiled by itself, and kept on disk by itself.

For each kernel there is an object file in the cache folder. Its name has a digest of all the source that it is made
from, of the versions and of the processor, so that what fits is found and what does not is not; the file begins with a
digest of its own. A folder in which others may write is not used: they could put their machine code there.
"""

import hashlib
import os
import platform
import stat
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from autograd_lite.compiler.backends.numba.scalars import OURS
from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.core import table
from autograd_lite.core.checks import shown
from autograd_lite.core.primitives import Primitive

HERE = Path(__file__).parent
REBINDING, NUMERIC = HERE.parent / "rebinding.py", HERE.parents[2] / "numeric"


class Kernel(NamedTuple):
    """Which kernel: a kind of operation, and for a map or a call the primitive."""

    kind: str
    primitive: Primitive | None = None

    def described(self) -> tuple[str, str | bytes]:
        """What tells it from others, and another process what to make: of a user's function, all that it refers to."""
        if self.primitive in OURS:
            return self.kind, OURS[self.primitive]
        assert self.primitive is not None
        import numba.cloudpickle as by_value  # for functions that cannot be imported

        try:
            return self.kind, by_value.dumps((self.primitive.forward, self.primitive.arity))  # type: ignore[no-untyped-call]
        except Exception as error:  # a cached function inside another, one that holds a lock: each raises its own kind
            raise CannotRunError(f"{shown(self.primitive)} cannot travel to another process: {error}") from error

    def path(self) -> Path:
        """The file of its machine code."""
        return cache_folder() / f"{self.kind}_{_digest(_basis() + repr(self.described()).encode()).hex()[:24]}.o"


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@cache
def _basis() -> bytes:
    """What every kernel depends on."""
    sources = [Path(table.__file__), REBINDING, *sorted(HERE.glob("*.py")), *sorted(NUMERIC.glob("*.py"))]
    versions = [version("numba"), version("llvmlite"), sys.version, platform.machine(), _processor()]
    return _digest(b"\0".join([*[path.read_bytes() for path in sources], *[v.encode() for v in versions]]))


def _processor() -> str:
    """What the machine code may use: from the kernel's own list where there is one, for Numba takes time to import."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return "".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))
    return platform.processor()


def cache_folder() -> Path:
    """Where kernels are kept: AUTOGRAD_LITE_CACHE, else the user's cache folder, else, if that is closed, a new one."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    chosen = os.environ.get("AUTOGRAD_LITE_CACHE") or f"{base}/autograd_lite"
    return _usable(chosen if chosen.startswith("~") else os.path.abspath(chosen))  # wherever the program goes later


@cache
def _usable(chosen: str) -> Path:
    try:
        folder = Path(chosen).expanduser()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = folder.stat()
        ours = not hasattr(os, "getuid") or (
            about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        )
        if ours:
            with tempfile.TemporaryFile(dir=folder):
                return folder
    except (OSError, RuntimeError):  # it cannot be written, or nobody has such a home
        pass
    return Path(tempfile.mkdtemp(prefix="autograd_lite"))


LOADED: dict[Kernel, tuple[int, Any]] = {}  # addresses, and what keeps the machine code alive


def address(kernel: Kernel) -> int:
    """The address of a kernel: loaded, or compiled and stored."""
    if kernel not in LOADED:
        from autograd_lite.compiler.backends.numba import machine

        code = _read(kernel.path())
        if code is None:
            from autograd_lite.compiler.backends.numba import build

            code = build.object_code(kernel.kind, kernel.primitive)
            _write(kernel.path(), code)
        LOADED[kernel] = machine.load(code)
    return LOADED[kernel][0]


def _read(path: Path) -> bytes | None:
    """What `_write` wrote, if all of it is there."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data[32:] if _digest(data[32:]) == data[:32] else None


def _write(path: Path, code: bytes) -> None:
    """Write a file whole: another process sees all of it or nothing. If the disk is full, nobody sees it."""
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(_digest(code) + code)
        os.replace(file.name, path)

"""Who runs a program: plain Python, which is always there; NumPy, by array operations; Numba, compiled; JAX, on any
device and on many. In a browser's Python, where there is no compiler, it is the browser's own engine: JavaScript.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import Any

from autograd_lite.compiler.ir import CannotRunError, Program
from autograd_lite.core.checks import check_choice

Runner = Callable[[Sequence[Any]], Sequence[float]]
NEEDS = {"python": "", "numpy": "jit", "numba": "jit", "jax": "jax", "javascript": ""}  # the extra that installs it
IN_BROWSER = sys.platform == "emscripten"


def load(program: Program, backend: str | None = None) -> Runner:
    """The program as a function of its inputs (numbers and NumPy arrays, in order), which returns its outputs.

    `backend` is "python", "numpy", "numba", "jax" or "javascript"; by default "javascript" in a browser, elsewhere
    "numba" or "numpy" if it is installed, else "python". A backend that cannot run the program raises CannotRunError;
    by default Python then runs it.
    """
    module = import_module(f"autograd_lite.compiler.backends.{backend or default()}")
    try:
        runner: Runner = module.load(program)
    except CannotRunError:
        if backend is not None:
            raise
        return load(program, "python")
    return runner


def default() -> str:
    """The fastest backend that is installed for one machine."""
    if IN_BROWSER:
        return "javascript"
    return next((name for name in ("numba", "numpy") if find_spec(name)), "python")


def check(backend: str | None) -> None:
    """A ValueError for an unknown backend, an ImportError that says how to install a missing one."""
    if backend is None:
        return
    check_choice(backend, NEEDS, "backend")
    if backend == "javascript":
        if not IN_BROWSER and which("node") is None:
            raise ImportError("backend 'javascript' needs node on PATH: nodejs.org has it, or choose backend='python'")
    elif backend != "python" and not find_spec(backend):
        raise ImportError(
            f"backend {backend!r} is not installed: pip install 'autograd_lite[{NEEDS[backend]}]', "
            "or choose backend='python'"
        )

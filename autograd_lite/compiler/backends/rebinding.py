"""Functions in which others stand for those that they call: so backends run forward functions as they are written."""

import dis
import types
from collections.abc import Callable
from typing import Any

from autograd_lite.compiler.ir import CannotRunError


def unwrapped(function: Any) -> Any:
    """The function that computes, of one that only sees to it that Python raises nothing."""
    while hasattr(function, "ieee_version_of"):
        function = function.ieee_version_of
    return function


def rebound(function: Any, stand_in: Callable[[Any], Any], **others: Any) -> types.FunctionType:
    """The same code, where all that it finds outside is what `stand_in` makes of it; `others` are more globals."""
    if not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
        raise CannotRunError(f"compilers take plain Python functions, not {function!r}: use backend='python'")
    code, outside = function.__code__, function.__globals__
    names = {name: stand_in(outside[name]) for name in _globals(code) & outside.keys()}
    cells = tuple([types.CellType(stand_in(cell.cell_contents)) for cell in function.__closure__ or ()])
    return types.FunctionType(code, others | names, function.__name__, function.__defaults__, cells)


def _globals(code: types.CodeType) -> set[str]:
    """The globals that code reads, in the functions written inside it too."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return own.union(*[_globals(x) for x in code.co_consts if isinstance(x, types.CodeType)])

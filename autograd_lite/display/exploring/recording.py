"""Functions of one variable and further arguments, recorded with their first two derivatives as one program."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from math import floor, isfinite, log10
from typing import Any

from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.jitted import jit
from autograd_lite.core.checks import as_float, shown
from autograd_lite.display.graph.boxes import printable
from autograd_lite.nn.module import Module
from autograd_lite.transforms.derivatives import grad

Function = Callable[..., Any]
DEFAULT = (-3.0, 3.0)


@dataclass
class Argument:
    """A number that can be moved: the first is the axis of the picture, each other one has a slider."""

    name: str
    low: float
    high: float
    start: float


@dataclass
class Recorded:
    """For each function its value, slope and curvature, one after the other, of the arguments and what is `held`."""

    names: list[str]
    arguments: list[Argument]
    program: Program
    held: list[float]


def record(f: Any, x: Any, ranges: Mapping[str, Any]) -> Recorded:
    """The functions that a caller of `explore` gave, and the arguments that can be moved."""
    functions = _named(f)
    own = {name: _parameters(g) for name, g in functions.items()}
    axis = next(iter(own.values()))[0].name
    if axis in ranges and axis != "x":
        x = ranges[axis]
    bounds: dict[str, Any] = {axis: x}
    for parameters in own.values():
        for p in parameters[1:]:
            if p.name in ranges or p.default is p.empty:  # others stay at their defaults
                bounds.setdefault(p.name, ranges.get(p.name, DEFAULT))
    unknown = ranges.keys() - bounds.keys()
    if unknown:
        raise TypeError(
            f"explore got a range for {min(unknown)!r}, but the functions' arguments are {', '.join(bounds)}"
        )
    arguments = [_argument(name, bound) for name, bound in bounds.items()]

    def everything(*numbers: Any) -> list[Any]:
        given = dict(zip(bounds, numbers))
        results = []
        for name, g in functions.items():
            call = _of_axis(g, {p.name: given[p.name] for p in own[name][1:] if p.name in given})
            results += [call(numbers[0]), grad(call)(numbers[0]), grad(grad(call))(numbers[0])]
        return results

    recording = jit(everything).recording_for(tuple(a.start for a in arguments), {}, [])
    program = recording.program
    return Recorded(list(functions), arguments, program, [v.data for v in program.captured])


def _of_axis(f: Function, others: dict[str, Any]) -> Function:
    """f as a function of its first argument alone."""
    return lambda x: f(x, **others)


def _named(f: Any) -> dict[str, Function]:
    """The functions by the names they are shown under."""
    functions: dict[str, Function] = {}
    if isinstance(f, Mapping):
        functions = {printable(name): g for name, g in f.items()}
    else:
        for g in f if isinstance(f, (list, tuple)) else [f]:
            name = getattr(g, "__name__", "f").replace("<lambda>", "f")
            alike = (name if i == 1 else f"{name} ({i})" for i in count(1))
            functions[next(n for n in alike if n not in functions)] = g
    if not functions or not all(map(callable, functions.values())):
        raise TypeError(f"explore(f) takes a function, or a list or dict of functions, not {shown(f)}")
    return functions


def _parameters(f: Function) -> list[inspect.Parameter]:
    """The parameters that a number can be given to: at least one, and the others by name."""
    try:
        first, *others = inspect.signature(f).parameters.values()
    except ValueError:  # no parameters, or a function that does not tell
        first, others = inspect.Parameter("none", inspect.Parameter.VAR_POSITIONAL), []
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    unnamed = any(p.default is p.empty and p.kind is p.POSITIONAL_ONLY for p in others)
    if first.kind not in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) or unnamed:
        what = "lambda x: model([x])" if isinstance(f, Module) else "lambda x, w: f(x, w)"
        raise TypeError(
            f"explore(f) takes functions of numbers whose arguments have names, and {shown(f)} is none: write {what}"
        )
    return [first, *(p for p in others if p.kind in by_name)]


def _argument(name: str, bound: Any) -> Argument:
    """(low, high) or (low, high, start), checked; it starts in the middle unless it says where."""
    if not isinstance(bound, (list, tuple)) or len(bound) not in (2, 3):
        raise TypeError(f"explore({name}) must be (low, high) or (low, high, start), not {shown(bound)}")
    low, high, *start = [as_float(number, f"explore({name})") for number in bound]
    middle = low + (high - low) * (0.7 if low < 0.0 < high else 0.5)  # 0 shows little
    if isfinite(high - low) and low < high:
        middle = round(middle, 3 - floor(log10(high - low)))
    at = start[0] if start else middle
    if not (isfinite(high - low) and low < high and low <= at <= high):
        raise ValueError(f"explore({name}) must be finite, low < high, with the start between them, not {shown(bound)}")
    if high - low < max(1e-9 * abs(low), 1e-9 * abs(high), 1e-290):
        raise ValueError(f"explore({name}) must be wide enough for a curve's points to differ, not {shown(bound)}")
    return Argument(name, low, high, at)

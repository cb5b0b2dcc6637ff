"""What jit does first: run a function once on stand-ins for its arguments, and keep a tape of every operation.

A `Tracer` is a Value whose number does not exist yet. All arithmetic works on it, comparisons give conditions for
`where`, and gradients of it are recorded as more of the same tape. What would need the number (an `if`, `.data`, a
format) would make the tape right for one input and silently wrong for others, so it is an error that shows the line.

Under `vmap` a `LaneTracer` stands for many numbers, one for each lane. Six operations lead from single numbers to
lanes and back: SPREAD, STACK, ONE_LANE, LANE, LANE_SUM, LANE_MEAN.
"""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from numbers import Number as AnyNumber
from os.path import exists
from types import FrameType
from typing import Any, NoReturn

from autograd_lite.core import table as table
from autograd_lite.core.modes import Mode, inside
from autograd_lite.core.primitives import CONSTANT, LEAF, Primitive, Vjp
from autograd_lite.core.value import (
    COPYING,
    DETACHING,
    EQUALITY,
    Modes,
    Number,
    Value,
    active,
    as_value,
    constant,
    new,
    record,
)

PACKAGE = __name__.partition(".")[0]
CHOOSE = "where(condition, a, b) computes both and chooses; maximum, clamp, relu, abs and their like need no condition"
REMEDIES = {
    "reading a Value's number": "return it from the function and read it there",
    "setting a Value's number": "compute a new Value instead",
    "reading a Value's gradient": "return the Value, and differentiate the function: jit(value_and_grad(f))",
    DETACHING: "compute it outside of the function and pass it as an argument",
    COPYING: "a result may be used any number of times; make copies outside of the function",
    "formatting a Value's number": "return it from the function and print it there",
    "recording a Value by hand": "declare the operation once, primitive(name, forward, vjp): it works in every mode",
    "detect_anomaly()": "write it around the call of the jitted function, not inside",
    "forward()": "the program itself runs again at each call",
    "backward()": "jit a function and differentiate it: jit(value_and_grad(f))",
    EQUALITY: "(x >= y) * (x <= y) is a condition for where(condition, a, b), which computes both and chooses",
}


class TracingError(TypeError):
    """A traced function asked for a number that exists only when the program runs."""


class Tracer(Value):
    """A Value that stands for a number of a program yet to run: the slot for its number is empty."""

    __slots__ = ()

    def __init__(self, origin: tuple[Any, ...] = ()) -> None:
        self._grad = 0.0
        self._primitive = LEAF
        self._parents = ()
        self._captured = origin

    def __getattr__(self, name: str) -> Any:
        if name == "_data":  # read where no tape runs
            (origin,) = self._captured or ("",)
            raise TracingError(
                f"this Value stands for a number of a function that was recorded by jit{origin}, and "
                "it outlived the recording: it was kept in a list, an attribute or a global.\n"
                "Instead: return it from the function"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Value, AnyNumber)):
            _refuse(EQUALITY, REMEDIES[EQUALITY])
        return NotImplemented

    __hash__ = Value.__hash__

    def __repr__(self) -> str:
        return f"Value(data=?, op={self._primitive.name!r})"


class LaneTracer(Tracer):
    """A Tracer that stands for many numbers, one for each lane of `vmap`."""

    __slots__ = ()


class Tape(Mode, list[Tracer]):
    """The operations of a function, in the order of recording. `lanes` is how many lanes it has, 0 for none.

    It is a mode: what is computed while it runs is written to it, and no Value has a number but constants.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.origin: tuple[Any, ...] = (f" ({name})",) if name else ()  # what its Tracers know of where they are from
        self.lanes = 0
        self.lane_count: Value | None = None  # how many, as an input of a program that is for any number of lanes
        self.mapping = False  # whether vmap is just recording its function
        self.spread: dict[Value, Value] = {}  # single numbers that an operation over lanes uses, and their LaneTracers

    def record(self, primitive: Primitive, parents: tuple[Value, ...], outer: Modes = ()) -> Value:
        """Write an operation: what the engine calls in place of computing it."""
        if self.lanes == 0:
            return self.write(Tracer, primitive, parents)
        if primitive in BETWEEN:
            return self._between(primitive, parents)
        kinds = {*map(type, parents)}
        if LaneTracer not in kinds:
            return self.write(Tracer, primitive, parents)
        return self.write(LaneTracer, primitive, parents if len(kinds) == 1 else self._spread_out(parents))

    def _between(self, primitive: Primitive, parents: tuple[Value, ...]) -> Value:
        """An operation that may lead to lanes or from them."""
        if primitive in OF_MANY:
            whole = self._all_lanes(parents)
            if whole is not None:
                if primitive is STACK:
                    return whole
                return self.write(Tracer, LANE_MEAN if primitive is table.mean else LANE_SUM, (whole,))
        if primitive in INTO_LANES:
            return self.write(LaneTracer, primitive, parents)
        if primitive is LANE or LaneTracer not in map(type, parents):
            return self.write(Tracer, primitive, parents)
        return self.write(Tracer if primitive in REDUCING else LaneTracer, primitive, self._spread_out(parents))

    def variable(self, x: Number, outer: Modes) -> Value:
        """A node for the number x; inside vmap one for each lane, since each lane differentiates for itself."""
        x = as_value(x)
        each_lane = self.mapping and type(x) is not LaneTracer
        return self.record(SPREAD if each_lane else table.identity, (x,))

    def hides(self, v: Value) -> bool:
        """Whether the number is known only when the program runs: of all but constants."""
        return v._primitive is not CONSTANT

    def refuse(self, v: Value, use: str) -> NoReturn:
        """A TracingError that shows the line."""
        _refuse(use, REMEDIES.get(use, CHOOSE))

    def stop(self, g: Value, contribution: Number) -> Any:
        """The contribution of the adjoint g, but 0 where the adjoint is 0: decided when the program runs."""
        return _stopped(g, contribution)

    def spread_out(self, x: Value) -> Value:
        """A single number as the same number in every lane: its gradient is the sum over the lanes."""
        if x._primitive is CONSTANT or type(x) is LaneTracer:
            return x
        if x not in self.spread:
            self.spread[x] = self.write(LaneTracer, SPREAD, (x,))
        return self.spread[x]

    def _spread_out(self, xs: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple([x if type(x) is LaneTracer else self.spread_out(x) for x in xs])

    def row(self, x: Value) -> LaneTracer:
        """x as an output over lanes: the same number in each, if it has none."""
        return x if isinstance(x, LaneTracer) else self.write(LaneTracer, SPREAD, (x,))  # type: ignore[return-value]

    def write(self, kind: type[Tracer], primitive: Primitive, parents: tuple[Value, ...]) -> Tracer:
        node: Tracer = new(kind)
        node._grad = 0.0
        node._primitive = primitive
        node._parents = parents
        node._captured = self.origin  # its closure keeps nothing yet
        self.append(node)
        return node

    def _all_lanes(self, parents: tuple[Value, ...]) -> Value | None:
        """The LaneTracer whose lanes, each once and in order, are the operands; None if they are something else."""
        if len(parents) != self.lanes or parents[0]._primitive is not LANE:
            return None
        whole = parents[0]._parents[0]
        for i, p in enumerate(parents):
            if p._primitive is not LANE or p._parents[0] is not whole or p._parents[1]._data != i:
                return None
        return whole


def current_tape() -> Tape | None:
    """The tape that runs in this context, if one does: then a jitted function is part of the program around it."""
    for mode in reversed(active()):
        if isinstance(mode, Tape) and not mode.ended:
            return mode
    return None


@contextmanager
def tracing() -> Iterator[Tape]:
    """Inside, operations are written to the tape it yields, in order."""
    tape = Tape()
    with inside(tape):
        yield tape


def _stopped(g: Value, c: Any) -> Any:
    if not isinstance(c, Value) or c is g or c._primitive is CONSTANT:
        return c
    if not isinstance(c, Tracer):
        return table.stop(g, c)
    if c._primitive in PRODUCTS and c._parents[0] is g:
        c._primitive = table.adjoint_mul
        return c
    if c._primitive in KEEPING_ZERO and any(p is g for p in c._parents):
        return c
    if c._primitive is table.neg:
        inner = c._parents[0]
        stopped = _stopped(g, inner)
        return c if stopped is inner else table.neg(stopped)
    if c._primitive is table.mul and _is_nonzero(c._parents[0]):
        scale, inner = c._parents
        stopped = _stopped(g, inner)
        return c if stopped is inner else table.mul(scale, stopped)
    if c._primitive is table.div and c._parents[0] is g and _is_nonzero(c._parents[1]):
        return c
    return table.stop(g, c)


def _is_nonzero(x: Value) -> bool:
    """Whether x is a finite constant other than 0, times which a zero is a zero."""
    return x._primitive is CONSTANT and x._data != 0.0 and isfinite(x._data)


def _refuse(what: str, remedy: str) -> NoReturn:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        frame = frame.f_back
    place = ""
    if frame is not None:
        name, line = frame.f_code.co_filename, frame.f_lineno
        source = linecache.getline(name, line, frame.f_globals).strip()
        file = f"{name}, " if exists(name) else ""  # a notebook's cell has a name that says nothing
        place = f"{file}line {line}: {source}\n"
    raise TracingError(
        f"{place}{what} is not possible in a function that is recorded by jit, because the recording is replayed "
        f"for other numbers.\nInstead: {remedy}"
    )


# --- between single numbers and lanes ------------------------------------------------------------------------------


def _over_lanes(*_: float) -> float:
    raise NotImplementedError("an operation over lanes, which backends run")


def _lanes() -> Any:
    tape = current_tape()
    return 1.0 if tape is None else float(tape.lanes) if tape.lane_count is None else tape.lane_count


def _summed(g: Any) -> Any:
    return record(LANE_SUM, (g,)) if isinstance(g, LaneTracer) else g * _lanes()


def _in_lane(g: Any, i: int) -> Any:
    return LANE(g, float(i)) if isinstance(g, LaneTracer) else g


def _in_one_lane(g: Any, i: float) -> Any:
    """An adjoint over lanes that is g in lane i, and 0 in the others."""
    return record(ONE_LANE, (as_value(g), constant(i)))


def _between(name: str, vjp: Vjp, form: str, saves: str = "x") -> Primitive:
    return Primitive(name, _over_lanes, vjp, form, saves, linear=True)


LANE_SUM = _between("sum over lanes", lambda g: (g,), "sum over lanes of {}", "")
LANE_MEAN = _between("mean over lanes", lambda g: (g / _lanes(),), "mean over lanes of {}", "")
SPREAD = _between("spread", lambda g: (_summed(g),), "{}", "")
STACK = _between("lanes", lambda g, *xs: [_in_lane(g, i) for i in range(len(xs))], "lanes({})", "xs")
ONE_LANE = _between("one lane", lambda g, x, i: (_in_lane(g, int(i)), 0.0), "{} in lane {}")
LANE = _between("lane", lambda g, v, i: (_in_one_lane(g, i), 0.0), "{}[{}]")
OF_MANY, INTO_LANES, REDUCING = {table.sum, table.mean, STACK}, {STACK, ONE_LANE, SPREAD}, {LANE_SUM, LANE_MEAN}
BETWEEN = {*OF_MANY, *INTO_LANES, *REDUCING, LANE}
PRODUCTS = {table.mul, table.adjoint_mul}
KEEPING_ZERO = {  # operations that make no nan of an adjoint of 0
    table.neg, table.where, table.choose, table.along, LANE_SUM, LANE, ONE_LANE, STACK,
}  # fmt: skip

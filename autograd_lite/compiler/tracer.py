"""What jit does first: run a function once on stand-ins for its arguments, and keep a tape of every operation.

A `Tracer` is a Value whose number does not exist yet. All arithmetic works on it, comparisons give conditions for
`where`, and gradients of it are recorded as more of the same tape. What would need the number (an `if`, `.data`, a
format) would make the tape right for one input and silently wrong for others, so it is an error that shows the line.

Under `vmap` a `LaneTracer` stands for many numbers, one for each lane. Five operations lead from single numbers to
lanes and back: SPREAD, STACK, ONE_LANE, LANE, LANE_SUM.
"""

import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from os.path import exists
from types import FrameType
from typing import Any, NoReturn

from autograd_lite.core import table as table
from autograd_lite.core import value as engine
from autograd_lite.core.modes import recording
from autograd_lite.core.primitives import CONSTANT, LEAF, Primitive
from autograd_lite.core.value import Number, Value, as_value, new
from autograd_lite.numeric.ieee import nan

PACKAGE = __name__.partition(".")[0]
CHOOSE = "where(condition, a, b) computes both and chooses; maximum, clamp, relu, abs and their like need no condition"


class TracingError(TypeError):
    """A traced function asked for a number that exists only when the program runs."""


class Tracer(Value):
    """A Value that stands for a number of a program yet to run."""

    __slots__ = ()
    _is_known = False

    def __init__(self) -> None:
        _prepare(self, LEAF, ())

    @property
    def data(self) -> float:
        _refuse("reading a Value's number", "return it from the function and read it there")

    @data.setter
    def data(self, _: float) -> NoReturn:
        _refuse("setting a Value's number", "compute a new Value instead")

    def item(self) -> float:
        return self.data

    def forward(self) -> Value:
        _refuse("forward()", "the program itself runs again at each call")

    def backward(self, gradient: Number = 1.0, *, create_graph: bool = False) -> None:
        _refuse("backward()", "jit a function and differentiate it: jit(value_and_grad(f))")

    def _stop(self, contribution: Any) -> Any:
        """The contribution of this adjoint, but 0 where the adjoint is 0: decided when the program runs."""
        c = contribution
        if not isinstance(c, Tracer) or c is self or (c._primitive in KEEPING_ZERO and self in c._parents):
            return c
        if isinstance(c, Outside):
            return table.stop(self, c)
        if c._primitive in (table.mul, table.adjoint_mul) and c._parents[0] is self:
            c._primitive = table.adjoint_mul
            return c
        if c._primitive is table.neg:
            inner = c._parents[0]
            stopped = self._stop(inner)
            return c if stopped is inner else table.neg(stopped)
        if c._primitive is table.mul and _is_nonzero(c._parents[0]):
            scale, inner = c._parents
            stopped = self._stop(inner)
            return c if stopped is inner else table.mul(scale, stopped)
        if c._primitive is table.div and c._parents[0] is self and _is_nonzero(c._parents[1]):
            return c
        return table.stop(self, c)

    def __lt__(self, other: Number) -> Any:
        return table.greater(other, self)

    def __le__(self, other: Number) -> Any:
        return table.greater_equal(other, self)

    def __gt__(self, other: Number) -> Any:
        return table.greater(self, other)

    def __ge__(self, other: Number) -> Any:
        return table.greater_equal(self, other)

    def __bool__(self) -> bool:
        _refuse("branching on a Value", CHOOSE)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (float, int)):
            _refuse("asking whether a Value == a number", CHOOSE)
        return self is other

    __hash__ = Value.__hash__

    def __index__(self) -> int:
        _refuse("using a Value as a plain number or index", CHOOSE)

    def __format__(self, spec: str) -> str:
        if spec:
            _refuse("formatting a Value's number", "return it from the function and print it there")
        return repr(self)

    def __repr__(self) -> str:
        return f"Value(data=?, op={self._primitive.name!r})"


class Outside(Tracer):
    """A Value of the outside while a function that uses it is recorded (see `outside.py`)."""

    __slots__ = ()


class LaneTracer(Tracer):
    """A Tracer that stands for many numbers, one for each lane of `vmap`."""

    __slots__ = ()


class Tape(list[Tracer]):
    """The operations of a function, in the order of recording. `lanes` is how many lanes it has, 0 for none."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = 0
        self.mapping = False  # whether vmap is just recording its function
        self.spread: dict[Value, Value] = {}  # single numbers that an operation over lanes uses, and their LaneTracers

    def record(self, primitive: Primitive, parents: tuple[Value, ...]) -> Value:
        """Write an operation: what the engine calls in place of computing it."""
        if self.lanes:
            whole = self._all_lanes(parents) if primitive in (table.sum, table.mean, STACK) else None
            if whole is not None:
                if primitive is STACK:
                    return whole
                total: Value = LANE_SUM(whole) / (self.lanes if primitive is table.mean else 1.0)
                return total
            if primitive in (STACK, ONE_LANE):
                return self._write(LaneTracer, primitive, parents)
            if LaneTracer in map(type, parents) and primitive is not LANE:
                parents = tuple([p if type(p) is LaneTracer else self.spread_out(p) for p in parents])
                return self._write(Tracer if primitive is LANE_SUM else LaneTracer, primitive, parents)
        return self._write(Tracer, primitive, parents)

    def spread_out(self, x: Value) -> Value:
        """A single number as the same number in every lane: its gradient is the sum over the lanes."""
        if x._primitive is CONSTANT:
            return x
        if x not in self.spread:
            self.spread[x] = self._write(LaneTracer, SPREAD, (x,))
        return self.spread[x]

    def row(self, x: Value) -> LaneTracer:
        """x as an output over lanes: the same number in each, if it has none."""
        return x if isinstance(x, LaneTracer) else self._write(LaneTracer, SPREAD, (x,))  # type: ignore[return-value]

    def _write(self, kind: type[Tracer], primitive: Primitive, parents: tuple[Value, ...]) -> Tracer:
        node: Tracer = new(kind)
        _prepare(node, primitive, parents)
        self.append(node)
        return node

    def _all_lanes(self, parents: tuple[Value, ...]) -> Value | None:
        """The LaneTracer whose lanes, each once and in order, are the operands; None if they are something else."""
        if len(parents) != self.lanes or parents[0]._primitive is not LANE:
            return None
        whole = parents[0]._parents[0]
        for i, p in enumerate(parents):
            if p._primitive is not LANE or p._parents[0] is not whole or p._parents[1].data != i:
                return None
        return whole


tapes: list[Tape] = []  # of the functions being recorded, the innermost last


@contextmanager
def tracing() -> Iterator[Tape]:
    """Inside, operations are written to the tape it yields, in order."""
    tape = Tape()
    tapes.append(tape)
    try:
        with recording(tape.record, None):
            yield tape
    finally:
        tapes.pop()


def is_tracing() -> bool:
    """Whether a tape is running: then a jitted function is recorded into the program around it."""
    return bool(tapes)


def _prepare(node: Tracer, primitive: Primitive, parents: tuple[Value, ...]) -> None:
    _set_number(node, nan)
    node.grad = 0.0
    node._primitive = primitive
    node._parents = parents
    node._captured = ()


def _is_nonzero(x: Value) -> bool:
    """Whether x is a finite constant other than 0, times which a zero is a zero."""
    return x._primitive is CONSTANT and x.data != 0.0 and isfinite(x.data)


_set_number: Callable[[Value, float], None] = Value.__dict__["data"].__set__  # which `Tracer.data` hides


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


def _summed(g: Any) -> Any:
    return LANE_SUM(g) if isinstance(g, LaneTracer) else g * float(tapes[-1].lanes)


def _in_lane(g: Any, i: int) -> Any:
    return LANE(g, float(i)) if isinstance(g, LaneTracer) else g


def _in_one_lane(g: Any, i: float) -> Any:
    """An adjoint over lanes that is g in lane i, and 0 in the others."""
    return engine.record(ONE_LANE, (as_value(g), engine.constant(i)))


LANE_SUM = Primitive("sum over lanes", _over_lanes, lambda g: (g,), "sum over lanes of {}", "")
SPREAD = Primitive("spread", _over_lanes, lambda g: (_summed(g),), "{}", "")
STACK = Primitive("lanes", _over_lanes, lambda g, *xs: [_in_lane(g, i) for i in range(len(xs))], "lanes({})", "xs")
ONE_LANE = Primitive("one lane", _over_lanes, lambda g, x, i: (_in_lane(g, int(i)), 0.0), "{} in lane {}")
LANE = Primitive("lane", _over_lanes, lambda g, v, i: (_in_one_lane(g, i), 0.0), "{}[{}]")
KEEPING_ZERO = (
    table.neg,
    table.where,
    LANE_SUM,
    LANE,
    ONE_LANE,
    STACK,
)  # operations that make no nan of an adjoint of 0

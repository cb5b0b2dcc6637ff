"""From a tape to numbered instructions: what is not needed is left out, equal subexpressions are computed once.

Every step keeps results bit for bit: constants are folded by the primitives, and only
identities that hold in floating point are used, `x * 1` and `-(-x)` and the like.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, filterfalse
from math import isfinite
from operator import attrgetter

from autograd_lite.compiler.tracer import LANE, LANE_SUM, ONE_LANE, SPREAD, STACK, LaneTracer, Tape
from autograd_lite.core import table as table
from autograd_lite.core.primitives import CONSTANT, Primitive
from autograd_lite.core.value import Value

COMMUTATIVE = (table.add, table.mul)
OF_THE_FIRST = (table.softmax, table.softmax_rest, table.log_softmax)  # the order of the other operands is all one


class Numbered:
    """The instructions of a tape in order. Instruction i is `ops[i]` applied to the results of the `args[i]`.

    `ops[i]` is None for an input and for a constant, whose number is then `value[i]`. Inputs come first: the given
    ones, then other Values that the traced function used, which are in `captured`.
    """

    def __init__(self, tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        self.ops: list[Primitive | None] = []
        self.args: list[tuple[int, ...]] = []
        self.value: list[float | None] = []
        self.lanes: list[bool] = []  # whether the result is one number for each lane
        self.lane_count = tape.lanes
        self.constants: set[int] = set()  # the numbers of all constants
        self._constant: dict[tuple[float, float], int] = {}
        self._seen: dict[Primitive, dict[tuple[int, ...], int]] = defaultdict(dict)
        live = _live(tape, outputs)
        used = chain(chain.from_iterable(map(_parents, live)), outputs)
        foreign = dict.fromkeys(filterfalse({*inputs, *tape}.__contains__, used))  # ordered as met
        self.captured = [v for v in foreign if v._primitive is not CONSTANT]
        number = {v: self._append(None, ()) for v in (*inputs, *self.captured)}
        self.inputs = len(self.ops)
        self.lanes = [isinstance(v, LaneTracer) for v in number]
        for v in live:
            try:
                xs = tuple([number[p] for p in v._parents])
            except KeyError:
                xs = tuple([number[p] if p in number else self.constant(p._data) for p in v._parents])
            number[v] = self.node(v._primitive, xs)
        self.outputs = [number[v] if v in number else self.constant(v._data) for v in outputs]
        self._seen.clear()  # a fifth of the memory

    def constant(self, x: float) -> int:
        """The number of the constant x."""
        key = (x, math.copysign(1.0, x)) if x == x else (0.0, 2.0)  # one for all nans
        if key not in self._constant:
            self._constant[key] = i = self._append(None, (), x)
            self.constants.add(i)
        return self._constant[key]

    def node(self, primitive: Primitive, xs: tuple[int, ...]) -> int:
        """The number of `primitive` applied to xs: of an equal instruction, of a simpler one, or new."""
        if not self.constants.isdisjoint(xs):
            values = [self.value[x] for x in xs]
            if None not in values and primitive not in (STACK, ONE_LANE, LANE_SUM, SPREAD, LANE):
                return self.constant(primitive.evaluate(values))  # type: ignore[arg-type]
            simpler = SIMPLER_BY_CONSTANT[primitive](self, *xs) if primitive in SIMPLER_BY_CONSTANT else None
            if simpler is not None:
                return simpler
        if primitive in SIMPLER:
            simpler = SIMPLER[primitive](self, *xs)
            if simpler is not None:
                return simpler
        key = xs
        if primitive in COMMUTATIVE and xs[0] > xs[1]:
            key = xs[::-1]
        elif primitive in OF_THE_FIRST:
            key = (xs[0], *sorted(xs[1:]))
        number = self._seen[primitive].setdefault(key, len(self.ops))
        if number == len(self.ops):
            self._append(primitive, xs)
        return number

    def _append(self, op: Primitive | None, xs: tuple[int, ...], value: float | None = None) -> int:
        self.ops.append(op)
        self.args.append(xs)
        self.value.append(value)
        lanes = self.lanes
        lanes.append(self.lane_count > 0 and _has_lanes(op, map(lanes.__getitem__, xs)))
        return len(lanes) - 1


_parents = attrgetter("_parents")


def _has_lanes(op: Primitive | None, operands: Iterable[bool]) -> bool:
    return op in (STACK, ONE_LANE) or (op is not LANE_SUM and op is not LANE and any(operands))


def _live(tape: Sequence[Value], outputs: Iterable[Value]) -> list[Value]:
    """The operations on the tape that the outputs depend on."""
    needed = set(outputs)
    live = []
    for v in reversed(tape):
        if v in needed:
            live.append(v)
            needed.update(v._parents)
    live.reverse()
    return live


# --- identities that hold in floating point: with any operands, and with a constant among them ----------------------


def _is_zero(x: float | None, sign: float) -> bool:
    """Whether x is the constant 0 of this sign."""
    return x is not None and x == 0.0 and math.copysign(1.0, x) == sign


def _add(n: Numbered, a: int, b: int) -> int | None:
    return b if _is_zero(n.value[a], -1.0) else a if _is_zero(n.value[b], -1.0) else None


def _sub(n: Numbered, a: int, b: int) -> int | None:
    return a if _is_zero(n.value[b], 1.0) else n.node(table.neg, (b,)) if _is_zero(n.value[a], -1.0) else None


def _mul(n: Numbered, a: int, b: int) -> int | None:
    for constant, other in ((n.value[a], b), (n.value[b], a)):
        if constant == 1.0:
            return other
        if constant == -1.0:
            return n.node(table.neg, (other,))
    return None


def _adjoint_mul(n: Numbered, g: int, b: int) -> int | None:
    adjoint, factor = n.value[g], n.value[b]
    if (adjoint is not None and adjoint != 0.0) or (factor is not None and isfinite(factor)):
        return n.node(table.mul, (g, b))
    return None


def _stop(n: Numbered, g: int, x: int) -> int | None:
    adjoint, contribution = n.value[g], n.value[x]
    if (adjoint is not None and adjoint != 0.0) or (contribution is not None and isfinite(contribution)):
        return x
    return None


def _div(n: Numbered, a: int, b: int) -> int | None:
    divisor = n.value[b]
    if divisor == 1.0:
        return a
    if divisor and abs(math.frexp(divisor)[0]) == 0.5 and 1e-290 < abs(divisor) < 1e290:
        return n.node(table.mul, (a, n.constant(1.0 / divisor)))
    return None


def _neg(n: Numbered, a: int) -> int | None:
    return n.args[a][0] if n.ops[a] is table.neg else None


def _where(n: Numbered, condition: int, a: int, b: int) -> int | None:
    chosen = n.value[condition]
    return a if a == b else None if chosen is None else a if chosen else b


def _stack(n: Numbered, *xs: int) -> int | None:
    return xs[0] if len(set(xs)) == 1 else None


def _lane(n: Numbered, v: int, i: int) -> int | None:
    if not n.lanes[v]:
        return v
    if n.ops[v] is ONE_LANE:
        x, at = n.args[v]
        return x if at == i else n.constant(0.0)
    return n.args[v][int(n.value[i] or 0.0)] if n.ops[v] is STACK else None


def _lane_sum(n: Numbered, v: int) -> int | None:
    """What is the same in all lanes is multiplied instead of added up."""
    return None if n.lanes[v] else n.node(table.mul, (v, n.constant(float(n.lane_count))))


def _pow(n: Numbered, a: int, b: int) -> int | None:
    exponent = n.value[b]
    return a if exponent == 1.0 else n.node(table.mul, (a, a)) if exponent == 2.0 else None


def _pow_slope(n: Numbered, a: int, b: int, k: int, of_exponent: int) -> int | None:
    """The derivatives of x**2 and x**1 without a power."""
    exponent, order = n.value[b], n.value[k]
    if exponent is None or order is None or n.value[of_exponent] != 0.0 or not 0.0 <= exponent - order <= 1.0:
        return None
    if exponent == 2.0 and order == 1.0:
        return n.node(table.mul, (n.constant(2.0), a))
    return n.constant(exponent) if exponent == order and exponent in (1.0, 2.0) else None


SIMPLER: dict[Primitive, Callable[..., int | None]] = {
    table.neg: _neg,
    table.where: _where,
    table.sum: lambda n, *xs: xs[0] if len(xs) == 1 else None,
    table.identity: lambda n, x: x,
    SPREAD: lambda n, x: x,
    STACK: _stack,
    LANE: _lane,
    LANE_SUM: _lane_sum,
}
SIMPLER_BY_CONSTANT: dict[Primitive, Callable[..., int | None]] = {
    table.add: _add,
    table.sub: _sub,
    table.mul: _mul,
    table.div: _div,
    table.pow: _pow,
    table.pow_slope: _pow_slope,
    table.adjoint_mul: _adjoint_mul,
    table.stop: _stop,
}

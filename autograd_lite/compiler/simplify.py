"""Fewer instructions: equal subexpressions are computed once, constants folded, identities used.

Every step keeps results bit for bit: constants are folded by the primitives, and only identities that hold in floating
point are used, `x * 1` and `-(-x)` and the like.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from math import isfinite

from autograd_lite.compiler.fused import LANE_DOT, OF_THE_FIRST
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, ONE_LANE, SPREAD, STACK
from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive

COMMUTATIVE = {table.add, table.mul}
ONE_AMONG_OTHERS = {*OF_THE_FIRST}
FOR_THESE_LANES = {STACK, LANE, ONE_LANE}


def simplify(program: Program) -> Program:
    """The same outputs from fewer instructions."""
    new = Simplifier(program.empty())
    number: list[int] = []
    for op, xs, value, has_lanes in zip(program.ops, program.args, program.value, program.wide):
        if op is not None:
            number.append(new.node(op, tuple([number[x] for x in xs])))
        elif value is not None:
            number.append(new.constant(value))
        else:
            number.append(new.code.append(None, (), None, has_lanes))
    for x in (0.0, -1.0):
        new.constant(x)  # which `fuse` may need
    new.code.inputs = program.inputs
    new.code.outputs = [number[x] for x in program.outputs]
    new.code.rows_out = program.rows_out
    new.code.names = {number[x]: name for x, name in program.names.items()}
    new.code.for_any_lanes &= FOR_THESE_LANES.isdisjoint(program.ops)
    return new.code


class Simplifier:
    """Writes instructions, or finds that the result is there already."""

    def __init__(self, code: Program) -> None:
        self.code = code
        self.ops, self.args, self.value, self.wide = code.ops, code.args, code.value, code.wide
        self.constants: set[int] = set()  # the numbers of all constants
        self._constant: dict[tuple[float, float], int] = {}
        self._seen: dict[Primitive, dict[tuple[int, ...], int]] = defaultdict(dict)

    def constant(self, x: float) -> int:
        """The number of the constant x."""
        key = (x, math.copysign(1.0, x)) if x == x else (0.0, 2.0)  # one for all nans
        if key not in self._constant:
            self._constant[key] = i = self.code.append(None, (), x)
            self.constants.add(i)
        return self._constant[key]

    def node(self, primitive: Primitive, xs: tuple[int, ...]) -> int:
        """The number of `primitive` applied to xs: of an equal instruction, of a simpler one, or new."""
        if not self.constants.isdisjoint(xs):
            values = [self.value[x] for x in xs]
            if None not in values and not primitive.linear:
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
        elif primitive in ONE_AMONG_OTHERS:
            key = (xs[0], *sorted(xs[1:]))
        number = self._seen[primitive].setdefault(key, len(self.ops))
        if number == len(self.ops):
            self.code.append(primitive, xs)
        return number


# --- identities that hold in floating point: with any operands, and with a constant among them ----------------------


def _is_zero(x: float | None, sign: float) -> bool:
    """Whether x is the constant 0 of this sign."""
    return x is not None and x == 0.0 and math.copysign(1.0, x) == sign


def _add(n: Simplifier, a: int, b: int) -> int | None:
    return b if _is_zero(n.value[a], -1.0) else a if _is_zero(n.value[b], -1.0) else None


def _sub(n: Simplifier, a: int, b: int) -> int | None:
    return a if _is_zero(n.value[b], 1.0) else n.node(table.neg, (b,)) if _is_zero(n.value[a], -1.0) else None


def _mul(n: Simplifier, a: int, b: int) -> int | None:
    for constant, other in ((n.value[a], b), (n.value[b], a)):
        if constant == 1.0:
            return other
        if constant == -1.0:
            return n.node(table.neg, (other,))
    return None


def _adjoint_mul(n: Simplifier, g: int, b: int) -> int | None:
    adjoint, factor = n.value[g], n.value[b]
    if (adjoint is not None and adjoint != 0.0) or (factor is not None and isfinite(factor)):
        return n.node(table.mul, (g, b))
    return None


def _stop(n: Simplifier, g: int, x: int) -> int | None:
    adjoint, contribution = n.value[g], n.value[x]
    if (adjoint is not None and adjoint != 0.0) or (contribution is not None and isfinite(contribution)):
        return x
    return None


def _kept(n: Simplifier, g: int, x: int) -> int | None:
    return n.constant(1.0) if _stop(n, g, x) is not None else None


def _div(n: Simplifier, a: int, b: int) -> int | None:
    divisor = n.value[b]
    if divisor == 1.0:
        return a
    if divisor and abs(math.frexp(divisor)[0]) == 0.5 and 1e-290 < abs(divisor) < 1e290:
        return n.node(table.mul, (a, n.constant(1.0 / divisor)))
    return None


def _neg(n: Simplifier, a: int) -> int | None:
    return n.args[a][0] if n.ops[a] is table.neg else None


def _where(n: Simplifier, condition: int, a: int, b: int) -> int | None:
    chosen = n.value[condition]
    return a if a == b else None if chosen is None else a if chosen else b


def _stack(n: Simplifier, *xs: int) -> int | None:
    return xs[0] if len(set(xs)) == 1 else None


def _lane(n: Simplifier, v: int, i: int) -> int | None:
    if not n.wide[v]:
        return v
    if n.ops[v] is ONE_LANE:
        x, at = n.args[v]
        return x if at == i else n.constant(0.0)
    return n.args[v][int(n.value[i] or 0.0)] if n.ops[v] is STACK else None


def _lane_sum(n: Simplifier, v: int) -> int | None:
    """What is the same in all lanes is multiplied; of adjoints times something the sum is one product."""
    if n.ops[v] is table.adjoint_mul and n.wide[v]:
        return n.node(LANE_DOT, n.args[v])
    if n.wide[v]:
        return None
    n.code.for_any_lanes = False
    return n.node(table.mul, (v, n.constant(float(n.code.lanes))))


def _lane_mean(n: Simplifier, v: int) -> int | None:
    """What is the same in all lanes: its mean rounds as that of a list does."""
    if n.wide[v]:
        return None
    n.code.for_any_lanes = False
    return n.node(table.mean, (v,) * n.code.lanes)


def _pow(n: Simplifier, a: int, b: int) -> int | None:
    exponent = n.value[b]
    return a if exponent == 1.0 else n.node(table.mul, (a, a)) if exponent == 2.0 else None


def _pow_slope(n: Simplifier, a: int, b: int, k: int, of_exponent: int) -> int | None:
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
    table.sum: lambda n, *xs: n.node(table.add, (xs[0], n.constant(0.0))) if len(xs) == 1 else None,
    table.identity: lambda n, x: x,
    SPREAD: lambda n, x: x,
    STACK: _stack,
    LANE: _lane,
    LANE_SUM: _lane_sum,
    LANE_MEAN: _lane_mean,
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
    table.kept: _kept,
}

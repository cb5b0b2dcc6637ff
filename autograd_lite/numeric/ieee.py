"""Python's `math`, with the answers of IEEE 754 where it raises: `log(0)` is -inf, `exp(1000)` inf, `sqrt(-1)` nan.

They are straight-line scalar code (arithmetic, `if`, calls to one another), as all of this folder, so that other
backends can compile them.
"""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

inf, nan = math.inf, math.nan


def total(function: Callable[..., float], otherwise: Callable[..., float]) -> Callable[..., float]:
    """`function`, with `otherwise` supplying the IEEE value at the points where `math` raises.

    A backend whose arithmetic raises nothing needs the function alone: it is the result's `ieee_version_of`.
    """

    def extended(*x: float) -> float:
        try:
            return function(*x)
        except (OverflowError, ValueError, ZeroDivisionError):
            return otherwise(*x)

    extended.__name__ = extended.__qualname__ = function.__name__
    extended.ieee_version_of = function  # type: ignore[attr-defined]
    return extended


def _pole(x: float) -> float:
    return -inf if x == 0.0 else nan


def _odd(x: float) -> bool:
    return math.fmod(x, 2.0) in (1.0, -1.0)


def _pow_limit(a: float, b: float) -> float:
    """a**b where `math.pow` raises: a pole at 0, a fractional power of a negative, an overflow."""
    if a < 0.0 and b != math.floor(b):
        return nan
    return math.copysign(inf, a) if _odd(b) else inf


def _quotient_limit(a: float, b: float) -> float:
    return nan if a == 0.0 or a != a else math.copysign(inf, a) * math.copysign(1.0, b)


def in_order(xs: Iterable[float]) -> float:
    """The sum from left to right, as `+` has it. Python's own `sum` is another from 3.12 on: it compensates."""
    y = -0.0
    for x in xs:
        y += x
    return y


def scaled_sum(xs: Sequence[float], scale: float) -> float:
    """The correctly rounded sum of scale * x."""
    return math.fsum([x * scale for x in xs])


def _sum_beyond(xs: Sequence[float]) -> float:
    """The sum where `math.fsum` raises: partial sums overflow, or infinities of both signs meet."""
    if any(x - x != 0.0 for x in xs):
        return in_order(xs)
    return scaled_sum(xs, 2.0**-64) * 2.0**64


add, sub, mul, neg, fabs = operator.add, operator.sub, operator.mul, operator.neg, math.fabs
div = total(operator.truediv, _quotient_limit)
pow = total(math.pow, _pow_limit)
exp = total(math.exp, lambda x: inf)
expm1 = total(math.expm1, lambda x: inf)
log = total(math.log, _pole)
log2 = total(math.log2, _pole)
log10 = total(math.log10, _pole)
log1p = total(math.log1p, lambda x: _pole(1.0 + x))
sqrt = total(math.sqrt, lambda x: nan)
sin, cos, tan = (total(f, lambda x: nan) for f in (math.sin, math.cos, math.tan))
asin, acos, acosh = (total(f, lambda x: nan) for f in (math.asin, math.acos, math.acosh))
atan, atan2, asinh = math.atan, math.atan2, math.asinh
sinh = total(math.sinh, lambda x: math.copysign(inf, x))
cosh = total(math.cosh, lambda x: inf)
tanh, erf, erfc = math.tanh, math.erf, math.erfc
atanh = total(math.atanh, lambda x: math.copysign(inf, x) if abs(x) == 1.0 else nan)
fsum = total(math.fsum, _sum_beyond)


def hypot(x: float, y: float) -> float:
    return math.hypot(x, y)


def length(xs: Sequence[float]) -> float:
    """The Euclidean length of a vector."""
    return math.hypot(*xs)


class IEEE(float):
    """A float whose own operators follow IEEE 754: what a closure is run on once plain floats have raised."""

    __slots__ = ()

    def _apply_primitive(self, primitive: Any, operands: Sequence[Any]) -> "IEEE":
        return IEEE(primitive.evaluate([float(x) for x in operands]))


def _ieee_operator(name: str, compute: Callable[..., float]) -> None:
    def operate(self: float, *other: Any) -> Any:
        if not all(isinstance(x, (float, int)) for x in other):
            return NotImplemented
        return IEEE(compute(float(self), *map(float, other)))

    setattr(IEEE, f"__{name}__", operate)
    setattr(IEEE, f"__r{name}__", lambda self, other: operate(other, self))


_OPERATORS: dict[str, Callable[..., float]] = {
    "add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow, "neg": neg,
}  # fmt: skip
for _name, _compute in _OPERATORS.items():
    _ieee_operator(_name, _compute)

"""The float namespace: what every primitive computes on plain numbers.

Python's `math` module raises where IEEE 754 has an answer (`log(0)` is -inf, `exp(1000)` is inf, `sqrt(-1)` is nan).
The first half of this file gives it those answers. The second half holds the functions `math` lacks, written so that
no digit is lost in a tail: each is within a few units in the last place (ULP) of the true value over all of float64.

They are straight-line scalar code (arithmetic, `if`, calls to one another), so that other backends can compile them.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

inf, nan = math.inf, math.nan
SQRT_HALF, SQRT_HALF_LOW = 0.7071067811865476, -4.833646656726457e-17
SQRT2, SQRT2_LOW = 1.4142135623730951, -9.667293313452913e-17
INV_SQRT_2PI = 0.3989422804014327
TWO_OVER_SQRT_PI = 1.1283791670955126


def total(function: Callable[..., float], otherwise: Callable[..., float]) -> Callable[..., float]:
    """`function`, with `otherwise` supplying the IEEE value at the points where `math` raises."""

    def extended(*x: float) -> float:
        try:
            return function(*x)
        except (OverflowError, ValueError, ZeroDivisionError):
            return otherwise(*x)

    extended.__name__ = extended.__qualname__ = function.__name__
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
atan, atan2, asinh, hypot = math.atan, math.atan2, math.asinh, math.hypot
sinh = total(math.sinh, lambda x: math.copysign(inf, x))
cosh = total(math.cosh, lambda x: inf)
tanh, erf, erfc = math.tanh, math.erf, math.erfc
atanh = total(math.atanh, lambda x: math.copysign(inf, x) if abs(x) == 1.0 else nan)
fsum = total(math.fsum, lambda xs: sum(x * 2.0**-64 for x in xs) * 2.0**64)


def length(xs: Sequence[float]) -> float:
    """The Euclidean length of a vector."""
    return math.hypot(*xs)


class IEEE(float):
    """A float whose own operators follow IEEE 754: what a closure is run on once plain floats have raised."""

    __slots__ = ()


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


# --- piecewise functions -------------------------------------------------------------------------------------------


def where(condition: float, a: float, b: float) -> float:
    return a if condition else b


def sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x * 0.0


def positive(x: float) -> float:
    """1 where x > 0, 0 where x <= 0: the derivative of relu."""
    return 1.0 if x > 0.0 else 0.0 if x <= 0.0 else nan


def equal(a: float, b: float) -> float:
    return 1.0 if a == b else nan if a != a or b != b else 0.0


def greater(a: float, b: float) -> float:
    return 1.0 if a > b else 0.0


def greater_equal(a: float, b: float) -> float:
    return 1.0 if a >= b else 0.0


def stop(adjoint: float, x: float) -> float:
    """x, the contribution of an adjoint to a gradient; but 0 where the adjoint is exactly 0 and x is inf or nan."""
    return 0.0 if adjoint == 0.0 and x - x != 0.0 else x


def kept(adjoint: float, x: float) -> float:
    return 0.0 if adjoint == 0.0 and x - x != 0.0 else 1.0


def adjoint_mul(adjoint: float, x: float) -> float:
    return 0.0 if adjoint == 0.0 else adjoint * x


def relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def leaky_relu(x: float, slope: float) -> float:
    return x * slope if x <= 0.0 else x


def elu(x: float, alpha: float) -> float:
    return alpha * expm1(x) if x <= 0.0 else x


def maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b


def minimum(a: float, b: float) -> float:
    return a if a < b or a != a else b


def clamp(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)


# --- exactly rounded pieces ----------------------------------------------------------------------------------------


def two_sum(a: float, b: float) -> tuple[float, float]:
    """a + b as a rounded sum and its exact rounding error (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def product_error(a: float, b: float) -> float:
    """What rounding took from a * b, exactly (Dekker, Veltkamp), for |a|, |b| < 1e300."""
    product = a * b
    s, t = 134217729.0 * a, 134217729.0 * b
    a_high, b_high = s - (s - a), t - (t - b)
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def two_product(a: float, b: float) -> tuple[float, float]:
    """a * b as a rounded product and its rounding error."""
    return a * b, product_error(a, b)


def exp_difference(a: float, b: float) -> float:
    """exp(a - b), with the rounding error of the subtraction put back: it would cost |a - b| ULP."""
    d, error = two_sum(a, -b)
    return exp(d) * (1.0 + error) if abs(d) < 800.0 else exp(d)


def exp_square(x: float, scale: float) -> float:
    """exp(scale * x * x) for scale a power of two times +-1, with the rounding error of the square put back."""
    if abs(x) > 1e3:
        return exp(scale * x * x)
    square, error = two_product(x, x)
    return exp(scale * square) * (1.0 + scale * error)


def exp_pair(x: float, x_low: float) -> tuple[float, float]:
    """exp(x + x_low) as an unevaluated sum of two floats (about 100 bits), for |x| < 700."""
    k = math.floor(x / 0.6931471805599453 + 0.5)
    p, p_low = two_product(k, 0.6931471805599453)
    r, r_low = two_sum(x, -p)
    r_low += x_low - p_low - k * 2.3190468138462996e-17
    r, r_low = two_sum(r / 32.0, r_low / 32.0)
    s, s_low = 1.0, 0.0  # Horner, with e**r = 1 + r * (1 + r/2 * (1 + r/3 * ...))
    for n in range(16, 0, -1):
        q, q_error = two_product(r, s)
        q_error += r * s_low + r_low * s
        h = q / n
        back, back_error = two_product(h, n)
        h_low = ((q - back) - back_error + q_error) / n
        s, s_error = two_sum(1.0, h)
        s, s_low = two_sum(s, s_error + h_low)
    for _ in range(5):  # undo the division by 32
        q, q_error = two_product(s, s)
        s, s_low = two_sum(q, q_error + 2.0 * s * s_low)
    scale = math.ldexp(1.0, int(k))
    return s * scale, s_low * scale


def log_pair(x: float) -> tuple[float, float]:
    """log(x) as an unevaluated sum of two floats, by one Newton step on exp; x from 1e-290 to 1e290, else one float."""
    high = log(x)
    if not 1e-290 < x < 1e290:
        return high, 0.0
    inverse, inverse_low = exp_pair(-high, 0.0)
    product, error = two_product(x, inverse)
    low = (product - 1.0) + (error + x * inverse_low)
    return high, low - 0.5 * low * low

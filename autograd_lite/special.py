"""Accurate special functions over plain floats: activations, and slopes that lose digits if written naively.

A name ending in `_slope` is a derivative that is a primitive of its own in `rules.py`: differentiating the slope by a
closed formula keeps the second derivative as accurate as the first. As in `real.py`, all of it is plain scalar code.
"""

import math
from collections.abc import Sequence

from autograd_lite.real import (
    INV_SQRT_2PI,
    SQRT_HALF,
    SQRT_HALF_LOW,
    TWO_OVER_SQRT_PI,
    cosh,
    div,
    erfc,
    exp,
    exp_pair,
    exp_square,
    hypot,
    inf,
    length,
    log,
    log1p,
    nan,
    pow,
    sqrt,
    two_product,
    two_sum,
)

# --- sigmoid and its relatives -------------------------------------------------------------------------------------


def sigmoid(x: float) -> float:
    t = exp(-abs(x))
    return t / (1.0 + t) if x < 0.0 else 1.0 / (1.0 + t)


def softplus(x: float) -> float:
    return (0.0 if x <= 0.0 else x) + log1p(exp(-abs(x)))


def logsigmoid(x: float) -> float:
    return -softplus(-x)


def tanh_slope(x: float) -> float:
    """1 / cosh(x)**2, which 1 - tanh(x)**2 cannot give beyond x = 19."""
    if abs(x) < 1.0:
        c = 1.0 / cosh(x)
        return c * c
    t = exp(-2.0 * abs(x))
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


def sigmoid_slope(x: float) -> float:
    return 0.25 * tanh_slope(0.5 * x)


def silu(x: float) -> float:
    if x > -600.0:
        return x * sigmoid(x)
    h = exp(0.5 * x)  # two factors: exp(x) alone would be subnormal and short of digits
    return x * h * h if h > 0.0 else x * 0.0 if x > -inf else -0.0


def silu_slope(x: float) -> float:
    """sigmoid(x) * (1 + x * sigmoid(-x)), arranged so that its zero near -1.278 costs no digits."""
    if x < -600.0:
        h = exp(0.5 * x)
        return (1.0 + x) * h * h if h > 0.0 else -0.0
    t = exp(-abs(x))
    if x >= 0.0:
        return (1.0 + t * (1.0 + x)) / ((1.0 + t) * (1.0 + t)) if t > 0.0 else 1.0
    numerator = (1.0 + x) + t
    if abs(numerator) < 0.1:
        high, low = exp_pair(x, 0.0)
        numerator = ((1.0 + x) + high) + low
    return t * numerator / ((1.0 + t) * (1.0 + t))


# --- the normal distribution ---------------------------------------------------------------------------------------

GELU_ROOT, GELU_ROOT_LOW = -0.7517915246935645, 1.4956759177009883e-17
GELU_SLOPE_TAYLOR = (  # gelu's slope about its zero; computed with mpmath.taylor at 60 digits
    0.4314939923140469, 0.388284982990552, -0.018199676398671087, -0.1140082332972217, -0.014771522148244337,
    0.019421679838189067, 0.004539228379125415, -0.002239538068073497, -0.0007448268386746817,
    0.00018633974623233514, 8.615947861116571e-05, -1.121438018842664e-05, -7.74846130700372e-06,
    4.3284506257392273e-07, 5.702764979242107e-07, -1.6044265494246427e-09, -3.5459866461783865e-08,
)  # fmt: skip


def normal_pdf(x: float) -> float:
    return INV_SQRT_2PI * exp_square(x, -0.5)


def erf_slope(x: float) -> float:
    return TWO_OVER_SQRT_PI * exp_square(x, -1.0)


def normal_cdf(x: float) -> float:
    """erfc(-x / sqrt 2) / 2, with the rounding error of x / sqrt 2 put back: it would cost x**2 ULP."""
    if abs(x) > 100.0:
        return 0.0 if x < 0.0 else 1.0
    z, error = two_product(-x, SQRT_HALF)
    return 0.5 * (erfc(z) - (error - x * SQRT_HALF_LOW) * erf_slope(z))


def gelu_tail(x: float, slope: bool) -> float:
    """gelu(x), or its slope, for x < -30, by the asymptotic series of the normal tail (Abramowitz & Stegun 26.2.12)."""
    if x < -100.0:
        return -0.0
    h = exp_square(x, -0.25)
    u = 1.0 / (x * x)
    series = 1.0 - u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * (1.0 - 7.0 * u * (1.0 - 9.0 * u))))
    return (x - series / x if slope else -series) * INV_SQRT_2PI * h * h


def gelu(x: float) -> float:
    if x < -30.0:
        return gelu_tail(x, False)
    return x * normal_cdf(x)


def gelu_slope(x: float) -> float:
    """normal_cdf(x) + x * normal_pdf(x); near its zero at -0.75, where the two cancel, its Taylor series."""
    if x < -30.0:
        return gelu_tail(x, True)
    d = (x - GELU_ROOT) - GELU_ROOT_LOW
    if abs(d) < 0.35:
        total = 0.0
        for coefficient in GELU_SLOPE_TAYLOR[::-1]:
            total = total * d + coefficient
        return total * d
    if x > 40.0:
        return 1.0
    return normal_cdf(x) + x * normal_pdf(x)


# --- algebraic slopes ----------------------------------------------------------------------------------------------


def log_slope(c: float, x: float) -> float:
    """c / x on the logarithm's domain: beyond it there is no slope either."""
    return div(c, abs(x)) if x >= 0.0 else nan


def asin_slope(x: float) -> float:
    return div(1.0, sqrt((1.0 - x) * (1.0 + x)))


def acosh_slope(x: float) -> float:
    return div(1.0, sqrt(x - 1.0) * sqrt(x + 1.0))


def atanh_slope(x: float) -> float:
    return div(1.0, (1.0 - x) * (1.0 + x)) if abs(x) <= 1.0 else nan


def asinh_slope(x: float) -> float:
    return 1.0 / hypot(1.0, x)


def atan_slope(x: float) -> float:
    return 1.0 / (1.0 + x * x) if abs(x) < 1e8 else 1.0 / x / x


def div_slope(a: float, b: float) -> float:
    """a / b**2. Dividing twice is exact enough unless the first quotient is subnormal."""
    q = div(a, b)
    return div(a, b * b) if abs(q) < 1e-290 and abs(b) < 1.0 and b * b > 0.0 else div(q, b)


def scaled(x: float, others: Sequence[float]) -> float:
    """A power of two that brings the vector (x, *others) away from overflow and underflow."""
    largest = abs(x)
    for other in others:
        largest = max(largest, abs(other))
    return 2.0**-600 if largest > 1e300 else 2.0**600 if largest < 1e-290 else 1.0


def unit(v: Sequence[float]) -> list[float]:
    """Each of v over norm(v), and 0 at the origin."""
    s = scaled(v[0], v[1:])
    h = length([x * s for x in v])
    return [0.0 if h == 0.0 else x * s / h for x in v]


def norm_slope(v: Sequence[float]) -> float:
    return unit(v)[0]


def atan2_slope(a: float, b: float) -> float:
    """a / (a**2 + b**2), and 0 at the origin."""
    s = scaled(a, (b,))
    h = hypot(a * s, b * s)
    return 0.0 if h == 0.0 else div_slope(a * s, h) * s


def pow_slope(a: float, b: float, k: float, n: float) -> float:
    """The partial derivative of a**b taken k times in a and n times in b.

    It is n! times the coefficient of t**n in  b'(b' - 1)...(b' - k + 1) * a**(b - k) * exp(t * log a)  at b' = b + t.
    """
    if n > 0.0 and a == 0.0:
        return 0.0 if b > k or b == 0.0 else nan if b != b else -inf
    falling = [1.0] + [0.0] * int(n)
    for i in range(int(k)):
        for j in range(int(n), 0, -1):
            falling[j] = falling[j] * (b - i) + falling[j - 1]
        falling[0] *= b - i
    logarithm = log(a) if n > 0.0 else 1.0
    factor, weight = 0.0, 1.0
    for j in range(int(n) + 1):  # n! / (n - j)! * falling[j] * log(a)**(n - j)
        factor += weight * falling[j] * logarithm ** (n - j) if falling[j] != 0.0 else 0.0
        weight *= n - j
    return 0.0 if factor == 0.0 else power_product(factor, a, b, k)


def power_product(factor: float, a: float, b: float, k: float) -> float:
    """factor * a**(b - k), with neither b - k rounded nor an intermediate result out of range."""
    if a == 0.0 or a != a or abs(a) == inf or abs(b) == inf or factor != factor or abs(factor) == inf:
        return factor * pow(a, b - k)
    y = pow(a, b - k) if two_sum(b, -k)[1] == 0.0 else div(pow(a, b), pow(a, k))
    if y != y or 1e-290 < abs(y) < inf:
        return factor * y
    half = pow(abs(a), 0.5 * b)
    sign = -1.0 if a < 0.0 and math.fmod(b - k, 2.0) != 0.0 else 1.0
    if a < 0.0 and b != math.floor(b):
        return nan
    return sign * (factor * half) * div(half, pow(abs(a), k))

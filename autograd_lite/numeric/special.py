"""Accurate special functions over plain floats: activations, and slopes that lose digits if written naively.

A name ending in `_slope` is a derivative that is a primitive of its own in `table.py`: differentiating the slope by a
closed formula keeps the second derivative as accurate as the first. As in `real.py`, all of it is plain scalar code.
"""

import math
from collections.abc import Sequence

from autograd_lite.numeric.real import (
    INV_SQRT_2PI,
    SQRT2,
    SQRT2_LOW,
    SQRT_HALF,
    SQRT_HALF_LOW,
    TWO_OVER_SQRT_PI,
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
    log_pair,
    nan,
    pow,
    sqrt,
    tanh,
    two_product,
    two_sum,
)

# Taylor coefficients about a zero, where a formula's terms cancel: computed with mpmath.taylor at 60 digits.
SILU_INFLECTION, SILU_INFLECTION_LOW = 2.3993572805154675, 1.8464872855353363e-16
SILU_INFLECTION_TAYLOR = (
    -1.1996786402577337, 0.0, 0.030510173388064096, -0.012715977581091808, 0.002248725923422533,
    0.00012244467631752294, -0.0001839436560395359, 4.8798917544170514e-05, -3.19807505440145e-06,
    -2.1431242875903015e-06, 8.627407780510399e-07,
)  # fmt: skip
GELU_ROOT, GELU_ROOT_LOW = -0.7517915246935645, 1.4956759177009883e-17
GELU_SLOPE_TAYLOR = (
    0.4314939923140469, 0.388284982990552, -0.018199676398671087, -0.1140082332972217, -0.014771522148244337,
    0.019421679838189067, 0.004539228379125415, -0.002239538068073497, -0.0007448268386746817,
    0.00018633974623233514, 8.615947861116571e-05, -1.121438018842664e-05, -7.74846130700372e-06,
    4.3284506257392273e-07, 5.702764979242107e-07, -1.6044265494246427e-09, -3.5459866461783865e-08,
    -1.396942086426202e-09, 1.90319840501314e-09, 1.4506418938779426e-10, -8.950037692726255e-11,
    -9.950340824808053e-12,
)  # fmt: skip

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
    t = exp(-2.0 * abs(x))
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


def sigmoid_slope(x: float) -> float:
    return 0.25 * tanh_slope(0.5 * x)


def silu(x: float) -> float:
    if x < -600.0:
        h = exp(0.5 * x)  # two factors: exp(x) alone would be subnormal and short of digits
        return x * h * h if h > 0.0 else -0.0
    return x * sigmoid(x)


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


def silu_curvature(x: float) -> float:
    """silu's second derivative, sigmoid'(x) * (2 - x * tanh(x / 2)); near the zeros at +-2.4 by a Taylor series."""
    if abs(x) > 800.0:
        return 0.0
    d = (abs(x) - SILU_INFLECTION) - SILU_INFLECTION_LOW
    factor = d * horner(SILU_INFLECTION_TAYLOR, d) if abs(d) < 0.1 else 2.0 - x * tanh(0.5 * x)
    h = exp(-0.5 * abs(x))
    t = h * h
    return h * factor * h / ((1.0 + t) * (1.0 + t))


def horner(coefficients: Sequence[float], d: float) -> float:
    """coefficients[0] + coefficients[1] * d + coefficients[2] * d**2 + ..."""
    total = 0.0
    for coefficient in coefficients[::-1]:
        total = total * d + coefficient
    return total


# --- the normal distribution ---------------------------------------------------------------------------------------


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


def gelu(x: float) -> float:
    return _gelu_tail(x, False) if x <= -37.0 else x * normal_cdf(x)


def gelu_slope(x: float) -> float:
    """normal_cdf(x) + x * normal_pdf(x); near its zero at -0.75, where the two cancel, its Taylor series."""
    if x <= -37.0:
        return _gelu_tail(x, True)
    d = (x - GELU_ROOT) - GELU_ROOT_LOW
    if abs(d) < 0.5:
        return d * horner(GELU_SLOPE_TAYLOR, d)
    return 1.0 if x > 40.0 else normal_cdf(x) + x * normal_pdf(x)


def gelu_curvature(x: float) -> float:
    """gelu's second derivative, normal_pdf(x) * (2 - x**2)."""
    if abs(x) > 40.0:
        return -0.0
    h = exp_square(x, -0.25)
    return h * INV_SQRT_2PI * (((SQRT2 - x) + SQRT2_LOW) * ((SQRT2 + x) + SQRT2_LOW)) * h


def _gelu_tail(x: float, slope: bool) -> float:
    """gelu(x), or its slope, for x <= -37, by the series of the normal tail (Abramowitz & Stegun 26.2.12)."""
    if x < -100.0:
        return -0.0
    square, error = two_product(x, x)
    density = exp(50.0 - 0.5 * square) * (1.0 - 0.5 * error)  # times sqrt(2 pi) e**50, which keeps it from underflow
    u = 1.0 / (x * x)
    series = 1.0 - u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * (1.0 - 7.0 * u * (1.0 - 9.0 * u * (1.0 - 11.0 * u)))))
    return (x - series / x if slope else -series) * density * 7.694598626706419e-23


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


def atan2_curvature(a: float, b: float) -> float:
    """(b**2 - a**2) / (a**2 + b**2)**2, and 0 at the origin."""
    s = scaled(a, (b,))
    length = hypot(a * s, b * s)
    if length == 0.0:
        return 0.0
    difference, total = div_slope(b * s - a * s, length) * s, div_slope(b * s + a * s, length) * s
    return 0.0 if difference == 0.0 or total == 0.0 else difference * total


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
    if n == 1.0 and abs(factor) < 0.25 * abs(falling[1]):  # falling[0] * log(a) and falling[1] cancel
        high, low = log_pair(a)
        product, error = two_product(falling[0], high)
        factor = (product + falling[1]) + (error + falling[0] * low)
    return 0.0 if factor == 0.0 else _power_product(factor, a, b, k)


def _power_product(factor: float, a: float, b: float, k: float) -> float:
    """factor * a**(b - k), with neither b - k rounded nor an intermediate result out of range."""
    if a == 0.0 or abs(a) == inf or abs(b) == inf or factor != factor or abs(factor) == inf:
        y = pow(a, b - k)
        return 0.0 if y == 0.0 and abs(b) < inf else factor * y
    whole = two_sum(b, -k)[1] == 0.0 or abs(b) > 1e17  # such powers are 0, 1 or inf
    y = pow(a, b - k) if whole else div(pow(a, b), pow(a, k))
    half = pow(abs(a), 0.5 * (b - k if whole else b))
    if y != y or 1e-290 < abs(y) < inf or half in (0.0, inf):
        return factor * y
    sign = -1.0 if a < 0.0 and math.fmod(b - k, 2.0) != 0.0 else 1.0
    if a < 0.0 and b != math.floor(b):
        return nan
    if whole:
        return sign * (factor * half * half)
    result = div(factor * half, abs(a)) * half if k > 0.0 else factor * half * half
    for _ in range(1, int(k)):
        result = div(result, abs(a))
    return sign * result

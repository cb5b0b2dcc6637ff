"""Accurate special functions over plain floats: activations, and slopes that lose digits if written naively.

A name ending in `_slope` is a derivative that is a primitive of its own in `table.py`: differentiating the slope by a
closed formula keeps the second derivative as accurate as the first.
"""

from collections.abc import Sequence

from autograd_lite.numeric.exact import exp_pair, exp_square, two_product
from autograd_lite.numeric.ieee import erfc, exp, log1p, tanh

SQRT_HALF, SQRT_HALF_LOW = 0.7071067811865476, -4.833646656726457e-17
SQRT2, SQRT2_LOW = 1.4142135623730951, -9.667293313452913e-17
INV_SQRT_2PI = 0.3989422804014327
TWO_OVER_SQRT_PI = 1.1283791670955126
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

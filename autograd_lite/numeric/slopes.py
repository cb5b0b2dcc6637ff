"""Slopes and curvatures that are algebraic, over plain floats: of logarithms, angles, quotients, lengths and powers.

Each is a primitive of its own in the table, since differentiating it by a closed formula keeps the second derivative as
accurate as the first.
"""

import math
from collections.abc import Sequence

from autograd_lite.numeric.exact import log_pair, two_product, two_sum
from autograd_lite.numeric.ieee import div, hypot, inf, length, log, nan, pow, sqrt


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
    """(b**2 - a**2) / (a**2 + b**2)**2, and nan at the origin."""
    s = scaled(a, (b,))
    length = hypot(a * s, b * s)
    if length == 0.0:
        return nan
    difference, total = div_slope(b * s - a * s, length) * s, div_slope(b * s + a * s, length) * s
    return 0.0 if difference == 0.0 or total == 0.0 else difference * total


def pow_slope(a: float, b: float, k: float, n: float) -> float:
    """The partial derivative of a**b taken k times in a and n times in b.

    It is n! times the coefficient of t**n in  b'(b' - 1)...(b' - k + 1) * a**(b - k) * exp(t * log a)  at b' = b + t.
    """
    if n > 0.0 and a == 0.0:
        return 0.0 if b > k or b == 0.0 else nan if b != b else -inf
    factor = 1.0
    for i in range(int(k)):
        factor *= b - i
    if n > 0.0:
        factor = _factor_with_logarithms(a, b, k, n)
    return 0.0 if factor == 0.0 else _power_product(factor, a, b, k)


def _factor_with_logarithms(a: float, b: float, k: float, n: float) -> float:
    """n! / (n - j)! * falling[j] * log(a)**(n - j), added up over j: falling[j] is the coefficient of t**j."""
    falling = [1.0] + [0.0] * int(n)
    for i in range(int(k)):
        for j in range(int(n), 0, -1):
            falling[j] = falling[j] * (b - i) + falling[j - 1]
        falling[0] *= b - i
    logarithm = log(a)
    factor, weight = 0.0, 1.0
    for j in range(int(n) + 1):
        factor += weight * falling[j] * logarithm ** (n - j) if falling[j] != 0.0 else 0.0
        weight *= n - j
    if n == 1.0 and abs(factor) < 0.25 * abs(falling[1]):  # falling[0] * log(a) and falling[1] cancel
        high, low = log_pair(a)
        product, error = two_product(falling[0], high)
        factor = (product + falling[1]) + (error + falling[0] * low)
    return factor


def _power_product(factor: float, a: float, b: float, k: float) -> float:
    """factor * a**(b - k), with neither b - k rounded nor an intermediate result out of range."""
    if a == 0.0 or abs(a) == inf or abs(b) == inf or factor != factor or abs(factor) == inf:
        y = pow(a, b - k)
        return 0.0 if y == 0.0 and abs(b) < inf else factor * y
    whole = two_sum(b, -k)[1] == 0.0 or abs(b) > 1e17  # such powers are 0, 1 or inf
    y = pow(a, b - k) if whole else div(pow(a, b), pow(a, k))
    if y != y or 1e-290 < abs(y) < inf:
        return factor * y
    half = pow(abs(a), 0.5 * (b - k if whole else b))
    if half in (0.0, inf):
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

"""Exactly rounded pieces: sums and products with their rounding errors, exp and log in two floats.

With them a function loses no digit in a tail: each is within a few units in the last place (ULP) of the true value
over all of float64.
"""

import math

from autograd_lite.numeric.ieee import exp, log


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


def large_product_error(a: float, b: float) -> float:
    """The same for all numbers whose product is finite."""
    if abs(a) > 1e300:
        return product_error(a * 2.0**-60, b * 2.0**60)
    if abs(b) > 1e300:
        return product_error(a * 2.0**60, b * 2.0**-60)
    return product_error(a, b)


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

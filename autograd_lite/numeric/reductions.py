"""Primitives of any number of operands, over a sequence of plain floats: sums, products, norms and soft maxima."""

import math
from collections.abc import Sequence
from operator import mul

from autograd_lite.numeric.exact import (
    exp_difference,
    exp_pair,
    large_product_error,
    product_error,
    two_product,
    two_sum,
)
from autograd_lite.numeric.ieee import exp, fsum, inf, length, log, log1p, nan, scaled_sum


def mean(xs: Sequence[float]) -> float:
    """The mean, right also where the sum would overflow."""
    total = fsum(xs)
    if abs(total) == inf:  # of infinite numbers, or of large ones: then the mean is finite
        return scaled_sum(xs, 2.0**-64) / len(xs) * 2.0**64
    return total / len(xs)


def prod(xs: Sequence[float]) -> float:
    """The product, exponents added apart so that no intermediate result leaves the float range."""
    plain = math.prod(xs)
    if 1e-290 < abs(plain) < inf:
        return plain
    mantissa, exponent = 1.0, 0
    for x in xs:
        if x - x != 0.0:  # inf or nan
            return plain
        m, e = math.frexp(x)
        mantissa, shift = math.frexp(mantissa * m)
        exponent += e + shift
    if exponent < 1025 or mantissa == 0.0:
        return math.ldexp(mantissa, max(-2000, exponent))
    return math.copysign(inf, mantissa)


def dot(v: Sequence[float]) -> float:
    """w . x + bias of v = (*w, *x) or (*w, *x, bias). Where the terms cancel, the products are taken exactly.

    The products' rounding errors, half an ULP of each at most, add up as their squares do.
    """
    n = len(v) // 2
    w, x = v[:n], v[n : 2 * n]
    terms = [*map(mul, w, x), *v[2 * n :]]
    try:
        total = math.fsum(terms)
    except (OverflowError, ValueError):
        total = fsum(terms)
    if abs(total) * 4.0 < math.hypot(*terms):
        for error in (product_error, large_product_error):
            exact = fsum([*terms, *map(error, w, x)])
            if math.isfinite(exact):
                return exact
    return total


def max_(xs: Sequence[float]) -> float:
    top = xs[0]
    for x in xs:
        if x > top or x != x:
            top = x
    return top


def min_(xs: Sequence[float]) -> float:
    bottom = xs[0]
    for x in xs:
        if x < bottom or x != x:
            bottom = x
    return bottom


def norm(xs: Sequence[float]) -> float:
    return length(xs)


def logsumexp(xs: Sequence[float]) -> float:
    top = max_(xs)
    if abs(top) == inf or top != top:
        return top
    at = list(xs).index(top)
    rest = [exp_difference(x, top) for i, x in enumerate(xs) if i != at]
    result = top + log1p(fsum(rest))
    if abs(result) < 0.3 and top < 0.0:
        return _cancelling_logsumexp(top, [x for i, x in enumerate(xs) if i != at])
    return result


def logaddexp(x: float, y: float) -> float:
    return logsumexp((x, y))


def _cancelling_logsumexp(top: float, others: Sequence[float]) -> float:
    """top + log(1 + sum(exp(x - top))) where the two terms nearly cancel: everything in pairs of floats."""
    high, low = 1.0, 0.0
    for x in others:
        d, d_low = two_sum(x, -top)
        e, e_low = exp_pair(d, d_low) if d > -700.0 else (exp(d), 0.0)
        high, error = two_sum(high, e)
        low += error + e_low
    logarithm = log(high)
    inverse, inverse_low = exp_pair(-logarithm, 0.0)
    p, p_low = two_product(high, inverse)
    correction = (p - 1.0) + (p_low + high * inverse_low + low * inverse)  # log(total) - logarithm, to first order
    return (top + logarithm) + (correction - 0.5 * correction * correction)


def softmax(xs: Sequence[float]) -> list[float]:
    """exp(x) / sum(exp(xs)) for each x of xs. One that is inf alone has all of it."""
    top = max_(xs)
    if top == inf:
        infinite = fsum([1.0 if x == inf else 0.0 for x in xs])
        return [0.0 if x < inf else 1.0 if infinite == 1.0 else nan for x in xs]
    weights = [exp_difference(x, top) for x in xs]
    total = fsum(weights)
    return [weight / total for weight in weights]


def softmax_first(xs: Sequence[float]) -> float:
    return softmax(xs)[0]


def softmax_rest(xs: Sequence[float]) -> float:
    """1 - softmax(xs)[0], as the sum of the other shares."""
    return fsum(softmax(xs)[1:])


def log_softmax_first(xs: Sequence[float]) -> float:
    """xs[0] - logsumexp(xs), as -(gap to the top) - log1p(the rest): two terms of one sign."""
    top = max_(xs)
    if top == inf:
        return log(softmax_first(xs))
    if top != top or top == -inf:
        return xs[0] - top
    at = list(xs).index(top)
    return -((top - xs[0]) + log1p(fsum([exp_difference(x, top) for i, x in enumerate(xs) if i != at])))

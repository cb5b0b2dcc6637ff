"""The primitives that programs have beside those of the table: sums of products as single instructions."""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import islice
from operator import mul

from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric.ieee import in_order
from autograd_lite.numeric.piecewise import adjoint_mul


def sum_of(xs: Sequence[float]) -> float:
    """a + b + c + ..., from left to right."""
    return in_order(xs)


def sum_of_pairs(xs: Sequence[float]) -> float:
    """a*b + c*d + ..."""
    return in_order(map(mul, xs[::2], xs[1::2]))


def adjoint_sum_of_pairs(xs: Sequence[float]) -> float:
    """The same, but a product whose first factor is exactly 0 is 0. Only a nan can come of ignoring that."""
    y = sum_of_pairs(xs)
    return y if y == y else in_order(g * x for g, x in zip(xs[::2], xs[1::2]) if g != 0.0)


def sum_of_products(xs: Sequence[float], lengths: Sequence[int]) -> float:
    """a*b*... + c*d*... + ..., the terms having the given numbers of factors."""
    factors = iter(xs)
    return in_order(reduce(mul, islice(factors, n)) for n in lengths)


def adjoint_sum_of_products(xs: Sequence[float], lengths: Sequence[int]) -> float:
    y = sum_of_products(xs, lengths)
    factors = iter(xs)
    return y if y == y else in_order(reduce(adjoint_mul, islice(factors, n)) for n in lengths)


def _fused(name: str, forward: Callable[..., float]) -> Primitive:
    return Primitive(name, forward, lambda g, *xs: (), "", "xs")


# Primitives of their own in instructions. The last factor of each term of PRODUCTS is written as -1 - its number.
SUM = _fused("sum of", sum_of)
PAIRS = _fused("sum of pairs", sum_of_pairs)
PRODUCTS = _fused("sum of products", sum_of_products)
STOPPING_PAIRS = _fused("adjoint sum of pairs", adjoint_sum_of_pairs)
STOPPING_PRODUCTS = _fused("adjoint sum of products", adjoint_sum_of_products)
LANE_DOT = _fused("sum over lanes of product", adjoint_sum_of_pairs)
FUSED = (SUM, PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, LANE_DOT)

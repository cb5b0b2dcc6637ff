"""The primitives that programs have beside those of the table: sums of products as single instructions."""

from collections.abc import Callable, Sequence
from functools import cache, reduce
from itertools import accumulate, chain, islice
from operator import itemgetter, mul
from typing import Any, TypeVar

from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric.ieee import in_order
from autograd_lite.numeric.piecewise import adjoint_mul

T = TypeVar("T")


class Sum(Primitive):
    """a*b + c + d*e*f + ..., from left to right. `lengths` are the numbers of factors of its terms.

    If it `stops`, a term is 0 where one of its factors but the last is exactly 0 (see `table.stop`). Only a nan can
    come of ignoring that.
    """

    __slots__ = ("lengths", "stops")

    def __init__(self, lengths: tuple[int, ...], stops: bool) -> None:
        kind = {1: "sum of", 2: "sum of pairs"}.get(max(lengths), "sum of products")
        total = forward_of(lengths)

        def stopping(xs: Sequence[float]) -> float:
            y: float = total(xs)
            return y if y == y else adjoint_sum_of_products(xs, lengths)

        super().__init__("adjoint " * stops + kind, stopping if stops else total, _no_vjp, "", "xs")
        self.lengths, self.stops = lengths, stops

    @property
    def ends(self) -> list[bool]:
        """For each operand whether it is the last factor of its term."""
        return [k == 1 for n in self.lengths for k in range(n, 0, -1)]


def _no_vjp(g: Any, *xs: Any) -> Sequence[Any]:
    raise NotImplementedError("programs are not differentiated, tapes are")


sum_like = cache(Sum)  # equal sums are one primitive


def dot_as_sum(xs: Sequence[T]) -> tuple[Primitive, list[T]]:
    """A dot product as a sum of products, which is less exact: the sum, and the operands in its order."""
    half = len(xs) // 2
    bias = xs[2 * half :]
    return sum_like((2,) * half + (1,) * len(bias), False), [*chain.from_iterable(zip(xs, xs[half : 2 * half])), *bias]


def forward_of(lengths: tuple[int, ...]) -> Callable[..., Any]:
    """What computes a sum of products of these lengths."""
    if max(lengths) == 1:
        return in_order
    if max(lengths) > 2 or len(lengths) == 1:
        return lambda xs: sum_of_products(xs, lengths)
    ends = list(accumulate(lengths))
    first = itemgetter(*[end - n for end, n in zip(ends, lengths)])
    second = itemgetter(*[end - 1 if n == 2 else -1 for end, n in zip(ends, lengths)])  # the last is 1.0
    return lambda xs: in_order(map(mul, first(xs), second((*xs, 1.0))))


def sum_of_products(xs: Sequence[float], lengths: Sequence[int]) -> float:
    """The sum of products of so many factors each."""
    factors = iter(xs)
    return in_order(reduce(mul, islice(factors, n)) for n in lengths)


def adjoint_sum_of_products(xs: Sequence[float], lengths: Sequence[int]) -> float:
    """The same where zeros stop."""
    factors = iter(xs)
    return in_order(reduce(adjoint_mul, islice(factors, n)) for n in lengths)


def adjoint_sum_of_pairs(xs: Sequence[float]) -> float:
    """a*b + c*d + ..., where zeros stop."""
    return sum_like((2,) * (len(xs) // 2), True).evaluate(xs)


OF_THE_FIRST = (table.softmax, table.softmax_rest, table.log_softmax)  # the order of the other operands is all one
LANE_DOT = Primitive("sum over lanes of product", adjoint_sum_of_pairs, _no_vjp, "", "xs")

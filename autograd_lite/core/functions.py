"""The functions of two and of many operands, over numbers and Values. What each computes is a row of `table.py`.

As in `elementary.py`: the result is a Value if one is among the operands, else a float; inf and nan come as IEEE 754
has them; nan in gives nan out, and a nan gradient. What is no real number is a TypeError, an empty list or two lists
of different lengths a ValueError.
"""

from collections.abc import Iterable
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.primitives import each
from autograd_lite.core.value import Number
from autograd_lite.numeric.ieee import inf


def pow(x: Number, y: Number) -> Any:
    """x**y, also `x ** y`. Derivatives y * x**(y - 1) and x**y * log(x).

    `x**0` has derivative 0 everywhere, and `0**y` derivative 0 in y. For x < 0 the value is nan unless y is whole, and
    the derivative in y is nan.

    >>> pow(2.0, 3.0)
    8.0
    """
    return table.pow(x, y)


def atan2(y: Number, x: Number) -> Any:
    """The angle of the point (x, y), in radians. Derivatives x / (x**2 + y**2) in y, -y / (x**2 + y**2) in x.

    Both derivatives are 0 at the origin.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return table.atan2(y, x)


def hypot(x: Number, y: Number) -> Any:
    """sqrt(x**2 + y**2). Derivatives x / hypot(x, y) and y / hypot(x, y), both 0 at the origin.

    >>> hypot(3.0, 4.0)
    5.0
    """
    return table.hypot(x, y)


def logaddexp(x: Number, y: Number) -> Any:
    """log(e**x + e**y). Derivatives sigmoid(x - y) and sigmoid(y - x).

    >>> logaddexp(1000.0, -1000.0)
    1000.0
    """
    return table.logaddexp(x, y)


def maximum(x: Number, y: Number) -> Any:
    """The larger of two. Derivative 1 in the larger, 0 in the other; a tie shares it, 1/2 each.

    >>> maximum(2.0, 3.0)
    3.0
    """
    return table.maximum(x, y)


def minimum(x: Number, y: Number) -> Any:
    """The smaller of two. Derivative 1 in the smaller, 0 in the other; a tie shares it, 1/2 each.

    >>> minimum(2.0, 3.0)
    2.0
    """
    return table.minimum(x, y)


def clamp(x: Number, low: Number = -inf, high: Number = inf) -> Any:
    """x kept between low and high. Derivative 1 in x from bound to bound, bounds included; beyond, 1 in that bound.

    >>> clamp(5.0, 0.0, 1.0)
    1.0
    """
    return table.clamp(x, low, high)


def where(condition: Number, x: Number, y: Number) -> Any:
    """x if condition is true (not 0), else y. The one chosen has derivative 1, the other and the condition 0.

    Nothing flows back into the one not chosen, not even 0 * inf.

    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    return table.where(condition, x, y)


def leaky_relu(x: Number, slope: Number = 0.01) -> Any:
    """x for x > 0, slope * x for x <= 0. Derivative 1 and slope; at the kink, slope.

    >>> leaky_relu(-100.0)
    -1.0
    """
    return table.leaky_relu(x, slope)


def elu(x: Number, alpha: Number = 1.0) -> Any:
    """x for x > 0, alpha * (e**x - 1) for x <= 0 (Clevert et al. 2016). Derivative 1 and alpha * e**x; at 0, alpha.

    >>> elu(2.0)
    2.0
    """
    return table.elu(x, alpha)


def sum(xs: Iterable[Number]) -> Any:
    """The sum of a list, one node, correctly rounded. Derivative 1 in each.

    >>> sum([1e16, 1.0, -1e16])
    1.0
    """
    return table.sum(*_operands(xs, "sum(xs)"))


def mean(xs: Iterable[Number]) -> Any:
    """The arithmetic mean of a list. Derivative 1/n in each of n.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return table.mean(*_operands(xs, "mean(xs)"))


def prod(xs: Iterable[Number]) -> Any:
    """The product of a list. The derivative in each is the product of the others, right also where some are 0.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return table.prod(*_operands(xs, "prod(xs)"))


def dot(ws: Iterable[Number], xs: Iterable[Number], bias: Number | None = None) -> Any:
    """The sum of ws[i] * xs[i], and of the bias if there is one: a neuron's weighted sum, as one node.

    Derivatives xs[i] in ws[i], ws[i] in xs[i], 1 in the bias.

    >>> dot([1.0, 2.0], [3.0, 4.0], 5.0)
    16.0
    """
    left, right = _operands(ws, "dot(ws)"), _operands(xs, "dot(xs)")
    if len(left) != len(right):
        raise ValueError(f"dot(ws, xs) needs two lists of one length, got {len(left)} and {len(right)} numbers")
    return table.dot(*left, *right) if bias is None else table.dot(*left, *right, bias)


def max(xs: Iterable[Number]) -> Any:
    """The largest of a list. Derivative 1 in it, 0 in the others; k that tie receive 1/k each.

    >>> max([1.0, 5.0, 3.0])
    5.0
    """
    return table.max(*_operands(xs, "max(xs)"))


def min(xs: Iterable[Number]) -> Any:
    """The smallest of a list. Derivative 1 in it, 0 in the others; k that tie receive 1/k each.

    >>> min([1.0, 5.0, 3.0])
    1.0
    """
    return table.min(*_operands(xs, "min(xs)"))


def norm(xs: Iterable[Number]) -> Any:
    """The Euclidean length of a list. Derivative x / norm in each x, 0 at the origin.

    >>> norm([2.0, 3.0, 6.0])
    7.0
    """
    return table.norm(*_operands(xs, "norm(xs)"))


def logsumexp(xs: Iterable[Number]) -> Any:
    """log of the sum of e**x over a list, without overflow. The derivative in each is its softmax.

    >>> logsumexp([1000.0, -1000.0])
    1000.0
    """
    return table.logsumexp(*_operands(xs, "logsumexp(xs)"))


def softmax(xs: Iterable[Number]) -> list[Any]:
    """e**x / (sum of e**x over the list) for each x: a list p that sums to 1. dp[i]/dx[j] = p[i] * ((i == j) - p[j]).

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    return each(table.softmax, _operands(xs, "softmax(xs)"))


def log_softmax(xs: Iterable[Number]) -> list[Any]:
    """log(softmax(xs)), without underflow. The derivative of entry i in x[j] is (i == j) - softmax(xs)[j].

    >>> log_softmax([1000.0, 0.0])
    [-0.0, -1000.0]
    """
    return each(table.log_softmax, _operands(xs, "log_softmax(xs)"))


def _operands(xs: Iterable[Number], argument: str) -> tuple[Number, ...]:
    if isinstance(xs, str) or not hasattr(xs, "__iter__"):
        raise TypeError(f"{argument} must be a list of numbers or Values, not {xs!r}: write [{xs!r}]")
    operands = tuple(xs)
    if not operands:
        raise ValueError(f"{argument} is empty: pass at least one number")
    return operands

"""The functions of two and of many operands, over numbers and Values. What each computes is a row of `table.py`.

As in `elementary.py`: the result is a Value if one is among the operands, else a float; inf and nan come as IEEE 754
has them; nan in gives nan out, and a nan gradient. What is no real number is a TypeError, an empty list or two lists
of different lengths a ValueError.
"""

from collections.abc import Iterable
from typing import Any, overload

from autograd_lite.core import table as table
from autograd_lite.core.elementary import listed, of_list, of_two, over, public
from autograd_lite.core.primitives import each
from autograd_lite.core.value import Number, Value
from autograd_lite.numeric.ieee import inf

# fmt: off
pow = of_two(
    table.pow,
    "x**y, also `x ** y`. Derivatives y * x**(y - 1) and x**y * log(x). `x**0` has derivative 0 everywhere, and "
    "`0**y` derivative 0 in y. For x < 0 the value is nan unless y is whole, and the derivative in y is nan.",
    2.0, 3.0, 8.0)
hypot = of_two(
    table.hypot,
    "sqrt(x**2 + y**2). Derivatives x / hypot(x, y) and y / hypot(x, y), both 0 at the origin.", 3.0, 4.0, 5.0)
logaddexp = of_two(
    table.logaddexp, "log(e**x + e**y). Derivatives sigmoid(x - y) and sigmoid(y - x).", 1000.0, -1000.0, 1000.0)
maximum = of_two(
    table.maximum,
    "The larger of two. Derivative 1 in the larger, 0 in the other; a tie shares it, 1/2 each.", 2.0, 3.0, 3.0)
minimum = of_two(
    table.minimum,
    "The smaller of two. Derivative 1 in the smaller, 0 in the other; a tie shares it, 1/2 each.", 2.0, 3.0, 2.0)
sum = of_list(
    table.sum, "The sum of a list, one node, correctly rounded. Derivative 1 in each.", [1e16, 1.0, -1e16], 1.0)
mean = of_list(table.mean, "The arithmetic mean of a list. Derivative 1/n in each of n.", [1.0, 2.0, 6.0], 3.0)
prod = of_list(
    table.prod,
    "The product of a list. The derivative in each is the product of the others, right also where some are 0.",
    [2.0, 3.0, 4.0], 24.0)
max = of_list(
    table.max,
    "The largest of a list. Derivative 1 in it, 0 in the others; k that tie receive 1/k each.",
    [1.0, 5.0, 3.0], 5.0)
min = of_list(
    table.min,
    "The smallest of a list. Derivative 1 in it, 0 in the others; k that tie receive 1/k each.",
    [1.0, 5.0, 3.0], 1.0)
norm = of_list(
    table.norm, "The Euclidean length of a list. Derivative x / norm in each x, 0 at the origin.", [2.0, 3.0, 6.0], 7.0)
logsumexp = of_list(
    table.logsumexp,
    "log of the sum of e**x over a list, without overflow. The derivative in each is its softmax.",
    [1000.0, -1000.0], 1000.0)
# fmt: on


@overload
def atan2(y: float, x: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def atan2(y: Number, x: Number) -> Value: ...
@public
def atan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y), in radians. Derivatives x / (x**2 + y**2) in y, -y / (x**2 + y**2) in x.

    Both derivatives are 0 at the origin.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return table.atan2(y, x)  # type: ignore[no-any-return]


@overload
def clamp(x: float, low: float = ..., high: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def clamp(x: Number, low: Number = ..., high: Number = ...) -> Value: ...
@public
def clamp(x: Number, low: Number = -inf, high: Number = inf) -> Number:
    """x kept between low and high. Derivative 1 in x from bound to bound, bounds included; beyond, 1 in that bound.

    >>> clamp(5.0, 0.0, 1.0)
    1.0
    """
    return table.clamp(x, low, high)  # type: ignore[no-any-return]


@overload
def where(condition: float, x: float, y: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def where(condition: Number, x: Number, y: Number) -> Value: ...
@public
def where(condition: Number, x: Number, y: Number) -> Number:
    """x if condition is true (not 0), else y. The one chosen has derivative 1, the other and the condition 0.

    Nothing flows back into the one not chosen, not even 0 * inf.

    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    return table.where(condition, x, y)  # type: ignore[no-any-return]


@overload
def leaky_relu(x: float, slope: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def leaky_relu(x: Number, slope: Number = ...) -> Value: ...
@public
def leaky_relu(x: Number, slope: Number = 0.01) -> Number:
    """x for x > 0, slope * x for x <= 0. Derivative 1 and slope; at the kink, slope.

    >>> leaky_relu(-100.0)
    -1.0
    """
    return table.leaky_relu(x, slope)  # type: ignore[no-any-return]


@overload
def elu(x: float, alpha: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def elu(x: Number, alpha: Number = ...) -> Value: ...
@public
def elu(x: Number, alpha: Number = 1.0) -> Number:
    """x for x > 0, alpha * (e**x - 1) for x <= 0 (Clevert et al. 2016). Derivative 1 and alpha * e**x; at 0, alpha.

    >>> elu(2.0)
    2.0
    """
    return table.elu(x, alpha)  # type: ignore[no-any-return]


@overload
def dot(ws: Iterable[float], xs: Iterable[float], bias: float | None = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def dot(ws: Iterable[Number], xs: Iterable[Number], bias: Number | None = ...) -> Value: ...
@public
def dot(ws: Iterable[Number], xs: Iterable[Number], bias: Number | None = None) -> Number:
    """The sum of ws[i] * xs[i], and of the bias if there is one: a neuron's weighted sum, as one node.

    Derivatives xs[i] in ws[i], ws[i] in xs[i], 1 in the bias.

    >>> dot([1.0, 2.0], [3.0, 4.0], 5.0)
    16.0
    """
    left, right = listed(ws, "dot(ws)"), listed(xs, "dot(xs)")
    if len(left) != len(right):
        raise ValueError(f"dot(ws, xs) needs two lists of one length, got {len(left)} and {len(right)} numbers")
    return over(table.dot, [*left, *right] if bias is None else [*left, *right, bias])  # type: ignore[no-any-return]


@overload
def softmax(xs: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[Number]) -> list[Value]: ...
@public
def softmax(xs: Iterable[Number]) -> list[Any]:
    """e**x / (sum of e**x over the list) for each x: a list p that sums to 1. dp[i]/dx[j] = p[i] * ((i == j) - p[j]).

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    return each(table.softmax, listed(xs, "softmax(xs)"))


@overload
def log_softmax(xs: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(xs: Iterable[Number]) -> list[Value]: ...
@public
def log_softmax(xs: Iterable[Number]) -> list[Any]:
    """log(softmax(xs)), without underflow. The derivative of entry i in x[j] is (i == j) - softmax(xs)[j].

    >>> log_softmax([1000.0, 0.0])
    [-0.0, -1000.0]
    """
    return each(table.log_softmax, listed(xs, "log_softmax(xs)"))

"""The operations of a laid out program (see `layout.py`) on arrays of NumPy, with the bits of the other backends.

Sums go from left to right, so that NumPy adds whole arrays, never along one. exp, tanh and their like are the
platform's own, number by number, for NumPy has others.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.fused import adjoint_sum_of_pairs, adjoint_sum_of_products
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import ieee, reductions

AT_ONCE = 1 << 14  # products that fit into the processor's cache together with what is made of them


def at_once(count: int, sums: int) -> int:
    """How many terms of each of so many sums are worked on together."""
    return max(1, min(count, AT_ONCE // sums))


def room(kind: str, numbers: Sequence[int]) -> int:
    """How many numbers an operation needs for itself."""
    if kind in ("matmul", "dots"):
        _, _, rows, count, columns, *_ = numbers
        return (3 if kind == "dots" else 1) * (1 + at_once(count, rows * columns)) * rows * columns
    return math.prod(numbers[1:4]) if kind == "sums" else 0


def in_order(terms: Any) -> Any:
    """The sums over the first axis, from left to right. NumPy adds whole rows so, but single numbers in pairs."""
    if terms[0].size > 1:
        return np.add.reduce(terms, axis=0)
    return np.add.accumulate(terms.ravel())[-1:].reshape(terms.shape[1:])


def each(f: Callable[..., float], y: Any, *xs: Any) -> None:
    """f of each; its plain function where that raises nothing, which takes half the time."""
    numbers = [x.tolist() for x in xs]
    try:
        y[:] = np.fromiter(map(getattr(f, "ieee_version_of", f), *numbers), float, len(y))
    except (OverflowError, ValueError, ZeroDivisionError):
        y[:] = np.fromiter(map(f, *numbers), float, len(y))


def call(f: Callable[..., float], m: Any, numbers: Any, y: Any) -> None:
    y[:] = list(map(f, m[numbers].tolist()))


def scalars(run: Callable[..., Any], m: Any, outer: Any, targets: Any) -> None:
    m[targets] = run([m[outer].tolist()])


def matmul(left: Any, right: Any, y: Any, some: Any, stops: int, adds: int) -> None:
    """Sums of products, from left to right: the sum so far stands before the next products."""
    if not adds:
        y.fill(-0.0)
    (terms,), step = some, some.shape[1] - 1
    for k in range(0, len(left), step):
        n = len(left[k : k + step])
        terms[0] = y
        np.multiply(left[k : k + n], right[k : k + n], out=terms[1 : n + 1])
        y[:] = in_order(terms[: n + 1])
    for p, q in zip(*np.nonzero(y != y)) if stops else ():
        a, b = left[:, p, 0], right[:, 0, q]
        pairs = np.column_stack([a, b] if stops == 1 else [b, a])
        y[p, q] = adjoint_sum_of_pairs(pairs.ravel().tolist())


class Product:
    """Products of neighbours: of all before the first of the ends, of all from there to before the second, ..."""

    def __init__(self, ends: Any) -> None:
        lengths = np.diff(ends, prepend=0)
        self.first = ends - lengths
        self.steps = [(self.first[lengths > j], self.first[lengths > j] + j) for j in range(1, max(lengths))]
        if (lengths == lengths[0]).all():
            self.first, by = slice(0, None, lengths[0]), lengths[0]
            self.steps = [(self.first, slice(j, None, by)) for j in range(1, by)]

    def __call__(self, factors: Any) -> Any:
        for product, factor in self.steps:
            factors[product] *= factors[factor]
        return factors[self.first]


def sums(fill: Callable[[], Any], factors: Any, ends: Any, products: Product, y: Any, stops: int) -> None:
    fill()
    y[:] = in_order(products(factors))
    wrong = np.nonzero(y != y) if stops else ()
    if wrong and len(wrong[0]):
        fill()
        lengths = np.diff(ends, prepend=0).tolist()
        for p, q in zip(*wrong):
            y[p, q] = adjoint_sum_of_products(factors[:, p, q].tolist(), lengths)


def lane_dots(pairs: Any, left: Any, right: Any, y: Any) -> None:
    products = left[pairs[:, 0]] * right[pairs[:, 1]]
    y[:] = np.add.accumulate(products, axis=1)[:, -1]
    for p in np.flatnonzero(y != y):
        y[p] = adjoint_sum_of_pairs(np.column_stack([left[pairs[p, 0]], right[pairs[p, 1]]]).ravel().tolist())


def dots(left: Any, right: Any, y: Any, some: Any) -> None:
    """As `reductions.dot`, with the rounding errors of the sums, as kernels have them (see `dots` and `_compensated`).

    The terms are added to a number that is larger than all of them, and the errors are what it takes from them.
    """
    (sums, products, parts), step, lost = some, some.shape[1] - 1, 6e-16 * (len(left) + 1)
    a, b, sizes = np.abs(left[:, :, 0]), np.abs(right[:, 0]), np.abs(y)
    bound = sizes + np.max(a, axis=0).reshape(-1, 1) * np.sum(b, axis=0)
    smallest = np.minimum(_smallest(a).reshape(-1, 1) * _smallest(b), _smallest(sizes[None]))
    squares = y * y + (a * a).T @ (b * b)
    large = 4.0 * bound
    total = large + y
    errors = y - (total - large)
    for k in range(0, len(left), step):
        n = len(left[k : k + step])
        product, part = np.multiply(left[k : k + n], right[k : k + n], out=products[:n]), parts[:n]
        sums[0] = total
        for before, term, after in zip(sums, product, sums[1:]):
            np.add(before, term, out=after)
        np.subtract(product, np.subtract(sums[1 : n + 1], sums[:n], out=part), out=part)
        errors += np.add.reduce(part, axis=0)
        total = sums[n]
    total = total - large
    size, slack = (total + errors) ** 2, lost * bound
    cancel = 16.0 * size < squares
    slack = np.where((slack < smallest) & ~cancel, 0.0, lost * slack)
    for p, q in _some_at_once(cancel, len(left)):
        errors[p, q] += _product_errors(left[:, p, 0], right[:, 0, q])
    result = total + (errors + slack)
    is_right = (squares < 1e280) & (squares > 1e-280) & (squares < 1e15 * size) & (result == total + (errors - slack))
    for p, q in zip(*np.nonzero(~is_right)):
        result[p, q] = reductions.dot([*left[:, p, 0].tolist(), *right[:, 0, q].tolist(), float(y[p, q])])
    y[:] = result


def _smallest(sizes: Any) -> Any:
    """The smallest that is not 0."""
    return np.min(np.where(sizes > 0.0, sizes, math.inf), axis=0)


def _some_at_once(wanted: Any, count: int) -> Iterator[tuple[Any, Any]]:
    """The places that are wanted, row and column, as many at once as sums of so many terms have room for."""
    places, most = np.nonzero(wanted), at_once(AT_ONCE, count)
    for k in range(0, len(places[0]), most):
        yield places[0][k : k + most], places[1][k : k + most]


def _rounding(sums: Any, terms: Any) -> Any:
    """What rounding took from each of the running sums when its term was added (Knuth)."""
    before, after = sums[:-1], sums[1:]
    z = after - before
    return (before - (after - z)) + (terms - z)


def _product_errors(a: Any, b: Any) -> Any:
    """The sums of what rounding took from each product (see `exact.product_error`)."""
    a_high, b_high = _high(a), _high(b)
    a_low, b_low = a - a_high, b - b_high
    return in_order(((a_high * b_high - a * b) + a_high * b_low + a_low * b_high) + a_low * b_low)


def _high(x: Any) -> Any:
    """The upper half of the digits (Veltkamp)."""
    s = 134217729.0 * x
    return s - (s - x)


def fsum(rows: Any) -> Any:
    """The correctly rounded sum of each row: compensated where that is sure to round it correctly."""
    sums = np.add.accumulate(rows, axis=1)
    errors = _rounding(sums.T, rows.T[1:]).T
    error = np.add.reduce(errors, axis=1)
    slack = 2.3e-16 * rows.shape[1] * np.add.reduce(np.abs(errors), axis=1)
    y, total = sums[:, -1] + error, sums[:, -1]
    for p in np.flatnonzero(~(total + (error - slack) == total + (error + slack))):
        y[p] = ieee.fsum(rows[p].tolist())
    return y


def mean(rows: Any) -> Any:
    total = fsum(rows)
    y = total / rows.shape[1]
    for p in np.flatnonzero(np.isinf(total)):
        y[p] = reductions.mean(rows[p].tolist())
    return y


def softmax(rows: Any, results: Any, want: int) -> None:
    """As `reductions.softmax` and its like have them: shares, what they lack to 1, and their logarithms."""
    count, top = rows.shape[1], np.max(rows, axis=1, keepdims=True)
    d = rows - top
    back = d - rows
    error = (rows - (d - back)) + (-top - back)
    weights = one_by_one(math.exp, d) * np.where(np.abs(d) < 800.0, 1.0 + error, 1.0)
    results[0] = shares = weights / fsum(weights).reshape(-1, 1)
    if want & 1:
        others = [[j for j in range(count) if j != k] for k in range(count)]
        results[1] = fsum(shares[:, others].reshape(-1, count - 1)).reshape(rows.shape) if count > 1 else 0.0
    if want & 2:
        np.put_along_axis(weights, np.argmax(rows, axis=1, keepdims=True), 0.0, axis=1)
        results[2] = -((top - rows) + one_by_one(math.log1p, fsum(weights)).reshape(-1, 1))
    for lane in np.flatnonzero(~np.isfinite(top)):
        xs = rows[lane].tolist()
        alone = reductions.softmax(xs)
        results[0, lane] = alone
        results[1, lane] = [ieee.fsum(alone[:k] + alone[k + 1 :]) for k in range(count)]
        results[2, lane] = [reductions.log_softmax_first([x, *xs[:k], *xs[k + 1 :]]) for k, x in enumerate(xs)]


def one_by_one(f: Callable[[float], float], x: Any) -> Any:
    """The platform's own f of each number."""
    return np.fromiter(map(f, x.ravel().tolist()), float, x.size).reshape(x.shape)


def _over_exp(x: Any, scale: float) -> Any:
    """exp(-scale |x|)."""
    return one_by_one(math.exp, -scale * np.abs(x))


def _tanh_slope(x: Any) -> Any:
    t = _over_exp(x, 2.0)
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


def _sigmoid(x: Any) -> Any:
    t = _over_exp(x, 1.0)
    return np.where(x < 0.0, t, 1.0) / (1.0 + t)


def _softplus(x: Any) -> Any:
    return np.where(x <= 0.0, 0.0, x) + one_by_one(math.log1p, _over_exp(x, 1.0))


UFUNCS: dict[Primitive, Callable[..., Any]] = {
    table.add: np.add,
    table.sub: np.subtract,
    table.mul: np.multiply,
    table.div: np.divide,
    table.neg: np.negative,
    table.abs: np.abs,
    table.sqrt: np.sqrt,
}
ARRAYS: dict[Primitive, Callable[..., Any]] = {
    table.relu: lambda x: np.where(x <= 0.0, 0.0, x),
    table.positive: lambda x: np.where(x > 0.0, 1.0, np.where(x <= 0.0, 0.0, math.nan)),
    table.where: lambda c, a, b: np.where(c != 0.0, a, b),
    table.equal: lambda a, b: np.where(a == b, 1.0, np.where((a != a) | (b != b), math.nan, 0.0)),
    table.greater: lambda a, b: np.where(a > b, 1.0, 0.0),
    table.greater_equal: lambda a, b: np.where(a >= b, 1.0, 0.0),
    table.maximum: lambda a, b: np.where((a > b) | (a != a), a, b),
    table.minimum: lambda a, b: np.where((a < b) | (a != a), a, b),
    table.adjoint_mul: lambda g, x: np.where(g == 0.0, 0.0, g * x),
    table.choose: lambda g, share: np.where((share == 0.0) | (g == 0.0), 0.0, g * share),
    table.stop: lambda g, x: np.where((g == 0.0) & (x - x != 0.0), 0.0, x),
    table.tanh_slope: _tanh_slope,
    table.sigmoid: _sigmoid,
    table.softplus: _softplus,
}

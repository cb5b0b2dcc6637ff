"""Programs run by NumPy: array operations bound once to their memory, with nothing to compile.

The results have the bits of the other backends. Sums go from left to right, so that NumPy adds whole arrays, never
along one; exp, tanh and their like are the platform's own, number by number, for NumPy has others.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd_lite.compiler.backends import python
from autograd_lite.compiler.fused import adjoint_sum_of_pairs
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.layout import Layout
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import ieee, reductions

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def load(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    return of_layout(Layout(program))


def of_layout(layout: Layout) -> Callable[[Sequence[Any]], Any]:
    """The same for a program laid out already. Without array operations it is Python that runs it."""
    if all(kind == "scalars" for kind, _, _ in layout.operations):
        run = python.load(layout.program)
        return lambda inputs: np.array(run(inputs))
    return Bound(layout)


class Bound:
    """A laid out program. Each call works in memory that no other call uses at the time."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.free: list[tuple[Any, list[Call]]] = []

    def __call__(self, inputs: Sequence[Any]) -> Any:
        try:
            memory, calls = self.free.pop()
        except IndexError:
            memory = self.layout.memory.copy()
            calls = bind(self.layout, memory)
        fill(memory, inputs)
        with np.errstate(all="ignore"):
            for function, operands in calls:
                function(*operands)
        outputs = memory[self.layout.outputs].copy()
        self.free.append((memory, calls))
        return outputs


def fill(memory: Any, inputs: Sequence[Any]) -> None:
    """Write the inputs, in order, into the first numbers."""
    position = 0
    for x in inputs:
        if isinstance(x, float):
            memory[position] = x
            position += 1
        else:
            x = x if isinstance(x, np.ndarray) else np.asarray(x, dtype=float)
            memory[position : position + x.size] = x.ravel()
            position += x.size


def bind(layout: Layout, memory: Any) -> list[Call]:
    """What to call, in order, on views of this memory."""
    binder = Binder(layout, memory)
    return [getattr(binder, kind)(primitive, *numbers) for kind, primitive, numbers in layout.operations]


class Binder:
    """One method for each kind of operation (see `layout.py`): what to call, and on which views."""

    def __init__(self, layout: Layout, memory: Any) -> None:
        self.layout, self.m = layout, memory
        self.index = layout.index.astype(np.intp)

    def view(self, at: int, *axes: tuple[int, int]) -> Any:
        """Part of the memory: a length and a distance for each axis."""
        return as_strided(self.m[at:], [n for n, _ in axes], [8 * by for _, by in axes])

    def copy(self, _: Any, t: int, n: int, w: int, a: int, i: int, by: int) -> Call:
        return np.copyto, (self.view(t, (n, w), (w, 1)), self.view(a, (n, i), (w, by)))

    def gather(self, _: Any, t: int, n: int, w: int, x: int, by: int) -> Call:
        numbers = (self.index[x : x + n].reshape(n, 1) + by * np.arange(w)).ravel()
        return partial(np.take, self.m, mode="clip"), (numbers, None, self.m[t : t + n * w])

    def map(self, primitive: Primitive, t: int, n: int, *at: int) -> Call:
        y, xs = self.m[t : t + n], [self.m[a : a + n] for a in at]
        if primitive in UFUNCS:
            return UFUNCS[primitive], (*xs, y)
        if primitive in ARRAYS:
            return lambda *xs: np.copyto(y, ARRAYS[primitive](*xs)), tuple(xs)
        return _each, (primitive.forward, y, *xs)

    def call(self, primitive: Primitive, t: int, n: int, w: int, k: int, x: int, by: int) -> Call:
        bases, strides = self.index[x : x + n * k].reshape(n, 1, k), self.index[by : by + k]
        numbers = (bases + strides * np.arange(w).reshape(-1, 1)).reshape(n * w, k)
        return _call, (primitive.forward, self.m, numbers, self.m[t : t + n * w])

    def _factors(self, rows: int, count: int, columns: int, a: int, i: int, k: int, b: int, h: int) -> tuple[Any, Any]:
        return self.view(a, (count, k), (rows, i), (1, 1)), self.view(b, (count, h), (1, 1), (columns, 1))

    def matmul(self, _: Any, t: int, s: int, rows: int, count: int, columns: int, *rest: int) -> Call:
        *places, stops = rest
        left, right = self._factors(rows, count, columns, *places)
        y = self.view(t, (rows, s), (columns, 1))
        return _matmul, (left, right, y, np.empty(y.shape), stops)

    def dots(self, _: Any, t: int, s: int, rows: int, count: int, columns: int, *rest: int) -> Call:
        left, right = self._factors(rows, count, columns, *rest[:-1])
        return _dots, (left, right, self.view(t, (rows, s), (columns, 1)))

    def sums(
        self, _: Any, t: int, n: int, w: int, count: int, x: int, by: int, e: int, stops: int
    ) -> Call:  # fmt: skip
        bases = self.index[x : x + n * count].reshape(count, n, 1)
        numbers = bases + self.index[by : by + count].reshape(-1, 1, 1) * np.arange(w)
        ends = self.index[e : e + count].astype(bool).tolist()
        return _sums, (self.m, numbers.reshape(count, n * w), ends, self.m[t : t + n * w], bool(stops))

    def lanesum(self, _: Any, t: int, n: int, w: int, a: int) -> Call:
        return _lane_sums, (self.view(a, (n, w), (w, 1)), self.m[t : t + n])

    def lanedot(self, _: Any, t: int, n: int, w: int, x: int, i: int, k: int) -> Call:
        pairs = self.index[x : x + 2 * n].reshape(n, 2)
        rows = [(self.view(int(a), (w, i)), self.view(int(b), (w, k))) for a, b in pairs]
        return _lane_dots, (rows, self.m[t : t + n])

    def softmax(self, _: Any, t: int, c: int, w: int, a: int, want: int) -> Call:
        return _softmax, (self.view(a, (w, 1), (c, w)), self.view(t, (3, c * w), (w, 1), (c, w)), want)

    def scalars(self, _: Any, stretch: int, __: int) -> Call:
        program, numbers = self.layout.program, self.layout.stretches[stretch]
        inner = set(numbers)
        operands = [abs_number(x) for i in numbers for x in program.args[i]]
        outer = [x for x in dict.fromkeys(operands) if x not in inner]
        place = {x: k for k, x in enumerate([*outer, *numbers])}
        part = Program(0, [], inputs=len(outer), outputs=list(range(len(outer), len(place))))
        part.rows_out = [False] * len(numbers)
        for _x in outer:
            part.append(None, ())
        for i in numbers:
            part.append(program.ops[i], tuple([place[x] if x >= 0 else -1 - place[-1 - x] for x in program.args[i]]))
        address = self.layout.address
        return _scalars, (python.load(part), self.m, address[outer], address[numbers])


def abs_number(x: int) -> int:
    """The number of an operand, whether or not it ends a term."""
    return x if x >= 0 else -1 - x


# --- what is called ------------------------------------------------------------------------------------------------


def _each(f: Callable[..., float], y: Any, *xs: Any) -> None:
    y[:] = list(map(f, *[x.tolist() for x in xs]))


def _call(f: Callable[..., float], m: Any, numbers: Any, y: Any) -> None:
    y[:] = list(map(f, m[numbers].tolist()))


def _scalars(run: Callable[..., Any], m: Any, outer: Any, targets: Any) -> None:
    m[targets] = run([m[outer].tolist()])


def _lane_sums(rows: Any, y: Any) -> None:
    y[:] = list(map(ieee.fsum, rows.tolist()))


def _lane_dots(rows: Any, y: Any) -> None:
    for p, (g, x) in enumerate(rows):
        y[p] = np.add.accumulate(g * x)[-1]  # from left to right
        if y[p] != y[p]:
            y[p] = adjoint_sum_of_pairs(np.column_stack([g, x]).ravel().tolist())


def _matmul(left: Any, right: Any, y: Any, product: Any, stops: int) -> None:
    y.fill(-0.0)
    for a, b in zip(left, right):
        np.multiply(a, b, out=product)
        np.add(y, product, out=y)
    if stops:
        for p, q in zip(*np.nonzero(y != y)):
            a, b = left[:, p, 0], right[:, 0, q]
            pairs = np.column_stack([a, b] if stops == 1 else [b, a])
            y[p, q] = adjoint_sum_of_pairs(pairs.ravel().tolist())


def _sums(m: Any, numbers: Any, ends: list[bool], y: Any, stops: bool, zero: bool = False) -> None:
    y.fill(-0.0)
    term: Any = None
    for places, end in zip(numbers, ends):
        x = m[places]
        if term is not None:
            x = np.where(term == 0.0, 0.0, term * x) if zero else term * x
        term = x
        if end:
            np.add(y, term, out=y)
            term = None
    wrong: Any = np.flatnonzero(y != y) if stops and not zero else []
    if len(wrong):
        part = np.empty(len(wrong))
        _sums(m, numbers[:, wrong], ends, part, stops, zero=True)
        y[wrong] = part


def _dots(left: Any, right: Any, y: Any) -> None:
    """As `reductions.dot`, the rounding errors of sums and products beside the sums."""
    bias = y.copy()
    errors, product_errors, squares = np.zeros(y.shape), np.zeros(y.shape), y * y
    left_high, right_high = _high(left), _high(right)
    for a, b, a_high, b_high in zip(left, right, left_high, right_high):
        a_low, b_low, product = a - a_high, b - b_high, a * b
        product_errors += ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
        total = y + product
        z = total - y
        errors += (y - (total - z)) + (product - z)
        squares += product * product
        y[:] = total
    cancels = 16.0 * (y * y) < squares
    usual = (squares < 1e280) & (squares > 1e-280) & (squares < 1e15 * (y * y))
    y += np.where(cancels, errors + product_errors, errors)
    for p, q in zip(*np.nonzero(~usual)):
        y[p, q] = reductions.dot([*left[:, p, 0].tolist(), *right[:, 0, q].tolist(), float(bias[p, q])])


def _high(x: Any) -> Any:
    """The upper half of the digits (Veltkamp)."""
    s = 134217729.0 * x
    return s - (s - x)


def _softmax(rows: Any, results: Any, want: int) -> None:
    for lane, xs in enumerate(rows.tolist()):
        shares = reductions.softmax(xs)
        results[0, lane] = shares
        if want & 1:
            results[1, lane] = [ieee.fsum(shares[:k] + shares[k + 1 :]) for k in range(len(xs))]
        if want & 2:
            results[2, lane] = [reductions.log_softmax_first([x, *xs[:k], *xs[k + 1 :]]) for k, x in enumerate(xs)]


def _over_exp(x: Any, scale: float) -> Any:
    """exp(-scale |x|), by the platform's exp."""
    return np.array(list(map(math.exp, (-scale * np.abs(x)).tolist())))


def _tanh_slope(x: Any) -> Any:
    t = _over_exp(x, 2.0)
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


def _sigmoid(x: Any) -> Any:
    t = _over_exp(x, 1.0)
    return np.where(x < 0.0, t, 1.0) / (1.0 + t)


def _softplus(x: Any) -> Any:
    return np.where(x <= 0.0, 0.0, x) + np.array(list(map(math.log1p, _over_exp(x, 1.0).tolist())))


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
    table.stop: lambda g, x: np.where((g == 0.0) & (x - x != 0.0), 0.0, x),
    table.tanh_slope: _tanh_slope,
    table.sigmoid: _sigmoid,
    table.softplus: _softplus,
}

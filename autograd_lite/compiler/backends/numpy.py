"""Programs run by NumPy: array operations bound once to their memory, with nothing to compile.

The results have the bits of the other backends: what is called is in `arrays.py`.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd_lite.compiler.backends import arrays, python
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.layout import Layout
from autograd_lite.core.primitives import Primitive

Call = tuple[Callable[..., Any], tuple[Any, ...]]
FLOATS = {float, np.float64}


def load(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    return of_layout(Layout(program))


def of_layout(layout: Layout) -> Callable[[Sequence[Any]], Any]:
    """The same for a program laid out already. Without array operations it is Python that runs it."""
    if all(kind == "scalars" for kind, _, _ in layout.operations):
        run = python.load(layout.program)
        return lambda inputs: np.array(run(inputs))
    return Bound(layout, partial(bind, layout))


class Bound:
    """A laid out program, run by what `bind` makes for a vector of memory. Each call has one of its own at the time."""

    def __init__(self, layout: Layout, bind: Callable[[Any], Callable[[], Any]]) -> None:
        self.layout, self.bind = layout, bind
        self.free: list[tuple[Any, Callable[[], Any]]] = []

    def __call__(self, inputs: Sequence[Any]) -> Any:
        try:
            memory, run = self.free.pop()
        except IndexError:
            memory = self.layout.memory.copy()
            run = self.bind(memory)
        fill(memory[: self.layout.filled], inputs)
        if run():  # a user's function raised an error in compiled code: it raises it here too
            return of_layout(self.layout)(inputs)
        outputs = memory[self.layout.outputs].copy()
        self.free.append((memory, run))
        return outputs


def over_blocks(layout: Layout, k: int, memory: Any) -> Callable[[], None]:
    """What runs part k of a program for all blocks, and adds up their sums, in the order of the blocks."""
    part, every_lane = layout.parts[k], as_strided(memory, (memory.size, layout.lanes), (8, 8))
    runs = {n: of_layout(each) for n, each in part.layouts.items()}
    rows, sums = memory[part.rows_out].reshape(-1, layout.lanes), memory[part.sums]
    of_blocks = np.empty((len(part.lanes), sums.size))

    def run() -> None:
        numbers = memory[part.numbers]
        for lanes, totals in zip(part.lanes, of_blocks):
            n = lanes.stop - lanes.start
            found = runs[n]([every_lane[part.rows, lanes], numbers])
            rows[:, lanes], totals[:] = found[: len(rows) * n].reshape(-1, n), found[len(rows) * n :]
        sums[:] = arrays.in_order(of_blocks)

    return run


def fill(memory: Any, inputs: Sequence[Any]) -> None:
    """Write the inputs, in order."""
    if FLOATS.issuperset(map(type, inputs)):
        memory[:] = inputs
    else:
        np.concatenate(inputs, axis=None, out=memory, casting="unsafe")


def bind(layout: Layout, memory: Any) -> Callable[[], None]:
    """What calls all operations, in order, on views of this memory."""
    binder = Binder(layout, memory)
    calls = [getattr(binder, kind)(primitive, *numbers) for kind, primitive, numbers in layout.operations]

    def run() -> None:
        with np.errstate(all="ignore"):
            for function, operands in calls:
                function(*operands)

    return run


class Binder:
    """One method for each kind of operation (see `layout.py`): what to call, and on which views.

    Operations run one after the other: what they need beside the memory is in one `room` for all of them.
    """

    def __init__(self, layout: Layout, memory: Any) -> None:
        self.layout, self.m = layout, memory
        self.index = layout.index.astype(np.intp)
        self.room = np.empty(max((arrays.room(kind, numbers) for kind, _, numbers in layout.operations), default=0))
        self.rows = [as_strided(memory, (memory.size, layout.lanes), (8, by)) for by in (0, 8)]  # that begin anywhere

    def view(self, at: int, *axes: tuple[int, int]) -> Any:
        """Part of the memory: a length and a distance for each axis."""
        return as_strided(self.m[at:], [n for n, _ in axes], [8 * by for _, by in axes])

    def copy(self, _: Any, t: int, n: int, w: int, a: int, i: int, by: int) -> Call:
        return np.copyto, (self.view(t, (n, w), (w, 1)), self.view(a, (n, i), (w, by)))

    def gather(self, _: Any, t: int, n: int, w: int, x: int, by: int) -> Call:
        places, y = self.index[x : x + n], self.view(t, (n, w), (w, 1))
        if w == 1:
            return partial(np.take, self.m, mode="clip"), (places, None, y[:, 0])
        return lambda rows: np.copyto(y, rows[places]), (self.rows[by],)

    def map(self, primitive: Primitive, t: int, n: int, *at: int) -> Call:
        y, xs = self.m[t : t + n], [self.m[a : a + n] for a in at]
        if primitive in arrays.UFUNCS:
            return arrays.UFUNCS[primitive], (*xs, y)
        if primitive in arrays.ARRAYS:
            return lambda *xs: np.copyto(y, arrays.ARRAYS[primitive](*xs)), tuple(xs)
        return arrays.each, (primitive.forward, y, *xs)

    def call(self, primitive: Primitive, t: int, n: int, w: int, k: int, x: int, by: int) -> Call:
        bases, strides = self.index[x : x + n * k].reshape(n, 1, k), self.index[by : by + k]
        numbers = (bases + strides * np.arange(w).reshape(-1, 1)).reshape(n * w, k)
        return arrays.call, (primitive.forward, self.m, numbers, self.m[t : t + n * w])

    def _products(
        self, many: int, t: int, s: int, rows: int, count: int, columns: int, *places: int
    ) -> tuple[Any, ...]:
        """The factors, the sums of their products, and room for some arrays of such products."""
        a, i, k, b, h = places
        left, right = self.view(a, (count, k), (rows, i), (1, 1)), self.view(b, (count, h), (1, 1), (columns, 1))
        shape = 1 + arrays.at_once(count, rows * columns), rows, columns
        some = self.room[: many * math.prod(shape)].reshape(many, *shape)
        return left, right, self.view(t, (rows, s), (columns, 1)), some

    def matmul(self, _: Any, *numbers: int) -> Call:
        return arrays.matmul, (*self._products(1, *numbers[:-2]), *numbers[-2:])

    def dots(self, _: Any, *numbers: int) -> Call:
        return arrays.dots, self._products(3, *numbers[:-2])

    def sums(self, _: Any, t: int, n: int, w: int, count: int, x: int, by: int, e: int, stops: int) -> Call:
        places = self.index[x : x + n * count].reshape(count, n)
        factors, y = self.room[: count * n * w].reshape(count, n, w), self.view(t, (n, w), (w, 1))
        ends = np.flatnonzero(self.index[e : e + count]) + 1
        if w == 1:
            fill = partial(np.take, self.m, places, out=factors[:, :, 0], mode="clip")
            return arrays.sums, (fill, factors, ends, arrays.Product(ends), y, stops)
        wide = self.index[by : by + count].astype(bool)
        kinds = [(rows, kind, places[kind]) for rows, kind in zip(self.rows, (~wide, wide))]

        def fill_rows() -> None:
            for rows, kind, places in kinds:
                factors[kind] = rows[places]

        return arrays.sums, (fill_rows, factors, ends, arrays.Product(ends), y, stops)

    def lanesum(self, _: Any, t: int, n: int, w: int, a: int, averaged: int) -> Call:
        rows, y, total = self.view(a, (n, w), (w, 1)), self.m[t : t + n], arrays.mean if averaged else arrays.fsum
        return lambda: np.copyto(y, total(rows)), ()

    def lanedot(self, _: Any, t: int, n: int, w: int, x: int, i: int, k: int) -> Call:
        pairs = self.index[x : x + 2 * n].reshape(n, 2)
        return arrays.lane_dots, (pairs, self.rows[i], self.rows[k], self.m[t : t + n])

    def softmax(self, _: Any, t: int, c: int, w: int, a: int, want: int) -> Call:
        return arrays.softmax, (self.view(a, (w, 1), (c, w)), self.view(t, (3, c * w), (w, 1), (c, w)), want)

    def blocks(self, _: Any, k: int) -> Call:
        return over_blocks(self.layout, k, self.m), ()

    def scalars(self, _: Any, stretch: int, __: int) -> Call:
        program, numbers = self.layout.program, self.layout.stretches[stretch]
        inner = set(numbers)
        outer = list(dict.fromkeys(x for i in numbers for x in program.args[i] if x not in inner))
        place = {x: k for k, x in enumerate([*outer, *numbers])}
        part = Program(0, [], inputs=len(outer), outputs=list(range(len(outer), len(place))))
        part.rows_out = [False] * len(numbers)
        for _x in outer:
            part.append(None, ())
        for i in numbers:
            part.append(program.ops[i], tuple([place[x] for x in program.args[i]]))
        address = self.layout.address
        return arrays.scalars, (python.load(part), self.m, address[outer], address[numbers])

"""An address for each result of a program in one vector of memory, and array operations for its groups.

The vector holds the inputs, the constants, then the results: those of a group side by side, a result with lanes as a
row. Most operands then lie at regular distances, and what a group does is an array operation; what does not is copied
together first. Products of all of some rows with all of some columns are found again as matrix products. Groups of few
single numbers stay scalar instructions.

An operation is its kind, the primitive it applies if any, and whole numbers: addresses, lengths, distances.

copy     t n w a i l          m[t + w*p + q] = m[a + i*p + l*q]
gather   t n w x l            m[t + w*p + q] = m[index[x + p] + l*q]
map      t n a b ..           m[t + p] = f(m[a + p], m[b + p], ..)
call     t n w k x l          m[t + w*p + q] = f of m[index[x + k*p + j] + q*index[l + j]] for j < k
matmul   t s I K J a i k b h stops adds   m[t + s*p + q] = sum over j < K of m[a + i*p + k*j] * m[b + h*j + q],
                              added to what is there if it adds
dots     the same, compensated, added to what is there
sums     t n w F x l e stops  sums of products of F factors m[index[x + n*j + p] + q*index[l + j]];
                              index[e + j] is 1 for the last factor of a term
lanesum  t n w a mean         m[t + p] = sum over q of m[a + w*p + q], or the mean
lanedot  t n w x i k          m[t + p] = sum over q of m[index[x + 2*p] + i*q] * m[index[x + 2*p + 1] + k*q]
softmax  t c w a want         rows of shares, of what they lack to 1 (want & 1), of their logarithms (want & 2)
scalars  first last           instructions, one by one
blocks   part                 many lanes block by block (see `backends/blocks.py`)
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.backends.blocks import Groups, blocks, part, stretches
from autograd_lite.compiler.fused import LANE_DOT, OF_THE_FIRST, Sum
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.memory import Memory, affine, distinct
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.core import table

FEW = 8  # of fewer single numbers there is no array operation
GRID = 64  # factors in all that are worth a matrix product
SHARE, REST, LOG = OF_THE_FIRST


class Blocks(NamedTuple):
    """A part of a program that runs block by block, and where that takes rows and numbers from, and puts them."""

    lanes: list[slice]
    layouts: dict[int, "Layout"]  # by the length of a block
    rows: Any
    numbers: Any
    rows_out: slice
    sums: slice


class Layout(Memory):
    """Where all is, and what is done: `operations`, on a copy of `memory`, with `index`, up to `outputs`."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program, self.lanes = program, max(program.lanes, 1)
        self.stretches: list[list[int]] = []  # the scalar instructions between array operations
        self.address = np.full(len(program.ops), -1, dtype=np.int64)
        self.wide = np.array(program.wide, dtype=np.int64)
        self.parts: list[Blocks] = []
        self._pending: list[int] = []  # scalar instructions not yet in a stretch
        self._is_pending = np.zeros(len(program.ops), dtype=bool)
        rows, inputs, first = program.rows, program.inputs, program.first
        self.address[:rows] = np.arange(rows) * self.lanes
        self.address[rows:first] = rows * self.lanes + np.arange(first - rows)
        self.size = rows * self.lanes + first - rows
        self.filled = rows * self.lanes + inputs - rows  # by the inputs
        self._constants = np.array(program.constants)
        for groups, alone in stretches(program):
            if alone:
                self._blocks(groups)
            else:
                for begin, end in groups:
                    self._group(begin, end)
        self._flush()
        self._gather_outputs()
        self.memory = np.zeros(self.size + 16)
        self.memory[self.filled : self.filled + len(self._constants)] = self._constants
        for at, values in self._fixed.values():
            self.memory[at : at + values.size] = values
        self.index = np.concatenate([*self._index, np.zeros(8)]).astype(np.uint32)

    def _gather_outputs(self) -> None:
        program = self.program
        at, wide = self.address[program.outputs], self.wide[program.outputs]
        width = np.where(program.rows_out, self.lanes, 1)
        lane = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
        addresses = np.repeat(at, width) + np.repeat(wide, width) * lane
        if addresses.size and not (np.diff(addresses) == 1).all():
            t, rows = self._take(addresses.size), (np.append(program.rows_out, False) * np.append(wide, 0)).argmin()
            if rows:
                self._do("gather", t, rows, self.lanes, self._listed(at[:rows]), 1)
            if rows < len(at):
                n = rows * self.lanes
                self._do("gather", t + n, addresses.size - n, 1, self._listed(addresses[n:]), 0)
            self.outputs = slice(t, t + addresses.size)
        else:
            start = int(addresses[0]) if addresses.size else 0
            self.outputs = slice(start, start + addresses.size)

    # --- groups ----------------------------------------------------------------------------------------------------

    def _group(self, begin: int, end: int) -> None:
        program = self.program
        op, n = program.ops[begin], end - begin
        targets = np.arange(begin, end)
        xs = np.array(program.args[begin:end], dtype=np.int64)
        wide = self.wide[xs[0]]
        if not wide.any() and not self.wide[begin] and ((n < FEW and n * xs.shape[1] < GRID) or n == 1):
            self.address[targets] = self._take(n) + np.arange(n)
            self._pending += range(begin, end)
            self._is_pending[targets] = True
            return
        if self._is_pending[xs].any():
            self._flush()
        at = self.address[xs]
        width = self.lanes if self.wide[begin] else 1
        if op is LANE:
            self.address[targets] = at[:, 0] + np.array([int(program.value[x] or 0.0) for x in xs[:, 1].tolist()])
        elif op is STACK:
            self._stack(targets, at)
        elif op in (LANE_SUM, LANE_MEAN):
            a = self._rows(at[:, 0], 1, self.lanes)
            self._do("lanesum", self._new(targets, 1), n, self.lanes, a, op is LANE_MEAN)
        elif op is LANE_DOT:
            self._lane_dots(targets, at, wide)
        elif op in OF_THE_FIRST:
            self._softmax(targets, xs, width)
        elif op is table.dot and xs.shape[1] > 2:
            self._dots(targets, at, wide, width)
        elif isinstance(op, Sum):
            self._sum(op, targets, at, wide, width)
        elif op is not None and op.arity is None:
            t, x = self._new(targets, width), self._listed(at)
            self._do("call", t, n, width, at.shape[1], x, self._listed(wide), primitive=op)
        else:
            order = in_step(at)
            targets, at = targets[order], at[order]
            operands = [self._rows(at[:, k], wide[k], width) for k in range(at.shape[1])]
            self._do("map", self._new(targets, width), n * width, *operands, primitive=op)

    def _blocks(self, groups: Groups) -> None:
        """What these groups do to each lane by itself, block by block."""
        self._flush()
        program, rows, numbers, outputs = part(self.program, groups)
        wide = program.rows_out.count(True)
        t, s = self._new(np.array(outputs[:wide], int), self.lanes), self._new(np.array(outputs[wide:], int), 1)
        lanes, places = blocks(self.program), (slice(t, t + wide * self.lanes), slice(s, s + len(outputs) - wide))
        layouts = {n: Layout(replace(program, lanes=n)) for n in {x.stop - x.start for x in lanes}}
        self._do("blocks", len(self.parts))
        self.parts.append(Blocks(lanes, layouts, self.address[rows], self.address[numbers], *places))

    def _flush(self) -> None:
        """The scalar instructions that wait become a stretch."""
        if self._pending:
            self._do("scalars", len(self.stretches), 0)
            self.stretches.append(self._pending)
            self._is_pending[self._pending] = False
            self._pending = []

    def _stack(self, targets: Any, at: Any) -> None:
        neighbours = (np.diff(at, axis=1) == 1).all(axis=1)
        self.address[targets[neighbours]] = at[neighbours, 0]
        targets, at = targets[~neighbours], at[~neighbours]
        if len(targets):
            found = affine(at)
            t = self._new(targets, self.lanes)
            if found:
                self._do("copy", t, len(targets), self.lanes, *found)
            else:
                self._do("gather", t, at.size, 1, self._listed(at), 0)

    def _softmax(self, targets: Any, xs: Any, width: int) -> None:
        """All shares of one set of numbers, what they lack to 1, and their logarithms, in one operation."""
        sets: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
        for target, row in zip(targets.tolist(), xs.tolist()):
            sets[tuple(sorted(row))].append((target, row[0]))
        for numbers, members in sets.items():
            count = len(numbers)
            wide = self.wide[list(numbers)]
            at = self.address[list(numbers)]
            if width > 1 and not wide.all():
                at = np.array([a if w else self._rows(np.array([a]), 0, width) for a, w in zip(at.tolist(), wide)])
            a = self._rows(at, 1, width)
            t, want = self._take(3 * count * width), 0
            for target, x in members:
                part = OF_THE_FIRST.index(self.program.ops[target])
                want |= part
                self.address[target] = t + (part * count + numbers.index(x)) * width
            self._do("softmax", t, count, width, a, want)

    def _sum(self, op: Sum, targets: Any, at: Any, wide: Any, width: int) -> None:
        """Sums of products: matrix products where all terms have two factors, or one.

        If the first has one, it is added to; the last of one are added after. Of others 1 is the second factor.
        """
        lengths = np.array(op.lengths)
        others = np.arange(len(at))
        if lengths.max() == 2:
            count = np.flatnonzero(lengths == 2)[-1] + 1
            starts = np.cumsum(lengths) - lengths
            rest = [(at[:, x], wide[x]) for x in starts[count:]]
            begin = int(lengths[0] == 1 and not op.stops)
            bias = (at[:, 0], wide[0]) if begin else None
            first, two = starts[begin:count], lengths[begin:count] == 2
            second = first + two
            factors = at[:, first], at[:, second] if two.all() else np.where(two, at[:, second], self._fix(np.ones(1)))
            kinds = wide[first], wide[second] * two
            others = self._products("matmul", targets, factors, kinds, width, int(op.stops), bias=bias, rest=rest)
        if len(others):
            x, by = self._listed(at[others].T), self._listed(wide if width > 1 else wide * 0)
            t, ends = self._new(targets[others], width), self._listed(op.ends)
            self._do("sums", t, len(others), width, at.shape[1], x, by, ends, op.stops)

    def _dots(self, targets: Any, at: Any, wide: Any, width: int) -> None:
        count = at.shape[1] // 2
        factors, kinds = (at[:, :count], at[:, count : 2 * count]), (wide[:count], wide[count : 2 * count])
        has_bias = at.shape[1] > 2 * count
        bias = (at[:, -1], wide[-1]) if has_bias else (np.full(len(at), self._fix(np.zeros(1))), 0)
        others = self._products("dots", targets, factors, kinds, width, 0, bias=bias)
        if others.size:
            t, x = self._new(targets[others], width), self._listed(at[others])
            self._do("call", t, len(others), width, at.shape[1], x, self._listed(wide), primitive=table.dot)

    def _lane_dots(self, targets: Any, at: Any, wide: Any) -> None:
        """Sums over lanes of products of rows."""
        over = wide[:1] * np.arange(self.lanes), wide[1:] * np.arange(self.lanes)
        others = self._products("matmul", targets, (at[:, :1], at[:, 1:]), (wide * 0, wide * 0), 1, 1, over)
        if others.size:
            t, x = self._new(targets[others], 1), self._listed(at[others])
            self._do("lanedot", t, len(others), self.lanes, x, wide[0], wide[1])

    def _products(
        self, kind: str, targets: Any, factors: Any, wide: Any, width: int, stops: int,
        over: Any = (0, 0), bias: Any = None, rest: Sequence[Any] = (),
    ) -> Any:  # fmt: skip
        """Products of all of some rows with all of some columns, as matrix products; which results are none of these.

        A row's factors lie at the given addresses, and at so many more `over` each. With lanes, rows of single numbers
        are multiplied with columns of lanes.
        """
        (a, b), (first, second) = factors, wide
        if width > 1:
            if not ((first + second == 1).all() and (first == first[0]).all()):
                return np.arange(len(a))
            if first[0]:
                a, b, stops = b, a, 2 * stops
        (_, i), (columns, j) = distinct(a), distinct(b)
        found = grids(i, j) if width == 1 else [np.flatnonzero(j == k).reshape(-1, 1) for k in range(len(columns))]
        others = np.ones(len(a), dtype=bool)
        for members in found:
            left, right, adjoints = spread(a[members[:, 0]], over[0]), spread(b[members[0]], over[1]), stops
            if width == 1:
                if members.size == 1 or members.size * left.shape[1] < GRID:
                    continue
                if len(right) < len(left):
                    left, right, adjoints, members = right, left, 2 // stops if stops else 0, members.T
            order = members.ravel()
            others[order] = False
            t, n = self._new(targets[order], width), len(order)
            if bias:
                self._bring(t, bias[0][members], bias[1], width)
            place = self._columns(right) if width == 1 else self._lane_rows(right[0])
            columns_now = members.shape[1] if width == 1 else width
            size = columns_now, len(left), left.shape[1], columns_now
            self._do(kind, t, *size, *self._matrix(left), *place, adjoints, bool(bias))
            for addresses, is_wide in rest:
                self._do("map", t, n * width, t, self._rows(addresses[order], is_wide, width), primitive=table.add)
        return np.flatnonzero(others)


def in_step(at: Any) -> Any:
    """An order of instructions in which most of their operands lie at regular distances."""

    def regular(order: Any) -> int:
        return sum(affine(column[order].reshape(-1, 1)) is not None for column in at.T)

    return max([np.arange(len(at)), *[np.argsort(column, kind="stable") for column in at.T]], key=regular)


def spread(addresses: Any, over: Any) -> Any:
    """Each row of addresses, and so many more."""
    return (addresses[:, :, None] + over).reshape(len(addresses), -1)


def grids(i: Any, j: Any) -> list[Any]:
    """Where all of some rows i meet all of some columns j: matrices of places in the two."""
    order = np.lexsort((j, i))
    alike: dict[bytes, list[Any]] = defaultdict(list)
    for members in np.split(order, np.flatnonzero(np.diff(i[order])) + 1):
        alike[j[members].tobytes()].append(members)
    return [np.array(found) for found in alike.values()]

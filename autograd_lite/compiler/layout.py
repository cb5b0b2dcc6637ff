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
matmul   t s I K J a i k b h stops   m[t + s*p + q] = sum over j < K of m[a + i*p + k*j] * m[b + h*j + q]
dots     the same, compensated, added to what is there
sums     t n w F x l e stops  sums of products of F factors m[index[x + n*j + p] + q*index[l + j]];
                              index[e + j] is 1 for the last factor of a term
lanesum  t n w a              m[t + p] = sum over q of m[a + w*p + q]
lanedot  t n w x i k          m[t + p] = sum over q of m[index[x + 2*p] + i*q] * m[index[x + 2*p + 1] + k*q]
softmax  t c w a want         rows of shares, of what they lack to 1 (want & 1), of their logarithms (want & 2)
scalars  first last           instructions, one by one
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_lite.compiler.fused import LANE_DOT, PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, SUM
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.memory import Memory, affine, distinct, same_rows
from autograd_lite.compiler.simplify import OF_THE_FIRST
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.core import table

FEW = 8  # of fewer single numbers there is no array operation
GRID = 64  # factors in all that are worth a matrix product
STOPS = (STOPPING_PAIRS, STOPPING_PRODUCTS)
SHARE, REST, LOG = OF_THE_FIRST


class Layout(Memory):
    """Where all is, and what is done: `operations`, on a copy of `memory`, with `index`, up to `outputs`."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program, self.lanes = program, max(program.lanes, 1)
        self.stretches: list[list[int]] = []  # the scalar instructions between array operations
        self.address = np.full(len(program.ops), -1, dtype=np.int64)
        self.wide = np.array(program.wide, dtype=np.int64)
        self._pending: list[int] = []  # scalar instructions not yet in a stretch
        self._is_pending = np.zeros(len(program.ops), dtype=bool)
        rows, inputs, first = program.rows, program.inputs, program.first
        self.address[:rows] = np.arange(rows) * self.lanes
        self.address[rows:first] = rows * self.lanes + np.arange(first - rows)
        self.size = rows * self.lanes + first - rows
        self.filled = rows * self.lanes + inputs - rows  # by the inputs
        self._constants = np.array(program.constants)
        for begin, end in pairwise(program.groups):
            self._group(begin, end)
        self._flush()
        self._gather_outputs()
        self.memory = np.zeros(self.size + 8)
        self.memory[self.filled : self.filled + len(self._constants)] = self._constants
        for at, values in self._fixed.values():
            self.memory[at : at + values.size] = values
        self.index = np.concatenate([*self._index, [0]]).astype(np.uint32)

    def _gather_outputs(self) -> None:
        program = self.program
        at, wide = self.address[program.outputs], self.wide[program.outputs]
        parts = [a + w * np.arange(self.lanes if row else 1) for a, w, row in zip(at.tolist(), wide, program.rows_out)]
        addresses = np.concatenate(parts) if parts else np.empty(0, np.int64)
        if addresses.size and not (np.diff(addresses) == 1).all():
            t = self._take(addresses.size)
            if all(program.rows_out) and wide.all():
                self._do("gather", t, len(at), self.lanes, self._listed(at), 1)
            else:
                self._do("gather", t, addresses.size, 1, self._listed(addresses), 0)
            self.outputs = slice(t, t + addresses.size)
        else:
            start = int(addresses[0]) if addresses.size else 0
            self.outputs = slice(start, start + addresses.size)

    # --- groups ----------------------------------------------------------------------------------------------------

    def _group(self, begin: int, end: int) -> None:
        program = self.program
        op, n = program.ops[begin], end - begin
        targets = np.arange(begin, end)
        signed = np.array(program.args[begin:end], dtype=np.int64)
        xs = np.where(signed < 0, -1 - signed, signed)
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
        elif op is LANE_SUM:
            self._do("lanesum", self._new(targets, 1), n, self.lanes, self._rows(at[:, 0], 1, self.lanes))
        elif op is LANE_MEAN:
            x, by = self._listed(at + np.arange(self.lanes)), self._listed(np.zeros(self.lanes, dtype=np.int64))
            self._do("call", self._new(targets, 1), n, 1, self.lanes, x, by, primitive=table.mean)
        elif op is LANE_DOT:
            self._lane_dots(targets, at, wide)
        elif op in OF_THE_FIRST:
            self._softmax(targets, xs, width)
        elif op is table.dot and xs.shape[1] > 2:
            self._dots(targets, at, wide, width)
        elif op in (PAIRS, STOPPING_PAIRS):
            self._pairs(targets, at, wide, width, op in STOPS)
        elif op in (SUM, PRODUCTS, STOPPING_PRODUCTS):
            self._sums(targets, at, wide, width, signed[0] < 0 if op is not SUM else np.ones(len(wide)), op in STOPS)
        elif op is not None and op.arity is None:
            t, x = self._new(targets, width), self._listed(at)
            self._do("call", t, n, width, at.shape[1], x, self._listed(wide), primitive=op)
        else:
            operands = [self._rows(at[:, k], wide[k], width) for k in range(at.shape[1])]
            self._do("map", self._new(targets, width), n * width, *operands, primitive=op)

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

    def _sums(self, targets: Any, at: Any, wide: Any, width: int, ends: Any, stops: bool) -> None:
        x, strides, e = self._listed(at.T), self._listed(wide if width > 1 else wide * 0), self._listed(ends)
        self._do("sums", self._new(targets, width), len(targets), width, at.shape[1], x, strides, e, stops)

    def _pairs(self, targets: Any, at: Any, wide: Any, width: int, stops: bool) -> None:
        a, b = at[:, 0::2], at[:, 1::2]
        first, second = wide[0::2], wide[1::2]
        if width == 1:
            if self._grid(targets, a, b, None, "matmul", int(stops)):
                return
        elif (first + second == 1).all() and (first == first[0]).all():
            if first[0]:
                a, b = b, a
            for members, row in same_rows(b):
                t = self._new(targets[members], width)
                self._product("matmul", t, a[members], self._lane_rows(row), width, stops * (1 + int(first[0])))
            return
        self._sums(targets, at, wide, width, np.arange(at.shape[1]) % 2, stops)

    def _dots(self, targets: Any, at: Any, wide: Any, width: int) -> None:
        count = at.shape[1] // 2
        a, b, bias = at[:, :count], at[:, count : 2 * count], at[:, 2 * count :]
        first, second = wide[:count], wide[count : 2 * count]
        if width == 1:
            if self._grid(targets, a, b, bias, "dots", 0):
                return
        elif (first + second == 1).all() and (first == first[0]).all():
            if first[0]:
                a, b = b, a
            for members, row in same_rows(b):
                t = self._new(targets[members], width)
                self._begin(t, bias[members, 0] if bias.size else None, wide[-1], len(members), width)
                self._product("dots", t, a[members], self._lane_rows(row), width, 0)
            return
        x = self._listed(at)
        t = self._new(targets, width)
        self._do("call", t, len(targets), width, at.shape[1], x, self._listed(wide), primitive=table.dot)

    def _grid(self, targets: Any, a: Any, b: Any, bias: Any, kind: str, stops: int) -> bool:
        """Products of all of some rows with all of some others, as one matrix product; False if they are not."""
        n, count = a.shape
        if n == 1 or n * count < GRID:
            return False
        (rows, i), (columns, j) = distinct(a), distinct(b)
        if len(rows) * len(columns) != n or len(np.unique(i * len(columns) + j)) != n:
            return False
        if len(columns) < len(rows):
            rows, i, columns, j, stops = columns, j, rows, i, 2 * stops
        width = len(columns)
        t, place = self._take(n), i * width + j
        self.address[targets] = t + place
        across = np.ascontiguousarray(columns.T)
        found = affine(across)
        if found and (found.along == 1 or width == 1):
            right = found.at, found.down
        else:
            right = self._take(across.size), width
            if found:
                self._do("copy", right[0], count, width, *found)
            else:
                self._do("gather", right[0], across.size, 1, self._listed(across), 0)
        if bias is not None:
            starts = np.zeros(n, dtype=np.int64)
            if bias.size:
                starts[place] = bias[:, 0]
            self._begin(t, starts if bias.size else None, 0, n, 1)
        self._product(kind, t, rows, right, width, stops)
        return True

    def _lane_dots(self, targets: Any, at: Any, wide: Any) -> None:
        """Sums over lanes of products of rows: of all rows of some with all of others, matrix products."""
        lanes = self.lanes
        if wide.all():
            (gs, i), (xs, j) = distinct(at[:, :1]), distinct(at[:, 1:])
            partners: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for target, p, q in zip(targets.tolist(), i.tolist(), j.tolist()):
                partners[p].append((q, target))
            alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for p, found in partners.items():
                found.sort()
                alike[tuple([q for q, _ in found])].append(p)
            if all(len(qs) * len(ps) >= 4 for qs, ps in alike.items()):
                for qs, ps in alike.items():
                    t = self._take(len(ps) * len(qs))
                    for k, p in enumerate(ps):
                        self.address[[target for _, target in partners[p]]] = t + k * len(qs) + np.arange(len(qs))
                    across = xs[list(qs), 0] + np.arange(lanes).reshape(-1, 1)
                    right, columns = self._take(across.size), affine(across)
                    if columns:
                        self._do("copy", right, lanes, len(qs), *columns)
                    else:
                        self._do("gather", right, across.size, 1, self._listed(across), 0)
                    self._product("matmul", t, gs[ps] + np.arange(lanes), (right, len(qs)), len(qs), 1)
                return
        self._do("lanedot", self._new(targets, 1), len(targets), lanes, self._listed(at), wide[0], wide[1])

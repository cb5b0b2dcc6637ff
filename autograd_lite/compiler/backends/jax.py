"""Programs as functions of JAX: array code, for `jax.jit`, for any device, and sharded over many.

Instructions of one operation that do not wait for one another are one operation on arrays: all neurons of a layer for
all samples, or a whole batch's lanes. XLA compiles some hundred of these in seconds; one for each number it does not.

Numbers are of 64 bits: JAX's setting `jax_enable_x64` is switched on. Results are not bit for bit those of the other
backends. XLA has functions of its own: `exp`, `tanh` and their like differ in the last digit or two, `erfc` and what is
made of it by up to 1e-13 in the tails. It regroups sums and quotients, and takes subnormal numbers, those below
2.3e-308, for 0. All else is within 1e-12 of eager, measured beside the largest of the terms where some cancel.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from autograd_lite.compiler.backends.selection import OVER_ARRAYS, lowered
from autograd_lite.compiler.fused import LANE_DOT, Sum, dot_as_sum
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

ACROSS = (LANE_SUM, LANE_MEAN, LANE_DOT, LANE)  # from rows, of a number for each lane, to single numbers
BUILT_IN = {id(p) for p in vars(table).values()}
Function = Callable[..., Any]
Shape = tuple[int, ...]


def load(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    compiled = jax.jit(traceable(program))
    return lambda inputs: np.asarray(compiled([np.asarray(x, dtype=float) for x in inputs]))


def traceable(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of arrays that JAX can trace, which returns the outputs in one array."""

    def run(inputs: Sequence[Any]) -> Any:
        memory = Memory(program, inputs)
        for primitive, operands, results in groups(program, memory):
            memory.keep(results, apply(primitive, operands, memory))
        outputs = [memory.held[i] for i in program.outputs]
        if not any(program.rows_out):
            return memory.take(outputs)
        rows = [(memory.take([y])[0], program.lanes if row else 1) for y, row in zip(outputs, program.rows_out)]
        return jnp.concatenate([jnp.broadcast_to(y, (n,)) for y, n in rows])

    return run


def groups(program: Program, memory: "Memory") -> list[tuple[Primitive, Any, list[int]]]:
    """The instructions that run together: an operation, the operands of each, and their results.

    They have one level, which is one more than that of their operands, so that none waits for another.
    """
    found = defaultdict[Any, list[Any]](list)
    level = [0] * len(memory.place)
    for target, (primitive, registers) in enumerate(zip(program.ops, program.args)):
        if primitive is None:
            continue
        xs = [memory.held[x] for x in registers]
        wide = tuple([memory.wide[x] for x in xs])
        fixed = tuple([memory.number.get(x) for x in xs]) if counts(primitive) else ()
        if primitive is STACK:
            fixed = (memory.array[xs[0]],)
        rank = 1 + max([level[x] for x in xs])
        result = memory.new(target, primitive is STACK or (primitive not in ACROSS and any(wide)))
        level.append(rank)
        found[rank, primitive, wide, fixed].append((result, xs))
    ordered = sorted(found.items(), key=lambda item: item[0][0])
    return [
        (primitive, np.array([xs for _, xs in members]), [result for result, _ in members])
        for (_, primitive, *_), members in ordered
    ]


def counts(primitive: Primitive) -> bool:
    """Whether constants must be plain numbers: loops are counted by them, or may be in what a user wrote."""
    return primitive is table.pow_slope or id(primitive) not in BUILT_IN


class Memory:
    """Where values are while a program is traced. A value is a number, or a row of numbers, one for each lane."""

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        self.lanes = program.lanes
        self.arrays: list[Any] = []
        self.array: list[int] = []  # of each value, and its place there
        self.place: list[int] = []
        self.wide: list[bool] = []  # whether it is a row
        self.rows: list[bool] = []  # whether an array's values are rows
        self.held: dict[int, int] = {}  # the value in each register, as the instructions are read
        if program.rows:
            block, *inputs = inputs
            rows = [self.new(i, True) for i in range(program.rows)]
            self.keep(rows, jnp.reshape(block, (program.rows, -1)))
        start = program.rows
        for x in (*inputs, np.array(program.constants)):
            self.keep([self.new(start + i, False) for i in range(np.size(x))], x)
            start += np.size(x)
        self.number = dict(zip(range(len(self.place) - len(program.constants), len(self.place)), program.constants))

    def new(self, register: int, wide: bool) -> int:
        """A new value, which this register holds from now on."""
        self.held[register] = value = len(self.place)
        self.place.append(-1)
        self.array.append(-1)
        self.wide.append(wide)
        return value

    def keep(self, values: Sequence[int], x: Any) -> None:
        """The values are the numbers of x, or its rows."""
        for place, value in enumerate(values):
            self.array[value], self.place[value] = len(self.arrays), place
        self.arrays.append(x)
        self.rows.append(len(values) > 0 and self.wide[values[0]])

    def source(self, values: Sequence[int]) -> tuple[Any, Any]:
        """An array that holds all of these values, and their places in it."""
        arrays, places = (np.array([at[v] for v in values]) for at in (self.array, self.place))
        used = np.unique(arrays)
        parts = [x if np.ndim(x) == 2 and self.rows[a] else jnp.reshape(x, -1) for a in used for x in [self.arrays[a]]]
        starts = np.cumsum([0, *[len(x) for x in parts[:-1]]])
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts), places + starts[np.searchsorted(used, arrays)]

    def take(self, values: Sequence[int]) -> Any:
        """These values in one array."""
        x, places = self.source(values)
        if (places == places[0] + np.arange(len(places))).all():
            return x[places[0] : places[0] + len(places)]
        if (places == places[0]).all():
            return jnp.broadcast_to(x[places[0]], (len(places), *x.shape[1:]))
        return jnp.asarray(x).at[places].get(mode="promise_in_bounds")

    def block(self, operands: Any, over_lanes: bool) -> Any:
        """The values of a matrix of operands, column after column, each over the lines and, if asked for, the lanes.

        What is the same in all lines, or in all lanes, has length 1 there.
        """
        if (operands == operands[:1]).all():
            operands = operands[:1]
        wide = np.array([self.wide[x] for x in operands[0]])
        parts = []
        for kind in np.unique(wide):
            chosen = operands[:, wide == kind].T
            x = self.take(chosen.ravel().tolist())
            x = x.reshape(*chosen.shape, *x.shape[1:])
            parts.append(x if kind or not over_lanes else x[:, :, None])
        if len(parts) == 1:
            return parts[0]
        single = jnp.broadcast_to(parts[0], (len(parts[0]), *parts[1].shape[1:]))
        order = np.argsort(np.concatenate([np.flatnonzero(~wide), np.flatnonzero(wide)]))
        return jnp.concatenate([single, parts[1]])[order]

    def columns(self, operands: Any) -> Any:
        """Rows of single numbers: where they are columns of an input, taken whole, so that it can stay sharded."""
        places = np.array([[self.place[v] for v in row] for row in operands.tolist()])
        (array, *others), lanes = {self.array[v] for v in operands.ravel().tolist()}, operands.shape[1]
        width, left = divmod(np.size(self.arrays[array]), lanes)
        strided = places == places[:, :1] + width * np.arange(lanes)
        if others or left or not strided.all() or places[:, 0].max() >= width:
            return self.take(operands.ravel().tolist()).reshape(operands.shape)
        return jnp.reshape(self.arrays[array], (lanes, width)).T[places[:, 0]]


# --- operations on arrays ------------------------------------------------------------------------------------------


def apply(primitive: Primitive, operands: Any, memory: Memory) -> Any:
    """The results of the operation for each line of operands: numbers, or rows."""
    if primitive is STACK:
        return memory.columns(operands)
    if primitive is LANE:
        x, places = memory.source(operands[:, 0].tolist())
        return x[places, np.array([int(memory.number[i]) for i in operands[:, 1].tolist()])]
    over_lanes = any(memory.wide[x] for x in operands[0])
    shape = (len(operands), memory.lanes) if over_lanes else (len(operands),)
    if primitive is table.dot:
        primitive, columns = dot_as_sum(operands.T)
        operands = np.array(columns).T
    if isinstance(primitive, Sum):
        product = adjoint_product if primitive.stops else operator.mul
        return jnp.broadcast_to(sum_of_products(operands, primitive.lengths, product, over_lanes, memory), shape)
    if primitive in (LANE_SUM, LANE_DOT):
        factors = [memory.block(column[:, None], over_lanes)[0] for column in operands.T]
        return jnp.sum(jnp.broadcast_to(reduce(adjoint_product, factors), shape), axis=-1)
    if primitive is LANE_MEAN:
        return lowered(table.mean.forward)(jnp.moveaxis(memory.block(operands[:, :1], over_lanes)[0], -1, 0))
    if primitive.arity is None:
        xs = memory.block(operands, over_lanes)
        many = primitive.forward in OVER_ARRAYS
        return jnp.broadcast_to(lowered(primitive.forward)(xs if many else list(xs)), shape)
    xs = [
        memory.number[column[0]]
        if counts(primitive) and column[0] in memory.number
        else memory.block(column[:, None], over_lanes)[0]
        for column in operands.T
    ]
    return jnp.broadcast_to(lowered(primitive.forward)(*xs), shape)


def sum_of_products(operands: Any, lengths: Shape, product: Function, over_lanes: bool, memory: Memory) -> Any:
    """The sums of products of the operands. Terms of one length, with lanes in the same factors, are one product."""
    starts = np.cumsum(lengths) - lengths
    alike = defaultdict[Any, list[int]](list)
    for start, length in zip(starts.tolist(), lengths):
        alike[tuple([memory.wide[x] for x in operands[0, start : start + length]])].append(start)
    sums = []
    for kinds, at in alike.items():
        factors = [memory.block(operands[:, np.array(at) + k], over_lanes) for k in range(len(kinds))]
        sums.append(jnp.sum(reduce(product, factors), axis=0))
    return reduce(operator.add, sums)


def adjoint_product(g: Any, x: Any) -> Any:
    return jnp.where(g == 0.0, 0.0, g * x)

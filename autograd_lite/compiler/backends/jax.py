"""Programs as functions of JAX: array code, for `jax.jit`, for any device, and sharded over many.

A group of instructions (see `passes.roll`) is one operation on arrays: all neurons of a layer for all samples, or a
whole batch's lanes. XLA compiles some hundred of these in seconds; one for each number it does not.

Numbers are of 64 bits: JAX's setting `jax_enable_x64` is switched on. Results are not bit for bit those of the other
backends. XLA has functions of its own: `exp`, `tanh` and their like differ in the last digit or two, `erfc` and what is
made of it by up to 1e-13 in the tails. It regroups sums and quotients, and takes subnormal numbers, those below
2.3e-308, for 0. All else is within 1e-12 of eager, measured beside the largest of the terms where some cancel.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from autograd_lite.compiler.backends.selection import lowered
from autograd_lite.compiler.fused import LANE_DOT, Sum, dot_as_sum
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.core import table as table
from autograd_lite.core.checks import shown
from autograd_lite.transforms.pytree import Static, Structure, is_array_type

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

BUILT_IN = {id(p) for p in vars(table).values()}


def load(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    compiled = jax.jit(traceable(program))
    return lambda inputs: np.asarray(compiled([np.asarray(x, dtype=float) for x in inputs]))


def traceable(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of arrays that JAX can trace, which returns the outputs in one array."""

    def run(inputs: Sequence[Any]) -> Any:
        memory = Memory(program, inputs)
        for begin, end in pairwise(program.groups):
            alike = defaultdict[Any, list[int]](list)
            for i in range(begin, end):
                alike[kind(program, i, memory)].append(i)
            for results in alike.values():
                operands = np.array([program.args[i] for i in results])
                memory.keep(results, apply(program.ops[results[0]], operands, memory))
        if not any(program.rows_out):
            return memory.take(program.outputs)
        rows = [(memory.take([y])[0], program.lanes if row else 1) for y, row in zip(program.outputs, program.rows_out)]
        return jnp.concatenate([jnp.broadcast_to(y, (n,)) for y, n in rows])

    return run


def leaves(structure: Structure, tree: Any) -> Iterator[Any]:
    """The numbers and arrays of a tree, in the order in which they were recorded: JAX hands over dicts in another."""
    if structure.kind is Static:
        return
    is_container = isinstance(tree, (dict, list, tuple))
    if structure.kind is None or is_array_type(structure.kind):
        if not is_container and np.shape(tree) == structure.keys:
            yield tree
            return
    elif isinstance(tree, dict) == (structure.kind is dict):
        children = [tree[key] for key in structure.keys if key in tree] or tree
        if (is_container or np.ndim(tree)) and len(children) == len(structure.children):
            for child, x in zip(structure.children, children):
                yield from leaves(child, x)
            return
    raise ValueError(f"this function was recorded for {structure}, not for {shown(tree)}")


def kind(program: Program, i: int, memory: "Memory") -> Any:
    """What instructions of a group that run together have in common."""
    op, xs = program.ops[i], program.args[i]
    if op is STACK:
        return int(memory.array[xs[0]])
    return op, tuple([program.value[x] for x in xs]) if counts(op) else None


def counts(primitive: Any) -> bool:
    """Whether constants must be plain numbers: loops are counted by them, or may be in what a user wrote."""
    return primitive is table.pow_slope or id(primitive) not in BUILT_IN


class Memory:
    """Where results are while a program is traced. A result is a number, or a row of numbers, one for each lane."""

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        self.lanes, self.wide, self.value = program.lanes, np.array(program.wide), program.value
        self.arrays: list[Any] = []
        self.array, self.place = np.full((2, len(program.ops)), -1)  # of each result, and its place there
        if program.rows:
            block, *inputs = inputs
            self.keep(range(program.rows), jnp.reshape(block, (program.rows, -1)))
        start = program.rows
        for x in (*inputs, np.array(program.constants)):
            self.keep(range(start, start + np.size(x)), x)
            start += np.size(x)

    def keep(self, results: Sequence[int], x: Any) -> None:
        """The results are the numbers of x, or its rows."""
        self.array[results], self.place[results] = len(self.arrays), np.arange(len(results))
        self.arrays.append(x)

    def source(self, results: Any) -> tuple[Any, Any]:
        """An array that holds all of these results, which all are rows or all numbers, and their places in it."""
        used, which = np.unique(self.array[results], return_inverse=True)
        parts = [self.arrays[a] if self.wide[results[0]] else jnp.reshape(self.arrays[a], -1) for a in used]
        starts = np.cumsum([0, *[len(x) for x in parts[:-1]]])
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts), self.place[results] + starts[which]

    def take(self, results: Any) -> Any:
        """These results in one array."""
        x, places = self.source(results)
        if (places == places[0] + np.arange(len(places))).all():
            return x[places[0] : places[0] + len(places)]
        if (places == places[0]).all():
            return jnp.broadcast_to(x[places[0]], (len(places), *x.shape[1:]))
        return jnp.asarray(x).at[places].get(mode="promise_in_bounds")

    def block(self, operands: Any, over_lanes: bool) -> Any:
        """The results in a matrix of operands, column after column, each over the lines and, if asked for, the lanes.

        What is the same in all lines, or in all lanes, has length 1 there.
        """
        if (operands == operands[:1]).all():
            operands = operands[:1]
        wide = self.wide[operands[0]]
        parts = []
        for kind in np.unique(wide):
            chosen = operands[:, wide == kind].T
            x = self.take(chosen.ravel())
            x = x.reshape(*chosen.shape, *x.shape[1:])
            parts.append(x if kind or not over_lanes else x[:, :, None])
        if len(parts) == 1:
            return parts[0]
        single = jnp.broadcast_to(parts[0], (len(parts[0]), *parts[1].shape[1:]))
        return jnp.concatenate([single, parts[1]])[np.argsort(np.argsort(wide, kind="stable"))]

    def columns(self, operands: Any) -> Any:
        """Rows of single numbers: where they are columns of an input, taken whole, so that it can stay sharded."""
        arrays, places, lanes = self.array[operands], self.place[operands], operands.shape[1]
        whole = self.arrays[arrays[0, 0]]
        width, left = divmod(np.size(whole), lanes)
        strided = (places == places[:, :1] + width * np.arange(lanes)) & (arrays == arrays[0, 0])
        if left or not strided.all() or places[:, 0].max() >= width:
            return self.take(operands.ravel()).reshape(operands.shape)
        return jnp.reshape(whole, (lanes, width)).T[places[:, 0]]


# --- operations on arrays ------------------------------------------------------------------------------------------


def apply(primitive: Any, operands: Any, memory: Memory) -> Any:
    """The results of the operation for each line of operands: numbers, or rows."""
    if primitive is STACK:
        return memory.columns(operands)
    if primitive is LANE:
        x, places = memory.source(operands[:, 0])
        return x[places, np.array([int(memory.value[i] or 0.0) for i in operands[:, 1]])]
    over_lanes = memory.wide[operands[0]].any()
    shape = (len(operands), memory.lanes) if over_lanes else (len(operands),)
    if primitive is table.dot:
        primitive, columns = dot_as_sum(operands.T)
        operands = np.array(columns).T
    if isinstance(primitive, Sum):
        product = adjoint_product if primitive.stops else operator.mul
        return jnp.broadcast_to(sum_of_products(operands, primitive.lengths, product, over_lanes, memory), shape)
    if primitive.arity is None and primitive is not LANE_DOT:
        return jnp.broadcast_to(lowered(primitive.forward)(memory.block(operands, over_lanes)), shape)
    xs = [memory.block(column[:, None], over_lanes)[0] for column in operands.T]
    if primitive in (LANE_SUM, LANE_DOT):
        return jnp.sum(jnp.broadcast_to(reduce(adjoint_product, xs), shape), axis=-1)
    if primitive is LANE_MEAN:
        return lowered(table.mean.forward)(jnp.moveaxis(xs[0], -1, 0))
    if counts(primitive):
        known = [memory.value[x] for x in operands[0]]
        xs = [x if value is None else value for x, value in zip(xs, known)]
    return jnp.broadcast_to(lowered(primitive.forward)(*xs), shape)


def sum_of_products(operands: Any, lengths: Sequence[int], product: Any, over_lanes: bool, memory: Memory) -> Any:
    """The sums of products of the operands. Terms of one length, with lanes in the same factors, are one product."""
    starts = np.cumsum(lengths) - lengths
    alike = defaultdict[Any, list[int]](list)
    for start, length in zip(starts, lengths):
        alike[tuple(memory.wide[operands[0, start : start + length]])].append(start)
    sums = []
    for kinds, at in alike.items():
        factors = [memory.block(operands[:, np.array(at) + k], over_lanes) for k in range(len(kinds))]
        sums.append(jnp.sum(reduce(product, factors), axis=0))
    return reduce(operator.add, sums)


def adjoint_product(g: Any, x: Any) -> Any:
    return jnp.where(g == 0.0, 0.0, g * x)

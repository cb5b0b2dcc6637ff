"""Programs run by Python itself: no dependency, every operation by the table's own forward function. The reference."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

from autograd_lite.compiler.backends.blocks import blocks
from autograd_lite.compiler.fused import LANE_DOT, adjoint_sum_of_pairs
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.numeric import ieee, reductions

Compute = Callable[..., Any]  # a number, or over lanes the list of all lanes' numbers
Step = tuple[Compute, Callable[[list[Any]], Sequence[Any]]]


def load(program: Program) -> Callable[[Sequence[Any]], list[float]]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    over_lanes = OVER_LANES | {LANE_DOT: partial(_lane_dot, blocks(program))}
    steps = [step(program, i, over_lanes) for i in range(program.first, len(program.ops))]
    constants, outputs, rows = program.constants, program.outputs, program.rows
    lanes = max(program.lanes, 1)

    def run(inputs: Sequence[Any]) -> list[float]:
        registers: list[Any] = []
        if rows:
            block, *inputs = inputs
            registers += block.tolist() if hasattr(block, "tolist") else map(list, block)
        for x in inputs:
            if isinstance(x, float):
                registers.append(x)
            elif isinstance(x, list):
                registers.extend(x)
            else:
                registers.extend(x.ravel().tolist())
        registers += constants
        for compute, operands in steps:
            registers.append(compute(*operands(registers)))
        if not any(program.rows_out):
            return [registers[i] for i in outputs]
        results = [(registers[i], lanes if row else 1) for i, row in zip(outputs, program.rows_out)]
        return [y for x, count in results for y in (x if isinstance(x, list) else [x] * count)]

    return run


def step(program: Program, i: int, over_lanes: dict[Any, Compute]) -> Step:
    """Instruction i: what computes it, and what takes its operands out of the list of all results."""
    primitive, xs = program.ops[i], program.args[i]
    assert primitive is not None
    compute = over_lanes.get(primitive)
    if compute is None:
        forward = primitive.forward
        compute = forward if primitive.arity is not None else lambda *operands: forward(operands)
        if program.wide[i]:
            compute = _lane_by_lane(compute)
    return compute, itemgetter(*xs) if len(xs) > 1 else itemgetter(slice(xs[0], xs[0] + 1))


def _lane_by_lane(forward: Compute) -> Compute:
    def compute(*xs: float | list[float]) -> Any:
        return list(map(forward, *[x if isinstance(x, list) else repeat(x) for x in xs]))

    return compute


def _lane_dot(parts: Sequence[slice], g: Any, x: Any) -> float:
    lanes = len(g if isinstance(g, list) else x)
    gs, xs = (a if isinstance(a, list) else [a] * lanes for a in (g, x))
    return ieee.in_order([adjoint_sum_of_pairs([*chain(*zip(gs[some], xs[some]))]) for some in parts])


OVER_LANES: dict[Any, Compute] = {
    STACK: lambda *xs: list(xs),
    LANE: lambda v, i: v[int(i)],
    LANE_SUM: ieee.fsum,
    LANE_MEAN: reductions.mean,
}

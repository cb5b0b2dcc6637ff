"""Programs run by Python itself: no dependency, every operation by the table's own forward function. The reference."""

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from autograd_lite.compiler.fuse import LANE_DOT, PRODUCTS, STOPPING_PRODUCTS
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_SUM, STACK
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import ieee

Compute = Callable[..., Any]  # a number, or over lanes the list of all lanes' numbers
Step = tuple[int, Compute, Callable[[list[Any]], Sequence[Any]]]


def load(program: Program) -> Callable[[Sequence[Any]], list[float]]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    steps = [_step(program, i) for i in range(len(program))]
    others = program.singles + program.lane_registers - program.inputs - len(program.constants)
    rest = [*program.constants, *[0.0] * others]
    first, last = program.singles, program.singles + program.rows

    def run(inputs: Sequence[Any]) -> list[float]:
        registers: list[Any] = []
        for x in inputs[1:] if program.rows else inputs:
            if isinstance(x, float):
                registers.append(x)
            elif isinstance(x, list):
                registers.extend(x)
            else:
                registers.extend(x.ravel().tolist())
        registers += rest
        if program.rows:
            block = inputs[0]
            registers[first:last] = block.tolist() if hasattr(block, "tolist") else map(list, block)
        for target, compute, operands in steps:
            registers[target] = compute(*operands(registers))
        if not any(program.wide):
            return [registers[i] for i in program.outputs]
        results = [(registers[i], wide) for i, wide in zip(program.outputs, program.wide)]
        return [y for x, wide in results for y in (x if isinstance(x, list) else [x] * (program.lanes if wide else 1))]

    return run


def _step(program: Program, i: int) -> Step:
    code = program.code
    primitive, xs = code.primitives[code.codes[i]], code.operands_of(i).tolist()
    compute = OVER_LANES.get(primitive, primitive.forward)
    if primitive in (PRODUCTS, STOPPING_PRODUCTS):
        ends = [k + 1 for k, x in enumerate(xs) if x < 0]
        compute = _with_lengths(compute, [end - begin for begin, end in zip([0, *ends], ends)])
        xs = [x if x >= 0 else -1 - x for x in xs]
    elif primitive.arity is None and primitive not in OVER_LANES:
        compute = _variadic(compute)
    if code.targets[i] >= program.singles and primitive not in OVER_LANES:
        compute = _lane_by_lane(compute)
    operands = itemgetter(*xs) if len(xs) > 1 else itemgetter(slice(xs[0], xs[0] + 1))
    return code.targets[i], compute, operands


def _variadic(forward: Compute) -> Compute:
    def compute(*xs: float) -> Any:
        return forward(xs)

    return compute


def _with_lengths(forward: Compute, lengths: list[int]) -> Compute:
    def compute(*xs: float) -> Any:
        return forward(xs, lengths)

    return compute


def _lane_by_lane(forward: Compute) -> Compute:
    def compute(*xs: float | list[float]) -> Any:
        return list(map(forward, *[x if isinstance(x, list) else repeat(x) for x in xs]))

    return compute


def _lane_dot(g: Any, x: Any) -> float:
    gs, xs = (a if isinstance(a, list) else repeat(a) for a in (g, x))
    return ieee.fsum([a * b for a, b in zip(gs, xs) if a != 0.0])


OVER_LANES: dict[Primitive, Compute] = {
    STACK: lambda *xs: list(xs),
    LANE: lambda v, i: v[int(i)],
    LANE_SUM: ieee.fsum,
    LANE_DOT: _lane_dot,
}

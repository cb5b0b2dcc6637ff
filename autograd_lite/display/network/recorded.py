"""The programs of a playground: a training step, and what every neuron says over the plane of the inputs."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.backends.javascript.loading import prelude, runnable
from autograd_lite.compiler.backends.javascript.translate import Library
from autograd_lite.compiler.batching import lane_by_lane, over_lanes
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import LaneTracer, Tape, tracing
from autograd_lite.core.value import Value, as_value
from autograd_lite.nn.compiled import gradient_program, update_program
from autograd_lite.nn.layers import Activation, Layer, Neuron, Sequential
from autograd_lite.nn.module import Module
from autograd_lite.optim.base import Optimizer

SQUARE, CURVE = 32, 160  # points at which a field of two inputs is asked along each axis, a curve of one along its own
Loss = Callable[[list[Any], list[Any]], Any]


class Recorded(NamedTuple):
    """Three programs of the parameters, and the numbers that the first two need beside these."""

    gradient: Program
    update: Program
    field: Program | None  # of two inputs or of one

    def source(self) -> str:
        """JavaScript that defines the three as functions from an array of inputs to an array of outputs."""
        library = Library()
        named = {"gradient": self.gradient, "update": self.update, "field": self.field}
        lines = [runnable(program, name, library) for name, program in named.items() if program]
        return "\n".join([*prelude(library), *lines, *["const field = null;"] * (self.field is None)])


def recorded(model: Module, inputs: list[Any], targets: list[Any], loss: Loss, optimizer: Optimizer) -> Recorded:
    """The programs for all samples in one batch."""
    row = [LaneTracer() for _ in inputs[0]]

    def measured(tape: Tape) -> Any:
        return loss(lane_by_lane(tape.lanes, *over_lanes(tape, model, [row])), targets)

    gradient, _ = gradient_program(measured, optimizer.parameters, row, lanes=len(inputs))
    lanes = {1: CURVE, 2: SQUARE * SQUARE}.get(len(row))
    return Recorded(gradient, update_program(optimizer), _field(model, optimizer.parameters, len(row), lanes))


def _field(model: Module, parameters: Sequence[Value], count: int, lanes: int | None) -> Program | None:
    """What each neuron says for each lane's inputs, one row a neuron, layer by layer."""
    if lanes is None:
        return None
    row = [LaneTracer() for _ in range(count)]
    with tracing() as tape:
        tape.lanes = lanes
        tape.mapping = True
        said = [y for layer in activities(model, row) for y in layer]
        tape.mapping = False
        return record_program(tape, [*row, *parameters], [tape.row(as_value(y)) for y in said])


def activities(model: Module, x: Any) -> list[list[Any]]:
    """What the neurons of each layer say for the inputs x, layer by layer."""
    if isinstance(model, (Layer, Neuron)):
        y = model(x)
        return [y if isinstance(y, list) else [y]]
    if not isinstance(model, Sequential):
        raise TypeError(
            f"playground(model) watches layers that follow each other: nn.MLP, nn.Sequential, nn.Layer or nn.Neuron, "
            f"not {type(model).__name__}"
        )
    found: list[list[Any]] = []
    for layer in model.layers:
        if isinstance(layer, Activation) and found:
            found[-1] = layer(found[-1])
        else:
            found += activities(layer, found[-1] if found else x)
    return found

"""The programs of a playground: a training step, and what every neuron says over the plane of the inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograd_lite.compiler.backends.javascript.loading import prelude, runnable
from autograd_lite.compiler.backends.javascript.translate import Library
from autograd_lite.compiler.batching import Lanes, over_lanes, put_into_lanes
from autograd_lite.compiler.fused import dot_as_sum
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import LaneTracer, Tape, TracingError, tracing
from autograd_lite.core import table
from autograd_lite.core.value import Value, as_value
from autograd_lite.nn.compiled import gradient_program, update_program
from autograd_lite.nn.layers import Activation, Layer, Neuron, Sequential
from autograd_lite.nn.module import Module
from autograd_lite.optim.base import Optimizer
from autograd_lite.transforms.pytree import Structure

SQUARE, CURVE = 32, 160  # points at which a field of two inputs is asked along each axis, a curve of one along its own
Measure = Callable[[list[Any], list[Any]], Any]


class Recorded(NamedTuple):
    """Three programs of the parameters; the first gives the loss, the metrics, and the loss's gradient."""

    gradient: Program
    update: Program
    field: Program | None  # of two inputs or of one
    metrics: Structure  # how the metrics come out of the first

    def source(self) -> str:
        """JavaScript that defines `programs`, three functions from numbers in order to an array of outputs."""
        library = Library()
        named = {"gradient": self.gradient, "update": self.update, "field": self.field and _with_plain_sums(self.field)}
        lines = [runnable(program, name, library) for name, program in named.items() if program]
        lines += ["const field = null;"] * (self.field is None)
        inside = "\n".join([*prelude(library), *lines, "return { gradient, update, field };"])
        return f"const programs = (() => {{\n{inside}\n}})();"


def recorded(
    model: Module,
    inputs: list[Any],
    targets: list[Any],
    loss: Measure,
    metrics: Mapping[str, Measure],
    optimizer: Optimizer,
) -> Recorded:
    """The programs for all samples in one batch. Raises TracingError for a metric that must see numbers in Python."""
    row = [LaneTracer() for _ in inputs[0]]

    def measured(tape: Tape) -> Any:
        rows, structure = over_lanes(tape, model, [row])
        start, outputs = len(tape), Lanes(tape.lanes, rows, structure)
        several = [loss(outputs, targets), *[_measured(name, metrics[name], outputs, targets) for name in metrics]]
        value, *others = put_into_lanes(tape, start, several)
        return value, others

    gradient, others = gradient_program(measured, optimizer.parameters, row, lanes=len(inputs))
    lanes = {1: CURVE, 2: SQUARE * SQUARE}.get(len(row))
    return Recorded(gradient, update_program(optimizer), _field(model, optimizer.parameters, len(row), lanes), others)


def _measured(name: str, metric: Measure, outputs: list[Any], targets: list[Any]) -> Value:
    try:
        return as_value(metric(outputs, targets), f"what {name!r} measures")
    except Exception as error:  # whatever it does when it is given numbers that are not there yet
        raise TracingError(
            f"playground(metrics): {name!r} cannot be computed on a page, where no Python runs: {error}"
        ) from error


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


def _with_plain_sums(program: Program) -> Program:
    """The same without what makes a dot product exact: a picture does not show it, and it is most of a frame's time."""
    plain = replace(program, ops=[*program.ops], args=[*program.args])
    for i, xs in enumerate(program.args):
        if program.ops[i] is table.dot:
            plain.ops[i], operands = dot_as_sum(xs)
            plain.args[i] = tuple(operands)
    return plain


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

"""What a picture of a network shows, before it is laid out: a column of dots for each layer, and the lines between."""

from dataclasses import dataclass, field
from math import isfinite

from autograd_lite.core.value import Value
from autograd_lite.display.graph.boxes import compact, gradient_of
from autograd_lite.nn.layers import Activation, Layer, Neuron
from autograd_lite.nn.module import Module

MOST = 16  # dots in a column: of a larger layer the middle is left out


@dataclass
class Line:
    """A weight: from a dot of the column before, by its place there, to a dot of this one."""

    tail: int
    head: int
    weight: float
    gradient: float
    says: str


@dataclass
class Column:
    """The dots of a layer: `shown` are their places in it, of which the middle may be missing."""

    size: int
    title: str
    says: list[str]
    neurons: list[Neuron] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def shown(self) -> list[int]:
        half = MOST // 2
        places = list(range(self.size))
        return places if self.size <= MOST else places[: half - 1] + places[-half + 1 :]

    @property
    def left_out(self) -> int:
        return self.size - len(self.shown)


def columns(model: Module, caller: str = "draw") -> list[Column]:
    """The columns of a model whose layers follow each other; else a TypeError that says what to draw instead."""
    found: list[Column] = []
    inside: set[int] = set()  # the neurons of a layer that has been seen
    for name, module in model.named_modules():
        if isinstance(module, Activation) and found:
            found[-1].title = f"{found[-1].size} {module.options()['activation']}"
        if isinstance(module, Layer):
            inside |= set(map(id, module.neurons))
            _append(found, name, module.neurons)
        elif isinstance(module, Neuron) and id(module) not in inside:
            _append(found, name, [module])
    if not found:
        raise TypeError(
            f"{caller}(model) found no layer in {type(model).__name__}: draw(model(x)) shows what it computes"
        )
    return found


def _append(found: list[Column], name: str, neurons: list[Neuron]) -> None:
    nin = len(neurons[0].w)
    if not found:
        found.append(Column(nin, f"{nin} {'input' if nin == 1 else 'inputs'}", [f"input {i}" for i in range(nin)]))
    if found[-1].size != nin:
        raise TypeError(
            f"draw(model) shows layers that follow each other, and {name or 'this one'} takes {nin} numbers where "
            f"{found[-1].size} come: draw(model(x)) shows what it computes"
        )
    prefix = f"{name}." if name else ""
    activation = str(neurons[0].options()["activation"])
    column = Column(len(neurons), f"{len(neurons)} {activation}", [], neurons)
    for j, neuron in enumerate(neurons):
        own = f"{prefix}neurons.{j}" if len(neurons) > 1 or not name.endswith("neurons") else name
        column.says.append(f"{own}\n{activation}\n{_numbers('b', neuron.b)}")
        for i, w in enumerate(neuron.w):
            says = f"{own}.w.{i}\n{_numbers('weight', w)}"
            column.lines.append(Line(i, j, w.data, gradient_of(w), says))
    found.append(column)


def _numbers(name: str, v: Value) -> str:
    return f"{name} {compact(v.data)}, grad {compact(gradient_of(v))}"


def scale(column: Column, gradients: bool) -> float:
    """The largest size of what the column's lines show, by which the others are drawn."""
    sizes = [abs(line.gradient if gradients else line.weight) for line in column.lines]
    return max((s for s in sizes if isfinite(s)), default=0.0) or 1.0

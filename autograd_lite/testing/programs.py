"""Random functions to differentiate: expressions with shared parts, and small networks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from autograd_lite.core import table as table
from autograd_lite.core.primitives import PRIMITIVES, Primitive
from autograd_lite.core.value import Number

SMOOTH = ("+", "*", "-", "sin", "tanh", "exp", "/", "sigmoid", "softplus", "atan2", "logaddexp", "hypot", "erf", "neg")
Step = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Expression:
    """A function of `inputs` numbers: each step applies a primitive to earlier results; the last step is the result.

    Inputs are numbered from 0, and steps on from there. It prints as code that makes it again, and `str()` is the
    formula, line by line.

    >>> f = Expression(inputs=2, steps=(("*", (0, 1)), ("+", (2, 2))))
    >>> f(3.0, 5.0)
    30.0
    >>> print(f)
    t2 = x0 * x1
    t2 + t2
    """

    inputs: int
    steps: tuple[Step, ...]

    def __call__(self, *xs: Number) -> Any:
        if len(xs) != self.inputs:
            raise TypeError(f"this expression takes {self.inputs} numbers, got {len(xs)}")
        results: list[Any] = list(xs)
        for name, operands in self.steps:
            results.append(PRIMITIVES[name](*[results[i] for i in operands]))
        return results[-1]

    def __str__(self) -> str:
        names = [f"x{i}" for i in range(self.inputs)]
        names += [f"t{self.inputs + i}" for i in range(len(self.steps))]
        lines = []
        for i, (name, operands) in enumerate(self.steps, self.inputs):
            words = [names[k] for k in operands]
            is_operator = PRIMITIVES[name].form == f"{{}} {name} {{}}"
            text = f" {name} ".join(words) if is_operator else f"{name}({', '.join(words)})"
            lines.append(f"{names[i]} = {text}" if i + 1 < len(names) else text)
        return "\n".join(lines) or names[-1]


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron of plain numbers: `layers[l][j]` holds neuron j's weights and, last, its bias.

    Called with a list of inputs it returns the list of outputs; `layers` of Values may be passed in to differentiate in
    the weights. tanh between the layers, the last one linear.

    >>> Network(layers=[[[2.0, -1.0]]])([3.0])
    [5.0]
    """

    layers: list[list[list[float]]]

    def __call__(self, xs: Sequence[Number], layers: Any = None) -> list[Any]:
        for depth, layer in enumerate(self.layers if layers is None else layers):
            if depth:
                xs = [table.tanh(x) for x in xs]
            xs = [table.dot(*neuron[:-1], *xs, neuron[-1]) for neuron in layer]
        return list(xs)


@st.composite
def expressions(
    draw: DrawFn, *, inputs: int = 2, max_steps: int = 8, max_depth: int = 6, rules: Sequence[str | Primitive] = SMOOTH
) -> Expression:
    """Functions of `inputs` numbers that use earlier results again and again.

    At most `max_steps` operations, none nested deeper than `max_depth`, drawn from `rules`. Failing examples shrink to
    few operations, the first ones of `rules`, with no step that the result does not need.
    """
    names = [primitive.name if isinstance(primitive, Primitive) else primitive for primitive in rules]
    choice = st.tuples(st.sampled_from(names), st.integers(2, 4), st.lists(st.integers(0, 30), min_size=4, max_size=4))
    depths = [0] * inputs
    steps: list[Step] = []
    for name, many, picks in draw(st.lists(choice, min_size=1, max_size=max_steps)):
        usable = [i for i, depth in enumerate(depths) if depth < max_depth]
        operands = tuple(usable[i % len(usable)] for i in picks[: PRIMITIVES[name].arity or many])
        steps.append((name, operands))
        depths.append(1 + max(depths[i] for i in operands))
    return _needed(Expression(inputs, tuple(steps)))


@st.composite
def mlps(draw: DrawFn, *, max_width: int = 4, max_layers: int = 3, inputs: int | None = None) -> Network:
    """Small networks of `inputs` inputs (one to `max_width` if None), up to `max_layers` layers, and one output."""
    width = st.integers(1, max_width)
    sizes = [inputs or draw(width), *draw(st.lists(width, max_size=max_layers - 1)), 1]
    weight = st.floats(-2.0, 2.0).map(lambda x: round(x, 3))
    layers = [
        [draw(st.lists(weight, min_size=nin + 1, max_size=nin + 1)) for _ in range(nout)]
        for nin, nout in itertools.pairwise(sizes)
    ]
    return Network(layers)


def _needed(expression: Expression) -> Expression:
    """The same function without the steps that its result does not use."""
    inputs, steps = expression.inputs, expression.steps
    used = {inputs + len(steps) - 1}
    for i in reversed(range(len(steps))):
        if inputs + i in used:
            used.update(steps[i][1])
    kept = [i for i in range(len(steps)) if inputs + i in used]
    place = {i: i for i in range(inputs)} | {inputs + old: inputs + new for new, old in enumerate(kept)}
    return Expression(inputs, tuple((steps[i][0], tuple(place[k] for k in steps[i][1])) for i in kept))

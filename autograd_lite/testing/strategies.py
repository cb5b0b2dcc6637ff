"""What to check derivatives on: numbers where they go wrong, and random functions with shared parts."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from autograd_lite.core import table as table
from autograd_lite.core.primitives import PRIMITIVES, Primitive
from autograd_lite.core.value import Number, Value

inf = math.inf
LARGEST, SMALLEST_NORMAL, SMALLEST = 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324
LANDMARKS = (
    0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -0.0, 10.0, -10.0, 0.1, 1e-8, -1e-8, 1e-160, 1e160, -1e160,
    1e-300, -1e-300, 1e300, SMALLEST_NORMAL, SMALLEST, -SMALLEST, LARGEST, -LARGEST,
)  # fmt: skip
DOMAINS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt"), (0.0, inf)),
    **dict.fromkeys(("asin", "acos", "atanh", "asin'", "atanh'"), (-1.0, 1.0)),
    **dict.fromkeys(("acosh", "acosh'"), (1.0, inf)),
    **dict.fromkeys(("norm", "norm'", "hypot"), (-8e307, 8e307)),  # beyond, the length itself may overflow
    "dot": (-1e150, 1e150),  # beyond, products overflow
    "log1p": (-1.0, inf),
}
TAILS: dict[str, tuple[float, ...]] = {  # where the function saturates, underflows, overflows or has a zero
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh"), (37.0, -37.0, 700.0, -700.0, 709.78, -745.0)),
    **dict.fromkeys(("tanh", "tanh'"), (19.0, 20.0, -20.0, 350.0, -372.0)),
    **dict.fromkeys(("sigmoid", "softplus", "logsigmoid", "sigmoid'"), (37.0, -37.0, 700.0, -745.0)),
    **dict.fromkeys(("silu", "silu'", "silu''"), (-1.278464542761074, 2.3993572805154676, 37.0, -700.0, -745.0)),
    **dict.fromkeys(("gelu", "gelu'", "gelu''"), (-0.7517915246935645, 1.4142135623730951, 8.3, -8.3, -37.5)),
    **dict.fromkeys(("erf", "erfc", "erf'", "normal_pdf"), (6.0, -6.0, 26.5, -26.5, 38.0)),
    **dict.fromkeys(("sin", "cos", "tan"), (math.pi, math.pi / 2, -math.pi, 1e22)),
    **dict.fromkeys(
        ("logaddexp", "logsumexp", "softmax", "log_softmax"), (37.0, -37.0, 700.0, -745.0, -0.6931471805599453)
    ),
}


def values(min_value: float = -1e3, max_value: float = 1e3) -> SearchStrategy[Value]:
    """Leaves, with finite data between the two bounds. `from_type(Value)` draws from it; prints as `Value(0.5)`.

    >>> from hypothesis import given
    >>> @given(values(0.0, 1.0))
    ... def test_square_is_smaller(x):
    ...     assert x * x <= x
    >>> test_square_is_smaller()
    """
    return st.builds(Value, st.floats(min_value, max_value))


def inputs_for(primitive: Primitive | str) -> SearchStrategy[tuple[float, ...]]:
    """Operands for a primitive, given by itself or by name, as a tuple of floats inside its domain.

    Besides ordinary numbers: the ends of the domain, kinks and ties, both zeros, subnormal and huge numbers, points
    where the function saturates, and the floats next to all of these. One that takes any
    number of operands gets one to five.

    >>> from autograd_lite import exp, log
    >>> from hypothesis import given
    >>> @given(inputs_for("log"))
    ... def test_exp_undoes_log(operands):
    ...     assert math.isclose(exp(log(*operands)), *operands, rel_tol=1e-12)
    >>> test_exp_undoes_log()
    """
    primitive = primitive if isinstance(primitive, Primitive) else _named(getattr(primitive, "__name__", primitive))
    low, high = DOMAINS.get(primitive.name, (-inf, inf))
    number = numbers(low, high, TAILS.get(primitive.name, ()))
    if primitive.name in SHAPES:
        return _printable(SHAPES[primitive.name](number))
    if primitive.arity == 1:
        return _printable(st.tuples(number))
    count = st.integers(2 if primitive.name == "dot" else 1, 5) if primitive.arity is None else st.just(primitive.arity)
    return _printable(count.flatmap(lambda n: _related(number, n)))


@st.composite
def _printable(draw: DrawFn, operands: SearchStrategy[tuple[float, ...]]) -> tuple[float, ...]:
    """New floats: of those drawn, Hypothesis would print how they were made and not what they are."""
    return tuple(1.0 * x for x in draw(operands))


def numbers(low: float = -inf, high: float = inf, tails: Sequence[float] = ()) -> SearchStrategy[float]:
    """Finite floats between two bounds: landmarks and their neighbours, small, and of every magnitude."""
    marks = dict.fromkeys(x for x in (*LANDMARKS, *tails, low, high) if low <= x <= high and math.isfinite(x))
    near = [y for x in marks for y in (math.nextafter(x, inf), math.nextafter(x, -inf))]
    near = [y for y in near if low <= y <= high and math.isfinite(y)]
    small = st.floats(max(low, -4.0), min(high, 4.0))
    medium = st.floats(max(low, -800.0), min(high, 800.0))
    wide = st.builds(lambda sign, e: sign * 10.0**e, st.sampled_from((1.0, -1.0)), st.floats(-323.0, 308.0))
    return st.one_of(
        small, st.sampled_from([*marks]), st.sampled_from(near), medium, wide.filter(lambda x: low <= x <= high)
    )


def _related(number: SearchStrategy[float], n: int) -> SearchStrategy[tuple[float, ...]]:
    """n operands, some of them equal, opposite, or neighbours of the first."""
    relation = st.sampled_from(("free", "equal", "opposite", "next", "near"))

    def relate(first: float, others: list[tuple[str, float]]) -> tuple[float, ...]:
        related = {"equal": first, "opposite": -first, "next": math.nextafter(first, inf), "near": first * (1.0 + 1e-8)}
        xs = (first, *(related.get(how, x) for how, x in others))
        return tuple(x if math.isfinite(x) else first for x in xs)

    return st.builds(relate, number, st.lists(st.tuples(relation, number), min_size=n - 1, max_size=n - 1))


def _power(number: SearchStrategy[float]) -> SearchStrategy[tuple[float, ...]]:
    whole = st.integers(-6, 6).map(float)
    anything, base = st.one_of(whole, st.sampled_from((0.5, -0.5, 1.5)), number), number.map(abs)
    return st.one_of(st.tuples(base, anything), st.tuples(number.map(lambda x: -abs(x)), whole))


SHAPES: dict[str, Callable[[SearchStrategy[float]], SearchStrategy[tuple[float, ...]]]] = {
    "**": _power,
    "pow'": lambda number: st.tuples(_power(number), st.integers(0, 2), st.integers(0, 2)).map(
        lambda drawn: (*drawn[0], float(drawn[1]), float(drawn[2]) if drawn[0][0] > 0.0 else 0.0)
    ),
    "/": lambda number: st.tuples(number, number.filter(bool)),
    "/'": lambda number: st.tuples(number, number.filter(bool)),
    "log'": lambda number: st.tuples(number, number.map(abs).filter(bool)),
    "clamp": lambda number: st.tuples(number, number, number).map(lambda x: (x[0], *sorted(x[1:]))),
    "where": lambda number: st.tuples(st.sampled_from((1.0, 0.0, -2.0)), number, number),
}


def _named(name: str) -> Primitive:
    if name not in PRIMITIVES:
        raise ValueError(
            f"inputs_for(primitive): no primitive is named {name!r}; there are {', '.join(map(repr, PRIMITIVES))}"
        )
    return PRIMITIVES[name]


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

    >>> from autograd_lite import vmap
    >>> from hypothesis import given
    >>> @given(expressions(inputs=2, rules=["+", "*"], max_steps=4))
    ... def test_a_batch_of_one(f):
    ...     assert vmap(f)([2.0], [-1.0]) == [f(2.0, -1.0)]
    >>> test_a_batch_of_one()
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
    """Small networks of `inputs` inputs (one to `max_width` if None), up to `max_layers` layers, and one output.

    >>> from hypothesis import given
    >>> @given(mlps(inputs=2))
    ... def test_there_is_one_output(network):
    ...     assert len(network([1.0, -1.0])) == 1
    >>> test_there_is_one_output()
    """
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

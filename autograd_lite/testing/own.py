"""This package's functions on trial, and which primitive is guilty: each closure of a graph is checked by itself."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.core.backward import run_closure
from autograd_lite.core.micrograd import by_hand_partials
from autograd_lite.core.value import Value, as_data, as_value, topological_order
from autograd_lite.testing.adapters import Subject
from autograd_lite.testing.arguments import Vector, leaves_of
from autograd_lite.testing.numerical import numerical_derivative, units_of
from autograd_lite.testing.oracle import replayed
from autograd_lite.testing.report import WRONG, judge, written
from autograd_lite.testing.trial import FEW, Trial
from autograd_lite.transforms.linearize import between, pull_back

SEEDS = (1.0, -2.0)  # two gradients to try a closure with: it must multiply by them


class Ours(Subject):
    """A function of this package's Values: the gradient that `backward` computes."""

    replays = True

    def value(self, v: Vector) -> Any:
        try:
            return super().value(v)
        except Exception as error:
            error.add_note(
                "check_gradients called f with this package's Values, to check its derivative. Pass grad=, jac= or "
                "vjp= to check your own, PyTorch's tensors or JAX's arrays to check theirs."
            )
            raise

    def record(self, v: Vector) -> tuple[list[Value], list[Value]]:
        """f recorded at v: the inputs and the outputs of its graph."""
        args, made = self.inputs.make(v)
        results = [y for _, y in leaves_of(self.f(*args))]
        return _flat(made), [as_value(y) for y in _flat(results)]

    def pull(self, w: Vector) -> Vector:
        return self.gradient(*self.record(self.point), w, False)

    def exact(self, k: int, i: int, way: str) -> float | None:
        return self.replayed(k, [i], way)

    def replayed(self, k: int, along: Sequence[int], way: str) -> float | None:
        """The derivative of output k in one input, or in two, from its graph in other numbers."""
        inputs, outputs = self.record(self.point)
        f = lambda v: float(self.call(np.array(v))[k])
        return replayed((outputs[k], inputs), f, self.point.tolist(), along, way)

    def gradient(self, inputs: list[Value], outputs: list[Value], w: Vector, recording: bool) -> Any:
        """The gradient of w @ outputs, as numbers or as Values."""
        graph = between(inputs, topological_order(*outputs, stop=inputs)[0])
        found = pull_back(graph, inputs, outputs, [float(t) for t in w], recording)
        return [as_value(g) for g in found] if recording else np.array([as_data(g) for g in found])


class Slopes(Ours):
    """The gradient of one output of such a function, as a function itself: its derivative is the second one."""

    linear = True

    def __init__(self, first: Ours, k: int) -> None:
        self.first, self.k, self.w = first, k, np.eye(first.m)[k]
        self.point, self.grain, self.report, self.lengths = first.point, first.grain, first.report, {}
        self.n = self.m = first.n

    def title(self, k: int | None, i: int) -> str:
        name = self.first.inputs.name
        below = "(w @ x)" if k is None else name(k)
        along = f"d{below}2" if k == i else f"d{below}d{name(i)}"
        return f"d2{self.first.outputs.name(self.k)}/{along}"

    def rearrangements(self) -> Iterator[tuple[str, Vector]]:
        return iter(())

    def exact(self, k: int, i: int, way: str) -> float | None:
        return self.first.replayed(self.k, sorted((k, i)), way)

    def call(self, v: Vector) -> Vector:
        return self.first.gradient(*self.first.record(v), self.w, False)

    def pull(self, w: Vector) -> Vector:
        inputs, outputs = self.first.record(self.point)
        return self.gradient(inputs, self.gradient(inputs, outputs, self.w, True), w, False)


def _flat(leaves: Sequence[Any]) -> list[Any]:
    return [u for x in leaves for u in (x.ravel() if isinstance(x, np.ndarray) else [x])]


def guilty_closure(subject: Ours, order: int, rtol: float) -> str:
    """A sentence that names the node where the error enters, some derivative of the subject being wrong."""
    inputs, outputs = subject.record(subject.point)
    nodes = topological_order(*outputs, stop=inputs)[0]
    # before f runs again, for a closure may read what the latest call left behind
    handed = [{} if v._primitive.by_hand else {g: run_closure(v, g) for g in SEEDS} for v in nodes]
    for v, parts in zip(nodes, handed):
        said = _declared(v, parts, order, rtol) if parts else _by_hand(subject, [*inputs, *nodes], v, rtol)
        if said:
            operands = ", ".join(f"{p.label}={p.data!r}" if p.label else repr(p.data) for p in v.parents)
            return f"The first wrong closure is that of {v.op!r}, at operands ({operands}): {said}"
    return _outside(subject)


def _declared(v: Value, handed: dict[float, Sequence[float]], order: int, rtol: float) -> str:
    """What is wrong with what the closure of a node `handed` to its operands; its primitive can be applied again."""
    xs = [p.data for p in v.parents]
    for i, x in enumerate(xs):
        estimate = numerical_derivative(lambda t, i=i: float(v._primitive(*xs[:i], t, *xs[i + 1 :])), x)  # type: ignore[misc]
        for g, contributions in handed.items():
            if judge(contributions[i] / g, estimate, rtol) == WRONG:
                expected = written(estimate.value * g)
                return f"operand {i} receives {contributions[i]!r} of the gradient {g}, expected {expected}"
    if order == 2 and len(xs) <= FEW:
        alone = Ours(v._primitive, xs)
        Trial(Slopes(alone, 0), rtol, None).run()
        for place, partial in enumerate(alone.report.partials):
            if partial.verdict == WRONG:
                i, j = divmod(place, len(xs))
                return (
                    f"its second derivative in operands {i} and {j} is {partial.got!r}, expected "
                    f"{written(partial.estimate.value)} (what it returns is not the derivative for all operands, "
                    "or not connected to them)"
                )
    return ""


def _by_hand(subject: Ours, recorded: Sequence[Value], v: Value, rtol: float) -> str:
    """The same for a closure assigned by hand: it must explain how the node moves with its parents, input by input."""
    point = subject.point.tolist()
    for i, x in enumerate(point):

        def moved(t: float, k: int, i: int = i) -> float:
            """Value k of those recorded, with input i at t."""
            inputs, outputs = subject.record(np.array([*point[:i], t, *point[i + 1 :]]))
            return [*inputs, *topological_order(*outputs, stop=inputs)[0]][k].data

        family = [(k, u) for k, u in enumerate(recorded) if u is v or u in v.parents]
        rates = {u: numerical_derivative(lambda t, k=k: moved(t, k), x) for k, u in family}  # type: ignore[misc]
        sums = []
        for grad in (0.0, 1.0):  # what the parents' grad is before
            partials = zip(v.parents, by_hand_partials(v, grad))
            sums.append(sum(d * rates[p].value for p, d in partials if p in rates))
        if abs(sums[0] - sums[1]) > rtol * max(map(abs, sums)):
            return "it sets its parents' grad where it must add: write `+=` for `=`"
        if judge(sums[0], rates[v], rtol) == WRONG:
            return f"along input {i} its partial derivatives add up to {sums[0]!r}, expected {written(rates[v].value)}"
    return ""


def _outside(subject: Ours) -> str:
    """What to say when every closure is right: does f compute something that its graph does not show?"""
    moved = subject.point + [units_of(x)[0] / 1024.0 for x in subject.point]
    inputs, outputs = subject.record(subject.point)
    values = dict(zip(inputs, moved.tolist()))
    try:
        for v in topological_order(*outputs, stop=inputs)[0]:
            values[v] = float(v._primitive(*[values.get(p, p.data) for p in v.parents]))
    except (ArithmeticError, TypeError, ValueError):
        return ""
    graph, f = np.array([values.get(y, y.data) for y in outputs]), subject.call(moved)
    if not np.allclose(graph, f, rtol=1e-9, atol=0.0, equal_nan=True):
        return (
            "Every closure is right: f itself computes something outside of its graph. It reads the number of a Value "
            "(`.data`, `item`, `detach`, `float`), or chooses between branches, where the graph cannot see it."
        )
    return "Every closure is right by itself: what goes wrong are kinks that meet, or digits lost in a cancellation."

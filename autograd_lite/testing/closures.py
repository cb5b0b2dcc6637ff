"""Which primitive is guilty: each local backward closure of a graph checked by itself, in the order of computation."""

from collections.abc import Sequence

import numpy as np

from autograd_lite.core.backward import run_closure
from autograd_lite.core.micrograd import by_hand_partials
from autograd_lite.core.value import Value, topological_order
from autograd_lite.testing.adapters import Ours, Slopes
from autograd_lite.testing.numerical import numerical_derivative, units_of
from autograd_lite.testing.report import WRONG, judge, written
from autograd_lite.testing.trial import FEW, Trial

SEEDS = (1.0, -2.0)  # two gradients to try a closure with: it must multiply by them


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

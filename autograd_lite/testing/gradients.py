"""`check_gradients`: every partial derivative of a function against an oracle, and where the first wrong one enters."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autograd_lite.core.backward import run_closure
from autograd_lite.core.value import Value, as_data, as_value, topological_order
from autograd_lite.testing.closures import Record, first_wrong_closure
from autograd_lite.testing.oracle import choose_oracle
from autograd_lite.testing.report import Report, WrongGradientError, judge
from autograd_lite.transforms.linearize import Graph, between, pull_back
from autograd_lite.transforms.pytree import flatten, paths, unflatten

Derivatives = dict[tuple[int, ...], tuple[float, float]]


def check_gradients(
    f: Callable[..., Any], *args: Any, order: int = 2, rtol: float = 1e-8, oracle: str | None = None
) -> Report:
    """Compare every first and second partial derivative of f at `args` with an oracle; returns the report, printable.

    The oracle is the best that can evaluate f: "mpmath" (f again in hundreds of bits), "complex step", or "differences"
    (Ridders' extrapolation); name one to insist on it. `order=1` leaves out the second derivatives. A partial is right
    if it differs from the oracle's by no more than `rtol` of itself or of the largest terms that it is the sum of.
    Where no derivative exists nothing is compared. Second derivatives are compared once the first are right.

    Raises WrongGradientError, an AssertionError, whose message is the report. It names the first node whose own closure
    is wrong, found by checking each closure alone.

    >>> from autograd_lite import primitive
    >>> cube = primitive("wrong_cube", lambda x: x**3, lambda g, x: (g * 2 * x**2,))
    >>> check_gradients(lambda x: cube(x) + x, 2.0)
    Traceback (most recent call last):
    autograd_lite.testing.report.WrongGradientError: <lambda> at x=2.0: 1 of 1 partial derivatives are wrong
    """
    if order not in (1, 2):
        raise ValueError(f"check_gradients(order) must be 1 or 2, not {order!r}")
    name = getattr(f, "__name__", getattr(f, "name", "f"))
    leaves, structure = flatten(args, "check_gradients(args)")
    point = [as_data(x) for x in leaves]

    def record(xs: Sequence[float]) -> tuple[list[Value], list[Value]]:
        inputs = [Value(x) for x in xs]
        results, _ = flatten(f(*unflatten(structure, inputs)), f"the result of {name}")
        return inputs, [as_value(y) for y in results]

    names = [path for tree, root in zip(args, _parameters(f, len(args))) for path in paths(tree, root)]
    report = Report(name, dict(zip(names, point)))
    for derivatives in (_first, _second)[:order]:
        inputs, outputs = record(point)
        computed = [derivatives(inputs, output) for output in outputs]  # before an oracle calls f again
        for k, (output, found) in enumerate(zip(outputs, computed)):
            truth = choose_oracle(output, inputs, partial(_value, record, k), oracle)
            title = "f" if len(outputs) == 1 else f"f[{k}]"
            for along, (got, size) in found.items():
                what = _name([names[i] for i in along], title)
                report.partials.append(judge(what, got, truth.derivative(sorted(along)), size, rtol, truth.name))
        if not report.right:
            report.guilty = first_wrong_closure(record, point, derivatives is _second)
            raise WrongGradientError(report)
    return report


def _value(record: Record, k: int, xs: Sequence[float]) -> float:
    return record(xs)[1][k].data


def _first(inputs: list[Value], output: Value) -> Derivatives:
    """The partial derivatives of one output by a backward pass, and for each the size of the terms it is a sum of."""
    graph = _graph(inputs, output)
    gradient = pull_back(graph, inputs, [output], [1.0], False)
    sizes = _sizes(graph, inputs, output)
    return {(i,): (as_data(g), size) for i, (g, size) in enumerate(zip(gradient, sizes))}


def _second(inputs: list[Value], output: Value) -> Derivatives:
    """The same for the second: the first derivatives of each entry of the gradient, as a graph."""
    gradient = _gradient_graph(_graph(inputs, output), inputs, output)
    return {(i, j): found for i, slope in enumerate(gradient) for (j,), found in _first(inputs, slope).items()}


def _name(variables: list[str], title: str) -> str:
    if len(variables) == 1:
        return f"d{title}/d{variables[0]}"
    return f"d2{title}/" + (
        f"d{variables[0]}2" if variables[0] == variables[1] else "".join(f"d{v}" for v in variables)
    )


def _gradient_graph(graph: Graph, inputs: list[Value], output: Value) -> list[Value]:
    """The gradient as Values, with advice if some closure cannot be differentiated again."""
    try:
        return [as_value(g) for g in pull_back(graph, inputs, [output], [1.0], True)]
    except TypeError as error:
        error.add_note(
            "The second derivative needs closures written in arithmetic and functions of autograd_lite: "
            "check_gradients(..., order=1) checks the first derivative alone."
        )
        raise


def _sizes(graph: Graph, inputs: Sequence[Value], output: Value) -> list[float]:
    """What each partial derivative would be if nothing cancelled: the sum over paths of the product of |partials|."""
    size = dict.fromkeys((*inputs, *graph.nodes, *graph.beside), 0.0)
    size[output] = 1.0
    for v in reversed(graph.nodes):
        if size[v] > 0.0 and not v._primitive.by_hand:
            for parent, partial in zip(v._parents, run_closure(v, 1.0)):
                size[parent] += abs(partial) * size[v]
    return [size[x] for x in inputs]


def _graph(inputs: Sequence[Value], output: Value) -> Graph:
    return between(inputs, topological_order(output, stop=inputs)[0])


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """What f calls its first arguments."""
    try:
        names = [p.name for p in inspect.signature(f).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    except (TypeError, ValueError):
        names = []
    return [*names[:count], *(f"x{i}" for i in range(len(names), count))]

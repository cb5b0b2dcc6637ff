"""The derivative of a recorded function, a linear map, applied in both directions.

A recorded function is its input nodes, its output nodes and the graph between. Backward (`pull_back`), gradients at the
outputs become gradients at the inputs: one pass costs about as much as the function. Forward (`push_forward`),
directions at the inputs become directional derivatives at the outputs, in one pass too. Neither leaves a trace in any
node's `grad`. Recording, the results are Values and can be differentiated again; else they are floats.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd_lite.core.value import Number, Value, run_closure, run_closure_recording, stopped, sweep, sweep_recording


class Graph(NamedTuple):
    """What lies between the inputs and the outputs of a recorded function."""

    nodes: list[Value]  # computed from the inputs, each after its parents
    beside: set[Value]  # the other parents that these have


def between(inputs: Sequence[Value], interior: Iterable[Value]) -> Graph:
    """The part of `interior`, nodes in topological order, that depends on the inputs."""
    depends = set(inputs)
    nodes = []
    for v in interior:
        if not depends.isdisjoint(v._parents):
            depends.add(v)
            nodes.append(v)
    return Graph(nodes, {p for v in nodes for p in v._parents if p not in depends})


def pull_back(
    graph: Graph, inputs: Sequence[Value], outputs: Sequence[Value], seeds: Sequence[Number], recording: bool
) -> list[Number]:
    """The gradient at each input, when `seeds` are those at the outputs; 0.0 where nothing depends on it."""
    touched = [*graph.nodes, *graph.beside, *inputs, *outputs]
    before = [v.grad for v in touched]
    for v in touched:
        v.grad = 0.0
    try:
        for y, seed in zip(outputs, seeds, strict=True):
            y.grad = seed if _is_zero(y.grad) else y.grad + seed
        (sweep_recording if recording else sweep)(graph.nodes)
        return [x.grad for x in inputs]
    finally:
        for v, grad in zip(touched, before, strict=True):
            v.grad = grad


def push_forward(
    graph: Graph, inputs: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Number], recording: bool
) -> list[Number]:
    """The derivative of each output, when the inputs change at the rates `tangents`; 0.0 where it depends on none.

    A closure run on the gradient 1 returns the partial derivatives of its node: a node's tangent is the sum of those
    times its parents' tangents.
    """
    tangent = dict(zip(inputs, tangents, strict=True))
    for v in graph.nodes:
        total: Number = 0.0
        for parent, partial in zip(v._parents, _partials(v, recording)):
            rate = tangent.get(parent, 0.0)
            if not (_is_zero(rate) or _is_zero(partial)):
                term = stopped(rate, stopped(partial, partial * rate))
                total = term if _is_zero(total) else total + term
        tangent[v] = total
    return [tangent.get(y, 0.0) for y in outputs]


def _partials(v: Value, recording: bool) -> Sequence[Number]:
    if recording:
        return run_closure_recording(v, 1.0)
    return run_closure(v, 1.0) if v._primitive.form else by_hand_partials(v, 0.0)


def by_hand_partials(v: Value, grad: float) -> list[float]:
    """The partial derivatives of a node recorded by hand, whose closure may add them to its parents' `grad` itself.

    It starts from `grad` there; a parent that is there twice receives all of it in its first place.
    """
    before = [(u, u.grad) for u in (v, *v._parents)]
    for u in v._parents:
        u.grad = grad
    v.grad = 1.0
    try:
        partials = list(run_closure(v, 1.0))
        for i, parent in enumerate(v._parents):
            partials[i] += parent.grad - grad
            parent.grad = grad
        return partials
    finally:
        for u, old in before:
            u.grad = old


def _is_zero(x: Number) -> bool:
    """Zero as written, not as computed: a Value that is 0.0 here may be something else in the next derivative."""
    return not isinstance(x, Value) and x == 0.0

"""The derivative of a recorded function, a linear map, applied in both directions.

A recorded function is its input nodes, its output nodes and the graph between. Backward (`pull_back`), gradients at the
outputs become gradients at the inputs: one pass costs about as much as the function. Forward (`push_forward`),
directions at the inputs become directional derivatives at the outputs, in one pass too. Neither leaves a trace in any
node's `grad`. Recording, the results are Values and can be differentiated again; else they are floats.
"""

from collections.abc import Iterable, Sequence
from math import nan
from typing import NamedTuple

from autograd_lite.core import table as table
from autograd_lite.core.backward import (
    ONE_PASS,
    add_to,
    hands_on,
    run_closure,
    run_closure_recording,
    stopped,
    sweep,
    sweep_recording,
)
from autograd_lite.core.value import Number, Value, as_data, as_value, hidden_by, record, topological_order


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
    if recording:
        adjoints: dict[Value, Number] = {}
        for y, seed in zip(outputs, seeds, strict=True):
            add_to(adjoints, y, seed)
        sweep_recording(graph.nodes, adjoints, graph.beside)
        return [adjoints.get(x, 0.0) for x in inputs]
    with ONE_PASS:
        for v in (*graph.nodes, *graph.beside, *inputs, *outputs):
            v._adjoint = 0.0
        sweep(graph.nodes, list(zip(outputs, seeds, strict=True)))  # type: ignore[arg-type]
        return [x._adjoint for x in inputs]


def push_forward(
    graph: Graph, inputs: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Number], recording: bool
) -> list[Number]:
    """The derivative of each output, when the inputs change at the rates `tangents`; 0.0 where it depends on none.

    A closure run on the gradient 1 returns the partial derivatives of its node: a node's tangent is the sum of those
    times its parents' tangents. Along each path the product is what a backward pass makes of it from the other end: a
    derivative that is exactly zero stops whatever tangent arrives, as there the adjoint stops; and where a function did
    not choose an operand there is no path. An input whose tangent is 0.0 is none either.
    """
    tangent = {x: rate for x, rate in zip(inputs, tangents, strict=True) if not _is_zero(rate)}
    paths: dict[Value, Number] = dict.fromkeys(tangent, 1.0)  # whether one leads there: 1.0, or known only at each run
    for v in graph.nodes:
        if v._primitive.linear:
            if not paths.keys().isdisjoint(v._parents):
                tangent[v], paths[v] = _through(v, tangent), _through(v, paths)
            continue
        for i, (parent, partial) in enumerate(zip(v._parents, _partials(v, recording))):
            path = _both(paths[parent], _chosen(v, i, partial)) if parent in paths else 0.0
            if _is_zero(path):
                continue
            term = stopped(partial, partial * tangent[parent])
            if isinstance(path, Value):
                term = table.where(path, term, 0.0)
            if v in tangent:
                tangent[v], paths[v] = tangent[v] + term, _either(paths[v], path)
            else:
                tangent[v], paths[v] = term, path
    return [tangent.get(y, 0.0) for y in outputs]


def _partials(v: Value, recording: bool) -> Sequence[Number]:
    return run_closure_recording(v, 1.0) if recording else run_closure(v, 1.0)


def _through(v: Value, rates: dict[Value, Number]) -> Value:
    """A linear primitive applied to what the parents have."""
    moved, where = (v._parents[:1], v._parents[1:]) if v._primitive.arity == 2 else (v._parents, ())
    return record(v._primitive, (*[as_value(rates.get(p, 0.0)) for p in moved], *where))


def _is_zero(x: Number) -> bool:
    """Zero as written, not as computed: a Value that is 0.0 here may be something else in the next derivative."""
    return not isinstance(x, Value) and x == 0.0


def _chosen(v: Value, i: int, partial: Number) -> Number:
    """Whether a path leads from operand i to the node: 1.0 or 0.0; a Value if only the run of a program will tell."""
    if hidden_by(v) is None:
        return 1.0 if as_data(partial) != 0.0 or hands_on(v)[i] else 0.0
    if isinstance(partial, Value):
        computed = topological_order(partial, stop=(v, *v._parents))[0]
        if not any(u._primitive in (table.where, table.choose) for u in computed):
            return 1.0
    handed = run_closure_recording(v, nan)[i]
    return table.where(handed, 1.0, 0.0) if isinstance(handed, Value) else float(handed != 0.0)


def _both(a: Number, b: Number) -> Number:
    return table.where(a, b, 0.0) if isinstance(a, Value) else b


def _either(a: Number, b: Number) -> Number:
    return table.where(a, 1.0, b) if isinstance(a, Value) else a

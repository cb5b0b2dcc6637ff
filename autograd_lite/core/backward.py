"""The chain rule: a backward pass over a recorded graph, over floats or over Values; and the graph computed again.

Adjoints of a pass lie in the nodes, apart from `grad`: what users see changes in one step at the end. One pass runs at
a time, in whichever thread, so that graphs which share leaves do not mix their sums.
"""

from collections.abc import Callable, Container, Sequence
from gc import collect, get_count, isenabled
from itertools import compress
from math import isfinite, nan
from threading import RLock

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, check_flag, shown
from autograd_lite.core.primitives import CONSTANT, run_ieee
from autograd_lite.core.value import Number, Value, active, as_data, as_value, hidden_by, number_of, topological_order

ONE_PASS = RLock()
MANY = 500_000  # objects that wait for a collector held off


def backward(self: Value, gradient: Number = 1.0, *, create_graph: bool = False) -> None:
    """Differentiate this node with respect to every node it was computed from, by reverse accumulation.

    The adjoint of a node is dself/dnode times `gradient`. Leaves add it to their `grad`, so that a second call adds
    the same amount again; nodes in between are set to it. An adjoint that is exactly zero stops there. With
    `create_graph=True` the grads are Values, computed from the graph as it is now, and can be differentiated again:
    each refers to its graph in turn, a cycle, until `zero_grad()` or another pass.

    >>> x = Value(3.0)
    >>> (x ** 2).backward(create_graph=True)
    >>> slope, x.grad = x.grad, 0.0
    >>> slope.backward()
    >>> slope.data, x.grad
    (6.0, 2.0)
    """
    number_of(self, "backward()")
    create_graph = check_flag(create_graph, "backward(create_graph)")
    with ONE_PASS:
        interior, leaves = topological_order(self, clear=True)
        if create_graph:
            seed = gradient if isinstance(gradient, Value) else as_float(gradient, "backward(gradient)")
            adjoints = sweep_recording(interior, {self: seed})
            inner = [as_value(adjoints.get(v, 0.0)) for v in interior]
            outer: list[Number] = [as_value(adjoints.get(v, 0.0)) for v in leaves]
        else:
            sweep(interior, [(self, as_float(gradient, "backward(gradient)"))])
            outer = [v._adjoint for v in leaves]
        for i, leaf in enumerate(leaves):
            if leaf._primitive is CONSTANT:
                outer[i] = as_value(0.0) if create_graph else 0.0
            elif isinstance(leaf._grad, Value) or leaf._grad != 0.0:
                outer[i] = leaf._grad + outer[i]

        def store() -> None:
            if create_graph:
                for v, g in zip(interior, inner):
                    v._grad = g
            else:
                for v in interior:
                    v._grad = v._adjoint
            for v, x in zip(leaves, outer):
                v._grad = x

        _whole(store)
    if create_graph and not isenabled() and get_count()[0] > MANY:
        collect()  # inside no_gc(): gradients of earlier passes are cycles


def sweep(interior: Sequence[Value], seeds: Sequence[tuple[Value, float]]) -> None:
    """The chain rule over floats: each node, outputs first, hands its adjoint on through its closure.

    `interior` are the nodes in topological order. Their adjoints, and those of all their parents, are 0 before.
    """
    for v, seed in seeds:
        v._adjoint += seed
    watches = [mode.watch for mode in active() if mode.watches and not mode.ended]
    reached = {v for v, _ in seeds} if watches else set()
    for v in reversed(interior):
        g = v._adjoint
        if g == 0.0:
            if watches:
                _watch(v, g, (), watches, reached)
            continue
        kept = v._captured
        try:  # `run_closure`, written out: a call saved at every node; and one with a star takes longer
            if len(kept) == 2:
                contributions = v._primitive.vjp(g, kept[0], kept[1])
            else:
                contributions = v._primitive.vjp(g, *kept) if kept else v._primitive.vjp(g)
        except ArithmeticError:
            contributions = run_ieee(v._primitive.vjp, g, kept)
        if watches:
            _watch(v, g, contributions, watches, reached)
        parents = v._parents
        if len(parents) == 2:  # nearly every node: unpacking is faster than the loop
            left, right = parents
            to_left, to_right = contributions
            left._adjoint += to_left
            right._adjoint += to_right
        else:
            for parent, contribution in zip(parents, contributions):
                parent._adjoint += contribution


def _watch(
    v: Value, g: float, contributions: Sequence[float], watches: Sequence[Callable[..., None]], reached: set[Value]
) -> None:
    """Show those who watch what v hands on; where nothing arrives by a path, what it stops in front of."""
    if v in reached:
        reached.update(compress(v._parents, hands_on(v)))
    if g != 0.0 or v in reached:
        for watch in watches:
            watch(v, g, contributions if g != 0.0 else run_closure(v, 1.0))


def sweep_recording(
    interior: Sequence[Value], adjoints: dict[Value, Number], beside: Container[Value] = ()
) -> dict[Value, Number]:
    """The chain rule over Values: new closures, made of the nodes themselves, compute the adjoints as a graph.

    `adjoints` holds those of the outputs, and in the end those of all nodes that have one. Nobody asks for the adjoints
    of the nodes `beside`.
    """
    watches = [mode.watch for mode in active() if mode.watches and not mode.ended]
    reached = set(adjoints) if watches else set()
    for v in reversed(interior):
        g = adjoints.get(v, 0.0)
        contributions = () if not isinstance(g, Value) and g == 0.0 else run_closure_recording(v, g)
        stop = _stopping(g)
        if v in reached and hidden_by(v) is None:
            reached.update(compress(v._parents, hands_on(v)))
            for watch in watches:
                watch(v, g, contributions if as_data(g) != 0.0 else run_closure(v, 1.0))
        for parent, contribution in zip(v._parents, contributions):
            if parent._primitive is not CONSTANT and parent not in beside:
                add_to(adjoints, parent, stop(g, contribution))
    return adjoints


def add_to(adjoints: dict[Value, Number], v: Value, contribution: Number) -> None:
    """Add to a node's adjoint. A zero that was written, not computed, leaves no addition in the graph."""
    so_far = adjoints.get(v, 0.0)
    adjoints[v] = so_far + contribution if isinstance(so_far, Value) or so_far != 0.0 else contribution


def stopped(g: Number, contribution: Number) -> Number:
    """What an adjoint g contributes: nothing where it is exactly zero, even if the local derivative is inf or nan."""
    return _stopping(g)(g, contribution)


def _stopping(g: Number) -> Callable[[Number, Number], Number]:
    """How the adjoint g stops: as the mode has it for which its number is known only later, if there is one."""
    mode = hidden_by(g) if isinstance(g, Value) else None
    return _stopped_now if mode is None else mode.stop


def _stopped_now(g: Number, contribution: Number) -> Number:
    if isinstance(g, Value):
        if g._data != 0.0 or isfinite(as_data(contribution)):
            return contribution
        return table.stop(g, contribution)  # type: ignore[no-any-return]
    return 0.0 if g == 0.0 and not isfinite(as_data(contribution)) else contribution


def hands_on(v: Value) -> list[bool]:
    """To which operands a path leads, whatever arrives: not to one that a piecewise function did not choose."""
    if v._primitive.by_hand:
        return [True] * len(v._parents)
    return [contribution != 0.0 for contribution in run_closure(v, nan)]


def run_closure(v: Value, g: float) -> Sequence[float]:
    """What one closure hands to each parent for the adjoint `g`, over floats."""
    try:
        return v._primitive.vjp(g, *v._captured)
    except ArithmeticError:
        return run_ieee(v._primitive.vjp, g, v._captured)


def run_closure_recording(v: Value, g: Number) -> Sequence[Number]:
    """The same over Values: a new closure, made of the nodes themselves, so that the result can be differentiated."""
    if v._primitive.by_hand:
        raise TypeError(f"operation {v.op!r} was recorded by hand: its derivative cannot be differentiated again")
    operands = [p._data if p._primitive is CONSTANT else p for p in v._parents]
    try:
        return v._primitive.vjp(g, *v._primitive.captured(v, operands))
    except ArithmeticError:  # a constant of 0: once more with the constants as Values, which follow IEEE 754
        return v._primitive.vjp(as_value(g), *v._primitive.captured(v, v._parents))


def forward(self: Value) -> Value:
    """Compute this node again, and all it depends on, from the leaves' present `data`; returns the node.

    Recorded operations are replayed as they are: a Python `if` that chose one of them is not asked again. A ValueError
    if a node was recorded by hand; whatever is raised, the graph is as before.

    >>> x = Value(2.0)
    >>> y = x * x
    >>> x.data = 5.0
    >>> y.forward().data
    25.0
    """
    number_of(self, "forward()")
    interior, leaves = topological_order(self)
    for v in interior:
        if v._primitive.by_hand:
            raise ValueError(f"forward() cannot recompute {shown(v)}: operation {v.op!r} was recorded by hand")
    data = {v: v._data for v in leaves}
    captured = []
    for v in interior:
        xs = [data[p] for p in v._parents]
        data[v] = y = v._primitive.evaluate(xs)
        captured.append(v._primitive.captured(y, xs))

    def store() -> None:
        for v, kept in zip(interior, captured):
            v._data, v._captured = data[v], kept

    _whole(store)
    return self


def zero_grad(self: Value) -> None:
    """Set `grad` to 0.0 here and at every node this one was computed from."""
    interior, leaves = topological_order(self)

    def store() -> None:
        for v in (*interior, *leaves):
            v._grad = 0.0

    _whole(store)


def _whole(store: Callable[[], None]) -> None:
    """Run `store` to its end, also if Ctrl-C comes between. It may be run twice."""
    try:
        store()
    except BaseException:
        store()
        raise


for _method in (backward, forward, zero_grad):
    setattr(Value, _method.__name__, _method)

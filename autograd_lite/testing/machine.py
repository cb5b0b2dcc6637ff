"""A state machine that uses the engine as people do, in any order, against a naive reference.

Subclass it and add rules of your own; `GraphMachine.TestCase` is a test that pytest collects.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from autograd_lite.core.value import Value

Partials = Callable[..., tuple[float, ...]]

OPERATIONS: dict[str, tuple[Callable[..., Any], Callable[..., float], Partials]] = {
    # over Values, over floats, and the partial derivatives, written out
    "+": (lambda a, b: a + b, lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "-": (lambda a, b: a - b, lambda a, b: a - b, lambda a, b: (1.0, -1.0)),
    "*": (lambda a, b: a * b, lambda a, b: a * b, lambda a, b: (b, a)),
    "sin": (lambda a: a.sin(), math.sin, lambda a: (math.cos(a),)),
    "tanh": (lambda a: a.tanh(), math.tanh, lambda a: (1.0 - math.tanh(a) ** 2,)),
    "relu": (lambda a: a.relu(), lambda a: max(a, 0.0), lambda a: (float(a > 0.0),)),
}


class Entry(NamedTuple):
    """What the reference knows of a node: how it was made, and from which entries."""

    op: str
    operands: tuple[int, ...]


class GraphMachine(RuleBasedStateMachine):
    """Builds graphs, reuses nodes, runs backward, zeroes, edits leaves, detaches and replays.

    `nodes[i]` is a Value and `entries[i]`, `data[i]`, `grads[i]` what the reference holds of it: operations by number,
    floats, and the gradient that each node should have. The reference differentiates by summing over all paths.

    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> few = settings(max_examples=2, stateful_step_count=8, database=None)
    >>> run_state_machine_as_test(GraphMachine, settings=few)
    """

    indices = Bundle("indices")

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Value] = []
        self.entries: list[Entry] = []
        self.data: list[float] = []
        self.recorded: list[tuple[float, ...]] = []  # the operands' data when the node was recorded or replayed
        self.grads: list[float] = []

    def add(self, node: Value, op: str, operands: tuple[int, ...], data: float) -> int:
        """Take a new node into the reference; returns its number."""
        self.nodes.append(node)
        self.entries.append(Entry(op, operands))
        self.data.append(data)
        self.recorded.append(tuple(self.data[i] for i in operands))
        self.grads.append(0.0)
        return len(self.nodes) - 1

    def ancestors(self, index: int) -> list[int]:
        """The node itself and all it was computed from, parents first."""
        found = {index}
        for i in range(index, -1, -1):
            if i in found:
                found.update(self.entries[i].operands)
        return sorted(found)

    def derivative(self, index: int, of: int) -> float:
        """d nodes[of] / d nodes[index], from the operands as they were recorded."""
        rate = {index: 1.0}
        for i in range(index + 1, of + 1):
            op, operands = self.entries[i]
            if operands:
                partials = OPERATIONS[op][2](*self.recorded[i])
                rate[i] = sum(d * rate.get(k, 0.0) for d, k in zip(partials, operands))
        return rate.get(of, 0.0)

    @initialize(target=indices, x=st.floats(-2.0, 2.0))
    def first_leaf(self, x: float) -> int:
        return self.leaf(x)

    @rule(target=indices, x=st.floats(-2.0, 2.0))
    def new_leaf(self, x: float) -> int:
        return self.leaf(x)

    def leaf(self, x: float) -> int:
        return self.add(Value(x), "", (), x)

    @rule(target=indices, op=st.sampled_from(sorted(OPERATIONS)), a=indices, b=indices)
    def build(self, op: str, a: int, b: int) -> int:
        over_values, over_floats, partials = OPERATIONS[op]
        operands = (a, b)[: partials.__code__.co_argcount]
        node = over_values(*[self.nodes[i] for i in operands])
        return self.add(node, op, operands, over_floats(*[self.data[i] for i in operands]))

    @rule(index=indices)
    def backward(self, index: int) -> None:
        for i in self.ancestors(index):
            derivative = self.derivative(i, index)
            self.grads[i] = self.grads[i] + derivative if not self.entries[i].operands else derivative
        self.nodes[index].backward()

    @rule(index=indices)
    def zero(self, index: int) -> None:
        self.nodes[index].zero_grad()
        for i in self.ancestors(index):
            self.grads[i] = 0.0

    @rule(index=indices, x=st.floats(-2.0, 2.0))
    def edit_leaf(self, index: int, x: float) -> None:
        if not self.entries[index].operands:
            self.nodes[index].data = self.data[index] = x

    @rule(target=indices, index=indices)
    def detach(self, index: int) -> int:
        return self.add(self.nodes[index].detach(), "", (), self.data[index])

    @rule(index=indices)
    def replay(self, index: int) -> None:
        self.nodes[index].forward()
        for i in self.ancestors(index):
            op, operands = self.entries[i]
            if operands:
                self.recorded[i] = tuple(self.data[k] for k in operands)
                self.data[i] = OPERATIONS[op][1](*self.recorded[i])

    @invariant()
    def agrees_with_the_reference(self) -> None:
        for i, node in enumerate(self.nodes):
            assert math.isclose(node.data, self.data[i], rel_tol=1e-12, abs_tol=1e-12), (i, node.data, self.data[i])
            assert math.isclose(node.grad, self.grads[i], rel_tol=1e-9, abs_tol=1e-9), (i, node.grad, self.grads[i])

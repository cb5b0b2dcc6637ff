"""Copies, pickles and the end of a node, without recursion: a graph may be a million nodes deep."""

import copy as standard
import sys
from typing import Any

from autograd_lite.core.primitives import CONSTANT, PRIMITIVES, Primitive
from autograd_lite.core.value import COPYING, Value, build, leaf_kind, number_of, topological_order

Attributes = dict[str, Any] | None
Step = tuple[str, float, float, tuple[int, ...], tuple[float, ...], Attributes]


def copy(v: Value) -> Value:
    """`copy.copy(v)`: a new node with the same parents."""
    return _node(type(v), number_of(v, COPYING), v._grad, _primitive(v), v._parents, _captured(v), v.__dict__)


def deepcopy(v: Value, memo: dict[int, Any]) -> Value:
    """`copy.deepcopy(v)`: the node and all it was computed from."""
    number_of(v, COPYING)
    interior, leaves = topological_order(v)
    nodes = [u for u in leaves + interior if id(u) not in memo]
    for u in nodes:
        parents = tuple(memo[id(p)] for p in u._parents)
        memo[id(u)] = _node(type(u), u._data, u._grad, _primitive(u), parents, _captured(u), None)
    for u in nodes:  # a gradient that is a graph may lead back here, so only once all nodes have their copies
        twin = memo[id(u)]
        if not isinstance(u._grad, float):
            twin._grad = standard.deepcopy(u._grad, memo)
        if u.__dict__:
            twin.__dict__.update(standard.deepcopy(_attributes(u), memo))
    return memo[id(v)]  # type: ignore[no-any-return]


def reduce(v: Value) -> tuple[Any, ...]:
    """`pickle.dumps(v)`: leaves as objects, so that one shared with others stays shared; the rest as a flat list."""
    number_of(v, COPYING)
    interior, leaves = topological_order(v)
    for u in (*leaves, *interior):
        if isinstance(u._grad, type(v)):
            raise TypeError(f"cannot pickle {u!r}: its grad is a graph; call zero_grad() or pickle .grad.data")
        if u._parents and u._primitive is not PRIMITIVES.get(u._primitive.name):
            how = "was recorded by hand" if u._primitive.by_hand else "is not in the table of operations"
            raise TypeError(f"cannot pickle {u!r}: operation {u.op!r} {how}; pickle detach() of it")
    if not v._parents:
        return _leaf, (type(v), v._data, v._grad, v._primitive is CONSTANT, _attributes(v))
    inputs = [u for u in leaves if u._primitive is not CONSTANT]
    constants = [u for u in leaves if u._primitive is CONSTANT]
    index = {u: i for i, u in enumerate(inputs + constants + interior)}
    steps = [
        (u.op, u._data, u._grad, tuple(index[p] for p in u._parents), u._captured, _attributes(u)) for u in interior
    ]
    return _graph, (type(v), inputs, [u._data for u in constants], steps)


_dying: list[Any] = []
_letting_go = False


def release(v: Value) -> None:
    """What a node does as it dies in a browser: lets go of its parents when those before it are done with theirs.

    Else a node that dies takes its parents along, they theirs, and so on through the whole graph. Python keeps watch
    over the stack for that, but of a browser's it sees only a part, and a few thousand nodes end the kernel.
    """
    global _letting_go
    if not getattr(v, "_parents", ()):  # there are none yet if what it was made of was refused
        return
    _dying.append((v._parents, v.__dict__))  # whose entries may be parents too
    v._parents, v.__dict__ = (), {}
    if _letting_go:
        return
    _letting_go = True
    try:
        while _dying:
            _dying.pop()
    finally:
        _letting_go = False


def _primitive(v: Value) -> Primitive:
    """That of a copy: a copy of a leaf is a leaf made here."""
    return leaf_kind() if not v._parents and v._primitive is not CONSTANT else v._primitive


def _captured(v: Value) -> tuple[float, ...]:
    return v._captured if v._parents else ()


def _attributes(v: Value) -> dict[str, Any]:
    """What users attached to the node. The scopes that modules note lead back into the graph, and stay behind."""
    return {name: x for name, x in v.__dict__.items() if name != "scopes"}


def _leaf(kind: type[Value], data: float, grad: float, is_constant: bool, attributes: Attributes) -> Value:
    return _node(kind, data, grad, CONSTANT if is_constant else leaf_kind(), (), (), attributes)


def _graph(kind: type[Value], inputs: list[Value], constants: list[float], steps: list[Step]) -> Value:
    nodes = inputs + [_leaf(kind, x, 0.0, True, None) for x in constants]
    for op, data, grad, indices, captured, attributes in steps:
        if op not in PRIMITIVES:
            raise ValueError(f"cannot unpickle operation {op!r}: declare it with primitive() first")
        nodes.append(_node(kind, data, grad, PRIMITIVES[op], tuple(nodes[i] for i in indices), captured, attributes))
    return nodes[-1]


def _node(
    kind: type[Value], data: float, grad: Any, primitive: Any, parents: Any, captured: Any, attributes: Any
) -> Value:
    node = build(kind, data, primitive, parents, captured)
    node._grad = grad
    if attributes:
        node.__dict__.update(attributes)
    return node


for _name, _method in (("__copy__", copy), ("__deepcopy__", deepcopy), ("__reduce__", reduce)):
    setattr(Value, _name, _method)
if sys.platform == "emscripten":
    Value.__del__ = release  # type: ignore[attr-defined]

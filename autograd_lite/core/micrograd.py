"""What is there for programs written for micrograd, for its lecture, and for the 200-line GPT scripts in its style.

They spell a node's fields `_prev`, `_op`, `_backward`, or `_children`, `_local_grads`, and record nodes of their own:
with local derivatives, `Value(d, (a, b), (da, db))`, or with a name and a function that pushes gradients,
`v._backward = push`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.backward import run_closure
from autograd_lite.core.checks import as_float, as_list, shown
from autograd_lite.core.primitives import CONSTANT, Primitive
from autograd_lite.core.value import NO_WORD, Value, active, leaf_kind, number_of

LOCAL = Primitive("local", as_float, lambda g, *slopes: [g * slope for slope in slopes], "", "", by_hand=True)


def record_as_told(node: Value, _children: Any, _op: Any, children: Any, local_grads: Any) -> None:
    """What `Value()` does with its second and third argument, each by one of its two names."""
    for first, second, default, names in (
        (_children, children, None, "_children and children"),
        (_op, local_grads, NO_WORD, "_op and local_grads"),
    ):
        if first is not default and second is not default:
            raise TypeError(f"Value() was given {names}, two names of one argument: pass one of them")
    parents = _children if children is None else children
    record_by_hand(node, () if parents is None else parents, _op if local_grads is NO_WORD else local_grads)


def record_by_hand(node: Value, children: Iterable[Any], op: Any) -> None:
    """Make the leaf `node` one that was computed from `children`: by an operation's name or its local derivatives."""
    if not isinstance(children, (tuple, set, frozenset)):  # micrograd's own scripts pass sets
        children = as_list(children, "Value(_children)", "Values")
    parents = tuple(children)
    for p in parents:
        if not isinstance(p, Value):
            raise TypeError(f"Value(_children) must hold Values, not {shown(p)}: wrap the number, Value({shown(p)})")
    modes = active()
    if modes:
        for p in parents:
            number_of(p, "recording a Value by hand")
    if op.__class__ is tuple and parents and len(op) == len(parents):  # the usual case, and quick
        for x in op:
            if x.__class__ is not float:
                op = tuple([as_float(x, "Value(_op) local derivative") for x in op])
                break
        node._primitive, node._captured = LOCAL, op
    elif isinstance(op, str):
        node._primitive = _named(op, len(parents)) if parents or op else leaf_kind()
        node._captured = ()
    elif isinstance(op, (tuple, list)) and len(op) == len(parents):
        record_by_hand(node, parents, tuple(op)) if parents else None
    else:
        raise TypeError(
            f"Value(_op) must be an operation's name or a tuple of {len(parents)} local derivatives, "
            f"one for each of _children, not {shown(op)}"
        )
    node._parents = parents
    for mode in modes:
        if not mode.ended:
            mode.look(node, node.op, parents)


def _named(name: str, count: int) -> Primitive:
    def vjp(g: float) -> Sequence[float]:
        if not count:
            return ()
        raise ValueError(
            f"operation {name!r} was recorded without a local derivative: assign the node's `_backward`, "
            "or pass Value a tuple of local derivatives"
        )

    return Primitive(name, as_float, vjp, "", "", by_hand=True)


def by_hand_partials(v: Value, start: float) -> list[float]:
    """The partial derivatives of a node recorded by hand, whose closure may add them to its parents' `grad` itself.

    It starts from `start` there; a parent that is there twice receives all of it in its first place.
    """
    push = _push_of(v)
    return list(run_closure(v, 1.0)) if push is None else _pushed(1.0, v, push, start)


def _push_of(v: Value) -> Callable[[], None] | None:
    """The function assigned to `_backward`, which the node then keeps beside itself."""
    return v._captured[1] if v._primitive.vjp is _pushed else None  # type: ignore[return-value]


def _pushed(g: float, node: Value, push: Callable[[], None], start: float = 0.0) -> list[float]:
    """What `push` adds to the grad of each of the node's parents, while the node's own grad is g."""
    before = [(u, u._grad) for u in (node, *node._parents)]

    def restore() -> None:
        for u, old in before:
            u._grad = old

    try:
        for u in node._parents:
            u._grad = start
        node._grad = g
        push()
        handed = []
        for parent in node._parents:
            handed.append(parent._grad - start)
            parent._grad = start
        restore()
        return handed
    except BaseException:
        restore()
        raise


def _backward(self: Value) -> Callable[[], None]:
    """Push this node's `grad` one step, onto its parents' `grad`: backpropagation by hand."""

    def push() -> None:
        if self._parents:
            for parent, contribution in zip(self._parents, run_closure(self, self._grad)):
                parent._grad += contribution

    return _push_of(self) or push


def _set_backward(self: Value, push: Callable[[], None]) -> None:
    self._primitive = Primitive(self.op, as_float, _pushed, "", "", by_hand=True)
    self._captured = (self, push)  # type: ignore[assignment]


def _op(self: Value) -> str:
    """The operation as micrograd spells it: "ReLU", and "**2" for a constant power."""
    if "_op" in self.__dict__:
        return str(self.__dict__["_op"])
    if self._primitive is table.pow and self._parents[1]._primitive is CONSTANT:
        return f"**{self._parents[1]._data:g}"
    return "ReLU" if self._primitive is table.relu else self.op


def _set_op(self: Value, name: str) -> None:
    self.__dict__["_op"] = name


def _prev(self: Value) -> set[Value]:
    """The set of parents, as micrograd has it."""
    return set(self._parents)


def _set_prev(self: Value, parents: Iterable[Value]) -> None:
    push = _push_of(self)
    record_by_hand(self, tuple(parents), self.__dict__.get("_op", self.op))
    if push is not None:
        _set_backward(self, push)


def _children(self: Value) -> tuple[Value, ...]:
    """The parents in operand order, as the GPT scripts have them."""
    return self._parents


def _local_grads(self: Value) -> tuple[float, ...]:
    """The partial derivative of this node in each of its parents."""
    return tuple(run_closure(self, 1.0)) if self._parents else ()


def install() -> None:
    """Give Value what such programs use."""
    members: dict[str, Any] = {
        "_record_by_hand": record_as_told,
        "_backward": property(_backward, _set_backward),
        "_op": property(_op, _set_op),
        "_prev": property(_prev, _set_prev),
        "_children": property(_children),
        "_local_grads": property(_local_grads),
    }
    for name, member in members.items():
        setattr(Value, name, member)


install()

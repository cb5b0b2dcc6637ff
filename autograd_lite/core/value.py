"""The engine: a `Value` is a float that remembers how it was computed.

Every operation records a node: its value, its parents (the operands) and a local backward closure, which turns the
gradient at the node into what each parent receives. `backward()` walks the graph from the output in reverse
topological order and runs the closures (`backward.py`). That is the chain rule, and all of backpropagation.

A closure is a function together with what it captured. Here the function is the primitive's `vjp`, shared by all its
nodes, and a node keeps the captured floats beside it: one small tuple, where a Python function object for each node
would double the work of the cycle collector. Floats, not nodes, were captured: so a graph holds no reference cycles and
dies with its root, and an edit of `.data` after the recording cannot make a gradient silently wrong.
"""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from math import nan
from numbers import Number as AnyNumber
from typing import Any, NoReturn, TypeAlias, Union

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, formatted, shown
from autograd_lite.core.methods import Methods
from autograd_lite.core.primitives import CONSTANT, LEAF, Primitive

Number: TypeAlias = Union["Value", float]
Nodes: TypeAlias = Iterable["Value"]
Op: TypeAlias = str | Sequence[float]
DETACHING = "cutting a Value off from its graph, by detach() or no_grad(),"
NO_WORD = ""  # asked for by `is`, which is quick, and safe with whatever a user passes
COPYING = "copying or pickling a Value"
EQUALITY = "asking whether a Value equals something"
new = object.__new__


class Value(Methods):
    """A number in a computation graph.

    `data` is the value, any real number. `grad` is the derivative of the output that `backward()` was called on with
    respect to this node, 0.0 before. `label` is a name for pictures and errors. Operators work with Values and numbers
    on either side, and every function of the package is a method too. Order comparisons compare `data`, `==` with a
    number too; `==` between Values is identity, as hash is, except where a transform runs a function of numbers.

    The second and third arguments, also called `children` and `local_grads`, record a node by hand: its parents, with a
    tuple of local derivatives or with the operation's name (then assign `_backward`). Raises TypeError for data that is
    no real number.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + 10
    >>> c.backward()
    >>> c, a, b.grad
    (Value(data=4.0, grad=1.0), Value(data=2.0, grad=-3.0, label='a'), 2.0)
    """

    __slots__ = ("__dict__", "_adjoint", "_captured", "_data", "_grad", "_parents", "_primitive")

    label = ""  # on the class: a node spends memory on a label only if it has one
    _data: float
    _grad: Any  # a float; a Value after backward(create_graph=True)
    _adjoint: float  # during a backward pass, what has arrived so far
    _primitive: Primitive
    _parents: tuple["Value", ...]
    _captured: tuple[float, ...]  # not of a leaf

    def __init__(
        self, data: float, _children: Nodes | None = None, _op: Op = NO_WORD, label: str | None = None,
        children: Nodes | None = None, local_grads: Op = NO_WORD,
    ) -> None:  # fmt: skip
        self._data = data if type(data) is float else as_float(data, "Value(data)")
        self._grad = 0.0
        self._primitive = leaf_kind()
        self._parents = ()
        if label is not None:
            if not isinstance(label, str):
                raise TypeError(f"Value(label) must be a string, not {shown(label)}")
            self.label = label
        if _children is not None or _op is not NO_WORD or children is not None or local_grads is not NO_WORD:
            self._record_by_hand(_children, _op, children, local_grads)

    @property
    def data(self) -> float:
        """The value, a float. Any real number can be assigned; what was computed from it before stays as it is."""
        return number_of(self) if active() else self._data

    @data.setter
    def data(self, x: float) -> None:
        x = as_float(x, "Value.data")
        if active():
            number_of(self, "setting a Value's number")
        self._data = x

    @property
    def grad(self) -> Any:
        """The gradient, a float; a Value after `backward(create_graph=True)`. Assigning None means 0.0."""
        if active():
            number_of(self, "reading a Value's gradient")
        return self._grad

    @grad.setter
    def grad(self, g: Any) -> None:
        if active():
            number_of(self, "setting a Value's gradient")
        self._grad = g if isinstance(g, Value) else 0.0 if g is None else as_float(g, "Value.grad")

    def item(self) -> float:
        """The plain float, as `data`."""
        return self.data

    def detach(self) -> "Value":
        """A new leaf with the same data: no gradient flows through it."""
        return Value(number_of(self, DETACHING))

    # --- the graph ---------------------------------------------------------------------------------------------------

    @property
    def parents(self) -> tuple["Value", ...]:
        """The operands this node was computed from, in order: `x * x` has two. Empty for a leaf."""
        return self._parents

    @property
    def op(self) -> str:
        """The operation's name in the table, "" for a leaf."""
        return self._primitive.name

    def _apply_primitive(self, primitive: Primitive, operands: tuple[Any, ...]) -> "Value":
        """What calling a primitive does where a Value is among the operands."""
        name = primitive.name
        return record(primitive, tuple([as_value(x, f"operand {i} of {name}") for i, x in enumerate(operands)]))

    # --- what Python asks of an object -------------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        if not is_known(self):
            return f"Value(data=?, op={self.op!r}{label})"
        grad = self._grad._data if isinstance(self._grad, Value) else self._grad
        return f"Value(data={self._data}, grad={grad}{label})"

    def __format__(self, spec: str) -> str:
        if isinstance(spec, str) and not spec:
            return repr(self)
        return formatted(number_of(self, "formatting a Value's number"), spec)

    def __lt__(self, other: Number) -> Any:
        return _compare(table.greater, other, self)

    def __le__(self, other: Number) -> Any:
        return _compare(table.greater_equal, other, self)

    def __gt__(self, other: Number) -> Any:
        return _compare(table.greater, self, other)

    def __ge__(self, other: Number) -> Any:
        return _compare(table.greater_equal, self, other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value):
            return self is other if leaf_kind() is LEAF else number_of(self, EQUALITY) == number_of(other, EQUALITY)
        return number_of(self, EQUALITY) == other if isinstance(other, (float, AnyNumber)) else NotImplemented

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return number_of(self, "branching on a Value") != 0.0

    def __float__(self, *digits: Any) -> NoReturn:
        number_of(self, "using a Value as a plain number or index")
        remedy = "for functions of `math` use those of autograd_lite, sin(v) or v.sin(); for the number itself v.data"
        raise TypeError(f"a Value is no plain float, since its gradient would be lost: {remedy}")

    __int__ = __index__ = __round__ = __trunc__ = __float__


def topological_order(
    *roots: Value, stop: Iterable[Value] = (), clear: bool = False
) -> tuple[list[Value], list[Value]]:
    """The nodes that `roots` were computed from: those with parents, each after its parents; and the leaves.

    Nodes in `stop` are left out, and the walk goes no further there. With `clear` it makes the adjoints 0 on its way,
    since each further pass over a large graph waits for memory. It is depth-first, with an explicit stack on which
    None marks that all a node depends on is done.
    """
    interior: list[Value] = []
    leaves: list[Value] = []
    seen: set[Value] = set(stop)
    stack: list[Value | None] = [*roots]
    while stack:
        v = stack.pop()
        if v is None:
            interior.append(stack.pop())  # type: ignore[arg-type]
        elif v not in seen:
            seen.add(v)
            if clear:
                v._adjoint = 0.0
            if v._parents:
                stack.append(v)
                stack.append(None)
                stack.extend(v._parents)
            else:
                leaves.append(v)
    return interior, leaves


# --- recording -----------------------------------------------------------------------------------------------------


def record(primitive: Primitive, parents: tuple[Value, ...], modes: "Modes | None" = None) -> Value:
    """A new node, `primitive` applied to `parents`: as the innermost mode has it, by default all of the context."""
    modes = active() if modes is None else modes
    while modes and modes[-1].ended:  # it counts no more
        modes = modes[:-1]
    if modes:
        return modes[-1].record(primitive, parents, modes[:-1])  # type: ignore[no-any-return]
    xs = tuple([p._data for p in parents])
    y = primitive.evaluate(xs)
    return build(Value, y, primitive, parents, primitive.captured(y, xs))


def variable(x: Number, modes: "Modes | None" = None) -> Value:
    """A node that nothing depends on yet, for the number x; connected to x if x is a Value."""
    modes = active() if modes is None else modes
    while modes and modes[-1].ended:
        modes = modes[:-1]
    if modes:
        return modes[-1].variable(x, modes[:-1])  # type: ignore[no-any-return]
    return record(table.identity, (x,), ()) if isinstance(x, Value) else Value(x)


def constant(x: float) -> Value:
    """A leaf for a number that a user wrote into an expression."""
    return build(Value, x, CONSTANT, (), ())


def build(
    kind: type[Value], y: float, primitive: Primitive, parents: tuple[Value, ...], captured: tuple[float, ...]
) -> Value:
    """A node with these fields."""
    node: Value = new(kind)
    node._data = y
    node._grad = 0.0
    node._primitive = primitive
    node._parents = parents
    node._captured = captured
    return node


def is_constant(v: Value) -> bool:
    """Whether the node stands for a number written into an expression."""
    return v._primitive is CONSTANT


def as_value(x: Number, argument: str = "operand") -> Value:
    """x itself, or a constant for the number x."""
    return x if isinstance(x, Value) else constant(as_float(x, argument))


def as_data(x: Number) -> float:
    """The plain number; nan for a number that is only known later, when a recorded function runs."""
    return x if not isinstance(x, Value) else x._data if is_known(x) else nan


# --- modes: what else recording may be, in one context (a thread's, an asyncio task's) -----------------------------


Modes: TypeAlias = tuple[Any, ...]  # of `Mode`, see modes.py
_modes: ContextVar[Modes] = ContextVar("modes", default=())
_leaf_kind: ContextVar[Primitive] = ContextVar("leaf_kind", default=LEAF)
active = _modes.get  # the modes of this context, the innermost last
leaf_kind = _leaf_kind.get  # what new leaves are: LEAF, or a kind of its own while a transform runs a function


def hidden_by(v: Value) -> Any:
    """The mode for which the node's number is known only later, if there is one."""
    for mode in active():
        if not mode.ended and mode.hides(v):
            return mode
    return None


def is_known(x: Any) -> bool:
    """Whether the number is known now; a Value's may be known only later, when a recorded function runs."""
    return not isinstance(x, Value) or hidden_by(x) is None


def number_of(v: Value, use: str = "reading a Value's number") -> float:
    """The node's number; an error that names its use where it is known only later."""
    mode = hidden_by(v)
    if mode is not None:
        mode.refuse(v, use)
    return v._data


def _compare(primitive: Primitive, a: Number, b: Number) -> Any:
    """A bool; where a number is known only later, a condition for `where`."""
    if active() and not (is_known(a) and is_known(b)):
        return primitive(a, b)
    x = a._data if isinstance(a, Value) else as_float(a, "what a Value is compared with")
    y = b._data if isinstance(b, Value) else as_float(b, "what a Value is compared with")
    return x > y if primitive is table.greater else x >= y

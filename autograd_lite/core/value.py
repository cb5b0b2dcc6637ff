"""The engine: a `Value` is a float that remembers how it was computed.

Every operation records a node: its value, its parents (the operands) and a local backward closure, which turns the
gradient at the node into what each parent receives. `backward()` walks the graph from the output in reverse
topological order and runs the closures. That is the chain rule, and all of backpropagation.

A closure is a function together with what it captured. Here the function is the primitive's `vjp`, shared by all its
nodes, and a node keeps the captured floats beside it: one small tuple, where a Python function object for each node
would double the work of the cycle collector. Floats, not nodes, were captured: so a graph holds no reference cycles and
dies with its root, and an edit of `.data` after the recording cannot make a gradient silently wrong.
"""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float
from autograd_lite.core.primitives import CONSTANT, LEAF, Primitive, by_hand, run_ieee

Number: TypeAlias = Union["Value", float]
Recorder: TypeAlias = Callable[[Primitive, tuple["Value", ...]], "Value"]
Watch: TypeAlias = Callable[["Value", Iterable[Any]], None]

recorder: Recorder | None = None  # how operations are recorded; None is the ordinary way. See modes.py
watch: Watch | None = None  # what looks at each closure's result during backward(); None for nothing
new = object.__new__


class Value:
    """A number in a computation graph.

    `data` is the value, any real number. `grad` is the derivative of the output that `backward()` was called on with
    respect to this node, 0.0 before. `label` is a name for pictures and errors. Operators work with Values and numbers
    on either side, and every function of the package is a method too. Comparisons compare `data`; `==` is identity.

    The second and third arguments record a node by hand: its parents, with a tuple of local derivatives or with the
    operation's name (then assign `_backward`). Raises TypeError for data that is no real number.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + 10
    >>> c.backward()
    >>> c, a, b.grad
    (Value(data=4.0, grad=1.0), Value(data=2.0, grad=-3.0, label='a'), 2.0)
    """

    __slots__ = ("__dict__", "_captured", "_parents", "_primitive", "data", "grad")

    _is_known = True  # whether `data` has its number now
    label = ""  # on the class: a node spends memory on a label only if it has one
    data: float
    grad: Any  # a float; a Value after backward(create_graph=True)
    _primitive: Primitive
    _parents: tuple["Value", ...]
    _captured: tuple[float, ...]

    def __init__(
        self, data: float, _children: Iterable["Value"] = (), _op: str | tuple[float, ...] = "", label: str = ""
    ) -> None:
        y = as_float(data, "Value(data)")
        parents = tuple(_children)
        primitive = by_hand(_op, parents, Value) if parents or _op != "" else LEAF
        self.data = y
        self.grad = 0.0
        self._primitive = primitive
        self._parents = parents
        self._captured = ()
        if label:
            self.label = label

    # --- the graph ---------------------------------------------------------------------------------------------------

    @property
    def parents(self) -> tuple["Value", ...]:
        """The operands this node was computed from, in order: `x * x` has two. Empty for a leaf."""
        return self._parents

    @property
    def op(self) -> str:
        """The operation's name in the table, "" for a leaf."""
        return self._primitive.name

    def backward(self, gradient: Number = 1.0, *, create_graph: bool = False) -> None:
        """Differentiate this node with respect to every node it was computed from, by reverse accumulation.

        The adjoint of a node is dself/dnode times `gradient`. Leaves add it to their `grad`, so that a second call adds
        the same amount again; nodes in between are set to it. An adjoint that is exactly zero stops there. With
        `create_graph=True` the grads are Values, computed from the graph as it is now, and can be differentiated again.

        >>> x = Value(3.0)
        >>> (x ** 2).backward(create_graph=True)
        >>> slope, x.grad = x.grad, 0.0
        >>> slope.backward()
        >>> slope.data, x.grad
        (6.0, 2.0)
        """
        if not (create_graph and isinstance(gradient, Value)):
            gradient = as_float(gradient, "backward(gradient)")
        interior, leaves = topological_order(self)
        before = [leaf.grad for leaf in leaves]
        for v in (*interior, *leaves):
            v.grad = 0.0
        self.grad = gradient
        try:
            (sweep_recording if create_graph else sweep)(interior)
        except BaseException:
            for leaf, old in zip(leaves, before, strict=True):
                leaf.grad = old
            raise
        for leaf, old in zip(leaves, before, strict=True):
            if leaf._primitive is CONSTANT:
                leaf.grad = 0.0
            elif old != 0.0:
                leaf.grad = old + leaf.grad
        if create_graph:
            for v in (*interior, *leaves):
                v.grad = as_value(v.grad)

    @property
    def _prev(self) -> set["Value"]:
        """The set of parents, as micrograd has it."""
        return set(self._parents)

    @property
    def _op(self) -> str:
        """The operation as micrograd spells it: "ReLU", and "**2" for a constant power."""
        if self._primitive is table.pow and self._parents[1]._primitive is CONSTANT:
            return f"**{self._parents[1].data:g}"
        return "ReLU" if self._primitive is table.relu else self._primitive.name

    @property
    def _backward(self) -> Callable[[], None]:
        """Push this node's `grad` one step, onto its parents' `grad`: backpropagation by hand."""
        return lambda: sweep([self]) if self._parents else None

    @_backward.setter
    def _backward(self, push: Callable[[], None]) -> None:
        self._primitive = by_hand(self._primitive.name, self._parents, Value, push)
        self._captured = ()

    def forward(self) -> "Value":
        """Compute this node again, and all it depends on, from the leaves' present `data`; returns the node.

        Recorded operations are replayed as they are: a Python `if` that chose one of them is not asked again.

        >>> x = Value(2.0)
        >>> y = x * x
        >>> x.data = 5.0
        >>> y.forward().data
        25.0
        """
        interior, _ = topological_order(self)
        for v in interior:
            if not v._primitive.form:
                raise ValueError(f"forward() cannot recompute {v!r}: operation {v.op!r} was recorded by hand")
        for v in interior:
            xs = [p.data for p in v._parents]
            v.data = v._primitive.evaluate(xs)
            v._captured = v._primitive.captured(v.data, xs)
        return self

    def zero_grad(self) -> None:
        """Set `grad` to 0.0 here and at every node this one was computed from."""
        for nodes in topological_order(self):
            for v in nodes:
                v.grad = 0.0

    def detach(self) -> "Value":
        """A new leaf with the same data: no gradient flows through it."""
        return Value(self.data)

    def item(self) -> float:
        """The plain float."""
        return self.data

    def _stop(self, contribution: Number) -> Number:
        return 0.0 if self.data == 0.0 and not isfinite(as_data(contribution)) else contribution

    # --- what Python asks of an object -------------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad = self.grad.data if isinstance(self.grad, Value) else self.grad
        return f"Value(data={self.data}, grad={grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __lt__(self, other: Number) -> bool:
        return self.data < as_data(other)

    def __le__(self, other: Number) -> bool:
        return self.data <= as_data(other)

    def __gt__(self, other: Number) -> bool:
        return self.data > as_data(other)

    def __ge__(self, other: Number) -> bool:
        return self.data >= as_data(other)

    def __bool__(self) -> bool:
        return self.data != 0.0

    if TYPE_CHECKING:  # the operators, and every row of the table as a method, come from the table: see operators.py

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Number) -> "Value": ...
        def __sub__(self, other: Number) -> "Value": ...
        def __mul__(self, other: Number) -> "Value": ...
        def __truediv__(self, other: Number) -> "Value": ...
        def __pow__(self, other: Number) -> "Value": ...
        def __neg__(self) -> "Value": ...
        def __abs__(self) -> "Value": ...

        __radd__, __rsub__, __rmul__, __rtruediv__, __rpow__ = __add__, __sub__, __mul__, __truediv__, __pow__


def topological_order(*roots: Value, stop: Iterable[Value] = ()) -> tuple[list[Value], list[Value]]:
    """The nodes that `roots` were computed from: those with parents, each after its parents; and the leaves.

    Nodes in `stop` are left out, and the walk goes no further there. It is depth-first, with an explicit stack on which
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
            if v._parents:
                stack.append(v)
                stack.append(None)
                stack.extend(v._parents)
            else:
                leaves.append(v)
    return interior, leaves


def sweep(interior: list[Value]) -> None:
    """The chain rule over floats: each node, outputs first, hands its adjoint on through its closure."""
    for v in reversed(interior):
        g = v.grad
        if g == 0.0:
            continue
        try:  # `run_closure`, written out: a call saved at every node
            contributions = v._primitive.vjp(g, *v._captured)
        except ArithmeticError:
            contributions = run_ieee(v._primitive.vjp, g, v._captured)
        if watch is not None:
            watch(v, contributions)
        if len(v._parents) == 2:  # nearly every node: unpacking is faster than the loop
            left, right = v._parents
            to_left, to_right = contributions
            left.grad += to_left
            right.grad += to_right
        else:
            for parent, contribution in zip(v._parents, contributions):
                parent.grad += contribution


def sweep_recording(interior: list[Value]) -> None:
    """The chain rule over Values: new closures, made of the nodes themselves, compute the adjoints as a graph."""
    for v in reversed(interior):
        g = v.grad
        if not isinstance(g, Value) and g == 0.0:
            continue
        contributions = run_closure_recording(v, g)
        if watch is not None:
            watch(v, contributions)
        for parent, contribution in zip(v._parents, contributions):
            if parent._primitive is CONSTANT:
                continue
            contribution = stopped(g, contribution)
            so_far = parent.grad
            parent.grad = so_far + contribution if isinstance(so_far, Value) or so_far != 0.0 else contribution


def stopped(g: Number, contribution: Number) -> Number:
    """What an adjoint g contributes: nothing where it is exactly zero, even if the local derivative is inf or nan."""
    if isinstance(g, Value):
        return g._stop(contribution)
    return 0.0 if g == 0.0 and not isfinite(as_data(contribution)) else contribution


def run_closure(v: Value, g: float) -> Sequence[float]:
    """What one closure hands to each parent for the adjoint `g`, over floats."""
    try:
        return v._primitive.vjp(g, *v._captured)
    except ArithmeticError:
        return run_ieee(v._primitive.vjp, g, v._captured)


def run_closure_recording(v: Value, g: Number) -> Sequence[Number]:
    """The same over Values: a new closure, made of the nodes themselves, so that the result can be differentiated."""
    if not v._primitive.form:
        raise TypeError(f"operation {v.op!r} was recorded by hand: its derivative cannot be differentiated again")
    operands = [p.data if p._primitive is CONSTANT else p for p in v._parents]
    try:
        return v._primitive.vjp(g, *v._primitive.captured(v, operands))
    except ArithmeticError:  # a constant of 0: once more with the constants as Values, which follow IEEE 754
        return v._primitive.vjp(as_value(g), *v._primitive.captured(v, v._parents))


# --- recording -----------------------------------------------------------------------------------------------------


def record(primitive: Primitive, parents: tuple[Value, ...]) -> Value:
    """A new node: `primitive` applied to `parents`."""
    if recorder is not None:
        return recorder(primitive, parents)
    xs = tuple([p.data for p in parents])
    return attach(primitive, parents, xs, primitive.forward(xs) if primitive.arity is None else primitive.forward(*xs))


def attach(primitive: Primitive, parents: tuple[Value, ...], xs: Sequence[float], y: float) -> Value:
    """A new node whose value y, `primitive` applied to the parents' numbers xs, is known."""
    node: Value = new(Value)
    node.data = y
    node.grad = 0.0
    node._primitive = primitive
    node._parents = parents
    node._captured = primitive.captured(y, xs)
    return node


def constant(x: float) -> Value:
    """A leaf for a number that a user wrote into an expression."""
    node: Value = new(Value)
    node.data = x
    node.grad = 0.0
    node._primitive = CONSTANT
    node._parents = ()
    node._captured = ()
    return node


def is_constant(v: Value) -> bool:
    """Whether the node stands for a number written into an expression."""
    return v._primitive is CONSTANT


def is_known(x: Any) -> bool:
    """Whether x has a number now: not so a Value that stands for a number of a program yet to run."""
    return not isinstance(x, Value) or x._is_known


def as_value(x: Number, argument: str = "operand") -> Value:
    return x if isinstance(x, Value) else constant(as_float(x, argument))


def _apply(primitive: Primitive, operands: tuple[Any, ...]) -> Number:
    """What calling a primitive does: a node if a Value is among the operands, else a float."""
    if primitive.arity not in (None, len(operands)):
        raise TypeError(f"{primitive.name} takes {primitive.arity} operands, got {len(operands)}: {operands!r}")
    if any(isinstance(x, Value) for x in operands):
        return record(primitive, tuple(as_value(x, f"operand {i} of {primitive.name}") for i, x in enumerate(operands)))
    return primitive.evaluate([as_float(x, f"operand {i} of {primitive.name}") for i, x in enumerate(operands)])


def as_data(x: Number) -> float:
    """The plain number; nan for a number that is only known later, when a recorded function runs."""
    return stored(x) if isinstance(x, Value) else x


stored: Callable[[Value], float] = Value.__dict__["data"].__get__  # the slot, under any property of a subclass


Primitive.RECORD = staticmethod(_apply)

"""Ways of recording: without a graph, with every number watched, with Python's cycle collector held off.

Modes belong to their context: a thread, an asyncio task. A block that is left takes back its own mode, so blocks may
end in another order than they began.
"""

import gc
from collections.abc import Callable, Generator, Iterable
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from math import isfinite
from threading import Lock, RLock
from typing import Any, NoReturn, TypeVar

from autograd_lite.core.checks import shown
from autograd_lite.core.primitives import LEAF, Primitive, kind_of_leaf
from autograd_lite.core.value import (
    Modes,
    Number,
    Value,
    _leaf_kind,
    _modes,
    active,
    as_data,
    is_constant,
    is_known,
    number_of,
    record,
    variable,
)

F = TypeVar("F", bound=Callable[..., Any])
COLLECTOR = RLock()  # Python has one for all threads
WAS_ON = "was on"
_resting: dict[object, bool] = {}  # the blocks of `no_gc` that are open; and whether the collector was on before them


class Mode:
    """How operations are recorded inside a block, and whether nodes have numbers there. This one: as outside it."""

    ended = False  # a block that was left counts no more, wherever a context still holds it
    watches = False  # whether `watch` is to be called

    def record(self, primitive: Primitive, parents: tuple[Value, ...], outer: Modes) -> Value:
        """A node for the operation; `outer` are the modes around this one."""
        return record(primitive, parents, outer)

    def variable(self, x: Number, outer: Modes) -> Value:
        """A node that nothing depends on yet, for the number x."""
        return variable(x, outer)

    def hides(self, v: Value) -> bool:
        """Whether the node's number is known only later."""
        return False

    def refuse(self, v: Value, use: str) -> NoReturn:
        """Say that a hidden number cannot be used so."""
        raise NotImplementedError

    def stop(self, g: Value, contribution: Number) -> Number:
        """The contribution of the hidden adjoint g, but 0 where that is 0."""
        raise NotImplementedError

    def look(self, node: Value, op: str, parents: tuple[Value, ...]) -> None:
        """Look at a node that was computed by `op` from `parents`."""

    def watch(self, node: Value, g: Number, contributions: Iterable[Any]) -> None:
        """Look at what a node's closure hands on for the adjoint g during a backward pass."""


class Block:
    """What `no_grad()` and its like return: for `with`, again and again; and a decorator, each call a block."""

    def __init__(self, name: str, block: Callable[[], Generator[None, None, None]]) -> None:
        self.name, self._block = name, block  # a generator: begun, what holds inside holds; closed, it does not
        self._open = block()
        self._free = Lock()

    def __enter__(self) -> None:
        if not self._free.acquire(blocking=False):
            raise RuntimeError(f"this {self.name}() is in use, in an outer block or another thread: write it once more")
        try:
            self._open = self._block()
            next(self._open)
        except BaseException:  # Ctrl-C, just now
            self.__exit__()
            raise

    def __exit__(self, *error: Any) -> None:
        try:
            self._open.close()
        finally:
            self._free.release()

    def __call__(self, f: F) -> F:
        if not callable(f) or isgeneratorfunction(f) or iscoroutinefunction(f) or isasyncgenfunction(f):
            raise TypeError(
                f"{self.name}() as a decorator takes a function that does its work when it is called, not {shown(f)}: "
                f"write `with {self.name}():` inside a generator or coroutine"
            )

        @wraps(f)
        def inside_block(*args: Any, **kwargs: Any) -> Any:
            with Block(self.name, self._block):
                return f(*args, **kwargs)

        return inside_block  # type: ignore[return-value]


def no_grad() -> Block:
    """Inside, operations compute values and record no graph: results are leaves. Also a decorator.

    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    return Block("no_grad", lambda: _recording_as(WithoutGraph()))


def detect_anomaly() -> Block:
    """Inside, the first value or gradient that is not finite raises a FloatingPointError saying where it arose.

    Functions that are jitted run as they were written, so that what happens in them is seen too.

    >>> with detect_anomaly():
    ...     Value(0.0, label="x").log()
    Traceback (most recent call last):
    FloatingPointError: log(x=0.0) is -inf
    """
    return Block("detect_anomaly", lambda: _recording_as(Anomaly()))


def no_gc() -> Block:
    """Inside, Python's cycle collector rests. Graphs hold no cycles, so nothing is lost, and recording is faster.

    Gradients left by `backward(create_graph=True)` are cycles: such passes call the collector now and then themselves.
    The collector belongs to all threads: it rests while one such block is open anywhere, and after the last has ended
    its setting is what it was before the first.

    >>> from autograd_lite import Value, sum
    >>> with no_gc():
    ...     loss = sum(Value(float(i)) ** 2 for i in range(1000))
    >>> loss.item()
    332833500.0
    """
    return Block("no_gc", _without_collector)


def _without_collector() -> Generator[None, None, None]:
    block = object()

    def leave() -> None:
        with COLLECTOR:
            _resting.pop(block, None)
            if {*_resting} == {WAS_ON}:
                gc.enable() if _resting[WAS_ON] else gc.disable()
                del _resting[WAS_ON]

    try:
        with COLLECTOR:
            _resting[block] = True
            _resting.setdefault(WAS_ON, gc.isenabled())
            gc.disable()
        yield
    finally:
        try:
            leave()
        except BaseException:  # Ctrl-C, just now
            leave()
            raise


def inside(mode: Mode) -> Block:
    """Inside the block, recording is as `mode` has it."""
    return Block(type(mode).__name__, lambda: _recording_as(mode))


def _recording_as(mode: Mode) -> Generator[None, None, None]:
    def leave() -> None:
        mode.ended = True
        _modes.set(tuple([m for m in active() if not m.ended]))

    try:
        _modes.set((*active(), mode))
        yield
    finally:
        try:
            leave()
        except BaseException:  # Ctrl-C, just now
            leave()
            raise


def as_numbers() -> Primitive:
    """From here on, to the end of this context, a graph is recorded and Values compare as numbers: for a transform.

    It returns the kind that new leaves are of in this context.
    """
    inside = kind_of_leaf()
    _leaf_kind.set(inside)
    if not is_recording():
        _modes.set((*active(), WithGraph()))
    return inside


def only(mode: Mode) -> None:
    """From here on, to the end of this context, recording is as `mode` has it, whatever is around."""
    _leaf_kind.set(LEAF)
    _modes.set((mode,))


def is_watched() -> bool:
    """Whether every operation is to be seen, inside `detect_anomaly()`."""
    return any(mode.watches and not mode.ended for mode in active())


def is_recording() -> bool:
    """Whether operations record a graph: False inside `no_grad()`."""
    for mode in reversed(active()):
        if isinstance(mode, (WithGraph, WithoutGraph)) and not mode.ended:
            return isinstance(mode, WithGraph)
    return True


class WithoutGraph(Mode):
    """Operations compute, and their results are leaves."""

    def record(self, primitive: Primitive, parents: tuple[Value, ...], outer: Modes) -> Value:
        """A leaf."""
        if outer:
            return record(primitive, parents, outer).detach()
        return Value(primitive.evaluate([p._data for p in parents]))


class WithGraph(Mode):
    """Operations are recorded as outside of all `no_grad()`: for a transform, which needs a graph within."""

    def record(self, primitive: Primitive, parents: tuple[Value, ...], outer: Modes) -> Value:
        """A node."""
        return record(primitive, parents, tuple([m for m in outer if not isinstance(m, WithoutGraph)]))


class Anomaly(Mode):
    """The first number that is not finite is an error."""

    watches = True

    def record(self, primitive: Primitive, parents: tuple[Value, ...], outer: Modes) -> Value:
        """The node, if its number is finite."""
        node = record(primitive, parents, outer)
        self.look(node, primitive.name, parents)
        return node

    def look(self, node: Value, op: str, parents: tuple[Value, ...]) -> None:
        """An error if the node's number is not finite."""
        if not isfinite(number_of(node, "detect_anomaly()")):
            raise FloatingPointError(f"{_describe(op, parents)} is {node._data}")

    def watch(self, node: Value, g: Number, contributions: Iterable[Any]) -> None:
        """Look at the gradients that the node hands to its parents."""
        for i, (parent, d) in enumerate(zip(node.parents, contributions, strict=True)):
            if is_known(d) and not isfinite(as_data(d)) and not is_constant(parent):
                label = f" (label {node.label!r})" if node.label else ""
                if as_data(g) == 0.0:  # it may be an underflow
                    raise FloatingPointError(
                        f"the gradient that arrives at {_describe(node.op, node.parents)}{label} is exactly 0, and "
                        f"stops in front of operand {i}, where the local derivative is {as_data(d)}"
                    )
                raise FloatingPointError(
                    f"the gradient that {_describe(node.op, node.parents)}{label} hands to operand {i} is "
                    f"{as_data(d)}; the node's value is {node._data}, its own gradient {as_data(g)}"
                )


def _describe(op: str, operands: tuple[Value, ...]) -> str:
    return f"{op}({', '.join(f'{x.label}={x._data}' if x.label else str(x._data) for x in operands)})"

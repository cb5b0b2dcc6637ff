"""Ways of recording: without a graph, with every number watched, with Python's cycle collector held off."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from autograd_lite.core import value as engine
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Recorder, Value, Watch


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, operations compute values and record no graph: results are leaves. Also a decorator.

    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    with recording(_compute, None):
        yield


def is_recording() -> bool:
    """Whether operations record a graph: False inside `no_grad()`."""
    return engine.recorder is not _compute


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Inside, the first value or gradient that is not finite raises a FloatingPointError saying where it arose.

    >>> with detect_anomaly():
    ...     Value(0.0, label="x").log()
    Traceback (most recent call last):
    FloatingPointError: log(x=0.0) is -inf
    """

    def record(primitive: Primitive, parents: tuple[Value, ...]) -> Value:
        engine.recorder = outer
        try:
            node = engine.record(primitive, parents)
        finally:
            engine.recorder = record
        if not isfinite(node.data):
            raise FloatingPointError(f"{_describe(primitive.name, parents)} is {node.data}")
        return node

    def watch(node: Value, contributions: Iterable[Any]) -> None:
        for i, (parent, d) in enumerate(zip(node.parents, contributions, strict=True)):
            d = d.data if isinstance(d, Value) else d
            if not isfinite(d) and not engine.is_constant(parent):
                label = f" (label {node.label!r})" if node.label else ""
                raise FloatingPointError(
                    f"the gradient that {_describe(node.op, node.parents)}{label} hands to operand {i} is {d}; "
                    f"the node's value is {node.data}, its own gradient {getattr(node.grad, 'data', node.grad)}"
                )

    outer = engine.recorder
    with recording(record, watch):
        yield


@contextmanager
def no_gc() -> Iterator[None]:
    """Inside, Python's cycle collector rests. Graphs hold no cycles, so nothing is lost, and recording is faster.

    The collector's setting is as before on the way out.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def recording(recorder: Recorder | None, watch: Watch | None) -> Iterator[None]:
    """Inside, operations are recorded by `recorder`, and `watch` sees every closure's result."""
    before = engine.recorder, engine.watch
    engine.recorder, engine.watch = recorder, watch
    try:
        yield
    finally:
        engine.recorder, engine.watch = before


def _compute(primitive: Primitive, parents: tuple[Value, ...]) -> Value:
    return Value(primitive.evaluate([p.data for p in parents]))


def _describe(op: str, operands: tuple[Value, ...]) -> str:
    return f"{op}({', '.join(f'{x.label}={x.data}' if x.label else str(x.data) for x in operands)})"

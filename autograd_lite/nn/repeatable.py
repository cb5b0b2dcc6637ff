"""Whether a function does the same each time it is called: if not, one recording of it cannot stand for all calls."""

import random
import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

from autograd_lite.compiler.tracer import Tape, Tracer, TracingError, tracing
from autograd_lite.core.value import Value
from autograd_lite.transforms.pytree import flatten

CALLS = 5


def check_calls_alike(f: Callable[..., Any], inputs: Any, name: str) -> None:
    """A TracingError if f does something else each time it is called: other operations, other constants."""
    with tracing() as tape:
        tape.mapping = True  # one sample's part of what is mapped over all
        recorded_alike(tape, lambda: f(*inputs), name, CALLS)


def recorded_alike(tape: Tape, call: Callable[[], Any], name: str, times: int) -> Any:
    """What the call returns; a TracingError if one of so many does something else. The last stays on the tape."""
    calls: list[list[Any]] = []
    drawn: list[Any] = []
    start, spread = len(tape), tape.spread
    for _ in range(times):
        del tape[start:]
        tape.spread = dict(spread)  # what one call spreads over lanes is not there for the next
        result = call()
        calls.append(described(tape, start, result, name))
        drawn.append(random_states())
    if drawn[1:] != drawn[:-1] or not all(same_calls(calls[0], call) for call in calls):
        refuse(name)
    return result


def described(tape: Tape, start: int, result: Any, name: str) -> list[Any]:
    """What a call did: its operations, on the tape from `start` on, what they are applied to, and its result."""
    outputs, shape = flatten(result, f"the result of {name}")
    nodes = tape[start:]
    place: dict[Any, int] = {v: i for i, v in enumerate(nodes)}
    operands = chain(chain.from_iterable(v._parents for v in nodes), outputs)
    return [shape, *[v._primitive for v in nodes], *[place.get(x, x) for x in operands]]


def same_calls(first: list[Any], second: list[Any]) -> bool:
    """Whether two calls did the same."""
    return len(first) == len(second) and all(map(are_alike, first, second))


def are_alike(a: Any, b: Any) -> bool:
    """Whether two recordings of one function have the same here: a Value that was there before, or one of one number.

    Anything else is the same if it is equal.
    """
    if a is b or not isinstance(a, Value) or not isinstance(b, Value):
        return a is b or bool(a == b)
    if a._parents or b._parents or isinstance(a, Tracer) or isinstance(b, Tracer):
        return False
    return a._data == b._data or (a._data != a._data and b._data != b._data)


def refuse(name: str) -> None:
    """Say that it does not do the same each time."""
    raise TracingError(
        f"{name} does not do the same each time it is called: it draws random numbers or changes something, and a "
        "recording would replay one call for all samples and steps.\nInstead: fit(jit=False)"
    )


def random_states() -> tuple[Any, Any]:
    """Where Python's generator of random numbers is, and NumPy's, if that is in use."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return random.getstate(), None
    name, key, *rest = numpy.random.get_state()
    return random.getstate(), (name, bytes(key), *rest)


def set_random_states(states: tuple[Any, Any]) -> None:
    """Put the generators where they were."""
    pythons, numpys = states
    random.setstate(pythons)
    if numpys is not None:
        import numpy

        name, key, *rest = numpys
        numpy.random.set_state((name, numpy.frombuffer(key, dtype=numpy.uint32), *rest))

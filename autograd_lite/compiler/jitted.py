"""jit: record a function once, then replay it as a compiled program.

Recording happens once for each structure of arguments. What comes of it is a flat program (see `ir.py`), which a
backend runs at nanoseconds an operation. A gradient is recorded like any other function: `jit(grad(f))`,
`jit(value_and_grad(f))` and `jit(hessian(f))` need no derivative rules of their own.
"""

import weakref
from collections.abc import Callable, Hashable
from contextvars import copy_context
from functools import update_wrapper
from inspect import Parameter
from math import isclose
from types import MethodType, NoneType
from typing import Any

from autograd_lite.compiler import backends
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.passes import stages
from autograd_lite.compiler.recording import Recording, name_of, recorded
from autograd_lite.compiler.tracer import current_tape
from autograd_lite.core.checks import shown
from autograd_lite.core.modes import as_numbers, is_watched, no_grad
from autograd_lite.core.primitives import CONSTANT, POSITIONAL, parameters
from autograd_lite.core.value import Value, as_data, topological_order, variable
from autograd_lite.transforms.pytree import NUMBER, flatten, is_array_type, paths, unflatten

NUMBERS = {float, Value}
STATIC = (str, NoneType)  # arguments that are no numbers: part of what a recording is for


def jit(f: Callable[..., Any], *, backend: str | None = None, debug: bool = False) -> "Jitted":
    """The function f, recorded at the first call and replayed at full speed afterwards.

    Arguments and results are numbers, Values, and nested lists, tuples, dicts and NumPy arrays of them; arrays travel
    fastest. Each new structure of arguments (another length, another shape) is recorded anew. f must be a pure function
    of numbers: what it prints happens once, and a random number it draws stays as it was. Values of the outside that it
    uses, such as the parameters of a model, are read again at each call.

    An `if` on a number, or use of its `.data`, is a TracingError that shows the line: write `where(x > 0, a, b)`. So it
    is for Values of the outside, however f came by them. A string or None among the arguments is no number: each has a
    recording of its own. Anything else that is no number may stand in f's closure: `jit(lambda x: f(x, option))`.
    Called with Values, or using some, the result is one node of their graph, and its closure is the compiled gradient.
    A method is jitted for each object by itself. Under `detect_anomaly()` f runs as it is written.
    `backend` is "numba", "python" or "jax", by default the fastest installed. `debug=True` compares each call with f
    itself, and raises a RuntimeError where the results differ by more than 1e-9 of their size.

    >>> from autograd_lite import grad
    >>> slope = jit(grad(lambda x: x**3), backend="python")
    >>> slope(2.0), slope(10.0)
    (12.0, 300.0)
    """
    if not callable(f):
        raise TypeError(f"jit(f) needs a function, not {shown(f)}")
    backends.check(backend)
    return Jitted(f, backend, debug)


class Jitted:
    """What `jit` returns. `program(*args)` is the program that runs for such arguments: print it.

    Results that are computed in the same way are one line of it: `a[3]` is the fourth of those that are called a.
    """

    def __init__(self, f: Callable[..., Any], backend: str | None, debug: bool) -> None:
        self.f, self.backend, self.debug = f, backend, debug
        self.recordings: dict[Hashable, Recording] = {}
        self._methods: dict[int, dict[Hashable, Recording]] = {}
        update_wrapper(self, f)

    def __get__(self, instance: Any, owner: type | None = None) -> "Jitted":
        """A method: f with its object in place. Recordings are of one object alone, and forgotten with it."""
        if instance is None:
            return self
        method = Jitted(MethodType(self.f, instance), self.backend, self.debug)
        key = id(instance)
        if key not in self._methods:
            weakref.finalize(instance, self._methods.pop, key, None)
        method.recordings = self._methods.setdefault(key, {})
        return method

    def __reduce__(self) -> tuple[Any, ...]:
        return Jitted, (self.f, self.backend, self.debug)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_tape() is not None:  # inside another jit: part of its program
            return self.f(*args, **kwargs)
        if is_watched():
            return copy_context().run(self._watched, args, kwargs)
        chunks: list[Any] = []
        recording = self.recording_for(args, kwargs, chunks)
        if recording.program.captured or any(issubclass(kind, Value) for kind in set(map(type, chunks))):
            result = recording.as_nodes(chunks)
        else:
            result = recording.assemble(recording.run(chunks))
        if self.debug:
            with no_grad():
                self._compare(result, self.f(*args, **kwargs))
        return result

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The program for these arguments."""
        program = self.recording_for(args, kwargs, []).program
        program.names |= enumerate(argument_names(self.f, args, kwargs))
        return program

    def stages(self, *args: Any, **kwargs: Any) -> dict[str, Program]:
        """The program for these arguments after each pass, by the pass's name (see `passes.py`): f is recorded anew.

        >>> for name, program in jit(lambda w, x: w * x * 1.0 + w * x).stages(2.0, 3.0).items():
        ...     print(name, program.counts())
        record {'*': 3, '+': 1}
        simplify {'*': 1, '+': 1}
        fuse {'*': 1, '+': 1}
        roll {'*': 1, '+': 1}
        """
        structure = flatten((args, kwargs), f"the arguments of {name_of(self.f)}", STATIC)[1]
        found = dict(stages(recorded(self.f, structure)[0]))
        for program in found.values():
            program.names |= enumerate(argument_names(self.f, args, kwargs))
        return found

    def recording_for(self, args: Any, kwargs: Any, chunks: list[Any]) -> "Recording":
        """The recording for arguments of this structure, made if there is none yet; their numbers go to `chunks`."""
        try:
            key = chunks_of((args, kwargs), chunks)
        except (RecursionError, TypeError, ValueError):  # say where
            for place, x in (*enumerate(args), *kwargs.items()):
                flatten(x, f"argument {place} of {name_of(self.f)}", STATIC)
            raise
        recording = self.recordings.get(key)
        if recording is None:
            _, structure = flatten((args, kwargs), f"the arguments of {name_of(self.f)}", STATIC)
            recording = self.recordings.setdefault(key, Recording(self.f, structure, self.backend))
        return recording

    def _watched(self, args: Any, kwargs: Any) -> Any:
        """f itself, on Values, so that every operation is seen."""
        inside = as_numbers()
        given, structure = flatten((args, kwargs), f"the arguments of {name_of(self.f)}", STATIC)
        inputs = [x if isinstance(x, Value) else variable(x) for x in given]
        args, kwargs = unflatten(structure, inputs)
        result = self.f(*args, **kwargs)
        numbers, out = flatten(result, f"the result of {name_of(self.f)}")
        _, leaves = topological_order(*[y for y in numbers if isinstance(y, Value)], stop=inputs)
        if any(isinstance(x, Value) for x in given) or any(v._primitive not in (CONSTANT, inside) for v in leaves):
            return result
        return unflatten(out, map(as_data, numbers))

    def _compare(self, result: Any, eager: Any) -> None:
        for i, (got, value) in enumerate(zip(flatten(result)[0], flatten(eager)[0], strict=True)):
            y, expected = as_data(got), as_data(value)
            if not (isclose(y, expected, rel_tol=1e-9, abs_tol=1e-300) or (y != y and expected != expected)):
                raise RuntimeError(
                    f"jit({name_of(self.f)}) gives {y!r} for number {i} of the result, the function itself "
                    f"{expected!r}: does it draw random numbers, or depend on something that has changed?"
                )


def argument_names(f: Callable[..., Any], args: Any, kwargs: Any) -> list[str]:
    """What f calls each number of its arguments."""
    found = parameters(f) or []
    names = [p.name for p in found if p.kind in POSITIONAL]
    several = next((p.name for p in found if p.kind is Parameter.VAR_POSITIONAL), "argument")
    names += [f"{several}[{i}]" for i in range(len(args) - len(names))]
    given = [*zip(names, args), *kwargs.items()]
    return [path for name, x in given for path in paths(x, name, STATIC)]


def chunks_of(tree: Any, chunks: list[Any]) -> Hashable:
    """Add the numbers of `tree` to `chunks`, arrays of floats whole; returns a key common to trees of one structure."""
    kind = type(tree)
    if kind is float or isinstance(tree, Value):
        chunks.append(tree)
        return None
    if is_array_type(kind) and tree.dtype.kind in "biuf" and not hasattr(tree, "mask"):
        chunks.append(tree)
        return kind, tree.shape
    if isinstance(tree, (list, tuple)):
        if NUMBERS.issuperset(map(type, tree)):
            chunks += tree
            return kind, (None,) * len(tree)
        return kind, tuple([chunks_of(x, chunks) for x in tree])
    if isinstance(tree, dict):
        return dict, (*tree, *[chunks_of(x, chunks) for x in tree.values()])
    if isinstance(tree, STATIC):
        return kind, tree
    leaves, structure = flatten(tree, "an argument")
    chunks += leaves
    return None if structure is NUMBER else structure

"""jit: record a function once, then replay it as a compiled program.

Recording happens once for each structure of arguments. What comes of it is a flat program (see `program.py`), which a
backend runs at nanoseconds an operation. A gradient is recorded like any other function: `jit(grad(f))`,
`jit(value_and_grad(f))` and `jit(hessian(f))` need no derivative rules of their own.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import update_wrapper
from math import isclose
from typing import Any

from autograd_lite.compiler import backends
from autograd_lite.compiler.ir import Program, record_program
from autograd_lite.compiler.tracer import Tracer, current_tape, tracing
from autograd_lite.core.modes import is_recording, no_gc
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value, as_data, as_value, build, topological_order
from autograd_lite.transforms.linearize import between, pull_back
from autograd_lite.transforms.pytree import NUMBER, Structure, array, flatten, is_array_type, unflatten


def jit(f: Callable[..., Any], *, backend: str | None = None, debug: bool = False) -> "Jitted":
    """The function f, recorded at the first call and replayed at full speed afterwards.

    Arguments and results are numbers, Values, and nested lists, tuples, dicts and NumPy arrays of them; arrays travel
    fastest. Each new structure of arguments (another length, another shape) is recorded anew. f must be a pure function
    of numbers: what it prints happens once, and a random number it draws stays as it was. Values of the outside that it
    uses, such as the parameters of a model, are read again at each call.

    An `if` on a number, or use of its `.data`, is a TracingError that shows the line: write `where(x > 0, a, b)`. So it
    is for Values of the outside, if f refers to them: in its closure, defaults, or a global that it or a function it
    calls names, or inside of such things. While f is recorded no other thread may use these Values.
    Called with Values, or using some, the result is one node of their graph, and its closure is the compiled gradient.
    `backend` is "numba", "python" or "jax", by default the fastest installed. `debug=True` compares each call with f
    itself, and raises a RuntimeError where the results differ by more than 1e-9 of their size.

    >>> from autograd_lite import grad
    >>> slope = jit(grad(lambda x: x**3), backend="python")
    >>> slope(2.0), slope(10.0)
    (12.0, 300.0)
    """
    if not callable(f):
        raise TypeError(f"jit(f) needs a function, not {f!r}")
    backends.check(backend)
    return Jitted(f, backend, debug)


class Jitted:
    """What `jit` returns. `program(*args)` is the program that runs for such arguments: print it."""

    def __init__(self, f: Callable[..., Any], backend: str | None, debug: bool) -> None:
        self.f, self.backend, self.debug = f, backend, debug
        self.recordings: dict[Hashable, Recording] = {}
        update_wrapper(self, f)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_tape() is not None:  # inside another jit: part of its program
            return self.f(*args, **kwargs)
        chunks: list[Any] = []
        recording = self.recording_for(args, kwargs, chunks)
        if recording.program.captured or any(isinstance(x, Value) for x in chunks):
            return recording.as_nodes(chunks)
        result = recording.assemble(recording.run(chunks))
        if self.debug:
            self._compare(result, self.f(*args, **kwargs))
        return result

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The program for these arguments."""
        return self.recording_for(args, kwargs, []).program

    def recording_for(self, args: Any, kwargs: Any, chunks: list[Any]) -> "Recording":
        """The recording for arguments of this structure, made if there is none yet; their numbers go to `chunks`."""
        key = chunks_of((args, kwargs), chunks)
        recording = self.recordings.get(key)
        if recording is None:
            _, structure = flatten((args, kwargs), f"the arguments of {_name(self.f)}")
            recording = self.recordings[key] = Recording(self.f, structure, self.backend)
        return recording

    def _compare(self, result: Any, eager: Any) -> None:
        for i, (got, value) in enumerate(zip(flatten(result)[0], flatten(eager)[0], strict=True)):
            expected = as_value(value)._data
            if not (isclose(got, expected, rel_tol=1e-9, abs_tol=1e-300) or (got != got and expected != expected)):
                raise RuntimeError(
                    f"jit({_name(self.f)}) gives {got!r} for number {i} of the result, the function itself "
                    f"{expected!r}: does it draw random numbers, or depend on something that has changed?"
                )


class Recording:
    """One function recorded for one structure of arguments, and ready to run."""

    def __init__(self, f: Callable[..., Any], structure: Structure, backend: str | None) -> None:
        self.f = self.__wrapped__ = f
        self.structure, self.backend = structure, backend
        inputs = [Tracer() for _ in range(len(structure))]
        with no_gc():
            with tracing() as tape:
                outputs, self.out = self.call(inputs)
                nodes = [as_value(y) for y in outputs]
            self.program = record_program(tape, inputs, nodes)
        self._runner: backends.Runner | None = None
        self._pulls: dict[tuple[int, tuple[int, ...]], Recording] = {}

    def call(self, leaves: Sequence[Any]) -> tuple[list[Any], Structure]:
        """f itself: from the numbers of its arguments to the numbers of its result."""
        args, kwargs = unflatten(self.structure, leaves)
        return flatten(self.f(*args, **kwargs), f"the result of {_name(self.f)}")

    def run(self, chunks: Sequence[Any], captured: Sequence[float] | None = None) -> Sequence[float]:
        """The outputs for numbers and arrays of numbers, and for the outside's Values: by default as they are now."""
        if self._runner is None:
            self._runner = backends.load(self.program, self.backend)
        if self.program.captured:
            chunks = [*chunks, *([v._data for v in self.program.captured] if captured is None else captured)]
        return self._runner(chunks)

    def assemble(self, outputs: Sequence[Any]) -> Any:
        """The outputs in the structure of f's result."""
        if self.out is NUMBER:
            return float(outputs[0])
        return assemble(self.out, outputs)

    def as_nodes(self, chunks: Sequence[Any]) -> Any:
        """The result as nodes of the graph of the Values that take part, one node for each number."""
        leaves = _numbers(chunks)
        moving = tuple(i for i, x in enumerate(leaves) if isinstance(x, Value))
        data = [as_data(x) for x in leaves]
        outputs = [float(y) for y in self.run(data)]
        if not is_recording():
            return unflatten(self.out, map(Value, outputs))
        parents = (*[leaves[i] for i in moving], *self.program.captured)
        xs = [p._data for p in parents]
        rules = [self._primitive(k, moving, data) for k in range(len(outputs))]
        return unflatten(
            self.out,
            [build(Value, y, primitive, parents, primitive.captured(y, xs)) for primitive, y in zip(rules, outputs)],
        )

    def _primitive(self, k: int, moving: tuple[int, ...], data: list[float]) -> Primitive:
        """Output k as a primitive of the inputs at `moving` and the captured Values; the other inputs are fixed."""
        count = len(moving)
        fixed = _without(data, moving)

        def forward(xs: Sequence[float]) -> float:
            return self.run(_merged(moving, xs[:count], fixed), xs[count:])[k]

        def vjp(g: Any, *xs: Any) -> Sequence[Any]:
            pull = self._pull(k, moving)
            chunks = [g, *xs[:count], *fixed]
            if any(isinstance(x, Value) for x in (g, *xs)):
                return pull.as_nodes(chunks)  # type: ignore[no-any-return]
            now = dict(zip(self.program.captured, xs[count:]))
            return pull.run(chunks, [now[v] for v in pull.program.captured])

        name = _name(self.f)
        return Primitive(f"jit {name}", forward, vjp, f"{name}({{}})", "xs")

    def _pull(self, k: int, moving: tuple[int, ...]) -> "Recording":
        """The gradient of output k, as a recording of its own: what the adjoint g hands to each of the parents."""

        def pull(g: Value, xs: Sequence[Value], fixed: Sequence[Value]) -> list[Any]:
            y = as_value(self.call(_merged(moving, xs, fixed))[0][k])
            inputs = [*xs, *self.program.captured]
            graph = between(inputs, topological_order(y, stop=inputs)[0])
            return pull_back(graph, inputs, [y], [g], recording=True)

        if (k, moving) not in self._pulls:
            rest = len(self.structure) - len(moving)
            _, structure = flatten(((0.0, [0.0] * len(moving), [0.0] * rest), {}))
            self._pulls[k, moving] = Recording(pull, structure, self.backend)
        return self._pulls[k, moving]


def _without(xs: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    left_out = set(positions)
    return [x for i, x in enumerate(xs) if i not in left_out]


def _merged(positions: Sequence[int], xs: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """All inputs again: `xs` at `positions`, `others` elsewhere, both in order."""
    at = dict(zip(positions, xs))
    rest = iter(others)
    count = len(at) + len(list(others))
    return [at[i] if i in at else next(rest) for i in range(count)]


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", None) or type(f).__name__


def assemble(structure: Structure, outputs: Sequence[Any], start: int = 0) -> Any:
    """The tree of this structure with the outputs from `start` on; arrays are cut out whole."""
    kind = structure.kind
    if kind is None:
        y = outputs[start]
        return y if hasattr(y, "aval") else float(y)  # a number of JAX may be a stand-in itself
    if is_array_type(kind):
        part: Any = outputs[start : start + len(structure)]
        return array(part, structure.keys) if isinstance(part, list) else part.reshape(structure.keys)
    children = []
    for child in structure.children:
        children.append(assemble(child, outputs, start))
        start += len(child)
    if kind is dict:
        return dict(zip(structure.keys, children))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def _numbers(chunks: Sequence[Any]) -> list[Any]:
    return [x for chunk in chunks for x in (chunk.ravel().tolist() if hasattr(chunk, "ravel") else [chunk])]


def chunks_of(tree: Any, chunks: list[Any]) -> Hashable:
    """Add the numbers of `tree` to `chunks`, arrays of floats whole; returns a key common to trees of one structure."""
    kind = type(tree)
    if kind is float or isinstance(tree, Value):
        chunks.append(tree)
        return None
    if isinstance(tree, (list, tuple)):
        return kind, tuple([chunks_of(x, chunks) for x in tree])
    if isinstance(tree, dict):
        return dict, (*tree, *[chunks_of(x, chunks) for x in tree.values()])
    if is_array_type(kind) and tree.dtype.kind in "biuf":
        chunks.append(tree)
        return kind, tree.shape
    leaves, structure = flatten(tree, "an argument")
    chunks += leaves
    return None if structure is NUMBER else structure

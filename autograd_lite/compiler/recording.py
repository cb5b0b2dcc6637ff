"""A function recorded for one structure of arguments, and its gradient, recorded from the same program.

As part of a user's graph it is one node for each number of its result, whose closure runs the compiled gradient.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from itertools import accumulate, islice
from typing import Any

from autograd_lite.compiler import backends
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.passes import record, rewritten
from autograd_lite.compiler.tracer import LaneTracer, Tape, Tracer, TracingError, current_tape
from autograd_lite.core.modes import is_recording, no_gc, only
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value, as_data, as_value, build, constant, topological_order
from autograd_lite.transforms.linearize import between, pull_back
from autograd_lite.transforms.pytree import (
    NUMBER,
    Static,
    Structure,
    array,
    container,
    flatten,
    is_array_type,
    unflatten,
)


def recorded(f: Callable[..., Any], structure: Structure) -> tuple[Program, Structure]:
    """What f does, run once on tracers while the tape is all that is in force, and the structure of its result."""
    name, code = name_of(f), getattr(f, "__code__", None)
    tape = Tape(f"{name}, {code.co_filename}, line {code.co_firstlineno}" if code else name)
    inputs = [Tracer(tape.origin) for _ in range(len(structure))]

    def run() -> tuple[list[Any], Structure]:
        only(tape)
        try:
            args, kwargs = unflatten(structure, inputs)
            return flatten(f(*args, **kwargs), f"the result of {name}")
        finally:
            tape.ended = True

    outputs, out = copy_context().run(run)
    if any(isinstance(y, LaneTracer) for y in outputs):
        raise TracingError(
            f"the result of {name} was computed from a number that outlived the function which vmap maps: it "
            "stands for one number a lane.\nInstead: return it from that function"
        )
    return record(tape, inputs, list(map(as_value, outputs))), out


class Recording:
    """One function recorded for one structure of arguments, and ready to run."""

    def __init__(self, f: Callable[..., Any], structure: Structure, backend: str | None) -> None:
        self.name, self.structure, self.backend = name_of(f), structure, backend
        with no_gc():
            self.recorded, self.out = recorded(f, structure)
            self.program = rewritten(self.recorded)
            for v in self.program.captured:
                v._data  # noqa: B018  # a TracingError if it stands for a number of another function
        self.assemble = assembler(self.out)
        self._runner: backends.Runner | None = None
        self._pulls: dict[tuple[int, tuple[int, ...]], Recording] = {}

    def run(self, chunks: Sequence[Any], captured: Sequence[float] | None = None) -> Sequence[float]:
        """The outputs for numbers and arrays of numbers, and for the outside's Values: by default as they are now."""
        if self._runner is None:
            self._runner = backends.load(self.program, self.backend)
        if self.program.captured:
            chunks = [*chunks, *([v._data for v in self.program.captured] if captured is None else captured)]
        return self._runner(chunks)

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

        def node(k: int, y: float) -> Value:
            primitive = self._primitive(k, moving, data)
            return build(Value, y, primitive, parents, primitive.captured(y, xs))

        return unflatten(self.out, [node(k, y) for k, y in enumerate(outputs)])

    def _primitive(self, k: int, moving: tuple[int, ...], data: list[float]) -> Primitive:
        """Output k as a primitive of the inputs at `moving` and the captured Values; the other inputs are fixed."""
        count = len(moving)

        def inputs(xs: Sequence[Any]) -> list[Any]:
            at = dict(zip(moving, xs))
            return [at.get(i, x) for i, x in enumerate(data)]

        def forward(xs: Sequence[float]) -> float:
            return float(self.run(inputs(xs), xs[count:])[k])

        def vjp(g: Any, *xs: Any) -> Sequence[Any]:
            pull = self._pull(k, moving)
            chunks = [g, *inputs(xs)]
            if any(isinstance(x, Value) for x in (g, *xs)):
                return pull.as_nodes(chunks)  # type: ignore[no-any-return]
            now = dict(zip(self.program.captured, xs[count:]))
            return [float(d) for d in pull.run(chunks, [now[v] for v in pull.program.captured])]

        return Primitive(f"jit {self.name}", forward, vjp, f"{self.name}({{}})", "xs")

    def _pull(self, k: int, moving: tuple[int, ...]) -> "Recording":
        """The gradient of output k, as a recording of its own: what the adjoint g hands to each of the parents.

        It is made from what was recorded, not from the function, which may do something else by now.
        """

        def pull(g: Value, xs: Sequence[Value]) -> list[Any]:
            y = again(self.recorded, [*xs, *self.program.captured])[k]
            inputs = [*[xs[i] for i in moving], *self.program.captured]
            graph = between(inputs, topological_order(y, stop=inputs)[0])
            return pull_back(graph, inputs, [y], [g], recording=True)

        if (k, moving) not in self._pulls:
            _, structure = flatten(((0.0, [0.0] * len(self.structure)), {}))
            pull.__name__ = f"gradient of {self.name}"
            self._pulls[k, moving] = Recording(pull, structure, self.backend)
        return self._pulls[k, moving]


def again(recorded: Program, inputs: Sequence[Value]) -> list[Value]:
    """The outputs for these inputs, written to the tape that runs."""
    tape = current_tape()
    assert tape is not None
    tape.lanes = recorded.lanes
    nodes = [*inputs]
    instructions: Any = zip(recorded.ops, recorded.args, recorded.value, recorded.wide)
    for op, xs, value, wide in islice(instructions, len(inputs), None):
        parents = tuple([nodes[x] for x in xs])
        nodes.append(constant(value) if op is None else tape.write(LaneTracer if wide else Tracer, op, parents))
    return [nodes[i] for i in recorded.outputs]


def name_of(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", None) or type(f).__name__


def assembler(structure: Structure, start: int = 0) -> Callable[[Sequence[Any]], Any]:
    """What makes a tree of this structure of outputs from `start` on; arrays and lists are cut out whole."""
    kind, end = structure.kind, start + len(structure)
    if kind is Static:
        return lambda outputs: structure.keys[0]
    if kind is None:
        return lambda outputs: _plain(outputs[start:end])[0]
    if is_array_type(kind):
        return lambda outputs: _shaped(outputs[start:end], structure.keys)
    if all(child is NUMBER for child in structure.children):
        return lambda outputs: container(structure, _plain(outputs[start:end]))
    starts = accumulate(map(len, structure.children), initial=start)
    parts = [assembler(*part) for part in zip(structure.children, starts)]
    return lambda outputs: container(structure, [part(outputs) for part in parts])


def _shaped(outputs: Any, shape: tuple[int, ...]) -> Any:
    return array(outputs, shape) if isinstance(outputs, list) else outputs.reshape(shape)


def _plain(outputs: Any) -> list[Any]:
    """Numbers as floats, but for those of JAX: they may be stand-ins themselves."""
    if hasattr(outputs, "aval"):
        return list(outputs)
    return outputs.tolist() if hasattr(outputs, "tolist") else list(map(float, outputs))


def _numbers(chunks: Sequence[Any]) -> list[Any]:
    return [x for chunk in chunks for x in (chunk.ravel().tolist() if hasattr(chunk, "ravel") else [chunk])]

"""Training at full speed: forward pass, backward pass and optimiser step as one compiled program.

Between steps the parameters, and what the optimiser remembers of each, stay in one array. They go back to the `Value`s
when asked, or at the end.
"""

import math
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from autograd_lite.compiler import backends
from autograd_lite.compiler.batching import vmap
from autograd_lite.compiler.ir import Program, record_program
from autograd_lite.compiler.jitted import chunks_of
from autograd_lite.compiler.outside import unread
from autograd_lite.compiler.tracer import Tracer, tracing
from autograd_lite.core.modes import no_gc
from autograd_lite.core.value import Value, as_value, topological_order
from autograd_lite.optim.base import Optimizer
from autograd_lite.optim.schedules import rate_at
from autograd_lite.transforms.linearize import between, pull_back
from autograd_lite.transforms.pytree import Structure, flatten, unflatten


class Trainer:
    """Gradient descent on `loss`, a function of a batch that uses the optimiser's parameters, as a compiled program.

    `step(*batch)` takes one step and returns the loss before it. The program is recorded once for each structure of a
    batch, under the rules of `jit`. As a context manager it writes the parameters back at the end; `write_back()` does
    so at any time. `backend` is as in `jit`. If `loss` returns a pair, the loss and other numbers computed on the way,
    `others` holds these after a step, as Values without a graph.

    >>> from autograd_lite import Value, optim
    >>> w = Value(0.0)
    >>> with Trainer(lambda x, y: (w * x - y) ** 2, optim.SGD([w], lr=0.1), backend="python") as trainer:
    ...     losses = [trainer.step(1.0, 3.0) for _ in range(50)]
    >>> losses[0], round(w.data, 3)
    (9.0, 3.0)
    """

    def __init__(self, loss: Callable[..., Any], optimizer: Optimizer, *, backend: str | None = None) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"Trainer(optimizer) must be an optimiser such as optim.Adam(parameters), not {optimizer!r}"
            )
        backends.check(backend)
        self.loss, self.optimizer, self.backend = loss, optimizer, backend
        self.others: Any = ()
        self._steps: dict[Hashable, tuple[Program, backends.Runner, Structure]] = {}
        self._state: Any = None

    def __enter__(self) -> "Trainer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.write_back()

    def step(self, *batch: Any) -> float:
        """Move the parameters once; returns the loss before. If that is not finite, a FloatingPointError."""
        chunks: list[Any] = []
        key = chunks_of(batch, chunks)
        if key not in self._steps:
            self._steps[key] = self._record(flatten(batch, "step(batch)")[1])
        program, run, others = self._steps[key]
        optimizer = self.optimizer
        if self._state is None:
            self._state = [p.data for p in optimizer.parameters]
            self._state += [memory[name] for name in optimizer.remembers for memory in optimizer.memory]
        lr = rate_at(optimizer.lr, optimizer.steps)
        captured = [v.data for v in program.captured]
        outputs = run([self._state, lr, float(optimizer.steps + 1), *chunks, captured])
        size = len(self._state)
        loss = float(outputs[size])
        _check_loss(loss, optimizer)
        self._state = outputs[:size]
        self.others = unflatten(others, [Value(float(x)) for x in outputs[size + 1 :]])
        optimizer.steps += 1
        return loss

    def steps(self, times: int, *batch: Any) -> list[float]:
        """As many steps on the same batch; returns the losses before each. With Numba, one loop in machine code."""
        if not isinstance(times, int) or times < 1:
            raise ValueError(f"Trainer.steps(times) must be a whole number of steps, at least 1, not {times!r}")
        losses = [self.step(*batch)]
        chunks: list[Any] = []
        program, run, others = self._steps[chunks_of(batch, chunks)]
        if program.lanes or len(others) or not hasattr(run, "steps") or times == 1:
            return losses + [self.step(*batch) for _ in range(times - 1)]
        optimizer = self.optimizer
        rates = [rate_at(optimizer.lr, t) for t in range(optimizer.steps, optimizer.steps + times - 1)]
        captured = [v.data for v in program.captured]
        self._state, more = run.steps(self._state, rates, float(optimizer.steps + 1), [*chunks, captured])
        for loss in more.tolist():
            _check_loss(loss, optimizer)
            losses.append(loss)
            optimizer.steps += 1
        return losses

    def write_back(self) -> None:
        """Give the parameters, and the optimiser's memory, the numbers they have reached."""
        if self._state is None:
            return
        numbers = iter(self._state if isinstance(self._state, list) else self._state.tolist())
        for p in self.optimizer.parameters:
            p.data = next(numbers)
        for name in self.optimizer.remembers:
            for memory in self.optimizer.memory:
                memory[name] = next(numbers)
        self._state = None

    def _record(self, structure: Structure) -> tuple[Program, backends.Runner, Structure]:
        optimizer = self.optimizer
        parameters = optimizer.parameters
        memory = {name: [Tracer() for _ in parameters] for name in optimizer.remembers}
        lr, count = Tracer(), Tracer()
        batch = [Tracer() for _ in range(len(structure))]
        with no_gc(), unread(self.loss, parameters), tracing() as tape, _counting(optimizer, count):
            result = self.loss(*unflatten(structure, batch))
            loss, beside = result if isinstance(result, tuple) else (result, ())
            loss, (numbers, others) = as_value(loss, "the loss"), flatten(beside, "what loss returns beside it")
            graph = between(parameters, topological_order(loss, stop=parameters)[0])
            gradients = pull_back(graph, parameters, [loss], [1.0], recording=True)

            def update(x: Any, g: Any, *before: Any) -> list[Any]:
                remembered = dict(zip(memory, before))
                x = optimizer.update(x, g, remembered, lr)  # type: ignore[arg-type]
                return [x, *[remembered[name] for name in memory]]

            operands = [parameters, gradients, *memory.values()]
            many = len(parameters) > 64  # then a lane for each parameter
            moved = vmap(update)(*operands) if many else [update(*xs) for xs in zip(*operands)]
            nodes = [*[as_value(x) for column in zip(*moved) for x in column], loss, *map(as_value, numbers)]
        inputs = [*parameters, *[x for xs in memory.values() for x in xs], lr, count, *batch]
        program = record_program(tape, inputs, nodes)
        return program, backends.load(program, self.backend), others


def _check_loss(loss: float, optimizer: Optimizer) -> None:
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss} at step {optimizer.steps}: try a smaller learning rate")


@contextmanager
def _counting(optimizer: Optimizer, count: Tracer) -> Iterator[None]:
    """Inside, the optimiser's number of steps is a stand-in."""
    steps = optimizer.steps
    optimizer.steps = count  # type: ignore[assignment]
    try:
        yield
    finally:
        optimizer.steps = steps

"""Training at full speed: the loss with its gradient as one compiled program, the optimiser's update as another.

The update is recorded once for all parameters, and runs over them as `vmap` runs over samples. Between steps the
parameters, their gradients, and what the optimiser remembers of each, stay in arrays. They go back to the `Value`s when
asked, or at the end.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from types import TracebackType
from typing import Any, NamedTuple

from autograd_lite.compiler import backends
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.jitted import chunks_of
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import LaneTracer, Tape, Tracer, tracing
from autograd_lite.core.checks import shown
from autograd_lite.core.modes import no_gc
from autograd_lite.core.value import Value, as_value, topological_order
from autograd_lite.nn.repeatable import check_calls_alike, random_states, refuse
from autograd_lite.optim.base import Optimizer, store
from autograd_lite.optim.schedules import rate_at
from autograd_lite.transforms.linearize import between, pull_back
from autograd_lite.transforms.pytree import Structure, flatten, unflatten

Loss = Callable[[Tape], Any]
Check = Callable[[float, Any, Any], None]  # of a loss, numbers beside it and its gradient, before they move anything


class Gradient(NamedTuple):
    """A loss as a program: from parameters, batch and captured Values to the loss, other numbers, and the gradient."""

    program: Program
    run: backends.Runner
    others: Structure


class Trainer:
    """Gradient descent on `loss`, a function of a batch that uses the optimiser's parameters, as compiled programs.

    `step(*batch)` takes one step and returns the loss before it. The loss is recorded once for each structure of a
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
                f"Trainer(optimizer) must be an optimiser such as optim.Adam(parameters), not {shown(optimizer)}"
            )
        backends.check(backend)
        self.loss, self.optimizer, self.backend = loss, optimizer, backend
        self.others: Any = ()
        self._gradients: dict[Hashable, Gradient] = {}
        self._options = options_of(optimizer)
        self._program = update_program(optimizer)
        self._update: backends.Runner | None = None
        self._state: list[Any] | None = None  # rows: the parameters, their gradients, each thing remembered

    def __enter__(self) -> "Trainer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.write_back()

    def step(self, *batch: Any, check: Check | None = None) -> float:
        """Move the parameters once; returns the loss before.

        Before anything moves, `check` sees the loss, the numbers beside it and the gradient. By default it raises a
        FloatingPointError if loss or gradient are not finite.
        """
        gradient, chunks = self.prepare(*batch)

        def check_first(loss: float, beside: Sequence[float], slopes: Any) -> None:
            self.others = unflatten(gradient.others, [Value(float(x)) for x in beside])
            (check or self._check)(loss, self.others, slopes)

        return self.move(gradient, chunks, check=check_first)[0]

    def forget(self) -> None:
        """Record the loss anew."""
        self._gradients = {}

    def prepare(self, *batch: Any) -> tuple[Gradient, list[Any]]:
        """What a step on this batch runs, recorded if there is none for its structure yet, and the batch's numbers."""
        chunks: list[Any] = []
        key = chunks_of(batch, chunks)
        if any(isinstance(x, Value) for x in chunks):
            raise TypeError(
                "a batch holds plain numbers, not Values, where it is compiled: take batch_size=None, or fit(jit=False)"
            )
        if key not in self._gradients:
            structure = flatten(batch, "a batch")[1]
            inputs = [Tracer() for _ in range(len(structure))]
            self._gradients[key] = self.record(lambda tape: self.loss(*unflatten(structure, inputs)), inputs)
        return self._gradients[key], chunks

    def steps(self, times: int, *batch: Any) -> list[float]:
        """As many steps on the same batch; returns the losses before each."""
        if not isinstance(times, int) or times < 1:
            raise ValueError(f"Trainer.steps(times) must be a whole number of steps, at least 1, not {shown(times)}")
        return [self.step(*batch) for _ in range(times)]

    @property
    def numbers(self) -> list[float]:
        """The numbers that the parameters have reached."""
        return [float(x) for x in self._rows()[0]]

    def write_back(self) -> None:
        """Give the parameters, their gradients, and the optimiser's memory, the numbers they have reached."""
        if self._state is None:
            return
        numbers, gradients, *memories = (row if isinstance(row, list) else row.tolist() for row in self._state)
        optimizer, count = self.optimizer, len(numbers)
        columns = zip(*memories) if memories else [()] * count
        memory = [known | dict(zip(optimizer.remembers, xs)) for known, xs in zip(optimizer.memory, columns)]
        store(
            [*optimizer.parameters, *optimizer.parameters, optimizer, self],
            [*["_data"] * count, *["_grad"] * count, "memory", "_state"],
            [*numbers, *gradients, memory, None],
        )

    def record(self, loss: Loss, inputs: Sequence[Tracer], lanes: int = 0) -> Gradient:
        """What `loss` returns, and its gradient, as a program that is ready to run."""
        return self.load(*gradient_program(loss, self.optimizer.parameters, inputs, lanes))

    def load(self, program: Program, others: Structure) -> Gradient:
        """A gradient's program, ready to run."""
        return Gradient(program, backends.load(program, self.backend), others)

    def move(
        self, gradient: Gradient, chunks: Sequence[Any], rows: Sequence[Any] = (), check: Check | None = None
    ) -> tuple[float, Sequence[float]]:
        """One step along `gradient` for these inputs; returns the loss before it and the numbers beside it."""
        optimizer, state = self.optimizer, self._rows()
        captured = [v.data for v in gradient.program.captured]
        outputs = gradient.run([*([rows] if len(rows) else []), state[0], *chunks, captured])
        loss, beside = float(outputs[0]), len(outputs) - len(optimizer.parameters)
        slopes = outputs[beside:]
        (check or self._check)(loss, outputs[1:beside], slopes)
        lr = rate_at(optimizer.lr, optimizer.steps)
        if self._update is None:
            self._update = backends.load(self._program, self.backend)
        moved = self._update([[state[0], slopes, *state[2:]], lr, float(optimizer.steps + 1)])
        size = len(optimizer.parameters)
        first, *memories = (moved[i : i + size] for i in range(0, len(moved), size))
        store([self, optimizer], ["_state", "steps"], [[first, slopes, *memories], optimizer.steps + 1])
        return loss, outputs[1:beside]

    def _check(self, loss: float, beside: Any, slopes: Any) -> None:
        place = f"at step {self.optimizer.steps}: try a smaller learning rate"
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} {place}")
        i = first_not_finite(slopes)
        if i is not None:
            raise FloatingPointError(f"the gradient of {shown(self.optimizer.parameters[i])} is {slopes[i]} {place}")

    def _rows(self) -> list[Any]:
        if self._state is None:
            optimizer = self.optimizer
            if self._options != options_of(optimizer):  # changed by a callback
                self._options, self._program, self._update = options_of(optimizer), update_program(optimizer), None
            numbers, gradients = [p.data for p in optimizer.parameters], [0.0] * len(optimizer.parameters)
            self._state = [numbers, gradients]
            self._state += [[memory[name] for memory in optimizer.memory] for name in optimizer.remembers]
        return self._state


def gradient_program(
    loss: Loss, parameters: Sequence[Value], inputs: Sequence[Tracer], lanes: int = 0
) -> tuple[Program, Structure]:
    """What `loss` returns, and its gradient, as a program of the inputs: rows of so many lanes first, if any.

    The program gives the loss, the other numbers that `loss` returns beside it, whose structure is the second result,
    and the gradient.
    """
    with no_gc(), tracing() as tape:
        tape.lanes = lanes
        drawn = random_states()
        result = loss(tape)
        if random_states() != drawn:
            refuse("the loss")
        value, beside = result if isinstance(result, tuple) else (result, ())
        value, (numbers, others) = as_value(value, "the loss"), flatten(beside, "what loss returns beside it")
        graph = between(parameters, topological_order(value, stop=parameters)[0])
        check_depends(bool(graph.nodes) or value in parameters)
        gradient = pull_back(graph, parameters, [value], [1.0], recording=True)
        outputs = [as_value(x) for x in (value, *numbers, *gradient)]
    rows = [x for x in inputs if isinstance(x, LaneTracer)]
    return record_program(tape, [*rows, *parameters, *inputs[len(rows) :]], outputs), others


def update_program(optimizer: Optimizer) -> Program:
    """A parameter's update, a lane for each: from number, gradient, memory, rate and step to number and memory.

    A TypeError for an optimiser with a `step` of its own, or an update that does not do the same each time.
    """
    kind = type(optimizer).__name__
    if getattr(optimizer.step, "__func__", None) is not Optimizer.step:
        raise TypeError(
            f"{kind} has a step of its own, and compiled is only its update: move it there, or use fit(jit=False)"
        )
    recorded = copy(optimizer)

    def moved(lr: Any, count: Any, x: Any, g: Any, *before: Any) -> list[Any]:
        memory: Any = dict(zip(optimizer.remembers, before))
        recorded.steps = count
        return [recorded.update(x, g, memory, lr), *[memory[name] for name in optimizer.remembers]]

    size = 2 + len(optimizer.remembers)
    check_calls_alike(moved, [Tracer() for _ in range(2 + size)], f"the update of {kind}")
    lr, count = Tracer(), Tracer()
    with tracing() as tape:
        tape.lanes = len(optimizer.parameters)
        rows = [LaneTracer() for _ in range(size)]
        outputs = [as_value(y) for y in moved(lr, count, *rows)]
        return record_program(tape, [*rows, lr, count], [tape.row(y) for y in outputs])


def options_of(optimizer: Optimizer) -> dict[str, Any]:
    """What an update may look at beside its arguments: the program has it as constants."""
    return {name: x for name, x in vars(optimizer).items() if name not in ("lr", "memory", "parameters", "steps")}


def check_depends(depends: bool) -> None:
    """A ValueError if a loss does not depend on what the optimiser moves."""
    if not depends:
        raise ValueError(
            "the loss does not depend on any of the optimiser's parameters, so nothing would be trained: were the "
            "outputs computed inside no_grad(), detached, or by another model?"
        )


def first_not_finite(numbers: Any) -> int | None:
    """The place of the first number that is infinite or nan."""
    if math.isfinite(numbers.sum() if hasattr(numbers, "sum") else sum(numbers)):
        return None
    return next((i for i, x in enumerate(numbers) if not math.isfinite(x)), None)

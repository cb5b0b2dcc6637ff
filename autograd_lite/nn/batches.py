"""The steps of `fit`, compiled: the model recorded once for all samples of a batch, the loss over the outputs of all.

The samples of a batch are lanes, as under `vmap`, and travel as rows of numbers. Where samples are of different shapes,
or a whole batch's are read by Python itself (an `if` on an input, a token that indexes a list), each is recorded alone.
"""

import random
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import chain
from typing import Any

from autograd_lite.compiler.batching import over_lanes
from autograd_lite.compiler.tracer import LaneTracer, Tape, Tracer, TracingError, tracing
from autograd_lite.core.value import Value
from autograd_lite.nn.compiled import Check, Gradient, Trainer
from autograd_lite.optim.base import Optimizer
from autograd_lite.transforms.pytree import NUMBER, Structure, flatten, unflatten

Model = Callable[[Any], Any]
Loss = Callable[[list[Any], list[Any]], Any]
CALLS = 5  # of a model, to see whether it does the same each time


class Batches:
    """Steps on batches of the samples, pairs of inputs and targets. What a batch of `size` needs is recorded at once.

    Without a `size` all samples make one batch. Then targets are part of the program, and Python may read them.
    """

    def __init__(
        self,
        model: Model,
        loss: Loss,
        optimizer: Optimizer,
        samples: list[Any],
        size: int | None,
        with_outputs: bool,
    ) -> None:
        self.model, self.loss, self.samples, self.with_outputs = model, loss, samples, with_outputs
        self.whole = size is None
        self.trainer = Trainer(self._one_by_one, optimizer)
        self._gradients: dict[int, Gradient] = {}
        self._rows: Any = None  # of the last batch
        inputs, targets = zip(*samples)
        self._inputs = Columns(inputs)
        self._targets = Columns(targets) if size else None
        if self._inputs.structure and (self._targets is None or self._targets.structure):
            try:
                check_calls_alike(model, self._inputs.stand_in(Tracer)[1])
                first = min(size or len(samples), len(samples))
                self._gradients[first] = self._record(first)
            except TracingError:
                if not self.whole:
                    raise
        if not self._gradients:
            check_calls_alike(model, inputs[0])

    def step(self, batch: Sequence[int], check: Check) -> tuple[float, list[Any]]:
        """Take a step on the samples with these numbers; returns the loss before it, and the outputs if asked for."""
        if not self._gradients:
            chosen = [] if self.whole else zip(*[self.samples[i] for i in batch])
            return self.trainer.step(*chosen, check=check), self.trainer.others
        if len(batch) not in self._gradients:
            self._gradients[len(batch)] = self._record(len(batch))
        targets = [self._targets.lines(batch)] if self._targets else []
        if not self.whole or self._rows is None:
            self._rows = self._inputs.rows(batch)
        loss = self.trainer.move(self._gradients[len(batch)], targets, self._rows, check)
        return loss, self.trainer.others

    def _record(self, size: int) -> Gradient:
        row, sample = self._inputs.stand_in(LaneTracer)
        given = [self._targets.stand_in(Tracer) for _ in range(size)] if self._targets else []

        def loss(tape: Tape) -> Any:
            targets = [t for _, t in given] if given else [t for _, t in self.samples]
            return self._measured(over_lanes(tape, self.model, [sample]), targets)

        return self.trainer.record(loss, [*row, *[x for xs, _ in given for x in xs]], lanes=size)

    def _one_by_one(self, *batch: Any) -> Any:
        """The loss with each sample recorded alone; without arguments, of all of them."""
        inputs, targets = batch or zip(*self.samples)
        return self._measured([self.model(x) for x in inputs], list(targets))

    def _measured(self, outputs: list[Any], targets: list[Any]) -> Any:
        loss = self.loss(outputs, targets)
        return (loss, outputs) if self.with_outputs else loss


class Columns:
    """Entries of one structure as a table of numbers, a line for each; `structure` is None for any others."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self.structure: Structure | None = None
        self.table: Any = self._as_array(entries) if find_spec("numpy") else None
        if self.table is not None:
            self.structure = flatten(entries[0])[1]
            return
        try:
            flat = [flatten(x) for x in entries]
        except TypeError:  # no numbers
            return
        self.table = [xs for xs, _ in flat]
        if all(s == flat[0][1] for _, s in flat) and not any(isinstance(x, Value) for xs in self.table for x in xs):
            self.structure = flat[0][1]

    @staticmethod
    def _as_array(entries: Sequence[Any]) -> Any:
        """A NumPy array of the entries, if they are numbers or flat lists of as many numbers each."""
        import numpy

        try:
            table = numpy.array(entries)
        except ValueError:
            return None
        plain = table.dtype.kind in "biuf" and all(isinstance(x, (list, float, int)) for x in entries)
        return table.astype(float).reshape(len(table), -1) if plain and table.ndim <= 2 else None

    def stand_in(self, kind: type[Tracer]) -> tuple[list[Tracer], Any]:
        """Tracers for the numbers of an entry, and the entry made of them."""
        tracers = [kind() for _ in range(len(self.structure or ()))]
        return tracers, unflatten(self.structure or NUMBER, tracers)

    def lines(self, chosen: Sequence[int]) -> Any:
        """The chosen lines, one after the other."""
        if isinstance(self.table, list):
            return [x for i in chosen for x in self.table[i]]
        return self.table[chosen].ravel()

    def rows(self, chosen: Sequence[int]) -> Any:
        """A row of the chosen entries' numbers for each place in the structure."""
        if isinstance(self.table, list):
            return list(zip(*[self.table[i] for i in chosen]))
        return self.table[chosen].T


def check_calls_alike(model: Model, sample: Any) -> None:
    """A TracingError if the model does something else each time it is called: other operations, other constants."""
    calls: list[list[Any]] = []
    drawn: list[Any] = []
    with tracing() as tape:
        for _ in range(CALLS):
            start = len(tape)
            outputs, shape = flatten(model(sample), "the result of the model")
            nodes = tape[start:]
            place: dict[Any, int] = {v: i for i, v in enumerate(nodes)}
            operands = chain(chain.from_iterable(v._parents for v in nodes), outputs)
            calls.append([shape, *[v._primitive for v in nodes], *[place.get(x, x) for x in operands]])
            drawn.append(_random_states())
    first, *others = calls
    if drawn[1:] == drawn[:-1] and all(len(c) == len(first) and all(map(_alike, first, c)) for c in others):
        return
    raise TracingError(
        "the model does not do the same each time it is called: it draws random numbers or changes something, and a "
        "recording would replay one call for all samples and steps.\nInstead: fit(jit=False)"
    )


def _alike(a: Any, b: Any) -> bool:
    """Whether two calls have the same here: an operation, a result's place, a Value that was there or is equal."""
    if isinstance(a, Value) and isinstance(b, Value) and not a._parents and not b._parents:
        return a is b or a.data == b.data or (a.data != a.data and b.data != b.data)
    return bool(a == b)


def _random_states() -> tuple[Any, ...]:
    """Where Python's generator of random numbers is, and NumPy's, if that is in use."""
    numpy = sys.modules.get("numpy")
    state = numpy.random.get_state() if numpy else ("", b"")
    return random.getstate(), bytes(state[1]), *state[2:]

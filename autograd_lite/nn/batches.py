"""The steps of `fit`, compiled: the model recorded once for all samples of a batch, the loss over the outputs of all.

The samples of a batch are lanes, as under `vmap`, and travel as rows of numbers. So does what a loss does to each
sample alike: then a batch of another length needs no recording of its own. Where samples are of different shapes, or a
whole batch's are read by Python itself (an `if` on an input, a token that indexes a list), each is recorded alone.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from autograd_lite.compiler.batching import Lanes, over_lanes, put_into_lanes
from autograd_lite.compiler.passes import record
from autograd_lite.compiler.tracer import LaneTracer, Tape, Tracer, TracingError, current_tape, tracing
from autograd_lite.core.modes import no_gc
from autograd_lite.core.value import Value, as_value
from autograd_lite.nn.compiled import Check, Gradient, Trainer
from autograd_lite.nn.repeatable import check_calls_alike, described, recorded_alike, same_calls
from autograd_lite.optim.base import Optimizer
from autograd_lite.transforms.pytree import Structure, flatten, unflatten

Model = Callable[[Any], Any]
Loss = Callable[[list[Any], list[Any]], Any]


class Batches:
    """Steps on batches of the samples, pairs of inputs and targets. What a batch of `size` needs is recorded at once.

    Without a `size` all samples make one batch. Then Python may read the targets, if it has to: as part of the program.
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
        self.size, self.whole = size, size is None
        self.trainer = Trainer(self._one_by_one, optimizer)
        self._gradients: dict[int, Gradient] = {}
        self._rows: Any = None  # the numbers of the last batch
        self._count = Tracer()  # how many samples
        self._now = self._of_two_samples()
        self._begin()

    def _begin(self) -> None:
        inputs, targets = zip(*self.samples)
        self._prepare([inputs, targets], Exception if self.whole else ())
        if self.whole and not self._gradients:
            self._prepare([inputs], TracingError)
        if not self._gradients:
            check_calls_alike(self.model, inputs[:1], "the model")
            self.prepare(range(min(self.size or 0, len(self.samples))))

    def look_again(self) -> None:
        """Record anew if model or loss do something else by now: a callback may have changed what they use."""
        now = self._of_two_samples()
        if not same_calls(self._now, now):
            self._now, self._gradients, self._rows = now, {}, None
            self.trainer.forget()
            self._begin()

    def _of_two_samples(self) -> list[Any]:
        """What model and loss do for the first two samples; nothing if they cannot be called so."""
        inputs, targets = zip(*self.samples[:2])
        with suppress(Exception), no_gc(), tracing() as tape:
            return described(tape, 0, self.loss([self.model(x) for x in inputs], [*targets]), "the loss")
        return []

    def _prepare(self, columns: Sequence[Sequence[Any]], ignored: Any) -> None:
        """Record the model over lanes, with these columns of the samples as rows, if there are rows of them."""
        self._table = Table(columns)
        if self._table.structures:
            with suppress(ignored), no_gc():
                check_calls_alike(self.model, self._table.stand_in(Tracer)[1][:1], "the model")
                self._lanes, self._sample = self._table.stand_in(LaneTracer)
                first = min(self.size or len(self.samples), len(self.samples))
                self._gradients[first] = self._record(first)

    def prepare(self, batch: Sequence[int]) -> None:
        """Record what a step on the samples with these numbers needs, if that is not done."""
        length = len(batch)
        if not self._gradients:
            self.trainer.prepare(*self._alone(batch))
        elif length not in self._gradients:
            self._gradients[length] = self._for_other_lanes(length) or self._record(length)

    def step(self, batch: Sequence[int], check: Check) -> None:
        """Take a step on the samples with these numbers; `check` sees loss, outputs and gradient before it."""
        if not self._gradients:
            self.trainer.step(*self._alone(batch), check=check)
            return
        self.prepare(batch)
        length = len(batch)
        if not self.whole or self._rows is None:
            self._rows = self._table.rows(batch)

        def check_first(loss: float, numbers: Any, slopes: Any) -> None:
            rows = [numbers[i : i + length] for i in range(0, len(numbers), length)]
            check(loss, [unflatten(self._structure, [Value(float(x)) for x in xs]) for xs in zip(*rows)], slopes)

        self.trainer.move(self._gradients[length], [float(length)], self._rows, check=check_first)

    def _record(self, length: int) -> Gradient:
        """The program for so many samples."""

        def loss(tape: Tape) -> Any:
            self._outputs, self._structure = over_lanes(tape, self.model, self._sample[:1])
            value = self._loss_over(tape)
            self._loss_does = self._about(tape, value)
            return value, [tape.row(as_value(y)) for y in self._outputs] if self.with_outputs else ()

        return self.trainer.record(loss, [*self._lanes, self._count], lanes=length)

    def _for_other_lanes(self, length: int) -> Gradient | None:
        """The program that there is, for so many lanes, if the loss over them is recorded as it was before."""
        first = next(iter(self._gradients.values()))
        with no_gc(), tracing() as tape:
            tape.lanes = length
            does = self._about(tape, self._loss_over(tape)) if first.program.for_any_lanes else []
        if not same_calls(self._loss_does, does):
            return None
        return self.trainer.load(replace(first.program, lanes=length), first.others)

    def _loss_over(self, tape: Tape) -> Any:
        """The loss over the outputs, which are recorded already."""
        tape.lane_count, start = self._count, len(tape)
        known = [t for _, t in self.samples]  # unless they are rows

        def call() -> Any:
            targets = Lanes(tape.lanes, *flatten(self._sample[1])) if self._sample[1:] else [*known]
            return self.loss(Lanes(tape.lanes, self._outputs, self._structure), targets)

        return put_into_lanes(tape, start, [recorded_alike(tape, call, "the loss", 1 if self._gradients else 2)])[0]

    def _about(self, tape: Tape, value: Value) -> list[Any]:
        """What the loss does to the outputs, for any number of lanes."""
        outputs = [y for y in self._outputs if isinstance(y, Value)]
        p = record(tape, [*outputs, *self._lanes, self._count], [value])
        return [p.ops, p.args, p.value, p.wide, p.outputs, *p.captured]

    def _alone(self, batch: Sequence[int]) -> list[Any]:
        """What `_one_by_one` takes for the samples with these numbers."""
        return [] if self.whole else [*zip(*[self.samples[i] for i in batch])]

    def _one_by_one(self, *batch: Any) -> Any:
        """The loss with each sample recorded alone; without arguments, of all of them."""
        inputs, targets = batch or zip(*self.samples)
        outputs = [self.model(x) for x in inputs]
        tape = current_tape()
        assert tape is not None
        loss = recorded_alike(tape, lambda: self.loss([*outputs], [*targets]), "the loss", 2)
        return (loss, outputs) if self.with_outputs else loss


class Table:
    """The samples' numbers, a line for each. `structures` are those of its columns; none where entries differ in them.

    A column has an entry for each sample: a number, or a list, tuple or dict of them.
    """

    def __init__(self, columns: Sequence[Sequence[Any]]) -> None:
        arrays: list[Any] = [_as_array(entries) for entries in columns] if find_spec("numpy") else [None]
        self.structures: list[Structure] = []
        if all(array is not None for array in arrays):
            import numpy

            self.lines: Any = numpy.hstack(arrays)
            self.structures = [flatten(entries[0])[1] for entries in columns]
            return
        try:
            flat = [[flatten(x, "a sample of fit(data)") for x in entries] for entries in columns]
        except TypeError:  # no numbers
            return
        self.lines = [[x for xs, _ in parts for x in xs] for parts in zip(*flat)]
        alike = all(structure == column[0][1] for column in flat for _, structure in column)
        if alike and not any(isinstance(x, Value) for line in self.lines for x in line):
            self.structures = [column[0][1] for column in flat]

    def stand_in(self, kind: type[Tracer]) -> tuple[list[Tracer], list[Any]]:
        """Tracers for the numbers of a sample, and the sample made of them, an entry for each column."""
        tracers = [[kind() for _ in range(len(structure))] for structure in self.structures]
        return [x for xs in tracers for x in xs], [unflatten(s, xs) for s, xs in zip(self.structures, tracers)]

    def rows(self, chosen: Sequence[int]) -> Any:
        """A row of the chosen samples' numbers for each place in the structures."""
        if isinstance(self.lines, list):
            return list(zip(*[self.lines[i] for i in chosen]))
        return self.lines[chosen].T


def _as_array(entries: Sequence[Any]) -> Any:
    """A NumPy array of the entries, if they are numbers or flat lists of as many numbers each."""
    import numpy

    try:
        table = numpy.array(entries)
    except ValueError:
        return None
    plain = table.dtype.kind in "biuf" and all(isinstance(x, (list, float, int)) for x in entries)
    return table.astype(float).reshape(len(table), -1) if plain and table.ndim <= 2 else None

"""A step of `fit`: what measures a batch and then moves the parameters; eager, compiled, or what can be compiled.

A step is a function of the samples' numbers and of where we are, which returns what was measured before anything moved.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from autograd_lite.core.checks import as_float, shown
from autograd_lite.core.modes import no_gc, no_grad
from autograd_lite.core.value import Value, as_data, topological_order
from autograd_lite.nn.compiled import check_depends, first_not_finite
from autograd_lite.nn.metrics import accuracy
from autograd_lite.nn.repeatable import random_states, set_random_states
from autograd_lite.optim.base import Optimizer

Measure: TypeAlias = Callable[[list[Any], list[Any]], Any]
Measures: TypeAlias = Mapping[str, Measure]
Step: TypeAlias = Callable[[Sequence[int], str], dict[str, float]]
Action: TypeAlias = Callable[[], None]


class Steps(NamedTuple):
    """`take` a step; `write_back` before anybody looks; `look_again` after a callback; `prepare` for a batch."""

    take: Step
    write_back: Action
    look_again: Action
    prepare: Callable[[Sequence[int]], None]


def eager_steps(model: Any, measures: Measures, optimizer: Optimizer, samples: list[Any]) -> Steps:
    """What measures a batch and then takes a step; and what brings the parameters up to date: they always are."""

    parameters, checked = set(optimizer.parameters), False

    def step(batch: Sequence[int], where: str) -> dict[str, float]:
        nonlocal checked
        chosen = [samples[i] for i in batch]
        with no_gc():
            results = results_of(measures, [model(x) for x, _ in chosen], chosen)
            loss = _one_value(results["loss"])
            if not checked:
                check_depends(not parameters.isdisjoint(topological_order(loss)[1]))
                checked = True
            numbers = numbers_of(results)
            check = _check_finite(measures["loss"], optimizer, where)
            check(loss.data, [])
            optimizer.zero_grad()
            loss.backward()
            check(loss.data, [as_data(p.grad) for p in optimizer.parameters])
            optimizer.step()
        return numbers

    return Steps(step, _nothing, _nothing, _nothing)


def compiled_steps(
    model: Any, measures: Measures, optimizer: Optimizer, samples: list[Any], batch_size: int | None
) -> Steps:
    """The same, compiled; and before it, what records all that a batch needs."""
    from autograd_lite.nn.batches import Batches

    def loss(outputs: list[Any], targets: list[Any]) -> Value:
        return _one_value(measures["loss"](outputs, targets))

    metrics = {name: measure for name, measure in measures.items() if name != "loss"}
    harmless = {name for name, metric in metrics.items() if metric is accuracy}
    batches = Batches(model, loss, optimizer, samples, batch_size, bool(metrics))

    def step(batch: Sequence[int], where: str) -> dict[str, float]:
        measured: dict[str, float] = {}
        if not metrics.keys() <= harmless:  # they may look at the parameters, as they are before the step
            batches.trainer.write_back()

        def check(loss: float, outputs: list[Any], slopes: Any) -> None:
            measured["loss"] = loss
            if metrics:
                with no_grad():
                    measured.update(numbers_of(results_of(metrics, outputs, [samples[i] for i in batch])))
            _check_finite(measures["loss"], optimizer, where)(loss, slopes)

        batches.step(batch, check)
        return measured

    return Steps(step, batches.trainer.write_back, batches.look_again, batches.prepare)


def steps_where_it_can(
    model: Any,
    measures: Measures,
    optimizer: Optimizer,
    samples: list[Any],
    batch_size: int | None,
    note: Callable[[Exception], None],
) -> Steps:
    """The same, compiled as long as what a batch needs can be recorded, then eager; `note` is told why."""
    eager = eager_steps(model, measures, optimizer, samples)
    drawn = random_states()
    try:
        compiled = compiled_steps(model, measures, optimizer, samples, batch_size)
    except Exception as error:  # whatever model and loss do when they are given numbers that are not there yet
        set_random_states(drawn)
        note(error)
        return eager
    now = compiled

    def attempt(what: Callable[..., None], *args: Any) -> None:
        nonlocal now
        if now is compiled:
            try:
                what(*args)
            except Exception as error:
                compiled.write_back()
                note(error)
                now = eager

    def step(batch: Sequence[int], where: str) -> dict[str, float]:
        attempt(compiled.prepare, batch)
        return now.take(batch, where)

    return Steps(step, compiled.write_back, lambda: attempt(compiled.look_again), _nothing)


def _nothing(*_: Any) -> None:
    """What is always ready needs nothing."""


def results_of(measures: Measures, outputs: list[Any], batch: list[Any]) -> dict[str, Any]:
    targets = [t for _, t in batch]
    return {name: measure(outputs, targets) for name, measure in measures.items()}


def numbers_of(results: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: as_float(as_data(x), f"what {name!r} measures, a loss or metric of fit,") for name, x in results.items()
    }


def _one_value(loss: Any) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(f"fit(loss) must return one Value, not {shown(loss)}")
    return loss


def _check_finite(function: Measure, optimizer: Optimizer, where: str) -> Callable[[float, Any], None]:
    """What raises a FloatingPointError for a loss or a gradient that is not finite."""

    def check(loss: float, gradient: Any) -> None:
        name = getattr(function, "__name__", function)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss {name} is {loss} at {where}: a smaller learning rate, clip_grad_norm or scaled inputs may "
                "help; detect_anomaly() finds the operation"
            )
        i = first_not_finite(gradient)
        if i is not None:
            label = optimizer.parameters[i].label or f"number {i}"
            raise FloatingPointError(
                f"the gradient of {name} with respect to parameter {label} is {float(gradient[i])} at {where}, the "
                f"loss {loss}; detect_anomaly() finds the operation"
            )

    return check

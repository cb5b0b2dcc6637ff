"""The training loop."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd_lite.core.checks import as_float, as_list, check_flag, check_size, shown
from autograd_lite.core.modes import is_recording, is_watched, no_gc, no_grad
from autograd_lite.core.value import Value, as_data, topological_order
from autograd_lite.nn.compiled import check_depends, first_not_finite
from autograd_lite.nn.history import GrowingCurves, History, line
from autograd_lite.nn.metrics import accuracy
from autograd_lite.nn.module import Module, Seed, generator
from autograd_lite.nn.repeatable import random_states, set_random_states
from autograd_lite.optim.base import Optimizer

Measure: TypeAlias = Callable[[list[Any], list[Any]], Any]
Measures: TypeAlias = Mapping[str, Measure]
Step: TypeAlias = Callable[[Sequence[int], str], dict[str, float]]  # of the samples' numbers, and where we are


def fit(
    model: Callable[[Any], Any],
    data: tuple[Sequence[Any], Sequence[Any]],
    loss: Measure,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int | None = None,
    *,
    validation: tuple[Sequence[Any], Sequence[Any]] | None = None,
    metrics: Measures | None = None,
    seed: Seed = None,
    stop: Callable[[History], bool] | None = None,
    callback: Callable[[History], object] | None = None,
    report: int | None = None,
    progress: bool | str = True,
    jit: bool | str = False,
) -> History:
    """Train a model by gradient descent; returns the `History`.

    `data` is a pair of inputs and targets, one of each for a sample; `loss` and the `metrics`, a dict of functions by
    name, take the lists of a batch's outputs and targets. Without `batch_size` all samples make one batch; with it they
    are shuffled anew every epoch, by `seed`. After each epoch the model is measured on `validation` too, and `stop` is
    asked, with the history so far, whether to end; `callback` is called with it too, and every `report` epochs a line
    is printed. Ctrl-C ends training as well: the history so far comes back. A bar shows the progress; in a notebook,
    `progress="plot"` draws the curves as they grow, as `History.plot` does at the end.

    `jit=True` compiles the whole step, under the rules of `jit` (see `Trainer`): model and loss must not branch on
    numbers, nor, with a `batch_size`, on targets or index by them. The losses of `nn` and the metrics may take classes
    all the same. The model is recorded once for all samples of a batch, so that it must do the same each time it is
    called: one that draws random numbers is a TracingError. Parameters are written back when `validation`, `stop`
    or `callback` look at them, and at the end. `jit="auto"` compiles what can be compiled, and trains eagerly what
    cannot; then the history's `note` says why, and so does a line beside the bar. Inside `detect_anomaly()` all is
    eager.

    A ValueError for data that do not pair up; a FloatingPointError, before the model is changed, for a loss that is not
    finite.

    >>> from autograd_lite import nn, optim
    >>> line = nn.Neuron(1, "linear", seed=0)
    >>> data = [[-1.0], [0.0], [1.0]], [-1.0, 1.0, 3.0]
    >>> history = nn.fit(line, data, nn.mse_loss, optim.SGD(line.parameters(), lr=0.5), epochs=20, progress=False)
    >>> len(history), round(line([2.0]).item(), 3)
    (20, 5.0)
    """
    from tqdm.auto import tqdm

    _check_arguments(model, loss, metrics, optimizer, jit, {"stop": stop, "callback": callback})
    samples = as_samples(data, "fit(data)")
    held_out = as_samples(validation, "fit(validation)") if validation is not None else []
    epochs = check_size(epochs, "fit(epochs)")
    every = 0 if report is None else check_size(report, "fit(report)", 0)
    curves = GrowingCurves(epochs) if isinstance(progress, str) and progress == "plot" else None
    has_bar = curves is None and _check_progress(progress)
    size = len(samples) if batch_size is None else check_size(batch_size, "fit(batch_size)")
    measures, shuffler, history = {"loss": loss, **(metrics or {})}, generator(seed), History()
    order = list(range(len(samples)))
    if is_watched():  # detect_anomaly() sees each operation
        jit = False
    if jit == "auto":
        drawn = random_states()
        try:
            step, write_back = _compiled(model, measures, optimizer, samples, batch_size)
        except Exception as error:  # whatever model and loss do when they are given numbers that are not there yet
            history.note = f"not compiled: {error}"
            set_random_states(drawn)
            step, write_back = _eager(model, measures, optimizer, samples)
    else:
        step, write_back = (
            _compiled(model, measures, optimizer, samples, batch_size)
            if jit
            else _eager(model, measures, optimizer, samples)
        )
    with tqdm(total=epochs * math.ceil(len(samples) / size), unit="step", disable=not has_bar) as bar:
        if history.note:
            bar.write(history.note)
        try:
            for epoch in range(1, epochs + 1):
                if batch_size is not None:
                    order = list(range(len(samples)))  # afresh, so that a run goes on as if it had not been cut in two
                    shuffler.shuffle(order)
                measured = _train(order, size, step, bar, f"epoch {epoch:,}")
                if held_out or stop is not None or callback is not None:
                    write_back()
                if held_out:
                    with no_grad():
                        validated = _numbers(_results(measures, [model(x) for x, _ in held_out], held_out))
                    measured.update({f"val_{name}": x for name, x in validated.items()})
                history.epochs.append(measured)
                bar.set_postfix_str(line(measured), refresh=False)
                if every and epoch % every == 0:
                    bar.write(f"epoch {epoch:,}: {line(measured)}")
                if curves:
                    curves.show(history)
                if callback is not None:
                    callback(history)
                if stop is not None and stop(history):
                    history.ended = f"stopped after epoch {epoch:,}"
                    break
            else:
                history.ended = "all of them done"
        except KeyboardInterrupt:
            history.ended = f"interrupted after {len(history):,} epochs"
        finally:
            write_back()
            if curves:
                curves.show(history, whole=True)
    return history


def patience(epochs: int, name: str = "loss") -> Callable[[History], bool]:
    """For `fit(stop=...)`: end when `name` has not come below its best for that many epochs in a row.

    >>> from autograd_lite import nn
    >>> stop = nn.patience(10, "val_loss")
    """
    epochs = check_size(epochs, "patience(epochs)")
    if not isinstance(name, str):
        raise TypeError(f"patience(name) must be the name of what is measured, such as 'loss', not {shown(name)}")

    def stop(history: History) -> bool:
        if not isinstance(history, History):
            raise TypeError(f"what patience() gives is for fit(stop=...): it takes a History, not {shown(history)}")
        return len(history) > epochs and min(history[name][-epochs:]) >= min(history[name][:-epochs])

    return stop


def _train(order: list[int], size: int, step: Step, bar: Any, epoch: str) -> dict[str, float]:
    """One epoch of gradient descent, a step for each batch; returns the mean of what was measured before each step."""
    sums: dict[str, float] = {}
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        measured = step(batch, f"{epoch}, step {start // size + 1:,}")
        sums = {name: sums.get(name, 0.0) + x * len(batch) for name, x in measured.items()}
        bar.update()
    return {name: total / len(order) for name, total in sums.items()}


def _eager(model: Any, measures: Measures, optimizer: Optimizer, samples: list[Any]) -> tuple[Step, Callable[[], None]]:
    """What measures a batch and then takes a step; and what brings the parameters up to date: they always are."""

    parameters, checked = set(optimizer.parameters), False

    def step(batch: Sequence[int], where: str) -> dict[str, float]:
        nonlocal checked
        chosen = [samples[i] for i in batch]
        with no_gc():
            results = _results(measures, [model(x) for x, _ in chosen], chosen)
            loss = _one_value(results["loss"])
            if not checked:
                check_depends(not parameters.isdisjoint(topological_order(loss)[1]))
                checked = True
            check = _check_finite(measures["loss"], optimizer, where)
            check(loss.data, [])
            optimizer.zero_grad()
            loss.backward()
            check(loss.data, [as_data(p.grad) for p in optimizer.parameters])
            optimizer.step()
        return _numbers(results)

    return step, lambda: None


def _compiled(
    model: Any, measures: Measures, optimizer: Optimizer, samples: list[Any], batch_size: int | None
) -> tuple[Step, Callable[[], None]]:
    """The same, compiled."""
    from autograd_lite.nn.batches import Batches

    def loss(outputs: list[Any], targets: list[Any]) -> Value:
        return _one_value(measures["loss"](outputs, targets))

    metrics = {name: measure for name, measure in measures.items() if name != "loss"}
    harmless = {name for name, metric in metrics.items() if metric is accuracy}
    batches = Batches(model, loss, optimizer, samples, batch_size, bool(metrics))

    def step(batch: Sequence[int], where: str) -> dict[str, float]:
        if not metrics.keys() <= harmless:  # they may look at the parameters, as they are before the step
            batches.trainer.write_back()
        number, outputs = batches.step(batch, _check_finite(measures["loss"], optimizer, where))
        if not metrics:
            return {"loss": number}
        with no_grad():
            return {"loss": number, **_numbers(_results(metrics, outputs, [samples[i] for i in batch]))}

    return step, batches.trainer.write_back


def _results(measures: Measures, outputs: list[Any], batch: list[Any]) -> dict[str, Any]:
    targets = [t for _, t in batch]
    return {name: measure(outputs, targets) for name, measure in measures.items()}


def _numbers(results: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: as_float(as_data(x), f"what {name!r} measures, a loss or metric of fit,") for name, x in results.items()
    }


# --- checks of what a user passes ----------------------------------------------------------------------------------


def _check_arguments(model: Any, loss: Any, metrics: Any, optimizer: Any, jit: Any, asked: dict[str, Any]) -> None:
    if not isinstance(jit, bool) and not (isinstance(jit, str) and jit == "auto"):
        raise ValueError(f"fit(jit) must be True, False or 'auto', not {shown(jit)}")
    if not is_recording():
        raise RuntimeError("fit(...) inside no_grad() would train nothing: call it outside")
    if not callable(model):
        raise TypeError(f"fit(model) must be a Module or a function of one input, not {shown(model)}")
    for name, function in asked.items():
        if function is not None and not callable(function):
            raise TypeError(f"fit({name}) must be a function of the history, not {shown(function)}")
    check_measures("fit", loss, metrics, optimizer)
    if isinstance(model, Module) and not set(model.parameters()) & set(optimizer.parameters):
        raise ValueError("fit(optimizer) moves none of this model's parameters: make it with model.parameters()")


def check_measures(caller: str, loss: Any, metrics: Any, optimizer: Any) -> None:
    """A TypeError that names the caller's argument, if it is not what a training run takes."""
    if not callable(loss):
        raise TypeError(f"{caller}(loss) must be a function of outputs and targets, not {shown(loss)}")
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(f"{caller}(metrics) must be a dict of functions by name, not {shown(metrics)}")
    for name, measure in (metrics or {}).items():
        if not callable(measure) or not isinstance(name, str) or name == "loss" or name.startswith("val_"):
            raise TypeError(
                f"{caller}(metrics) must give functions by names other than 'loss' or 'val_...', which is what is "
                f"measured on the validation data, not {shown({name: measure})}"
            )
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{caller}(optimizer) must be one of optim, as SGD(model.parameters()), not {shown(optimizer)}")


def _check_progress(progress: Any) -> bool:
    if isinstance(progress, str):
        raise ValueError(f"fit(progress) must be True, False or 'plot', not {shown(progress)}")
    return check_flag(progress, "fit(progress)")


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


def as_samples(data: Any, place: str) -> list[Any]:
    """The pairs of an input and its target."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"{place} must be a pair (inputs, targets), not {shown(data)}")
    arrays = [x.to_numpy() if hasattr(x, "to_numpy") else x for x in data]  # a table would list its columns' names
    inputs, targets = (
        as_list(x.tolist() if hasattr(x, "tolist") else x, f"{place}[{i}]", "samples") for i, x in enumerate(arrays)
    )
    if len(inputs) != len(targets) or not inputs:
        raise ValueError(f"{place} needs a target for each input, got {len(inputs)} and {len(targets)}")
    return list(zip(inputs, targets))

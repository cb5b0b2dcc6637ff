"""The training loop."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd_lite.core.checks import as_list, check_flag, check_size, shown
from autograd_lite.core.modes import is_recording, is_watched, no_grad
from autograd_lite.nn.history import GrowingCurves, History, line
from autograd_lite.nn.module import Module, Seed, generator
from autograd_lite.nn.stepping import (
    Measure,
    Measures,
    Step,
    compiled_steps,
    eager_steps,
    numbers_of,
    results_of,
    steps_where_it_can,
)
from autograd_lite.optim.base import Optimizer


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
    called: one that draws random numbers is a TracingError, as are such a loss and such an optimiser. Parameters are
    written back when `validation`, `stop`, `callback` or metrics of one's own look at them, and at the end; what a
    `callback` changes of model, loss or optimiser counts. `jit="auto"` compiles what can be compiled, and trains
    eagerly what cannot; then the history's `note` says why, and so does a line beside the bar. Inside
    `detect_anomaly()` all is eager.

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
    with tqdm(total=epochs * math.ceil(len(samples) / size), unit="step", disable=not has_bar) as bar:

        def note(error: Exception) -> None:
            history.note = f"not compiled: {error}"
            bar.write(history.note)

        task = model, measures, optimizer, samples
        if jit == "auto":
            steps = steps_where_it_can(*task, batch_size, note)
        else:
            steps = compiled_steps(*task, batch_size) if jit else eager_steps(*task)
        try:
            for epoch in range(1, epochs + 1):
                if batch_size is not None:
                    order = list(range(len(samples)))  # afresh, so that a run goes on as if it had not been cut in two
                    shuffler.shuffle(order)
                measured = _train(order, size, steps.take, bar, f"epoch {epoch:,}")
                if held_out or stop is not None or callback is not None:
                    steps.write_back()
                if held_out:
                    with no_grad():
                        validated = numbers_of(results_of(measures, [model(x) for x, _ in held_out], held_out))
                    measured.update({f"val_{name}": x for name, x in validated.items()})
                history.epochs.append(measured)
                bar.set_postfix_str(line(measured), refresh=False)
                if every and epoch % every == 0:
                    bar.write(f"epoch {epoch:,}: {line(measured)}")
                if curves:
                    curves.show(history)
                if callback is not None:
                    callback(history)
                    steps.look_again()
                if stop is not None and stop(history):
                    history.ended = f"stopped after epoch {epoch:,}"
                    break
            else:
                history.ended = "all of them done"
        except KeyboardInterrupt:
            history.ended = f"interrupted after {len(history):,} epochs"
        finally:
            steps.write_back()
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
        return len(history) > epochs and _lowest(history[name][-epochs:]) >= _lowest(history[name][:-epochs])

    return stop


def _lowest(numbers: Sequence[float]) -> float:
    """The least of the numbers; nan is none."""
    return min((x for x in numbers if not math.isnan(x)), default=math.inf)


def _train(order: list[int], size: int, step: Step, bar: Any, epoch: str) -> dict[str, float]:
    """One epoch of gradient descent, a step for each batch; returns the mean of what was measured before each step."""
    sums: dict[str, float] = {}
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        measured = step(batch, f"{epoch}, step {start // size + 1:,}")
        sums = {name: sums.get(name, 0.0) + x * len(batch) for name, x in measured.items()}
        bar.update()
    return {name: total / len(order) for name, total in sums.items()}


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
    moved = set(optimizer.parameters)
    if isinstance(model, Module) and not any(p in moved for _, p in model.named_parameters()):
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

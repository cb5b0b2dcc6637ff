"""The training loop."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd_lite.core.checks import check_size
from autograd_lite.core.modes import no_gc, no_grad
from autograd_lite.core.value import Value
from autograd_lite.nn.history import History, line
from autograd_lite.nn.module import Module, Seed, generator
from autograd_lite.optim.base import Optimizer

Measure: TypeAlias = Callable[[list[Any], list[Any]], Any]
Measures: TypeAlias = Mapping[str, Measure]
Step: TypeAlias = Callable[[list[Any], str], dict[str, float]]


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
    report: int | None = None,
    progress: bool = True,
    jit: bool = False,
) -> History:
    """Train a model by gradient descent; returns the `History`.

    `data` is a pair of inputs and targets, one of each for a sample; `loss` and the `metrics`, a dict of functions by
    name, take the lists of a batch's outputs and targets. Without `batch_size` all samples make one batch; with it they
    are shuffled anew every epoch, by `seed`. After each epoch the model is measured on `validation` too, and `stop` is
    asked, with the history so far, whether to end; every `report` epochs a line is printed. Ctrl-C ends training as
    well: the history so far comes back.

    `jit=True` compiles the whole step, under the rules of `jit` (see `Trainer`): model and loss must not branch on
    numbers, nor, with a `batch_size`, on targets or index by them. The losses of `nn` and the metrics may take classes
    all the same. Parameters are written back when `validation` or `stop` look at them, and at the end.

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

    _check_arguments(model, loss, metrics, optimizer)
    samples = _samples(data, "data")
    held_out = _samples(validation, "validation") if validation is not None else []
    check_size(epochs, "fit(epochs)")
    size = len(samples) if batch_size is None else check_size(batch_size, "fit(batch_size)")
    measures, shuffler, history = {"loss": loss, **(metrics or {})}, generator(seed), History()
    step, write_back = (
        _compiled(model, measures, optimizer, samples if batch_size is None else None)
        if jit
        else _eager(model, measures, optimizer)
    )
    with tqdm(total=epochs * math.ceil(len(samples) / size), unit="step", disable=not progress) as bar:
        try:
            for epoch in range(1, epochs + 1):
                if batch_size is not None:
                    shuffler.shuffle(samples)
                measured = _train(samples, size, step, bar, f"epoch {epoch:,}")
                if held_out or stop:
                    write_back()
                if held_out:
                    with no_grad():
                        validated = _numbers(_results(measures, [model(x) for x, _ in held_out], held_out))
                    measured.update({f"val_{name}": x for name, x in validated.items()})
                history.epochs.append(measured)
                bar.set_postfix_str(line(measured), refresh=False)
                if report and epoch % report == 0:
                    bar.write(f"epoch {epoch:,}: {line(measured)}")
                if stop and stop(history):
                    history.ended = f"stopped after epoch {epoch:,}"
                    break
            else:
                history.ended = "all of them done"
        except KeyboardInterrupt:
            history.ended = f"interrupted after {len(history):,} epochs"
        finally:
            write_back()
    return history


def patience(epochs: int, name: str = "loss") -> Callable[[History], bool]:
    """For `fit(stop=...)`: end when `name` has not come below its best for that many epochs in a row.

    >>> from autograd_lite import nn
    >>> stop = nn.patience(10, "val_loss")
    """
    check_size(epochs, "patience(epochs)")
    return lambda history: len(history) > epochs and min(history[name][-epochs:]) >= min(history[name][:-epochs])


def _train(samples: list[Any], size: int, step: Step, bar: Any, epoch: str) -> dict[str, float]:
    """One epoch of gradient descent, a step for each batch; returns the mean of what was measured before each step."""
    sums: dict[str, float] = {}
    for start in range(0, len(samples), size):
        batch = samples[start : start + size]
        measured = step(batch, f"{epoch}, step {start // size + 1:,}")
        sums = {name: sums.get(name, 0.0) + x * len(batch) for name, x in measured.items()}
        bar.update()
    return {name: total / len(samples) for name, total in sums.items()}


def _eager(model: Any, measures: Measures, optimizer: Optimizer) -> tuple[Step, Callable[[], None]]:
    """What measures a batch and then takes a step; and what brings the parameters up to date: they always are."""

    def step(batch: list[Any], where: str) -> dict[str, float]:
        with no_gc():
            results = _results(measures, [model(x) for x, _ in batch], batch)
            loss = _one_value(results["loss"])
            _check_finite(loss.data, measures["loss"], where)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return _numbers(results)

    return step, lambda: None


def _compiled(
    model: Any, measures: Measures, optimizer: Optimizer, whole: list[Any] | None
) -> tuple[Step, Callable[[], None]]:
    """The same, compiled. The samples of a `whole` batch are part of the program; others are given at each step."""
    from autograd_lite.nn.compiled import Trainer

    metrics = {name: measure for name, measure in measures.items() if name != "loss"}

    def loss(*batch: Any) -> Any:
        inputs, targets = batch or zip(*(whole or []))
        outputs = [model(x) for x in inputs]
        result = _one_value(measures["loss"](outputs, list(targets)))
        return (result, outputs) if metrics else result

    def step(batch: list[Any], where: str) -> dict[str, float]:
        number = trainer.step(*([] if whole else zip(*batch)))
        with no_grad():
            return {"loss": number, **_numbers(_results(metrics, trainer.others, batch))}

    trainer = Trainer(loss, optimizer)
    return step, trainer.write_back


def _results(measures: Measures, outputs: list[Any], batch: list[Any]) -> dict[str, Any]:
    targets = [t for _, t in batch]
    return {name: measure(outputs, targets) for name, measure in measures.items()}


def _numbers(results: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(getattr(x, "data", x)) for name, x in results.items()}


# --- checks of what a user passes ----------------------------------------------------------------------------------


def _check_arguments(model: Any, loss: Any, metrics: Any, optimizer: Any) -> None:
    if not callable(loss):
        raise TypeError(f"fit(loss) must be a function of outputs and targets, not {loss!r}")
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(f"fit(metrics) must be a dict of functions by name, not {metrics!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"fit(optimizer) must be one of optim, as SGD(model.parameters()), not {optimizer!r:.60}")
    if isinstance(model, Module) and not set(model.parameters()) & set(optimizer.parameters):
        raise ValueError("fit(optimizer) moves none of this model's parameters: make it with model.parameters()")


def _one_value(loss: Any) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(f"fit(loss) must return one Value, not {loss!r:.60}")
    return loss


def _check_finite(loss: float, function: Measure, where: str) -> None:
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the loss {getattr(function, '__name__', function)} is {loss} at {where}: a smaller learning rate, "
            "clip_grad_norm or scaled inputs may help; detect_anomaly() finds the operation"
        )


def _samples(data: Any, argument: str) -> list[Any]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"fit({argument}) must be a pair (inputs, targets), not {data!r:.60}")
    inputs, targets = (x.tolist() if hasattr(x, "tolist") else list(x) for x in data)
    if len(inputs) != len(targets) or not inputs:
        raise ValueError(f"fit({argument}) needs a target for each input, got {len(inputs)} and {len(targets)}")
    return list(zip(inputs, targets))

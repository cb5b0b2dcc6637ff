"""The training loop, and the history it leaves."""

import math
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, TypeAlias

from autograd_lite.engine import Value
from autograd_lite.modes import no_gc, no_grad
from autograd_lite.module import Module, Seed, check_size, generator
from autograd_lite.optim import Optimizer

Measure: TypeAlias = Callable[[list[Any], list[Any]], Any]


class History:
    """What `fit` measured: `history["loss"]` is the list of losses, one an epoch; metrics and "val_loss" likewise.

    `ended` says why training stopped. As the last line of a notebook's cell it shows its curves; so does `plot()`.
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.ended = ""

    def __getitem__(self, name: str) -> list[float]:
        if self.epochs and name not in self.epochs[0]:
            raise KeyError(f"history has no {name!r}, only {', '.join(self.epochs[0])}")
        return [epoch[name] for epoch in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        last = f", at the end {_line(self.epochs[-1])}" if self.epochs else ""
        return f"History of {len(self):,} epochs, {self.ended}{last}"

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the epochs, and the metrics by a scale on the right; on Matplotlib's axes `ax` or new
        ones, which it returns.
        """
        if ax is None:
            from matplotlib import pyplot

            _, ax = pyplot.subplots()
        if not self.epochs:
            return ax
        losses = [name for name in self.epochs[0] if name in ("loss", "val_loss")]
        metrics = [name for name in self.epochs[0] if name not in losses]
        ax.set(xlabel="epoch", ylabel="loss", yscale="log" if min(self["loss"]) > 0.0 else "linear")
        ax.xaxis.get_major_locator().set_params(integer=True)
        right = ax.twinx() if metrics else ax
        for i, name in enumerate(losses + metrics):
            side, style = (ax, "-") if name in losses else (right, "--")
            side.plot(range(1, len(self) + 1), self[name], style, color=f"C{i}", label=name)
        right.legend(handles=[*ax.lines, *(right.lines if metrics else [])], loc="center right")
        return ax

    def _repr_png_(self) -> bytes | None:
        try:
            from matplotlib.figure import Figure
        except ImportError:
            return None
        figure, picture = Figure(figsize=(6, 3.5), layout="tight"), BytesIO()
        self.plot(figure.subplots())
        figure.savefig(picture, format="png")
        return picture.getvalue()


def fit(
    model: Callable[[Any], Any],
    data: tuple[Sequence[Any], Sequence[Any]],
    loss: Measure,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int | None = None,
    *,
    validation: tuple[Sequence[Any], Sequence[Any]] | None = None,
    metrics: Mapping[str, Measure] | None = None,
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

    `jit=True` compiles the whole step (see `Trainer`): the loss alone is measured, the model must not branch on its
    numbers, and with a `batch_size` targets must be numbers, not indices. Parameters are written back when `validation`
    or `stop` look at them, and at the end.

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
    if jit and metrics:
        raise ValueError("fit(jit=True) measures the loss alone: leave metrics out, or give validation without jit")
    measures, shuffler, history = {"loss": loss, **(metrics or {})}, generator(seed), History()
    trainer = _trainer(model, loss, optimizer, samples if batch_size is None else None) if jit else None
    with tqdm(total=epochs * math.ceil(len(samples) / size), unit="step", disable=not progress) as bar:
        try:
            for epoch in range(1, epochs + 1):
                if batch_size is not None:
                    shuffler.shuffle(samples)
                if trainer is not None:
                    measured = _train_compiled(trainer, samples, batch_size, bar)
                    if held_out or stop:
                        trainer.write_back()
                else:
                    measured = _train(model, samples, size, measures, optimizer, bar, f"epoch {epoch:,}")
                if held_out:
                    with no_grad():
                        _, validated = _measure(model, held_out, measures)
                    measured.update({f"val_{name}": x for name, x in validated.items()})
                history.epochs.append(measured)
                bar.set_postfix_str(_line(measured), refresh=False)
                if report and epoch % report == 0:
                    bar.write(f"epoch {epoch:,}: {_line(measured)}")
                if stop and stop(history):
                    history.ended = f"stopped after epoch {epoch:,}"
                    break
            else:
                history.ended = "all of them done"
        except KeyboardInterrupt:
            history.ended = f"interrupted after {len(history):,} epochs"
        finally:
            if trainer is not None:
                trainer.write_back()
    return history


def patience(epochs: int, name: str = "loss") -> Callable[[History], bool]:
    """For `fit(stop=...)`: end when `name` has not come below its best for that many epochs in a row.

    >>> from autograd_lite import nn
    >>> stop = nn.patience(10, "val_loss")
    """
    check_size(epochs, "patience(epochs)")
    return lambda history: len(history) > epochs and min(history[name][-epochs:]) >= min(history[name][:-epochs])


def accuracy(outputs: Sequence[Any], targets: Sequence[Any]) -> float:
    """The share of samples answered right: the largest of a list of outputs is the class of the target, an index or the
    largest of a list; a single output rounds to the target.

    >>> accuracy([[0.1, 2.0], [3.0, 1.0]], [1, 1]), accuracy([0.9, 0.2], [1, 1])
    (0.5, 0.5)
    """

    def largest(xs: Sequence[Any]) -> int:
        return max(range(len(xs)), key=xs.__getitem__)

    def right(y: Any, t: Any) -> bool:
        if hasattr(y, "__len__"):
            return bool(largest(y) == (largest(t) if hasattr(t, "__len__") else t))
        return bool(t - 0.5 <= y < t + 0.5)

    return sum(right(y, t) for y, t in zip(outputs, targets)) / len(targets)


def _trainer(model: Any, loss: Measure, optimizer: Optimizer, samples: list[Any] | None) -> Any:
    """The compiled step: on these samples, part of the program; without, on the batch that each step is given."""
    from autograd_lite.trainer import Trainer

    def measured(*batch: Any) -> Any:
        inputs, targets = batch or zip(*(samples or []))
        return loss([model(x) for x in inputs], list(targets))

    return Trainer(measured, optimizer)


def _train_compiled(trainer: Any, samples: list[Any], size: int | None, bar: Any) -> dict[str, float]:
    """As `_train`, by compiled steps."""
    total = 0.0
    for start in range(0, len(samples), size or len(samples)):
        batch = samples[start : start + (size or len(samples))]
        total += trainer.step(*(zip(*batch) if size else ())) * len(batch)
        bar.update()
    return {"loss": total / len(samples)}


def _train(
    model: Any, samples: list[Any], size: int, measures: Any, optimizer: Optimizer, bar: Any, where: str
) -> dict[str, float]:
    """One epoch of gradient descent, a step for each batch; returns the mean of what was measured before each step."""
    sums = dict.fromkeys(measures, 0.0)
    for start in range(0, len(samples), size):
        batch = samples[start : start + size]
        with no_gc():
            loss, measured = _measure(model, batch, measures)
            _check_loss(loss, measures["loss"], f"{where}, step {start // size + 1:,}")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        sums = {name: so_far + measured[name] * len(batch) for name, so_far in sums.items()}
        bar.update()
    return {name: total / len(samples) for name, total in sums.items()}


def _measure(model: Any, batch: list[Any], measures: Any) -> tuple[Any, dict[str, float]]:
    outputs = [model(x) for x, _ in batch]
    targets = [t for _, t in batch]
    results = {name: measure(outputs, targets) for name, measure in measures.items()}
    return results["loss"], {name: float(getattr(x, "data", x)) for name, x in results.items()}


def _line(epoch: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {x:.4g}" for name, x in epoch.items())


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


def _check_loss(loss: Any, function: Measure, where: str) -> None:
    if not isinstance(loss, Value):
        raise TypeError(f"fit(loss) must return one Value, not {loss!r:.60}")
    if not math.isfinite(loss.data):
        raise FloatingPointError(
            f"the loss {getattr(function, '__name__', function)} is {loss.data} at {where}: a smaller learning rate, "
            "clip_grad_norm or scaled inputs may help; detect_anomaly() finds the operation"
        )


def _samples(data: Any, argument: str) -> list[Any]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"fit({argument}) must be a pair (inputs, targets), not {data!r:.60}")
    inputs, targets = (x.tolist() if hasattr(x, "tolist") else list(x) for x in data)
    if len(inputs) != len(targets) or not inputs:
        raise ValueError(f"fit({argument}) needs a target for each input, got {len(inputs)} and {len(targets)}")
    return list(zip(inputs, targets))

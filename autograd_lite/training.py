"""The training loop, and the history it leaves."""

import math
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, TypeAlias

from autograd_lite.engine import Value
from autograd_lite.modes import no_gc, no_grad
from autograd_lite.module import Seed, check_size, generator
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
) -> History:
    """Train a model by gradient descent; returns the `History`.

    `data` is a pair of inputs and targets, one of each for a sample; `loss` and the `metrics`, a dict of functions by
    name, take the lists of a batch's outputs and targets. Without `batch_size` all samples make one batch; with it they
    are shuffled anew every epoch, by `seed`. After each epoch the model is measured on `validation` too, and `stop` is
    asked, with the history so far, whether to end; every `report` epochs a line is printed. Ctrl-C ends training as
    well: the history so far comes back.

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

    samples = _samples(data, "data")
    held_out = _samples(validation, "validation") if validation is not None else []
    check_size(epochs, "fit(epochs)")
    size = len(samples) if batch_size is None else check_size(batch_size, "fit(batch_size)")
    starts = range(0, len(samples), size)
    measures, shuffler, history = {"loss": loss, **(metrics or {})}, generator(seed), History()
    with tqdm(total=epochs * len(starts), unit="step", disable=not progress) as bar:
        try:
            for epoch in range(1, epochs + 1):
                if batch_size is not None:
                    shuffler.shuffle(samples)
                sums = dict.fromkeys(measures, 0.0)
                for step, start in enumerate(starts, 1):
                    batch = samples[start : start + size]
                    with no_gc():
                        measured = _step(model, batch, measures, optimizer, f"epoch {epoch}, step {step}")
                    sums = {name: so_far + measured[name] * len(batch) for name, so_far in sums.items()}
                    bar.update()
                history.epochs.append({name: total / len(samples) for name, total in sums.items()})
                if held_out:
                    with no_grad():
                        _, measured = _measure(model, held_out, measures)
                    history.epochs[-1].update({f"val_{name}": x for name, x in measured.items()})
                bar.set_postfix_str(_line(history.epochs[-1]), refresh=False)
                if report and epoch % report == 0:
                    bar.write(f"epoch {epoch:,}: {_line(history.epochs[-1])}")
                if stop and stop(history):
                    history.ended = f"stopped after epoch {epoch:,}"
                    break
            else:
                history.ended = "all of them done"
        except KeyboardInterrupt:
            history.ended = f"interrupted in epoch {len(history) + 1:,}"
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


def _step(model: Any, batch: list[Any], measures: Any, optimizer: Optimizer, where: str) -> dict[str, float]:
    """One step of gradient descent; returns what was measured before it."""
    loss, measured = _measure(model, batch, measures)
    if not isinstance(loss, Value):
        raise TypeError(f"fit(loss) must return one Value, not {loss!r:.60}")
    if not math.isfinite(loss.data):
        raise FloatingPointError(
            f"the loss is {loss.data} at {where}: a smaller learning rate, clip_grad_norm or scaled inputs may help; "
            "detect_anomaly() finds the operation"
        )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return measured


def _measure(model: Any, batch: list[Any], measures: Any) -> tuple[Any, dict[str, float]]:
    outputs = [model(x) for x, _ in batch]
    targets = [t for _, t in batch]
    results = {name: measure(outputs, targets) for name, measure in measures.items()}
    return results["loss"], {name: float(getattr(x, "data", x)) for name, x in results.items()}


def _samples(data: Any, argument: str) -> list[Any]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"fit({argument}) must be a pair (inputs, targets), not {data!r:.60}")
    inputs, targets = (x.tolist() if hasattr(x, "tolist") else list(x) for x in data)
    if len(inputs) != len(targets) or not inputs:
        raise ValueError(f"fit({argument}) needs a target for each input, got {len(inputs)} and {len(targets)}")
    return list(zip(inputs, targets))


def _line(epoch: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {x:.4g}" for name, x in epoch.items())

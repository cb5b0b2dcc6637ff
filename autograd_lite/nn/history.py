"""The history that training leaves, and its curves: afterwards, or while they grow."""

import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from typing import Any

from autograd_lite.core.checks import shown

PAUSE = 0.3  # seconds between two pictures of a training run; a picture that took long makes it longer


class History:
    """What `fit` measured: `history["loss"]` is the list of losses, one an epoch; metrics and "val_loss" likewise.

    `ended` says why training stopped, `note` why it was not compiled where it might have been. As the last line of a
    notebook's cell it shows its curves; so does `plot()`.

    >>> from autograd_lite import nn, optim
    >>> model = nn.Neuron(1, nonlin=False, seed=0)
    >>> data = [[0.0], [1.0]], [1.0, 3.0]
    >>> history = nn.fit(model, data, nn.mse_loss, optim.SGD(model.parameters(), lr=0.4), epochs=200)
    >>> len(history["loss"]), history["loss"][-1] < 1e-6
    (200, True)
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.ended = ""
        self.note = ""

    def __getitem__(self, name: str) -> list[float]:
        if not isinstance(name, str):
            raise TypeError(f"history[name] takes the name of what was measured, such as 'loss', not {shown(name)}")
        if self.epochs and name not in self.epochs[0]:
            raise KeyError(f"history has no {name!r}, only {', '.join(self.epochs[0])}")
        return [epoch[name] for epoch in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        last = f", at the end {line(self.epochs[-1])}" if self.epochs else ""
        return f"History of {len(self):,} epochs, {self.ended}{last}"

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the epochs, and the metrics by a scale on the right; on Matplotlib's axes `ax` or new
        ones, which it returns. Raises ImportError without Matplotlib (`pip install matplotlib`), TypeError for no axes.
        """
        if ax is None:
            try:
                from matplotlib import pyplot
            except ImportError as error:
                raise ImportError("history.plot() needs matplotlib: pip install matplotlib") from error

            _, ax = pyplot.subplots()
        if not hasattr(ax, "twinx"):
            raise TypeError(
                f"history.plot(ax) must be axes of Matplotlib, such as pyplot.subplots()[1], not {shown(ax)}"
            )
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
            return _png(_figure(self))
        except ImportError:
            return None


class GrowingCurves:
    """The curves of a run in a notebook's output, drawn anew while it trains; the last picture is the whole run's.

    Raises ImportError without Matplotlib, RuntimeError where no picture can be shown, as in a terminal.
    """

    def __init__(self, epochs: int) -> None:
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise ImportError("fit(progress='plot') needs matplotlib: pip install matplotlib") from error
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is None or "image/png" not in shell.display_formatter.active_types:
            raise RuntimeError(
                "fit(progress='plot') draws in a notebook, and here no picture can be shown: take progress=True, and "
                "afterwards history.plot() or history['loss']"
            )
        self._epochs = epochs
        self._formatter = shell.display_formatter
        self._output: Any = None
        self._next = 0.0  # when the next picture is due; no number depends on it

    def show(self, history: History, whole: bool = False) -> None:
        """Draw the history so far, if it is time to; if it is the `whole`, in any case."""
        began = time.monotonic()
        if not history.epochs or (began < self._next and not whole):
            return
        notebook = import_module("IPython.display")
        title = "" if whole else f"epoch {len(history):,} of {self._epochs:,}: {line(history.epochs[-1])}"
        picture = self._as_the_notebook_draws(_figure(history, title))
        if self._output is None:
            self._output = notebook.display(picture, raw=True, display_id=True)
        else:
            self._output.update(picture, raw=True)
        now = time.monotonic()
        self._next = now + max(PAUSE, 4.0 * (now - began))

    def _as_the_notebook_draws(self, figure: Any) -> dict[str, Any]:
        """The picture by its kinds: those that were chosen for figures, as by `%config InlineBackend`, else PNG."""
        kinds: dict[str, Any] = self._formatter.format(figure)[0]
        if not any(kind.startswith("image/") for kind in kinds):
            kinds["image/png"] = b64encode(_png(figure)).decode()
        return kinds


def _figure(history: History, title: str = "") -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="tight")
    axes = figure.subplots()
    axes.set_title(title, fontsize="medium")
    history.plot(axes)
    return figure


def _png(figure: Any) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def line(epoch: Mapping[str, float]) -> str:
    """What was measured in an epoch, to be printed."""
    return ", ".join(f"{name} {x:.4g}" for name, x in epoch.items())

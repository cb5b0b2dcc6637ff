"""The history that training leaves."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from autograd_lite.core.checks import shown


class History:
    """What `fit` measured: `history["loss"]` is the list of losses, one an epoch; metrics and "val_loss" likewise.

    `ended` says why training stopped, `note` why it was not compiled where it might have been. As the last line of a
    notebook's cell it shows its curves; so does `plot()`.
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


def line(epoch: Mapping[str, float]) -> str:
    """What was measured in an epoch, to be printed."""
    return ", ".join(f"{name} {x:.4g}" for name, x in epoch.items())

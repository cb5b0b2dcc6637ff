"""The demonstrations of the command line: each trains a network before your eyes, and leaves a picture behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd_lite import nn, optim
from autograd_lite.modes import no_grad


def demo_xor() -> None:
    """A 2-4-1 sigmoid network learns XOR, until all four answers round to the right one."""
    inputs, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    model = nn.MLP(2, [4, 1], activation="sigmoid", output="sigmoid", seed=1)
    print(model)

    def squared_error(outputs: list[Any], targets: list[Any]) -> Any:
        return nn.mse_loss(outputs, targets, reduction="sum")

    history = nn.fit(
        model,
        (inputs, targets),
        squared_error,
        optim.SGD(model.parameters(), lr=0.1),
        epochs=20_000,
        metrics={"accuracy": nn.accuracy},
        stop=lambda history: history.epochs[-1]["accuracy"] == 1.0,
        report=1_000,
    )
    print(history)
    for x, y in zip(inputs, model(inputs)):
        print(f"  {x[0]} xor {x[1]} = {y:.3f}")
    _picture("xor.png", lambda axes: _decision_regions(axes, model, inputs, targets), history)


DEMOS: dict[str, Callable[[], None]] = {"xor": demo_xor}


# --- pictures ------------------------------------------------------------------------------------------------------


def _picture(name: str, draw: Callable[[Any], None], history: nn.History) -> None:
    """Save what `draw` puts on Matplotlib's axes, beside the curves of the training, and say where."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("No picture: it takes Matplotlib (pip install matplotlib)")
        return
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw(left)
    history.plot(right)
    figure.savefig(name, dpi=120)
    print(f"Picture: {Path(name).resolve()}")


def _decision_regions(axes: Any, model: nn.Module, inputs: list[Any], targets: list[Any]) -> None:
    ticks = [-0.5 + i / 20 for i in range(41)]
    with no_grad():
        surface = [[model([x, y]).item() for x in ticks] for y in ticks]
    axes.contourf(ticks, ticks, surface, levels=20, cmap="RdBu", vmin=0.0, vmax=1.0, alpha=0.8)
    axes.contour(ticks, ticks, surface, levels=[0.5], colors="black")
    axes.scatter(*zip(*inputs), c=targets, cmap="RdBu", vmin=0.0, vmax=1.0, edgecolors="black", s=120)
    axes.set(title="XOR: where the network answers 1", xlabel="first input", ylabel="second input", aspect="equal")

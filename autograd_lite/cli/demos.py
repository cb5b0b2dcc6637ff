"""The demonstrations of the command line: each trains a network before your eyes, and leaves a picture behind."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd_lite import nn, optim
from autograd_lite.core.modes import no_grad

Panel = Callable[[Any], object]  # draws on Matplotlib's axes


def demo_xor(folder: Path) -> None:
    """A 2-4-1 sigmoid network learns XOR, until all four answers round to the right one."""
    inputs, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    model = nn.MLP(2, [4, 1], activation="sigmoid", output="sigmoid", seed=0)
    print(f"XOR, with squared error and gradient descent at learning rate 0.1\n{model}")
    history = nn.fit(
        model,
        (inputs, targets),
        lambda outputs, targets: nn.mse_loss(outputs, targets, reduction="sum"),
        optim.SGD(model.parameters(), lr=0.1),
        epochs=20_000,
        metrics={"accuracy": nn.accuracy},
        stop=lambda history: len(history) % 1_000 == 0 and history.epochs[-1]["accuracy"] == 1.0,
        report=1_000,
    )
    print(history)
    for x, y in zip(inputs, model(inputs)):
        print(f"  {x[0]} xor {x[1]} = {round(y.item())}, from {y:.3f}")
    _picture(folder / "xor.png", lambda axes: _draw_decision_regions(axes, model, inputs, targets), history.plot)


def demo_digits(folder: Path) -> None:
    """64-32-10 networks learn to read 8x8 images of digits: sigmoid with squared error, relu with cross-entropy."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("the digits are in scikit-learn: pip install scikit-learn") from None
    images, digits = load_digits(return_X_y=True)
    samples = [([pixel / 16.0 for pixel in image], digit) for image, digit in zip(images.tolist(), digits.tolist())]
    random.Random(0).shuffle(samples)
    held_out = len(samples) // 5
    test, train = _columns(samples[:held_out]), _columns(samples[held_out:])
    print(f"{len(samples):,} handwritten digits of 8x8 pixels, {held_out} of them held out")

    def squared_error(outputs: list[Any], targets: list[int]) -> Any:
        return nn.mse_loss(outputs, [[float(k == t) for k in range(10)] for t in targets])

    sigmoids = nn.MLP(64, [32, 10], activation="sigmoid", output="sigmoid", init="xavier", seed=0)
    relus = nn.MLP(64, [32, 10], activation="relu", init="he", seed=0)
    panels: list[Panel] = []
    for title, loss, model in (
        ("sigmoid and squared error", squared_error, sigmoids),
        ("relu and cross-entropy", nn.cross_entropy, relus),
    ):
        print(f"\nWith {title}:\n{model}")
        history = nn.fit(
            model,
            train,
            loss,
            optim.Adam(model.parameters(), lr=0.01),
            epochs=15,
            batch_size=32,
            validation=test,
            metrics={"accuracy": nn.accuracy},
            seed=0,
            stop=lambda history: history.epochs[-1]["val_accuracy"] >= 0.95,
            report=1,
        )
        print(history)
        panels += [_confusion_panel(model, test, title), history.plot]
    _picture(folder / "digits.png", *panels)


def demo_quadratic(folder: Path) -> None:
    """A five-layer network with relu, tanh and sigmoid learns y = x**2 + 2x - 3 on [-5, 5]."""
    inputs = [[-5.0 + i / 5] for i in range(51)]
    targets = [x * x + 2.0 * x - 3.0 for [x] in inputs]
    activations = ["relu", "tanh", "sigmoid", "relu"]
    model = nn.MLP(1, [16, 16, 16, 16, 1], activation=activations, init="xavier", seed=0)
    print(f"y = x**2 + 2x - 3 on [-5, 5], from {len(inputs)} points\n{model}")
    epochs, batch_size = 200, 10
    steps = epochs * math.ceil(len(inputs) / batch_size)
    history = nn.fit(
        model,
        (inputs, targets),
        nn.mse_loss,
        optim.Adam(model.parameters(), lr=optim.cosine(0.01, steps)),
        epochs=epochs,
        batch_size=batch_size,
        seed=0,
        report=20,
    )
    print(history)
    with no_grad():
        print(f"mean squared error {nn.mse_loss(model(inputs), targets):.4f}")
    _picture(folder / "quadratic.png", lambda axes: _draw_fit(axes, model, inputs, targets), history.plot)


DEMOS: dict[str, Callable[[Path], None]] = {"xor": demo_xor, "digits": demo_digits, "quadratic": demo_quadratic}


def _columns(samples: list[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [x for x, _ in samples], [t for _, t in samples]


# --- pictures ------------------------------------------------------------------------------------------------------


def _picture(path: Path, *panels: Panel) -> None:
    """Save the panels as one picture, two in a row, and say where."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("No picture: it takes Matplotlib (pip install matplotlib)")
        return
    rows = len(panels) // 2
    figure = Figure(figsize=(10, 4.5 * rows), layout="constrained")
    for panel, axes in zip(panels, figure.subplots(rows, 2).flat):
        panel(axes)
    figure.savefig(path, dpi=120)
    print(f"The picture is in {path.resolve()}")


def _draw_decision_regions(axes: Any, model: nn.Module, inputs: list[Any], targets: list[Any]) -> None:
    ticks = [-0.5 + i / 20 for i in range(41)]
    with no_grad():
        surface = [[model([x, y]).item() for x in ticks] for y in ticks]
    axes.contourf(ticks, ticks, surface, levels=[i / 20 for i in range(21)], cmap="RdBu")
    axes.contour(ticks, ticks, surface, levels=[0.5], colors="black")
    axes.scatter(*zip(*inputs), c=targets, cmap="RdBu", edgecolors="white", linewidths=2, s=150, zorder=3)
    axes.set(title="where the network answers 1 (blue)", xlabel="first input", ylabel="second input", aspect="equal")


def _confusion_panel(model: nn.Module, test: tuple[list[Any], list[int]], title: str) -> Panel:
    counts = [[0] * 10 for _ in range(10)]
    with no_grad():
        for image, digit in zip(*test):
            scores = model(image)
            counts[digit][scores.index(max(scores))] += 1
    right = sum(counts[k][k] for k in range(10)) / len(test[0])

    def draw(axes: Any) -> None:
        axes.imshow(counts, cmap="Blues")
        for digit, row in enumerate(counts):
            for answer, n in enumerate(row):
                if n:
                    axes.text(answer, digit, n, ha="center", va="center", color="white" if n > 20 else "black")
        axes.set(title=f"{title}: {right:.1%} of {len(test[0])} right", xlabel="read as", ylabel="digit")
        axes.set(xticks=range(10), yticks=range(10))

    return draw


def _draw_fit(axes: Any, model: nn.Module, inputs: list[Any], targets: list[float]) -> None:
    ticks = [[-6.0 + i / 20] for i in range(241)]
    with no_grad():
        axes.plot(ticks, [y.item() for y in model(ticks)], label="network")
    axes.plot(inputs, targets, ".", color="black", label="x² + 2x − 3")
    axes.axvspan(-5.0, 5.0, color="black", alpha=0.05, label="trained here")
    axes.set(title="the fit, and beyond", xlabel="x", ylabel="y")
    axes.legend()

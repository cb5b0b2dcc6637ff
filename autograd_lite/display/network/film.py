"""A training run as an animation: the network, what it says over its inputs, and the curves as they grow.

The run is that of `fit`, on copies of all numbers; Matplotlib draws it, and Pillow puts the pictures together.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from autograd_lite.compiler import backends
from autograd_lite.display.exploring.picture import COLOURS
from autograd_lite.display.graph.boxes import compact
from autograd_lite.display.graph.diagram import NEGATIVE, POSITIVE, ZERO
from autograd_lite.display.network.columns import Column
from autograd_lite.display.network.recorded import CURVE, SQUARE, Recorded
from autograd_lite.nn.compiled import Trainer
from autograd_lite.optim.base import Optimizer

LEVELS, COLOUR_COUNT = 17, 48  # shades between orange and blue, and colours in all: few make a small file
SECONDS, LAST = 0.08, 2.5  # for which a frame is shown, and the last one
INK, GREY = "#1a1a1a", "#808080"
Draw = Callable[[int], None]  # what changes from frame to frame


@dataclass
class Run:
    """What is to be drawn: at each step what was measured, at each of the `shots` parameters and what neurons say."""

    columns: list[Column]
    data: dict[str, Any]
    shots: list[int]
    measured: dict[str, list[float]]
    parameters: list[list[float]]
    said: list[Any]
    low: list[float]
    high: list[float]

    @property
    def is_plane(self) -> bool:
        return len(self.low) == 2


def filmed(
    columns: list[Column], programs: Recorded, data: dict[str, Any], optimizer: Optimizer, steps: int, frames: int
) -> bytes:
    """A GIF of so many steps. Raises ImportError without Matplotlib and Pillow, FloatingPointError as `fit` does."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from PIL import Image
    except ImportError as error:
        missing = "pillow" if (error.name or "").startswith("PIL") else "matplotlib"
        raise ImportError(f"save('….gif') of a playground needs {missing}: pip install {missing}") from error
    run = _run(columns, programs, data, optimizer, steps, frames)
    panels = [_network, *([_plane if run.is_plane else _curve] if programs.field else []), _measures]
    figure = Figure(figsize=(3.2 * len(panels), 3.3), dpi=90, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(panels), width_ratios=[1.15, 1.0, 1.0][: len(panels)], squeeze=False)[0]
    draws = [panel(ax, run) for panel, ax in zip(panels, axes)]
    images = []
    for shot in range(len(run.shots)):
        for draw in draws:
            draw(shot)
        canvas.draw()
        figure.set_layout_engine("none")  # it stays as it was laid out for the first frame
        images.append(Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB"))
    palette = images[-1].quantize(COLOUR_COUNT, Image.Quantize.FASTOCTREE)
    flat = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    file, times = BytesIO(), [round(1000 * SECONDS)] * (len(flat) - 1) + [round(1000 * LAST)]
    flat[0].save(file, "GIF", save_all=True, append_images=flat[1:], duration=times, loop=0)
    return file.getvalue()


def _run(
    columns: list[Column], programs: Recorded, data: dict[str, Any], optimizer: Optimizer, steps: int, frames: int
) -> Run:
    """The training run, on a copy of the optimiser: nothing is written back."""
    trainer = Trainer(lambda: None, copy(optimizer))
    gradient = trainer.load(programs.gradient, programs.metrics)
    rows, names = [list(row) for row in zip(*data["inputs"])], ["loss", *data["metrics"]]
    low, high = _bounds(rows)
    run = Run(columns, data, [round(steps * k / (frames - 1)) for k in range(frames)], {}, [], [], low, high)
    field = backends.load(programs.field) if programs.field else None
    points = _points(run) if field else []
    for step in range(steps + 1):
        if step in run.shots:
            run.parameters.append(trainer.numbers)
            if field:
                run.said.append(field([points, trainer.numbers]))
        loss, others = trainer.move(gradient, [], rows)
        for name, x in zip(names, [loss, *others]):
            run.measured.setdefault(name, []).append(float(x))
    return run


def _bounds(rows: list[list[float]]) -> tuple[list[float], list[float]]:
    """The range of each input, with a margin."""
    margins = [0.15 * (max(row) - min(row)) or 1.0 for row in rows]
    return [min(r) - m for r, m in zip(rows, margins)], [max(r) + m for r, m in zip(rows, margins)]


def _points(run: Run) -> list[list[float]]:
    """The inputs at which the field is asked: of a plane its rows from below, of a line from left to right."""
    count = SQUARE if run.is_plane else CURVE
    axes = [[a + (b - a) * (i + 0.5) / count for i in range(count)] for a, b in zip(run.low, run.high)]
    return axes if len(axes) == 1 else [axes[0] * count, [y for y in axes[1] for _ in range(count)]]


# --- panels: each draws itself once, and returns what draws a frame ------------------------------------------------


def _network(ax: Any, run: Run) -> Draw:
    """Lines for weights, and a dot for each input; a neuron of a plane is a picture of what it says."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Rectangle

    _bare(ax)
    ax.set(xlim=(-0.4, len(run.columns) - 0.6), ylim=(-0.55, 0.55))
    places = [_places(column) for column in run.columns]
    ends = [
        (w, (k, places[k][i]), (k + 1, places[k + 1][j]))
        for k, layer in enumerate(run.data["weights"])
        for j, neuron in enumerate(layer)
        for i, w in enumerate(neuron)
        if i in places[k] and j in places[k + 1]
    ]
    lines = ax.add_collection(LineCollection([(tail, head) for _, tail, head in ends], zorder=1))
    size = 0.8 / max(16, *(len(p) for p in places))
    wide = size * 3.0 * (len(run.columns) - 0.2) / 3.2  # as high as it is wide, in the panel's own measure
    images = []
    for k, column in enumerate(places):
        for j, y in column.items():
            if k and run.said and run.is_plane:
                box = (k - wide / 2, k + wide / 2, y - size / 2, y + size / 2)
                images.append((k, j, _field_image(ax, box)))
                frame: Any = {"fill": False, "edgecolor": GREY, "linewidth": 0.5, "zorder": 2}
                ax.add_patch(Rectangle((k - wide / 2, y - size / 2), wide, size, **frame))
            else:
                ax.plot([k], [y], "o", color="white", markeredgecolor=GREY, markersize=7, zorder=2)

    def draw(shot: int) -> None:
        weights = [run.parameters[shot][w] for w, _, _ in ends]
        largest = max(map(abs, weights)) or 1.0
        parts = [abs(w) / largest for w in weights]
        lines.set_linewidth([0.2 + 2.8 * part for part in parts])
        lines.set_color([(*_rgb(POSITIVE if w > 0.0 else NEGATIVE), 0.2 + 0.8 * p) for w, p in zip(weights, parts)])
        for k, j, image in images:
            values = _row(run, shot, k, j)
            image.set_data(_square(_scaled(run, values) if k == len(run.columns) - 1 else values))

    return draw


def _plane(ax: Any, run: Run) -> Draw:
    """What the network says over two inputs, with the data; of several outputs the largest."""
    (left, bottom), (right, top) = run.low, run.high
    _bare(ax)
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="auto")
    image, last, count = _field_image(ax, (left, right, bottom, top)), len(run.columns) - 1, run.columns[-1].size
    xs, ys = zip(*run.data["inputs"])
    if count == 1:
        colours: list[Any] = [_shade(x) for x in _scaled(run, run.data["targets"])]
    else:
        wanted = [t if isinstance(t, (int, float)) else t.index(max(t)) for t in run.data["targets"]]
        colours = [COLOURS[int(t) % len(COLOURS)] for t in wanted]
        image.set(cmap=_colormap([_lighter(COLOURS[j % len(COLOURS)]) for j in range(count)]), interpolation="nearest")
        image.set_clim(-0.5, count - 0.5)
    ax.scatter(xs, ys, c=colours, s=22, edgecolors=INK, linewidths=0.8, zorder=2)

    def draw(shot: int) -> None:
        rows = [_row(run, shot, last, j) for j in range(count)]
        if count == 1:
            image.set_data(_square(_scaled(run, rows[0])))
        else:
            image.set_data(_square([max(range(count), key=lambda j: said[j]) for said in zip(*rows)]))

    return draw


def _curve(ax: Any, run: Run) -> Draw:
    """What the network says along one input, with the data."""
    last, xs = len(run.columns) - 1, _points(run)[0]
    answers = [y for shot in range(len(run.shots)) for y in _row(run, shot, last, 0)]
    targets = [_number(t) for t in run.data["targets"]]
    ax.plot([x for [x] in run.data["inputs"]], targets, "o", color=GREY, markersize=4)
    (line,) = ax.plot(xs, xs, color=COLOURS[0], linewidth=2)
    least, greatest = min(*targets, *answers), max(*targets, *answers)
    space = 0.05 * (greatest - least) or 1.0
    ax.set(xlim=(run.low[0], run.high[0]), ylim=(least - space, greatest + space))
    return lambda shot: line.set_ydata(_row(run, shot, last, 0))


def _measures(ax: Any, run: Run) -> Draw:
    """Loss and metrics, which grow; the numbers of the step stand above."""
    losses = run.measured["loss"]
    space = 0.03 * run.shots[-1]
    ax.set(xlabel="step", yscale="log" if min(losses) > 0.0 else "linear", xlim=(-space, run.shots[-1] + space))
    ax.set_ylim(min(losses) / 1.1 if min(losses) > 0.0 else min(losses), max(losses) * 1.1)
    right = ax.twinx() if len(run.measured) > 1 else ax
    if right is not ax:
        shown = [x for name, xs in run.measured.items() if name != "loss" for x in xs]
        right.set_ylim(min(0.0, *shown) - 0.03, 1.05 * max(1.0, *shown))
    lines = []
    for k, name in enumerate(run.measured):
        side, style = (right, "--") if k else (ax, "-")
        lines += side.plot([], [], style, color=COLOURS[k % len(COLOURS)], label=name, linewidth=2)
    if len(lines) > 1:
        right.legend(handles=lines, loc="center right")

    def draw(shot: int) -> None:
        step = run.shots[shot]
        for line, values in zip(lines, run.measured.values()):
            line.set_data(range(step + 1), values[: step + 1])
        said = ", ".join(f"{name} {compact(values[step])}" for name, values in run.measured.items())
        ax.set_title(f"step {step:,}: {said}", fontsize="medium", loc="left")

    return draw


def _places(column: Column) -> dict[int, float]:
    """How high each neuron that is shown stands, from the first at the top."""
    count = len(column.shown)
    step = 1.0 / max(count, 8)
    return {j: ((count - 1) / 2 - row) * step for row, j in enumerate(column.shown)}


def _bare(ax: Any) -> None:
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)


def _field_image(ax: Any, box: tuple[float, float, float, float]) -> Any:
    shades = _colormap([_shade(2.0 * k / (LEVELS - 1) - 1.0) for k in range(LEVELS)])
    options = {"cmap": shades, "vmin": -1.0, "vmax": 1.0, "interpolation": "bilinear", "zorder": 1.5}
    return ax.imshow([[0.0]], extent=box, origin="lower", aspect="auto", **options)


def _colormap(colours: list[Any]) -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap(colours)


def _row(run: Run, shot: int, k: int, j: int) -> Any:
    """What neuron j of column k says at each point; columns of neurons count from 1."""
    lanes = SQUARE * SQUARE if run.is_plane else CURVE
    before = sum(column.size for column in run.columns[1:k])
    return run.said[shot][(before + j) * lanes : (before + j + 1) * lanes]


def _scaled(run: Run, numbers: Any) -> list[float]:
    """Answers or targets, as -1 for the least target, 1 for the largest."""
    targets = run.data["targets"] if run.columns[-1].size == 1 else [0.0, 1.0]
    least, greatest = min(map(_number, targets)), max(map(_number, targets))
    middle, reach = (least + greatest) / 2, (greatest - least) / 2 or 1.0
    return [(_number(x) - middle) / reach for x in numbers]


def _number(target: Any) -> float:
    return float(target[0] if isinstance(target, list) else target)


def _square(values: Any) -> list[Any]:
    return [values[i : i + SQUARE] for i in range(0, len(values), SQUARE)]


def _shade(part: float) -> tuple[float, ...]:
    """Blue for positive, orange for negative, the stronger the larger."""
    size = min(abs(part), 1.0)
    return _rgb([z + (c - z) * size for z, c in zip(ZERO, POSITIVE if part > 0.0 else NEGATIVE)])


def _lighter(colour: str) -> tuple[float, ...]:
    return _rgb([255 - (255 - int(colour[i : i + 2], 16)) * 0.45 for i in (1, 3, 5)])


def _rgb(colour: Any) -> tuple[float, ...]:
    return tuple(c / 255 for c in colour)

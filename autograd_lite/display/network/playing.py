"""A network that one can watch learn: a page that trains it, in a browser, with no kernel behind it."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from autograd_lite.core.checks import as_float, check_number, check_size, shown
from autograd_lite.core.modes import no_grad
from autograd_lite.core.value import as_data
from autograd_lite.display.graph.boxes import printable
from autograd_lite.display.network.columns import Column, columns
from autograd_lite.display.network.picture import NetworkDrawing
from autograd_lite.display.network.recorded import CURVE, SQUARE, Measure, Recorded, activities, recorded
from autograd_lite.display.pages.html import Page, asset, check_language, plain, say, with_common
from autograd_lite.nn.files import as_target, write_whole
from autograd_lite.nn.module import Module
from autograd_lite.nn.training import as_samples, check_measures
from autograd_lite.optim.base import Optimizer
from autograd_lite.optim.schedules import rate_at

RATES = 5000  # steps for which a schedule's learning rates travel with the page; then the last one stays
MODULE = """
export default {
  render({ model, el }) {
    const host = document.createElement("div");
    el.append(host);
    return mountPlayground(host, model.get("content"), programs, (kept) => model.send(kept));
  },
};
"""


class Playground:
    """A network on a page that trains it: shows itself in a notebook; `save(path)` writes it to a file."""

    def __init__(
        self, model: Module, programs: Recorded, data: dict[str, Any], optimizer: Optimizer, language: str | None
    ) -> None:
        self._still, self._columns = NetworkDrawing(model, False), columns(model)
        self._programs, self._optimizer, self._language = programs, optimizer, language
        self._data = {**data, "sizes": self._still.sizes}

    def save(self, path: str | PathLike[str], *, steps: int = 200, frames: int = 50) -> None:
        """Write the page to a file that any browser opens, with no network; or a training run as an animation.

        The suffix says which: .html or .gif. An animation shows the network, what it says over its inputs, and loss and
        metrics as they grow, in so many `frames`, during so many `steps`; the model stays as it is. Raises ValueError
        for another suffix, ImportError for .gif without Matplotlib or Pillow, FloatingPointError for a loss that is not
        finite.
        """
        target, suffix = as_target(path, "html", "gif")
        if suffix == "gif":
            from autograd_lite.display.network.film import filmed

            steps = check_size(steps, "save(steps)")
            frames = min(check_size(frames, "save(frames)", 2), steps + 1)
            content = filmed(self._columns, self._programs, self._data, self._optimizer, steps, frames)
        else:
            content = self._page().document().encode()
        write_whole(target, content)

    def script(self) -> str:
        """The page as one `<script>` tag, which shows it where it stands and asks nobody for anything."""
        return self._page().script()

    def live(self) -> Any:
        """The page tied to this kernel: its button "keep" brings the weights back into the model and its optimiser.

        Raises ImportError without the package anywidget (`pip install anywidget`).
        """
        try:
            import anywidget
            import traitlets
        except ImportError as error:
            missing = error.name or "anywidget"
            raise ImportError(f"live() needs {missing}: pip install anywidget, and restart the kernel") from error

        page = self._page()

        class Live(anywidget.AnyWidget):
            """The widget: what it sends are numbers to keep."""

            _esm = "\n".join([*self._scripts(), MODULE])
            _css = "\n".join(page.styles)
            content = traitlets.Dict().tag(sync=True)

            def _repr_mimebundle_(self, **options: Any) -> Any:
                """The widget; where no kernel runs, or scripts must not, the network and a sentence what to do."""
                bundle = super()._repr_mimebundle_(**options)
                data = bundle[0] if isinstance(bundle, tuple) else bundle
                if data:
                    data["text/html"] = page.stand_in()
                    data["text/plain"] = "playground(...).live(): run this cell to see the network learn"
                return bundle

        widget = Live(content={**self._data, "language": self._language})
        widget.on_msg(lambda _, kept, buffers: self._keep(kept))
        return widget

    def _keep(self, kept: dict[str, Any]) -> None:
        optimizer = self._optimizer
        rows = [[float(x) for x in row] for row in kept["state"]]
        for p, x in zip(optimizer.parameters, rows[0], strict=True):
            p.data = x
        for name, row in zip(optimizer.remembers, rows[1:], strict=True):
            for memory, x in zip(optimizer.memory, row, strict=True):
                memory[name] = x
        optimizer.steps = int(kept["steps"])

    def _page(self) -> Page:
        """The page; where scripts do not run, the network as it stands."""
        mount = "const mount = (host, data) => mountPlayground(host, data, programs);"
        styles = [asset("page.css"), asset("playground.css", __package__)]
        still = self._still.image("autograd-lite-still")
        title = say("network of {sizes}", self._language, sizes=self._still.sizes)
        return Page(title, [*self._scripts(), mount], styles, self._data, still, self._language)

    def _scripts(self) -> list[str]:
        return with_common(self._programs.source(), asset("playground.js", __package__))

    def _repr_html_(self) -> str:
        return self._page().fragment()

    def __repr__(self) -> str:
        return f"<playground of a {self._still.caption}: show it in a notebook, or save('playground.html')>"


def playground(
    model: Module,
    data: tuple[Sequence[Any], Sequence[Any]],
    loss: Measure,
    optimizer: Optimizer,
    *,
    metrics: Mapping[str, Measure] | None = None,
    language: str | None = None,
) -> Playground:
    """A page on which the network learns before one's eyes: it trains in the browser, with no kernel behind it.

    The arguments are those of `nn.fit`; each step takes all samples in one batch, and computes the numbers that `fit`
    computes. Shown are the network, with a small picture of what each neuron says over the plane of two inputs (a curve
    for one input; for others the network alone), the picture of the neuron that the pointer or the arrow keys chose
    with the data on it, and loss and `metrics` as curves and as text. Buttons play, pause, take one step and reset;
    sliders set speed and learning rate (a schedule's is multiplied). `language` is "en" or "zh", by default that of the
    document around it.

    Returns a `Playground`, which shows itself in a notebook; `save("moons.html")` writes a page of its own, and
    `save("moons.gif", steps=300)` a training run as an animation; `live()` is the page tied to this kernel. The model
    stays as it is. Raises TypeError or ValueError for a model other than layers in a row, or data that do not fit it,
    and the errors of `jit` for a loss or a metric that branches on numbers: both become programs, as `nn.accuracy` can.

    >>> from autograd_lite import nn, optim
    >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    >>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> playground(model, xor, nn.mse_loss, optim.SGD(model.parameters(), lr=0.3))
    <playground of a network of 2 - 4 - 1: show it in a notebook, or save('playground.html')>
    """
    if not isinstance(model, Module):
        raise TypeError(f"playground(model) takes a network such as nn.MLP(2, [8, 1]), not {shown(model)}")
    check_measures("playground", loss, metrics, optimizer)
    check_language(language, "playground(language)")
    network, metrics = columns(model, "playground"), {printable(n): m for n, m in (metrics or {}).items()}
    inputs, targets = _numbers(as_samples(data, "playground(data)"), network[0].size)
    place = {p: i for i, p in enumerate(optimizer.parameters)}
    if any(p not in place for p in model.parameters()):
        raise ValueError("playground(optimizer) must move the model's parameters: optim.Adam(model.parameters())")
    with no_grad():
        activities(model, inputs[0])
        if metrics:
            outputs = [model(x) for x in inputs]
        for name, metric in metrics.items():
            as_float(as_data(metric(outputs, targets)), f"what {name!r} measures")
    programs = recorded(model, inputs, targets, loss, metrics, optimizer)
    content = _content(network, place, inputs, targets, [*metrics], programs, optimizer)
    return Playground(model, programs, content, optimizer, language)


def _numbers(samples: list[Any], size: int) -> tuple[list[list[float]], list[Any]]:
    """The inputs, `size` numbers each, and the targets, each a number or a list of numbers."""

    def checked(p: Any, place: str) -> Any:
        p = p.tolist() if hasattr(p, "tolist") else p
        if isinstance(p, (list, tuple)):
            return [check_number(x, f"{place}[{j}]") for j, x in enumerate(p)]
        number = check_number(p, place)
        return p if isinstance(p, int) else number  # a class stays a whole number

    inputs, targets = (
        [checked(p, f"playground(data)[{k}][{i}]") for i, p in enumerate(part)] for k, part in enumerate(zip(*samples))
    )
    rows = [x if isinstance(x, list) else [float(x)] for x in inputs]
    if any(len(row) != size for row in rows):
        raise ValueError(f"playground(data) must have {size} numbers in each input, as the model takes")
    return rows, targets


def _content(
    network: list[Column],
    place: dict[Any, int],
    inputs: list[list[float]],
    targets: list[Any],
    metrics: list[str],
    programs: Recorded,
    optimizer: Optimizer,
) -> dict[str, Any]:
    """All that the page is told, as data."""
    steps = optimizer.steps
    rates = [rate_at(optimizer.lr, steps + t) for t in range(RATES if callable(optimizer.lr) else 1)]
    memory = [[memory[name] for memory in optimizer.memory] for name in optimizer.remembers]
    return {
        "columns": [{"size": c.size, "title": c.title, "shown": c.shown, "says": c.says} for c in network],
        "weights": [[[place[w] for w in neuron.w] for neuron in column.neurons] for column in network[1:]],
        "state": [[plain(x) for x in row] for row in ([p.data for p in optimizer.parameters], *memory)],
        "held": [plain(v.data) for v in programs.gradient.captured],
        "steps": steps,
        "rates": rates,
        "inputs": inputs,
        "targets": targets,
        "metrics": metrics,
        "square": SQUARE,
        "curve": CURVE,
    }

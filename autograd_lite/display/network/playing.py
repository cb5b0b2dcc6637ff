"""A network that one can watch learn: a page that trains it, in a browser, with no kernel behind it."""

import json
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from os import PathLike, fspath
from typing import Any

from autograd_lite.core.checks import as_float, as_list, check_choice, shown
from autograd_lite.display.network.columns import Column, columns
from autograd_lite.display.network.picture import NetworkDrawing
from autograd_lite.display.network.recorded import CURVE, SQUARE, Loss, Recorded, activities, recorded
from autograd_lite.nn.files import as_path, write_whole
from autograd_lite.nn.module import Module
from autograd_lite.optim.base import Optimizer
from autograd_lite.optim.schedules import rate_at

RATES = 5000  # steps for which a schedule's learning rates travel with the page; then the last one stays
TEXTS = {
    "en": {
        "play": "play",
        "pause": "pause",
        "step": "step",
        "reset": "reset",
        "speed": "steps a frame",
        "rate": "learning rate",
        "loss": "loss {loss} after {steps} steps",
        "stopped": "The loss is {loss} at step {steps}: try a smaller learning rate.",
        "keep": "keep",
        "kept": "The model has the weights after {steps} steps.",
        "network": "the network, what each neuron says over the inputs",
        "field": "what the chosen neuron says, with the data",
        "curve": "the loss at each step",
        "answer": "the answer",
    },
    "zh": {
        "play": "播放",
        "pause": "暂停",
        "step": "单步",
        "reset": "重置",
        "speed": "每帧步数",
        "rate": "学习率",
        "loss": "{steps} 步之后，损失 {loss}",
        "stopped": "第 {steps} 步的损失为 {loss}：请调小学习率。",
        "keep": "保留参数",
        "kept": "模型已取得 {steps} 步之后的参数。",
        "network": "网络：每个神经元在输入平面上的输出",
        "field": "所选神经元的输出与数据",
        "curve": "每一步的损失",
        "answer": "网络的输出",
    },
}
WIDGET = """
export default {
  render({ model, el }) {
    const host = document.createElement("div");
    el.append(host);
    return playground(host, model.get("content"), { gradient, update, field }, (kept) => model.send(kept));
  },
};
"""


class Playground:
    """A network on a page that trains it: shows itself in a notebook; `save(path)` writes the page as .html."""

    def __init__(self, model: Module, programs: Recorded, content: dict[str, Any], optimizer: Optimizer) -> None:
        self._still = NetworkDrawing(model, False)
        self._programs, self._content, self._optimizer = programs, content, optimizer

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page, `.html`; another suffix is a ValueError."""
        target = as_path(path, "save(path)")
        if target.suffix.lower() != ".html":
            raise ValueError(f"save(path) of a playground must end in .html, not {fspath(path)!r}")
        style = "body { background: Canvas; color: CanvasText; margin: 1em; }"
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        head += f'<meta name="color-scheme" content="light dark"><title>{self._still.caption}</title>'
        language = self._content["language"] or "en"
        page = f'<!doctype html>\n<html lang="{language}"><head>{head}<style>{style}</style></head>'
        write_whole(target, f"{page}<body>{self._repr_html_()}</body></html>\n".encode())

    def live(self) -> Any:
        """The page tied to this kernel: its button "keep" brings the weights back into the model and its optimiser.

        Raises ImportError without the package anywidget.
        """
        try:
            import anywidget
            import traitlets
        except ImportError as error:
            raise ImportError("live() needs anywidget: pip install anywidget, and restart the kernel") from error

        class Live(anywidget.AnyWidget):
            """The widget: what it sends are numbers to keep."""

            _esm = f"{self._programs.source()}\n{_asset('playground.js')}\n{WIDGET}"
            _css = _asset("playground.css")
            content = traitlets.Dict().tag(sync=True)

        widget = Live(content=self._content)
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

    def _repr_html_(self) -> str:
        """The page as a part of another; where scripts do not run, the network as it stands."""
        content = json.dumps(self._content, ensure_ascii=False).replace("<", "\\u003c")
        programs = self._programs.source().replace("</", "<\\/")
        name = sha256((content + programs).encode()).hexdigest()[:12]
        still = self._still.image("autograd-lite-still")
        place = f'[data-autograd-playground="{name}"]:not([role])'
        return (
            f"<style>{_asset('playground.css')}</style>"
            f'<div data-autograd-playground="{name}">{still}</div>'
            f"<script>(() => {{ {programs}\n{_asset('playground.js')}\nconst content = {content};\n"
            f"document.querySelectorAll('{escape(place, quote=False)}').forEach((host) => "
            f"playground(host, content, {{ gradient, update, field }})); }})();</script>"
        )

    def __repr__(self) -> str:
        return f"<playground of a {self._still.caption}: show it in a notebook, or save('playground.html')>"


def playground(
    model: Module,
    data: tuple[Sequence[Any], Sequence[Any]],
    loss: Loss,
    optimizer: Optimizer,
    *,
    language: str | None = None,
) -> Playground:
    """A page on which the network learns before one's eyes: it trains in the browser, with no kernel behind it.

    The arguments are those of `nn.fit`; each step takes all samples in one batch, and computes the numbers that `fit`
    computes. Shown are the network, with a small picture of what each neuron says over the plane of two inputs (a curve
    for one input; for others the network alone), the picture of the neuron that the pointer chose with the data on it,
    and the loss as a curve and as text. Buttons play, pause, take one step and reset; sliders set speed and learning
    rate (a schedule's is multiplied). `language` is "en" or "zh", by default that of the document around it.

    Returns a `Playground`, which shows itself in a notebook, and whose `save("moons.html")` writes a page of its own;
    `live()` is the page tied to this kernel. The model stays as it is. Raises TypeError or ValueError for a model other
    than layers in a row, or data that do not fit it, and the errors of `jit` for a loss that branches on numbers.

    >>> from autograd_lite import nn, optim
    >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    >>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> playground(model, xor, nn.mse_loss, optim.SGD(model.parameters(), lr=0.3))
    <playground of a network of 2 - 4 - 1: show it in a notebook, or save('playground.html')>
    """
    if not isinstance(model, Module):
        raise TypeError(f"playground(model) takes a network such as nn.MLP(2, [8, 1]), not {shown(model)}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"playground(optimizer) must be an optimiser such as optim.Adam(...), not {shown(optimizer)}")
    if not callable(loss):
        raise TypeError(f"playground(loss) must be a function of outputs and targets, not {shown(loss)}")
    if language is not None:
        check_choice(language, TEXTS, "playground(language)")
    network = columns(model)
    inputs, targets = _samples(data, network[0].size)
    place = {p: i for i, p in enumerate(optimizer.parameters)}
    if any(p not in place for p in model.parameters()):
        raise ValueError("playground(optimizer) must move the model's parameters: optim.Adam(model.parameters())")
    activities(model, inputs[0])
    programs = recorded(model, inputs, targets, loss, optimizer)
    content = _content(network, place, inputs, targets, programs, optimizer)
    return Playground(model, programs, {**content, "language": language, "texts": TEXTS}, optimizer)


def _samples(data: Any, size: int) -> tuple[list[list[float]], list[Any]]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"playground(data) must be a pair (inputs, targets), not {shown(data)}")
    inputs, targets = (as_list(x.tolist() if hasattr(x, "tolist") else x, "playground(data)", "samples") for x in data)
    if len(inputs) != len(targets) or not inputs:
        raise ValueError(f"playground(data) needs a target for each input, got {len(inputs)} and {len(targets)}")
    wide = [x if isinstance(x, (list, tuple)) else [x] for x in inputs]
    rows = [[as_float(e, "a number in playground(data)") for e in x] for x in wide]
    if any(len(row) != size for row in rows):
        raise ValueError(f"playground(data) must have {size} numbers in each input, as the model takes")
    return rows, targets


def _content(
    network: list[Column],
    place: dict[Any, int],
    inputs: list[list[float]],
    targets: list[Any],
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
        "state": [[p.data for p in optimizer.parameters], *memory],
        "held": [v.data for v in programs.gradient.captured if v not in place],
        "steps": steps,
        "rates": rates,
        "inputs": inputs,
        "targets": [t if isinstance(t, (int, float)) else [float(e) for e in t] for t in targets],
        "square": SQUARE,
        "curve": CURVE,
    }


def _asset(name: str) -> str:
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")

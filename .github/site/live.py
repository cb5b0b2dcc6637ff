"""Pages and panels that the package itself makes: graphs to edit, a network that learns, the command line's help."""

import argparse
import math
import re
from pathlib import Path

from words import say

from autograd_lite import Value, nn, optim, playground, steps, tanh
from autograd_lite.cli.main import _parser

PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ background: Canvas; color: CanvasText; margin: 8px; zoom: 0.75; }} {zooms}</style></head>
<body>{body}</body></html>
"""


def write(folder: Path, language: str = "en") -> None:
    """Whole pages, each of one thing to play with, which other pages hold in a frame."""
    folder.mkdir(parents=True)
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(5.0, label="c")
    y = tanh(a * b + c)
    y.label = "y"
    model = nn.MLP(2, [6, 1], activation="tanh", seed=2)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    learning = playground(model, moons(24), nn.mse_loss, optimizer, language=language)
    for name, title, shown, wide in (
        ("graph", "The graph of y = tanh(a * b + c)", steps(y), 585),
        ("playground", "A small network in training", learning, 690),
    ):
        fitting = {width: min(0.85, width / wide) for width in range(420, 620, 20)}  # all of it in a frame of any width
        zooms = " ".join(f"@media (min-width: {w}px) {{ body {{ zoom: {z:.2f}; }} }}" for w, z in fitting.items())
        page = PAGE.format(title=say(title, language), language=language, body=shown._repr_html_(), zooms=zooms)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


def moons(count: int) -> tuple[list[list[float]], list[float]]:
    """Two half circles that no straight line divides, with the targets -1 and 1."""
    angles = [math.pi * (i + 0.5) / count for i in range(count)]
    upper = [[math.cos(t) - 0.5, math.sin(t) - 0.25] for t in angles]
    lower = [[0.5 - math.cos(t), 0.25 - math.sin(t)] for t in angles]
    return upper + lower, [-1.0] * count + [1.0] * count


def ten_lines(readme: str) -> str:
    """The README's first snippet."""
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code is not None
    return code[1]


def command_line() -> str:
    """The page of the command line, from what its parser says."""
    parser = _parser()
    parser.prog = "autograd-lite"
    page = f"# Command line\n\n```text\n{parser.format_help()}```\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                page += f"\n## autograd-lite {name}\n\n```text\n{command.format_help()}```\n"
    return page

"""Pages and panels that the package itself makes: graphs to edit, a network that learns, the command line's help."""

import argparse
import re
from pathlib import Path

import autograd_lite
from autograd_lite import Value, tanh
from autograd_lite.cli.main import _parser

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ background: Canvas; color: CanvasText; margin: 8px; }}</style></head><body>{body}</body></html>
"""


def write(folder: Path) -> None:
    """Whole pages, each of one thing to play with, which other pages hold in a frame."""
    folder.mkdir(parents=True)
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(5.0, label="c")
    y = tanh(a * b + c)
    y.label = "y"
    pages = {"graph": ("The graph of y = tanh(a * b + c)", editable(y))}
    if has_playground():
        pages["playground"] = ("A small network in training", autograd_lite.playground())
    for name, (title, shown) in pages.items():
        (folder / f"{name}.html").write_text(PAGE.format(title=title, body=shown._repr_html_()), encoding="utf-8")


editable = getattr(autograd_lite, "explore", autograd_lite.steps)


def is_editable() -> bool:
    return hasattr(autograd_lite, "explore")


def has_playground() -> bool:
    return hasattr(autograd_lite, "playground")


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

"""What the commands are, and what each does."""

import argparse
import sys
from collections.abc import Sequence
from math import isinf
from pathlib import Path
from tempfile import mkdtemp

from autograd_lite.cli.lab import lab
from autograd_lite.cli.parse import parse
from autograd_lite.core.checks import shown
from autograd_lite.core.value import Value, topological_order
from autograd_lite.display.graph.drawing import draw
from autograd_lite.display.graph.runner import RenderError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 after an error that was explained.

    >>> main(["draw", "a +* b"])
    2
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError, ImportError, RenderError) as error:
        print(f"autograd-lite: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograd-lite", description="Scalar reverse-mode automatic differentiation.")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="differentiate an expression, draw it, and train a small network")
    demo.add_argument("which", nargs="?", default="xor", choices=["xor", "digits", "quadratic"], help="the network")
    demo.add_argument("-o", "--output", type=Path, help="the expression's graph; the other picture goes beside it")
    demo.set_defaults(run=_demo)

    drawing = commands.add_parser("draw", help="draw an expression, its values and gradients")
    drawing.add_argument("expression", help='such as "tanh(a*b + c)"')
    drawing.add_argument("values", nargs="*", metavar="name=number", help="a value for each name, such as a=2 b=-3")
    drawing.add_argument("-o", "--output", type=Path, default=Path("graph.svg"), help=".svg, .png, .pdf, .dot or .html")
    drawing.set_defaults(run=_draw)

    notebooks = commands.add_parser("lab", help="copy the notebooks to a folder and open them in JupyterLab")
    notebooks.add_argument("folder", nargs="?", type=Path, help="by default autograd_lite_notebooks")
    notebooks.add_argument("--language", default="en", help="en, or zh for the course in Chinese")
    notebooks.add_argument("--copy-only", action="store_true", help="do not open them")
    notebooks.set_defaults(run=_lab)
    return parser


def _lab(options: argparse.Namespace) -> None:
    lab(options.folder, launch=not options.copy_only, language=options.language)


def _draw(options: argparse.Namespace) -> None:
    values: dict[str, float] = {}
    for name, number in map(_assignment, options.values):
        if name in values:
            raise ValueError(f"{name} is given twice, as {values[name]:g} and {number:g}: give it once")
        values[name] = number
    y = parse(options.expression, values)
    y.label = y.label or "y"
    y.backward()
    draw(y).save(options.output)
    _print_table(y)
    print(f"The graph is in {options.output.resolve()}")


def _demo(options: argparse.Namespace) -> None:
    from autograd_lite.cli.demos import DEMOS

    # What nobody asked for a place for goes where it does no harm.
    graph = options.output or Path(mkdtemp(prefix="autograd-lite-")) / "demo.svg"
    if options.which == "xor":
        a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(5.0, label="c")
        y = (a * b + c).tanh()
        y.label = "y"
        y.backward()
        print("y = tanh(a * b + c), and its derivative in every node, by backpropagation:\n")
        _print_table(y)
        draw(y).save(graph)
        print(f"\nThe graph is in {graph.resolve()}\n")
    DEMOS[options.which](graph.parent)
    print("\nNext: autograd-lite lab opens the course, and autograd-lite draw 'a*b + c' a=2 b=-3 c=10 draws your own.")


def _print_table(y: Value) -> None:
    interior, leaves = topological_order(y)
    names = {v: v.label or f"v{i}" for i, v in enumerate(leaves + interior)}
    print(f"{'node':>8}  {'is':<24} {'value':>12} {'dy/dnode':>12}")
    for v in sorted(leaves, key=lambda v: names[v]) + interior:
        how = f"{v.op} of {', '.join(names[p] for p in v.parents)}" if v.parents else "input" if v.label else "constant"
        print(f"{names[v]:>8}  {how:<24} {v.data:>12.6g} {v.grad:>12.6g}")


def _assignment(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"{shown(text)} is not of the form name=number, such as a=2")
    try:
        x = float(number)
    except ValueError:
        raise ValueError(f"{shown(number)} in {shown(text)} is not a number") from None
    if isinf(x) and "inf" not in number.lower():
        raise ValueError(f"the number for {name} is too large for a float: {shown(number)}")
    return name, x

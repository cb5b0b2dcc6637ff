"""Pictures of computation graphs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import topological_order

DIRECTIONS = ("LR", "TB")
SUFFIXES = ("svg", "png", "pdf", "dot", "html")


class Drawing:
    """A diagram: shows itself in a notebook; `save(path)` writes it in the format of the path's suffix."""

    def __init__(self, dot: str, summary: str) -> None:
        self.dot = dot
        self.summary = summary

    def svg(self) -> str:
        """The picture as SVG text."""
        from autograd_lite.render import render

        return render(self.dot, "svg").decode()

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; returns its path. The suffix says how: .svg .png .pdf .dot .html."""
        from autograd_lite.render import render

        path = Path(path)
        suffix = path.suffix.lower().removeprefix(".")
        if suffix not in SUFFIXES:
            raise ValueError(f"save(path) must end in one of {', '.join('.' + s for s in SUFFIXES)}, not {str(path)!r}")
        if suffix == "dot":
            content = self.dot.encode()
        elif suffix == "html":
            content = f"<!doctype html><meta charset='utf-8'><title>graph</title>{self._repr_html_()}".encode()
        else:
            content = render(self.dot, suffix)
        path.write_bytes(content)
        return path

    def _repr_html_(self) -> str:
        from base64 import b64encode
        from html import escape

        from autograd_lite.render import RenderError

        try:
            picture = b64encode(self.svg().encode()).decode()
        except RenderError as error:
            return f"<pre>{escape(self.summary)}\n\n{escape(str(error))}</pre>"
        return f'<img alt="{escape(self.summary)}" style="max-width:100%" src="data:image/svg+xml;base64,{picture}">'

    def __repr__(self) -> str:
        return f"<{self.summary}: show it in a notebook, or save('graph.svg')>"


def draw(roots: Value | Iterable[Value], *, grad: bool = True, merge: bool = False, direction: str = "LR") -> Drawing:
    """The computation graph of one Value or several, as a diagram that shows in a notebook and saves to a file.

    `grad=False` leaves the gradients out, `merge=True` writes each operation into the box of its result, `direction` is
    "LR" (left to right) or "TB" (top to bottom). Colour is the gradient: blue positive, orange negative.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> draw(a * b)
    <graph of 3 nodes: show it in a notebook, or save('graph.svg')>
    """
    from autograd_lite.diagram import to_dot
    from autograd_lite.picture import plain_picture

    if direction not in DIRECTIONS:
        raise ValueError(f"draw(direction) must be 'LR' or 'TB', not {direction!r}")
    interior, leaves = topological_order(*_values(roots))
    picture = plain_picture(interior, leaves, grad)
    count = len(interior) + len(leaves)
    return Drawing(to_dot(picture, direction, merge), f"graph of {count:,} node{'s' * (count != 1)}")


def _values(roots: Any) -> list[Value]:
    """The roots as a list, however they were given."""
    if isinstance(roots, Value):
        return [roots]
    if isinstance(roots, Iterable) and not isinstance(roots, (str, bytes)):
        found = list(roots)
        if found and all(isinstance(v, Value) for v in found):
            return found
    raise TypeError(f"draw(roots) must be a Value or a list of Values, not {roots!r}")

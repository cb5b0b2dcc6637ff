"""A network drawn as SVG: columns of dots, lines in the colour of the sign and the width of the size."""

from base64 import b64encode
from html import escape
from math import isfinite
from os import PathLike

from autograd_lite.display.graph.diagram import NEGATIVE, POSITIVE
from autograd_lite.display.network.columns import Column, columns, scale
from autograd_lite.nn.files import as_target, write_whole
from autograd_lite.nn.module import Module

ACROSS, DOWN, RADIUS, MARGIN = 150, 30, 9, 76
Places = dict[int, tuple[float, float]]
STYLE = (
    "svg { font: 12px Helvetica, Arial, sans-serif } text { fill: #808080 } circle { fill: #fff; stroke: #808080 } "
    "line { stroke-linecap: round } line:hover, circle:hover { stroke: #d03050; stroke-opacity: 1 }"
)


class NetworkDrawing:
    """The picture of a network: shows itself in a notebook; `save(path)` writes it as .svg or .html."""

    def __init__(self, model: Module, gradients: bool) -> None:
        self._columns = columns(model)
        self._gradients = gradients
        self.sizes = " - ".join(f"{column.size:,}" for column in self._columns)
        self.caption = f"network of {self.sizes}"

    @property
    def svg(self) -> str:
        """The picture as SVG. Names and numbers come up when the pointer rests on a dot or a line."""
        return to_svg(self._columns, self._gradients, self.caption)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to a file, `.svg` or `.html`; another suffix is a ValueError."""
        target, suffix = as_target(path, "svg", "html")
        write_whole(target, (self.svg if suffix == "svg" else self._page()).encode())

    def image(self, kind: str) -> str:
        """The picture as an HTML image of a class, for where nothing else may be shown."""
        picture = b64encode(self.svg.encode()).decode()
        source = f"data:image/svg+xml;base64,{picture}"
        return f'<img class="{kind}" alt="{self.caption}" style="max-width:100%" src="{source}">'

    def _page(self) -> str:
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        head += '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        style = "<style>body { margin: 1em } svg { max-width: 100%; height: auto }</style>"
        return f'<!doctype html><html lang="en">{head}<title>{self.caption}</title>{style}{self.svg}'

    def _repr_html_(self) -> str:
        """A frame in which the pointer finds names; where a notebook is not trusted, the same as a mere image."""
        svg = self.svg
        width, height = _size(self._columns)
        inside = escape(
            "<style>body { margin: 0; overflow: hidden } svg { display: block; width: 100%; height: auto }</style>"
            + svg
        )
        return (  # an untrusted notebook drops style and frame, and shows the image
            "<style>img.autograd-lite-network { display: none !important }</style>"
            f"{self.image('autograd-lite-network')}"
            f'<iframe title="{self.caption}" srcdoc="{inside}" '
            f'style="border:0; width:{width}px; max-width:100%; aspect-ratio:{width}/{height}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<{self.caption}: show it in a notebook, or save('network.svg')>"


def to_svg(found: list[Column], gradients: bool, caption: str) -> str:
    """The picture as SVG: lines first, so that dots stand on them."""
    width, height = _size(found)
    places = [_places(column, k, height) for k, column in enumerate(found)]
    lines = [part for k in range(1, len(found)) for part in _lines(found[k], places[k - 1], places[k], gradients)]
    dots = [part for column, place in zip(found, places) for part in _dots(column, place)]
    titles = [_text(MARGIN + RADIUS + k * ACROSS, height - 10, _title(column)) for k, column in enumerate(found)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{caption}"><style>{STYLE}</style>{"".join(lines + dots + titles)}</svg>'
    )


def _size(found: list[Column]) -> tuple[int, int]:
    most = max(len(column.shown) + bool(column.left_out) for column in found)
    return 2 * MARGIN + 2 * RADIUS + (len(found) - 1) * ACROSS, 30 + DOWN * most + 24


def _places(column: Column, k: int, height: int) -> Places:
    """Where each dot that is shown stands: centred, with room for the dots that are not."""
    rows = len(column.shown) + bool(column.left_out)
    step = min(2 * DOWN, (height - 54) / rows)
    top = (height - 24 - step * (rows - 1)) / 2
    half = len(column.shown) // 2
    return {
        j: (MARGIN + RADIUS + k * ACROSS, top + step * (row + (bool(column.left_out) and row >= half)))
        for row, j in enumerate(column.shown)
    }


def _lines(column: Column, tails: Places, heads: Places, gradients: bool) -> list[str]:
    largest = scale(column, gradients)
    drawn = []
    for line in column.lines:
        if line.tail in tails and line.head in heads:
            (x1, y1), (x2, y2) = tails[line.tail], heads[line.head]
            number = line.gradient if gradients else line.weight
            drawn.append(
                f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" {_stroke(number, largest)}>'
                f"<title>{escape(line.says)}</title></line>"
            )
    return drawn


def _stroke(number: float, largest: float) -> str:
    """Blue for positive, orange for negative, the wider and stronger the larger; yellow if it is not finite."""
    if not isfinite(number):
        return 'stroke="#ffe94d" stroke-width="4"'
    part = abs(number) / largest
    colour = "#" + "".join(f"{c:02x}" for c in (POSITIVE if number > 0.0 else NEGATIVE))
    return f'stroke="{colour}" stroke-width="{0.4 + 4.6 * part:.2f}" stroke-opacity="{0.35 + 0.65 * part:.2f}"'


def _dots(column: Column, places: Places) -> list[str]:
    drawn = [
        f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"><title>{escape(column.says[j])}</title></circle>'
        for j, (x, y) in places.items()
    ]
    if column.left_out:
        below = places[column.shown[len(column.shown) // 2]]
        drawn.append(_text(below[0], below[1] - DOWN + 5, "⋮"))
    return drawn


def _title(column: Column) -> str:
    return f"{column.title}, {column.left_out} not shown" if column.left_out else column.title


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle">{escape(words)}</text>'

"""Matplotlib's figures as the notebooks store them: in SVG, whose words are text and can be translated."""

import re

import nbformat

from autograd_lite.cli.figures import figure

KERNEL = [  # arguments with which a kernel draws so, and the same in each run
    "--InlineBackend.figure_formats=svg",
    "--InlineBackend.rc=svg.fonttype=none",
    "--InlineBackend.rc=svg.hashsalt=autograd_lite",
]
DATED = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", re.DOTALL)
NEEDLESS = re.compile(r'font-family: [^;"]*;? ?| transform="rotate\(-0 [^)]*\)"|\n\s*')  # one family for the whole
FONTS = "'DejaVu Sans', Verdana, sans-serif"
POINTS = re.compile(r'\b(width|height)="([\d.]+)pt"')
SEAMLESS = "[id^=Quad] path:not([style*=none]) {shape-rendering: crispEdges}"  # areas, not lines
TAG = re.compile(r"<(?!!)[^>]*>")
LONG = re.compile(r"\d+\.\d{3,}")


def compact(svg: str) -> str:
    """The picture without what one does not see: half as long; 100 pixels an inch."""
    svg = NEEDLESS.sub("", DATED.sub("", svg))
    svg = POINTS.sub(lambda size: f'{size[1]}="{float(size[2]) / 0.72:.0f}"', svg)
    svg = TAG.sub(lambda tag: LONG.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), tag[0]), svg)
    svg = svg.replace("</style>", f"{SEAMLESS}</style>") if 'id="Quad' in svg else svg
    return svg.replace("<svg", f'<svg font-family="{FONTS}"', 1)


def store(notebook: nbformat.NotebookNode) -> None:
    """Put the figures of an executed notebook into the form in which it stores them."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            svg = output.get("data", {}).pop("image/svg+xml", None)
            if svg:
                output.data["text/html"] = figure(compact(svg))

"""The backward pass as an animation, one frame a step: Pillow draws the boxes where the renderer has laid them out."""

import re
from collections.abc import Iterator
from io import BytesIO
from math import isfinite
from typing import Any
from xml.etree import ElementTree

from autograd_lite.core.value import Value, is_constant
from autograd_lite.display.graph.boxes import compact
from autograd_lite.display.graph.diagram import INK, LINE, colour
from autograd_lite.display.stepping.content import diagram
from autograd_lite.display.stepping.walk import Walk

SCALE = 2  # pixels for each unit of the diagram
ACTIVE, RECEIVES, PAPER = "#e0570b", "#0072b2", "#ffffff"
FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "Arial.ttf", "NotoSansCJK-Regular.ttc")
Point = tuple[float, float]


def animated(walk: Walk, seconds: float = 1.2) -> bytes:
    """A GIF: first all gradients at 0, then a frame for each step, the last for longer; it begins again by itself.

    Raises ImportError without Pillow (`pip install pillow`).
    """
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise ImportError("save('….gif') needs Pillow: pip install pillow") from error
    svg = ElementTree.fromstring(re.sub(r"xlink:|&nbsp;| xmlns=\"[^\"]+\"", "", diagram(walk)))
    frames = [_frame(svg, walk, done) for done in range(len(walk) + 1)]
    file = BytesIO()
    durations = [round(1000 * seconds)] * len(walk) + [round(3000 * seconds)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return file.getvalue()


def _frame(svg: ElementTree.Element, walk: Walk, done: int) -> Any:
    """The diagram after so many steps, with the last of them marked."""
    from PIL import Image, ImageDraw

    nodes: list[Value] = [*walk.leaves, *walk.interior]
    gradients = dict.fromkeys(nodes, 0.0) | {walk.root: 1.0}
    gradients |= {part.parent: part.total for step in walk[:done] for part in step.parts}
    largest = max((abs(g) for g in gradients.values() if isfinite(g)), default=0.0)
    current = walk[done - 1] if done else None
    index = {v: i for i, v in enumerate(nodes)}
    active, receives = set[str](), set[str]()
    if current:
        n = index[current.node]
        into = {f"n{index[part.parent]}" for part in current.parts}
        active, receives = {f"n{n}", f"o{n}", f"o{n}-n{n}", *(f"{i}-o{n}" for i in into)}, into - {f"n{n}"}

    _, _, width, height = map(float, svg.get("viewBox", "").split())
    image = Image.new("RGB", (round(width * SCALE), round(height * SCALE)), PAPER)
    draw = ImageDraw.Draw(image)
    graph = svg.find("g")
    assert graph is not None
    x0, y0 = map(float, re.findall(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", graph.get("transform", ""))[0])
    for group in graph.findall("g"):
        name = group.get("id", "")
        marked = ACTIVE if name in active else RECEIVES if name in receives else None
        v = nodes[int(name[1:])] if re.fullmatch(r"n\d+", name) else None
        lines = iter([walk.names[v], f"data {compact(v.data)}", f"grad {compact(gradients[v])}"]) if v else iter(())
        if v and is_constant(v):
            lines = iter([compact(v.data)])
        fill = colour(gradients[v], largest) if v else None
        for shape in group.iter():
            points = [((x + x0) * SCALE, (y + y0) * SCALE) for x, y in _points(shape)]
            line, thick = marked or LINE, (3 if marked else 1) * SCALE // 2
            if shape.tag == "text":
                ink = INK if "node" in group.get("class", "") else LINE
                size = float(shape.get("font-size", "11")) * SCALE
                anchor = "ms" if shape.get("text-anchor") == "middle" else "ls"
                draw.text(points[0], next(lines, shape.text or ""), ink, _font(size), anchor)
            elif shape.tag == "ellipse":
                rx, ry = (float(shape.get(r, "0")) * SCALE for r in ("rx", "ry"))
                (x, y) = points[0]
                draw.ellipse((x - rx, y - ry, x + rx, y + ry), PAPER, line, thick)
            elif points and "edge" in group.get("class", ""):
                if shape.tag == "polygon":
                    draw.polygon(points, line, line)
                else:
                    draw.line(points, line, thick)
            elif points:
                if fill and shape.tag in ("path", "polygon"):
                    draw.polygon(points, fill)
                draw.line(points, line, thick)
    return image


def _points(shape: ElementTree.Element) -> list[Point]:
    """The corners of a shape; a curve in short straight pieces."""
    if shape.tag in ("text", "ellipse"):
        x, y = ("x", "y") if shape.tag == "text" else ("cx", "cy")
        return [(float(shape.get(x, "0")), float(shape.get(y, "0")))]
    numbers = list(map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", shape.get("points") or shape.get("d") or "")))
    points = list(zip(numbers[::2], numbers[1::2]))
    return list(_curve(points)) if shape.tag == "path" else points


def _curve(points: list[Point]) -> Iterator[Point]:
    """Points on Bézier curves, each of which takes three control points from where the last one ended."""
    yield points[0]
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(points[::3], points[1::3], points[2::3], points[3::3]):
        for t in (k / 10 for k in range(1, 11)):
            s = 1.0 - t
            weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
            yield (
                sum(w * x for w, x in zip(weights, (ax, bx, cx, dx))),
                sum(w * y for w, y in zip(weights, (ay, by, cy, dy))),
            )


def _font(size: float) -> Any:
    """A font that has Greek letters and subscripts, if one can be found; Matplotlib brings one."""
    from importlib.util import find_spec
    from pathlib import Path

    from PIL import ImageFont

    found = find_spec("matplotlib")
    beside = Path(found.origin).parent if found and found.origin else Path()
    for name in (*FONTS, str(beside / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)

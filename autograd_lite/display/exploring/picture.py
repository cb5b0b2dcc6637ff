"""The curves as a still picture, for where no script runs."""

from base64 import b64encode
from html import escape
from math import isfinite

from autograd_lite.compiler import backends
from autograd_lite.display.exploring.recording import Recorded

WIDTH, HEIGHT, POINTS = 480, 240, 240
LARGEST = 1e300  # of what is drawn: the height of the picture is a number too
COLOURS = ("#009e73", "#8a5fd3", "#c0559a", "#8f7a00", "#3f6f8f", "#707070")


def picture(recorded: Recorded, title: str) -> str:
    """An image of the curves, each broken where the function has no value or leaves the picture."""
    axis = recorded.arguments[0]
    run = backends.load(recorded.program, "python")
    others = [a.start for a in recorded.arguments[1:]] + recorded.held
    xs = [axis.low + (axis.high - axis.low) * k / POINTS for k in range(POINTS + 1)]
    rows = [run([x, *others]) for x in xs]
    finite = sorted(y for row in rows for y in row[::3] if isfinite(y)) or [0.0]
    low, high = finite[len(finite) // 50], finite[-1 - len(finite) // 50]
    low, high = max(low, -LARGEST), min(high, LARGEST)
    least = max(abs(low), abs(high), 1e-300)
    low, high = (low, high) if high - low > 1e-12 * least else (low - least, high + least)
    lines = []
    for i in range(len(recorded.names)):
        pen, path, before, step = "M", "", rows[0], (axis.high - axis.low) / POINTS
        for k, row in enumerate(rows):
            y, steepest = row[3 * i], max(abs(r[3 * i + 1]) for r in (before, row))
            if abs(y - before[3 * i]) > 0.05 * (high - low) + 2.0 * step * steepest:  # further than slopes lead: a jump
                pen = "M"
            before = row
            if not isfinite(y) or not low - (high - low) < y < high + (high - low):
                pen = "M"
                continue
            down = HEIGHT - 10 - (HEIGHT - 20) * (y - low) / (high - low)
            path += f"{pen}{WIDTH * k / POINTS:.1f},{down:.1f}"
            pen = "L"
        lines.append(f'<path d="{path}" fill="none" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2"/>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">{"".join(lines)}</svg>'
    )
    source = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(title)}" style="max-width:100%" src="data:image/svg+xml;base64,{source}">'

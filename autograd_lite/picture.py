"""What a diagram shows, before it is laid out: boxes, arrows between them, and the groups they stand in."""

import re
from dataclasses import dataclass, field
from math import floor, isfinite, log10
from typing import Literal

from autograd_lite.engine import Value, is_constant

Kind = Literal["input", "parameter", "constant", "operation", "folded"]


@dataclass
class Box:
    """One value, or many that are folded into one."""

    kind: Kind
    lines: list[str]  # what it says, top to bottom
    op: str = ""  # the operation that computes it
    gradient: float = 0.0  # for the colour
    group: tuple[str, ...] = ()  # the modules it stands in, outermost first


@dataclass
class Picture:
    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)  # indices of boxes, operand to result
    note: str = ""


def plain_picture(interior: list[Value], leaves: list[Value], grad: bool) -> Picture:
    """Every value its own box."""
    nodes = leaves + interior
    index = {v: i for i, v in enumerate(nodes)}
    boxes = [Box(kind_of(v), lines_of(v, grad), v.op, gradient_of(v)) for v in nodes]
    edges = [(index[p], index[v]) for v in interior for p in v.parents]
    return Picture(boxes, edges)


def kind_of(v: Value) -> Kind:
    if is_constant(v):
        return "constant"
    return "operation" if v.parents else "input"


def lines_of(v: Value, grad: bool) -> list[str]:
    """The label, if there is one, the data and the gradient. A constant has no gradient."""
    lines = [printable(v.label)] if v.label else []
    if is_constant(v):
        return [*lines, compact(v.data)]
    return [*lines, f"data {compact(v.data)}", *([f"grad {compact(gradient_of(v))}"] if grad else [])]


def gradient_of(v: Value) -> float:
    g = v.grad
    return g.data if isinstance(g, Value) else float(g)


def compact(x: float) -> str:
    """A number in about four significant digits.

    >>> [compact(x) for x in (2.0, -0.123456, 1e-17, 123456.0, float("nan"))]
    ['2.0', '-0.1235', '1e-17', '123456.0', 'nan']
    """
    if not isfinite(x) or x == 0.0:
        return str(x)
    magnitude = floor(log10(abs(x)))
    if not -4 <= magnitude < 6:
        mantissa, exponent = f"{x:.3e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    shown = f"{x:.{max(1, 3 - magnitude)}f}".rstrip("0")
    return shown + "0" if shown.endswith(".") else shown


def printable(text: object, limit: int = 40) -> str:
    """A label on one line, without characters that no picture can hold, and not endless."""
    line = re.sub(
        r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]+", " ", str(text)
    )
    return line if len(line) <= limit else line[: limit - 1] + "…"

"""What a diagram shows, before it is laid out: boxes, arrows between them, and the groups they stand in."""

import re
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Literal

from autograd_lite.core.value import Value, is_constant
from autograd_lite.display.graph.scopes import Path, Scopes

Kind = Literal["input", "parameter", "constant", "operation", "folded"]


@dataclass
class Box:
    """One value, or many that are folded into one."""

    kind: Kind
    lines: list[str]  # what it says, top to bottom
    op: str = ""  # the operation that computes it
    gradient: float = 0.0  # for the colour
    group: Path = ()  # the modules it stands in, outermost first
    count: int = 1  # of values


@dataclass
class Picture:
    boxes: list[Box]
    edges: list[tuple[int, int]]  # indices of boxes, operand to result
    note: str = ""

    def text(self, most: int = 40) -> str:
        """The diagram in letters, for where it cannot be drawn: a line for each of the last boxes."""
        operands: dict[int, list[int]] = {}
        for tail, head in self.edges:
            operands.setdefault(head, []).append(tail)
        lines = [self.note] if self.note else []
        for i, box in enumerate(self.boxes):
            made = f"{box.op or 'from'} {', '.join(f'#{j}' for j in operands[i])}" if i in operands else box.kind
            lines.append(f"#{i} {' | '.join([*box.lines, made])}")
        return "\n".join(lines if len(lines) <= most else ["…", *lines[-most:]])


def plain_picture(interior: list[Value], leaves: list[Value], scopes: Scopes, grad: bool) -> Picture:
    """Every value its own box."""
    nodes = leaves[::-1] + interior  # so that first operands come first
    index = {v: i for i, v in enumerate(nodes)}
    edges = [(index[p], index[v]) for v in interior for p in v.parents]
    return Picture([box_of(v, scopes, grad) for v in nodes], edges)


def box_of(v: Value, scopes: Scopes, grad: bool) -> Box:
    """The label, if there is one, the data and the gradient. A constant has no gradient."""
    kind = kind_of(v, scopes)
    lines = [printable(short_label(v, scopes.path(v)))] if v.label else []
    if kind == "constant":
        lines.append(compact(v.data))
    else:
        lines.append(f"data {compact(v.data)}")
        lines += [f"grad {compact(gradient_of(v))}"] * grad
    return Box(kind, lines, v.op, gradient_of(v) if grad else 0.0, scopes.path(v))


def kind_of(v: Value, scopes: Scopes) -> Kind:
    if v.parents:
        return "operation"
    if is_constant(v):
        return "input" if v in scopes.received else "constant"
    return "parameter" if scopes.is_parameter(v) else "input"


def module_name(path: Path) -> str:
    """The innermost module of a path: what the one around it calls it, and its class."""
    name, kind = _attribute(path), type(path[-1]).__name__
    return printable(f"{name}: {kind}" if name else kind)


def short_label(v: Value, path: Path) -> str:
    """The label, of a parameter without the names of the modules that it stands in."""
    prefix = "".join(f"{_attribute(path[:i])}." for i in range(2, len(path) + 1))
    return str(v.label).removeprefix(prefix)


def _attribute(path: Path) -> str:
    """What the module around the innermost one calls it."""
    if len(path) < 2:
        return ""
    return next((name for name, module in path[-2].named_modules() if module is path[-1]), "")


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

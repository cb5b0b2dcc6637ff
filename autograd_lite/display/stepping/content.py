"""What the page of a walk holds, as plain data: the diagram, the formulas, and all numbers in one row.

The row is what a program computes from the leaves: the data of each node; then for each step of the backward pass its
upstream gradient, and for each parent the local derivative and what is added. `steps.js` writes the sentences from it.
"""

import re
from typing import Any

from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import Tracer, tracing
from autograd_lite.core import table as table
from autograd_lite.core.value import Value, as_value, is_constant
from autograd_lite.display.graph.boxes import Box, Picture, compact, kind_of
from autograd_lite.display.graph.diagram import to_dot
from autograd_lite.display.graph.drawing import LIMIT
from autograd_lite.display.graph.runner import render
from autograd_lite.display.graph.scopes import Scopes
from autograd_lite.display.pages.html import plain
from autograd_lite.display.stepping.walk import Walk

ROOM = "-0.0000000"  # numbers change while the page steps: boxes are laid out for one this wide


def content(walk: Walk) -> dict[str, Any]:
    """The diagram, the nodes with their names, the formulas of both passes, and the numbers as they are now."""
    nodes = [*walk.leaves, *walk.interior]
    index = {v: i for i, v in enumerate(nodes)}
    return {
        "svg": diagram(walk),
        "root": index[walk.root],
        "nodes": [
            {"name": walk.names[v], "computed": bool(v.parents), "constant": is_constant(v), "op": v.op} for v in nodes
        ],
        "forward": [
            {"node": index[s.node], "operands": [index[p] for p in s.node.parents], "formula": s.formula}
            for s in walk.forward
        ],
        "backward": [
            {
                "node": index[v],
                "parts": [
                    {"node": index[p], "formula": formula}
                    for p, formula in zip(v.parents, walk.slope_formulas(v), strict=True)
                ],
            }
            for v in reversed(walk.interior)
        ],
        "leaves": [index[v] for v in moving(walk)],
        "start": [plain(v.data) for v in moving(walk)],
        "numbers": [plain(x) for x in numbers(walk)],
    }


def diagram(walk: Walk) -> str:
    """The diagram as SVG. Raises ValueError for more nodes than a diagram can hold."""
    nodes = [*walk.leaves, *walk.interior]
    if len(nodes) > LIMIT:
        raise ValueError(f"a page of steps holds {LIMIT} nodes, this graph has {len(nodes):,}: draw(value) folds it")
    scopes = Scopes(walk.interior)
    index = {v: i for i, v in enumerate(nodes)}
    boxes = [Box(kind_of(v, scopes), _lines(walk, v), v.op, group=scopes.path(v)) for v in nodes]
    edges = [(index[p], i) for v, i in index.items() for p in v.parents]
    svg = render(to_dot(Picture(boxes, edges)), "svg").decode()
    return re.sub(r"<!--.*?-->|<title>.*?</title>|\n", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def _lines(walk: Walk, v: Value) -> list[str]:
    return [compact(v.data)] if is_constant(v) else [walk.names[v], f"data {ROOM}", f"grad {ROOM}"]


def moving(walk: Walk) -> list[Value]:
    """The leaves that can be edited."""
    return [v for v in walk.leaves if not is_constant(v)]


def numbers(walk: Walk) -> list[float]:
    """All that the page shows, as the engine has it."""
    row = [v.data for v in (*walk.leaves, *walk.interior)]
    for v, gradient, handed in walk.handed:
        row.append(gradient)
        for slope, added, _ in handed or [(0.0, 0.0, 0.0)] * len(v.parents):
            row += [slope, added]
    return row


def program(walk: Walk) -> Program:
    """The same numbers as a program of the leaves. Raises TypeError for a graph that nothing can compute again."""
    for v in walk.interior:
        if v._primitive.by_hand:
            raise TypeError(f"operation {v.op!r} was recorded by hand, there is no formula to compute it again")
    tracers = [Tracer() for _ in moving(walk)]
    x: dict[Value, Any] = {v: as_value(v.data) for v in walk.leaves} | dict(zip(moving(walk), tracers))
    with tracing() as tape:
        for v in walk.interior:
            x[v] = v._primitive(*[x[p] for p in v.parents])
        row = [x[v] for v in (*walk.leaves, *walk.interior)]
        total: dict[Value, Any] = {walk.root: as_value(1.0)}
        for v in reversed(walk.interior):
            g = total.get(v, as_value(0.0))
            row.append(g)
            kept = v._primitive.captured(x[v], [x[p] for p in v.parents])
            for p, slope, added in zip(
                v.parents, v._primitive.vjp(as_value(1.0), *kept), v._primitive.vjp(g, *kept), strict=True
            ):
                row += [as_value(slope), as_value(added)]
                total[p] = total.get(p, 0.0) + table.where(g, added, 0.0)
        return record_program(tape, tracers, row)

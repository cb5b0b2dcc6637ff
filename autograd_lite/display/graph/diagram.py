"""A picture as DOT text, the language of Graphviz."""

import re
from math import isfinite, sqrt
from typing import Any

from autograd_lite.display.graph.boxes import Box, Picture, module_name
from autograd_lite.display.graph.runner import fitted
from autograd_lite.display.graph.scopes import Path

INK, LINE = "#1a1a1a", "#808080"  # text stands on light boxes; lines and captions read on white and on black
POSITIVE, NEGATIVE, ZERO = (0x7F, 0xB8, 0xE6), (0xF5, 0xA3, 0x5C), (0xF7, 0xF7, 0xF7)  # blue and orange: safe for all
STYLES = {
    "input": "rounded,filled",
    "parameter": "rounded,filled",
    "constant": "rounded,filled,dashed",
    "operation": "filled",
    "folded": "filled",
}
OPERATION = {"fillcolor": "white", "style": "filled"}


def to_dot(picture: Picture, direction: str = "LR", merge: bool = False) -> str:
    """The DOT text. Operations are nodes of their own, or stand in the box of their result (`merge`)."""
    from graphviz import Digraph  # type: ignore[import-untyped]

    graph = Digraph(
        graph_attr={"rankdir": direction, "bgcolor": "transparent", "fontname": "Helvetica", "fontsize": "11"},
        node_attr={"fontname": "Helvetica", "fontsize": "11", "fontcolor": INK, "color": LINE, "height": "0.3"},
        edge_attr={"color": LINE, "arrowsize": "0.7"},
    )
    graph.attr(nodesep="0.2", ranksep="0.35", labelloc="t", fontcolor=LINE, label=text(picture.note))
    largest = max((abs(b.gradient) for b in picture.boxes if isfinite(b.gradient)), default=0.0)
    separate = [bool(b.op) and not merge for b in picture.boxes]
    groups: dict[tuple[int, ...], Any] = {(): graph}
    for i, box in enumerate(picture.boxes):
        group = _group(groups, box.group)
        group.node(
            f"n{i}",
            label=record(box, direction, merge),
            id=f"n{i}",
            shape="record",
            style=STYLES[box.kind],
            penwidth="2" if box.kind in ("parameter", "folded") else "1",
            fillcolor=colour(box.gradient, largest),
        )
        if separate[i]:
            group.node(f"o{i}", label=text(box.op), id=f"o{i}", shape="ellipse", margin="0.05,0.02", **OPERATION)
    for group in list(groups.values())[:0:-1]:
        group.parent.subgraph(group)
    for i in range(len(picture.boxes)):
        if separate[i]:
            graph.edge(f"o{i}", f"n{i}", id=f"o{i}-n{i}")
    for tail, head in picture.edges:  # at the root: an edge inside a group would pull foreign nodes into it
        target = f"o{head}" if separate[head] else f"n{head}"
        graph.edge(f"n{tail}", target, id=f"n{tail}-{target}")
    before = _precedence(picture)
    if before:
        graph.attr(newrank="true")  # modules are ranked together: each by itself would lose edges between them
    for tail, head in before:
        graph.edge(f"n{tail}", f"n{head}", style="invis", weight="0")
    return str(graph.source)


def _precedence(picture: Picture) -> list[tuple[int, int]]:
    """Pairs of what a module receives and a parameter that meets it there: the second is to stand further on.

    So a module begins where those that feed it end, the inputs stand before the first and the answer after the last.
    """
    level = [0] * len(picture.boxes)
    operands: list[list[int]] = [[] for _ in picture.boxes]
    for tail, head in picture.edges:
        operands[head].append(tail)
    for head, tails in enumerate(operands):
        level[head] = max((level[tail] + 1 for tail in tails), default=0)
    found: dict[tuple[int, int], None] = {}
    for tails in operands:
        leaves = [t for t in tails if picture.boxes[t].group and not operands[t]]
        for leaf in leaves:
            group = picture.boxes[leaf].group
            received = [t for t in tails if picture.boxes[t].group[: len(group)] != group]
            if received:
                found[max(received, key=lambda t: level[t]), leaf] = None
                found |= {(t, leaf): None for t in received if leaf == leaves[0]}
    return list(found)


def _group(groups: dict[tuple[int, ...], Any], path: Path) -> Any:
    """The cluster of a path of modules, made with those around it when first asked for."""
    from graphviz import Digraph

    key = tuple(map(id, path))
    if key not in groups:
        outer = _group(groups, path[:-1])
        cluster = Digraph(name=f"cluster{len(groups)}")
        cluster.attr(label=text(module_name(path)), color=LINE, fontcolor=LINE, style="rounded", labeljust="l")
        cluster.parent = outer
        groups[key] = cluster
    return groups[key]


def record(box: Box, direction: str, merge: bool) -> str:
    """The box's lines as the fields of a record, one above the other."""
    lines = [box.op, *box.lines] if merge and box.op else box.lines
    fields = "|".join(escaped(line) for line in lines)
    return "{" + fields + "}" if direction == "TB" else fields  # braces turn a record across the direction of flow


def escaped(line: str) -> str:
    """A line as it stands in a record: nothing in it is markup."""
    return re.sub(r"([\\{}|<> ])", r"\\\1", entities(fitted(line)))


def text(line: str) -> str:
    """A line as it stands in any other label."""
    from graphviz import escape

    return str(escape(entities(fitted(line))))


def entities(line: str) -> str:
    return line.replace("&", "&amp;")


def colour(gradient: float, largest: float) -> str:
    """Blue for a positive gradient, orange for a negative one, the stronger the larger; yellow if it is not finite."""
    if not isfinite(gradient):
        return "#ffe94d"
    tint = 0.15 + 0.85 * sqrt(abs(gradient) / largest) if gradient != 0.0 else 0.0
    far = POSITIVE if gradient > 0.0 else NEGATIVE
    return "#" + "".join(f"{round(near + tint * (end - near)):02x}" for near, end in zip(ZERO, far, strict=True))

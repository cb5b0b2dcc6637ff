"""What the page of a walk says, as plain data: the diagram once, the numbers and sentences anew when leaves change.

All that `steps.js` shows is prepared here, as text; it chooses what to show at which step.
"""

from typing import Any

from autograd_lite.core.value import Value, is_constant
from autograd_lite.display.graph.boxes import Box, Picture, compact, kind_of
from autograd_lite.display.graph.diagram import to_dot
from autograd_lite.display.graph.drawing import LIMIT
from autograd_lite.display.graph.runner import render
from autograd_lite.display.graph.scopes import Scopes
from autograd_lite.display.stepping.walk import ForwardStep, Step, Walk

ROOM = "-0.0000000"  # numbers change while the page steps: boxes are laid out for one this wide


def static(steps: Walk) -> dict[str, Any]:
    """What stays when leaves are edited: the diagram."""
    nodes = _nodes(steps)
    if len(nodes) > LIMIT:
        raise ValueError(f"a page of steps holds {LIMIT} nodes, this graph has {len(nodes):,}: draw(value) folds it")
    scopes = Scopes(steps.interior)
    index = {v: i for i, v in enumerate(nodes)}
    boxes = [Box(kind_of(v, scopes), _lines(steps, v), v.op, group=scopes.path(v)) for v in nodes]
    edges = [(index[p], i) for v, i in index.items() for p in v.parents]
    svg = render(to_dot(Picture(boxes, edges)), "svg").decode()
    root = steps.names[steps.root]
    return {
        "caption": f"computation graph of {root}",
        "svg": svg[svg.index("<svg") :],
        "root": f"n{index[steps.root]}",
        "opening": {
            "forward": ["The leaves are known. Each node is computed once its operands are."],
            "backward": [f"∂{root}/∂{root} = 1, all other gradients start from 0."],
        },
    }


def numbers(steps: Walk) -> dict[str, Any]:
    """What follows the leaves: data of all nodes, and what each step says."""
    ids = {v: f"n{i}" for i, v in enumerate(_nodes(steps))}
    return {
        "nodes": {name: _node(steps, v) for v, name in ids.items()},
        "forward": [_forward(steps, step, ids) for step in steps.forward],
        "backward": [_backward(steps, step, ids) for step in steps],
    }


def _nodes(steps: Walk) -> list[Value]:
    return [*steps.leaves, *steps.interior]


def _lines(steps: Walk, v: Value) -> list[str]:
    return [compact(v.data)] if is_constant(v) else [steps.names[v], f"data {ROOM}", f"grad {ROOM}"]


def _node(steps: Walk, v: Value) -> dict[str, Any]:
    fixed = is_constant(v)
    return {
        "name": steps.names[v],
        "data": compact(v.data),
        "number": v.data if abs(v.data) < float("inf") else 0.0,
        "computed": bool(v.parents),
        "constant": fixed,
        "dataLine": 0 if fixed else 1,
        "gradLine": None if fixed else 2,
    }


def _forward(steps: Walk, step: ForwardStep, ids: dict[Value, str]) -> dict[str, Any]:
    values = ", ".join(
        f"{steps.names[p]} = {compact(p.data)}" for p in dict.fromkeys(step.node.parents) if not is_constant(p)
    )
    lines = [f"{step.name} = {step.formula}", f"{step.name} = {compact(step.data)}"]
    return {
        "node": ids[step.node],
        "operands": [ids[p] for p in step.node.parents],
        "lines": [*lines, *([f"with {values}"] if values else [])],
    }


def _backward(steps: Walk, step: Step, ids: dict[Value, str]) -> dict[str, Any]:
    """The chain rule written out, a line for each parent."""
    root, name, upstream = steps.names[steps.root], step.name, compact(step.gradient)
    lines = [f"{name}: upstream gradient ∂{root}/∂{name} = {upstream}"]
    for part in step.parts:
        slope = part.formula or compact(part.slope)
        factors = f"{upstream} · {slope if slope.isalnum() else f'({slope})'}"
        total = "" if part.total == part.added else f", in total {compact(part.total)}"
        primitive = f"∂{root}/∂{part.name} += ∂{root}/∂{name} · ∂{name}/∂{part.name}"
        lines.append(f"{primitive} = {factors} = {compact(part.added)}{total}")
    if not step.parts and step.gradient == 0.0:
        lines.append("a gradient of 0 stops here: nothing flows on")
    return {
        "node": ids[step.node],
        "operands": [ids[part.parent] for part in step.parts],
        "parts": [{"node": ids[part.parent], "total": compact(part.total)} for part in step.parts],
        "lines": lines,
    }

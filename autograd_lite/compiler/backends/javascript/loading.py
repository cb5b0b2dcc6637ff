"""A program as data for the loop in `static/machine.js`, and who runs it: the browser's engine, or node."""

import json
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

from autograd_lite.compiler.backends.blocks import blocks
from autograd_lite.compiler.backends.javascript.translate import Library
from autograd_lite.compiler.fused import LANE_DOT, Sum
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK
from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive

KINDS: dict[Primitive, str] = {  # what the loop does by itself, dot mostly so; all else are calls
    table.add: "+",
    table.sub: "-",
    table.mul: "*",
    table.div: "/",
    STACK: "stack",
    LANE: "lane",
    LANE_SUM: "lane sum",
    LANE_MEAN: "lane mean",
    LANE_DOT: "lane dot",
    table.dot: "dot",
}
CALLED = {table.dot: table.dot, LANE_MEAN: table.mean}  # what these call where the loop does not suffice


def load(program: Program) -> Callable[[Sequence[Any]], list[float]]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays.

    Inside Pyodide the browser's own engine runs it, elsewhere a process of node.
    """
    source = f"(() => {{ 'use strict';\n{runnable(program)}\nreturn run; }})()"
    if sys.platform == "emscripten":
        from autograd_lite.compiler.backends.javascript.pyodide import evaluate
    else:
        from autograd_lite.compiler.backends.javascript.node import evaluate
    run = evaluate(source)
    return lambda inputs: run(array("d", _numbers(inputs)))


def runnable(program: Program, name: str = "run", library: Library | None = None) -> str:
    """JavaScript that defines a function from an array of all inputs to an array of all outputs.

    With a library, the functions and the loop are left to whoever writes out several programs.
    """
    shared = library or Library()
    primitives = list(dict.fromkeys(p for p in program.ops if p is not None))
    number = {p: k for k, p in enumerate(primitives)}
    kinds = [_kind(p) for p in primitives]
    calls = [
        shared.name_of(CALLED.get(p, p)) if p in CALLED or kind in ("call", "many") else "null"
        for p, kind in zip(primitives, kinds)
    ]
    codes, starts, operands = list[int](), [0], list[int]()
    for p, xs in zip(program.ops, program.args):
        if p is not None:
            codes.append(number[p])
            operands += _operands(p, xs)
            starts.append(len(operands))
    content = {
        "inputs": program.inputs,
        "constants": program.constants,
        "outputs": program.outputs,
        "rowsOut": program.rows_out,
        "rows": [i for i, wide in enumerate(program.wide) if wide],
        "lanes": program.lanes,
        "block": blocks(program)[0].stop,
        "kinds": kinds,
        "codes": codes,
        "starts": starts,
        "operands": operands,
    }
    text = json.dumps(content, separators=(",", ":"))  # infinities and nan as JavaScript writes them
    definition = f"const {name} = load({text}, [{', '.join(calls)}]);"
    return definition if library else "\n".join([*prelude(shared), definition])


def prelude(library: Library) -> list[str]:
    """The functions of the library, and the loop that calls them."""
    machine = files(__package__).joinpath("static", "machine.js").read_text(encoding="utf-8")
    return [library.source([machine]), machine]


def _kind(primitive: Primitive) -> str:
    if isinstance(primitive, Sum):
        return "stopping sum" if primitive.stops else "sum"
    return KINDS.get(primitive, "many" if primitive.arity is None else "call")


def _operands(primitive: Primitive, xs: Sequence[int]) -> Sequence[int]:
    """The operands; of a sum of products the last factor of each term is written as -1 - its number."""
    return [-1 - x if end else x for x, end in zip(xs, primitive.ends)] if isinstance(primitive, Sum) else xs


def _numbers(inputs: Sequence[Any]) -> Iterator[float]:
    for x in inputs:
        if isinstance(x, (float, int)):
            yield x
        elif isinstance(x, list):
            yield from (y for part in x for y in (part if isinstance(part, (list, tuple)) else (part,)))
        else:
            yield from x.ravel().tolist()

"""From a tape to a program: what happens to a recorded function, in order.

1. record: the operations that the outputs depend on, numbered.
2. simplify: equal subexpressions computed once, constants folded, identities used.
3. fuse: chains of sums and products become single instructions.
4. roll: equal instructions that may run together stand together.
5. layout: an address in one vector of memory for each result, and array operations for the groups (see `layout.py`;
   backends that run arrays do it when they load a program).

Each keeps results bit for bit, but for the sign of a zero. `stages` shows what each leaves.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, filterfalse
from operator import attrgetter

from autograd_lite.compiler.fuse import fuse
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.roll import roll
from autograd_lite.compiler.simplify import simplify
from autograd_lite.compiler.tracer import LaneTracer, Tape
from autograd_lite.core.primitives import CONSTANT
from autograd_lite.core.value import Value

PASSES = (simplify, fuse, roll)


def record_program(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
    """The program that computes `outputs` from `inputs`, given the tape of the operations between them."""
    program = record(tape, inputs, outputs)
    for rewrite in PASSES:
        program = rewrite(program)
    return program


def stages(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Iterator[tuple[str, Program]]:
    """The program after each pass, and the name of the pass.

    >>> from autograd_lite.compiler.tracer import Tracer, tracing
    >>> w, x = Tracer(), Tracer()
    >>> with tracing() as tape:
    ...     y = w * x * 1.0 + w * x
    >>> for name, program in stages(tape, [w, x], [y]):
    ...     print(name, program.counts())
    record {'*': 3, '+': 1}
    simplify {'*': 1, '+': 1}
    fuse {'*': 1, '+': 1}
    roll {'*': 1, '+': 1}
    """
    program = record(tape, inputs, outputs)
    yield "record", program
    for rewrite in PASSES:
        program = rewrite(program)
        yield rewrite.__name__, program


def record(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
    """The operations on the tape that the outputs depend on, as instructions."""
    live = _live(tape, outputs)
    used = chain(chain.from_iterable(map(_parents, live)), outputs)
    foreign = list(dict.fromkeys(filterfalse({*inputs, *live}.__contains__, used)))  # ordered as met
    captured = [v for v in foreign if v._primitive is not CONSTANT]
    leaves = [*inputs, *captured, *[v for v in foreign if v._primitive is CONSTANT]]
    count = len(inputs) + len(captured)
    number = {v: i for i, v in enumerate([*leaves, *live])}
    return Program(
        tape.lanes,
        captured,
        ops=[None] * len(leaves) + [v._primitive for v in live],
        args=[()] * len(leaves) + [tuple([number[p] for p in v._parents]) for v in live],
        value=[None] * count + [v._data for v in leaves[count:]] + [None] * len(live),
        wide=[isinstance(v, LaneTracer) for v in number],
        inputs=count,
        outputs=[number[v] for v in outputs],
        rows_out=[isinstance(v, LaneTracer) for v in outputs],
    )


_parents = attrgetter("_parents")


def _live(tape: Sequence[Value], outputs: Sequence[Value]) -> list[Value]:
    needed = set(outputs)
    live = []
    for v in reversed(tape):
        if v in needed:
            live.append(v)
            needed.update(v._parents)
    live.reverse()
    return live

"""From a tape to a program: what happens to a recorded function, in order.

1. record: the operations that the outputs depend on, numbered.
2. simplify: equal subexpressions computed once, constants folded, identities used.
3. fuse: chains of sums and products become single instructions.
4. roll: equal instructions that may run together stand together.
5. layout: an address in one vector of memory for each result, and array operations for the groups (see `layout.py`;
   backends that run arrays do it when they load a program).

Each keeps results bit for bit, but for the sign of a zero. `jit(f).stages(*args)` shows what each leaves.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain, filterfalse
from operator import attrgetter

from autograd_lite.compiler.fuse import fuse
from autograd_lite.compiler.fused import OF_THE_FIRST
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.simplify import simplify
from autograd_lite.compiler.tracer import LANE, LaneTracer, Tape
from autograd_lite.core.primitives import CONSTANT
from autograd_lite.core.value import Value


def record_program(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
    """The program that computes `outputs` from `inputs`, given the tape of the operations between them."""
    return rewritten(record(tape, inputs, outputs))


def rewritten(program: Program) -> Program:
    """A program as it was recorded, after all passes."""
    return deque(stages(program), maxlen=1)[0][1]


def stages(program: Program) -> Iterator[tuple[str, Program]]:
    """The name of each pass, and the program after it."""
    yield "record", program
    for rewrite in (simplify, fuse, roll):
        program = rewrite(program)
        yield rewrite.__name__, program


def record(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
    """The operations on the tape that the outputs depend on, as instructions."""
    live = _live(tape, inputs, outputs)
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
        names={i: v.label for v, i in number.items() if v.label and isinstance(v.label, str)},
    )


_parents = attrgetter("_parents")


def _live(tape: Sequence[Value], inputs: Sequence[Value], outputs: Sequence[Value]) -> list[Value]:
    needed, given = set(outputs), set(inputs)
    live = []
    for v in reversed(tape):
        if v in needed and v not in given:
            live.append(v)
            needed.update(v._parents)
    live.reverse()
    return live


# --- roll ----------------------------------------------------------------------------------------------------------


def roll(program: Program) -> Program:
    """The same instructions in groups, after the inputs and the constants that are used.

    The level of an instruction is one more than the highest among its operands. Instructions of one level do not need
    each other; those of one primitive and as many operands are a group. Backends may run a group in any way that gives
    each of its results the bits that it would have alone.
    """
    level = [0] * len(program.ops)
    groups: dict[Hashable, list[int]] = {}
    wide, value = program.wide, program.value
    used = set(program.outputs)
    for i, (op, xs) in enumerate(zip(program.ops, program.args)):
        if op is None:
            continue
        used.update(xs)
        below = max(map(level.__getitem__, xs))
        level[i] = below if op is LANE else below + 1  # reading a lane is an address, and takes no time
        kind = OF_THE_FIRST[0] if op in OF_THE_FIRST else op
        kinds = tuple([(wide[x], value[x] is not None) for x in xs])
        groups.setdefault((level[i], op is LANE, kind, len(xs), wide[i], kinds), []).append(i)
    found = [members for _, members in sorted(groups.items(), key=lambda entry: entry[0][:2])]  # type: ignore[index]
    constants = [i for i in sorted(used) if program.value[i] is not None]
    order = [*range(program.inputs), *constants, *[i for members in found for i in members]]
    number = {x: i for i, x in enumerate(order)}
    return replace(
        program,
        ops=[program.ops[i] for i in order],
        args=[tuple([number[x] for x in program.args[i]]) for i in order],
        value=[program.value[i] for i in order],
        wide=[wide[i] for i in order],
        outputs=[number[x] for x in program.outputs],
        groups=list(accumulate(map(len, found), initial=program.inputs + len(constants))),
        names={number[x]: name for x, name in program.names.items()},
    )

"""Equal instructions that may run together are put together: a loop of scalars becomes, again, an array operation.

The level of an instruction is one more than the highest among its operands. Instructions of one level do not need each
other; those of one primitive and as many operands are a group. Backends may run a group in any way that gives each of
its results the bits that it would have alone.
"""

from collections.abc import Hashable
from itertools import accumulate

from autograd_lite.compiler.fused import PRODUCTS, STOPPING_PRODUCTS
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.simplify import OF_THE_FIRST
from autograd_lite.compiler.tracer import LANE


def roll(program: Program) -> Program:
    """The same instructions in groups, after the inputs and the constants that are used."""
    level = [0] * len(program.ops)
    groups: dict[Hashable, list[int]] = {}
    wide = program.wide
    used = set(program.outputs)
    for i, (op, xs) in enumerate(zip(program.ops, program.args)):
        if op is None:
            continue
        terms: tuple[bool, ...] | int = len(xs)
        if op is PRODUCTS or op is STOPPING_PRODUCTS:
            terms = tuple([x < 0 for x in xs])
            xs = tuple([x if x >= 0 else -1 - x for x in xs])
        used.update(xs)
        below = max(map(level.__getitem__, xs))
        level[i] = below if op is LANE else below + 1  # reading a lane is an address, and takes no time
        kind = OF_THE_FIRST[0] if op in OF_THE_FIRST else op
        lanes = tuple(map(wide.__getitem__, xs)) if program.lanes else ()
        groups.setdefault((level[i], op is LANE, kind, terms, wide[i], lanes), []).append(i)
    found = [members for _, members in sorted(groups.items(), key=lambda entry: entry[0][:2])]  # type: ignore[index]
    constants = [i for i in sorted(used) if program.value[i] is not None]
    order = [*range(program.inputs), *constants, *[i for members in found for i in members]]
    number = [-1] * len(program.ops)
    rolled = program.empty()
    for i in order:
        xs = tuple([number[x] if x >= 0 else -1 - number[-1 - x] for x in program.args[i]])
        number[i] = rolled.append(program.ops[i], xs, program.value[i], wide[i])
    rolled.inputs = program.inputs
    rolled.outputs = [number[x] for x in program.outputs]
    rolled.rows_out = program.rows_out
    rolled.groups = list(accumulate(map(len, found), initial=program.inputs + len(constants)))
    return rolled

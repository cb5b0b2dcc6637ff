"""Many lanes in blocks, so that what is computed in the lanes of a block stays in the processor's cache.

What a program does to each lane by itself is cut out of it as parts: programs of their own, which run block by block.
Between parts stands what brings lanes together, a mean of them, say. A sum over lanes of products is, by definition,
the sum of the sums over the blocks, so that it is the same whoever computes them, and in whatever order.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd_lite.compiler.fused import LANE_DOT
from autograd_lite.compiler.ir import LEADS_TO_LANES, Program

BLOCK = 240  # lanes; were it a power of two, the rows of a matrix would compete for the same lines of the cache
RESULTS = 64  # in each lane, for which it is worth to call a part for each block
OPERANDS = 4_000_000  # in all lanes, some milliseconds' work

Groups = list[tuple[int, int]]


def blocks(program: Program) -> list[slice]:
    """The lanes in blocks, all in one if it would not pay to part them."""
    lanes = max(program.lanes, 1)
    many = sum(program.wide) >= RESULTS and sum(map(len, program.args)) * lanes >= OPERANDS
    size = BLOCK if many else lanes
    return [slice(i, min(i + size, lanes)) for i in range(0, lanes, size)]


def stretches(program: Program) -> Iterator[tuple[Groups, bool]]:
    """The groups of a program in an order in which they can run, and whether those of a stretch are a part."""
    groups = pairwise(program.groups)
    if len(blocks(program)) == 1:
        yield [*groups], False
        return
    stage = [0] * len(program.ops)  # odd for what is done to each lane by itself
    found = defaultdict[int, Groups](list)
    for begin, end in groups:
        op = program.ops[begin]
        alone = op is LANE_DOT or (program.wide[begin] and op not in LEADS_TO_LANES)
        below = max([stage[x] for xs in program.args[begin:end] for x in xs])
        stage[begin:end] = [below + (below % 2 != alone)] * (end - begin)
        found[stage[begin]].append((begin, end))
    for number, groups_now in sorted(found.items()):
        results = sum(end - begin for begin, end in groups_now)
        sums = any(program.ops[begin] is LANE_DOT for begin, _ in groups_now)
        yield groups_now, number % 2 == 1 and (sums or results >= RESULTS)


class Part(NamedTuple):
    """Some groups of a program as a program: of which results of the whole, for which of its results.

    First come those with lanes.
    """

    program: Program
    rows: Sequence[int]
    numbers: Sequence[int]
    outputs: Sequence[int]


def part(program: Program, groups: Groups) -> Part:
    """These groups, which need nothing but what groups before them give."""
    ops, wide, value = program.ops, program.wide, program.value
    members = [i for begin, end in groups for i in range(begin, end)]
    inside = set(members)
    used = dict.fromkeys([x for i in members for x in program.args[i] if x not in inside])
    rows = [x for x in used if wide[x]]
    numbers = [x for x in used if not wide[x] and value[x] is None]
    constants = [x for x in used if value[x] is not None]
    needed = {x for i, xs in enumerate(program.args) if i not in inside for x in xs}.union(program.outputs)
    outputs = sorted(needed & inside, key=lambda i: not wide[i])
    number: dict[int, int] = {}
    cut = Program(BLOCK, [], inputs=len(rows) + len(numbers))
    for i in (*rows, *numbers, *constants, *members):
        xs = tuple([number[x] for x in program.args[i]]) if i in inside else ()
        number[i] = cut.append(ops[i] if i in inside else None, xs, value[i], wide[i])
    cut.outputs, cut.rows_out = [number[i] for i in outputs], [wide[i] for i in outputs]
    cut.groups = [cut.first, *[number[end - 1] + 1 for _, end in groups]]
    return Part(cut, rows, numbers, outputs)

"""The last step to a program: instructions in sections, and a register for each result."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograd_lite.compiler.tracer import LANE, STACK
from autograd_lite.core.primitives import Primitive


@dataclass(slots=True)
class Instructions:
    """Instruction i applies `primitives[codes[i]]` to `operands[starts[i]:starts[i + 1]]` to give `targets[i]`.

    Operand x < 0 means -1 - x and ends a term of a sum of products.
    """

    primitives: list[Primitive]
    codes: "array[int]"
    starts: "array[int]"
    operands: "array[int]"
    targets: "array[int]"

    def operands_of(self, i: int) -> "array[int]":
        return self.operands[self.starts[i] : self.starts[i + 1]]


@dataclass(frozen=True, slots=True)
class Section:
    """The instructions from `begin` to `end`: computed once, or once for each lane."""

    begin: int
    end: int
    over_lanes: bool


def in_sections(code: Instructions, lanes: Sequence[bool]) -> tuple[Instructions, list[Section]]:
    """The instructions sorted into sections, those over lanes apart; `lanes` says which results have lanes.

    Sections alternate, and each instruction goes into the first that comes after all it needs. A sum over lanes is
    computed with the lanes, and known in the section after.
    """
    if not any(lanes):
        return code, [Section(0, len(code.codes), False)]
    known = [0] * len(lanes)  # from which section on; even: single numbers, odd: over lanes
    of: list[int] = []
    for i, target in enumerate(code.targets):
        primitive, xs = code.primitives[code.codes[i]], _operands(code, i)
        over_lanes = primitive is STACK or (primitive is not LANE and any(lanes[x] for x in xs))
        latest = max(known[x] for x in xs)
        of.append(latest + (latest % 2 != over_lanes))
        known[target] = of[i] + (over_lanes and not lanes[target])
    order = sorted(range(len(of)), key=of.__getitem__)
    codes, targets, starts, operands = array("i"), array("i"), array("i", [0]), array("i")
    for i in order:
        codes.append(code.codes[i])
        targets.append(code.targets[i])
        operands.extend(code.operands_of(i))
        starts.append(len(operands))
    bounds = [p for p in range(len(order)) if p == 0 or of[order[p]] != of[order[p - 1]]]
    found = [Section(begin, end, of[order[begin]] % 2 == 1) for begin, end in zip(bounds, [*bounds[1:], len(order)])]
    return Instructions(code.primitives, codes, starts, operands, targets), found


def assign(
    code: Instructions, found: Sequence[Section], lanes: Sequence[bool], fixed: Sequence[int], outputs: Sequence[int]
) -> tuple[list[int], int, int]:
    """Give each result a register, in place: one that nobody needs any longer leaves its register to the next.

    Registers that hold lanes are a file of their own, numbered after the others. `fixed` results (inputs, constants)
    and `outputs` keep their registers to the end. Returns the register of each result, and the size of both files.
    """
    last_use = _last_uses(code, found, lanes)
    for x in (*fixed, *outputs):
        last_use[x] = len(code.codes)
    register = [-1] * len(lanes)
    size = [0, 0]
    free: tuple[list[int], list[int]] = ([], [])

    def take(x: int) -> None:
        if register[x] < 0:
            kind = lanes[x]
            if free[kind]:
                register[x] = free[kind].pop()
            else:
                register[x] = size[kind]
                size[kind] += 1

    def release(xs: Iterable[int], at: int) -> None:
        for x in xs:
            if last_use[x] == at:
                last_use[x] = -1
                free[lanes[x]].append(register[x])

    for x in fixed:
        take(x)
    for section in found:
        span = range(section.begin, section.end)
        if section.over_lanes:  # sums over lanes grow from the section's first lane to its last
            for i in span:
                if not lanes[code.targets[i]]:
                    take(code.targets[i])
        for i in span:
            xs = _operands(code, i)
            if section.over_lanes:  # a result is written lane by lane while operands are still read: no sharing
                take(code.targets[i])
                release([x for x in xs if lanes[x]], i)
            else:
                release(xs, i)
                take(code.targets[i])
            release([code.targets[i]], -1)
        if section.over_lanes:
            release((x for i in span for x in _operands(code, i)), section.end)
    for i, target in enumerate(code.targets):
        code.targets[i] = register[target] + size[0] * lanes[target]
    for k, x in enumerate(code.operands):
        y = x if x >= 0 else -1 - x
        y = register[y] + size[0] * lanes[y]
        code.operands[k] = y if x >= 0 else -1 - y
    return [r + size[0] * has_lanes for r, has_lanes in zip(register, lanes)], size[0], size[1]


def _last_uses(code: Instructions, found: Sequence[Section], lanes: Sequence[bool]) -> list[int]:
    """The instruction after which a result is no longer needed. What all lanes need stays to the end of the section."""
    last_use = [-1] * len(lanes)
    for section in found:
        for i in range(section.begin, section.end):
            for x in _operands(code, i):
                last_use[x] = section.end if section.over_lanes and not lanes[x] else i
    return last_use


def _operands(code: Instructions, i: int) -> list[int]:
    return [x if x >= 0 else -1 - x for x in code.operands_of(i)]

"""How a program reads: equal instructions as one line, with loops in place of repetition, and the names users know.

A name such as `w[2][1]` is text with numbers in it. Where the numbers of all operands in one place rise regularly from
instruction to instruction, they are written as what they are in loops over i, j and l; within a long sum, over k.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, count, filterfalse, groupby, pairwise, product
from keyword import kwlist
from operator import sub
from string import ascii_lowercase
from typing import Any, NamedTuple

from autograd_lite.compiler.fused import LANE_DOT, OF_THE_FIRST, Sum, dot_as_sum
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive

WIDTH = 120
MANY = 3  # instructions, terms or outputs that are written as one
PIECES = 12  # lines of a group, or terms of a sum, at most
DIGITS = re.compile(r"(\d+)")
UNBROKEN = "\N{NO-BREAK SPACE}"  # inside of an index
Loops = list[tuple[int, tuple[int, ...]]]  # how long each is, the outermost first, and by how much the numbers rise


class Place(NamedTuple):
    """An operand of many instructions: the texts between the numbers of its name, the first numbers, and their rise."""

    texts: tuple[str, ...]
    first: tuple[int, ...] = ()
    loops: Loops = []  # noqa: RUF012

    def __str__(self) -> str:
        return self.inside([])

    def inside(self, others: Loops) -> str:
        """The name inside these further loops."""
        letters = [*zip("ijl", self.loops), *zip("kmn", others)]
        pieces = [self.texts[0]]
        for p, (number, after) in enumerate(zip(self.first, self.texts[1:])):
            rises = [f"{'' if rise[p] == 1 else f'{rise[p]} '}{letter}" for letter, (_, rise) in letters if rise[p]]
            index = " + ".join([str(number)] * (number != 0 or not rises) + rises).replace(" ", UNBROKEN)
            bare = not rises or pieces[-1].endswith("[") or (pieces[-1].endswith(".") and len(index) == 1)
            pieces += [index if bare else f"[{index}]", after]
        return "".join(pieces)


Terms = list[list[Place]]


def loops_over(rows: Sequence[tuple[int, ...]]) -> Loops | None:
    """The loops, one in the other, in which these numbers rise regularly from row to row, if there are such."""
    found: Loops = []
    while len(rows) > 1:
        rises = [tuple(map(sub, b, a)) for a, b in pairwise(rows)]
        count = next((i for i, rise in enumerate(rises, 1) if rise != rises[0]), len(rows))
        inside = [rise for i, rise in enumerate(rises, 1) if i % count]
        if len(rows) % count or len(found) == MANY or any(rise != rises[0] for rise in inside):
            return None
        found.insert(0, (count, rises[0]))
        rows = rows[::count]
    return found


class Listing:
    """The lines that show a program."""

    def __init__(self, program: Any) -> None:
        self.program = program
        groups = [(a, b) for a, b in pairwise(program.groups) if b - a >= MANY]
        known = Counter(program.names.values())
        self.names = [f"{'v' if wide else 'r'}{i}" for i, wide in enumerate(program.wide)]
        for i, name in program.names.items():
            if known[name] == 1:
                self.names[i] = name
        constants = [i for i, x in enumerate(program.value) if x is not None]
        for k, i in enumerate(constants):
            self.names[i] = f"c[{k}]"
        taken = {*"cijklmnrv", *kwlist, *[re.split(r"\W", name)[0] for name in known]}
        letters = ("".join(x) for n in count(1) for x in product(ascii_lowercase, repeat=n))
        free = filterfalse(taken.__contains__, letters)
        for (a, b), letter in zip(groups, free):
            self.names[a:b] = [f"{letter}[{i}]" for i in range(b - a)]
        self.loops = dict(groups)
        split = map(DIGITS.split, self.names)  # a name is the texts between its numbers, and these
        self.parts = [(tuple(x[::2]), tuple(map(int, x[1::2]))) for x in split]

    def lines(self) -> Iterator[str]:
        p, n = self.program, len(self.program)
        counted = (n, "instruction"), (p.inputs, "input"), (len(p.constants), "constant")
        yield ", ".join(f"{n:,} {noun}{'s' * (n != 1)}" for n, noun in counted)
        i, was_wide = 0, False
        while i < len(p.ops):
            end = self.loops.get(i, i + 1)
            if p.ops[i] is not None:
                wide = p.wide[i] or p.ops[i] in (LANE_SUM, LANE_MEAN, LANE_DOT)
                if wide and not was_wide:
                    yield f"  for each of {p.lanes} lanes:"
                was_wide = wide
                for line in self.group(i, end):
                    yield from _folded("    " if wide else "  ", line)
            i = end
        yield from _folded("  ", f"return {', '.join(self.ranges(p.outputs))}")

    def group(self, begin: int, end: int) -> Iterator[str]:
        """The lines of instructions begin..end, all of one operation."""
        op = self.program.ops[begin]
        rows = [(i, *self.program.args[i]) for i in range(begin, end)]
        if op in OF_THE_FIRST:  # the number itself, and then all in their order
            rows = [(i, x, *sorted([x, *others])) for i, x, *others in rows]
        pieces = [list(piece) for _, piece in groupby(rows, key=lambda row: [self.parts[x][0] for x in row])]
        for piece in pieces if len(pieces) <= PIECES else [rows]:
            result, *xs = self.places(piece)
            yield f"{_loops('for', 'ijl', result.loops, ': ')}{result} = {_formula(op, xs)}"

    def places(self, rows: Sequence[tuple[int, ...]]) -> list[Place]:
        """Each column of these rows of results."""
        columns = [self.column(xs) for xs in zip(*rows)]
        loops = loops_over([tuple(chain(*row)) for row in zip(*[numbers for _, numbers in columns])])
        if loops is not None:
            names = [Place(texts, numbers[0]) for texts, numbers in columns]
            return [name._replace(loops=own) for name, own in zip(names, _apart(loops, names))]
        alone = [loops_over(numbers) for _, numbers in columns]
        counts = [count for count, _ in alone[0] or []]
        return [
            Place(texts, numbers[0], found)
            if found is not None and [count for count, _ in found] == counts
            else Place(("[..]".join(texts).replace("[[..]]", "[..]"),))
            for (texts, numbers), found in zip(columns, alone)
        ]

    def column(self, xs: Sequence[int]) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
        """The text that the names of these results share, and the numbers of each."""
        value = self.program.value[xs[0]]
        if value is not None and len(set(xs)) == 1:
            return (repr(value),), [()] * len(xs)
        texts, numbers = zip(*map(self.parts.__getitem__, xs))
        return (texts[0], list(numbers)) if len(set(texts)) == 1 else (("..",), [()] * len(xs))

    def ranges(self, outputs: Sequence[int]) -> Iterator[str]:
        """The names of results, neighbours in brief."""

        def alike(output: tuple[int, int]) -> tuple[Any, ...]:
            place, x = output
            texts, numbers = self.parts[x]
            rises = self.program.value[x] is None
            return texts, numbers[:-1], rises, sum(numbers[-1:]) - place * rises

        for (texts, _, rises, _), members in groupby(enumerate(outputs), alike):
            xs = [x for _, x in members]
            names = [self.names[x] if rises else repr(self.program.value[x]) for x in xs]
            if len(xs) <= MANY:
                yield from names
            elif rises:
                yield f"{names[0].removesuffix(texts[-1])}..{self.parts[xs[-1]][1][-1]}{texts[-1]}"
            else:
                yield f"{names[0]} ({len(xs):,} times)"


def _formula(op: Primitive, xs: Sequence[Place]) -> str:
    if op is table.dot and len(xs) > 2:
        op, xs = dot_as_sum(xs)
    if isinstance(op, Sum):
        operands = iter(xs)
        return _sum([[next(operands) for _ in range(n)] for n in op.lengths])
    if op is LANE_DOT:
        return f"sum over lanes of {_product(map(str, xs))}"
    if op is LANE:
        return f"{xs[0]}[{str(xs[1]).removesuffix('.0')}]"
    if op.arity is not None:
        return op.form.format(*xs)
    if op in OF_THE_FIRST:
        return f"{op.name}({xs[0]} among {_list(xs[1:])})"
    return f"{op.name}({_list(xs)})"


def _list(xs: Sequence[Place]) -> str:
    """Operands one after the other, regular ones in brief."""
    over = _over([[x] for x in xs])
    if over:
        return f"{xs[0].inside(over[0])} {_loops('for', 'kmn', over[0])}"
    return ", ".join(map(str, xs if len(xs) <= PIECES else [*xs[:MANY], "..", xs[-1]]))


def _sum(terms: Terms) -> str:
    pieces = []
    terms = [[x for x in term if x.texts != ("1.0",)] or term for term in terms]
    for _, piece in groupby(terms, key=lambda term: [x.texts for x in term]):
        alike = list(piece)
        over = _over(alike)
        if over:
            product = _product(map(Place.inside, alike[0], over))
            pieces.append(f"({_loops('sum over', 'kmn', over[0])} of {product})")
        else:
            pieces += [_product(map(str, term)) for term in alike]
    if len(pieces) == 1 and len(terms) > 1:
        return pieces[0][1:-1]
    if len(pieces) > PIECES:
        pieces = [*pieces[:MANY], "..", f"{pieces[-1]}  ({len(terms)} terms)"]
    return " + ".join(pieces).replace(" + -", " - ")


def _over(terms: Terms) -> list[Loops]:
    """The loops over which these terms are one, as each factor of it sees them; none if they have no such order."""
    first, *others = terms
    if len(terms) <= MANY or any(
        [(x.texts, x.loops) for x in t] != [(x.texts, x.loops) for x in first] for t in others
    ):
        return []
    loops = loops_over([tuple(chain(*[x.first for x in term])) for term in terms])
    return [] if loops is None else _apart(loops, first)


def _apart(loops: Loops, places: Sequence[Place]) -> list[Loops]:
    """Loops in which the numbers of several names rise, for each name by itself."""
    ends = accumulate([len(x.first) for x in places], initial=0)
    return [[(count, rise[a:b]) for count, rise in loops] for a, b in pairwise(ends)]


def _product(factors: Iterable[str]) -> str:
    """A product as people write it: no factor of 1, and -1 as a sign."""
    factors = list(factors)
    sign = "-" * (factors.count("-1.0") % 2)
    return sign + (" * ".join(f for f in factors if f not in ("1.0", "-1.0")) or "1.0")


def _loops(words: str, letters: str, loops: Loops, then: str = "") -> str:
    if not loops:
        return ""
    return f"{words} {', '.join(f'{letter} in 0..{count - 1}' for letter, (count, _) in zip(letters, loops))}{then}"


def _folded(indent: str, line: str) -> list[str]:
    lines = textwrap.wrap(
        line, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [part.replace(UNBROKEN, " ") for part in lines]

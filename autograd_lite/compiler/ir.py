"""A recorded function as a program: numbered instructions, which the passes rewrite and a backend runs on new numbers.

Instruction i applies the primitive `ops[i]` to the results of the instructions `args[i]`. The first are the inputs,
which apply nothing; constants apply nothing and have a `value`. Under `vmap` some results hold one number for each
lane.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from autograd_lite.compiler.fused import LANE_DOT, PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, SUM
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, ONE_LANE, STACK
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value

LEADS_TO_LANES = {STACK: True, ONE_LANE: True, LANE: False, LANE_SUM: False, LANE_MEAN: False, LANE_DOT: False}
MANY = 3  # instructions of a group that are printed as a loop


class CannotRunError(TypeError):
    """A backend cannot run this program: an operation in it is computed in a way that only Python can."""


@dataclass(slots=True)
class Program:
    """What a pass takes and what it returns, and what a backend runs. Print it to see it.

    `captured` are Values of the outside that the traced function used: inputs that follow the given ones. In a sum of
    products (see `fuse.py`) the last factor of each term is written as -1 - its number. After `roll` the constants
    follow the inputs, and equal instructions that may run together stand together: `groups` are the numbers at which
    such groups begin, and the number after the last.

    >>> from autograd_lite.compiler.passes import record_program
    >>> from autograd_lite.compiler.tracer import Tracer, tracing
    >>> w, x = Tracer(), Tracer()
    >>> with tracing() as tape:
    ...     y = (w * x + 1.0).tanh()
    >>> print(record_program(tape, [w, x], [y]))
    2 instructions, 2 inputs, 1 constant
      r3 = r0 * r1 + 1.0
      r4 = tanh(r3)
      return r4
    """

    lanes: int
    captured: list[Value]
    ops: list[Primitive | None] = field(default_factory=list)
    args: list[tuple[int, ...]] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    wide: list[bool] = field(default_factory=list)  # whether the result is one number for each lane
    inputs: int = 0
    outputs: list[int] = field(default_factory=list)
    rows_out: list[bool] = field(default_factory=list)  # which outputs are rows, of one number for each lane
    groups: list[int] = field(default_factory=list)
    for_any_lanes: bool = True  # whether it is right for another number of lanes too

    def empty(self) -> "Program":
        """No instructions yet, for the same lanes and captured Values."""
        return Program(self.lanes, self.captured, for_any_lanes=self.for_any_lanes)

    def append(
        self, op: Primitive | None, xs: tuple[int, ...], value: float | None = None, wide: bool | None = None
    ) -> int:
        """Write an instruction; its number. Whether it has lanes follows from its operands, if it is not said."""
        if wide is None:
            some = LEADS_TO_LANES[op] if op in LEADS_TO_LANES else any(map(self.wide.__getitem__, xs))
            wide = self.lanes > 0 and some
        self.ops.append(op)
        self.args.append(xs)
        self.value.append(value)
        self.wide.append(wide)
        return len(self.ops) - 1

    def constant(self, x: float) -> int:
        """The number of the constant x, which is there."""
        return next(i for i, y in enumerate(self.value) if y == x and str(y) == str(x))

    @property
    def constants(self) -> list[float]:
        return [x for x in self.value if x is not None]

    @property
    def first(self) -> int:
        """The number of the first instruction that applies a primitive, after `roll`."""
        return self.inputs + len(self.constants)

    @property
    def rows(self) -> int:
        """How many of the inputs have lanes: they are the first, and arrive in one array with a row for each."""
        return sum(self.wide[: self.inputs])

    def __len__(self) -> int:
        return len(self.ops) - self.ops.count(None)

    def counts(self) -> dict[str, int]:
        """How often each operation occurs, most frequent first."""
        return {op.name: n for op, n in Counter(self.ops).most_common() if op is not None}

    def __str__(self) -> str:
        return "\n".join(Listing(self).lines())


# --- how it prints -------------------------------------------------------------------------------------------------


class Listing:
    """The lines that show a program; a group of equal instructions is one line, a loop over i."""

    def __init__(self, program: Program) -> None:
        self.program = program
        groups = [(a, b) for a, b in pairwise(program.groups) if b - a >= MANY]
        self.loops = dict(groups)
        self.starts = [0, *[x for group in groups for x in group]]  # where names of arrays change
        self.names = ["r", *[x for k in range(len(groups)) for x in (_letters(k), "r")]]

    def lines(self) -> Iterable[str]:
        p, n = self.program, len(self.program)
        counted = (n, "instruction"), (p.inputs, "input"), (len(p.constants), "constant")
        yield ", ".join(f"{n} {noun}{'s' * (n != 1)}" for n, noun in counted)
        i, was_wide = 0, False
        while i < len(p.ops):
            end = self.loops.get(i, i + 1)
            if p.ops[i] is not None:
                wide = p.wide[i] or p.ops[i] in (LANE_SUM, LANE_MEAN, LANE_DOT)
                if wide and not was_wide:
                    yield f"  for each of {p.lanes} lanes:"
                was_wide = wide
                loop = f"for i in 0..{end - i - 1}: " if end > i + 1 else ""
                yield f"{'    ' if wide else '  '}{loop}{self.entry(i, end)} = {self.formula(i, end)}"
            i = end
        yield f"  return {', '.join(self.operand([x]) for x in p.outputs)}"

    def entry(self, begin: int, end: int) -> str:
        """What instructions begin..end compute."""
        return self.operand(list(range(begin, end)))

    def formula(self, begin: int, end: int) -> str:
        p = self.program
        op, rows = p.ops[begin], p.args[begin:end]
        assert op is not None
        columns = list(zip(*[[x if x >= 0 else -1 - x for x in row] for row in rows]))
        if op in (PAIRS, STOPPING_PAIRS):
            return self.total([columns[0::2], columns[1::2]])
        if op is SUM:
            return self.total([columns])
        if op is table.dot and len(columns) > 2:
            half = len(columns) // 2
            bias = [self.operand(c) for c in columns[2 * half :]]
            return " + ".join([self.total([columns[:half], columns[half : 2 * half]]), *bias])
        if op in (PRODUCTS, STOPPING_PRODUCTS):
            terms: list[list[str]] = [[]]
            for x, column in zip(rows[0], columns):
                terms[-1].append(self.operand(column))
                if x < 0:
                    terms.append([])
            return " + ".join(map(_product, terms[:-1]))
        if op is LANE:
            return f"{self.operand(columns[0])}[{self.operand(columns[1]).removesuffix('.0')}]"
        shown = [self.operand(column) for column in columns]
        if op is LANE_DOT:
            return f"sum over lanes of {_product(shown)}"
        if op.arity is not None:
            return op.form.format(*shown)
        over = self.over_k(columns) if len(columns) > MANY else None
        return f"{op.name}({over + f' for k in 0..{len(columns) - 1}' if over else ', '.join(shown)})"

    def total(self, factors: Sequence[Sequence[Sequence[int]]]) -> str:
        """A sum over columns of products of one operand each from `factors`."""
        count = len(factors[0])
        over = [self.over_k(columns) for columns in factors] if count > MANY else [None]
        if None not in over:
            return f"sum over k in 0..{count - 1} of {' * '.join(map(str, over))}"
        return " + ".join(_product([self.operand(c) for c in term]) for term in zip(*factors))

    def operand(self, column: Sequence[int]) -> str:
        """The results that stand in one place of the instructions i = 0, 1, ..."""
        return self.over_k([column]) or "?"

    def over_k(self, columns: Sequence[Sequence[int]]) -> str | None:
        """The result that stands in place k of instruction i, if it is an array's at an index like 3 i + k."""
        p, first = self.program, columns[0][0]
        if all(x == first for column in columns for x in column) and p.value[first] is not None:
            return repr(p.value[first])
        by_i = columns[0][1] - first if len(columns[0]) > 1 else 0
        by_k = columns[1][0] - first if len(columns) > 1 else 0
        at = bisect_right(self.starts, first) - 1
        regular = all(
            x == first + by_i * i + by_k * k and bisect_right(self.starts, x) - 1 == at
            for k, column in enumerate(columns)
            for i, x in enumerate(column)
        )
        if not regular:
            return None if len(columns) > 1 else f"{self.names[at]}[..]"
        name, base = self.names[at], first - (self.starts[at] if self.names[at] != "r" else 0)
        name = "v" if name == "r" and p.wide[first] else name
        steps = [f"{'' if by == 1 else f'{by} '}{index}" for by, index in ((by_i, "i"), (by_k, "k")) if by]
        if not steps and name in "rv":
            return f"{name}{base}"
        return f"{name}[{' + '.join([str(base)] * (base != 0 or not steps) + steps)}]"


def _letters(k: int) -> str:
    """a, b, ..., q, then a1, b1, ..."""
    return "abcdefghjlmnopq"[k % 15] + (str(k // 15) if k >= 15 else "")


def _product(factors: Sequence[str]) -> str:
    """A product as people write it: no factor of 1, and -1 as a sign."""
    sign = "-" * (list(factors).count("-1.0") % 2)
    return sign + (" * ".join(f for f in factors if f not in ("1.0", "-1.0")) or "1.0")

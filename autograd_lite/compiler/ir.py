"""A recorded function as a program: numbered instructions, which the passes rewrite and a backend runs on new numbers.

Instruction i applies the primitive `ops[i]` to the results of the instructions `args[i]`. The first are the inputs,
which apply nothing; constants apply nothing and have a `value`. Under `vmap` some results hold one number for each
lane.
"""

from collections import Counter
from dataclasses import dataclass, field

from autograd_lite.compiler.fused import LANE_DOT
from autograd_lite.compiler.listing import Listing
from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, ONE_LANE, STACK
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value

LEADS_TO_LANES = {STACK: True, ONE_LANE: True, LANE: False, LANE_SUM: False, LANE_MEAN: False, LANE_DOT: False}


class CannotRunError(TypeError):
    """A backend cannot run this program: an operation in it is computed in a way that only Python can."""


@dataclass(slots=True)
class Program:
    """What a pass takes and what it returns, and what a backend runs. Print it to see it.

    `captured` are Values of the outside that the traced function used: inputs that follow the given ones. After `roll`
    the constants follow the inputs, and equal instructions that may run together stand together: `groups` are the
    numbers at which such groups begin, and the number after the last.

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
    names: dict[int, str] = field(default_factory=dict)  # of results, where users gave some
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
        return dict(Counter(op.name for op in self.ops if op is not None).most_common())

    def __str__(self) -> str:
        return "\n".join(Listing(self).lines())

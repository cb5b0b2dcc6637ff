"""A recorded function as a program: flat arrays of instructions, which a backend runs again on new numbers.

Register 0 and up hold the inputs, then the constants, then results, whose registers are used again once nobody needs
them. Instruction i applies the operation with number `codes[i]` to the registers `operands[starts[i]:starts[i + 1]]`
and stores into register `targets[i]`.

Under `vmap` some registers hold one number for each lane, and instructions come in sections: those over single numbers
are run once, those over lanes for each lane. A sum over lanes leads back to a single number.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lite.compiler.fuse import (
    FUSED,
    LANE_DOT,
    PAIRS,
    PRODUCTS,
    STOPPING_PAIRS,
    STOPPING_PRODUCTS,
    SUM,
    Gatherer,
)
from autograd_lite.compiler.registers import Instructions, Section, assign, in_sections
from autograd_lite.compiler.simplify import Numbered
from autograd_lite.compiler.tracer import LaneTracer, Tape
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value


class CannotRunError(TypeError):
    """A backend cannot run this program: an operation in it is computed in a way that only Python can."""


@dataclass(slots=True)
class Program:
    """Instructions, and which registers hold the inputs, the constants and the outputs.

    `captured` are Values of the outside that the traced function used: inputs that follow the given ones. Registers
    from `singles` on hold one number for each of `lanes` lanes: first the `rows`, inputs that come before all others as
    one array with a row of numbers for each. `wide` says which outputs are rows.

    >>> from autograd_lite.compiler.tracer import Tracer, tracing
    >>> w, x = Tracer(), Tracer()
    >>> with tracing() as tape:
    ...     y = (w * x + 1.0).tanh()
    >>> print(record_program(tape, [w, x], [y]))
    2 instructions, 2 inputs, 1 constant, 4 registers
      r3 = r0 * r1 + 1.0
      r3 = tanh(r3)
      return r3
    """

    code: Instructions
    sections: list[Section]
    captured: list[Value]
    inputs: int
    constants: list[float]
    outputs: list[int]
    singles: int
    lane_registers: int
    lanes: int
    rows: int
    wide: list[bool]

    def __len__(self) -> int:
        return len(self.code.codes)

    def counts(self) -> dict[str, int]:
        """How often each operation occurs, most frequent first."""
        return {self.code.primitives[c].name: n for c, n in Counter(self.code.codes).most_common()}

    def nbytes(self) -> int:
        """Bytes that the instructions and constants occupy."""
        arrays = (self.code.codes, self.code.starts, self.code.operands, self.code.targets)
        return sum(a.itemsize * len(a) for a in arrays) + 8 * (len(self.constants) + len(self.outputs))

    def __str__(self) -> str:
        names = [f"r{i}" for i in range(self.singles)] + [f"v{i}" for i in range(self.lane_registers)]
        names[self.inputs : self.inputs + len(self.constants)] = map(repr, self.constants)
        counted = [
            f"{n} {noun}{'s' * (n != 1)}"
            for n, noun in (
                (len(self), "instruction"),
                (self.inputs + self.rows, "input"),
                (len(self.constants), "constant"),
                (self.singles + self.lane_registers, "register"),
            )
        ]
        lines = [", ".join(counted)]
        for section in self.sections:
            indent = "    " if section.over_lanes else "  "
            lines += [f"  for each of {self.lanes} lanes:"] * section.over_lanes
            for i in range(section.begin, section.end):
                lines.append(f"{indent}{names[self.code.targets[i]]} = {self._formula(i, names)}")
        return "\n".join([*lines, f"  return {', '.join(names[i] for i in self.outputs)}"])

    def _formula(self, i: int, names: Sequence[str]) -> str:
        primitive, xs = self.code.primitives[self.code.codes[i]], self.code.operands_of(i)
        if primitive is SUM:
            return " + ".join(names[x] for x in xs)
        if primitive in (PAIRS, STOPPING_PAIRS):
            return " + ".join(_product([names[a], names[b]]) for a, b in zip(xs[::2], xs[1::2]))
        if primitive in (PRODUCTS, STOPPING_PRODUCTS):
            terms: list[list[str]] = [[]]
            for x in xs:
                terms[-1].append(names[x if x >= 0 else -1 - x])
                if x < 0:
                    terms.append([])
            return " + ".join(map(_product, terms[:-1]))
        shown = [names[x] for x in xs]
        if primitive is LANE_DOT:
            return f"sum over lanes of {_product(shown)}"
        return f"{primitive.name}({', '.join(shown)})" if primitive.arity is None else primitive.form.format(*shown)


def _product(factors: list[str]) -> str:
    """A product as people write it: no factor of 1, and -1 as a sign."""
    sign = "-" * (factors.count("-1.0") % 2)
    return sign + (" * ".join(f for f in factors if f not in ("1.0", "-1.0")) or "1.0")


def record_program(tape: Tape, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
    """The program that computes `outputs` from `inputs`, given the tape of the operations between them."""
    numbered = Numbered(tape, inputs, outputs)
    code = Instructions([*FUSED], array("i"), array("i", [0]), array("i"), array("i"))
    number = {primitive: c for c, primitive in enumerate(code.primitives)}

    def emit(primitive: Primitive, target: int, xs: list[int]) -> None:
        if primitive not in number:
            number[primitive] = len(code.primitives)
            code.primitives.append(primitive)
        code.codes.append(number[primitive])
        code.targets.append(target)
        code.operands.extend(xs)
        code.starts.append(len(code.operands))

    Gatherer(numbered, emit).run()
    code, sections = in_sections(code, numbered.lanes)
    rows = sum(numbered.lanes[: numbered.inputs])
    used = {x if x >= 0 else -1 - x for x in code.operands} | set(numbered.outputs)
    constants = sorted(x for x in used if numbered.value[x] is not None)
    fixed = [*range(numbered.inputs), *constants]
    register, singles, lanes = assign(code, sections, numbered.lanes, fixed, numbered.outputs)
    values = [x for x in (numbered.value[i] for i in constants) if x is not None]
    return Program(
        code,
        sections,
        numbered.captured,
        numbered.inputs - rows,
        values,
        [register[x] for x in numbered.outputs],
        singles,
        lanes,
        tape.lanes,
        rows,
        [isinstance(v, LaneTracer) for v in outputs],
    )

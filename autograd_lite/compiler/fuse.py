"""Sums of products: chains of additions and multiplications become single instructions of many operands.

A neuron's weighted sum, and the sum of all contributions to an adjoint, are each a chain of `+` and `*` whose links
nobody else uses. As one instruction `a*b + c*d + ...` such a chain costs one dispatch and one store instead of one for
each link. The terms stay in their order and the factors too, so the result is the same bit for bit: only the left end
of a chain is ever drawn in, and a subtraction or negation is a factor of -1.

In the products of a gradient, a factor that is exactly 0 makes its term 0, whatever the others are (see `table.stop`).
A sum of such terms is an instruction of its own, which `stops`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite

from autograd_lite.compiler.fused import sum_like
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import ONE_LANE, STACK
from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive


@dataclass(slots=True)
class Chain:
    """A sum of products that may still grow. `stops` is None if it holds no product of variables: either will do."""

    terms: list[list[int]]
    stops: bool | None = None


def fuse(program: Program) -> Program:
    """Fewer, wider instructions that give the same outputs."""
    fuser = Fuser(program)
    fuser.run()
    fuser.fused.inputs = program.inputs
    fuser.fused.outputs = [fuser.number[x] for x in program.outputs]
    fuser.fused.rows_out = program.rows_out
    fuser.fused.names = {fuser.number[x]: name for x, name in program.names.items() if fuser.number[x] >= 0}
    return fuser.fused


class Fuser:
    """Walks the instructions and emits fewer, wider ones, in an order in which they can run."""

    def __init__(self, code: Program) -> None:
        self.code, self.fused = code, code.empty()
        self.number = [-1] * len(code.ops)  # of what has been emitted: its place among the new instructions
        self.pending: dict[int, Chain] = {}
        self.scattered: dict[int, dict[int, int]] = {}  # sums of numbers in one lane each: what each lane holds
        self.over_lanes = False  # of the instruction at hand
        self.zero, self.minus_one = map(code.constant, (0.0, -1.0))
        # An output counts twice: it stays an instruction of its own.
        self.uses = Counter(chain(chain.from_iterable(code.args), code.outputs, code.outputs))

    def run(self) -> None:
        code, uses = self.code, self.uses
        for i, (op, value) in enumerate(zip(code.ops, code.value)):
            if op is None:
                self.number[i] = self.fused.append(None, (), value, code.wide[i])
        for i, (op, xs) in enumerate(zip(code.ops, code.args)):
            if op is None or uses[i] == 0:
                continue
            self.over_lanes = code.wide[i]
            if (op is ONE_LANE or self.scattered) and self.scatter(i, op, xs):
                pass
            elif op in GATHER:
                self.pending[i] = GATHER[op](self, *xs)
            else:
                for x in xs:
                    if x in self.pending or x in self.scattered:
                        self.settle(x)
                self.emit(op, xs, i)
            if uses[i] > 1:
                self.settle(i)

    def emit(self, op: Primitive, xs: Sequence[int], i: int) -> None:
        """Write an instruction that gives result i of the old ones."""
        operands = tuple([self.number[x] for x in xs])
        self.number[i] = self.fused.append(op, operands, None, self.code.wide[i])

    def settle(self, i: int) -> None:
        """Emit instruction i now, if it was still growing."""
        if i in self.pending:
            self.emit(*self.written(self.pending.pop(i)), i)
        elif i in self.scattered:
            lanes = self.scattered.pop(i)
            self.emit(STACK, [lanes.get(j, self.zero) for j in range(self.code.lanes)], i)

    def scatter(self, i: int, op: Primitive, xs: tuple[int, ...]) -> bool:
        """Draw what reads lanes one by one together: the sum of its adjoints, each in its lane, is one instruction."""
        if op is ONE_LANE:
            self.settle(xs[0])
            self.scattered[i] = {int(self.code.value[xs[1]] or 0.0): xs[0]}
            return True
        if op is not table.add or not self.scattered.keys() >= {*xs}:
            return False
        few, many = sorted((self.scattered[x] for x in xs), key=len)
        if not many.keys().isdisjoint(few):
            return False
        for x in xs:
            del self.scattered[x]
        many.update(few)
        self.scattered[i] = many
        return True

    # --- chains that grow ------------------------------------------------------------------------------------------

    def take(self, i: int, stops: bool | None = None, single: bool = False) -> Chain:
        """The chain of instruction i, to be drawn in by its only user: if it is of the right kind, else i alone."""
        found = self.pending.get(i)
        if (
            found is None
            or self.uses[i] != 1
            or (single and len(found.terms) > 1)
            or self.code.wide[i] != self.over_lanes  # what is the same in all lanes is computed once
            or (stops is not None and found.stops is not None and stops != found.stops)
        ):
            return Chain([self.factor(i)])
        return self.pending.pop(i)

    def factor(self, i: int) -> list[int]:
        self.settle(i)
        return [i]

    def add(self, a: int, b: int) -> Chain:
        if self._grows(b) and not self._grows(a):
            a, b = b, a  # only the first summand can be a sum and keep the order of the additions
        return self._with_term(a, b)

    def _grows(self, i: int) -> bool:
        return i in self.pending and len(self.pending[i].terms) > 1 and self.uses[i] == 1

    def _with_term(self, a: int, b: int, negated: bool = False) -> Chain:
        total = self.take(a)
        term = self.take(b, total.stops, single=True)
        total.terms.append(self._negated(term.terms[0]) if negated else term.terms[0])
        if total.stops is None:
            total.stops = term.stops
        return total

    def subtract(self, a: int, b: int) -> Chain:
        return self._with_term(a, b, negated=True)

    def negate(self, a: int) -> Chain:
        term = self.take(a, single=True)
        term.terms[0] = self._negated(term.terms[0])
        return term

    def _negated(self, term: list[int]) -> list[int]:
        return term[:-1] if term[-1] == self.minus_one and len(term) > 1 else [*term, self.minus_one]

    def multiply(self, a: int, b: int) -> Chain:
        if b in self.pending and self.uses[b] == 1 and len(self.pending[b].terms) == 1:
            a, b = b, a
        product = self.take(a, None if self._only_scales(b) else False, single=True)
        product.terms[0] += self.factor(b)
        if product.stops is None and not self._only_scales(a) and not self._only_scales(b):
            product.stops = False
        return product

    def _only_scales(self, i: int) -> bool:
        """Whether i is a constant that makes no nan of a number, nor a number of a nan."""
        x = self.code.value[i]
        return x is not None and x != 0.0 and isfinite(x)

    def multiply_adjoint(self, g: int, b: int) -> Chain:
        product = self.take(g, stops=True, single=True)
        product.terms[0] += self.factor(b)
        product.stops = True
        return product

    def written(self, found: Chain) -> tuple[Primitive, list[int]]:
        """A finished chain as an instruction: a plain row of the table where it is one, else a sum of products."""
        terms, minus_one = found.terms, self.minus_one
        longest = max(map(len, terms))
        if len(terms) == 1 and longest == 2:
            a, b = terms[0]
            if b == minus_one:
                return table.neg, [a]
            return table.adjoint_mul if found.stops else table.mul, [a, b]
        if len(terms) == 2 and len(terms[0]) == 1:
            (a,), (b, *sign) = terms
            if not sign or sign == [minus_one]:
                return table.sub if sign else table.add, [a, b]
        return sum_like(tuple(map(len, terms)), bool(found.stops) and longest > 1), [x for term in terms for x in term]


GATHER: dict[Primitive, Callable[..., Chain]] = {
    table.add: Fuser.add,
    table.sub: Fuser.subtract,
    table.neg: Fuser.negate,
    table.mul: Fuser.multiply,
    table.adjoint_mul: Fuser.multiply_adjoint,
}

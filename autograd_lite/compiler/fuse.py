"""Sums of products: chains of additions and multiplications become single instructions of many operands.

A neuron's weighted sum, and the sum of all contributions to an adjoint, are each a chain of `+` and `*` whose links
nobody else uses. As one instruction `a*b + c*d + ...` such a chain costs one dispatch and one store instead of one for
each link. The terms stay in their order and the factors too, so the result is the same bit for bit: only the left end
of a chain is ever drawn in, and a subtraction or negation is a factor of -1.

In the products of a gradient, a factor that is exactly 0 makes its term 0, whatever the others are (see `table.stop`).
A sum of such terms is an instruction of its own, marked `stops`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from autograd_lite.compiler.fused import LANE_DOT, PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, SUM
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE_SUM, ONE_LANE, STACK
from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive

Terms = list[list[int]]


@dataclass(slots=True)
class Chain:
    """A sum of products that may still grow. `stops` is None if it holds no product of variables: either will do."""

    terms: Terms
    stops: bool | None


def fuse(program: Program) -> Program:
    """Fewer, wider instructions that give the same outputs."""
    fuser = Fuser(program)
    fuser.run()
    fuser.fused.inputs = program.inputs
    fuser.fused.outputs = [fuser.number[x] for x in program.outputs]
    fuser.fused.rows_out = program.rows_out
    return fuser.fused


class Fuser:
    """Walks the instructions and emits fewer, wider ones, in an order in which they can run."""

    def __init__(self, code: Program) -> None:
        self.code, self.fused = code, code.empty()
        self.number = [-1] * len(code.ops)  # of what has been emitted: its place among the new instructions
        self.pending: dict[int, Chain] = {}
        self.scattered: dict[int, dict[int, int]] = {}  # sums of numbers in one lane each: what each lane holds
        self.over_lanes = False  # of the instruction at hand
        self.zero, self.one, self.minus_one = map(code.constant, (0.0, 1.0, -1.0))
        self.uses = [0] * len(code.ops)
        for xs in code.args:
            for x in xs:
                self.uses[x] += 1
        for x in code.outputs:
            self.uses[x] += 2  # stays an instruction of its own

    def emit(self, op: Primitive, i: int, xs: Sequence[int]) -> None:
        """Write an instruction that gives result i of the old ones."""
        number = self.number
        self.number[i] = self.fused.append(op, tuple([number[x] if x >= 0 else -1 - number[-1 - x] for x in xs]))

    def run(self) -> None:
        code = self.code
        for i, (op, value) in enumerate(zip(code.ops, code.value)):
            if op is None:
                self.number[i] = self.fused.append(None, (), value, code.wide[i])
        for i, (op, xs) in enumerate(zip(code.ops, code.args)):
            if op is None:
                continue
            self.over_lanes = self.code.wide[i]
            if op is LANE_SUM and self._summed_product(i, xs[0]):
                continue
            if self._scatter(i, op, xs):
                if self.uses[i] > 1:
                    self.settle(i)
                continue
            chain = GATHER[op](self, *xs) if op in GATHER else None
            if chain is None:
                for x in xs:
                    self.settle(x)
                self.emit(op, i, xs)
            else:
                self.pending[i] = chain
                if self.uses[i] > 1:
                    self.settle(i)

    def _summed_product(self, i: int, x: int) -> bool:
        """Emit the sum over lanes of an adjoint times something as one instruction: the gradient of a shared weight."""
        self.over_lanes = True
        chain = self.pending.get(x)
        if not chain or len(chain.terms) > 1 or len(chain.terms[0]) != 2 or not chain.stops or not self.take(x):
            return False
        self.emit(LANE_DOT, i, chain.terms[0])
        return True

    def _scatter(self, i: int, op: Primitive, xs: tuple[int, ...]) -> bool:
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

    def settle(self, i: int) -> None:
        """Emit instruction i now, if it was still growing."""
        if i in self.scattered:
            lanes = self.scattered.pop(i)
            self.emit(STACK, i, [lanes.get(j, self.zero) for j in range(self.code.lanes)])
        chain = self.pending.pop(i, None)
        if chain is not None:
            op, xs = self.written(chain)
            self.emit(op, i, xs)

    def take(self, i: int, stops: bool | None = None, single: bool = False) -> Chain | None:
        """The chain of instruction i, to be drawn in by its only user: if there is one, and it is of the right kind."""
        chain = self.pending.get(i)
        if chain is None or self.uses[i] != 1 or (single and len(chain.terms) > 1):
            return None
        if self.code.wide[i] != self.over_lanes:  # what is the same in all lanes is computed once
            return None
        if stops is not None and chain.stops is not None and stops != chain.stops:
            return None
        return self.pending.pop(i)

    def factor(self, i: int) -> list[int]:
        self.settle(i)
        return [i]

    def add(self, a: int, b: int) -> Chain:
        left, right = self.pending.get(a), self.pending.get(b)
        if right and len(right.terms) > 1 and self.uses[b] == 1 and not (left and len(left.terms) > 1):
            a, b = b, a  # only the first summand can be a sum and keep the order of the additions
        chain = self.take(a) or Chain([self.factor(a)], None)
        term = self.take(b, chain.stops, single=True) or Chain([self.factor(b)], None)
        chain.terms += term.terms
        if chain.stops is None:
            chain.stops = term.stops
        return chain

    def subtract(self, a: int, b: int) -> Chain:
        chain = self.take(a) or Chain([self.factor(a)], None)
        term = self.take(b, chain.stops, single=True) or Chain([self.factor(b)], None)
        chain.terms.append(self._negated(term.terms[0]))
        if chain.stops is None:
            chain.stops = term.stops
        return chain

    def negate(self, a: int) -> Chain:
        term = self.take(a, single=True) or Chain([self.factor(a)], None)
        term.terms[0] = self._negated(term.terms[0])
        return term

    def multiply(self, a: int, b: int) -> Chain:
        if b in self.pending and self.uses[b] == 1 and len(self.pending[b].terms) == 1:
            a, b = b, a
        chain = self.take(a, single=True) or Chain([self.factor(a)], None)
        chain.terms[0] += self.factor(b)
        if chain.stops is None and not self._only_scales(a) and not self._only_scales(b):
            chain.stops = False
        return chain

    def _only_scales(self, i: int) -> bool:
        """Whether i is a constant that makes no nan of a number, nor a number of a nan."""
        x = self.code.value[i]
        return x is not None and x != 0.0 and isfinite(x)

    def multiply_adjoint(self, g: int, b: int) -> Chain:
        chain = self.take(g, stops=True, single=True) or Chain([self.factor(g)], None)
        chain.terms[0] += self.factor(b)
        chain.stops = True
        return chain

    def _negated(self, term: list[int]) -> list[int]:
        return term[:-1] if term[-1] == self.minus_one and len(term) > 1 else [*term, self.minus_one]

    def written(self, chain: Chain) -> tuple[Primitive, list[int]]:
        """A finished chain as an instruction: a plain row of the table where it is one, else a sum of products."""
        terms, one, minus_one = chain.terms, self.one, self.minus_one
        longest = max(map(len, terms))
        if len(terms) == 1 and longest == 2:
            a, b = terms[0]
            if b == minus_one:
                return table.neg, [a]
            return table.adjoint_mul if chain.stops else table.mul, [a, b]
        if len(terms) == 2 and len(terms[0]) == 1:
            (a,), (b, *sign) = terms
            if not sign or sign == [minus_one]:
                return table.sub if sign else table.add, [a, b]
        if longest == 1:
            return SUM, [a for (a,) in terms]
        if longest == 2:
            pairs = [x for term in terms for x in (term if len(term) == 2 else (term[0], one))]
            return STOPPING_PAIRS if chain.stops else PAIRS, pairs
        flat = [x for term in terms for x in (*term[:-1], -1 - term[-1])]
        return STOPPING_PRODUCTS if chain.stops else PRODUCTS, flat


GATHER: dict[Primitive, Callable[..., Chain]] = {
    table.add: Fuser.add,
    table.sub: Fuser.subtract,
    table.neg: Fuser.negate,
    table.mul: Fuser.multiply,
    table.adjoint_mul: Fuser.multiply_adjoint,
}

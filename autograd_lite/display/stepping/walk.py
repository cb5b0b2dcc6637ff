"""Backpropagation step by step: what `backward()` does at each node, in the order in which it does it."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple, overload

from autograd_lite.core.backward import run_closure, run_closure_recording
from autograd_lite.core.checks import shown
from autograd_lite.core.value import Value, is_constant, topological_order

SHOWN = 60  # rows of a printed table; pages hold no more nodes than a diagram can
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Part(NamedTuple):
    """What one step hands to one parent.

    `slope` is the local derivative, whose `formula` comes from the table; `added`, upstream gradient times slope, is
    what the parent's gradient grows by, to `total`.
    """

    parent: Value
    name: str
    formula: str
    slope: float
    added: float
    total: float


class Step(NamedTuple):
    """One node's turn in the backward pass: its upstream gradient is complete, and its closure hands it on."""

    node: Value
    name: str
    gradient: float
    parts: tuple[Part, ...]


class ForwardStep(NamedTuple):
    """One node's turn in the forward pass: its operands are known, and its value is computed."""

    node: Value
    name: str
    formula: str
    data: float


class ForwardSteps(tuple[ForwardStep, ...]):
    """The forward pass: every computed node, each after its operands. Prints as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        from autograd_lite.display.graph.boxes import compact
        from autograd_lite.display.text import table

        rows = [[str(i), s.name, f"= {s.formula}", f"= {compact(s.data)}"] for i, s in enumerate(self[:SHOWN], 1)]
        text = table(["step", "node", "formula", "data"], rows)
        return text if len(self) <= SHOWN else f"{text}\n… {len(self) - SHOWN:,} more steps"


class Walk(Sequence[Step]):
    """The backward pass as a sequence of `Step`; `forward` is the forward pass. Prints as a table."""

    def __init__(self, root: Value) -> None:
        self.root = root
        interior, leaves = topological_order(root)
        self.leaves = leaves[::-1]  # so that first operands come first
        self.interior = interior
        self.names = _names(root, interior, self.leaves)
        self.handed = _sweep(root, interior)

    def __len__(self) -> int:
        return len(self.handed)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self._step(*handed) for handed in self.handed[index]]
        try:
            return self._step(*self.handed[index])
        except (IndexError, TypeError) as error:
            raise type(error)(f"there are steps 0 to {len(self) - 1}, none of index {shown(index)}") from None

    @property
    def forward(self) -> ForwardSteps:
        """The forward pass: every computed node, each after its operands."""
        return ForwardSteps(ForwardStep(v, self.names[v], self._formula_of(v), v.data) for v in self.interior)

    def __repr__(self) -> str:
        from autograd_lite.display.text import table

        header = ["step", "node", "gradient", "parent", "local derivative", "", "adds", "total"]
        rows = [row for i, step in enumerate(self[:SHOWN], 1) for row in self._rows(i, step)]
        text = table(header, rows)
        return text if len(self) <= SHOWN else f"{text}\n… {len(self) - SHOWN:,} more steps"

    def _step(self, v: Value, gradient: float, handed: list[tuple[float, float, float]]) -> Step:
        formulas = self.slope_formulas(v) if handed else []
        parts = (
            Part(p, self.names[p], formula, *numbers)
            for p, formula, numbers in zip(v.parents if handed else (), formulas, handed, strict=True)
            if not is_constant(p)
        )
        return Step(v, self.names[v], gradient, tuple(parts))

    def _rows(self, i: int, step: Step) -> Iterator[list[str]]:
        from autograd_lite.display.graph.boxes import compact

        start = [str(i), step.name, compact(step.gradient)]
        if not step.parts:
            yield [*start, "", "a gradient of 0 stops here" if step.gradient == 0.0 else "", "", "", ""]
        for part in step.parts:
            slope = [f"∂{step.name}/∂{part.name} = {part.formula}", f"= {compact(part.slope)}"]
            yield [*start, part.name, *slope, compact(part.added), compact(part.total)]
            start = ["", "", ""]

    def _formula_of(self, v: Value) -> str:
        """How v is computed from its operands, by their names."""
        from autograd_lite.display.formula.terms import formula

        return formula(v, lambda u: "" if u is v or is_constant(u) else self.names[u]).text

    def slope_formulas(self, v: Value) -> list[str]:
        """The local derivatives of v, as its primitive computes them: the closure run on symbols instead of numbers."""
        from autograd_lite.core.modes import WithGraph, inside
        from autograd_lite.display.formula.terms import formula
        from autograd_lite.display.graph.boxes import compact

        if v._primitive.by_hand:  # there are only numbers
            return [""] * len(v.parents)
        with inside(WithGraph()):
            slopes = run_closure_recording(v, 1.0)

        def name_of(u: Value) -> str:
            return "" if is_constant(u) else self.names.get(u, "")

        return [formula(d, name_of, 30).text if isinstance(d, Value) else compact(d).removesuffix(".0") for d in slopes]


def _sweep(root: Value, interior: list[Value]) -> list[tuple[Value, float, list[tuple[float, float, float]]]]:
    """What `backward()` would do: of each node its gradient, and for each parent slope, contribution and total."""
    total: dict[Value, float] = {root: 1.0}
    handed: list[tuple[Value, float, list[tuple[float, float, float]]]] = []
    for v in reversed(interior):
        g = total.get(v, 0.0)
        numbers = []
        if g != 0.0:
            for p, slope, added in zip(v.parents, run_closure(v, 1.0), run_closure(v, g), strict=True):
                total[p] = total.get(p, 0.0) + added
                numbers.append((slope, added, total[p]))
        handed.append((v, g, numbers))
    return handed


def _names(root: Value, interior: list[Value], leaves: list[Value]) -> dict[Value, str]:
    """A name for every node: its label, made distinct; L for the result; a number for a constant; else v₁, v₂, ..."""
    from autograd_lite.display.formula.notation import numeral, put_together
    from autograd_lite.display.graph.boxes import printable

    names: dict[Value, str] = {}
    taken: set[str] = set()
    for v in (root, *leaves, *interior):
        if v.label and v not in names:
            label = printable(v.label)
            alike = (label if i == 1 else f"{label} ({i})" for i in count(1))
            names[v] = next(name for name in alike if name not in taken)
            taken.add(names[v])
    numbered = (f"v{i}".translate(SUBSCRIPTS) for i in count(1))
    free = (name for name in numbered if name not in taken)
    if root not in names and "L" not in taken:
        names[root] = "L"
    for v in (*leaves, *interior):
        if v not in names:
            names[v] = put_together(numeral(v.data).text) if is_constant(v) else next(free)
    return names

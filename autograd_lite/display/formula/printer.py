"""A computation graph as a formula."""

from autograd_lite.core.checks import check_size, shown
from autograd_lite.core.value import Value


class Expression:
    """A formula: `text` in Python's notation, `latex`, which is what a notebook shows."""

    def __init__(self, text: str, latex: str) -> None:
        self.text = text
        self.latex = latex

    def __repr__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def expression(value: Value, *, limit: int = 200) -> Expression:
    """The formula by which `value` was computed from its leaves.

    Labelled leaves appear by label, others as numbers. Factors and divisors of 1 and summands of 0 are dropped, and a
    factor of -1 is a sign. At most `limit` operations are printed, those nearest to the result; what lies behind them
    is `…`.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> expression(((a + b) * 1 - b) ** 2)
    (a + b - b) ** 2
    >>> expression((a / b).exp()).latex
    'e^{\\\\frac{a}{b}}'
    """
    from autograd_lite.display.formula.terms import formula

    if not isinstance(value, Value):
        raise TypeError(f"expression(value) takes a Value, not {shown(value)}")
    limit = check_size(limit, "expression(limit)")
    term = formula(value, lambda v: v.label if not v.parents else "", limit)
    return Expression(term.text, term.latex)

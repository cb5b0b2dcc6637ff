"""How formulas are written, in Python's notation and in LaTeX: names, numbers, brackets, and what can be left out."""

import ast
import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple

from autograd_lite.display.graph.boxes import printable

EQUALITY, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how tightly an expression holds together
LATEX_NAMES = {name: "\\" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "min", "max", "pi")}
LATEX_NAMES |= {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "sigmoid": r"\sigma"}
LATEX_ESCAPES = {c: "\\" + c for c in "{}$%#&_"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim ", "'": "'"}
LATEX_ESCAPES |= {"<": r"\lt ", ">": r"\gt ", "`": "'"}
BRACKETS = {"exp": "e^{#}", "sqrt": r"\sqrt{#}", "abs": r"\left|#\right|", "norm": r"\left\|#\right\|"}


class Term(NamedTuple):
    """A printed expression in both notations, with its precedence in each, and its number if it is one."""

    text: str
    level: int
    latex: str
    latex_level: int
    number: float | None = None


def named(name: str) -> Term:
    """A variable. In LaTeX a letter is set as one, an index after it or after an underscore is lowered."""
    name = printable(name)
    parts = re.fullmatch(r"([^\W\d_]+?)_?(\d+)", name)
    word, index = parts.groups() if parts else (name, "")
    escaped = "".join(LATEX_ESCAPES.get(c, c) for c in word)
    latex = escaped if len(word) == 1 else rf"\mathrm{{{escaped}}}"
    return Term(name, ATOM, f"{latex}_{{{index}}}" if index else latex, ATOM)


def numeral(x: float, is_known: bool = True) -> Term:
    """A number. One that is not known for good, such as the data of a leaf, is not simplified away."""
    text = "-0.0" if str(x) == "-0.0" else repr(x).removesuffix(".0")  # Python's -0 is 0
    latex = text if isfinite(x) else text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    if "e" in text:
        mantissa, exponent = text.split("e")
        latex = rf"{mantissa} \times 10^{{{int(exponent)}}}"
    level = SIGN if text.startswith("-") else ATOM
    return Term(text, level, latex, min(level, POWER) if "e" in text else level, x if is_known else None)


def _add(a: Term, b: Term) -> Term:
    if a.number == 0.0 or b.number == 0.0:
        return b if a.number == 0.0 else a
    if b.text.startswith("-") and b.level == SIGN:
        return _subtract(a, _without_sign(b))
    return _sum(a, "+", b)


def _subtract(a: Term, b: Term) -> Term:
    if b.number == 0.0:
        return a
    if a.number is not None and b.number is not None:  # in the exponent of a slope
        return numeral(a.number - b.number)
    if a.number == 0.0:
        return negative(b)
    if b.text.startswith("-") and b.level == SIGN:
        return _sum(a, "+", _without_sign(b))
    return _sum(a, "-", b)


def _multiply(a: Term, b: Term) -> Term:
    if a.number == 1.0 or b.number == 1.0:
        return b if a.number == 1.0 else a
    if a.number == -1.0 or b.number == -1.0:
        return negative(b if a.number == -1.0 else a)
    text = f"{_text(a, PRODUCT)} * {_text(b, SIGN)}"
    return Term(text, PRODUCT, rf"{_latex(a, PRODUCT)} \cdot {_latex(b, POWER)}", PRODUCT)


def _divide(a: Term, b: Term) -> Term:
    if b.number == 1.0:
        return a
    text = f"{_text(a, PRODUCT)} / {_text(b, SIGN)}"
    return Term(text, PRODUCT, rf"\frac{{{a.latex}}}{{{b.latex}}}", POWER)


def _power(a: Term, b: Term) -> Term:
    if b.number == 1.0:
        return a
    return Term(f"{_text(a, ATOM)} ** {_text(b, SIGN)}", POWER, f"{_latex(a, ATOM)}^{{{b.latex}}}", POWER)


def negative(a: Term) -> Term:
    if a.number is not None:
        return numeral(-a.number)
    if a.text.startswith("-") and a.level == SIGN:
        return _without_sign(a)
    return Term(f"-{_text(a, POWER)}", SIGN, f"-{_latex(a, POWER)}", SIGN)


def _without_sign(a: Term) -> Term:
    """The operand of a term that is a negation or a negative number."""
    number = None if a.number is None else -a.number
    return Term(a.text[1:], POWER, a.latex[1:], min(a.latex_level, POWER), number)


def comparison(a: Term, sign: str, latex_sign: str, b: Term) -> Term:
    text, latex = f"{_text(a, SUM)} {sign} {_text(b, SUM)}", f"{_latex(a, SUM)} {latex_sign} {_latex(b, SUM)}"
    return Term(text, EQUALITY, latex, EQUALITY)


def _sum(a: Term, sign: str, b: Term) -> Term:
    text = f"{_text(a, SUM)} {sign} {_text(b, PRODUCT)}"
    return Term(text, SUM, f"{_latex(a, SUM)} {sign} {_latex(b, PRODUCT)}", SUM)


def call(name: str, operands: Sequence[Term]) -> Term:
    inner = ", ".join(a.text for a in operands)
    latex = ", ".join(a.latex for a in operands)
    text = f"{name}({inner})"
    if name in BRACKETS:
        return Term(text, ATOM, BRACKETS[name].replace("#", latex), POWER if name == "exp" else ATOM)
    function = LATEX_NAMES.get(name, r"\operatorname{" + "".join(LATEX_ESCAPES.get(c, c) for c in name) + "}")
    return Term(text, ATOM, rf"{function}\left({latex}\right)", ATOM)


def as_it_stands(form: str, operands: list[Term]) -> Term:
    """A user's form that is not in Python's notation: filled in and taken for one word."""
    texts, latexes = [_text(a, ATOM) for a in operands], [_latex(a, ATOM) for a in operands]
    before_and_after = [r"\text{" + "".join(LATEX_ESCAPES.get(c, c) for c in part) + "}" for part in form.split("{}")]
    latex = "".join(part + operand for part, operand in zip(before_and_after, [*latexes, ""]))
    return Term(form.format(*texts), ATOM, latex, ATOM)


def _text(a: Term, least: int) -> str:
    return a.text if a.level >= least else f"({a.text})"


def _latex(a: Term, least: int) -> str:
    return a.latex if a.latex_level >= least else rf"\left({a.latex}\right)"


BINARY: dict[type[ast.operator], Callable[[Term, Term], Term]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}

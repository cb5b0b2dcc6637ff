"""How formulas are written, in Python's notation and in LaTeX: names, numbers, brackets, and what can be left out."""

import ast
import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple, TypeAlias

from autograd_lite.display.graph.boxes import printable

EQUALITY, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how tightly an expression holds together
LATEX_NAMES = {name: "\\" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "min", "max", "pi")}
LATEX_NAMES |= {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "sigmoid": r"\sigma"}
LATEX_ESCAPES = {c: "\\" + c for c in "{}$%#&_"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim ", "'": "'"}
LATEX_ESCAPES |= {"<": r"\lt ", ">": r"\gt ", "`": "'"}
BRACKETS = {"exp": "e^{#}", "sqrt": r"\sqrt{#}", "abs": r"\left|#\right|", "norm": r"\left\|#\right\|"}


Pieces: TypeAlias = "str | tuple[Pieces, ...]"  # put together once, at the end: copies at each level would be quadratic


class Term(NamedTuple):
    """A printed expression in both notations, with its precedence in each, and its number if it is one."""

    text: Pieces
    level: int
    latex: Pieces
    latex_level: int
    number: float | None = None


def named(name: str) -> Term:
    """A variable. In LaTeX a letter is set as one, an index after it or after an underscore is lowered."""
    name = printable(name)
    parts = re.fullmatch(r"([^\W\d_]+?)_?(\d+)", name)
    word, index = parts.groups() if parts else (name, "")
    escaped = "".join(LATEX_ESCAPES.get(c, c) for c in word)
    latex = escaped if len(word) == 1 else rf"\mathrm{{{escaped}}}"
    level = EQUALITY if _is_compound(name) else ATOM
    return Term(name, level, f"{latex}_{{{index}}}" if index else latex, level)


def _is_compound(name: str) -> bool:
    """Whether a label is an expression of several parts, such as `a+b`, which needs brackets to be a factor."""
    try:
        whole = ast.parse(name.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return False
    return isinstance(whole, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda, ast.Tuple))


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
    if b.level == SIGN and b.text[0] == "-":
        return _subtract(a, _without_sign(b))
    return _sum(a, "+", b)


def _subtract(a: Term, b: Term) -> Term:
    if b.number == 0.0:
        return a
    if a.number is not None and b.number is not None:  # in the exponent of a slope
        return numeral(a.number - b.number)
    if a.number == 0.0:
        return negative(b)
    if b.level == SIGN and b.text[0] == "-":
        return _sum(a, "+", _without_sign(b))
    return _sum(a, "-", b)


def _multiply(a: Term, b: Term) -> Term:
    if a.number == 1.0 or b.number == 1.0:
        return b if a.number == 1.0 else a
    if a.number == -1.0 or b.number == -1.0:
        return negative(b if a.number == -1.0 else a)
    text = _text(a, PRODUCT), " * ", _text(b, SIGN)
    return Term(text, PRODUCT, (_latex(a, PRODUCT), r" \cdot ", _latex(b, POWER)), PRODUCT)


def _divide(a: Term, b: Term) -> Term:
    if b.number == 1.0:
        return a
    text = _text(a, PRODUCT), " / ", _text(b, SIGN)
    return Term(text, PRODUCT, (r"\frac{", a.latex, "}{", b.latex, "}"), POWER)


def _power(a: Term, b: Term) -> Term:
    if b.number == 1.0:
        return a
    return Term((_text(a, ATOM), " ** ", _text(b, SIGN)), POWER, (_latex(a, ATOM), "^{", b.latex, "}"), POWER)


def negative(a: Term) -> Term:
    if a.number is not None:
        return numeral(-a.number)
    if a.level == SIGN and a.text[0] == "-":
        return _without_sign(a)
    return Term(("-", _text(a, POWER)), SIGN, ("-", _latex(a, POWER)), SIGN)


def _without_sign(a: Term) -> Term:
    """The operand of a term that is a negation or a negative number."""
    number = None if a.number is None else -a.number
    return Term(a.text[1:], POWER, a.latex[1:], min(a.latex_level, POWER), number)


def comparison(a: Term, sign: str, latex_sign: str, b: Term) -> Term:
    text, latex = (_text(a, SUM), f" {sign} ", _text(b, SUM)), (_latex(a, SUM), f" {latex_sign} ", _latex(b, SUM))
    return Term(text, EQUALITY, latex, EQUALITY)


def _sum(a: Term, sign: str, b: Term) -> Term:
    text = _text(a, SUM), f" {sign} ", _text(b, PRODUCT)
    return Term(text, SUM, (_latex(a, SUM), f" {sign} ", _latex(b, PRODUCT)), SUM)


def call(name: str, operands: Sequence[Term]) -> Term:
    latex = _joined([a.latex for a in operands])
    text = (f"{name}(", _joined([a.text for a in operands]), ")")
    if name in BRACKETS:
        before, after = BRACKETS[name].split("#")
        return Term(text, ATOM, (before, latex, after), POWER if name == "exp" else ATOM)
    function = LATEX_NAMES.get(name, r"\operatorname{" + "".join(LATEX_ESCAPES.get(c, c) for c in name) + "}")
    return Term(text, ATOM, (rf"{function}\left(", latex, r"\right)"), ATOM)


def _joined(parts: Sequence[Pieces]) -> Pieces:
    return tuple(piece for part in parts for piece in (", ", part))[1:]


def put_together(pieces: Pieces) -> str:
    """The text of the pieces, without recursion: they may be as deep as a graph."""
    out, stack = [], [pieces]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
        else:
            stack += reversed(piece)
    return "".join(out)


def as_it_stands(form: str, operands: list[Term]) -> Term:
    """A user's form that is not in Python's notation: filled in and taken for one word."""
    texts, latexes = [_text(a, ATOM) for a in operands], [_latex(a, ATOM) for a in operands]
    before_and_after = [r"\text{" + "".join(LATEX_ESCAPES.get(c, c) for c in part) + "}" for part in form.split("{}")]
    latex = tuple(piece for pair in zip(before_and_after, [*latexes, ""]) for piece in pair)
    text = tuple(piece for pair in zip(form.split("{}"), [*texts, ""]) for piece in pair)
    return Term(text, ATOM, latex, ATOM)


def _text(a: Term, least: int) -> Pieces:
    return a.text if a.level >= least else ("(", a.text, ")")


def _latex(a: Term, least: int) -> Pieces:
    return a.latex if a.latex_level >= least else (r"\left(", a.latex, r"\right)")


BINARY: dict[type[ast.operator], Callable[[Term, Term], Term]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}

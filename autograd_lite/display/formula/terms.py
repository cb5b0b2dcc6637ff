"""How a computation graph becomes a formula.

How an operation prints is the `form` of its row in the table, such as "{} * {}" or "exp({})". Python's own parser says
how a form hangs together; the operands, printed already, go into its slots, in brackets where precedence asks for them.
"""

import ast
import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from autograd_lite.core import table as table
from autograd_lite.core.value import Value, is_constant
from autograd_lite.display.formula.notation import (
    ATOM,
    BINARY,
    LATEX_NAMES,
    Term,
    as_it_stands,
    call,
    comparison,
    named,
    negative,
    numeral,
    put_together,
)

POW_SLOPES = {(1.0, 0.0): "{1} * {0} ** ({1} - 1)", (0.0, 1.0): "{0} ** {1} * log({0})"}  # by order in {0} and {1}
FORMS = {table.along: "{0} * {1}", table.cusp: "0"}
PRIME, SLOT = "ʹ", "ʹslot"  # letters to Python, but in no form


class Formula(NamedTuple):
    """A formula in Python's notation and in LaTeX."""

    text: str
    latex: str


def formula(root: Value, name_of: Callable[[Value], str], limit: int = 200) -> Formula:
    """The formula of a node down to the nodes that have a name."""
    operands: list[list[int]] = []  # of each printed occurrence of a node; breadth first, so that all parts get a share
    nodes = [root]
    budget = limit
    for v in nodes:
        places: list[int] = []
        if v.parents and not name_of(v) and budget > 0:
            budget -= 1
            places = list(range(len(nodes), len(nodes) + len(v.parents)))
            nodes.extend(v.parents)
        operands.append(places)
    terms: dict[int, Term] = {}
    for i in range(len(nodes) - 1, -1, -1):
        v = nodes[i]
        if operands[i]:
            terms[i] = _apply(v, [terms.pop(j) for j in operands[i]])
        elif name_of(v):
            terms[i] = named(name_of(v))
        else:
            terms[i] = Term("…", ATOM, r"\ldots", ATOM) if v.parents else numeral(v.data, is_constant(v))
    whole = terms[0]
    return Formula(put_together(whole.text), put_together(whole.latex))


def _apply(v: Value, operands: list[Term]) -> Term:
    """The node's operation on printed operands."""
    primitive = v._primitive
    if primitive.by_hand:
        return call(v.op, operands)
    form = primitive.form
    if primitive in FORMS:  # what they compute everywhere but at the origin
        form = FORMS[primitive]
    if primitive is table.pow_slope:
        form = POW_SLOPES.get((operands[2].number or 0.0, operands[3].number or 0.0), form)
    tree = _parsed(form, primitive.arity is None)
    try:
        return _term(tree, operands) if tree else as_it_stands(form, operands)
    except NotImplementedError:  # Python could read it, but it is no formula
        return as_it_stands(form, operands)


COMPARISONS: dict[type, tuple[str, str]] = {ast.Eq: ("==", "="), ast.Gt: (">", ">"), ast.GtE: (">=", r"\ge")}


@cache
def _parsed(form: str, takes_any: bool) -> ast.expr | None:
    """The form as a syntax tree, with names for its slots; None if it is not in Python's notation."""
    order = iter(range(len(form)))

    def name(slot: re.Match[str]) -> str:
        return SLOT + (slot[1] or ("all" if takes_any else str(next(order))))

    try:
        return ast.parse(re.sub(r"\{(\d*)\}", name, form).replace("'", PRIME).strip(), mode="eval").body
    except SyntaxError:
        return None


def _term(tree: ast.expr, operands: list[Term]) -> Term:
    """A syntax tree printed, operands in the slots."""
    match tree:
        case ast.Name(name) if name.startswith(SLOT):
            return operands[int(name.removeprefix(SLOT))]
        case ast.Name(name):
            return Term(name, ATOM, LATEX_NAMES.get(name, rf"\mathrm{{{name}}}"), ATOM)
        case ast.Constant(int(number) | float(number)):
            return numeral(float(number))
        case ast.UnaryOp(ast.USub(), operand):
            return negative(_term(operand, operands))
        case ast.BinOp(left, op, right) if type(op) in BINARY:
            return BINARY[type(op)](_term(left, operands), _term(right, operands))
        case ast.Compare(left, [op], [right]) if type(op) in COMPARISONS:
            sign, latex_sign = COMPARISONS[type(op)]
            return comparison(_term(left, operands), sign, latex_sign, _term(right, operands))
        case ast.Call(ast.Name(name), [ast.Name(slot)], []) if slot == SLOT + "all":
            return call(name.replace(PRIME, "'"), operands)
        case ast.Call(ast.Name(name), arguments, []):
            return call(name.replace(PRIME, "'"), [_term(a, operands) for a in arguments])
    raise NotImplementedError(ast.unparse(tree))

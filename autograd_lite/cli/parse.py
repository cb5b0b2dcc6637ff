"""An expression typed as text, such as "tanh(a*b + c)", made a graph. It is parsed, never given to `eval`."""

import ast
from collections.abc import Mapping, Sequence
from math import pi
from typing import Any, NoReturn

from autograd_lite.core import elementary, functions
from autograd_lite.core.checks import as_float, shown
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.core.value import Value

FUNCTIONS = {name: f for room in (elementary, functions) for name, f in vars(room).items() if name in PRIMITIVES}
OF_LISTS = ("sum", "mean", "prod", "max", "min", "norm", "logsumexp")
OPERATORS: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
REMEDIES: dict[type[ast.AST], str] = {
    ast.BitXor: "a power is written **",
    ast.Compare: "use maximum, minimum or relu in place of a comparison",
    ast.Attribute: "write exp(x), not x.exp()",
    ast.Tuple: "a decimal point is written . and a list [a, b]",
}


def parse(text: str, values: Mapping[str, float]) -> Value:
    """The expression as a Value whose leaves are labelled with the names in it.

    `values` gives each name its number. Understood are numbers, names, pi, + - * / **, parentheses, lists and the
    functions of the package, those of lists with the numbers one by one too, `max(a, b)`. Anything else, an unknown
    name or function, a missing value and a value that is not used are a ValueError that points at the place.

    >>> y = parse("a*b + 1", {"a": 2.0, "b": -3.0})
    >>> y
    Value(data=-5.0, grad=0.0)
    >>> parse("a*b", {"a": 2.0})
    Traceback (most recent call last):
    ValueError: no value for 'b': add b=1.0
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"the expression must be text such as 'tanh(a*b + c)', not {shown(text)}")
    text = text.strip()
    leaves = {name: Value(x, label=name) for name, x in values.items()}
    unused = set(leaves)

    def applied(node: ast.AST, function: Any, *operands: Any) -> Any:
        try:
            return function(*operands)
        except (TypeError, ValueError) as error:
            _fail(text, node, str(error))

    def build(node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return applied(node, lambda x: as_float(x, "the number"), number)
            case ast.Name(id="pi") if "pi" not in leaves:
                return pi
            case ast.Name(id=name):
                if name not in leaves:
                    known = f"{name} is a function: write {name}(...)" if name in FUNCTIONS else f"add {name}=1.0"
                    _fail(text, node, f"no value for {name!r}: {known}")
                unused.discard(name)
                return leaves[name]
            case ast.UnaryOp(op=ast.UAdd(), operand=x):
                return build(x)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return applied(node, PRIMITIVES["neg"], build(x))
            case ast.BinOp(left=a, op=op, right=b) if type(op) in OPERATORS:
                return applied(node, PRIMITIVES[OPERATORS[type(op)]], build(a), build(b))
            case ast.List(elts=items):
                return [build(x) for x in items]
            case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
                if name not in FUNCTIONS:
                    _fail(text, node, f"unknown function {name!r}: there are {', '.join(sorted(FUNCTIONS))}")
                given = [build(x) for x in operands]
                if name in OF_LISTS and len(given) > 1 and not any(isinstance(x, list) for x in given):
                    given = [given]  # as Python's own max(x, y)
                return applied(node, FUNCTIONS[name], *given)
            case ast.BinOp(op=op):
                _fail(text, node, REMEDIES.get(type(op), "the operators are + - * / **"))
        _fail(text, node, REMEDIES.get(type(node), "only numbers, names, + - * / ** and functions are understood"))

    try:
        y = build(ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        if "digits" in str(error.msg):  # Python reads no integers of more than some 4,300
            raise ValueError("a number in the expression is too large for a float") from None
        raise ValueError(_pointing(text, (error.offset or 1) - 1, f"not an expression: {error.msg}")) from None
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    if unused:
        raise ValueError(f"{', '.join(sorted(unused))} is given a value but is not in the expression {shown(text)}")
    if isinstance(y, Sequence):
        raise ValueError(f"the expression {shown(text)} is a list: take the sum, the mean or one function of it")
    return y if isinstance(y, Value) else Value(y)


def _fail(text: str, node: ast.AST, message: str) -> NoReturn:
    raise ValueError(_pointing(text, len(text.encode()[: getattr(node, "col_offset", 0)].decode()), message))


def _pointing(text: str, column: int, message: str) -> str:
    return f"{message}\n  {text}\n  {' ' * column}^"

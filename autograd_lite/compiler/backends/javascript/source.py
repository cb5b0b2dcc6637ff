"""Where a function was written down: its syntax tree, and what the names in it stand for."""

import ast
import builtins
import linecache
from functools import cache
from types import CodeType, FunctionType
from typing import Any, TypeGuard

from autograd_lite.compiler.ir import CannotRunError

Function = ast.FunctionDef | ast.Lambda


def definition(f: FunctionType) -> Function:
    """The `def` or `lambda` that made f, from the source of its file or notebook cell."""
    code = f.__code__
    text = "".join(linecache.getlines(code.co_filename, f.__globals__))
    tree = _parsed(text) if text else None
    found = [node for node in ast.walk(tree) if _made(node, code)] if tree else []
    if len(found) > 1:
        found = [node for node in found if _starts(node, code)]
    if len(found) != 1:
        raise CannotRunError(
            f"there is no source of {code.co_name!r}, which JavaScript could be made from: define it in a file or a "
            "notebook's cell, or choose backend='python'"
        )
    return found[0]


def meaning(f: FunctionType, name: str) -> Any:
    """What a name that f does not assign stands for: in the functions around it, in its module, or in Python."""
    code = f.__code__
    if name in code.co_freevars and f.__closure__:
        return f.__closure__[code.co_freevars.index(name)].cell_contents
    if name in f.__globals__:
        return f.__globals__[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    raise CannotRunError(f"{code.co_name!r} uses {name!r}, which is not defined")


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _made(node: ast.AST, code: CodeType) -> TypeGuard[Function]:
    """Whether this is a function that starts in the line that the code says, with the parameters that it has."""
    if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return False
    decorators: list[ast.expr] = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    line = min([node.lineno, *(d.lineno for d in decorators)])
    name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
    parameters = tuple(a.arg for a in [*node.args.posonlyargs, *node.args.args])
    return (line, name, parameters) == (
        code.co_firstlineno,
        code.co_name,
        code.co_varnames[: code.co_argcount],
    )


def _starts(node: Function, code: CodeType) -> bool:
    """Of several lambdas in one line: whether the code's instructions stand in this one's body."""
    if not isinstance(node, ast.Lambda):
        return False
    places = {(line, column) for line, _, column, _ in code.co_positions()}
    inner = [n for n in ast.walk(node.body) if isinstance(n, ast.expr)]
    return any((n.lineno, n.col_offset) in places for n in inner)

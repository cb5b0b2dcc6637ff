"""The table's forward functions for arrays: every `if` becomes a selection, so that each element can go its own way.

The source of a function is rewritten: what follows an `if` that returns becomes its other branch, both branches become
functions, and `select` computes both and chooses. Loops stay Python loops, and are unrolled.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

Function = Callable[..., Any]


def rewritten(function: Function, namespace: dict[str, Any]) -> Function:
    """`function` with its branches as calls of `select`, in a namespace that has one."""
    source = textwrap.dedent(inspect.getsource(function))
    (found,) = [
        node
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.FunctionDef) and node.name == function.__name__) or isinstance(node, ast.Lambda)
    ][:1]
    if isinstance(found, ast.Lambda):
        body: list[ast.stmt] = [ast.Return(found.body)]
    else:
        body = found.body
    arguments = [a.arg for a in found.args.args]
    plain = [ast.arg(name) for name in arguments]
    definition = ast.FunctionDef(
        name="rewritten",
        args=ast.arguments(posonlyargs=[], args=plain, kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=_block([Expressions().visit(statement) for statement in body], arguments),
        decorator_list=[],
    )
    module = ast.fix_missing_locations(ast.Module([definition], []))
    exec(compile(module, f"<{function.__name__}>", "exec"), namespace)
    result: Function = namespace.pop("rewritten")
    return result


class Expressions(ast.NodeTransformer):
    """Conditional expressions and the logic of conditions, as calls."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("select", node.test, _thunk(node.body), _thunk(node.orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        return _call("both" if isinstance(node.op, ast.And) else "either", *map(_thunk, node.values))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("inverse", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ops[0], ast.In) and isinstance(node.comparators[0], ast.Tuple):
            candidates = [ast.Compare(node.left, [ast.Eq()], [x]) for x in node.comparators[0].elts]
            return _call("either", *map(_thunk, candidates))
        if len(node.ops) == 1:
            return node
        sides = [node.left, *node.comparators]
        parts = [ast.Compare(a, [op], [b]) for a, op, b in zip(sides, node.ops, sides[1:])]
        return _call("both", *map(_thunk, parts))


def _block(statements: Sequence[ast.stmt], known: list[str]) -> list[ast.stmt]:
    """Statements in which an `if` no longer branches; `known` are the names assigned before."""
    done: list[ast.stmt] = []
    known = list(known)
    for position, statement in enumerate(statements):
        if isinstance(statement, ast.If):
            rest = statements[position + 1 :]
            choice = _call("select", statement.test, _name("then"), _name("otherwise"))
            if _returns(statement.body):
                then = _branch("then", statement.body, known, [])
                otherwise = _branch("otherwise", [*statement.orelse, *rest], known, [])
                return [*done, then, otherwise, ast.Return(choice)]
            changed = sorted(_assigned(statement.body) | _assigned(statement.orelse))
            inside = [name for name in changed if name in known]  # others do not live on
            done += [
                _branch("then", statement.body, known, inside),
                _branch("otherwise", statement.orelse, known, inside),
                ast.Assign([_names(inside, ast.Store())], choice),
            ]
        elif isinstance(statement, ast.For):
            inner = sorted({*known, *_assigned([statement])})
            done.append(ast.For(statement.target, statement.iter, _block(statement.body, inner), []))
        else:
            done.append(statement)
        known += sorted(_assigned([statement]) - set(known))
    return done


def _branch(name: str, body: Sequence[ast.stmt], known: list[str], results: list[str]) -> ast.FunctionDef:
    """A branch as a function, which starts from the names as they are."""
    named = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name)}
    used = [x for x in known if x in named or x in results]
    statements = _block(body, used)
    if results:
        statements = [*statements, ast.Return(_names(results, ast.Load()))]
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(x) for x in used],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[_name(x) for x in used],
    )
    return ast.FunctionDef(name=name, args=arguments, body=statements, decorator_list=[])


def _returns(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return)


def _assigned(body: Sequence[ast.stmt]) -> set[str]:
    return {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _names(names: Sequence[str], context: ast.expr_context) -> ast.expr:
    return ast.Tuple([ast.Name(name, context) for name in names], context)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_name(name), list(arguments), [])


def _thunk(expression: ast.expr) -> ast.Lambda:
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(nothing, expression)

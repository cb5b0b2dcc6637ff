"""Python's straight-line code in JavaScript: forward functions, from their own source, and all that they call.

A function is taken as it is in memory, and its syntax tree from where it was written: what a name in it stands for is
looked up, never guessed. The builtins and Python's `math` become JavaScript's `Math`, or parts of `static/native.js`
where that differs. What has no counterpart is an error; nothing is translated by half.
"""

import ast
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from types import FunctionType, ModuleType
from typing import Any

from autograd_lite.compiler.backends.javascript.source import definition, meaning
from autograd_lite.compiler.backends.rebinding import unwrapped
from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.core.primitives import Primitive

NATIVE: dict[str, str] = {  # parts of native.js by name, in order
    match[1]: match[0].rstrip()
    for match in re.finditer(
        r"^const (\w+) = .*?(?=^const |^// ---|\Z)",
        files(__package__).joinpath("static", "native.js").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
}
# fmt: off
IN_MATH = {
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "exp", "expm1", "floor",
    "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
}
RESERVED = {
    "arguments", "await", "case", "catch", "const", "debugger", "default", "delete", "do", "enum", "eval", "export",
    "extends", "function", "implements", "instanceof", "interface", "let", "new", "null", "package", "private",
    "protected", "public", "static", "super", "switch", "this", "throw", "typeof", "undefined", "var", "void",
    "Math", "Array", "Object", "Number", "Infinity", "NaN",
}
# fmt: on
WORDS = {"int": "Math.trunc", "fabs": "Math.abs", "truediv": "div"}  # where the names differ
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
CALLED = {ast.Pow: "pow", ast.Mod: "mod", ast.FloorDiv: "floordiv"}
COMPARISONS = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="}
METHODS = {"append": "push", "index": "indexOf"}


class Library:
    """The functions that a page needs, in JavaScript: `name_of` adds one, with all that it calls."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._parts: list[str] = []

    def name_of(self, f: Any) -> str:
        """The JavaScript name of a function or constant of Python's."""
        f = f.forward if isinstance(f, Primitive) else f
        f = unwrapped(f)
        if isinstance(f, (bool, int, float)):
            return number(f)
        key = id(f) if isinstance(f, (tuple, list)) else f
        if key not in self._names:
            self._add(key, f)
        return self._names[key]

    def source(self, used: Iterable[str] = ()) -> str:
        """All functions that were asked for, and of native.js what they, and the texts in `used`, name."""
        text = "\n".join([*self._names.values(), *self._parts, *used])
        needed: set[str] = set()
        todo = [text]
        while todo:
            for word in set(re.findall(r"[A-Za-z_]\w*", todo.pop())) & NATIVE.keys() - needed:
                needed.add(word)
                todo.append(NATIVE[word])
        return "\n".join([*(part for name, part in NATIVE.items() if name in needed), *self._parts])

    def _add(self, key: Any, f: Any) -> None:
        name = str(getattr(f, "__name__", "table"))
        if getattr(f, "__module__", None) in ("math", "builtins", "operator", "_operator"):
            word = WORDS.get(name, f"Math.{name}" if name in IN_MATH else name)
            if word.startswith("Math.") or word in NATIVE:
                self._names[key] = word
                return
        is_table = isinstance(f, (tuple, list)) and all(isinstance(x, (int, float)) for x in f)
        if not is_table and (not isinstance(f, FunctionType) or hasattr(f, "__wrapped__")):
            raise CannotRunError(f"{f!r} has no counterpart in JavaScript: choose backend='python'")
        taken = {*self._names.values(), *NATIVE, *RESERVED}
        plain = re.sub(r"\W", "", name, flags=re.ASCII).lstrip("0123456789") or "f"
        name = next(n for n in (plain, *(f"{plain}{i}" for i in range(2, 10_000))) if n not in taken)
        self._names[key] = name  # before its text: it may call itself
        try:
            text = f"[{', '.join(map(number, f))}]" if is_table else Function(self, f).text()
        except CannotRunError:
            del self._names[key]
            raise
        self._parts.append(f"const {name} = {text};")


def number(x: float) -> str:
    """A number as JavaScript writes it."""
    if isinstance(x, bool):
        return str(x).lower()
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0.0 else "-Infinity"
    if isinstance(x, int) and abs(x) > 2**53:
        raise CannotRunError(f"JavaScript has no whole number as large as {x}")
    return repr(x).removesuffix(".0")


class Function:
    """One function of Python's, to be written in JavaScript."""

    def __init__(self, library: Library, f: FunctionType) -> None:
        self.library, self.f = library, f
        self.node = definition(f)
        arguments = self.node.args
        if arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
            raise self._refused(self.node, "a parameter with a star")
        self.parameters = [a.arg for a in [*arguments.posonlyargs, *arguments.args]]
        names = [n for n in _walk(self.node.body) if isinstance(n, ast.Name)]
        stored = [n.id for n in names if isinstance(n.ctx, ast.Store)]
        used = [meaning(f, n) for n in sorted({n.id for n in names} - {*stored, *self.parameters})]
        taken = {*RESERVED, *NATIVE, *(library.name_of(x) for x in used if not isinstance(x, ModuleType))}
        local = dict.fromkeys([*self.parameters, *stored])
        self.local = {name: f"{name}$" if name in taken else name for name in local}
        self.lists = {  # names that hold lists, whose + is not JavaScript's
            s.targets[0].id
            for s in ast.walk(self.node)
            if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and isinstance(s.value, LISTS)
        }

    def text(self) -> str:
        defaults = self.f.__defaults__ or ()
        first = len(self.parameters) - len(defaults)
        heads = [self.local[p] for p in self.parameters]
        heads[first:] = [f"{p} = {self.library.name_of(x)}" for p, x in zip(heads[first:], defaults)]
        if isinstance(self.node, ast.Lambda):
            return f"({', '.join(heads)}) => {self.value(self.node.body)}"
        others = [name for p, name in self.local.items() if p not in self.parameters]
        declared = [f"  let {', '.join(others)};"] if others else []
        return "\n".join([f"({', '.join(heads)}) => {{", *declared, *self.block(self.node.body, "  "), "}"])

    def block(self, body: Sequence[ast.stmt], indent: str) -> list[str]:
        return [line for s in body for line in self.statement(s, indent)]

    def statement(self, s: ast.stmt, indent: str) -> list[str]:
        """The lines of one statement."""
        inner = indent + "  "
        match s:
            case ast.Expr(ast.Constant()) | ast.Pass():
                return []
            case ast.Return(ast.expr() as value):
                return [f"{indent}return {self.value(value)};"]
            case ast.Expr(value):
                return [f"{indent}{self.value(value)};"]
            case ast.Assign([target], value):
                return [f"{indent}{self._target(target)} = {self.value(value)};"]
            case ast.AnnAssign(target, _, ast.expr() as value):
                return [f"{indent}{self._target(target)} = {self.value(value)};"]
            case ast.AugAssign(target, op, value):
                place = ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target
                return [f"{indent}{self.value(target)} = {self.value(ast.BinOp(place, op, value))};"]
            case ast.If(test, body, orelse):
                lines = [f"{indent}if ({self.test(test)}) {{", *self.block(body, inner)]
                return [*lines, *([f"{indent}}} else {{", *self.block(orelse, inner)] if orelse else []), f"{indent}}}"]
            case ast.While(test, body, []):
                return [f"{indent}while ({self.test(test)}) {{", *self.block(body, inner), f"{indent}}}"]
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), bounds), body, []):
                i, start, stop, step = f"{name}$i", "0", "", "1"
                match [self.value(b) for b in bounds]:
                    case [stop]:
                        ...
                    case [start, stop]:
                        ...
                    case [start, stop, step]:
                        ...
                less = ">" if step.startswith("-") else "<"
                head = f"for (let {i} = {start}, {name}$end = {stop}; {i} {less} {name}$end; {i} += {step}) {{"
                return [indent + head, f"{inner}{self.local[name]} = {i};", *self.block(body, inner), f"{indent}}}"]
            case ast.For(target, values, body, []):
                head = f"for ({self._target(target)} of {self.value(values)}) {{"
                return [indent + head, *self.block(body, inner), f"{indent}}}"]
            case ast.Try(body, _, [], []):  # what Python raises here is a number in JavaScript
                return self.block(body, indent)
            case ast.Break() | ast.Continue():
                return [f"{indent}{type(s).__name__.lower()};"]
        raise self._refused(s, type(s).__name__)

    def test(self, e: ast.expr) -> str:
        """A condition: in Python a nan is true."""
        if isinstance(e, (ast.Compare, ast.BoolOp)) or (isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.Not)):
            return self.value(e)
        return f"truthy({self.value(e)})"

    def value(self, e: ast.expr) -> str:
        """An expression, in brackets where it is not one word."""
        match e:
            case ast.Constant(bool() | int() | float() as x):
                return number(x)
            case ast.Name(name):
                return self.local.get(name) or self.library.name_of(meaning(self.f, name))
            case ast.Attribute(ast.Name(module), name) if module not in self.local:
                found = meaning(self.f, module)
                if isinstance(found, ModuleType) and hasattr(found, name):
                    return self.library.name_of(getattr(found, name))
            case ast.UnaryOp(ast.Not(), a):
                return f"!({self.test(a)})"
            case ast.UnaryOp(ast.USub(), a):
                return f"-{self.value(a)}" if isinstance(a, (ast.Constant, ast.Name)) else f"(-{self.value(a)})"
            case ast.UnaryOp(ast.UAdd(), a):
                return self.value(a)
            case ast.BinOp(a, ast.Mult(), n) if self._is_list(a):
                return f"repeat({self.value(a)}, {self.value(n)})"
            case ast.BinOp(a, ast.Add(), b) if self._is_list(a) or self._is_list(b):
                return f"[...{self.value(a)}, ...{self.value(b)}]"
            case ast.BinOp(a, op, b) if type(op) in OPERATORS:
                return f"({self.value(a)} {OPERATORS[type(op)]} {self.value(b)})"
            case ast.BinOp(ast.Constant(float(base)), ast.Pow(), ast.Constant() | ast.UnaryOp() as power):
                return number(base ** ast.literal_eval(power))
            case ast.BinOp(a, op, b) if type(op) in CALLED:
                return f"{CALLED[type(op)]}({self.value(a)}, {self.value(b)})"
            case ast.BoolOp(op, values) if all(
                isinstance(v, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call)) for v in values
            ):
                return f"({(' && ' if isinstance(op, ast.And) else ' || ').join(map(self.test, values))})"
            case ast.Compare(left, ops, rights):
                sides = [left, *rights]
                parts = [self._comparison(a, op, b) for a, op, b in zip(sides, ops, rights)]
                return f"({' && '.join(parts)})"
            case ast.IfExp(test, a, b):
                return f"({self.test(test)} ? {self.value(a)} : {self.value(b)})"
            case ast.Tuple(parts) | ast.List(parts):
                return f"[{', '.join(map(self.value, parts))}]"
            case ast.Starred(a):
                return f"...{self.value(a)}"
            case ast.Subscript(a, ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))):
                return f"[...{self.value(a)}].reverse()"
            case ast.Subscript(a, ast.Slice(low, high, None)):
                bounds = [self.value(low) if low else "0", *([self.value(high)] if high else [])]
                return f"{self.value(a)}.slice({', '.join(bounds)})"
            case ast.Subscript(a, ast.UnaryOp(ast.USub(), ast.Constant(int()))):
                return f"{self.value(a)}.at({self.value(e.slice)})"
            case ast.Subscript(a, i) if not isinstance(i, (ast.Slice, ast.Tuple)):
                return f"{self.value(a)}[{self.value(i)}]"
            case ast.ListComp(made, [ast.comprehension(target, values, tests)]) | ast.GeneratorExp(
                made, [ast.comprehension(target, values, tests)]
            ):
                kept = "".join(f".filter(({self._target(target)}) => {self.test(test)})" for test in tests)
                return f"[...{self.value(values)}]{kept}.map(({self._target(target)}) => {self.value(made)})"
            case ast.Call(ast.Attribute(a, method), [argument], []) if method in METHODS:
                return f"{self.value(a)}.{METHODS[method]}({self.value(argument)})"
            case ast.Call(ast.Attribute(a, "pop"), [], []):
                return f"{self.value(a)}.pop()"
            case ast.Call(function, arguments, []):
                return f"{self.value(function)}({', '.join(map(self.value, arguments))})"
        raise self._refused(e, ast.unparse(e))

    def _comparison(self, a: ast.expr, op: ast.cmpop, b: ast.expr) -> str:
        if isinstance(op, (ast.In, ast.NotIn)):
            return f"{'!' * isinstance(op, ast.NotIn)}{self.value(b)}.includes({self.value(a)})"
        if type(op) not in COMPARISONS:
            raise self._refused(a, type(op).__name__)
        return f"{self.value(a)} {COMPARISONS[type(op)]} {self.value(b)}"

    def _target(self, e: ast.expr) -> str:
        if isinstance(e, (ast.Tuple, ast.List)):
            return f"[{', '.join(map(self._target, e.elts))}]"
        return self.value(e)

    def _is_list(self, e: ast.expr) -> bool:
        return isinstance(e, LISTS) or (isinstance(e, ast.Name) and e.id in self.lists)

    def _refused(self, node: ast.AST, what: str) -> CannotRunError:
        code = self.f.__code__
        line = getattr(node, "lineno", code.co_firstlineno)
        return CannotRunError(
            f"{code.co_filename}, line {line}: {what} in {code.co_name!r} has no counterpart in JavaScript here: "
            "write it in plain arithmetic, or choose backend='python'"
        )


def _walk(body: Any) -> Iterator[ast.AST]:
    """All that is computed in a body: without what stands for exceptions, and types."""
    if isinstance(body, list):
        for s in body:
            yield from _walk(s)
    elif isinstance(body, ast.AST) and not isinstance(body, ast.ExceptHandler):
        yield body
        for field, child in ast.iter_fields(body):
            if field != "annotation":
                yield from _walk(child)


LISTS = (ast.List, ast.ListComp)
CONDITIONS = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call)

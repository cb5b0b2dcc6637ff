"""Break every primitive of the table, one small change at a time, and see that the tests of the primitives go red.

Run by hand: `python tests/tools/mutate.py [primitive ...]`. Two kinds of mutants: what a closure returns is changed
(sign, scale, an operand dropped or exchanged, one point wrong, the arriving gradient ignored), and the text of a
closure is changed (a term or factor dropped, an operator or a constant replaced). Mutants that no test notices are
printed.
"""

import ast
import copy
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path += [str(Path(__file__).parents[1] / room) for room in ("core", "numeric")]
import test_accuracy
import test_table

from autograd_lite import Value
from autograd_lite.core import table as table
from autograd_lite.core.primitives import PRIMITIVES, Primitive

test_accuracy.truth = functools.lru_cache(maxsize=None)(test_accuracy.truth)
grid = functools.lru_cache(maxsize=None)(test_accuracy.grid)
Mutant = tuple[str, dict[str, Any]]  # how it reads, and the names to replace: of a primitive, or in `table`

SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}

ELU = "lambda g, x, alpha: (g * where(positive(x), positive(x), _scaled_exp(alpha, where(positive(x), 0.0, x))), "
LEAKY = "lambda g, x, slope: (g * where(positive(x), positive(x), slope), "
PROD_IF = (
    "_products_of_others: if len(xs) < 6 or (plain(xs) and "
    "(not all((%s < ieee.fabs(p) < %s for p in before + after)))):"
)
MULTIPLES = {"sign flipped", "scaled by 2", "scaled by 1 + 1e-13", "replaced by zero", "gradient ignored"}
MULTIPLES |= {"gradient squared", "wrong at one point", "operand 0 dropped", "operand 1 dropped", "operands exchanged"}
EQUIVALENT = {  # mutants that compute the same
    "+": {"operands exchanged"},  # both receive the same
    "pow'": {"operand 2 dropped", "operand 3 dropped"},  # these receive 0
    "where": {"operand 0 dropped"},
    "relu'": MULTIPLES,
    "=": MULTIPLES,
    "sign": MULTIPLES | {"lambda g, x: (0.0 * sign(x),)", "lambda g, x: (g * 0.0,)"},
    "elu": {ELU + "choose(g, 1.0 - positive(x)) * expm1(where(positive(x), 1.0, x)))"},  # for x > 0, 0 in other ways
    "leaky_relu": {LEAKY + "choose(g, 1.0 - positive(x)) * where(positive(x), 1.0, x))"},
    "chosen *": {"operand 1 dropped"},  # this receives 0
    "dot": {"_products_with_partners: return [g * z for z in v[n:2 * n] + v[:n]] + [g] * (len(v) - 2)"},  # too many
    "prod": {  # exchanged factors, and other bounds for what is far from the end of the range
        "_products_of_others: return [g * (a * b) for a, b in zip(reversed(after), before, strict=True)]",
        *(PROD_IF % bounds for bounds in (("2e-290", "1e+290"), ("1e-290", "2e+290"))),
    },
    "atan2''": {"scaled by 1 + 1e-13"},  # third derivatives have a looser bound
    "silu''": {"scaled by 1 + 1e-13"},
    "gelu''": {"scaled by 1 + 1e-13"},
    "normal_pdf": {"scaled by 1 + 1e-13"},
}


def mutants_of_results(primitive: Primitive) -> Iterator[Mutant]:
    """What the closure returns is changed."""
    vjp, forward = primitive.vjp, primitive.forward
    count = len(sample(primitive))

    def changed(how: Callable[[list[Any]], list[Any]]) -> dict[str, Any]:
        return {"vjp": lambda g, *captured: how(list(vjp(g, *captured)))}

    yield "sign flipped", changed(lambda ds: [-d for d in ds])
    yield "scaled by 2", changed(lambda ds: [2.0 * d for d in ds])
    yield "scaled by 1 + 1e-13", changed(lambda ds: [(1.0 + 1e-13) * d for d in ds])
    yield "replaced by zero", changed(lambda ds: [0.0 for d in ds])
    yield "one added", changed(lambda ds: [d + 1.0 for d in ds])
    yield "gradient ignored", {"vjp": lambda g, *captured: vjp(1.0, *captured)}
    yield "gradient squared", {"vjp": lambda g, *captured: vjp(g * g, *captured)}
    for i in range(count if count > 1 else 0):
        yield f"operand {i} dropped", changed(lambda ds, i=i: [0.0 if k == i else d for k, d in enumerate(ds)])
    if count > 1:
        yield "operands exchanged", changed(lambda ds: ds[::-1])
    if primitive.takes_operands or primitive.takes_output:
        yield "wrong at one point", {"vjp": wrong_at(sample(primitive), primitive)}
    yield "value scaled by 1 + 1e-13", {"forward": lambda *xs: (1.0 + 1e-13) * forward(*xs)}
    yield "value negated", {"forward": lambda *xs: -forward(*xs)}


def sample(primitive: Primitive) -> tuple[float, ...]:
    """A point of the grid at which some derivative is neither 0 nor infinite."""
    for xs in grid(primitive.name):
        inputs = [Value(x) for x in xs]
        PRIMITIVES[primitive.name](*inputs).backward()
        if any(0.0 < abs(x.grad) < 1e300 for x in inputs):
            return xs
    return grid(primitive.name)[0]


def wrong_at(point: tuple[float, ...], primitive: Primitive) -> Callable[..., Any]:
    vjp, at = primitive.vjp, primitive.captured(primitive.evaluate(point), point)

    def closure(g: Any, *captured: Any) -> Any:
        is_there = tuple(getattr(c, "data", c) for c in captured) == at
        return [1.5 * d if is_there else d for d in vjp(g, *captured)]

    return closure


def mutants_of_text(name: str) -> Iterator[Mutant]:
    """The text of the closure, or of a function it shares with others, is changed."""
    tree = ast.parse(Path(table.__file__).read_text())
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and ast.literal_eval(statement.value.args[0]) == name:
            called = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            for changed in changes(statement.value.args[2]):
                yield ast.unparse(changed), {"vjp": evaluated(changed)}
            for function in tree.body:
                if isinstance(function, ast.FunctionDef) and function.name in called:
                    for changed in changes(function):
                        lines = set(ast.unparse(changed).split("\n")) - set(ast.unparse(function).split("\n"))
                        yield f"{function.name}: {' '.join(lines).strip()}", {function.name: evaluated(changed)}


def changes(tree: ast.AST) -> Iterator[Any]:
    """Copies of the tree, each with one node changed."""
    for i in range(sum(1 for _ in ast.walk(tree))):
        for change in (drop_left, drop_right, swap_operator, drop_sign, double_constant, exchange_arguments):
            copied = copy.deepcopy(tree)
            target = list(ast.walk(copied))[i]
            replacement = change(target)
            if replacement is not None:
                yield ast.fix_missing_locations(Replace(target, replacement).visit(copied))


class Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def drop_left(node: ast.AST) -> Any:
    return node.right if isinstance(node, ast.BinOp) else None


def drop_right(node: ast.AST) -> Any:
    return node.left if isinstance(node, ast.BinOp) else None


def swap_operator(node: ast.AST) -> Any:
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        return ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
    return None


def drop_sign(node: ast.AST) -> Any:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else None


def double_constant(node: ast.AST) -> Any:
    is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
    return ast.Constant(2.0 * node.value + (node.value == 0.0)) if is_float else None


def exchange_arguments(node: ast.AST) -> Any:
    if (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") not in ("equal", "choose")  # the same either way
        and len(node.args) == 2
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        return ast.Call(node.func, node.args[::-1], node.keywords)
    return None


def evaluated(tree: Any) -> Any:
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.fix_missing_locations(ast.Expression(tree)), "<mutant>", "eval"), vars(table))
    scope: dict[str, Any] = {}
    module = ast.fix_missing_locations(ast.Module([tree], []))
    exec(compile(module, "<mutant>", "exec"), vars(table) | {}, scope)
    return next(iter(scope.values()))


def is_noticed(name: str, replaced: dict[str, Any]) -> bool:
    """Whether the tests of the primitive, or else those of all primitives, fail with these replacements."""
    primitive = PRIMITIVES[name]
    with pytest.MonkeyPatch.context() as patch:
        for key, value in replaced.items():
            patch.setattr(primitive if key in ("vjp", "forward") else table, key, value)
        return fails(name) or any(
            fails(other) for other in PRIMITIVES if other != name and name.strip("'") in other + name
        )


def fails(name: str) -> bool:
    try:
        if any(True for xs in grid(name) for _ in test_accuracy.failures(name, xs)):
            return True
        test_accuracy.test_a_closure_is_linear_in_the_gradient(name)
        for kink in test_table.KINKS:
            if kink[0] == name:
                test_table.test_where_no_derivative_exists_the_convention_holds(*kink)
        for choice in test_table.NOT_CHOSEN:
            if choice[0] == name:
                test_table.test_what_was_not_chosen_receives_nothing_whatever_arrives(*choice)
    except Exception:
        return True
    return False


def main(names: list[str]) -> int:
    total, survivors = 0, []
    for name in names:
        assert not fails(name), f"the tests of {name!r} fail without any change"
        mutants = [*mutants_of_results(PRIMITIVES[name]), *mutants_of_text(name)]
        mutants = [mutant for mutant in mutants if mutant[0] not in EQUIVALENT.get(name, ())]
        alive = [how for how, replaced in mutants if not is_noticed(name, replaced)]
        total += len(mutants)
        survivors += alive
        print(f"{name:12} {len(mutants):4} mutants, {len(alive)} unnoticed", flush=True)
        for how in alive:
            print(f"    {how}")
    print(f"{total} mutants, {len(survivors)} unnoticed")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:] or [*PRIMITIVES]), 1))

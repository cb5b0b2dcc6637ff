"""What type checkers and editors see: the types of what users write, the hints and the words of every function."""

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import methods
import pytest

import autograd_lite as al
from autograd_lite import Value, nn, optim, testing
from autograd_lite.core import elementary, functions
from autograd_lite.core.primitives import PRIMITIVES, operands_of

ROOMS = (al, nn, optim, testing)
PUBLIC = {
    f"{room.__name__}.{name}": f
    for room in ROOMS
    for name, f in inspect.getmembers(room, callable)
    if not name.startswith("_") and getattr(f, "__module__", "").startswith("autograd_lite")
}
TYPES = {  # what a user writes, and its type
    "tanh(a)": "Value", "tanh(0.5)": "float", "tanh(1)": "float",
    "maximum(a, 1.0)": "Value", "maximum(1.0, a)": "Value", "maximum(1, 2)": "float",
    "clamp(a)": "Value", "clamp(1.0, low=0.0)": "float", "where(a > 1, a, 2.0)": "Value",
    "leaky_relu(a, slope=0.2)": "Value", "softmax([a, a])": "list[Value]", "dot([a], [1.0])": "Value",
    "a + 1": "Value", "1 - a": "Value", "a ** 2": "Value", "-a": "Value", "+a": "Value", "abs(a)": "Value",
    "a.tanh()": "Value", "a.clamp(low=0)": "Value", "a.data": "float", "a.parents": "tuple[Value, ...]",
    "nn.MLP(2, [4, 1])": "MLP", "nn.MLP(2, [4, 1]).parameters()": "list[Value]",
}  # fmt: skip
MISTAKES = ["a.bakward()", "nn.MLP(2, [4, 1]).foo", 'tanh("x")', "a.tanh(3)", "a.clamp(lo=0)"]
SAMPLE = "\n".join(
    [
        "from autograd_lite import Value, clamp, dot, leaky_relu, maximum, nn, softmax, tanh, where",
        "a = Value(1.0)",
        *[f"reveal_type({expression})" for expression in TYPES],
        *MISTAKES,
    ]
)


def check_types(command, path):
    """The types that a checker reveals, without the names of modules, and the lines in which it finds a mistake."""
    run = subprocess.run([*command, str(path)], capture_output=True, text=True, cwd=path.parent)
    shown = re.findall(r'(?:Revealed type is|Type of ".*" is) "(.*)"', run.stdout)
    wrong = {int(line) for line in re.findall(r":(\d+)(?::\d+)?(?: -)?:? error", run.stdout)}
    return [re.sub(r"(builtins|autograd_lite(\.\w+)*)\.", "", t) for t in shown], wrong


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_type_checker_sees_what_users_write(checker, tmp_path, monkeypatch):
    program = Path(sys.executable).with_name(checker)
    if not program.exists() or (checker == "pyright" and not shutil.which("node")):
        pytest.skip(f"{checker} is not installed")
    monkeypatch.setenv("MYPYPATH", str(Path(al.__file__).parents[1]))
    monkeypatch.setenv("PYTHONPATH", str(Path(al.__file__).parents[1]))
    path = tmp_path / "sample.py"
    path.write_text(SAMPLE)
    types, wrong = check_types([program, "--strict"] if checker == "mypy" else [program], path)
    assert dict(zip(TYPES, types, strict=True)) == TYPES
    assert wrong == set(range(len(TYPES) + 3, len(TYPES) + 3 + len(MISTAKES)))


def test_the_methods_that_checkers_see_are_those_that_there_are():
    assert methods.written().strip() == methods.lines().strip(), "write them again: python tests/tools/methods.py"


@pytest.mark.parametrize("name", [n for n, f in PUBLIC.items() if not inspect.isclass(f)])
def test_every_public_function_has_hints_and_a_docstring(name):
    assert get_type_hints(PUBLIC[name]) or not inspect.signature(PUBLIC[name]).parameters
    assert inspect.getdoc(PUBLIC[name])


@pytest.mark.parametrize("name", [n for n, f in inspect.getmembers(Value) if not n.startswith("_")])
def test_every_method_of_a_value_has_a_docstring(name):
    assert inspect.getdoc(getattr(Value, name))


@pytest.mark.parametrize("name", [n for n in PRIMITIVES if n in vars(elementary) | vars(functions)])
def test_a_function_its_method_and_its_forward_have_the_same_operands(name):
    function, primitive = getattr(al, name), PRIMITIVES[name]
    if primitive.arity is None or name == "log":  # Python's own log does not tell
        return
    forward = [(p.name, p.default) for p in operands_of(primitive.forward)]
    assert [(p.name, p.default) for p in inspect.signature(function).parameters.values()] == forward
    method = list(inspect.signature(getattr(Value, name)).parameters.values())
    assert [(p.name, p.default) for p in method][1:] == forward[1:]
    x = Value(0.5)
    others = {n: 0.25 for n, default in forward[1:] if default is inspect.Parameter.empty}
    assert getattr(x, name)(**others).data == function(0.5, **others) or name == "acosh"


def test_methods_have_the_defaults_of_their_functions():
    x = Value(-2.0)
    assert x.leaky_relu().data == al.leaky_relu(-2.0) == -0.02
    assert x.clamp(low=0).data == 0.0
    assert x.clamp(high=-3.0).data == -3.0
    assert x.elu(alpha=2.0).data == al.elu(-2.0, 2.0)
    assert x.maximum(y=1.0).data == 1.0

"""The public functions: numbers or Values, IEEE results, kinks and bad input. Their accuracy is in tests/numeric."""

import doctest
import math

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Value
from autograd_lite.core import elementary, functions
from autograd_lite.core.primitives import PRIMITIVES

MADE = {**vars(elementary), **vars(functions)}
PUBLIC = [n for n, f in MADE.items() if n.islower() and n in dir(al) and ">>>" in str(f.__doc__)]
LISTS = [al.sum, al.mean, al.prod, al.max, al.min, al.norm, al.logsumexp, al.softmax, al.log_softmax]


def slopes(f, *xs):
    values = [Value(x) for x in xs]
    f(*values).backward()
    return [v.grad for v in values]


@pytest.mark.parametrize("name", [n for n in PRIMITIVES if callable(getattr(al, n, None))])
def test_every_function_gives_floats_for_numbers_and_values_for_values(name):
    function, primitive = getattr(al, name), PRIMITIVES[name]
    xs = [0.6, 0.7, 0.8][: primitive.arity or 3]
    takes_list = function in LISTS
    if name == "dot":
        assert isinstance(function(xs, xs), float)
        assert isinstance(function([Value(1.0)], [2]), Value)
        return
    plain = function(xs) if takes_list else function(*xs)
    graph = function([Value(xs[0]), *xs[1:]]) if takes_list else function(Value(xs[0]), *xs[1:])
    for number, node in zip(plain, graph) if isinstance(plain, list) else [(plain, graph)]:
        assert type(number) is float or (name == "acosh" and math.isnan(number))
        assert isinstance(node, Value)
        assert node.data == number or math.isnan(number)
    method = getattr(Value(xs[0]), name)
    assert isinstance(method(*xs[1:]), Value)


def test_every_public_function_is_documented_with_an_example():
    for room in (elementary, functions):
        for name in (n for n in vars(room) if n in PRIMITIVES):
            assert ">>>" in getattr(room, name).__doc__, name


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: al.log(0), -math.inf), (lambda: al.log(-1), math.nan), (lambda: al.exp(1000), math.inf),
        (lambda: Value(0.0) / 0, math.nan), (lambda: Value(-1.0) / 0, -math.inf), (lambda: 1 / Value(-0.0), -math.inf),
        (lambda: Value(-8.0) ** (1 / 3), math.nan), (lambda: Value(0.0) ** -1, math.inf),
        (lambda: al.sqrt(-1), math.nan),
        (lambda: Value(10.0) ** 400, math.inf), (lambda: al.atanh(1), math.inf), (lambda: al.acosh(0.5), math.nan),
        (lambda: al.cosh(-800), math.inf), (lambda: al.sinh(-800), -math.inf), (lambda: al.sin(math.inf), math.nan),
        (lambda: al.sum([math.inf, -math.inf]), math.nan), (lambda: al.logsumexp([math.inf, 0]), math.inf),
        (lambda: al.logaddexp(-math.inf, -math.inf), -math.inf), (lambda: al.prod([1e200, 1e200, 1e-300]), 1e100),
    ],
)  # fmt: skip
def test_ieee_results_instead_of_exceptions(result, expected):
    y = result()
    assert getattr(y, "data", y) == pytest.approx(expected, nan_ok=True, rel=1e-15)


@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        (al.relu, 0.0, 0.0), (al.abs, 0.0, 0.0), (al.sign, 0.0, 0.0), (al.elu, 0.0, 1.0), (al.leaky_relu, 0.0, 0.01),
        (lambda x: al.maximum(x, 0.0), 0.0, 0.5), (lambda x: al.minimum(0.0, x), 0.0, 0.5),
        (lambda x: al.clamp(x, 0.0, 1.0), 0.0, 1.0), (lambda x: al.clamp(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: al.clamp(x, 0.0, 1.0), 1.5, 0.0), (al.sqrt, 0.0, math.inf), (al.log, 0.0, math.inf),
        (lambda x: x**0, 0.0, 0.0), (lambda x: x**0, 5.0, 0.0), (lambda x: 0**x, 2.0, 0.0),
        (lambda x: (-2.0) ** x, 2.0, math.nan), (lambda x: al.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: al.atan2(x, 0.0), 0.0, 0.0), (lambda x: al.norm([x, 0.0]), 0.0, 0.0),
        (lambda x: al.where(x > 0, al.log(x), 7.0), 0.0, 0.0), (lambda x: al.where(x > 0, al.log(x), x), 0.0, 1.0),
    ],
)  # fmt: skip
def test_the_convention_at_a_kink(function, x, slope):
    assert slopes(function, x) == pytest.approx([slope], nan_ok=True)


def test_ties_share_the_gradient_equally():
    assert slopes(lambda *xs: al.max(xs), 3.0, 1.0, 3.0) == [0.5, 0.0, 0.5]
    assert slopes(lambda *xs: al.min(xs), 2.0, 2.0, 2.0) == pytest.approx([1 / 3] * 3)
    assert slopes(al.maximum, 2.0, 2.0) == [0.5, 0.5]


@pytest.mark.parametrize(
    "name", [n for n in PRIMITIVES if n not in ("where", "sign") and callable(getattr(al, n, None))]
)
def test_nan_in_gives_nan_out_and_a_nan_gradient(name):
    function, primitive = getattr(al, name), PRIMITIVES[name]
    x = Value(math.nan)
    others = [0.5, 0.75][: (primitive.arity or 2) - 1]
    if name == "dot":
        y = al.dot([x], [2.0], 1.0)
    else:
        y = function([x, *others]) if function in LISTS else function(x, *others)
    y = y[0] if isinstance(y, list) else y
    assert math.isnan(y.data)
    y.backward()
    assert math.isnan(x.grad) or name in ("sum", "mean", "dot", "prod")  # their derivative does not depend on x


def test_a_product_with_zeros_has_the_right_gradient():
    assert slopes(lambda *xs: al.prod(xs), 2.0, 0.0, 5.0) == [0.0, 10.0, 0.0]
    assert slopes(lambda *xs: al.prod(xs), 0.0, 0.0, 5.0) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("function", LISTS)
@pytest.mark.parametrize(
    ("junk", "error", "says"),
    [
        ([], ValueError, "is empty"), ("12", TypeError, "must be a list"), (3.0, TypeError, "must be a list"),
        (None, TypeError, "must be a list"), (Value(1.0), TypeError, "must be a list"),
        ([1.0, "x"], TypeError, "operand 1 of .* must be a real number, not 'x'"), ([[1.0]], TypeError, "operand 0"),
    ],
)  # fmt: skip
def test_a_bad_list_is_a_clear_error(function, junk, error, says):
    with pytest.raises(error, match=says):
        function(junk)


def test_other_bad_input():
    with pytest.raises(ValueError, match="two lists of one length, got 2 and 1"):
        al.dot([1.0, 2.0], [3.0])
    with pytest.raises(TypeError, match="operand 0 of exp must be a real number, not 'x'"):
        al.exp("x")
    with pytest.raises(TypeError, match="operand 1 of maximum must be a real number, not None"):
        al.maximum(Value(1.0), None)
    with pytest.raises(TypeError):
        al.exp(1.0, 2.0)


def test_generators_and_arrays_are_lists_too():
    assert al.sum(x for x in (1, 2, 3)) == 6.0
    assert al.mean(np.array([1.0, 3.0])) == 2.0


def test_import_star_leaves_python_s_own_functions_alone():
    names = {}
    exec("from autograd_lite import *", names)
    assert "tanh" in names
    assert not names.keys() & {"abs", "max", "min", "pow", "sum"}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_in_the_documentation_is_right(name):
    function = getattr(al, name)
    (example,) = doctest.DocTestParser().get_examples(function.__doc__)
    assert doctest.OutputChecker().check_output(example.want, f"{eval(example.source, {name: function})!r}\n", 0)

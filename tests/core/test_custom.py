"""A user's own primitive: the same declaration as a row of the table."""

import math
from functools import lru_cache, partial

import pytest

from autograd_lite import Value, exp, jit, primitive


def test_a_primitive_works_eagerly_and_at_higher_order():
    softsquare = primitive("softsquare", lambda x: math.exp(-x * x), lambda g, y, x: (g * (-2 * x * y),))
    x = Value(0.5)
    y = softsquare(x)
    y.backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert y.data == math.exp(-0.25)
    assert slope.data == -y.data
    assert x.grad == pytest.approx((4 * 0.25 - 2) * y.data)
    assert x.softsquare().op == "softsquare"
    assert softsquare(0.0) == 1.0


def test_a_maker_of_closures_is_taken_too():
    scaled_exp = primitive("scaled_exp", lambda a, x: a * math.exp(x), lambda y, a, x: lambda g: (g * exp(x), g * y))
    a, x = Value(2.0), Value(0.0)
    scaled_exp(a, x).backward()
    assert (a.grad, x.grad) == (1.0, 2.0)


def test_a_pole_in_a_user_s_forward_follows_ieee():
    inverse = primitive("inverse", lambda x: 1 / x, lambda g, x: (-g / x**2,))
    x = Value(0.0)
    y = inverse(x)
    y.backward()
    assert (y.data, x.grad) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    ("vjp", "says"),
    [
        (lambda g, a, b: (g * b,), "must return a tuple of 2"),
        (lambda g, a, b: None, "must return a tuple of 2, one gradient for each operand, not None"),
        (lambda g, a, b: g * b, "must return a tuple of 2"),
        (lambda g, a, b: (g * b, "x"), "gradient 1 that the closure of 'pair' returns must be a real number"),
        (lambda grad, a, b: (grad * b, grad * a), "'pair'"),
    ],
)
def test_a_wrong_closure_is_an_error_that_names_the_rule(vjp, says):
    pair = primitive("pair", lambda a, b: a * b, vjp)
    a, b = Value(2.0), Value(3.0)
    with pytest.raises(TypeError, match=says):
        pair(a, b).backward()
    assert (a.grad, b.grad) == (0.0, 0.0)


def test_wrong_declarations():
    ok = (lambda x: x, lambda g: (g,))
    with pytest.raises(ValueError, match="'exp' belongs to autograd_lite already"):
        primitive("exp", *ok)
    with pytest.raises(ValueError, match="'backward' belongs to autograd_lite already"):
        primitive("backward", *ok)
    with pytest.raises(TypeError, match="non-empty string, not 3"):
        primitive(3, *ok)
    with pytest.raises(TypeError, match=r"primitive\(vjp\) of 'p' must be a function, not None"):
        primitive("p", lambda x: x, None)
    with pytest.raises(ValueError, match=r"one \{\} for each of 1 operands"):
        primitive("p", *ok, form="p({}, {})")
    with pytest.raises(TypeError, match="the value that forward of 'p' returns must be a real number, not 'x'"):
        primitive("p", lambda x: "x", lambda g: (g,))(Value(1.0))


def test_a_declaration_may_be_repeated_as_a_notebook_cell_is():
    primitive("twice", lambda x: 2 * x, lambda g: (g,))
    twice = primitive("twice", lambda x: 2 * x, lambda g: (2 * g,))
    x = Value(1.0)
    twice(x).backward()
    assert x.grad == 2.0
    assert x.twice().data == 2.0


@lru_cache
def gamma(x):
    return 2.0 * x


@pytest.mark.parametrize(
    "forward",
    [gamma, partial(lambda k, x: k * x, 2.0), lambda x: 2.0 * float(f"{x!r}")],
    ids=["cached function", "partial", "what Numba has no types for"],
)
def test_a_forward_that_no_compiler_translates_is_run_by_python(forward):
    """And never as the function of `math` that has its name."""
    pytest.importorskip("numba")
    odd = primitive("odd", forward, lambda g, x: (2.0 * g,), form="odd({})")
    assert jit(lambda x: odd(x) + 1.0)(3.0) == 7.0
    with pytest.raises(TypeError, match=r"backend='python'"):
        jit(lambda x: odd(x) + 1.0, backend="numba")(3.0)

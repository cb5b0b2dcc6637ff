"""Derivatives as functions: what each transform returns, how they nest, and what they refuse."""

import math
from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import (
    Value,
    atan2,
    detect_anomaly,
    exp,
    grad,
    hessian,
    hvp,
    hypot,
    jacobian,
    jvp,
    log,
    logsumexp,
    maximum,
    no_grad,
    primitive,
    sin,
    softplus,
    sqrt,
    sum,
    tanh,
    value_and_grad,
    vjp,
    where,
)

reals = st.floats(-3.0, 3.0)


def nth(f, n):
    """The n-th derivative of f, by nesting grad."""
    for _ in range(n):
        f = grad(f)
    return f


# --- what they compute ---------------------------------------------------------------------------------------------


def test_gradient_in_the_argument_asked_for():
    def f(x, y):
        return x**2 * y

    assert grad(f)(3.0, 5.0) == 30.0
    assert grad(f, 1)(3.0, 5.0) == grad(f, -1)(3.0, 5.0) == 9.0
    assert grad(f, (1, 0))(3.0, 5.0) == (9.0, 30.0)
    assert value_and_grad(f, (0,))(3.0, 5.0) == (45.0, (30.0,))


def test_keyword_arguments_and_arguments_that_are_no_numbers_pass_through():
    def f(kind, x, *, scale):
        return scale * (sin(x) if kind == "sine" else x)

    assert grad(f, 1)("sine", 0.0, scale=2.0) == 2.0
    assert grad(f, 1)("line", 0.0, scale=3.0) == 3.0


@pytest.mark.parametrize("x", [3, True, np.float32(3.0), np.int64(3), Fraction(3)])
def test_any_real_number_is_an_argument(x):
    assert grad(lambda x: x * x)(x) == 2.0 * float(x)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ([1.0, [2.0, 3.0]], [2.0, [4.0, 6.0]]),
        ({"b": 1.0, "a": (2.0,)}, {"b": 2.0, "a": (4.0,)}),
        (Point(1.0, [2.0]), Point(2.0, [4.0])),
        ([], []),
    ],
)
def test_gradients_come_back_in_the_arguments_structure(tree, expected):
    def squares(tree):
        if isinstance(tree, dict):
            tree = list(tree.values())
        return sum([0.0, *map(squares, tree)]) if isinstance(tree, (list, tuple)) else tree * tree

    result = grad(squares)(tree)
    assert result == expected
    assert type(result) is type(expected)


def test_arrays_in_arrays_out():
    x = np.array([[1, 2], [3, 4]])
    result = grad(lambda a: (a * a * a).sum())(x)
    np.testing.assert_array_equal(result, 3.0 * x**2)
    assert result.dtype == float
    np.testing.assert_array_equal(hessian(lambda v: v @ v)(np.ones(2)), 2.0 * np.eye(2))
    np.testing.assert_array_equal(jacobian(lambda v: np.tanh(v))(np.zeros(3)), np.eye(3))
    assert grad(lambda a: a * 3.0)(np.array(2.0)) == 3.0


def test_jacobian_has_the_results_structure_and_within_it_the_arguments():
    def f(p):
        return {"product": p[0] * p[1], "both": [p[0], 7.0]}

    assert jacobian(f)((2.0, 3.0)) == {"product": (3.0, 2.0), "both": [(1.0, 0.0), (0.0, 0.0)]}
    mixed = jacobian(lambda x, p: np.array([x, p["a"][1] * x]), (0, 1))(2.0, {"a": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(mixed[0], [1.0, 4.0])
    np.testing.assert_array_equal(mixed[1]["a"], [[0.0, 0.0], [0.0, 2.0]])


@given(st.lists(reals, min_size=1, max_size=4), st.lists(reals, min_size=4, max_size=4))
def test_jvp_vjp_jacobian_and_hvp_tell_one_story(x, direction):
    direction = direction[: len(x)]

    def f(v):
        return [tanh(sum([a * b for a, b in zip(v, direction)])), logsumexp(v), v[0] * v[-1]]

    rows = jacobian(f)(x)
    value, rates = jvp(f, (x,), (direction,))
    again, pull = vjp(f, x)
    assert value == again == f(x)
    for i, (row, rate) in enumerate(zip(rows, rates)):
        assert rate == pytest.approx(sum([d * t for d, t in zip(row, direction)]), abs=1e-12)
        assert pull([float(i == j) for j in range(3)])[0] == pytest.approx(row, abs=1e-12)
    table = hessian(logsumexp)(x)
    product = [sum([h * t for h, t in zip(row, direction)]) for row in table]
    assert hvp(logsumexp, (x,), (direction,)) == pytest.approx(product, abs=1e-12)
    np.testing.assert_allclose(table, np.transpose(table), atol=1e-15)


def test_hvp_of_several_arguments_is_a_tuple():
    assert hvp(lambda x, y: x**2 * y, (3.0, 4.0), (1.0, 0.0)) == (8.0, 6.0)


def test_jacobian_of_many_results_takes_one_forward_pass_for_each_argument():
    calls = 0

    def count(g, x):
        nonlocal calls
        calls += 1
        return (g,)

    tick = primitive("tick", lambda x: x, count)
    assert jacobian(lambda t: [tick(t) * i for i in range(5)])(2.0) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert calls == 5
    jacobian(lambda v: sum([tick(x) for x in v]))([1.0, 2.0, 3.0])
    assert calls == 8


def test_jvp_runs_each_closure_once():
    """One forward pass: no double backward, and nothing for each direction."""
    visits = []
    step = primitive("visited", lambda x: x + 1.0, lambda g, x: (visits.append(1), (g,))[1])

    def chain(x, y):
        for _ in range(50):
            x = step(x)
        return x * y

    assert jvp(chain, (1.0, 2.0), (1.0, 1.0)) == (102.0, 2.0 + 51.0)
    assert len(visits) == 50


# --- the hard cases ------------------------------------------------------------------------------------------------


def test_derivatives_of_the_bell_curve_at_0():
    assert [nth(lambda x: exp(-(x**2)), n)(0.0) for n in range(5)] == [1.0, 0.0, -2.0, 0.0, 12.0]


@pytest.mark.parametrize("n", range(1, 11))
def test_taylor_coefficients(n):
    """All ten derivatives of exp and of 1/x, and of x**n at 0 to one beyond its degree."""
    assert nth(exp, n)(0.5) == pytest.approx(math.exp(0.5), rel=1e-15)
    assert nth(lambda x: 1.0 / x, n)(4.0) == pytest.approx((-1) ** n * math.factorial(n) / 4.0 ** (n + 1), rel=1e-15)
    assert nth(lambda x: x**n, n)(0.0) == math.factorial(n)
    assert nth(lambda x: x**n, n + 1)(0.0) == 0.0


def test_sixth_derivative_of_the_reciprocal_at_4():
    assert nth(lambda x: 1 / x, 6)(4.0) == pytest.approx(720.0 / 4.0**7, rel=1e-15)


def test_pow_hessian_is_symmetric_at_exponent_0():
    assert hessian(lambda x, y: x**y, (0, 1))(4.0, 0.0) == ((0.0, 0.25), (0.25, pytest.approx(math.log(4.0) ** 2)))


def test_guards_at_singular_points():
    assert grad(softplus)(0.0) == 0.5
    assert math.isnan(grad(lambda x: sqrt(x**2))(0.0))  # inf * 0: the chain rule has no answer here
    assert grad(lambda x: where(x > 0.0, sqrt(x), 0.0))(0.0) == 0.0
    assert grad(lambda x: where(x > 0.0, log(x), 2.0 * x))(-1.0) == 2.0
    assert jvp(lambda x: where(x > 0.0, log(x), 2.0 * x), (0.0,), (1.0,)) == (0.0, 2.0)
    assert grad(lambda x, y: hypot(x, y), (0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert grad(maximum, (0, 1))(1.0, 1.0) == (0.5, 0.5)


def test_newtons_method_finds_the_square_root_of_2():
    def f(x):
        return x * x - 2.0

    x = 1.0
    for _ in range(6):
        x -= f(x) / grad(f)(x)
    assert x == pytest.approx(math.sqrt(2.0), rel=1e-15)


def test_newtons_method_in_two_dimensions_by_hessian():
    def rosenbrock(p):
        return (1.0 - p[0]) ** 2 + 100.0 * (p[1] - p[0] ** 2) ** 2

    p = np.array([-1.2, 1.0])
    for _ in range(8):
        p = p - np.linalg.solve(hessian(rosenbrock)(p), grad(rosenbrock)(p))
    assert p == pytest.approx([1.0, 1.0], abs=1e-12)


@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_curvature_of_an_ellipse(a, b):
    """(x' y'' - y' x'') / (x'**2 + y'**2)**1.5, by differentiating the jvp of the curve."""

    def velocity(t):
        return jvp(lambda t: [a * sin(t + math.pi / 2), b * sin(t)], (t,), (1.0,))[1]

    (dx, dy), (ddx, ddy) = jvp(velocity, (0.0,), (1.0,))
    assert (dx * ddy - dy * ddx) / math.hypot(dx, dy) ** 3 == pytest.approx(a / b**2, rel=1e-9)


def test_a_million_nodes():
    def f(x):
        y = x
        for _ in range(250_000):
            y = y * 0.5 + x
        return y

    assert grad(f)(1.0) == pytest.approx(2.0)


# --- nesting -------------------------------------------------------------------------------------------------------


def test_no_perturbation_confusion():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0  # the inner y is not the outer x, though equal to it
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,)) == (1.0, 1.0)
    assert grad(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0


@given(reals)
def test_all_four_ways_to_the_second_derivative_agree(x):
    def f(x):
        return sin(x) * exp(x)

    def forward(x):
        return jvp(f, (x,), (1.0,))[1]

    expected = pytest.approx(2.0 * math.cos(x) * math.exp(x), abs=1e-12)
    assert grad(grad(f))(x) == expected
    assert grad(forward)(x) == expected
    assert jvp(grad(f), (x,), (1.0,))[1] == expected
    assert jvp(forward, (x,), (1.0,))[1] == expected
    assert hessian(f)(x) == expected


def test_hessian_of_a_function_that_uses_grad():
    """f = d(x**3 y)/dx = 3 x**2 y, whose Hessian is [[6 y, 6 x], [6 x, 0]]."""
    f = grad(lambda x, y: x**3 * y)
    assert hessian(f, (0, 1))(2.0, 5.0) == ((30.0, 12.0), (12.0, 0.0))


def test_the_same_value_for_two_arguments_is_two_variables():
    x = Value(3.0)
    assert [g.data for g in grad(lambda a, b: a * a * b, (0, 1))(x, x)] == [18.0, 9.0]


def test_values_from_outside_connect_the_result():
    """A derivative in the input, trained on by its parameters: `w` is found whether argument or not."""
    w = Value(2.0)
    slope = grad(lambda x: w * x * x)(3.0)
    assert slope.data == 12.0
    slope.backward()
    assert w.grad == 6.0
    w.grad = 0.0
    grad(lambda w: w**3)(w).backward()
    assert w.grad == 12.0
    w.grad = 0.0
    product = jvp(lambda x: x * x, (3.0,), (w,))[1]
    product.backward()
    assert (product.data, w.grad) == (12.0, 6.0)
    pulled = vjp(lambda x: x * x, 3.0)[1](w)[0]
    assert pulled.data == 12.0


def test_grads_of_the_users_values_stay():
    w, u = Value(2.0), Value(4.0)
    w.grad = 7.0
    middle = w * u
    middle.grad = 8.0
    grad(lambda x: middle * x + w * x)(3.0)
    jvp(lambda x: middle * x + w * x, (3.0,), (1.0,))
    assert (w.grad, u.grad, middle.grad) == (7.0, 0.0, 8.0)


def test_under_no_grad_the_derivative_is_right_and_unconnected():
    w = Value(2.0)
    with no_grad():
        assert value_and_grad(lambda x: w * x * x)(3.0) == (18.0, 12.0)
        assert grad(grad(lambda x: w * x * x))(3.0) == 4.0
        assert hvp(lambda x: w * x * x, (3.0,), (1.0,)) == 4.0


def test_under_detect_anomaly_the_first_bad_number_is_named():
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"log"):
        grad(lambda x: log(x) * 0.0)(0.0)


def test_nodes_recorded_by_hand_take_part():
    def local(x):
        return Value(x.data**2, (x,), (2.0 * x.data,))

    def pushed(x):
        y = Value(x.data**2, (x,), "square")

        def push():
            x.grad += 2.0 * x.data * y.grad

        y._backward = push
        return y

    for square in (local, pushed):
        assert grad(lambda x: square(x) * x)(3.0) == 27.0  # noqa: B023
        assert jvp(lambda x: square(x) * x, (3.0,), (1.0,)) == (27.0, 27.0)  # noqa: B023
        with pytest.raises(TypeError, match=r"recorded by hand"):
            grad(grad(square))(3.0)


# --- what has no derivative, and what is refused -------------------------------------------------------------------


def test_what_the_result_does_not_depend_on_has_gradient_0():
    assert grad(lambda x, y: x, (0, 1))(1.0, 2.0) == (1.0, 0.0)
    assert grad(lambda x: 5.0)(1.0) == 0.0
    assert jvp(lambda x: 5, (1.0,), (1.0,)) == (5.0, 0.0)
    assert hessian(lambda v: v[0])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_data_and_comparisons_are_constant():
    assert grad(lambda x: x.data**2)(3.0) == 0.0
    assert grad(lambda x: x.data * x)(3.0) == 3.0
    assert grad(lambda x: x if x > 0.0 else -x)(-3.0) == -1.0
    assert grad(lambda x: (x > 0.0) * x)(3.0) == 1.0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: grad(3.0), TypeError, "f must be a function.*3.0"),
        (lambda: grad(sin, "x"), TypeError, "argnums.*'x'"),
        (lambda: hessian(sin, 1.5), TypeError, "argnums.*1.5"),
        (lambda: grad(sin, 1)(2.0), ValueError, "argument 1.*sin.*1 positional"),
        (lambda: grad(sin)(), ValueError, "argument 0.*sin.*0 positional"),
        (lambda: grad(sin)("a"), TypeError, "argument 0 of sin.*'a'.*quotes"),
        (lambda: grad(lambda p: 1.0)({"a": [1.0, None]}), TypeError, r"\['a'\]\[1\].*None"),
        (lambda: grad(lambda p: 1.0)(np.array(["a"])), TypeError, "array of real numbers"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "returned None.*return"),
        (lambda: grad(lambda x: "s")(1.0), TypeError, "result of <lambda>.*'s'"),
        (lambda: grad(lambda x: [x])(1.0), TypeError, "list of length 1.*jacobian"),
        (lambda: grad(lambda x: np.array([x, x]))(1.0), TypeError, r"array of shape \(2,\).*jacobian"),
        (lambda: jvp(sin, 1.0, 1.0), TypeError, r"jvp\(primals\).*\(1.0,\)"),
        (lambda: jvp(sin, (1.0,), 1.0), TypeError, r"jvp\(tangents\) must be a tuple"),
        (lambda: jvp(sin, (1.0,), (1.0, 2.0)), ValueError, r"jvp\(tangents\).*length 1.*length 2"),
        (lambda: jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)), ValueError, r"keys \['a'\].*keys \['b'\]"),
        (lambda: hvp(sin, (), ()), TypeError, r"hvp\(primals\)"),
        (lambda: vjp(lambda x: [x, x], 1.0)[1](1.0), ValueError, r"pull\(cotangents\).*list of length 2.*a number"),
    ],
)
def test_errors_say_what_was_wrong(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_dicts_match_in_any_order():
    value, rates = jvp(lambda p: p["a"] * p["b"], ({"a": 2.0, "b": 3.0},), ({"b": 0.0, "a": 1.0},))
    assert (value, rates) == (6.0, 3.0)


def test_an_error_inside_leaves_no_trace():
    w = Value(2.0)
    w.grad = 7.0
    broken = primitive("broken", lambda x: x, lambda g, x: (g, g))
    with pytest.raises(TypeError, match=r"broken"):
        grad(lambda x: broken(x * w))(1.0)
    assert w.grad == 7.0


def test_a_derivative_is_named_after_its_function():
    assert hessian(atan2).__name__ == "hessian(atan2)"


def test_numbers_in_numbers_out_however_nested():
    assert grad(lambda x: x * grad(lambda y: x * y * y)(3.0))(4.0) == 48.0
    assert type(grad(lambda x: x * grad(lambda y: y * y)(3.0))(4.0)) is float
    assert type(grad(lambda x: vjp(lambda y: x * y, 3.0)[1](x)[0])(4.0)) is float
    table = jacobian(lambda v: np.array([grad(lambda u: u * u * v[0])(1.0) + v[1], v[0]]))(np.array([1.0, 2.0]))
    assert table.dtype == float
    np.testing.assert_allclose(np.linalg.solve(table, [1.0, 0.0]), [0.0, 1.0])
    value, slope = jvp(lambda x: [np.float64(2.0), x * np.float32(3.0)], (1.0,), (np.float64(2.0),))
    assert {type(y) for y in (*value, *slope)} == {float}
    outer = []

    def inner_keeps_the_outer(x):
        return grad(lambda y: outer.append((x, y)) or x * y)(3.0) * x

    assert hessian(inner_keeps_the_outer)(5.0) == 2.0


def test_values_made_inside_a_function_are_numbers_of_it():
    assert grad(lambda x: x * Value(2.0, (), ""))(3.0) == 2.0
    assert type(grad(lambda x: x * Value(2.0, [], []))(3.0)) is float

    def total(x):
        so_far = Value(0.0)
        for _ in range(3):
            so_far += x * x
        return so_far

    assert (grad(total)(2.0), jacobian(total)(2.0), hessian(total)(2.0)) == (12.0, 12.0, 6.0)
    assert [*map(type, value_and_grad(total)(2.0))] == [*map(type, jvp(total, (2.0,), (1.0,)))] == [float, float]
    assert type(grad(lambda x: x * grad(total)(x))(2.0)) is float
    assert type(grad(lambda x: x.detach() * Value(x.data) * x)(2.0)) is float


def test_a_value_made_inside_is_of_the_outside_for_what_comes_after():
    kept = []
    assert grad(lambda x: x * (kept.append(Value(3.0)) or kept[0]))(2.0) == 3.0
    (w,) = kept
    slope = grad(lambda x: x * x * w)(2.0)
    slope.backward()
    assert (slope.data, w.grad) == (12.0, 4.0)

    def inner_uses_what_the_outer_made(x):
        w = Value(3.0)
        return grad(lambda y: y * y * w * x)(2.0)

    assert grad(inner_uses_what_the_outer_made)(5.0) == 12.0


def test_values_compare_as_numbers_while_a_transform_runs():
    def f(x, y):
        return x * 3.0 if x == y else y

    assert (f(2.0, 2.0), grad(f, (0, 1))(2.0, 2.0), grad(f, (0, 1))(2.0, 1.0)) == (6.0, (3.0, 0.0), (0.0, 1.0))
    assert grad(lambda x: x * x if x != 1.0 else 0.0 * x)(1.0) == 0.0
    a, b = Value(1.0), Value(1.0)
    assert a != b


@pytest.mark.parametrize("argnums", [(0, 0), (1, -1), (0, 1, -2)])
def test_a_position_named_twice_is_refused(argnums):
    with pytest.raises(ValueError, match=r"argnums names argument .* twice"):
        grad(lambda x, y: x * y, argnums)(1.0, 2.0)

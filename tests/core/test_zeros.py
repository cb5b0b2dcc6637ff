"""What a zero means: what was not chosen is no path, and a zero stops, the same in every mode."""

import math

import pytest

from autograd_lite import (
    Value,
    abs,
    acos,
    acosh,
    atan2,
    clamp,
    detect_anomaly,
    elu,
    grad,
    hessian,
    hypot,
    jit,
    jvp,
    leaky_relu,
    log,
    logaddexp,
    max,
    maximum,
    mean,
    min,
    minimum,
    norm,
    prod,
    relu,
    sin,
    sqrt,
    sum,
    value_and_grad,
    where,
)  # fmt: skip

inf, nan = math.inf, math.nan
NO_PATH = {  # a function, a point, and its derivative there: what was not chosen receives nothing, whatever arrives
    "clamp": (lambda x: acos(clamp(x, -1.0, 1.0)), 2.0, 0.0),
    "clamp below": (lambda x: acos(clamp(x, -1.0, 1.0)), -2.0, 0.0),
    "relu": (lambda x: sqrt(relu(x)), -10.0, 0.0),
    "relu at 0": (lambda x: sqrt(relu(x)), 0.0, 0.0),
    "a power of relu": (lambda x: relu(x) ** 0.5, -1.0, 0.0),
    "log of relu": (lambda x: log(relu(x)), -1.0, 0.0),
    "maximum": (lambda x: sqrt(maximum(x, 0.0)), -1.0, 0.0),
    "maximum, the other": (lambda x: sqrt(maximum(0.0, x)), -1.0, 0.0),
    "minimum": (lambda x: sqrt(minimum(x, 0.0)), 1.0, 0.0),
    "max": (lambda x: sqrt(max([x, 0.0, -3.0])), -1.0, 0.0),
    "min": (lambda x: sqrt(min([x, 0.0, 3.0])), 1.0, 0.0),
    "where": (lambda x: sqrt(where(x > 0.0, x, 0.0)), -1.0, 0.0),
    "where, not used": (lambda x: where(x > 0.0, log(x), 7.0), 0.0, 0.0),
    "leaky relu's slope": (lambda x: sqrt(leaky_relu(0.0, x)) + sqrt(elu(0.0, x)), 2.0, nan),  # 0 * slope: a path
    "leaky relu's slope beyond": (lambda x: acos(leaky_relu(1.0, x)) + acos(elu(1.0, x)), 2.0, 0.0),
    "nested": (lambda x: sqrt(relu(relu(x) * 3.0)), -1.0, 0.0),
    "chosen": (lambda x: sqrt(maximum(x, 0.0)), 4.0, 0.25),
}
ALONG_A_PATH = {  # a zero derivative that an infinite adjoint meets
    "square": (lambda x: sqrt(x * x), 0.0, nan),
    "abs": (lambda x: sqrt(abs(x)), 0.0, nan),
    "power": (lambda x: sqrt(x**2), 0.0, nan),
    "times 0": (lambda x: sqrt(x * 0.0), 1.0, nan),
    "stopped": (lambda x: sqrt(x) * 0.0, 0.0, 0.0),
    "stopped by a square": (lambda x: sqrt(x) ** 2, 0.0, 0.0),
    "operand twice, chosen once": (lambda x: acosh(elu(x, x)), 1.0, inf),
    "operand and bound": (lambda x: log(clamp(x, x, 2.0) - 1.0), 1.0, inf),
    "another path": (lambda x: sqrt(relu(x)) + x, -1.0, 1.0),
}
POINTS = NO_PATH | ALONG_A_PATH
MODES = {
    "backward": lambda f, x: grad(f)(x),
    "forward": lambda f, x: jvp(f, (x,), (1.0,))[1],
    "backward, compiled": lambda f, x: jit(grad(f), backend="python")(x),
    "forward, compiled": lambda f, x: jit(lambda x: jvp(f, (x,), (1.0,))[1], backend="python")(x),
    "recorded": lambda f, x: recorded(f, x),
    "backward of forward": lambda f, x: value_and_grad(lambda t: jvp(f, (x,), (t,))[1])(1.0)[1],
}


def recorded(f, x):
    leaf = Value(x)
    f(leaf).backward(create_graph=True)
    return leaf.grad.data


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", POINTS)
def test_every_mode_says_the_same(name, mode):
    f, x, expected = POINTS[name]
    got = MODES[mode](f, x)
    assert getattr(got, "data", got) == pytest.approx(expected, nan_ok=True)


def test_a_zero_stops_the_number_and_not_the_graph():
    assert hessian(lambda x: sin(x) ** 2)(0.0) == 2.0
    assert hessian(lambda x: relu(x) ** 2)(1.0) == 2.0
    assert jit(hessian(lambda x: sin(x) ** 2), backend="python")(0.0) == 2.0


def test_an_input_that_does_not_move_is_no_path():
    assert jvp(lambda x, y: sqrt(x) + y, (0.0, 1.0), (0.0, 1.0))[1] == 1.0


def test_a_stop_before_an_infinite_derivative_is_reported():
    x = Value(0.0, label="x")
    y = (sqrt(x) * 1e-200) * 1e-200
    y.backward()
    assert x.grad == 0.0
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"sqrt\(x=0.0\) is exactly 0, .* derivative is inf"):
        y.backward()
    with detect_anomaly(), pytest.raises(FloatingPointError, match="exactly 0"):
        y.backward(create_graph=True)


@pytest.mark.parametrize("name", [n for n in NO_PATH if "log" not in n and "not used" not in n and "slope" not in n])
def test_what_was_not_chosen_is_no_anomaly(name):
    f, x, _ = NO_PATH[name]
    y = where(Value(0.0), f(Value(x)), Value(1.0))
    with detect_anomaly():
        y.backward()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "f", [lambda v: norm(v) ** 2, norm, lambda v: hypot(*v), lambda v: hypot(*v) ** 2, lambda v: atan2(*v)]
)
def test_at_the_origin_second_derivatives_of_a_length_are_nan(f, compiled):
    first, second = (jit(t(f), backend="python") if compiled else t(f) for t in (grad, hessian))
    assert list(first([0.0, 0.0])) == [0.0, 0.0]
    assert all(math.isnan(x) for row in second([0.0, 0.0]) for x in row)
    assert not any(math.isnan(x) for row in second([0.0, 1.0]) for x in row)


def test_one_operand_at_infinity_has_all_of_a_soft_maximum():
    for t in (lambda f: f, lambda f: jit(f, backend="python")):
        assert t(grad(logaddexp, argnums=(0, 1)))(inf, 0.0) == (1.0, 0.0)
        assert t(grad(logaddexp, argnums=(0, 1)))(0.0, inf) == (0.0, 1.0)


@pytest.mark.parametrize("t", [lambda f: f, lambda f: jit(f, backend="python")])
def test_a_length_with_an_infinite_part_is_infinite(t):
    for xs in ((nan, inf), (inf, nan), (-inf, nan)):
        assert t(hypot)(*xs) == inf
        assert t(lambda a, b: norm([a, 1.0, b]))(*xs) == inf
    assert math.isnan(t(hypot)(nan, 1.0))


def test_recording_keeps_the_sign_of_a_zero():
    functions = [lambda x: 0.0 - x, lambda x: x + 0.0, lambda x: x - 0.0, lambda x: x + -0.0, lambda x: -0.0 - x]
    of_one = [lambda x, reduce=reduce: reduce([x]) for reduce in (sum, mean, prod, max, min, norm)]
    for f in (*functions, *of_one):
        for x in (0.0, -0.0, 1.0):
            assert math.copysign(1.0, jit(f, backend="python")(x)) == math.copysign(1.0, f(x))


def test_ties_still_share():
    xs = [Value(1.0), Value(1.0)]
    sum([max(xs), min(xs)]).backward()
    assert [x.grad for x in xs] == [1.0, 1.0]

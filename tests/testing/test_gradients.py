"""The toolkit that checks derivatives, checked: it must find every deliberate mistake and name the guilty primitive."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

import autograd_lite
from autograd_lite import Value, clamp, cos, dot, exp, hypot, maximum, norm, primitive, relu, sin, sqrt, tanh, where
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.testing import (
    CannotTellError,
    Expression,
    GraphMachine,
    Network,
    WrongGradientError,
    assert_close_ulp,
    check_gradients,
    complex_step,
    expressions,
    inputs_for,
    mlps,
    numerical_derivative,
    ulp_distance,
    values,
)

thousandths = st.integers(-2000, 2000).map(lambda n: n / 1000)


# --- distances -----------------------------------------------------------------------------------------------------


@given(st.floats(-1e300, 1e300), st.integers(0, 50))
def test_ulp_distance_counts_floats(x, n):
    y = x
    for _ in range(n):
        y = math.nextafter(y, math.inf)
    assert ulp_distance(x, y) == ulp_distance(y, x) == n


def test_ulp_distance_of_special_numbers():
    mpmath = pytest.importorskip("mpmath")
    assert ulp_distance(0.0, -0.0) == 0.0
    assert ulp_distance(math.nan, math.nan) == 0.0
    assert ulp_distance(1.0, math.nan) == math.inf
    assert ulp_distance(math.inf, 1.7976931348623157e308) == 1.0
    with mpmath.workprec(100):
        assert ulp_distance(1.0, mpmath.mpf(1) + mpmath.mpf(2) ** -53) == 0.5


def test_assert_close_ulp_says_by_how_much():
    assert_close_ulp(1.0, 1.0 + 3 * 2.0**-52, ulp=3)
    with pytest.raises(AssertionError, match=r"slope is 1.0, expected 1.00.*: 3 ULP apart, 2 allowed"):
        assert_close_ulp(1.0, 1.0 + 3 * 2.0**-52, ulp=2, what="slope")


# --- derivatives without primitives --------------------------------------------------------------------------------

FUNCTIONS = [
    (math.exp, math.exp, 1.0),
    (math.sin, math.cos, 1e3),
    (math.log, lambda x: 1.0 / x, 1e-8),
    (math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-300),
    (lambda x: 1.0 / x, lambda x: -1.0 / x**2, -1e100),
    (lambda x: x**3, lambda x: 3.0 * x**2, 0.0),
    (lambda x: 7.0, lambda x: 0.0, 5.0),
]


@pytest.mark.parametrize(("f", "slope", "x"), FUNCTIONS)
def test_numerical_derivative_and_its_error(f, slope, x):
    estimate = numerical_derivative(f, x)
    true = abs(estimate.value - slope(x))
    assert true <= 1e-9 * abs(slope(x)) + 1e-12
    assert true <= 10.0 * estimate.error + 1e-14 * abs(slope(x))


def test_numerical_derivative_of_values_and_outside_a_domain():
    assert numerical_derivative(tanh, 0.0).value == pytest.approx(1.0, abs=1e-12)
    assert numerical_derivative(lambda x: autograd_lite.log(x), -1.0).error == math.inf


def test_numerical_derivative_where_f_is_rounded_and_where_it_bends():
    """A slope that is lost in the rounding of f has an error that says so; at a kink it reaches to either side."""
    lost = numerical_derivative(lambda x: 1e16 + x, 1.0)
    assert abs(lost.value - 1.0) <= lost.error
    kink = numerical_derivative(lambda x: max(x - 1.0, 0.0), 1.0)
    assert (kink.left, kink.right) == (0.0, 1.0)
    assert abs(kink.value - 0.5) + 0.5 <= kink.error < 0.51


def test_complex_step_is_exact():
    assert complex_step(cmath.exp, 1.0) == pytest.approx(math.e, rel=1e-15)
    assert complex_step(lambda x: sin(x) * x, 0.5) == pytest.approx(math.cos(0.5) * 0.5 + math.sin(0.5), rel=1e-15)
    assert complex_step(lambda x: relu(x) + abs(x), -2.0) == -1.0
    with pytest.raises(TypeError, match=r"erf.*numerical_derivative"):
        complex_step(autograd_lite.erf, 1.0)


# --- check_gradients on what is right ------------------------------------------------------------------------------


@pytest.mark.parametrize("oracle", ["mpmath", "complex step", "differences"])
def test_all_oracles_agree(oracle):
    report = check_gradients(lambda x, y: exp(-x * x) * sin(y) + x**3 / y, 0.3, 1.2, oracle=oracle)
    assert report.right
    assert len(report.partials) == 2 + 4
    assert str(report).count(f"({oracle})") == 6
    assert all(partial.relative < 1e-8 for partial in report.partials)


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(expressions(max_steps=6), thousandths, thousandths)
def test_random_expressions_are_right(f, x, y):
    if math.isfinite(f(x, y)) and abs(f(x, y)) < 1e6:
        check_gradients(f, x, y, rtol=1e-7)


@settings(max_examples=10, deadline=None)
@given(mlps(inputs=2), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_random_networks_are_right_in_inputs_and_weights(f, x, y):
    check_gradients(lambda v: f(v)[0], [x, y])
    check_gradients(lambda layers: f([x, y], layers)[0], f.layers, order=1)


def test_containers_names_and_several_results():
    report = check_gradients(
        lambda p, k: [p["w"][0] * k, dot(p["w"], k * p["a"])], {"w": [1.0, 2.0], "a": np.ones(2)}, 3.0
    )
    names = [partial.name for partial in report.partials]
    assert {"df[0]/dp['w'][0]", "df[1]/dp['a'][1]", "d2f[1]/dp['w'][0]dk"} <= set(names)


def test_at_a_kink_any_slope_between_is_right_and_singular_points_cannot_be_told():
    check_gradients(lambda x: relu(x) + abs(x) + maximum(x, -x), 0.0)
    check_gradients(lambda x, y: hypot(x, y), 0.0, 0.0)
    check_gradients(lambda x: where(x, x * x, x), -1.0)
    with pytest.raises(CannotTellError, match="a jump or a vertical tangent") as caught:
        check_gradients(sqrt, 0.0)
    assert caught.value.report.partials[0].expected is None


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: relu(x) - relu(-x), 0.0, "got 0.0 .*expected 1.0"),
        (lambda x: clamp(x, 1.0, 1.0), 1.0, "got 1.0 .*expected 0.0"),
        (lambda v: norm(v) ** 2, [0.0, 0.0], r"\n  d2f/dv\[0\]2 .*got nan .*expected 2.0"),
    ],
)
def test_conventions_of_this_package_are_no_truth(f, x, expected):
    """What is promised at a kink may add up to what is no slope of f."""
    with pytest.raises(WrongGradientError, match=expected):
        check_gradients(f, x)


def test_cancelling_terms_are_measured_by_their_size():
    check_gradients(lambda x: (x * 1e8 + x) - x * 1e8, 1.2345)


def test_a_primitive_on_the_math_module_is_checked_by_differences():
    wave = primitive("wave", math.sin, lambda g, x: (g * cos(x),))
    report = check_gradients(lambda x: wave(x) * x, 0.7)
    assert report.right
    assert "differences" in str(report)


def test_bad_questions():
    with pytest.raises(ValueError, match=r"order.*3"):
        check_gradients(sin, 1.0, order=3)
    with pytest.raises(ValueError, match=r"oracle.*'magic'"):
        check_gradients(sin, 1.0, oracle="magic")
    with pytest.raises(TypeError, match=r"'a'"):
        check_gradients(sin, "a")
    with pytest.raises(ValueError, match=r"no primitive is named 'cosine'.*'cos'"):
        inputs_for("cosine")
    with pytest.raises(TypeError, match=r"takes 2 numbers, got 1"):
        Expression(2, (("+", (0, 1)),))(1.0)


# --- check_gradients on what is wrong ------------------------------------------------------------------------------


def stale_square():
    """A closure that reads what the latest call left behind, where it should have captured its own operand."""
    latest = {}

    def forward(x):
        latest["x"] = x
        return x * x

    return primitive("stale_square", forward, lambda g, x: (g * 2.0 * latest["x"],))


WRONG = {
    "flipped sign": lambda: primitive("flipped", lambda x: x**3, lambda g, x: (-(g * 3.0 * x**2),)),
    "forgotten term": lambda: primitive("forgotten", lambda x: x**3 + x, lambda g, x: (g * 3.0 * x**2,)),
    "forgotten factor": lambda: primitive("unscaled", lambda x: x**3, lambda g, x: (g * x**2,)),
    "ignored gradient": lambda: primitive("ignoring", lambda x: x**3, lambda g, x: (3.0 * x**2,)),
    "no gradient": lambda: primitive("nothing", lambda x: x**3, lambda g, x: (0.0,)),
    "wrong by a millionth": lambda: primitive("nearly", lambda x: x**3, lambda g, x: (g * 3.000003 * x**2,)),
    "wrong at one point only": lambda: primitive(
        "pointwise", lambda x: x**3, lambda g, x: (g * (3.0 * x**2 if float(getattr(x, "data", x)) != 1.5 else 7.0),)
    ),
    "stale value": stale_square,
}


@pytest.mark.parametrize("mistake", WRONG)
@pytest.mark.parametrize("oracle", [None, "differences"])
def test_every_mistake_is_found_and_named(mistake, oracle):
    guilty = WRONG[mistake]()
    with pytest.raises(WrongGradientError) as caught:
        check_gradients(lambda x, y: sin(guilty(x) * y) + guilty(x + y) * x, 1.5, 0.25, oracle=oracle, rtol=1e-7)
    report = caught.value.report
    assert f"first wrong closure is that of {guilty.__name__!r}" in report.guilty
    assert "WRONG" in str(caught.value)
    assert "x=1.5, y=0.25" in str(caught.value)


def test_exchanged_operands_and_a_wrong_second_operand():
    swapped = primitive("swapped", lambda a, b: a * a * b, lambda g, a, b: (g * a * a, g * 2.0 * a * b))
    with pytest.raises(WrongGradientError, match=r"'swapped', at operands \(2.0, 5.0\): operand 0 receives 4.0"):
        check_gradients(lambda x, y: tanh(swapped(x, y) * 0.01), 2.0, 5.0)
    second = primitive("second", lambda a, b: a * b, lambda g, a, b: (g * b, g * b))
    with pytest.raises(WrongGradientError, match=r"operand 1 receives 5.0 of the gradient 1.0, expected 2.0"):
        check_gradients(second, 2.0, 5.0)


def test_a_second_derivative_that_is_lost():
    """The first derivative is right, but its slope is a plain number: nothing is connected to x."""
    lost = primitive("lost", lambda x: x**3, lambda g, x: (g * (3.0 * float(getattr(x, "data", x)) ** 2),))
    with pytest.raises(
        WrongGradientError, match=r"'lost'.*second derivative in operands 0 and 0 is 0.0, expected 12.0"
    ):
        check_gradients(lost, 2.0)
    check_gradients(lost, 2.0, order=1)


def test_a_closure_that_cannot_be_differentiated_again_keeps_the_report_of_the_first_derivative():
    plain = primitive("plain", math.sin, lambda g, x: (g * math.cos(x),))
    check_gradients(plain, 1.0, order=1)
    with pytest.raises(CannotTellError, match=r"second derivatives: .*order=1") as caught:
        check_gradients(plain, 1.0)
    assert caught.value.report.partials[0].right


def by_hand(a, b, push):
    y = Value(a.data * b.data, (a, b), "times")
    y._backward = lambda: push(a, b, y)
    return y


def right(a, b, y):
    a.grad += b.data * y.grad
    b.grad += a.data * y.grad


def assigning(a, b, y):
    a.grad = b.data * y.grad
    b.grad = a.data * y.grad


def forgetting(a, b, y):
    a.grad += b.data * y.grad


def test_closures_written_by_hand():
    check_gradients(lambda x, y: by_hand(x, sin(y), right) * x, 1.5, 0.5, order=1)
    with pytest.raises(WrongGradientError, match=r"'times'.*write `\+=` for `=`"):
        check_gradients(lambda x, y: by_hand(x, x, assigning) * y, 1.5, 0.5, order=1)
    with pytest.raises(WrongGradientError, match=r"'times'.*along input 1.*add up to 0.0"):
        check_gradients(lambda x, y: by_hand(x, sin(y), forgetting) * x, 1.5, 0.5, order=1)
    with pytest.raises(WrongGradientError, match=r"'local'"):
        check_gradients(lambda x: Value(x.data**2, (x,), (x.data,)), 3.0, order=1)


def test_an_edit_after_the_recording_is_no_mistake_of_the_engine():
    """Closures capture floats: a later edit of `.data` cannot change a gradient."""
    x = Value(2.0)
    y = x * x
    x.data = 100.0
    y.backward()
    assert x.grad == 4.0


# --- strategies ----------------------------------------------------------------------------------------------------


@given(st.from_type(Value), values(0.0, 1.0))
def test_values_are_leaves(v, u):
    assert not v.parents
    assert math.isfinite(v.data)
    assert 0.0 <= u.data <= 1.0


def test_failing_examples_print_as_code():
    @settings(database=None)
    @given(values())
    def fails(x):
        assert x.data < 0.5

    with pytest.raises(AssertionError) as caught:
        fails()
    assert "x=Value(1.0)" in "".join(caught.value.__notes__)

    @settings(database=None)
    @given(inputs_for("relu"))
    def fails_too(xs):
        assert xs[0] < 0.5

    with pytest.raises(AssertionError) as caught:
        fails_too()
    assert "xs=(1.0,)" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_inputs_are_in_the_domain(name):
    draw = inputs_for(name)

    @settings(max_examples=20, database=None)
    @given(draw)
    def finite(xs):
        assert all(map(math.isfinite, xs))
        assert PRIMITIVES[name].arity in (None, len(xs))
        slope = "'" in name or " " in name  # made by the engine itself; some have no value at a singular point
        assert slope or not math.isnan(PRIMITIVES[name](*xs))

    finite()


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("log", lambda x: x == 0.0),
        ("relu", lambda x: x == 0.0 and math.copysign(1.0, x) < 0.0),
        ("tanh", lambda x: 19.0 < x < 400.0),
        ("asin", lambda x: x == 1.0),
        ("acosh", lambda x: x == math.nextafter(1.0, 2.0)),
        ("exp", lambda x: 0.0 < abs(x) < 2.3e-308),
        ("atan", lambda x: abs(x) > 1e300),
    ],
)
def test_inputs_reach_the_hard_points(name, special):
    find(inputs_for(name), lambda xs: special(xs[0]), settings=settings(max_examples=20_000, database=None))


def test_ties_occur():
    find(
        inputs_for(PRIMITIVES["maximum"]),
        lambda xs: xs[0] == xs[1] == 3.0,
        settings=settings(max_examples=20_000, database=None),
    )


@given(expressions(max_steps=5, max_depth=3, inputs=3))
def test_expressions_are_bounded_code(f):
    assert eval(repr(f)) == f
    assert f.inputs == 3
    assert 1 <= len(f.steps) <= 5
    used = {i for _, operands in f.steps for i in operands}
    assert all(i in used for i in range(3, 3 + len(f.steps) - 1))
    depths = [0, 0, 0]
    for _, operands in f.steps:
        depths.append(1 + max(depths[i] for i in operands))
    assert max(depths) <= 3


def test_expressions_shrink_to_what_matters():
    def uses_exp_of_shared_product(f):
        return any(
            name == "exp" and operands[0] >= 2 and f.steps[operands[0] - 2][0] == "*" for name, operands in f.steps
        )

    smallest = find(expressions(), uses_exp_of_shared_product, settings=settings(max_examples=5_000, database=None))
    assert len(smallest.steps) == 2
    assert str(smallest) == "t2 = x0 * x0\nexp(t2)"


@given(mlps(max_width=3, max_layers=2, inputs=2))
def test_networks_are_code(f):
    assert eval(repr(f), {"Network": Network}) == f
    assert len(f([1.0, 2.0])) == 1
    assert len(f.layers) <= 2


def test_expressions_from_all_rules():
    every = [name for name in PRIMITIVES if "'" not in name]

    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(expressions(rules=every, max_steps=5), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
    def evaluates(f, x, y):
        assert isinstance(f(x, y), float)
        assert isinstance(f(Value(x), Value(y)).data, float)

    evaluates()


# --- the state machine ---------------------------------------------------------------------------------------------

TestGraphMachine = GraphMachine.TestCase
TestGraphMachine.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_the_state_machine_finds_a_broken_engine(monkeypatch):
    """With the second contribution of `-` lost, some sequence of steps goes wrong."""
    monkeypatch.setattr(PRIMITIVES["-"], "vjp", lambda g: (g, 0.0))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            GraphMachine,
            settings=settings(
                max_examples=500, derandomize=True, database=None, phases=[Phase.generate], deadline=None
            ),
        )

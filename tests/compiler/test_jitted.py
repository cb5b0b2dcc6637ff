"""jit and vmap: equal to the functions themselves, composed in any order, mixed with eager code."""

import math
import pickle
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, detect_anomaly, grad, hessian, jit, jvp, log, mean, no_grad, value_and_grad, vmap
from autograd_lite.compiler.tracer import TracingError
from autograd_lite.core import table as table
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.testing.strategies import expressions
from autograd_lite.transforms.pytree import flatten

BACKENDS = ["python", "numpy", pytest.param("numba", marks=pytest.mark.filterwarnings("ignore"))]
numbers = st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, 1e-300, 1e300, math.inf, math.nan])
pytestmark = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture(autouse=True)
def installed(backend):
    pytest.importorskip(backend) if backend != "python" else None


def same(got, expected, tolerance=1e-12):
    got, expected = flatten(got)[0], flatten(expected)[0]
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        assert a == b or (a != a and b != b) or abs(a - b) <= tolerance * abs(b), (a, b)


ROWS = [r for r in PRIMITIVES.values() if r.arity and r.name not in ("pow'", "identity")]


@settings(max_examples=60, deadline=None)
@given(f=expressions(inputs=3, rules=ROWS), point=st.tuples(numbers, numbers, numbers))
def test_value_and_gradient_of_random_programs_equal_eager_exactly(backend, f, point):
    both = value_and_grad(f, argnums=(0, 1, 2))
    same(jit(both, backend=backend)(*point), both(*point), tolerance=0.0)


@pytest.mark.parametrize("name", [r.name for r in PRIMITIVES.values() if r.arity is None])
@given(xs=st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=6))
@settings(max_examples=15, deadline=None)
def test_rows_of_many_operands_equal_eager(backend, name, xs):
    assume(any(xs))
    row = PRIMITIVES[name]
    both = value_and_grad(lambda v: row(*v))
    same(jit(both, backend=backend)(xs), both(xs), 1e-11)


@pytest.mark.parametrize("xs", [[1e200, 1e200, 1e-200, 1e-200, 2.0, 3.0, 4.0], [1e-160] * 4 + [1e160] * 4, [0.0] * 7])
def test_partial_products_may_leave_the_range(backend, xs):
    both = value_and_grad(ag.prod)
    same(jit(both, backend=backend)(xs), both(xs))


def test_transforms_compose_in_any_order(backend):
    def f(v):
        return v[0] ** 2 * ag.exp(v[1]) + ag.tanh(v[0])

    point = [0.3, 0.4]
    j = jit(f, backend=backend)
    same(jit(hessian(f), backend=backend)(point), hessian(f)(point))
    same(grad(j)(point), grad(f)(point))
    same(hessian(j)(point), hessian(f)(point))
    same(jit(grad(j), backend=backend)(point), grad(f)(point))
    same(vmap(jit(grad(f), backend=backend))([point, point]), [grad(f)(point)] * 2 and vmap(grad(f))([point, point]))
    jvp = jit(lambda x: ag.jvp(f, (x,), ([1.0, 2.0],)), backend=backend)
    same(jvp(point), ag.jvp(f, (point,), ([1.0, 2.0],)))


def test_structures_come_back_as_they_are(backend):
    point = namedtuple("point", "x y")
    args = {"a": [1.0, (2.0, 3)], "b": np.arange(6.0).reshape(2, 3)}, point(True, np.float64(5.0))

    def f(tree, p):
        return {"sum": tree["a"][0] + tree["a"][1][1], "array": tree["b"] * 2.0, "p": point(p.y, p.x)}

    got = jit(f, backend=backend)(*args)
    assert got["sum"] == 4.0
    assert got["array"].tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]
    assert got["p"] == point(5.0, 1.0)
    assert isinstance(got["array"], np.ndarray)


def test_each_structure_is_recorded_once(backend):
    calls = []
    f = jit(lambda xs: calls.append(1) or ag.sum(xs), backend=backend)
    assert (f([1.0, 2.0]), f([3.0, 4.0]), f([1.0, 2.0, 3.0]), f([5.0, 5.0])) == (3.0, 7.0, 6.0, 10.0)
    assert len(calls) == 2


def test_called_with_values_it_is_one_node(backend):
    f = jit(lambda w, x: (w * x).tanh() * x, backend=backend)
    w, x = Value(0.5), Value(2.0)
    y = f(w, x)
    assert y.parents == (w, x)
    (y * 3.0).backward()
    other = Value(0.5), Value(2.0)
    ((other[0] * other[1]).tanh() * other[1] * 3.0).backward()
    same([w.grad, x.grad], [v.grad for v in other])


def test_values_of_the_outside_are_read_again_and_receive_gradients(backend):
    w = Value(3.0)
    f = jit(lambda x: w * x, backend=backend)
    y = f(2.0)
    y.backward()
    assert (y.data, w.grad) == (6.0, 2.0)
    w.data = 5.0
    assert f(2.0).data == 10.0


def test_an_edit_after_the_recording_changes_no_gradient(backend):
    w, x = Value(3.0), Value(2.0)
    y = jit(lambda x: w * x, backend=backend)(x)
    w.data = x.data = 100.0
    y.backward()
    assert (w.grad, x.grad) == (2.0, 3.0)


def test_no_grad_gives_leaves(backend):
    with ag.no_grad():
        assert jit(lambda x: x * x, backend=backend)(Value(3.0)).parents == ()


def test_second_derivative_through_the_node(backend):
    f = jit(lambda x: x**3, backend=backend)
    x = Value(2.0)
    f(x).backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: ag.where(x > 0.0, ag.sqrt(x), 0.0), 0.0),
        (lambda x: ag.where(x > 0.0, ag.log(x), x), 0.0),
        (lambda x: ag.relu(x) * ag.exp(1000.0 * x), 1.0),
        (lambda x: ag.relu(-1.0 - x * x) / x, 0.0),
        (lambda x: 0.0 * ag.sqrt(x), 0.0),
        (lambda x: ag.sign(ag.exp(x)), math.nan),  # no adjoint, but a derivative of 0 times nan
    ],
)
def test_an_adjoint_of_zero_stops(backend, f, point):
    same(jit(value_and_grad(f), backend=backend)(point), value_and_grad(f)(point))
    same(jit(grad(grad(f)), backend=backend)(point), grad(grad(f))(point))


def test_gathered_sums_are_exact(backend):
    def f(ws, xs):
        total = 0.0
        for w, x in zip(ws, xs):
            total = total + w * x - x
        return (total * total).tanh() + total

    rng = np.random.default_rng(0)
    args = rng.normal(size=40).tolist(), rng.normal(size=40).tolist()
    both = value_and_grad(f, argnums=(0, 1))
    assert jit(both, backend=backend)(*args) == both(*args)


def test_users_own_primitive(backend):
    cube = ag.primitive("cube_of_jit_tests", lambda x: x * x * x, lambda g, x: (g * 3.0 * x * x,))
    same(jit(value_and_grad(lambda x: cube(x) + x), backend=backend)(2.0), (10.0, 13.0))


def loss(w, x, y):
    return ((w[0] * x[0] + w[1] * x[1]).tanh() - y) ** 2


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize(
    "reduce", [mean, ag.sum, ag.max, lambda xs: xs[0] * xs[-1]], ids=["mean", "sum", "max", "ends"]
)
def test_vmap_makes_lanes_and_one_gradient(backend, n, reduce):
    rng = np.random.default_rng(0)
    xs, ys, w = rng.normal(size=(n, 2)), rng.normal(size=n), [0.3, -0.4]
    for total in (
        lambda w: reduce(vmap(loss, in_axes=(None, 0, 0))(w, xs, ys)),
        lambda w: reduce(vmap(lambda x, y: loss(w, x, y))(xs, ys)),
    ):
        same(jit(value_and_grad(total), backend=backend)(w), value_and_grad(total)(w))
    if n < 10:
        same(jit(hessian(total), backend=backend)(w), hessian(total)(w), 1e-11)


def test_vmap_of_grad_gives_a_gradient_for_each_sample(backend):
    xs, ys, w = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.1]], [0.1, 0.2, 0.3], [0.3, -0.4]
    per_sample = vmap(grad(loss), in_axes=(None, 0, 0))
    same(jit(per_sample, backend=backend)(w, xs, ys), per_sample(w, xs, ys))


def test_lanes_that_depend_on_a_sum_over_lanes(backend):
    def normalised(xs):
        centre = mean(vmap(lambda x: x * 1.0)(xs))
        return mean(vmap(lambda x: (x - centre) ** 4)(xs))

    xs = [1.0, 2.0, 5.0, -3.0]
    same(jit(value_and_grad(normalised), backend=backend)(xs), value_and_grad(normalised)(xs))


def test_nested_vmap(backend):
    table = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    f = vmap(vmap(lambda x: x * x))
    assert f(table) == jit(f, backend=backend)(table) == [[1.0, 4.0, 9.0], [16.0, 25.0, 36.0]]


def test_vmap_in_dicts_tuples_and_arrays(backend):
    def f(sample):
        return {"s": sample["x"] + sample["p"][0], "v": sample["a"] * 2.0}

    data = {"x": [1.0, 2.0], "p": ([10.0, 20.0],), "a": np.arange(4.0).reshape(2, 2)}
    eager, compiled = vmap(f)(data), jit(vmap(f), backend=backend)(data)
    same(compiled, eager)
    assert eager["v"].tolist() == [[0.0, 2.0], [4.0, 6.0]]


def test_debug_finds_what_the_recording_missed(backend):
    state = [1.0]
    f = jit(lambda x: x * state[0], backend=backend, debug=True)
    assert f(2.0) == 2.0
    state[0] = 7.0
    with pytest.raises(RuntimeError, match=r"gives 2\.0 .* itself 14\.0"):
        f(2.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: jit(3.0), TypeError, "needs a function"),
        (lambda: jit(lambda x: x, backend="torch"), ValueError, "python"),
        (lambda: jit(lambda x: x)("text"), TypeError, "text"),
        (lambda: jit(lambda x: None)(1.0), TypeError, "None"),
        (lambda: vmap(3.0), TypeError, "needs a function"),
        (lambda: vmap(lambda x: x)(1.0), TypeError, "argument 0 cannot be mapped"),
        (lambda: vmap(lambda x: x)([]), ValueError, "at least one entry"),
        (lambda: vmap(lambda x, y: x)([1.0], [1.0, 2.0]), ValueError, "argument 0 has 1, argument 1 has 2"),
        (lambda: vmap(lambda x: x, in_axes=1)([1.0]), ValueError, "in_axes"),
        (lambda: vmap(lambda x: x, in_axes=None)([1.0]), ValueError, "at least one"),
    ],
)
def test_wrong_arguments(backend, call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_rules_for_zero_stop_agree_with_the_engine(backend):
    f = jit(lambda g, x: [table.stop(g, x), table.adjoint_mul(g, x)], backend=backend)
    assert f(0.0, math.inf) == [0.0, 0.0]
    assert f(2.0, math.inf) == [math.inf, math.inf]
    assert f(0.0, 3.0)[0] == 3.0


def test_python_s_own_sum_over_lanes(backend):
    """Read one by one, the lanes receive their adjoints one by one: a program still in proportion to their number."""

    def f(w, x):
        return (w * x).tanh()

    def loss(w, xs):
        ys = vmap(f, in_axes=(None, 0))(w, xs)
        return sum(ys) + ys[0] * ys[-1]

    def alone(w, xs):
        return sum(f(w, x) for x in xs) + f(w, xs[0]) * f(w, xs[-1])

    for transform in (value_and_grad, hessian, lambda f: grad(grad(f))):
        xs = [0.1 * i - 0.7 for i in range(20)]
        same(jit(transform(loss), backend=backend)(0.5, xs), transform(alone)(0.5, xs), 1e-12)
    sizes = [len(jit(grad(loss), backend=backend).program(0.5, [0.1] * n)) for n in (100, 200)]
    assert sizes[1] < 2.1 * sizes[0]


# --- recorded once, used later -------------------------------------------------------------------------------------


def test_the_gradient_of_a_node_is_that_of_its_recording(backend):
    k = 3.0
    x = Value(2.0)
    y = jit(lambda x: k * x * x, backend=backend)(x)
    k = 100.0
    y.backward()
    assert (y.data, x.grad) == (12.0, 12.0)


def test_the_gradient_of_a_node_over_lanes_is_recorded_from_its_graph(backend):
    calls = []

    def f(w, xs):
        calls.append(1)
        return mean(vmap(lambda x: grad(lambda u: (u * x).tanh())(w) + w * x)(xs))

    w = Value(0.5)
    jit(f, backend=backend)(w, [1.0, 2.0, -1.0]).backward(create_graph=True)
    slope, w.grad = w.grad, 0.0
    slope.backward()
    assert len(calls) == 1
    same([slope.data, w.grad], [grad(f)(0.5, [1.0, 2.0, -1.0]), grad(grad(f))(0.5, [1.0, 2.0, -1.0])])


def test_a_captured_value_that_was_computed_is_where_the_recording_begins(backend):
    w = Value(3.0)
    h = w * w
    y = jit(lambda x: h * x, backend=backend)(Value(2.0))
    assert h in y.parents
    y.backward()
    assert w.grad == 12.0


def test_debug_compares_where_values_take_part(backend):
    state, w = [1.0], Value(2.0)
    f = jit(lambda x: x * w * state[0], backend=backend, debug=True)
    assert f(2.0).data == f(Value(2.0)).data == 4.0
    state[0] = 7.0
    for x in (2.0, Value(2.0)):
        with pytest.raises(RuntimeError, match=r"gives 4\.0 .* itself 28\.0"):
            f(x)


def test_detect_anomaly_sees_what_happens_inside(backend):
    f = jit(lambda x: ag.log(x) * 0.0, backend=backend)
    assert math.isnan(f(0.0))
    for x in (0.0, Value(0.0)):
        with ag.detect_anomaly(), pytest.raises(FloatingPointError, match=r"log\(0\.0\) is -inf"):
            f(x)
    with ag.detect_anomaly():
        assert f(1.0) == 0.0
        assert isinstance(f(1.0), float)


def test_methods_are_jitted_for_each_object(backend):
    class Line:
        def __init__(self, slope):
            self.slope = slope

        @jit
        def at(self, x):
            return self.slope * x

    one, other = Line(2.0), Line(5.0)
    assert (one.at(3.0), other.at(3.0), one.at(4.0), Line(7.0).at(1.0)) == (6.0, 15.0, 8.0, 7.0)
    assert grad(one.at)(1.0) == 2.0
    assert len(one.at.program(1.0)) == 1


def test_strings_and_none_are_part_of_what_a_recording_is_for(backend):
    f = jit(lambda kind, x: {"square": lambda: x * x, None: lambda: -x}[kind](), backend=backend)
    assert (f("square", 3.0), f(None, 3.0), f("square", 4.0)) == (9.0, -3.0, 16.0)


def test_numbers_that_come_back_are_python_s_own(backend):
    assert type(grad(jit(lambda x: x * x, backend=backend))(2.0)) is float
    assert type(grad(jit(lambda v: v[0] * v[1], backend=backend))([2.0, 3.0])[0]) is float


def test_a_tracer_that_leaked_says_where_it_is_from(backend):
    kept = []

    def careless(x):
        kept.append(x)
        return x

    jit(careless, backend=backend)(1.0)
    for use in (lambda v: v * 2.0, lambda v: v.data, float, lambda v: f"{v:.2f}", jit(lambda x: kept[0] * x)):
        with pytest.raises(TypeError, match=r"recorded by jit \(careless, .*test_jitted\.py, line \d+\)"):
            use(kept[0])


def test_equality_of_what_is_not_known_is_refused(backend):
    w = Value(1.0)
    for f in (
        lambda x, y: x if x == y else y,
        lambda x, y: x if x != 2.0 else y,
        lambda x, y: x if w == 1.0 else y,
        lambda x, y: grad(lambda u: u if u == w else y)(x),
    ):
        with pytest.raises(TypeError, match=r"equals something(.|\n)*where"):
            jit(f, backend=backend)(1.0, 2.0)


def test_a_first_call_inside_no_grad_records_gradients_all_the_same(backend):
    f = jit(grad(lambda x: x**3), backend=backend)
    with ag.no_grad():
        assert f(2.0) == 12.0
    assert f(1.0) == 3.0


def test_a_wrong_argument_is_named(backend):
    f = jit(lambda x, y, scale=1.0: x * y["w"][0] * scale, backend=backend)
    with pytest.raises(TypeError, match=r"^argument 1 of <lambda>\['w'\]\[0\] must be a real number, not 1j"):
        f(1.0, {"w": [1j]})
    with pytest.raises(TypeError, match=r"^argument scale of <lambda> must be a real number, not \{"):
        f(1.0, {"w": [1.0]}, scale={2.0})
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match=r"^argument 0 of <lambda> is nested too deeply"):
        f(endless, 1.0)


def test_masked_arrays_are_refused(backend):
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    for f in (jit(lambda a: a.sum(), backend=backend), grad(lambda a: a.sum())):
        with pytest.raises(TypeError, match=r"masked array.*\.filled"):
            f(masked)


def test_a_node_s_pickle_says_what_it_is(backend):
    y = jit(lambda x: x * x, backend=backend)(Value(2.0))
    with pytest.raises(TypeError, match=r"jit <lambda>.*detach"):
        pickle.dumps(y)


def under(mode, work):
    with mode():
        return work()


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (lambda x: under(no_grad, lambda: x * x), r"by detach\(\) or no_grad\(\)"),
        (lambda x: under(no_grad, lambda: grad(lambda u: u * u)(x)), r"by detach\(\) or no_grad\(\)"),
        (lambda x: under(no_grad, lambda: jvp(lambda u: u * u, (x,), (1.0,))[1]), r"by detach\(\) or no_grad\(\)"),
        (lambda x: under(detect_anomaly, lambda: log(x)), "write it around the call of the jitted function"),
        (lambda x: Value(4.0, (x,), (2.0,)) * x, r"(?s)recording a Value by hand .* primitive\(name, forward, vjp\)"),
    ],
)
def test_what_needs_numbers_while_it_records_says_what_to_do_instead(backend, inside, says):
    with pytest.raises(TracingError, match=says):
        jit(inside, backend=backend)(2.0)

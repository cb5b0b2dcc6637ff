"""Programs as array operations: the bits of the scalar program, whoever runs it, and what they print."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import dot, grad, jit, mean, value_and_grad, vmap
from autograd_lite.compiler.backends import load
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import LaneTracer, Tracer, tracing
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.testing.strategies import expressions
from autograd_lite.transforms.pytree import flatten

np = pytest.importorskip("numpy")
BACKENDS = ["numpy", "numba"]
pytestmark = [pytest.mark.parametrize("backend", BACKENDS), pytest.mark.filterwarnings("ignore")]
ROWS = [r for r in PRIMITIVES.values() if r.arity and r.name not in ("pow'", "identity")]
numbers = st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, 1e-300, 1e300, math.inf, math.nan])


@pytest.fixture(autouse=True)
def installed(backend):
    pytest.importorskip(backend)


def bits(tree):
    return [0.0 if x == 0.0 else "nan" if x != x else x for x in map(float, flatten(tree)[0])]


def same_bits(f, backend, *args):
    """What the backend gives has the bits of plain Python, but for the sign of a zero."""
    assert bits(jit(f, backend=backend)(*args)) == bits(jit(f, backend="python")(*args))


@settings(max_examples=40, deadline=None)
@given(
    f=expressions(inputs=3, rules=ROWS), points=st.lists(st.tuples(numbers, numbers, numbers), min_size=9, max_size=9)
)
def test_a_random_program_at_many_points(backend, f, points):
    def each(points):
        return [f(*point) for point in points]

    same_bits(each, backend, points)
    same_bits(value_and_grad(lambda points: sum(each(points))), backend, points)
    same_bits(value_and_grad(lambda a, b: sum(f(a, b, z) for _, _, z in points)), backend, 0.5, 2.0)


@settings(max_examples=40, deadline=None)
@given(
    f=expressions(inputs=3, rules=ROWS), points=st.lists(st.tuples(numbers, numbers, numbers), min_size=2, max_size=9)
)
def test_a_random_program_over_lanes(backend, f, points):
    columns = [list(column) for column in zip(*points)]
    lanes = vmap(f)
    same_bits(lanes, backend, *columns)
    same_bits(value_and_grad(lambda *xs: mean(lanes(*xs)), argnums=(0, 1, 2)), backend, *columns)
    shared = vmap(f, in_axes=(None, 0, 0))
    same_bits(value_and_grad(lambda w, x, y: sum(shared(w, x, y))), backend, 0.75, *columns[1:])


def network(layers, x):
    """A perceptron on plain lists, its weighted sums as dot products or as chains of + and *."""
    for depth, (weights, biases) in enumerate(layers):
        rows = zip(weights, biases)
        x = [dot(row, x) + b if depth % 2 else sum((w * v for w, v in zip(row, x)), b) for row, b in rows]
        x = [ag.tanh(v) if depth % 2 else ag.relu(v) for v in x]
    return x


def parameters(rng, sizes):
    pairs = list(itertools.pairwise(sizes))
    return [(rng.normal(size=(n, m)).tolist(), rng.normal(size=n).tolist()) for m, n in pairs]


@pytest.mark.parametrize("lanes", [False, True])
@pytest.mark.parametrize("sizes", [[3, 9, 4, 5], [12, 8, 8, 10]])
def test_a_network(backend, sizes, lanes):
    rng = np.random.default_rng(0)
    layers, xs = parameters(rng, sizes), rng.normal(size=(11, sizes[0])).tolist()

    def loss(layers, xs):
        outputs = vmap(network, in_axes=(None, 0))(layers, xs) if lanes else [network(layers, x) for x in xs]
        return mean([-ag.log_softmax(y)[k] for k, y in zip([0, 1, 2, 3] * 3, outputs)])

    same_bits(value_and_grad(loss), backend, layers, xs)
    expected = value_and_grad(loss)(layers, xs)
    np.testing.assert_allclose(
        flatten(jit(value_and_grad(loss), backend=backend)(layers, xs))[0], flatten(expected)[0], rtol=1e-11
    )


@pytest.mark.parametrize("odd", [0.0, math.inf, math.nan, 1e200, 1e-200])
@pytest.mark.parametrize("lanes", [False, True])
def test_zeros_stop_and_terms_cancel_in_matrices_too(backend, odd, lanes):
    rng = np.random.default_rng(1)
    w, xs = rng.normal(size=(8, 10)), rng.normal(size=(9, 10))
    xs[0] = 0.0
    xs[1, 3] = w[2, 4] = odd
    xs[2, 9] = -xs[2, :9] @ w[3, :9] / w[3, 9]

    def score(w, x):
        return sum(ag.relu(dot(row, x)) * ag.sqrt(ag.relu(sum(a * b for a, b in zip(row, x)))) for row in w)

    def total(w, xs):
        return sum(vmap(score, in_axes=(None, 0))(w, xs) if lanes else [score(w, x) for x in xs])

    same_bits(value_and_grad(total, argnums=(0, 1)), backend, w.tolist(), xs.tolist())


def test_a_long_sum_over_rows_of_one_lane(backend):
    """NumPy adds rows of numbers from left to right, but single numbers in pairs."""
    rng = np.random.default_rng(3)
    rows, shared = [LaneTracer() for _ in range(40)], [Tracer() for _ in range(40)]
    with tracing() as tape:
        tape.lanes = 1
        sums = [sum(a * b for a, b in zip(rows, shared)), sum(a * b for a, b in itertools.pairwise(rows))]
        program = record_program(tape, [*rows, *shared], [tape.row(y) for y in sums])
    for _ in range(10):
        inputs = [rng.normal(size=(40, 1)), rng.normal(size=40)]
        assert list(load(program, backend)(inputs)) == load(program, "python")(inputs)


def test_neighbours_far_reads_and_constants(backend):
    xs = [0.1 * i for i in range(24)]

    def f(xs):
        pairs = [a * b + 3.0 for a, b in zip(xs[::2], xs[::-3] * 2)]
        return [ag.exp(p) / xs[7] for p in pairs] + [ag.maximum(a, 1.0) for a in xs[5:20]] + [2.0, xs[3]]

    same_bits(f, backend, xs)
    same_bits(grad(lambda xs: sum(f(xs))), backend, xs)


def test_sums_over_lanes_are_exactly_rounded(backend):
    xs = [1e16, 1.0, -1e16, 3.0, 1e-3, math.pi] * 3
    assert jit(lambda xs: ag.sum(vmap(lambda x: x * 3.0)(xs)), backend=backend)(xs) == math.fsum(x * 3.0 for x in xs)


@pytest.mark.parametrize("name", [r.name for r in PRIMITIVES.values() if r.arity is None])
def test_primitives_of_many_operands_at_many_points(backend, name):
    rng = np.random.default_rng(2)
    row, points = PRIMITIVES[name], rng.normal(size=(9, 4)).tolist()
    same_bits(lambda points: [row(*x) for x in points], backend, points)
    same_bits(vmap(lambda x: row(*x)), backend, points)
    same_bits(value_and_grad(lambda points: sum(vmap(lambda x: row(*x))(points))), backend, points)


NUMBERS = {
    "sixteenths": lambda rng, shape: rng.integers(-16, 17, size=shape) / 16.0,
    "of few digits": lambda rng, shape: rng.normal(size=shape).astype(np.float32).astype(float),
    "of many sizes": lambda rng, shape: rng.normal(size=shape) * 10.0 ** rng.integers(-12, 12, size=shape),
    "at the ends of the range": lambda rng, shape: rng.normal(size=shape) * 10.0 ** rng.integers(-160, 150, size=shape),
    "often zero": lambda rng, shape: np.maximum(rng.normal(size=shape), 0.0),
    "that cancel": lambda rng, shape: np.hstack([x := rng.normal(size=(shape[0], shape[1] // 2)), -x])[:, : shape[1]],
}


@pytest.mark.parametrize("count", [2, 16, 34])
@pytest.mark.parametrize("kind", NUMBERS)
def test_dot_products_and_sums_over_lanes_of_numbers(backend, kind, count):
    """Many lie halfway between two floats, or near to it."""
    rng = np.random.default_rng(count)
    ws, xs = NUMBERS[kind](rng, (5, count)).tolist(), NUMBERS[kind](rng, (21, count)).tolist()

    def layer(ws, x):
        return [dot(w, x) + b for w, b in zip(ws, [0.0, 0.25, 1.0 / 3.0, 0.0, 1e-20])]

    same_bits(vmap(layer, in_axes=(None, 0)), backend, ws, xs)
    same_bits(
        lambda ws, xs: [ag.sum(column) for column in zip(*vmap(layer, in_axes=(None, 0))(ws, xs))], backend, ws, xs
    )

"""Infinities, nan, zeros of both signs and numbers at the ends of the range: the bits of plain Python, whoever runs."""

import math
from fractions import Fraction
from importlib.util import find_spec

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import dot, jit, value_and_grad, vmap
from autograd_lite.numeric import reductions
from autograd_lite.transforms.pytree import flatten

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.filterwarnings("ignore")

inf, nan = math.inf, math.nan
ENDS = [0.0, -0.0, inf, -inf, nan, 1e308, -1e308, 5e-324, -3e-310, 2.0**-1022, 1e154, 1e200, -1e-160, 1e-300]
numbers = st.floats(-3.0, 3.0) | st.sampled_from(ENDS)
row = st.lists(numbers, min_size=4, max_size=4)
batch = st.lists(row, min_size=9, max_size=9)
of_each_row = st.lists(numbers, min_size=9, max_size=9)
USUAL = [[0.5, -1.25, 2.0, 0.75 * k] for k in range(9)]


def with_row(*numbers):
    return [[*numbers], *USUAL[1:]]


PROGRAMS = {
    **{
        name: lambda x, w, name=name: getattr(ag, name)([a * b for a, b in zip(x, w)])
        for name in ("sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax")
    },
    "softmax with what all share": lambda x, w: ag.log_softmax([*x[:2], *w]),
    "dot products": lambda x, w: [dot(w, x), dot(w[::-1], x), dot(x, x), dot(x, w, w[0])],
    "sums of products": lambda x, w: [sum(a * b for a, b in zip(x, w)), sum((a * b for a, b in zip(w, x)), x[0])],
    "products of three": lambda x, w: x[0] * x[1] * w[0] + x[2] * w[1] * w[2] - x[3] * w[3] * x[0],
    "a layer": lambda x, w: [ag.relu(sum(a * b for a, b in zip(x, w[k:] + w[:k]))) for k in range(4)],
    "a layer of dot products": lambda x, w: [ag.tanh(dot(x, w[k:] + w[:k], w[k])) for k in range(4)],
    "element by element": lambda x, w: [
        ag.sqrt(x[0] * w[0]), ag.sigmoid(x[1]), ag.softplus(x[2]), ag.hypot(x[0], x[1]), ag.clamp(x[3], -1.0, 1.0),
        ag.maximum(x[0], w[1]), ag.exp(x[0]) / x[1], ag.relu(x[2]) * x[3], ag.abs(x[1]) - w[2],
    ],
}  # fmt: skip


def bits(tree):
    return [0.0 if x == 0.0 else "nan" if x != x else x for x in map(float, flatten(tree)[0])]


def rows_and_lanes(f):
    """The function of each row: one program of scalars, and one over lanes."""
    return (lambda xs, w: [f(x, w) for x in xs]), vmap(f, in_axes=(0, None))


def all_results(f):
    """The results, and the gradient of their sum with weights which may be anything too."""

    def weighted(xs, w, weights):
        return sum(a * y for a, y in zip(weights * 9, flatten(f(xs, w))[0]))

    return lambda *args: (f(*args[:2]), value_and_grad(weighted, argnums=(0, 1, 2))(*args))


@pytest.fixture(scope="module")
def compiled():
    """Each function by each backend, recorded once."""
    made = {}

    def of(name, over_lanes, backend):
        if (name, over_lanes, backend) not in made:
            f = all_results(rows_and_lanes(PROGRAMS[name])[over_lanes])
            made[name, over_lanes, backend] = jit(f, backend=backend)
        return made[name, over_lanes, backend]

    return of


@pytest.mark.parametrize("over_lanes", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(xs=batch, w=row, weights=of_each_row)
@example(with_row(inf, 0.0, -inf, 1.0), [1.0] * 4, [1.0] * 9)  # one has all of a softmax
@example(with_row(inf, inf, 1.0, 2.0), [1.0] * 4, [1.0] * 9)  # no one has
@example(with_row(0.4816821042832, -0.4543670042687, 5e-324, -1.7816776402233), [1.0] * 4, [1.0] * 9)
@example(with_row(1e308, -1e308, 1.5, 1.1), [1e-308, 1e-308, 1.0, 1.0], [1.0] * 9)  # factors too large to be split
def test_special_numbers(compiled, name, over_lanes, xs, w, weights):
    expected = bits(compiled(name, over_lanes, "python")(xs, w, weights))
    for backend in filter(find_spec, ("numpy", "numba")):
        assert bits(compiled(name, over_lanes, backend)(xs, w, weights)) == expected


TIES = [
    [-0.06617641977451516, -2.651472515351058, -1.6862852659215295, -3e-310],
    [5e-324, -1.9376999370871282, -1.165484955650865],
    [1.0, 2.0**-53, 5e-324],
    [1.0, 2.0**-53, -5e-324],
]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("xs", TIES)
def test_halfway_between_two_numbers_the_smallest_term_decides(backend, xs):
    pytest.importorskip(backend)
    total = math.fsum(xs)
    rows = [xs] * 9
    assert jit(lambda rows: [ag.sum(x) for x in rows], backend=backend)(rows).count(total) == 9
    assert jit(lambda xs: ag.sum(vmap(lambda x: x * 1.0)(xs)), backend=backend)(xs) == total
    f = vmap(lambda x, w: dot(x, w), in_axes=(0, None))
    assert jit(f, backend=backend)(rows, [1.0] * len(xs)).count(total) == 9


def test_products_of_any_numbers_cancel_exactly():
    """What rounding takes from a product is known also where a factor cannot be split into two."""
    a, b = 1e305 / 3.0, 3e-305 / 7.0
    for w, x in (([a, -a * b], [b, 1.0]), ([b, -a * b], [a, 1.0])):
        error = reductions.dot([*w, *x])
        assert error == reductions.dot([a * 2.0**-60, -a * b, b * 2.0**60, 1.0])
        assert 0.0 < abs(error) < 2.0**-52 * a * b


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_dot_product_whose_sum_leaves_the_range_on_the_way_and_cancels(backend):
    pytest.importorskip(backend)
    w, xs, bias = [1.0, 1.0, 1.0 + 2.0**-52, 2.0**-53], [1e308, 1e308, -1e308, -1e308], -1e308
    exact = float(sum(Fraction(a) * Fraction(b) for a, b in zip(w, xs)) + Fraction(bias))
    assert dot(w, xs, bias) == exact
    layer = jit(lambda xs: [dot(w, xs, bias) for _ in range(9)] + [dot(w[::-1], xs[::-1], bias)], backend=backend)
    assert layer(xs) == [exact] * 10

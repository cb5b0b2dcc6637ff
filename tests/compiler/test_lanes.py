"""Between single numbers and the lanes of `vmap`: means and sums over lanes, and derivatives in both directions."""

import math

import pytest

import autograd_lite as ag
from autograd_lite import grad, hessian, hvp, jit, jvp, value_and_grad, vmap
from autograd_lite.compiler.tracer import TracingError
from autograd_lite.transforms.pytree import flatten

HUGE, TINY, INF = 1e308, 5e-324, math.inf
ROWS = [[HUGE, HUGE], [HUGE, HUGE, -HUGE], [1e16, 1.0, -1e16], [INF, 1.0], [INF, -INF], [TINY, 0.0, TINY], [0.1] * 7]
pytestmark = [pytest.mark.parametrize("backend", ["python", "numpy", "numba", "javascript", "jax"])]


@pytest.fixture(autouse=True)
def installed(backend):
    if backend in ("numpy", "numba", "jax"):
        pytest.importorskip(backend)


def agree(f, backend, *args):
    expected, got = (map(float, flatten(g(*args))[0]) for g in (f, jit(f, backend=backend)))
    for a, b in zip(expected, got, strict=True):
        assert (a != a and b != b) or math.isclose(a, b, rel_tol=1e-12), (a, b)


@pytest.mark.parametrize("xs", ROWS, ids=str)
@pytest.mark.parametrize("name", ["mean", "sum"])
def test_at_the_ends_of_the_range_and_where_terms_cancel(backend, name, xs):
    if backend == "jax" and xs != [HUGE, HUGE]:
        pytest.skip("XLA adds in an order of its own")
    total = getattr(ag, name)
    agree(value_and_grad(lambda xs: total(vmap(lambda x: x * 1.0)(xs))), backend, xs)
    agree(lambda xs: total(vmap(lambda x: x * 1.0)(xs)), backend, xs)


@pytest.mark.parametrize("x", [0.1, 0.7, HUGE])
def test_the_mean_of_what_is_the_same_in_all_lanes(backend, x):
    agree(lambda xs, w: ag.mean(vmap(lambda x, w: w, in_axes=(0, None))(xs, w)), backend, [1.0] * 7, x)


LISTS = [ag.sum, ag.mean, ag.prod, ag.max, ag.min, ag.norm, ag.logsumexp, lambda xs: ag.softmax(xs)[0]]
LISTS += [lambda xs: ag.log_softmax(xs)[0], lambda xs: ag.dot(xs, xs)]


@pytest.mark.parametrize("transform", [lambda f: f, grad, hessian])
def test_a_list_of_one_in_every_lane(backend, transform):
    for of_list in LISTS:
        agree(vmap(transform(lambda x, f=of_list: f([x * 1.0]))), backend, [1.0, -2.0])


def test_a_mean_over_lanes_prints_as_one(backend):
    f = jit(lambda xs: ag.mean(vmap(lambda x: x * x)(xs)), backend=backend)
    assert "mean over lanes of v" in str(f.program([1.0, 2.0]))


FUNCTIONS = {
    "mean": lambda a: ag.mean(vmap(lambda x: x * x)(a)),
    "sum": lambda a: ag.sum(vmap(lambda x: ag.sin(x) * x)(a)),
    "of all lanes": lambda a: ag.norm(vmap(lambda x: x * x)(a)),
    "of one lane": lambda a: vmap(lambda x: x * x)(a)[1] * a[2],
    "shared": lambda a: ag.sum(vmap(lambda x: x * a[0] * a[0])(a)),
    "the same in all": lambda a: ag.mean(vmap(lambda x, w: w * w, in_axes=(0, None))(a, a[0])),
    "no path": lambda a: a[2] * a[2] + ag.sqrt(ag.sum(vmap(lambda x: ag.relu(x - 9.0))(a))),
    "constant lanes": lambda a: ag.mean(vmap(lambda x: x * a[1])([ag.mean(vmap(ag.sin)(a)), a[0] * a[0], 1.0])),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_forward_mode_into_lanes_and_out_of_them(backend, name):
    f, point, direction = FUNCTIONS[name], [0.5, 1.0, 2.0], [1.0, 0.0, -0.75]
    agree(lambda a, b: jvp(f, (a,), (b,)), backend, point, direction)
    agree(lambda a, b: hvp(f, (a,), (b,)), backend, point, direction)
    agree(hessian(f), backend, point)
    agree(grad(lambda a: jvp(f, (a,), (direction,))[1]), backend, point)


def test_forward_mode_of_a_row(backend):
    f = vmap(lambda x: ag.sin(x) * x)
    agree(lambda a, b: jvp(f, (a,), (b,)), backend, [0.5, 1.0, 2.0], [1.0, 0.0, -0.75])
    agree(ag.jacobian(f), backend, [0.5, 1.0, 2.0])


def test_a_number_that_outlives_the_mapped_function_is_no_result():
    """It stands for one number a lane, where eager has that of one sample."""

    def last(xs):
        kept = []
        vmap(lambda x: kept.append(x * 2.0) or x)(xs)
        return kept[-1] * 1.0

    def total(xs):
        so_far = [0.0]

        def add(x):
            so_far[0] = so_far[0] + x
            return x

        vmap(add)(xs)
        return so_far[0]

    for f in (last, total):
        assert f([1.0, 2.0, 3.0]) == 6.0
        with pytest.raises(TracingError, match="outlived the function which vmap maps"):
            jit(f)([1.0, 2.0, 3.0])

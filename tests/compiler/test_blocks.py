"""Many lanes in blocks: the same bits as Python gives, whatever needs all lanes in between, and in any threads."""

import math
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, grad, jit, mean, nn, optim, value_and_grad, vmap
from autograd_lite.compiler.backends import blocks
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.core.value import as_data
from autograd_lite.nn.compiled import update_program
from autograd_lite.testing.strategies import expressions
from autograd_lite.transforms.pytree import flatten

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.filterwarnings("ignore")
ROWS = [r for r in PRIMITIVES.values() if r.arity and r.name not in ("pow'", "identity")]
numbers = st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, 1e-300, 1e300, math.inf, math.nan])
SMALL = 5
LENGTHS = [SMALL - 1, SMALL, SMALL + 1, 3 * SMALL + 2]
NUMBA = pytest.param("numba", marks=pytest.mark.skipif(not find_spec("numba"), reason="numba is not installed"))
backends = pytest.mark.parametrize("backend", ["numpy", NUMBA])


@contextmanager
def in_blocks(lanes=blocks.BLOCK):
    """Blocks of so many lanes, for the least that can be done in them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, size in ("BLOCK", lanes), ("OPERANDS", 0), ("RESULTS", 0):
            patch.setattr(blocks, name, size)
        yield


def bits(tree):
    return [0.0 if x == 0.0 else "nan" if x != x else x for x in map(float, map(as_data, flatten(tree)[0]))]


def same_bits(f, backend, *args):
    assert bits(jit(f, backend=backend)(*args)) == bits(jit(f, backend="python")(*args))


def centred(w, xs):
    """The mean of squares after the mean of all lanes is taken away: two parts, and a third for the gradient."""
    ys = vmap(lambda w, x: ag.tanh(w * x), in_axes=(None, 0))(w, xs)
    centre = mean(ys)
    return mean(vmap(lambda y, c: (y - c) ** 2, in_axes=(0, None))(ys, centre))


MIXTURES = {
    "lanes": lambda f, w, xs: vmap(f, in_axes=(None, 0, 0))(w, xs, xs),
    "gradient of the mean": lambda f, w, xs: grad(lambda w: mean(vmap(f, in_axes=(None, 0, 0))(w, xs, xs)))(w),
    "gradient in each lane": lambda f, w, xs: vmap(grad(f, argnums=(0, 1)), in_axes=(None, 0, 0))(w, xs, xs),
    "second derivative": lambda f, w, xs: grad(grad(lambda w: sum(vmap(f, in_axes=(None, 0, 0))(w, xs, xs))))(w),
    "single lanes": lambda f, w, xs: grad(
        lambda w: (lambda ys: ys[0] * ys[-1] + sum(ys))(vmap(f, in_axes=(None, 0, 0))(w, xs, xs))
    )(w),
    "a mean between": lambda f, w, xs: value_and_grad(
        lambda w: centred(f(w, w, w), [x * 1.0 for x in xs]) + centred(w, xs), argnums=0
    )(w),
    "lanes put together": lambda f, w, xs: vmap(lambda x, y: f(w, x, y))(xs, [w * i for i in range(len(xs))]),
}


@backends
@pytest.mark.parametrize("mixture", MIXTURES.values(), ids=list(MIXTURES))
@settings(max_examples=8, deadline=None)
@given(
    f=expressions(inputs=3, rules=ROWS),
    xs=st.sampled_from(LENGTHS).flatmap(lambda n: st.lists(numbers, min_size=n, max_size=n)),
)
def test_a_random_program(backend, mixture, f, xs):
    with in_blocks(SMALL):
        same_bits(lambda w, xs: mixture(f, w, xs), backend, 0.75, xs)


@backends
@pytest.mark.parametrize("odd", [0.0, math.inf, -math.inf, math.nan, 1e200, 1e-200])
@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("lanes", [blocks.BLOCK - 1, blocks.BLOCK, blocks.BLOCK + 1, 3 * blocks.BLOCK + 7])
def test_a_network_over_many_lanes(backend, lanes, place, odd):
    rng = np.random.default_rng(0)
    ws, xs = rng.normal(size=(4, 3)).tolist(), rng.normal(size=(lanes, 3))
    xs[place, 1] = odd
    bias = Value(0.5)

    def score(ws, x):
        hidden = [ag.relu(ag.dot(w, x) + bias) for w in ws]
        return ag.sqrt(hidden[0]) + hidden[1] * hidden[2] + ag.log(hidden[3] + 0.5)

    with in_blocks():
        same_bits(value_and_grad(lambda ws: mean(vmap(score, in_axes=(None, 0))(ws, xs.tolist()))), backend, ws)


def kinds(program):
    from autograd_lite.compiler.layout import Layout

    return [kind for kind, _, _ in Layout(program).operations if kind in ("blocks", "lanesum", "lanedot", "map")]


def test_what_needs_all_lanes_stands_between_the_parts():
    xs = np.linspace(-1.0, 1.0, 11)
    program = jit(grad(centred)).program(0.5, xs)
    assert "blocks" not in kinds(program)
    with in_blocks(SMALL):
        assert kinds(program) == ["blocks", "lanesum", "blocks", "lanesum", "blocks"]


def test_an_update_of_many_parameters_is_not_worth_blocks():
    program = update_program(optim.Adam([Value(0.0) for _ in range(1000)]))
    assert "blocks" not in kinds(replace(program, lanes=1_000_000))


def deep(ws, xs):
    def score(ws, x):
        for w in ws:
            x = [ag.tanh(ag.dot(row, x)) for row in w]
        return sum(x)

    return mean(vmap(score, in_axes=(None, 0))(ws, xs))


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_bit(monkeypatch, threads):
    pytest.importorskip("numba")
    runner = pytest.importorskip("autograd_lite.compiler.backends.numba.runner")
    rng = np.random.default_rng(1)
    ws, xs = rng.normal(size=(2, 5, 5)).tolist(), rng.normal(size=(3 * blocks.BLOCK + 50, 5))
    with in_blocks():
        alone = jit(value_and_grad(deep), backend="numba")(ws, xs)
        monkeypatch.setattr(runner, "threads", lambda part: threads)
        assert bits(jit(value_and_grad(deep), backend="numba")(ws, xs)) == bits(alone)
        monkeypatch.setattr("threading.Thread.start", no_thread)
        assert bits(jit(value_and_grad(deep), backend="numba")(ws, xs)) == bits(alone)


def no_thread(self):
    raise RuntimeError("can't start new thread")


def test_threads_for_what_takes_milliseconds(monkeypatch):
    runner = pytest.importorskip("autograd_lite.compiler.backends.numba.runner")
    from autograd_lite.compiler.layout import Layout

    program = jit(value_and_grad(deep)).program(np.ones((2, 8, 8)).tolist(), np.ones((3, 8)))
    monkeypatch.setattr("os.sched_getaffinity", lambda process: range(4), raising=False)
    counts = []
    for lanes in (10_000, 40_000, 1_000_000):
        (part,) = Layout(replace(program, lanes=lanes)).parts
        counts.append(runner.threads(part))
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 4


@backends
def test_an_error_of_a_users_function_in_one_block(backend):
    def forward(x):
        if x > 3.5:
            raise ValueError("too large")
        return x

    checked = ag.primitive("checked", forward, lambda g, x: g)
    f = jit(lambda xs: sum(vmap(checked)(xs)), backend=backend)
    with in_blocks(SMALL):
        assert f([0.5] * 12) == 6.0
    with pytest.raises(ValueError, match="too large"):
        f([0.5] * 11 + [4.0])
    assert f([0.25] * 12) == 3.0


def test_fit_on_all_of_many_samples():
    rng = np.random.default_rng(2)
    xs = rng.normal(size=(300, 2))
    ts = np.sign(xs[:, 0] * xs[:, 1]) * 0.5 + 0.5

    def trained(**how):
        model = nn.MLP(2, [4, 1], "relu", seed=0)
        adam = optim.Adam(model.parameters(), lr=0.01)
        nn.fit(model, (xs, ts), nn.binary_cross_entropy_with_logits, adam, 3, progress=False, **how)
        return [p.data for p in model.parameters()]

    expected = trained(jit=False)
    with in_blocks():
        np.testing.assert_allclose(trained(jit=True), expected, rtol=1e-12, atol=1e-14)

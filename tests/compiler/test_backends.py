"""Who runs a program: chosen, missing, cached on disk; JAX on one device and on eight."""

import math
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd_lite import Value, jit, optim, vmap
from autograd_lite.compiler import backends
from autograd_lite.core import table as table
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.nn.compiled import Trainer


def run(code, **environment):
    """What a fresh Python process prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_fastest_installed_is_chosen(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    assert backends.default() == "python"
    monkeypatch.setattr(backends, "find_spec", lambda name: name == "numpy")
    assert backends.default() == "numpy"
    monkeypatch.setattr(backends, "find_spec", lambda name: name == "numba")
    assert backends.default() == "numba"


@pytest.mark.parametrize(("backend", "extra"), [("numba", "jit"), ("jax", "jax")])
def test_a_missing_one_says_how_to_install_it(monkeypatch, backend, extra):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf"pip install 'autograd_lite\[{extra}\]'"):
        jit(math.sin, backend=backend)


def test_the_package_alone_imports_neither():
    loaded = run("import sys, autograd_lite; print({'numpy', 'numba', 'jax'} & set(sys.modules))")
    assert loaded.strip() == "set()"


NORMAL = sys.float_info.min  # smaller numbers are subnormal
POINTS = [0.5, -0.75, 1.5, -2.5, 3.0, 20.0, -20.0, 0.0, 1e-5, 1e200, -1e-200, -6e-159, 1e-209]


@pytest.mark.parametrize("name", [name for name, r in PRIMITIVES.items() if name != "pow'"])
@pytest.mark.parametrize("backend", ["numba", "jax"])
def test_every_row_computes_what_it_does_eagerly(backend, name):
    pytest.importorskip(backend)
    row = PRIMITIVES[name]
    count = row.arity or 3
    f = jit(lambda xs: row(*xs), backend=backend)
    for i in range(len(POINTS)):
        xs = [POINTS[(i + 2 * k) % len(POINTS)] for k in range(count)]
        got, expected = f(xs), row.evaluate(xs)
        assert got == pytest.approx(expected, rel=1e-12, abs=NORMAL, nan_ok=True), xs


@pytest.mark.parametrize("backend", ["numba", "jax"])
def test_slopes_of_powers(backend):
    pytest.importorskip(backend)
    for k, n in [(1.0, 0.0), (2.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 2.0)]:
        f = jit(lambda a, b, k=k, n=n: table.pow_slope(a, b, k, n), backend=backend)
        for a, b in [(2.0, 3.0), (0.5, -1.5), (0.0, 2.0), (3.0, 0.0), (-2.0, 3.0)]:
            assert f(a, b) == pytest.approx(table.pow_slope.evaluate([a, b, k, n]), rel=1e-12, nan_ok=True)


# --- training in one array -----------------------------------------------------------------------------------------

OPTIMISERS = {
    "SGD": lambda ps: optim.SGD(ps, lr=0.1),
    "Nesterov": lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "RMSprop": lambda ps: optim.RMSprop(ps, lr=0.01),
    "Adagrad": lambda ps: optim.Adagrad(ps, lr=0.1),
    "Adam, scheduled": lambda ps: optim.Adam(ps, lr=optim.cosine(0.1, 20)),
    "AdamW": lambda ps: optim.AdamW(ps, lr=0.1),
}


@pytest.mark.parametrize("count", [2, 70])  # a few parameters are updated one by one, many in lanes
@pytest.mark.parametrize("backend", ["python", "numba", "jax"])
@pytest.mark.parametrize("make", OPTIMISERS.values(), ids=OPTIMISERS)
def test_training_equals_the_eager_loop(backend, make, count):
    pytest.importorskip(backend) if backend != "python" else None

    def training():
        ws = [Value(0.01 * i) for i in range(count)]
        return ws, (lambda x, y: (sum(w * x**2 for w in ws) - y).tanh() ** 2), make(ws)

    ws, loss, optimiser = training()
    losses = []
    for x in [1.0, 0.5, 0.25, 0.25, 0.25, 0.25]:
        y = loss(Value(x), 3.0)
        losses.append(y.data)
        optimiser.zero_grad()
        y.backward()
        optimiser.step()
    others, loss, other = training()
    with Trainer(loss, other, backend=backend) as trainer:
        got = [trainer.step(1.0, 3.0), trainer.step(0.5, 3.0), *trainer.steps(4, 0.25, 3.0)]
    assert got == pytest.approx(losses, rel=1e-12)
    assert [w.data for w in others] == pytest.approx([w.data for w in ws], rel=1e-11)
    assert other.state_dict()["steps"] == optimiser.state_dict()["steps"] == 6


def test_training_goes_on_from_numbers_written_back():
    w = Value(0.0)
    trainer = Trainer(lambda: (w - 3.0) ** 2, optim.SGD([w], lr=0.25), backend="python")
    trainer.step()
    assert w.data == 0.0
    trainer.write_back()
    assert w.data == 1.5
    w.data = 5.0
    assert trainer.step() == 4.0


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_a_loss_that_is_not_finite_stops_before_anything_moves(backend):
    pytest.importorskip(backend) if backend != "python" else None
    w = Value(1.0)
    trainer = Trainer(lambda: w**4, optim.SGD([w], lr=10.0), backend=backend)
    with pytest.raises(FloatingPointError, match="the loss is inf at step 5"):
        trainer.steps(10)
    trainer.write_back()
    assert math.isfinite(w.data)


@pytest.mark.parametrize("backend", ["python", "numba"])
@pytest.mark.parametrize("over_lanes", [False, True])
def test_calls_from_several_threads_do_not_meet(backend, over_lanes):
    pytest.importorskip(backend) if backend != "python" else None

    def one(x):
        return (x * x + 1.0).tanh() / x

    f = jit(vmap(one), backend=backend) if over_lanes else jit(lambda xs: [one(x) for x in xs], backend=backend)
    batches = [[1.0 + t + i / 8.0 for i in range(8)] for t in range(4)]
    expected = [f(xs) for xs in batches]

    def wrong(t):
        return sum(f(batches[t]) != expected[t] for _ in range(2_000))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(wrong, range(4))) == [0, 0, 0, 0]


def test_a_primitive_of_many_operands_over_lanes():
    pytest.importorskip("numba")
    import autograd_lite as ag

    six = ag.primitive(
        "six", lambda a, b, c, d, e, f: a - b + c - d + e - f, lambda g, a, b, c, d, e, f: (g, -g, g, -g, g, -g)
    )
    lanes = jit(vmap(lambda x, w: six(1.0, x, w, 3.0, 4.0, x) * w, in_axes=(0, None)), backend="numba")
    assert lanes([1.0, 2.0, 3.0], 5.0) == [25.0, 15.0, 5.0]


def test_a_dot_product_over_lanes_has_the_bits_of_each_alone():
    np = pytest.importorskip("numpy")
    pytest.importorskip("numba")
    from autograd_lite import dot

    rng = np.random.default_rng(0)
    w = rng.normal(size=5)
    xs = rng.normal(size=(300, 5))
    xs[::3, 4] = -xs[::3, :4] @ w[:4] / w[4]  # here the terms cancel
    xs[1], xs[2], xs[4] = 1e200, [math.nan, *xs[2, 1:]], [1e308, 1e308, -1e308, math.inf, 0.0]
    for f in (lambda w, x: dot(w, x), lambda w, x: dot(w, x, x[0]), lambda w, x: dot(x, x, 2.0)):
        together = jit(vmap(f, in_axes=(None, 0)), backend="numba")(w, xs)
        alone = jit(f, backend="numba")
        np.testing.assert_array_equal(together, [alone(w, x) for x in xs])
        np.testing.assert_allclose(together, [f(w.tolist(), x) for x in xs.tolist()], rtol=1e-15)

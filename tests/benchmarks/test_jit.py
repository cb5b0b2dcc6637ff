"""Compiled speed beside named peers: run by hand with `pytest tests/benchmarks/test_jit.py -s`.

Peers that are not installed are left out. All run in turn, in one process, on one thread; the shortest of many runs
counts, and ratios are to the first peer of each table.
"""

import contextlib
import gc
import importlib
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import steps

from autograd_lite import Value, jit, mean, nn, optim, value_and_grad, vmap
from autograd_lite import sum as total
from autograd_lite.core.modes import no_gc
from autograd_lite.nn.compiled import Trainer

pytest.importorskip("numba")


def module(name):
    with contextlib.suppress(ImportError):
        return importlib.import_module(name)
    return None


def compare(title, runs, rounds=7, seconds=0.3):
    """Print and return the shortest time of each, measured in turns."""
    best = dict.fromkeys(runs, float("inf"))
    with no_gc():
        for _ in range(rounds):
            for name, run in runs.items():
                until = time.perf_counter() + seconds / rounds
                while True:
                    start = time.perf_counter()
                    run()
                    now = time.perf_counter()
                    best[name] = min(best[name], now - start)
                    if now > until:
                        break
    reference = next(iter(best.values()))
    print(f"\n{title}")
    for name, t in best.items():
        print(f"  {name:44} {t * 1e3:10.4f} ms   {t / reference:7.3f}")
    return best


def alternate(title, runs, rounds=60):
    """Print the median time of each, one run at a time in turn, so that all find the caches as the others left them."""
    times = {name: [] for name in runs}
    with no_gc():
        for _ in range(rounds):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    first = next(iter(times.values()))
    print(f"\n{title}")
    for name, ts in times.items():
        ratio = statistics.median(t / reference for t, reference in zip(ts, first))
        print(f"  {name:44} {statistics.median(ts) * 1e3:10.4f} ms   {ratio:7.3f}")


def torch_gpt(weights, tokens, adam):
    torch = module("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    w = {name: torch.tensor(x, requires_grad=True) for name, x in weights.items()}
    t, target = torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])
    n, mask = len(tokens) - 1, torch.triu(torch.full((len(tokens) - 1,) * 2, -torch.inf, dtype=torch.float64), 1)
    optimiser = torch.optim.Adam(w.values(), lr=1e-2) if adam else None

    def norm(x):
        return x * (x.square().mean(-1, keepdim=True) + 1e-5) ** -0.5

    def heads(x):
        return x.view(n, steps.N_HEAD, steps.HEAD).transpose(0, 1)

    def step():
        for p in w.values():
            p.grad = None
        x = norm(w["wte"][t] + w["wpe"][:n])
        residual, x = x, norm(x)
        q, k, v = (heads(x @ w[name].T) for name in ("wq", "wk", "wv"))
        shares = ((q @ k.transpose(1, 2)) / steps.HEAD**0.5 + mask).softmax(-1)
        x = (shares @ v).transpose(0, 1).reshape(n, -1) @ w["wo"].T + residual
        residual, x = x, norm(x)
        x = (x @ w["fc1"].T).relu().square() @ w["fc2"].T + residual
        loss = torch.nn.functional.cross_entropy(x @ w["head"].T, target)
        loss.backward()
        if optimiser:
            optimiser.step()
        return loss.item(), {name: p.grad.numpy() for name, p in w.items()}

    return step


def test_gpt():
    weights, tokens = steps.gpt_data()
    both = value_and_grad(lambda w: steps.gpt_loss(w, tokens))
    compiled = jit(both)
    loss, gradients = compiled(weights)
    runs = {}
    peer = torch_gpt(weights, tokens, adam=False)
    if peer:
        expected, theirs = peer()
        assert loss == pytest.approx(expected, rel=1e-9)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, theirs[name], rtol=1e-7, atol=1e-10)
        runs["PyTorch tensors"] = peer
    runs["autograd_lite jit"] = lambda: compiled(weights)
    alternate("GPT step, value and gradient, in turn", runs)
    compare("GPT step, value and gradient, each many times", runs)

    values = {name: [[Value(x) for x in row] for row in w.tolist()] for name, w in weights.items()}
    parameters = [p for rows in values.values() for row in rows for p in row]
    trainer = Trainer(lambda: steps.gpt_loss(values, tokens), optim.Adam(parameters, lr=1e-2))
    assert trainer.step() == pytest.approx(loss, rel=1e-12)
    with_adam = torch_gpt(weights, tokens, adam=True)
    runs = ({"PyTorch tensors": with_adam} if with_adam else {}) | {"Trainer": trainer.step}
    alternate("GPT step with Adam, in turn", runs)


def moons_peers(parameters, points, labels):
    """Named runs of the moons step, each checked against the others by the caller."""
    peers = {}
    torch, jax = module("torch"), module("jax")
    cuts = np.cumsum([n for nin, nout in steps.MOONS_SHAPE for n in (nin * nout, nout)])[:-1]

    def layers(p, split, reshape):
        parts = split(p)
        return [(reshape(w, (nout, nin)), b) for w, b, (nin, nout) in zip(parts[::2], parts[1::2], steps.MOONS_SHAPE)]

    if torch:
        torch.set_num_threads(1)
        p, x, y = (torch.tensor(a, requires_grad=i == 0) for i, a in enumerate((parameters, points, labels)))

        def torch_step():
            p.grad = None
            h = x
            ls = layers(p, lambda p: torch.tensor_split(p, cuts.tolist()), lambda w, s: w.view(s))
            for i, (w, b) in enumerate(ls):
                h = h @ w.T + b
                h = h.relu() if i < 2 else h
            loss = (1 - y * h[:, 0]).relu().mean() + 1e-4 * p.square().sum()
            loss.backward()
            return loss.item(), p.grad.numpy()

        peers["PyTorch tensors"] = torch_step
    if jax:
        jax.config.update("jax_enable_x64", True)

        def jax_loss(p, x, y):
            h = x
            for i, (w, b) in enumerate(layers(p, lambda p: jax.numpy.split(p, cuts), lambda w, s: w.reshape(s))):
                h = h @ w.T + b
                h = jax.nn.relu(h) if i < 2 else h
            return jax.nn.relu(1 - y * h[:, 0]).mean() + 1e-4 * (p * p).sum()

        jax_compiled = jax.jit(jax.value_and_grad(jax_loss))
        peers["JAX jit"] = lambda: jax.block_until_ready(jax_compiled(parameters, points, labels))

    def numpy_step():
        ls = layers(parameters, lambda p: np.split(p, cuts), lambda w, s: w.reshape(s))
        hs = [points]
        for i, (w, b) in enumerate(ls):
            h = hs[-1] @ w.T + b
            hs.append(np.maximum(h, 0.0) if i < 2 else h)
        margin = 1 - labels * hs[-1][:, 0]
        loss = np.maximum(margin, 0.0).mean() + 1e-4 * (parameters @ parameters)
        g = (-1.0 * (margin > 0) * labels / len(labels))[:, None]
        parts = []
        for i in (2, 1, 0):
            parts = [(g.T @ hs[i]).ravel(), g.sum(0), *parts]
            g = (g @ ls[i][0]) * (hs[i] > 0)
        return loss, np.concatenate(parts) + 2e-4 * parameters

    return peers | {"NumPy by hand": numpy_step}


def test_moons_through_vmap():
    parameters, points, labels = steps.moons_data()

    def hinge(p, x, y):
        return (1 - y * steps.moons_score(p, x)).relu()

    def loss(p, x, y):
        return mean(vmap(hinge, in_axes=(None, 0, 0))(p, x, y)) + 1e-4 * total([w * w for w in p])

    compiled = jit(value_and_grad(loss))
    runs = moons_peers(parameters, points, labels)
    runs["autograd_lite jit of vmap"] = lambda: compiled(parameters, points, labels)
    results = [run() for run in runs.values()]
    for value, gradient in results:
        assert float(value) == pytest.approx(float(results[-1][0]), rel=1e-9)
        np.testing.assert_allclose(np.asarray(gradient), results[-1][1], rtol=1e-8, atol=1e-12)
    compare("Moons step, 100 points in lanes", runs)


def test_moons_unrolled():
    parameters, points, labels = steps.moons_data()
    x, y = points.tolist(), labels.tolist()
    compiled = jit(value_and_grad(lambda p: steps.moons_loss(list(p), x, y)))
    expected = compiled(parameters)
    runs = {"NumPy by hand": moons_peers(parameters, points, labels)["NumPy by hand"]}
    casadi = module("casadi")
    if casadi:
        p = casadi.SX.sym("p", len(parameters))
        casadi.SX.relu = lambda v: casadi.fmax(v, 0)
        loss = steps.moons_loss(casadi.vertsplit(p), x, y)
        replay = casadi.Function("f", [p], [loss, casadi.gradient(loss, p)])
        assert float(replay(parameters)[0]) == pytest.approx(expected[0], rel=1e-9)
        runs["CasADi SX replay"] = lambda: replay(parameters)
    ddx = module("ddx")
    if hasattr(ddx, "equation"):  # of the distribution ddx-ad; another package has the same name
        ddx.Expression.relu = lambda v: ddx.max(v, 0.0)
        names = [f"p{i:03}" for i in range(len(parameters))]  # taken in alphabetical order
        equation = ddx.equation(lambda: steps.moons_loss([ddx.var(name) for name in names], x, y))
        value, gradient = equation.jacobian(parameters)
        assert value == pytest.approx(expected[0], rel=1e-9)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-8, atol=1e-12)
        runs["ddx, interpreting"] = lambda: equation.jacobian(parameters)
    runs["autograd_lite jit"] = lambda: compiled(parameters)
    compare("Moons step, 100 points unrolled: 66,000 nodes", runs)


def test_python_backend_and_first_call():
    parameters, points, labels = steps.moons_data()
    x, y = points.tolist(), labels.tolist()
    both = value_and_grad(lambda p: steps.moons_loss(list(p), x, y))
    slow = jit(both, backend="python")
    jit(value_and_grad(lambda a: a * a))(1.0)  # the loop is compiled, or read from disk, once
    once = float("inf")
    for _ in range(3):
        gc.collect()
        first = jit(both)
        start = time.perf_counter()
        first(parameters)
        once = min(once, time.perf_counter() - start)
    best = compare(
        "Moons step in Python", {"eager": lambda: both(parameters), "backend python": lambda: slow(parameters)}
    )
    print(f"  {len(first.program(parameters)):,} instructions")
    print(f"  first call {once:.2f} s, {once / best['eager']:.1f} eager steps")


def test_xor():
    """10,000 epochs of 2-4-1 with sigmoids, full batch, beside NumPy as the articles write it."""
    xs, ys = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    rng = np.random.default_rng(0)
    start = rng.uniform(-1, 1, (2, 4)), np.zeros((1, 4)), rng.uniform(-1, 1, (4, 1)), np.zeros((1, 1))

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def by_hand(epochs=10_000):
        w1, b1, w2, b2 = (a.copy() for a in start)
        for _ in range(epochs):
            h = sigmoid(xs @ w1 + b1)
            out = sigmoid(h @ w2 + b2)
            d2 = 2 * (out - ys) / 4 * out * (1 - out)
            d1 = d2 @ w2.T * h * (1 - h)
            w2 -= 0.5 * h.T @ d2
            b2 -= 0.5 * d2.sum(0, keepdims=True)
            w1 -= 0.5 * xs.T @ d1
            b1 -= 0.5 * d1.sum(0, keepdims=True)
        return float(((out - ys) ** 2).mean())

    def trainer():
        w1, b1, w2, b2 = ([[Value(x) for x in row] for row in a.tolist()] for a in start)

        def loss():
            losses = []
            for x, y in zip(xs.tolist(), ys.tolist()):
                h = [(x[0] * w1[0][j] + x[1] * w1[1][j] + b1[0][j]).sigmoid() for j in range(4)]
                out = (sum((a * w[0] for a, w in zip(h, w2)), b2[0][0])).sigmoid()
                losses.append((out - y[0]) ** 2)
            return mean(losses)

        return Trainer(loss, optim.SGD([p for a in (w1, b1, w2, b2) for row in a for p in row], lr=0.5))

    assert trainer().steps(1000)[-1] == pytest.approx(by_hand(1000), rel=1e-9)
    runs = {"NumPy by hand": by_hand, "Trainer, recording included": lambda: trainer().steps(10_000)}
    compare("XOR, 10,000 epochs", runs, rounds=2)


def test_network_of_modules():
    """`nn.fit` with and without jit."""
    pytest.importorskip("tqdm")
    model = nn.MLP(2, [16, 16, 1], seed=0)
    _, points, labels = steps.moons_data()
    data = points.tolist(), labels.tolist()

    def fit(jit):
        return lambda: nn.fit(
            model, data, nn.mse_loss, optim.Adam(model.parameters()), epochs=20, progress=False, jit=jit
        )

    compare(
        "nn.fit, 20 epochs of 100 points", {"eager": fit(False), "jit=True, recording included": fit(True)}, rounds=1
    )

"""What users call, `nn.fit`, beside the same loop in PyTorch: `pytest tests/benchmarks/test_fit.py -s`, by hand.

Both train the same network on the same data in float64 on one thread, in one process, in turn. Times are the
processor's, so that what else runs on the machine disturbs less. A whole run is all that the call of `fit` takes. A
step is what a whole run takes longer than a short one, over the steps that it has more, and recording what is left of
the short run without its steps. Kernels are compiled before. All figures are medians over rounds, ratios those of what
`fit` takes by what PyTorch takes in the same round.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time

import numpy as np
import pytest

from autograd_lite import nn, optim

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")
pytest.importorskip("numba")

ROUNDS = 5
LOSSES = {
    "cross entropy": (nn.cross_entropy, torch.nn.functional.cross_entropy),
    "with logits": (
        nn.binary_cross_entropy_with_logits,
        lambda y, t: torch.nn.functional.binary_cross_entropy_with_logits(y[:, 0], t),
    ),
    "mean square": (nn.mse_loss, lambda y, t: torch.nn.functional.mse_loss(y[:, 0], t)),
}
OPTIMISERS = {"Adam": (optim.Adam, torch.optim.Adam), "SGD": (optim.SGD, torch.optim.SGD)}


def digits():
    images, classes = datasets.load_digits(return_X_y=True)
    return images[:1437] / 16.0, classes[:1437], [64, 32, 10], "relu", "cross entropy"


def moons(n=100):
    points, classes = datasets.make_moons(n, noise=0.1, random_state=0)
    return points, classes.astype(float), [2, 16, 16, 1], "relu", "with logits"


def parabola():
    xs = np.linspace(-1.0, 1.0, 100)
    return xs[:, None], xs**2, [1, 16, 16, 16, 16, 1], "tanh", "mean square"


CASES = {  # data, samples in a batch, epochs of a whole run and of a short one
    "digits 64-32-10, batches of 32": (digits, 32, 42, 2),
    "digits 64-32-10, all 1,437": (digits, None, 42, 4),
    "moons 2-16-16-1, all 100": (moons, None, 3010, 10),
    "moons 2-16-16-1, all 1,000": (lambda: moons(1000), None, 301, 10),
    "moons 2-16-16-1, all 10,000": (lambda: moons(10_000), None, 31, 4),
    "parabola 1-16-16-16-16-1, all 100": (parabola, None, 3010, 10),
}


@pytest.fixture(autouse=True)
def kernels_at_once(monkeypatch):
    from autograd_lite.compiler.backends.numba import background

    monkeypatch.setattr(background, "may_start_processes", lambda: False)


def network(sizes, activation):
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, seed=0)
    layers = []
    for layer, nin, nout in zip(model.layers, sizes, sizes[1:]):
        linear = torch.nn.Linear(nin, nout, dtype=torch.float64)
        neurons = layer.neurons
        with torch.no_grad():
            linear.weight[:] = torch.tensor([[w.data for w in n.w] for n in neurons], dtype=torch.float64)
            linear.bias[:] = torch.tensor([n.b.data for n in neurons], dtype=torch.float64)
        layers += [linear, {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[activation]()]
    return model, torch.nn.Sequential(*layers[:-1])


def torch_loop(model, xs, ts, loss, optimiser, epochs, size):
    for _ in range(epochs):
        order = torch.randperm(len(xs)) if size else None
        total = 0.0
        for start in range(0, len(xs), size or len(xs)):
            chosen = order[start : start + size] if size else slice(None)
            optimiser.zero_grad()
            value = loss(model(xs[chosen]), ts[chosen])
            value.backward()
            optimiser.step()
            total += value.item() * len(ts[chosen])
    return total / len(xs)


def seconds(action):
    start = time.process_time()
    result = action()
    return time.process_time() - start, result


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("case", CASES)
def test_fit(case, optimiser):
    make, size, epochs, few = CASES[case]
    inputs, targets, sizes, activation, name = make()
    ours, theirs = LOSSES[name]
    make_ours, make_theirs = OPTIMISERS[optimiser]
    torch.set_num_threads(1)
    xs = torch.tensor(inputs)
    ts = torch.tensor(targets, dtype=torch.long if name == "cross entropy" else torch.float64)
    batches = -(-len(inputs) // (size or len(inputs)))

    def runs(epochs):
        model, peer = network(sizes, activation)
        own = make_ours(model.parameters(), lr=0.01)
        other = make_theirs(peer.parameters(), lr=0.01)
        return (
            lambda: nn.fit(model, (inputs, targets), ours, own, epochs, size, seed=0, progress=False, jit=True)["loss"],
            lambda: torch_loop(peer, xs, ts, theirs, other, epochs, size),
        )

    assert runs(1)[0]()[-1] == pytest.approx(runs(1)[1](), rel=1e-6 if size is None else 0.5)
    rounds = []
    for _ in range(ROUNDS):
        whole, peer = runs(epochs)
        (short, _), (own, _), (other, _) = seconds(runs(few)[0]), seconds(whole), seconds(peer)
        step, their_step = (own - short) / (epochs - few) / batches, other / epochs / batches
        recording = short - step * few * batches
        rounds.append((step, their_step, step / their_step, own, other, own / other, recording))
    step, their_step, ratio, own, other, of_all, recording = map(statistics.median, zip(*rounds))
    print(f"\n{case}, {optimiser}: {epochs * batches:,} steps")
    print(f"  a step      {step * 1e6:10.1f} us   PyTorch {their_step * 1e6:10.1f} us   ratio {ratio:6.3f}")
    print(f"  whole run   {own:10.3f} s    PyTorch {other:10.3f} s    ratio {of_all:6.3f}")
    print(f"  recording   {recording:10.3f} s")

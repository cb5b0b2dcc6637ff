"""Speed of the moons step through `nn`, beside the lean engine and XAD: `pytest tests/benchmarks/test_nn.py -s`."""

import importlib
import random
import time

import lean
import pytest
from test_eager import alternate, moons_step

import autograd_lite
from autograd_lite import nn, optim


def nn_step(fused=True):
    """The step of `moons_step`, as a user of `nn` writes it: the same weights, points, loss and L2."""
    draw = random.Random(0).uniform
    model = nn.MLP(2, [16, 16, 1], init=lambda rng, nin, nout: draw(-1, 1), fused=fused)
    points = [(draw(-1, 2), draw(-1, 1)) for _ in range(100)]
    labels = [1 if y > 0 else -1 for _, y in points]
    parameters = model.parameters()
    optimizer = optim.SGD(parameters)

    def step():
        loss = nn.hinge_loss([model(point) for point in points], labels)
        loss = loss + 1e-4 * autograd_lite.dot(parameters, parameters)
        optimizer.zero_grad()
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return step


def xad_step():
    """The same on XAD's tape, in C++ bound to Python: recorded anew every step."""
    adj = importlib.import_module("xad.adj_1st")
    draw = random.Random(0).uniform
    shape = [(2, 16), (16, 16), (16, 1)]
    weights = [[([draw(-1, 1) for _ in range(nin)], 0.0) for _ in range(nout)] for nin, nout in shape]
    points = [(draw(-1, 2), draw(-1, 1)) for _ in range(100)]
    labels = [1 if y > 0 else -1 for _, y in points]

    def step():
        with adj.Tape() as tape:
            layers = [[([adj.Real(w) for w in ws], adj.Real(b)) for ws, b in layer] for layer in weights]
            parameters = [p for layer in layers for ws, b in layer for p in (*ws, b)]
            tape.registerInputs(parameters)
            tape.newRecording()
            total = adj.Real(0.0)
            for point, label in zip(points, labels):
                x = point
                for i, layer in enumerate(layers):
                    x = [sum((w * xi for w, xi in zip(ws, x)), b) for ws, b in layer]
                    x = [v if v > 0.0 else 0.0 * v for v in x] if i < 2 else x
                margin = 1.0 - label * x[0]
                total = total + (margin if margin > 0.0 else 0.0 * margin)
            loss = total * (1.0 / len(points)) + 1e-4 * sum((p * p for p in parameters), adj.Real(0.0))
            tape.registerOutput(loss)
            loss.derivative = 1.0
            tape.computeAdjoints()
            return loss.value, [p.derivative for p in parameters]

    return step


def test_moons_step():
    ours, theirs = nn_step(), moons_step(lean.Value)
    assert ours()[0] == pytest.approx(theirs()[0], rel=1e-9)
    assert ours()[1] == pytest.approx(theirs()[1], rel=1e-9, abs=1e-12)

    def held():
        with autograd_lite.no_gc():
            ours()

    steps = {"lean": theirs, "nn": ours, "nn, no_gc": held, "nn, fused=False": nn_step(fused=False)}
    try:
        steps["XAD"] = xad_step()
        assert steps["XAD"]()[1] == pytest.approx(ours()[1], rel=1e-9, abs=1e-12)
    except ImportError:
        print("\nXAD is not installed: left out")
    times = alternate(steps)
    for name, seconds in times.items():
        print(f"  {name:20} {seconds * 1e3:8.1f} ms   lean takes {times['lean'] / seconds:5.1f} times as long")


def test_an_epoch_of_digits():
    datasets = pytest.importorskip("sklearn.datasets")
    images, digits = datasets.load_digits(return_X_y=True)
    data = (images / 16.0)[:1437], digits[:1437]
    model = nn.MLP(64, [32, 10], init="he", seed=0)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    start = time.perf_counter()
    nn.fit(model, data, nn.cross_entropy, optimizer, batch_size=32, seed=0, progress=False)
    print(f"\n  one epoch of 1,437 digits, 64-32-10: {time.perf_counter() - start:.1f} s")

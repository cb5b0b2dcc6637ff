"""How long diagrams take: run by hand with `pytest tests/benchmarks/test_draw.py -s`."""

import random
import time

from autograd_lite import Value, draw, no_gc, steps
from autograd_lite.display.graph.runner import render
from autograd_lite.nn import MLP

ROUNDS = 7


def seconds(action):
    """The least over rounds: whatever else the machine does only adds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def hundred_nodes():
    """A small network and its loss."""
    y = MLP(2, [4, 3, 1], seed=0, fused=False)([Value(1.0, label="x"), Value(2.0, label="y")])
    loss = (y - 1) ** 2
    loss.backward()
    return loss


def moons_loss(fused):
    """MLP 2-16-16-1 on 100 points, hinge loss and L2: some 66,000 nodes unfused."""
    model = MLP(2, [16, 16, 1], seed=0, fused=fused)
    rng = random.Random(0)
    losses = []
    for _ in range(100):
        x, y = rng.uniform(-1, 2), rng.uniform(-1, 1)
        losses.append((1 + (-1 if y > 0 else 1) * model([x, y])).relu())
    loss = sum(losses) / len(losses) + 1e-4 * sum(p * p for p in model.parameters())
    loss.backward()
    return loss


def chain(n):
    y = x = Value(1.0, label="x")
    for _ in range(n):
        y = y * x
    return y


def tangle(n):
    """Each node computed from two of the many before it: the hardest to lay out."""
    rng = random.Random(1)
    values = [Value(rng.random(), label=f"x{i}") for i in range(10)]
    for i in range(n - len(values)):
        a, b = rng.choice(values), rng.choice(values)
        values.append(a * b if i % 2 else a + b)
    return values[-1] + sum(values[::7])


def test_diagrams():
    starts = seconds(lambda: render("digraph { a }", "svg"))
    print(f"\n{'':42}{'ms':>8}{'beyond renderer start':>24}")
    with no_gc():
        cases = {
            "100 nodes": (hundred_nodes(), {}),
            "moons loss, fused": (moons_loss(True), {}),
            "moons loss, 66,000 nodes": (moons_loss(False), {}),
            "moons loss, 66,000 nodes, depth=2": (moons_loss(False), {"depth": 2}),
            "moons loss, 66,000 nodes, depth=3": (moons_loss(False), {"depth": 3}),
            "tangle of 100 nodes": (tangle(85), {}),
            "tangle of 5,000 nodes": (tangle(5000), {}),
            "chain of 300,000 nodes": (chain(300_000), {}),
        }
    for name, (root, options) in cases.items():
        taken = seconds(lambda: draw(root, **options).svg)  # noqa: B023
        print(f"{name:42}{1000 * taken:8.0f}{1000 * (taken - starts):24.0f}")
    root = hundred_nodes()
    print(f"{'page of steps, 100 nodes':42}{1000 * seconds(lambda: steps(root)._repr_html_()):8.0f}")

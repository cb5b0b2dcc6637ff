"""Eager speed on the moons step: run by hand with `pytest tests/benchmarks/test_eager.py -s`."""

import contextlib
import gc
import importlib
import random
import statistics
import sys
import time

import lean
import pytest

import autograd_lite

ROUNDS, STEPS = 7, 3


def moons_step(value):
    """MLP 2-16-16-1 on 100 points, hinge loss and L2, one multiplication a weight: some 66,000 nodes."""
    draw = random.Random(0).uniform
    shape = [(2, 16), (16, 16), (16, 1)]
    layers = [[([value(draw(-1, 1)) for _ in range(nin)], value(0.0)) for _ in range(nout)] for nin, nout in shape]
    points = [(draw(-1, 2), draw(-1, 1)) for _ in range(100)]
    labels = [1 if y > 0 else -1 for _, y in points]

    def step():
        losses = []
        for point, label in zip(points, labels):
            x = [value(c) for c in point]
            for i, layer in enumerate(layers):
                x = [sum((w * xi for w, xi in zip(ws, x)), b) for ws, b in layer]
                x = [v.relu() for v in x] if i < 2 else x
            losses.append((1 + -label * x[0]).relu())
        parameters = [p for layer in layers for ws, b in layer for p in (*ws, b)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return step


def alternate(steps):
    """Seconds of each step: its median over rounds in which all take turns, a few steps at a time.

    A few, because what one step leaves to the cycle collector is cleared away during the next.
    """
    times = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(STEPS):
                step()
            times[name].append((time.perf_counter() - start) / STEPS)
    return {name: statistics.median(ts) for name, ts in times.items()}


@pytest.mark.parametrize("heap", ["small heap", "large heap"])
def test_eager_speed(heap):
    alive = [[{"key": i}] for i in range(400_000)] if heap == "large heap" else []
    ours, theirs = moons_step(autograd_lite.Value), moons_step(lean.Value)
    assert ours()[0] == pytest.approx(theirs()[0], rel=1e-9)
    assert ours()[1] == pytest.approx(theirs()[1], rel=1e-9, abs=1e-12)

    def held():
        with autograd_lite.no_gc():
            ours()

    def theirs_held():
        with autograd_lite.no_gc():
            theirs()

    steps = {"autograd_lite": ours, "lean": theirs, "autograd_lite, no_gc": held, "lean, no_gc": theirs_held}
    with contextlib.suppress(ImportError):
        steps["micrograd"] = moons_step(importlib.import_module("micrograd.engine").Value)
        sys.setrecursionlimit(100_000)
    times = alternate(steps)
    print(f"\n{heap} ({len(alive):,} objects beside):")
    for name, seconds in times.items():
        print(f"  {name:22} {seconds * 1e3:8.1f} ms   {seconds / times['lean']:6.2f} of lean")

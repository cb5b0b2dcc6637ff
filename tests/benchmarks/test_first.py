"""The first results on a machine, and small functions: run by hand with `pytest tests/benchmarks/test_first.py -s`.

A first result is that of a fresh process: importing apart, the time from the call to the result, on an empty cache and
on the one that this leaves; and the time until the last kernel has taken over from NumPy.
"""

import itertools
import os
import subprocess
import sys
import time

import pytest

from autograd_lite import exp, grad, jit, sin, tanh, value_and_grad

pytest.importorskip("numba")

from autograd_lite.compiler.backends.numba import background
from autograd_lite.transforms.pytree import flatten

FIRST = """
import math, sys, time
import numpy
from autograd_lite import grad, jit, mean, nn, optim, value_and_grad, vmap, tanh
from autograd_lite.compiler.backends.numba.store import LOADED

def jitted():
    f = jit(value_and_grad(lambda xs: sum(tanh(x * y) for x, y in zip(xs, xs[1:]))))
    xs = numpy.linspace(0.1, 1.0, 50)
    return lambda: f(xs)

def mapped():
    f = jit(value_and_grad(lambda w, xs: mean(vmap(lambda x: tanh(w[0] * x + w[1]) ** 2)(xs))))
    w, xs = numpy.array([0.3, 0.4]), numpy.linspace(0.0, 1.0, 100)
    return lambda: f(w, xs)

def fitted():
    xs = [[0.01 * i] for i in range(100)]
    model = nn.MLP(1, [16, 16, 1], "tanh", seed=0)
    optimizer = optim.Adam(model.parameters())
    data = xs, [x * x for (x,) in xs]
    return lambda: nn.fit(model, data, nn.mse_loss, optimizer, 1, progress=False, jit=True)

call = {"jit": jitted, "vmap": mapped, "fit": fitted}[sys.argv[1]]()
begin = time.perf_counter()
call()
first = full = time.perf_counter() - begin
times, kernels = [], len(LOADED)
while time.perf_counter() - begin < float(sys.argv[2]):
    start = time.perf_counter()
    call()
    times.append(time.perf_counter() - start)
    if len(LOADED) > kernels:
        full, kernels = time.perf_counter() - begin, len(LOADED)
    time.sleep(0.01)
print(first, full if kernels else math.inf, min(times))
"""


@pytest.mark.parametrize("what", ["jit", "vmap", "fit"])
def test_first_results(what, tmp_path):
    print(f"\nThe first {what} on a machine")
    for cache, watched in (("empty", 30.0), ("full", 2.0)):
        done = subprocess.run(
            [sys.executable, "-c", FIRST, what, str(watched)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "AUTOGRAD_LITE_CACHE": str(tmp_path)},
        )
        first, full, least = map(float, done.stdout.split())
        print(f"  {cache:5} cache: result after {first:6.2f} s, full speed after {full:6.2f} s, {least * 1e6:8.1f} us")


def rosenbrock(xs):
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(xs))


def nineteen(x, y):
    """A function whose program has some twenty instructions."""
    u, v = sin(x * y) + exp(-x), tanh(x - 2.0 * y)
    return u * v + u / (1.0 + v * v)


def chain(x):
    for _ in range(300):
        x = tanh(x)
    return x


def least(call, seconds=1.0):
    times, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        for _ in range(20):
            call()
        times.append((time.perf_counter() - start) / 20)
    return min(times)


def test_small_functions(monkeypatch):
    """The least time of a call, and what the jitted function costs of the eager one."""
    monkeypatch.setattr(background, "may_start_processes", lambda: False)  # the first call compiles
    np = pytest.importorskip("numpy")
    xs = np.linspace(-1.0, 1.0, 200)
    cases = {
        "Rosenbrock of 200, value and gradient": (value_and_grad(rosenbrock), (xs,)),
        "some twenty instructions": (grad(nineteen), (0.3, 0.7)),
        "a chain of 300 tanh, value and gradient": (value_and_grad(chain), (0.5,)),
    }
    print(f"\n{'':44}{'us':>10}{'of eager':>10}")
    for name, (f, args) in cases.items():
        compiled = jit(f)
        np.testing.assert_allclose(flatten(compiled(*args))[0], flatten(f(*args))[0], rtol=1e-12, atol=1e-300)
        ours, eager = least(lambda c=compiled, a=args: c(*a)), least(lambda f=f, a=args: f(*a))
        print(f"{name:44}{ours * 1e6:10.2f}{ours / eager:10.4f}   ({len(compiled.program(*args)):,} instructions)")

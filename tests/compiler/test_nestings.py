"""Transforms within transforms within vmap within jit: 2,000 random programs give what they give eagerly."""

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import Value

PROGRAMS = 1_000  # for each backend
UNARY = (ag.tanh, ag.sin, lambda a: 0.5 * a, lambda a: a * a, ag.softplus)
BINARY = (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: ag.maximum(a, b))


class Program:
    """A random function of some numbers. `jit` in it is the one it is given, so that it can run without."""

    def __init__(self, seed, jit):
        self.draw, self.jit = random.Random(seed), jit
        self.captured = Value(self.draw.uniform(0.5, 1.5))

    def expression(self, depth, n):
        """A function of a list of n numbers."""
        draw = self.draw
        if depth == 0 or draw.random() < 0.12:
            if draw.random() < 0.25:
                number = round(draw.uniform(-2.0, 2.0), 2)
                return lambda xs: number
            i = draw.randrange(n)
            return lambda xs: xs[i]
        kind = draw.randrange(9)
        at = self.expression(0, n)
        if kind == 0:
            f, a = draw.choice(UNARY), self.expression(depth - 1, n)
            return lambda xs: f(a(xs))
        if kind == 1:
            f, a, b = draw.choice(BINARY), self.expression(depth - 1, n), self.expression(depth - 1, n)
            return lambda xs: f(a(xs), b(xs))
        inner, other = self.expression(depth - 1, n + 1), self.expression(0, n)
        made = {
            2: lambda xs: ag.grad(lambda u: 1.0 * inner([*xs, u]))(at(xs)),
            3: lambda xs: ag.jvp(lambda u: 1.0 * inner([*xs, u]), (at(xs),), (other(xs),))[1],
            4: lambda xs: ag.hessian(lambda u: 1.0 * inner([*xs, u]))(at(xs)),
            5: lambda xs: ag.mean(ag.vmap(lambda u: 1.0 * inner([*xs, u]))([at(xs), other(xs), 0.3])),
            6: lambda xs: self.jit(lambda u: inner([*xs, u]))(at(xs)),
            7: lambda xs: ag.vjp(lambda u: [inner([*xs, u]), u * u], at(xs))[1]([other(xs), 0.5])[0],
            8: lambda xs: ag.sum(ag.jacobian(lambda v: [inner([*xs, v[0]]) * v[1], v[1]])([at(xs), other(xs)])[0]),
        }
        return made[kind]


def whole(seed, jit):
    """A program that maps a random expression over three samples; a captured Value takes part in some."""
    program = Program(seed, jit)
    body = program.expression(3, 2)
    outermost = seed % 3

    def samples(xs, p):
        p = p * program.captured if seed % 5 == 0 else p
        return ag.vmap(lambda x: body([x, p]) + 0.0 * x)(xs)

    if outermost == 0:
        return samples
    if outermost == 1:
        return lambda xs, p: ag.vmap(ag.grad(lambda x: body([x, p]) * x))(xs)
    return ag.grad(lambda xs, p: ag.mean([1.0 * y for y in samples(xs, p)]), (0, 1))


def numbers(tree):
    if isinstance(tree, (list, tuple)):
        return [x for child in tree for x in numbers(child)]
    return [tree.data if isinstance(tree, Value) else tree]


def alike(a, b):
    return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_random_nestings_equal_eager(backend):
    pytest.importorskip(backend) if backend != "python" else None
    point = [0.7, -0.4, 1.1], 0.9
    for i in range(PROGRAMS):
        seed = 2 * i + (backend == "numba")
        expected = numbers(whole(seed, lambda f: f)(*point))
        mixed = numbers(whole(seed, lambda f: ag.jit(f, backend=backend))(*point))
        compiled = numbers(ag.jit(whole(seed, lambda f: ag.jit(f, backend=backend)), backend=backend)(*point))
        assert all(map(alike, compiled, expected)), (seed, compiled, expected)
        assert all(map(alike, mixed, expected)), (seed, mixed, expected)

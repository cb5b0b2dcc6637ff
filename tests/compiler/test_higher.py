"""Second and third derivatives of random compositions, at zeros, infinities and the ends of the range: as eager."""

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import grad, jit

PROGRAMS, POINTS = 400, 12
INF = math.inf
NUMBERS = [0.0, 1.0, -1.0, 0.5, -2.5, INF, -INF, 5e-324, -5e-324, 1e-310, 1e-200, -1e200, 1e200, 1e308, -1e308]
UNARY = [ag.sqrt, ag.log, abs, ag.relu, ag.acos, ag.tanh, lambda a: a**0.5, lambda a: a**1.5, lambda a: a * a]
UNARY += [lambda a: 1.0 / a, lambda a: a**3, lambda a: 0.0 * a, lambda a: ag.clamp(a, -1.0, 1.0)]
BINARY = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b]
BINARY += [ag.maximum, ag.hypot, ag.atan2, lambda a, b: ag.norm([a, b]), lambda a, b: ag.prod([a, b, a])]


def expression(draw, depth):
    """A random function of two numbers."""
    if depth == 0 or draw.random() < 0.1:
        first = draw.random() < 0.7
        return lambda x, y: x if first else y
    a, b = expression(draw, depth - 1), expression(draw, depth - 1)
    if draw.random() < 0.5:
        f = draw.choice(UNARY)
        return lambda x, y: f(a(x, y))
    g = draw.choice(BINARY)
    return lambda x, y: g(a(x, y), b(x, y))


def derivative(f, order):
    """The derivative of this order in the first of two numbers."""
    if order == 0:
        return lambda v: f(*v) + 0.0 * v[0]
    inner = derivative(f, order - 1)
    return lambda v: grad(inner)(v)[0]


def kind(x):
    """What must agree: nan, an infinity and its sign, or a number. Sums that cancel may differ in the last digits."""
    return "nan" if x != x else x if abs(x) == INF else "a number"


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_derivatives_of_random_compositions_are_those_of_eager(backend):
    if backend == "numpy":
        pytest.importorskip("numpy")
    for seed in range(PROGRAMS):
        draw = random.Random(seed)
        f = derivative(expression(draw, draw.choice([1, 2, 2])), draw.choice([2, 3]))
        compiled = jit(f, backend=backend)
        for _ in range(POINTS):
            point = [draw.choice(NUMBERS), draw.choice(NUMBERS)]
            expected, found = f(point), compiled(point)
            assert kind(expected) == kind(found), (seed, point, expected, found)


@pytest.mark.parametrize("backend", ["python", "numpy"])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x * ag.sqrt(x), 0.0),
        (lambda x: ag.atan2(1.0, x * x), INF),
        (lambda x: ag.prod([x, -1e308, x]) ** 0.5, 1e308),
        (lambda x: ag.hypot(x, x) ** 2, 0.0),
        (lambda x: ag.exp(ag.norm([x, 1e160, x])), -1.0),  # an adjoint in a product that an infinity multiplies
    ],
)
def test_where_a_zero_meets_an_infinite_derivative(backend, order, f, x):
    if backend == "numpy":
        pytest.importorskip("numpy")
    for _ in range(order):
        f = grad(f)
    assert kind(f(x)) == kind(jit(f, backend=backend)(x))

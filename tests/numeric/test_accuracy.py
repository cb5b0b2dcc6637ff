"""Every row of the derivative table against mpmath: value and first derivative within 4 ULP, second within 64."""

import math
import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.testing import inputs_for, ulp_distance
from autograd_lite.testing.oracle import mp_context, mp_derivative
from autograd_lite.testing.references import REFERENCES
from autograd_lite.testing.strategies import DOMAINS, LANDMARKS, SHAPES, TAILS

CANCELLING = ("softmax", "1-softmax")  # second derivatives have a zero where a share is 1/2: near it, scale counts
LENGTHS = ("norm", "hypot", "norm'")
AT_ORIGIN = (*LENGTHS, "atan2", "atan2'", "atan2''")
ALLOWED = {0: 4.0, 1: 4.0, 2: 64.0}  # ULP, by order


def truth(name, xs, along):
    if name in AT_ORIGIN and not any(xs) and order_of(name, along) >= 2:
        return math.nan if order_of(name, along) == 2 else None  # a cusp: the first is 0 by convention, no second
    m = mp_context()
    return mp_derivative(lambda moved: REFERENCES[name](m, xs, *moved), xs, along)


def differentiable(name, n):
    """The operands that a primitive has derivatives in."""
    return range(2) if name == "pow'" else range(n)


def computed(name, xs):
    """Value, first and second derivatives as the engine has them, by the operands they belong to."""
    inputs = [Value(x) for x in xs]
    y = PRIMITIVES[name](*inputs)
    results = {(): y.data}
    y.backward()
    for i in differentiable(name, len(xs)):
        results[i,] = inputs[i].grad
    for x in inputs:
        x.grad = 0.0
    y.backward(create_graph=True)
    slopes = [x.grad for x in inputs]
    for i in differentiable(name, len(xs)):
        for x in inputs:
            x.grad = 0.0
        slopes[i].backward()
        for j in differentiable(name, len(xs)):
            results[i, j] = inputs[j].grad
    return results


def order_of(name, along):
    return len(along) + (2 if name == "normal_pdf" else name.count("'"))


def failures(name, xs):
    """What is out of tolerance. A slope such as tanh' is of order 1 itself; beyond order 2, a loose bound."""
    results = computed(name, xs)
    scale = max((abs(d) for along, d in results.items() if math.isfinite(d) and (along or "'" in name)), default=0.0)
    for along, got in results.items():
        expected = truth(name, xs, along)
        lower = [d for other, d in results.items() if len(other) < len(along)]
        if expected is None or (any(map(math.isinf, lower)) and math.isfinite(float(expected))):
            continue  # nothing is promised of the slope of what has overflowed
        if order_of(name, along) >= 2 and name in LENGTHS and any(0.0 < abs(x) < 1e-300 for x in xs):
            continue  # a subnormal part of a length has lost digits already
        order = order_of(name, along)
        if order <= 2:
            distance = ulp_distance(got, expected)
            right = distance <= ALLOWED[order] or (name in CANCELLING and abs(got - float(expected)) <= 1e-15 * scale)
        else:
            distance = math.nan
            right = not math.isfinite(got) or abs(got - float(expected)) <= 1e-9 * scale + 1e-300
        if not right:
            yield f"{name}{xs!r}, derivative in {along}: got {got!r}, expected {float(expected)!r}, {distance:.3g} ULP"


def grid(name):
    """A fixed spread of operands: landmarks and their neighbours, random numbers, and relations between operands."""
    draw = random.Random(name)
    low, high = DOMAINS.get(name, (-math.inf, math.inf))
    marks = [x for x in LANDMARKS + TAILS.get(name, ()) if low <= x <= high]

    def number():
        kinds = (
            lambda: draw.uniform(-3.0, 3.0),
            lambda: draw.uniform(-50.0, 50.0),
            lambda: draw.choice((1.0, -1.0)) * 10.0 ** draw.uniform(-323.0, 308.0),
            lambda: draw.choice(marks),
        )
        x = draw.choice(kinds)()
        return x if low <= x <= high else number()

    if PRIMITIVES[name].arity == 1:
        near = [math.nextafter(x, way) for x in marks for way in (math.inf, -math.inf)]
        points = [(x,) for x in (*marks, *near, *(number() for _ in range(20)))]
    elif name in SHAPES:
        points = [SHAPED[name](number) for _ in range(80)] if name in SHAPED else []
    else:
        sizes = [2 if name == "dot" else 1, 2, 3, 5] if PRIMITIVES[name].arity is None else [PRIMITIVES[name].arity] * 4
        points = [tuple(number() for _ in range(n)) for n in sizes for _ in range(15)]
        for x, *rest in points[:40]:
            points.append((x, *(draw.choice((x, -x, math.nextafter(x, 9.0), x * 1e-8, z)) for z in rest)))
    if name == "prod":  # of many operands, over Values too, but not at the extremes
        points += [tuple(draw.uniform(-3.0, 3.0) for _ in range(7)) for _ in range(5)]
    return [xs for xs in points if all(low <= x <= high and math.isfinite(x) for x in xs)]


SHAPED = {
    "**": lambda number: (
        (abs(number()), number()) if number() > 0.0 else (number(), float(round(math.atan(number()) * 4)))
    ),
    "pow'": lambda number: (abs(number()), number(), *draw_orders(number)),
    "/'": lambda number: (number(), number() or 1.0),
    "/": lambda number: (number(), number() or 1.0),
    "log'": lambda number: (number(), abs(number()) or 1.0),
    "clamp": lambda number: (number(), *sorted((number(), number()))),
    "where": lambda number: (float(number() > 0.0), number(), number()),
}


def draw_orders(number):
    return float(round(abs(math.atan(number())))), float(round(abs(math.atan(number()))))


UNARY = [name for name, primitive in PRIMITIVES.items() if primitive.arity == 1]
OTHERS = [name for name in PRIMITIVES if name not in UNARY]


@pytest.mark.parametrize("name", PRIMITIVES)
def test_on_a_grid(name):
    wrong = [failure for xs in grid(name) for failure in failures(name, xs)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PRIMITIVES)
@settings(max_examples=15, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(data=st.data())
def test_anywhere(name, data):
    xs = data.draw(inputs_for(name))
    wrong = list(failures(name, xs))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_closure_is_linear_in_the_gradient(name):
    """Zero gives zero, doubling doubles: over floats and over Values."""
    for xs in grid(name)[:40] + grid(name)[-5:]:
        inputs = [Value(x) for x in xs]
        y = PRIMITIVES[name](*inputs)
        received = []
        for g, create_graph in ((1.0, False), (2.0, False), (2.0, True), (0.0, False)):
            y.zero_grad()
            y.backward(g, create_graph=create_graph)
            received.append([x.grad.data if create_graph else x.grad for x in inputs])
        single, double, recorded, zero = received
        for a, b, c, d in zip(single, double, recorded, zero):
            assert 2.0 * a == pytest.approx(b, rel=1e-15, abs=1e-300, nan_ok=True), xs
            assert b == pytest.approx(c, rel=1e-14, abs=1e-300, nan_ok=True), xs
            assert d == 0.0, xs


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-30.0, 30.0))
def test_mixed_second_partials_agree(a, b):
    for name in ("**", "atan2", "hypot", "logaddexp", "/", "*"):
        results = computed(name, (a, b))
        if math.isfinite(results[0, 1]):
            assert ulp_distance(results[0, 1], results[1, 0]) <= 4.0, name

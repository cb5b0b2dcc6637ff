"""Every row of the derivative table against mpmath: value and first derivative within 4 ULP, second within 64."""

import itertools
import math
import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.rule import RULES
from autograd_lite.testing import inputs_for, ulp_distance
from autograd_lite.testing.inputs import DOMAINS, LANDMARKS, TAILS
from autograd_lite.testing.oracle import mp_context, mp_derivative
from autograd_lite.testing.references import REFERENCES

ALLOWED = {0: 4.0, 1: 4.0, 2: 64.0}  # ULP, by order


def truth(name, xs, along):
    m = mp_context()
    return mp_derivative(lambda moved: REFERENCES[name](m, xs, *moved), xs, along)


def differentiable(name, n):
    """The operands that a rule has derivatives in."""
    return range(2) if name == "pow'" else range(n)


def computed(name, xs):
    """Value, first and second derivatives as the engine has them, by the operands they belong to."""
    inputs = [Value(x) for x in xs]
    y = RULES[name](*inputs)
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


def failures(name, xs):
    results = computed(name, xs)
    for along, got in results.items():
        expected = truth(name, xs, along)
        if expected is not None:
            distance = ulp_distance(got, expected)
            if not distance <= ALLOWED[len(along)]:
                yield f"{name}{xs!r}, derivative in {along}: got {got!r}, expected {float(expected)!r}, {distance:.3g} ULP"


def grid(name):
    """A fixed spread of operands: landmarks and their neighbours, and random numbers of every magnitude."""
    draw = random.Random(name)
    low, high = DOMAINS.get(name, (-math.inf, math.inf))
    tails = TAILS.get(name, ())

    def number():
        kind = draw.randrange(5)
        x = (
            draw.uniform(-3, 3)
            if kind < 2
            else draw.uniform(-50, 50)
            if kind == 2
            else draw.choice((1, -1)) * 10.0 ** draw.uniform(-323, 308)
            if kind == 3
            else draw.choice(LANDMARKS + tails)
        )
        return x if low <= x <= high else number()

    if RULES[name].arity == 1:
        marks = [x for x in LANDMARKS + tails if low <= x <= high]
        near = [math.nextafter(x, way) for x in marks for way in (math.inf, -math.inf)]
        return [(x,) for x in marks + near + [number() for _ in range(60)] if low <= x <= high and math.isfinite(x)]
    return None


UNARY = [name for name, rule in RULES.items() if rule.arity == 1]
OTHERS = [name for name in RULES if name not in UNARY]


@pytest.mark.parametrize("name", UNARY)
def test_on_a_grid(name):
    wrong = [failure for xs in grid(name) for failure in failures(name, xs)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_anywhere(name, data):
    xs = data.draw(inputs_for(name))
    wrong = list(failures(name, xs))
    assert not wrong, "\n".join(wrong)

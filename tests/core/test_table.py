"""Where a primitive has no derivative, or no number: the conventions of the table, and IEEE 754's values.

Everywhere else values and derivatives are compared with mpmath, in `tests/numeric/test_accuracy.py`.
"""

import math

import pytest

from autograd_lite import Value
from autograd_lite.core.primitives import PRIMITIVES

inf = math.inf
KINKS = [
    # primitive, operands, gradient promised in each operand
    ("relu", (0.0,), (0.0,)),
    ("relu", (-0.0,), (0.0,)),
    ("abs", (0.0,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("sign", (3.0,), (0.0,)),
    ("elu", (0.0, 2.0), (2.0, 0.0)),
    ("leaky_relu", (0.0, 0.25), (0.25, 0.0)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)),
    ("maximum", (0.0, -0.0), (0.5, 0.5)),
    ("max", (2.0, 1.0, 2.0, 2.0), (1 / 3, 0.0, 1 / 3, 1 / 3)),
    ("min", (2.0, 1.0, 1.0), (0.0, 0.5, 0.5)),
    ("clamp", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clamp", (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clamp", (-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("clamp", (2.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
    ("where", (0.0, 1.0, 2.0), (0.0, 0.0, 1.0)),
    ("where", (-1.0, 1.0, 2.0), (0.0, 1.0, 0.0)),
    ("sqrt", (0.0,), (inf,)),
    ("log", (0.0,), (inf,)),
    ("log", (-0.0,), (inf,)),
    ("log1p", (-1.0,), (inf,)),
    ("asin", (1.0,), (inf,)),
    ("acos", (-1.0,), (-inf,)),
    ("acosh", (1.0,), (inf,)),
    ("atanh", (-1.0,), (inf,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("norm", (0.0, -0.0, 0.0), (0.0, 0.0, 0.0)),
    ("atan2", (0.0, 0.0), (0.0, 0.0)),
    ("**", (0.0, 0.0), (0.0, 0.0)),
    ("**", (-3.0, 0.0), (0.0, math.nan)),
    ("**", (0.0, 2.5), (0.0, 0.0)),
    ("**", (0.0, 1.0), (1.0, 0.0)),
    ("**", (-2.0, 3.0), (12.0, math.nan)),
    ("**", (0.0, -1.0), (-inf, -inf)),
    ("/", (1.0, 0.0), (inf, -inf)),
    ("prod", (0.0, 3.0, 4.0), (12.0, 0.0, 0.0)),
    ("prod", (0.0, 3.0, 0.0), (0.0, 0.0, 0.0)),
    ("relu'", (2.0,), (0.0,)),
    ("sign", (math.nan,), (math.nan,)),
    ("elu", (math.nan, 1.0), (math.nan, math.nan)),
    ("prod", (1e-280, 2.0, 0.5, 2.0, 0.5, 1e280, 1e280), (inf, 5e279, 2e280, 5e279, 2e280, 1.0, 1.0)),
    ("prod", (1e280, 1e280, 2.0, 0.5, 2.0, 0.5, 1e-280), (1.0, 1.0, 5e279, 2e280, 5e279, 2e280, inf)),
    ("prod", (1e200, 1e200, 0.0, 1.0, 1.0, 1.0, 1.0), (0.0, 0.0, inf, 0.0, 0.0, 0.0, 0.0)),
    ("prod", (1e300, 1e300, 1e-300, 1e-300, 2.0, 0.5, 3.0), (3e-300, 3e-300, 3e300, 3e300, 1.5, 6.0, 1.0)),
    ("prod", (1e-300, 1e-300, 1e300, 1e300, 2.0, 0.5, 3.0), (3e300, 3e300, 3e-300, 3e-300, 1.5, 6.0, 1.0)),
    ("=", (2.0, 2.0), (0.0, 0.0)),
]


@pytest.mark.parametrize(("name", "xs", "expected"), KINKS)
def test_where_no_derivative_exists_the_convention_holds(name, xs, expected):
    for create_graph in (False, True):
        inputs = [Value(x) for x in xs]
        PRIMITIVES[name](*inputs).backward(create_graph=create_graph)
        got = [x.grad.data if create_graph else x.grad for x in inputs]
        assert got == pytest.approx(expected, rel=1e-15, nan_ok=True)


NOT_CHOSEN = [  # primitive, operands, and the operand that was not chosen
    ("relu", (-1.0,), 0),
    ("relu", (0.0,), 0),
    ("leaky_relu", (1.0, 0.5), 1),
    ("elu", (1.0, 2.0), 1),
    ("maximum", (1.0, 2.0), 0),
    ("minimum", (1.0, 2.0), 1),
    ("max", (3.0, 1.0, 2.0), 1),
    ("min", (3.0, 1.0, 2.0), 2),
    ("clamp", (2.0, 0.0, 1.0), 0),
    ("clamp", (2.0, 0.0, 1.0), 1),
    ("clamp", (0.5, 0.0, 1.0), 2),
    ("where", (1.0, 2.0, 3.0), 2),
    ("where", (0.0, 2.0, 3.0), 1),
]


@pytest.mark.parametrize(("name", "xs", "i"), NOT_CHOSEN)
def test_what_was_not_chosen_receives_nothing_whatever_arrives(name, xs, i):
    inputs = [Value(x) for x in xs]
    y = PRIMITIVES[name](*inputs)
    for g in (inf, math.nan):
        y.zero_grad()
        y.backward(g)
        assert inputs[i].grad == 0.0


VALUES = [
    ("log", (0.0,), -inf),
    ("log", (-1.0,), math.nan),
    ("/", (0.0, 0.0), math.nan),
    ("/", (-1.0, 0.0), -inf),
    ("exp", (1000.0,), inf),
    ("**", (-8.0, 1 / 3), math.nan),
    ("**", (0.0, 0.0), 1.0),
    ("atanh", (1.0,), inf),
    ("sqrt", (-1.0,), math.nan),
    ("prod", (), 1.0),
    ("prod", (-1e300, 1e300, 0.0), -0.0),
    ("softmax", (1000.0, -1000.0), 1.0),
    ("=", (1.0, 2.0), 0.0),
    ("clamp", (5.0, 0.0, 1.0), 1.0),
]


@pytest.mark.parametrize(("name", "xs", "expected"), VALUES)
def test_ieee_values(name, xs, expected):
    assert PRIMITIVES[name](*map(float, xs)) == pytest.approx(expected, nan_ok=True)

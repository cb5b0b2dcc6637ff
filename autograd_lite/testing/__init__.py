"""Means to test derivatives, this package's or one's own: oracles, distances, and strategies for Hypothesis.

`check_gradients` says which partial derivative is wrong and whose fault it is. `inputs_for`, `values`, `expressions`
and `mlps` draw what to check it on; `from_type(Value)` works too. `GraphMachine` uses a graph in any order. Needs
Hypothesis, and for its most exact oracle mpmath: `pip install hypothesis mpmath`.

A test of one's own operation, at all points of its domain:

>>> from hypothesis import given, strategies as st
>>> from autograd_lite import primitive
>>> cube = primitive("cubed", lambda x: x**3, lambda g, x: (g * 3 * x**2,))
>>> @given(st.floats(-10, 10))
... def test_cube(x):
...     check_gradients(cube, x)
>>> test_cube()
"""

from hypothesis import strategies

from autograd_lite.core.value import Value
from autograd_lite.testing.distance import assert_close_ulp, ulp_distance
from autograd_lite.testing.gradients import check_gradients
from autograd_lite.testing.inputs import inputs_for, values
from autograd_lite.testing.machine import GraphMachine
from autograd_lite.testing.numerical import Estimate, complex_step, numerical_derivative
from autograd_lite.testing.programs import Expression, Network, expressions, mlps
from autograd_lite.testing.report import Partial, Report, WrongGradientError

strategies.register_type_strategy(Value, values())

__all__ = [
    "Estimate",
    "Expression",
    "GraphMachine",
    "Network",
    "Partial",
    "Report",
    "WrongGradientError",
    "assert_close_ulp",
    "check_gradients",
    "complex_step",
    "expressions",
    "inputs_for",
    "mlps",
    "numerical_derivative",
    "ulp_distance",
    "values",
]

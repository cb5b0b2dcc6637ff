"""Means to test derivatives, anybody's: checks against values of the function, and strategies for Hypothesis.

`check_gradients` says whether a derivative is right, wrong, or cannot be told, which entry, and what that suggests: one
written by hand, PyTorch's, JAX's or this package's; `check_layer` does so for a layer with `forward` and `backward`.
`inputs_for`, `values`, `expressions` and `mlps` draw what to check this package on; `from_type(Value)` works too;
`GraphMachine` uses a graph in any order. Needs NumPy and Hypothesis: `pip install numpy hypothesis`; with mpmath, tails
of this package's functions are confirmed that values of f cannot show.

A whole test of one's own operation, at all points of its domain:

>>> from hypothesis import strategies as st
>>> from autograd_lite import primitive
>>> cube = primitive("cubed", lambda x: x**3, lambda g, x: (g * 3 * x**2,))
>>> def test_cube():
...     check_gradients(cube, st.floats(-10, 10))
>>> test_cube()
"""

try:
    import numpy  # noqa: F401
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(f"autograd_lite.testing needs {error.name}: pip install numpy hypothesis") from error

from autograd_lite.core.value import Value
from autograd_lite.testing.gradients import check_gradients
from autograd_lite.testing.layer import check_layer
from autograd_lite.testing.machine import GraphMachine
from autograd_lite.testing.numerical import Estimate, numerical_derivative
from autograd_lite.testing.oracle import complex_step
from autograd_lite.testing.report import CannotTellError, Partial, Report, WrongGradientError
from autograd_lite.testing.strategies import Expression, Network, expressions, inputs_for, mlps, values
from autograd_lite.testing.ulp import assert_close_ulp, ulp_distance

st.register_type_strategy(Value, values())

__all__ = [
    "CannotTellError",
    "Estimate",
    "Expression",
    "GraphMachine",
    "Network",
    "Partial",
    "Report",
    "WrongGradientError",
    "assert_close_ulp",
    "check_gradients",
    "check_layer",
    "complex_step",
    "expressions",
    "inputs_for",
    "mlps",
    "numerical_derivative",
    "ulp_distance",
    "values",
]

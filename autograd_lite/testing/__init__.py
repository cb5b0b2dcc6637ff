"""Means to test derivatives, this package's or one's own: oracles, distances, and strategies for Hypothesis.

`check_gradients` says which partial derivative is wrong and whose fault it is. The strategies, and `from_type(Value)`,
are there if Hypothesis is installed, the most exact oracle if mpmath is.
"""

from autograd_lite.testing.distance import assert_close_ulp, ulp_distance
from autograd_lite.testing.gradients import check_gradients
from autograd_lite.testing.inputs import inputs_for, values
from autograd_lite.testing.numerical import Estimate, complex_step, numerical_derivative
from autograd_lite.testing.report import Partial, Report, WrongGradientError

__all__ = [
    "Estimate",
    "Partial",
    "Report",
    "WrongGradientError",
    "assert_close_ulp",
    "check_gradients",
    "complex_step",
    "inputs_for",
    "numerical_derivative",
    "ulp_distance",
    "values",
]

"""Derivatives without differentiation rules: from values of the function alone."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_lite.core.checks import as_float
from autograd_lite.core.value import Value, as_data
from autograd_lite.testing.references import replay

SHRINK = 1.4  # from one step size to the next
LEVELS = 14
EPSILON = 2.0**-52


class Estimate(NamedTuple):
    """A derivative and how far it may be off."""

    value: float
    error: float


def numerical_derivative(f: Callable[[float], Any], x: float) -> Estimate:
    """The derivative of f at x from central differences, with an estimate of its error.

    Differences (f(x + h) - f(x - h)) / 2h are taken at ever smaller h and extrapolated to h = 0 by Richardson's method.
    A smaller h has less truncation but more rounding: of all extrapolations the one that its neighbours confirm best
    is returned (Ridders 1982, Advances in Engineering Software 4, 75). An error of inf says that no h gave a number.
    f takes and returns numbers, or Values.

    >>> slope = numerical_derivative(math.sin, 1.0)
    >>> abs(slope.value - math.cos(1.0)) < 1e-11, slope.error < 1e-10
    (True, True)
    """
    x = as_float(x, "numerical_derivative(x)")

    def difference(h: float) -> Estimate:
        above, below = x + h, x - h
        if not above > below:
            return Estimate(math.nan, math.inf)
        y, z = as_data(f(above)), as_data(f(below))
        return Estimate((y - z) / (above - below), EPSILON * max(abs(y), abs(z)) / (above - below))

    estimates = [_extrapolated(difference, 0.1 * (abs(x) or 1.0))]
    if 1.0 < abs(x) < 1e6:  # f may well change on the scale of 1, as sin does
        estimates.append(_extrapolated(difference, 0.1))
    return min(estimates, key=lambda estimate: estimate.error)


def _extrapolated(difference: Callable[[float], Estimate], h: float) -> Estimate:
    """Ridders' method, from the step size h or the first half, quarter, ... of it at which the difference is finite.

    `difference` tells the rounding error of each difference; the result cannot be better than that.
    """
    best = Estimate(difference(h).value, math.inf)
    for _ in range(60):
        if math.isfinite(best.value):
            break
        h /= 2.0
        best = Estimate(difference(h).value, math.inf)
    above = [best.value]
    for _ in range(LEVELS):
        h /= SHRINK
        slope, rounding = difference(h)
        row = [slope]
        factor = 1.0
        for j, previous in enumerate(above):
            factor *= SHRINK * SHRINK
            row.append(row[j] + (row[j] - previous) / (factor - 1.0))
            error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - previous), rounding)
            if error <= best.error:
                best = Estimate(row[j + 1], error)
        above = row
    return best


def complex_step(f: Callable[[Any], Any], x: float) -> float:
    """The derivative of f at x as the imaginary part of f(x + ih) / h, with h so small that its square vanishes.

    Nothing cancels, so the result is exact to the last digits (Squire & Trapp 1998, SIAM Review 40, 110). f may be
    written for complex numbers, or in this package's operations: then its graph is evaluated on complex numbers. Raises
    a TypeError if neither works: where f uses `erf` or other functions that complex numbers lack. Python's own `abs` is
    real for complex numbers, so that its derivative comes out as 0: take this package's.

    >>> complex_step(lambda x: x**3, 2.0)
    12.0
    """
    x = as_float(x, "complex_step(x)")
    try:
        return complex_derivative(f, x)
    except TypeError:
        import cmath

        leaf = Value(x)
        compute = replay(f(leaf), [leaf], cmath)
        try:
            return complex_derivative(lambda z: compute([z]), x)
        except AttributeError as error:
            raise TypeError(f"complex_step(f): {error}: complex numbers lack it; use numerical_derivative") from None


def complex_derivative(f: Callable[[complex], complex], x: float) -> float:
    """`complex_step` of a function of complex numbers."""
    h = 1e-30 * (abs(x) or 1.0)
    return complex(f(complex(x, h))).imag / h

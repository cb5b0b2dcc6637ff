"""Ways to a derivative that lose no digits: high precision and complex steps. Values of f must confirm them.

They evaluate the recorded graph of f in other numbers, or call f with complex ones. Neither need be f: a graph misses
what f computed outside of it, and `float` drops the imaginary part. So they are heard only where values of f agree.
"""

import cmath
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from autograd_lite.core.checks import as_float
from autograd_lite.core.value import Value
from autograd_lite.testing.numerical import STEPS, numerical_derivative, units_of
from autograd_lite.testing.references import replay

Function = Callable[[Sequence[Any]], Any]
Graph = tuple[Value, Sequence[Value]]  # an output, and the inputs it was computed from
PRECISIONS = (300, 600, 1200, 2400, 4800)  # bits


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


def replayed(graph: Graph, f: Function, point: list[float], along: Sequence[int], way: str) -> float | None:
    """The derivative of a recorded graph in other numbers, if what it gives is f at places around the point."""
    m = mp_context() if way == "mpmath" else None
    compute = replay(*graph, m or cmath)
    for i, h in product(set(along), (STEPS[0], -STEPS[0], STEPS[8], -STEPS[8], STEPS[-1], -STEPS[-1])):
        moved = [*point[:i], point[i] + h * units_of(point[i])[0], *point[i + 1 :]]
        y = f(moved)
        if math.isfinite(y):
            again = compute([m.mpf(x) if m else complex(x) for x in moved])
            if not abs(again - y) <= 1e-7 * abs(y) + 1e-300:
                return None
    if m:
        return float(value) if (value := mp_derivative(compute, point, along)) is not None else None

    def first(t: float) -> float:
        at = [*point[: along[-1]], t, *point[along[-1] + 1 :]] if len(along) > 1 else point
        return complex_derivative(lambda z: compute([*at[: along[0]], z, *at[along[0] + 1 :]]), at[along[0]])

    return first(0.0) if len(along) == 1 else numerical_derivative(first, point[along[1]]).value


def mp_derivative(f: Function, point: Sequence[float], along: Sequence[int]) -> Any:
    """The derivative of f, a function of mpmath's numbers, by differences in ever higher precision, as an `mpf`.

    With `along` empty, the value. None where f is singular or not real.
    """
    import mpmath  # type: ignore[import-untyped]

    m = mp_context()
    value = previous = None
    magnitude = max([abs(math.log2(abs(x))) for x in point if x and math.isfinite(x)], default=0.0)
    reserve = int((len(along) + 1) * magnitude)  # bits that differences over steps of another magnitude cancel
    for precision in PRECISIONS:
        m.prec = precision + reserve
        if previous is None and along and _difference(m, f, [m.mpf(x) for x in point], (), 0) is None:
            return None  # singular at the point itself
        value = _difference(m, f, [m.mpf(x) for x in point], along, precision // 4)
        if value and previous and abs(value - previous) <= abs(value) * m.mpf(2) ** -70:
            return mpmath.mp.make_mpf(value._mpf_)
        if not along and value == previous:
            break
        previous = value
    return None if value is None or abs(value) > m.mpf(2) ** -1100 else mpmath.mpf(0)


@lru_cache
def mp_context() -> Any:
    """mpmath with numbers that refuse to become floats: `math.sin` of one would silently lose its precision."""
    from mpmath.ctx_mp import MPContext  # type: ignore[import-untyped]

    def refuse(self: Any) -> float:
        raise TypeError("a number of high precision would be rounded to a float")

    context = MPContext()
    context.mpf.__float__ = refuse
    return context


def _difference(m: Any, f: Function, point: list[Any], along: Sequence[int], bits: int) -> Any:
    """The central difference of f, or of its central difference; None if it is not a real number."""
    unit = min([m.mpf(1), *(abs(x) for x in point if x)])
    steps = [min(abs(point[i]) or unit, m.mpf(1)) * m.mpf(2) ** -bits for i in along]
    total = m.mpf(0)
    try:
        for signs in product((1, -1), repeat=len(along)):
            moved, weight = list(point), 1
            for i, step, sign in zip(along, steps, signs):
                moved[i] = moved[i] + sign * step
                weight *= sign
            value = f(moved)
            if m.im(value) or not m.isfinite(value):
                return None
            total += weight * m.re(value)
    except (ArithmeticError, ValueError):
        return None
    for step in steps:
        total /= 2 * step
    return total

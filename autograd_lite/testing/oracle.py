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

import numpy as np

from autograd_lite.testing.adapters import Ours, Slopes, Subject
from autograd_lite.testing.numerical import STEPS, Estimate, complex_derivative, numerical_derivative, units_of
from autograd_lite.testing.references import replay

Function = Callable[[Sequence[Any]], Any]
PRECISIONS = (300, 600, 1200, 2400, 4800)  # bits
ORACLES = ("mpmath", "complex step", "differences")
BEYOND = (TypeError, AttributeError, ImportError)  # what says that f cannot be computed in other numbers


def sharpen(subject: Subject, k: int, i: int, estimate: Estimate, name: str | None) -> tuple[Estimate, str]:
    """A better estimate of the derivative of output k in input i, and its source; or the same, from "differences"."""
    for way in ORACLES[:2]:
        exact = _exact(subject, k, i, way) if name in (None, way) else None
        if exact is None or not math.isfinite(exact):
            continue
        replayed, doubt = isinstance(subject, (Ours, Slopes)), 4.0 * estimate.error
        near = estimate.left == estimate.right and abs(exact - estimate.value) <= doubt
        if (replayed or doubt <= 1e-4 * abs(exact)) and (near or (way == "mpmath" and math.isinf(doubt))):
            error = 8.0 * math.ulp(exact)
            return Estimate(exact, error, exact, exact, estimate.noise, estimate.span, estimate.notes), way
    return estimate, "differences"


def _exact(subject: Subject, k: int, i: int, way: str) -> float | None:
    """The derivative by that way, None if it cannot evaluate f, or is seen to evaluate something else."""
    try:
        if isinstance(subject, Slopes):
            return _by_replay(subject.first, subject.k, sorted((k, i)), way)
        if isinstance(subject, Ours):
            return _by_replay(subject, k, [i], way)
        if subject.owner == "numpy" and way == "complex step":
            direction = np.zeros(subject.point.size)
            direction[i] = abs(subject.point[i]) or 1.0
            y = subject.call(subject.point + 1e-30j * direction)[k]
            return float(y.imag) / 1e-30 / direction[i] if np.iscomplexobj(y) else None
    except (ArithmeticError, ValueError, *BEYOND):
        pass
    return None


def _by_replay(subject: Ours, k: int, along: Sequence[int], way: str) -> float | None:
    """The recorded graph in other numbers, if these are f's at some places around the point."""
    inputs, outputs = subject.record(subject.point)
    point: list[float] = subject.point.tolist()
    m = mp_context() if way == "mpmath" else None
    compute = replay(outputs[k], inputs, m or cmath)
    for i, h in product(set(along), (STEPS[0], -STEPS[0], STEPS[8], -STEPS[8], STEPS[-1], -STEPS[-1])):
        moved = [*point[:i], point[i] + h * units_of(point[i])[0], *point[i + 1 :]]
        y = float(subject.call(np.array(moved))[k])
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

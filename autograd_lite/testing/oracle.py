"""The best available truth about a derivative: high precision, complex steps, or extrapolated differences.

An oracle answers for one recorded function at one point: the partial derivative along the inputs numbered `along`, one
for a first derivative, two for a second. It knows no differentiation rule: it evaluates the function near the point.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from autograd_lite.core.value import Value
from autograd_lite.testing.numerical import complex_derivative, numerical_derivative
from autograd_lite.testing.references import replay

Function = Callable[[Sequence[Any]], Any]
PRECISIONS = (300, 600, 1200, 2400, 4800)  # bits
ORACLES = ("mpmath", "complex step", "differences")


class Truth(NamedTuple):
    """A partial derivative and how far it may be off. `value` is None where there is none, or none that is finite."""

    value: Any
    error: float


class Oracle(NamedTuple):
    """A way to the truth, by name."""

    name: str
    derivative: Callable[[Sequence[int]], Truth]


def choose_oracle(output: Value, inputs: Sequence[Value], call: Function, name: str | None = None) -> Oracle:
    """The best oracle that can evaluate the recorded computation of `output`, or the one of that name.

    `call` is the function on plain floats. mpmath needs that package, and operations that can be computed on its
    numbers; complex steps need operations that complex numbers have; differences are always there.
    """
    point = [x.data for x in inputs]
    makers = {"mpmath": _mpmath, "complex step": _complex_step, "differences": _differences}
    for candidate, make in makers.items():
        if name in (None, candidate):
            try:
                return Oracle(candidate, make(output, inputs, point, call))
            except (TypeError, AttributeError, ImportError):
                if name is not None:
                    raise
    raise ValueError(f"oracle must be one of {ORACLES}, not {name!r}")


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


def _mpmath(output: Value, inputs: Sequence[Value], point: list[float], call: Function) -> Any:
    compute = replay(output, inputs, mp_context())
    mp_derivative(compute, point, ())  # a TypeError or AttributeError now, if some operation cannot do it
    return lambda along: Truth(mp_derivative(compute, point, along), 0.0)


def _complex_step(output: Value, inputs: Sequence[Value], point: list[float], call: Function) -> Any:
    import cmath

    compute = replay(output, inputs, cmath)
    compute([complex(x) for x in point])

    def first(i: int, at: list[float]) -> float:
        return complex_derivative(lambda z: compute([*at[:i], z, *at[i + 1 :]]), at[i])

    def derivative(along: Sequence[int]) -> Truth:
        if len(along) == 1:
            return Truth(first(along[0], point), 0.0)
        i, j = along
        return Truth(*numerical_derivative(lambda t: first(i, [*point[:j], t, *point[j + 1 :]]), point[j]))

    return derivative


def _differences(output: Value, inputs: Sequence[Value], point: list[float], call: Function) -> Any:
    def derivative(along: Sequence[int], at: list[float] = point) -> Truth:
        *rest, j = along

        def inner(t: float) -> float:
            moved = [*at[:j], t, *at[j + 1 :]]
            return float(derivative(rest, moved).value if rest else call(moved))

        return Truth(*numerical_derivative(inner, at[j]))

    return derivative

"""Derivatives without differentiation rules: from values of the function alone, with an error that holds.

A step that is too large sees another part of the function, one that is too small sees only its rounding. So f is
evaluated at many steps, to either side, and its noise is measured: what all smaller steps agree with is believed.
"""

import math
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from autograd_lite.core.checks import as_float
from autograd_lite.core.value import as_data

STEPS = tuple(2.0 ** -(k + 3) for k in range(18))  # powers of two: x + h is exact, in float32 too
EPSILON = sys.float_info.epsilon
STARTS = (0, 4, 8, 12)  # the steps from which an estimate is tried, the largest first


class Estimate(NamedTuple):
    """A derivative, and how far it may be off; at a kink the middle of all slopes between `left` and `right`.

    `noise` is how far values of f may be off, as measured. `notes` say what was seen. An `error` of inf: nothing known.

    >>> slope = numerical_derivative(abs, 0.0)
    >>> round(slope.left), round(slope.right), round(slope.value), slope.error >= 1.0
    (-1, 1, 0, True)
    """

    value: float
    error: float
    left: float
    right: float
    noise: float = 0.0
    span: float = 0.0  # the steepest quotient seen: what a slope of 0 is measured by
    notes: tuple[str, ...] = ()

    @property
    def doubt(self) -> float:
        """How far each of the two slopes may be off."""
        return self.error - abs(self.right - self.left) / 2.0

    def per(self, unit: float) -> "Estimate":
        """The same, when the steps were in units of so much."""
        value, error, left, right, noise, span, notes = self
        return Estimate(value / unit, error / unit, left / unit, right / unit, noise, span / unit, notes)


def numerical_derivative(f: Callable[[float], Any], x: float) -> Estimate:
    """The derivative of f at x from values of f, how far it may be off, and the slopes on the left and on the right.

    Quotients (f(x + h) - f(x)) / h at 18 steps h to either side are extrapolated to h = 0 (Ridders 1982, Advances in
    Engineering Software 4, 75). Of those the estimate from the largest steps that all smaller ones agree with is taken
    (Lepski 1991, Theory of Probability 35, 454), with the noise of f measured from high differences (More & Wild 2011,
    SIAM Journal on Scientific Computing 33, 1292). Where f has no slope, or none can be seen, the error is inf, and the
    notes say why. At a kink `value` is the middle between the slopes. f takes and returns numbers, or Values; where it
    raises an error it is not a number.

    >>> slope = numerical_derivative(math.sin, 1.0)
    >>> abs(slope.value - math.cos(1.0)) < slope.error < 1e-10
    True
    >>> kink = numerical_derivative(lambda x: max(x - 1.0, 0.0), 1.0)
    >>> kink.left, kink.right, kink.value, kink.error >= 0.5
    (0.0, 1.0, 0.5, True)
    """
    x = as_float(x, "numerical_derivative(x)")

    def along(unit: float) -> Estimate:
        return slope_of(lambda t: as_data(f(x + t * unit))).per(unit)

    return min((along(unit) for unit in units_of(x)), key=lambda estimate: estimate.error)


def units_of(x: float) -> tuple[float, ...]:
    """What steps at x are measured in: x itself, and 1 where f may well change on that scale, as sin does."""
    unit = 2.0 ** max(math.frexp(x)[1] - 1, -1050) if x else 1.0
    return (unit,) if 0.3 < unit < 10.0 or unit > 2.0**28 else (unit, 1.0)  # beyond, the last steps would round


def slope_of(call: Callable[[float], float], claim: float = math.nan, grain: float = EPSILON) -> Estimate:
    """The derivative at 0 of a function that is evaluated in steps of up to 1/8, and all that was seen of it.

    `claim` is what somebody says it is; that is tried at a step of its own before it is contradicted. `grain` is the
    relative rounding of the function's values.
    """

    raised: dict[bool, str] = {}  # what f raises in steps to the right, and to the left

    def phi(t: float) -> float:
        try:
            y: Any = call(t)
        except Exception as error:  # at the point itself f has worked
            raised[t > 0.0] = f": {type(error).__name__}: {error}"
            return math.nan
        return math.nan if isinstance(y, complex) else float(y)  # Python's (-1.0) ** 0.5 is complex

    y0, again = phi(0.0), phi(0.0)
    up, down = [phi(h) for h in STEPS], [phi(-h) for h in STEPS]
    seen = [y for y in (y0, *up, *down) if math.isfinite(y)]
    size = max(map(abs, seen), default=0.0)
    noise, notes = _noise(phi, y0, again, size, grain)
    rights = [(y - y0) / h for y, h in zip(up, STEPS)]
    lefts = [(y0 - y) / h for y, h in zip(down, STEPS)]
    span = max((abs(q) for q in (*lefts[8:12], *rights[8:12]) if math.isfinite(q)), default=0.0)

    def found(left: float, right: float, error: float, *more: str) -> Estimate:
        middle = left if left == right else (left + right) / 2.0
        return Estimate(middle, error + abs(right - left) / 2.0, left, right, noise, span, (*notes, *more))

    def unknown(note: str) -> Estimate:
        return Estimate(math.nan, math.inf, math.nan, math.nan, noise, span, (*notes, note))

    if not math.isfinite(y0):
        return unknown(f"f is {y0} here")
    if noise > 0.1 * (max(seen) - min(seen)) and noise > 16.0 * grain * size + _smallest(grain):
        return unknown("f changes faster than the smallest step, or is noise alone")
    stairs = _stairs(phi, y0, up, down)
    if stairs > 16.0 * grain * size:
        return unknown(f"f moves in steps of {stairs:.2g}: is its result rounded?")
    sides = []
    for quotients, side in ((lefts, "left"), (rights, "right")):
        first, second, last = (quotients[k] for k in (-7, -4, -1))
        if not math.isfinite(last):
            notes.append(f"f is not a number on the {side}{raised.get(side == 'right', '')}")
        elif abs(last - second) > 0.9 * abs(second - first) > 10.0 * noise / STEPS[-4]:
            notes = [note for note in notes if "only good" not in note]  # it is not noise that differences saw
            return unknown(f"no finite slope on the {side}: a jump or a vertical tangent")
        else:
            sides.append(_settled(quotients, 8.0 * noise, 1))
    if not sides:
        return unknown("f is a number at this point alone")
    (left, left_error), (right, right_error) = sides[0], sides[-1]
    if len(sides) == 1:
        return found(left, left, left_error)
    if abs(right - left) > 4.0 * (left_error + right_error) + 1e-7 * max(abs(left), abs(right)):
        bend = f"a kink: slope {left:.6g} on the left, {right:.6g} on the right"
        return found(left, right, max(left_error, right_error), bend)
    middles = [(a + b) / 2.0 for a, b in zip(lefts, rights)]
    center, error = _settled(middles, 2.0 * noise, 2)
    finest = (up[-1] - down[-1]) / (2.0 * STEPS[-1])
    unsettled = abs(finest - center) > 0.1 * (abs(finest) + abs(center)) + 1e-3 * span + 4.0 * noise / STEPS[-1]
    bent, doubt = _settled(middles, 2.0 * noise, 1)
    if doubt < error and _straight([q - bent for q in middles]):  # the slope bends, as that of x * abs(x) does
        center, error, unsettled = bent, doubt, False
    if unsettled or (abs(claim - center) > 4.0 * error + 0.01 * abs(center) and _shows(phi, claim, size)):
        return unknown("f changes faster than the smallest step")
    return found(center, center, error)


def _straight(errors: Sequence[float]) -> bool:
    """Whether errors at the steps halve as the steps do."""
    rates = [error / h for error, h in zip(errors, STEPS)][4:14]
    return max(rates) - min(rates) < 0.2 * min(map(abs, rates))


def _noise(
    phi: Callable[[float], float], y0: float, again: float, size: float, grain: float
) -> tuple[float, list[str]]:
    """How far values of phi may be off: from high differences of values side by side, at two spacings on each side."""
    sides = []
    for sign in (1, -1):
        spacings = (sign * 2.9 * STEPS[-1], sign * 7.3 * STEPS[-1])
        sides.append(sorted(_roughness([y0, *(phi(k * h) for k in range(1, 9))]) for h in spacings))
    low, high = min(sides, key=max)
    noise, notes = max(3.0 * high if math.isfinite(high) else 0.0, abs(again - y0)), []
    if again != y0 and not math.isnan(y0):
        notes.append(f"f differs from call to call: {y0:.8g}, then {again:.8g}")
    if noise > 1e3 * grain * size and high < 16.0 * low:  # what grows with the spacing is f itself
        single = grain == EPSILON and 1.5e-8 < noise / size < 2e-6
        notes.append(f"f is only good to {noise / 3.0:.0e}" + ": is it float32 inside?" * single)
    return noise + grain * size + _smallest(grain), notes


def _stairs(phi: Callable[[float], float], y0: float, up: Sequence[float], down: Sequence[float]) -> float:
    """The height of the stairs, if f is flat at the smallest steps and moves by multiples of one height at larger ones.

    0.0 for any other function, also where only one side moves: that is a kink, or a jump, nearby.
    """
    rises: list[float] = []
    for sign, ys in ((1.0, up), (-1.0, down)):
        moved = [h for y, h in zip(ys, STEPS) if y != y0]
        if len(moved) < 3 or moved[-1] < STEPS[14]:
            return 0.0
        places = [y0, *(phi(sign * k * moved[-1]) for k in range(1, 9))]
        rises += [abs(b - a) for a, b in pairwise(places) if b != a]
    least = min(rises)
    finite = all(map(math.isfinite, rises))
    return least if finite and all(abs(math.remainder(y, least)) < 1e-6 * least for y in rises) else 0.0


def _smallest(grain: float) -> float:
    """What values of f can be off by next to 0: the smallest float of that precision."""
    return math.ulp(0.0) if grain == EPSILON else 2.0**-24 if grain == 2.0**-10 else 2.0**-126


def _roughness(ys: Sequence[float]) -> float:
    """The standard deviation of the noise in values at equal distances: what differences of order 5 to 7 leave."""
    differences, found = list(ys), []
    for k in range(1, len(ys) - 1):
        differences = [b - a for a, b in pairwise(differences)]
        if k >= 5:
            mean_square = sum(d * d for d in differences) / len(differences)
            found.append(math.sqrt(mean_square / math.comb(2 * k, k)))
    return min(found) if all(map(math.isfinite, found)) else math.inf


def _settled(quotients: Sequence[float], rounding: float, power: int) -> tuple[float, float]:
    """The estimate from the largest steps that all smaller ones agree with: no false peace at a large step."""
    found = [_extrapolated(STEPS[k:], quotients[k:], rounding, power) for k in STARTS]
    for k, (value, error) in enumerate(found):
        if math.isfinite(error) and all(abs(value - other) <= error + e for other, e in found[k + 1 :]):
            return value, error
    return found[-1]


def _extrapolated(
    steps: Sequence[float], quotients: Sequence[float], rounding: float, power: int
) -> tuple[float, float]:
    """Ridders' method for quotients that are smooth in step**power: the value that its neighbours confirm best."""
    value, error = math.nan, math.inf
    above: list[float] = []
    for h, quotient in zip(steps, quotients):
        row = [quotient] if math.isfinite(quotient) else []
        for j, previous in enumerate(above if row else ()):
            row.append(row[j] + (row[j] - previous) / (2.0 ** (power * (j + 1)) - 1.0))
            doubt = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - previous)) + rounding / h
            if doubt <= error:
                value, error = row[j + 1], doubt
        above = row
    return value, error


def _shows(phi: Callable[[float], float], claim: float, size: float) -> bool:
    """Whether a steep slope shows at a step smaller than all others: where f would change by 1e-4 of itself."""
    h = 1e-4 * size / abs(claim) if claim else 0.0
    return 0.0 < h < STEPS[-1] and abs((phi(h) - phi(-h)) / (2.0 * h) - claim) < 0.01 * abs(claim)

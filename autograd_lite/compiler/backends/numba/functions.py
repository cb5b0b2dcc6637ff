# mypy: disable-error-code="untyped-decorator, no-untyped-call, call-arg, call-overload, attr-defined, no-any-return"
"""The table's forward functions, compiled by Numba from their own source.

Each is compiled as it stands in the folder `numeric` or a user's module, in a namespace where the
functions that it calls are compiled ones too, and where `math` follows IEEE 754 instead of raising. What takes Python's
own machinery (`math.fsum` and its like) is written out below.
"""

import math
import operator
import types
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import carray, float64, njit
from numba.core.types import CPointer, ExternalFunction, uint64, void

from autograd_lite.compiler.backends.numba import simd
from autograd_lite.compiler.backends.rebinding import rebound, unwrapped
from autograd_lite.numeric import exact, ieee, reductions

# Division follows IEEE 754, and nobody calls the functions from Python.
compiles: Any = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined: Any = njit(error_model="numpy", inline="always")  # into the one that calls it, which compiles sooner
# Room for numbers, without the arrays and lists of Numba, which take long to compile and need Numba when they run.
_allocate = ExternalFunction("PyMem_RawMalloc", CPointer(float64)(uint64))
release = ExternalFunction("PyMem_RawFree", void(CPointer(float64)))


def compiled(function: Any) -> Any:
    """The function for use in compiled code."""
    function = unwrapped(function)
    if function not in COMPILED:
        known = function in MATH  # to Numba
        COMPILED[function] = function if known else compiles(rebound(function, _stand_in, __name__=__name__))
    return COMPILED[function]


def _stand_in(x: Any) -> Any:
    if x is math:
        return IEEE_MATH
    return compiled(x) if isinstance(x, types.FunctionType) or getattr(x, "__module__", "") == "math" else x


COMPILED: dict[Any, Any] = {}
MATH = {function for function in vars(math).values() if callable(function)}
two_sum, two_product = compiled(exact.two_sum), compiled(exact.two_product)
product_error, large_product_error = compiled(exact.product_error), compiled(exact.large_product_error)


# --- Python's own machinery, written out ---------------------------------------------------------------------------


@compiles
def new(count: int) -> Any:
    """Room for so many numbers."""
    return _allocate(8 * count)


@compiles
def fsum(xs: Sequence[float]) -> float:
    """The correctly rounded sum: compensated where that is sure to round it correctly."""
    total, error, size = 0.0, 0.0, 0.0
    for i in range(len(xs)):
        total, e = two_sum(total, xs[i])
        error += e
        size += abs(e)
    slack = 2.3e-16 * len(xs) * size  # more than what adding the errors lost
    return total + error if total + (error - slack) == total + (error + slack) else exact_sum(xs)


@compiles
def exact_sum(xs: Sequence[float]) -> float:
    """The correctly rounded sum, as `ieee.fsum`."""
    total = scaled_sum(xs, 1.0)
    if total - total == 0.0:
        return total
    for x in xs:
        if x - x != 0.0:
            return total
    return scaled_sum(xs, 2.0**-64) * 2.0**64


@compiles
def scaled_sum(xs: Sequence[float], scale: float) -> float:
    """The correctly rounded sum of scale * x: Shewchuk's exact partial sums. If they are not finite, the plain sum."""
    plain = 0.0
    for x in xs:
        plain += x * scale
    if plain - plain != 0.0:
        return plain
    partials, count = new(len(xs) + 1), 0
    for x in xs:
        x *= scale
        kept = 0
        for i in range(count):
            y = partials[i]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        partials[kept] = x
        count = kept + 1
    count -= 1
    total, low = partials[count], 0.0
    while count > 0 and low == 0.0:
        count -= 1
        x, y = total, partials[count]
        total = x + y
        low = y - (total - x)
    if count > 0 and (low > 0.0) == (partials[count - 1] > 0.0):
        doubled = 2.0 * low  # halfway between two floats: the rest decides
        if doubled == (total + doubled) - total:
            total += doubled
    release(partials)
    return total


@compiles
def prod(xs: Sequence[float]) -> float:
    product = 1.0
    for x in xs:
        product *= x
    return product


@compiles
def length(xs: Sequence[float]) -> float:
    """The Euclidean length: squares taken exactly, after scaling by a power of two."""
    largest = 0.0
    for x in xs:
        if abs(x) > largest or abs(x) == math.inf or (x != x and largest != math.inf):
            largest = abs(x)
    if largest == 0.0 or largest - largest != 0.0:
        return largest
    exponent = max(int(np.float64(largest).view(np.int64)) >> 52, 22)  # the largest lies below 2**(exponent - 1022)
    scale = np.int64((2047 - exponent) << 52).view(np.float64) * 0.25
    total, low = 0.0, 0.0
    for x in xs:
        square, error = two_product(x * scale, x * scale)
        s = total + square
        low += error + ((total - s) + square if total > square else (square - s) + total)
        total = s
    root = math.sqrt(total + low)
    square, error = two_product(root, root)
    return (root + (((total - square) - error) + low) / (2.0 * root)) / scale


@compiles
def dot(v: Sequence[float]) -> float:
    """As `reductions.dot`, of plain sums and their rounding errors; term by term where these do not suffice."""
    n = len(v) // 2
    total = v[len(v) - 1] if len(v) > 2 * n else 0.0
    squares, errors, product_errors, bound = total * total, 0.0, 0.0, abs(total)
    smallest: float = simd.least(np.inf, total)
    for i in range(n):
        product = v[i] * v[n + i]
        bound, smallest = bound + abs(product), simd.least(smallest, product)
        product_errors += simd.product_error(v[i], v[n + i])
        total, error = two_sum(total, product)
        errors += error
        squares += product * product
    total = simd.compensated(total, errors, product_errors, squares, bound, lost(n), smallest)
    return total if total == total else exact_dot(v[len(v) - 1] if len(v) > 2 * n else 0.0, n, v, 0, 1, n, 1)


@inlined
def lost(count: int) -> float:
    """More than the sum of the rounding errors of so many terms, for terms whose sizes add up to 1."""
    return 6e-16 * (float(count) + 1.0)


@inlined
def exact_dot(bias: float, n: int, m: Any, a: int, k: int, b: int, h: int) -> float:
    """The sum of a number and n products m[a + k*j] * m[b + h*j]; where they cancel, of their rounding errors too."""
    total = bias
    room = new(2 * n + 1)
    terms = carray(room, 2 * n + 1)
    for j in range(n):
        error = product_error(m[a], m[b])
        terms[j], terms[n + 1 + j] = m[a] * m[b], error if error - error == 0.0 else large_product_error(m[a], m[b])
        a += k
        b += h
    terms[n] = bias
    for count in (n + 1, 2 * n + 1):
        exact = fsum(terms[:count])
        if count == n + 1 or exact - exact == 0.0:
            total = exact
        if not abs(total) * 4.0 < length(terms[: n + 1]):
            break
    release(room)
    return total


COMPILED |= {
    function: compiles(formula)
    for function, formula in (
        (float, lambda x: x),
        (operator.add, lambda a, b: a + b),
        (operator.sub, lambda a, b: a - b),
        (operator.mul, lambda a, b: a * b),
        (operator.truediv, lambda a, b: a / b),
        (operator.neg, lambda a: -a),
        (math.floor, lambda x: float(np.floor(x))),
        (math.fmod, lambda x, y: float(np.fmod(x, y))),
        (math.hypot, lambda x, y: length((x, y))),
    )
}
COMPILED |= {
    math.fsum: fsum,
    math.prod: prod,
    ieee.scaled_sum: scaled_sum,
    ieee.length: length,
    reductions.dot: dot,
}
IEEE_MATH = types.ModuleType("ieee_math")
vars(IEEE_MATH).update(inf=math.inf, nan=math.nan)
for known in (
    math.copysign, math.erf, math.erfc, math.exp, math.fabs, math.floor, math.fmod, math.frexp, math.fsum, math.hypot,
    math.isfinite, math.ldexp, math.log, math.prod, math.sqrt, math.tanh,
):  # fmt: skip
    setattr(IEEE_MATH, known.__name__, compiled(known))
mean, exp_difference = compiled(reductions.mean), compiled(exact.exp_difference)

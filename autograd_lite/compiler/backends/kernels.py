"""The table's forward functions, compiled by Numba from their own source.

Each is compiled as it stands in the folder `numeric` or a user's module, in a namespace where the
functions that it calls are compiled ones too, and where `math` follows IEEE 754 instead of raising. What takes Python's
own machinery (`math.fsum` and its like) is written out below.
"""

import dis
import math
import operator
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numba import float64, njit

from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import exact, ieee, reductions

Function = Callable[..., Any]
compile_function: Any = njit(error_model="numpy")  # division follows IEEE 754


def compiled(function: Any) -> Any:
    """The function for use in compiled code."""
    if function in COMPILED:
        return COMPILED[function]
    if hasattr(function, "ieee_version_of"):
        result = compiled(function.ieee_version_of)
    elif function in MATH:
        arity = 2 if function in (math.atan2, math.copysign, math.pow) else 1
        result = _call_math(function.__name__, arity)
    elif not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
        raise CannotRunError(f"Numba compiles plain Python functions, not {function!r}: use backend='python'")
    else:
        code = function.__code__
        names = {name for name in _global_names(code) if name in function.__globals__}
        namespace = {name: _bound(function.__globals__[name]) for name in names} | {"__name__": function.__module__}
        copy = types.FunctionType(code, namespace, function.__name__, function.__defaults__, function.__closure__)
        result = compile_function(copy)
    COMPILED[function] = result
    return result


def compiled_forward(primitive: Primitive) -> Any:
    """The forward function of a user's primitive, once it is certain that Numba compiles it."""
    function = compiled(primitive.forward)
    try:
        function.compile((float64,) * (primitive.arity or 0))
    except Exception as error:  # whatever a compiler raises: it has many errors, without a base in common
        raise CannotRunError(
            f"Numba cannot compile the forward function of {primitive.name!r}: use backend='python'"
        ) from error
    return function


def _bound(x: Any) -> Any:
    """What a global name stands for in compiled code."""
    if x is math:
        return IEEE_MATH
    if isinstance(x, types.FunctionType) or (isinstance(x, types.BuiltinFunctionType) and x.__module__ == "math"):
        return compiled(x)
    return x


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from (step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _call_math(name: str, arity: int) -> Any:
    parameters = "x" if arity == 1 else "x, y"
    scope: dict[str, Any] = {"math": math, "__name__": __name__}
    exec(f"def {name}({parameters}):\n    return math.{name}({parameters})", scope)
    return compile_function(scope[name])


COMPILED: dict[Any, Any] = {}
MATH = {function for function in vars(math).values() if callable(function)}
two_sum, two_product = compiled(exact.two_sum), compiled(exact.two_product)


# --- Python's own machinery, written out ---------------------------------------------------------------------------


@compile_function
def fsum(xs: Sequence[float]) -> float:
    """The sum, to the last bit but for rare ties: compensated, and exact where much cancels."""
    total, error, size = 0.0, 0.0, 0.0
    for x in xs:
        total, e = two_sum(total, x)
        error += e
        size += abs(x)
    return total + error if size < min(1e8 * abs(total), 1e300) else exact_sum(xs)


@compile_function
def exact_sum(xs: Sequence[float]) -> float:
    """The correctly rounded sum, as `math.fsum`: Shewchuk's exact partial sums."""
    plain, scale = 0.0, 1.0
    for x in xs:
        plain += x
    if plain - plain != 0.0:
        for x in xs:
            if x - x != 0.0:
                return plain
        scale = 2.0**-64  # finite numbers, but their sum overflows on the way
    partials = [0.0]
    for x in xs:
        x *= scale
        kept = 0
        for i in range(len(partials)):
            y = partials[i]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        while len(partials) > kept:
            partials.pop()
        partials.append(x)
    total, low = partials.pop(), 0.0
    while len(partials) > 0 and low == 0.0:
        x, y = total, partials.pop()
        total = x + y
        low = y - (total - x)
    if len(partials) > 0 and low * partials[-1] > 0.0:
        doubled = 2.0 * low  # halfway between two floats: the rest decides
        if doubled == (total + doubled) - total:
            total += doubled
    return total / scale


@compile_function
def prod(xs: Sequence[float]) -> float:
    product = 1.0
    for x in xs:
        product *= x
    return product


@compile_function
def length(xs: Sequence[float]) -> float:
    """The Euclidean length: squares taken exactly, after scaling by a power of two."""
    largest = 0.0
    for x in xs:
        if abs(x) > largest or abs(x) == math.inf or (x != x and largest != math.inf):
            largest = abs(x)
    if largest == 0.0 or largest - largest != 0.0:
        return largest
    scale = math.ldexp(1.0, -max(math.frexp(largest)[1], -1000))
    total, low = 0.0, 0.0
    for x in xs:
        square, error = two_product(x * scale, x * scale)
        s = total + square
        low += error + ((total - s) + square if total > square else (square - s) + total)
        total = s
    root = math.sqrt(total + low)
    square, error = two_product(root, root)
    return (root + (((total - square) - error) + low) / (2.0 * root)) / scale


@compile_function
def hypot(a: float, b: float) -> float:
    return length((a, b))


@compile_function
def floor(x: float) -> float:
    return float(np.floor(x))


@compile_function
def fmod(x: float, y: float) -> float:
    return float(np.fmod(x, y))


@compile_function
def rounded(total: float, size: float, largest: float, errors: float, product_errors: float) -> float:
    """A dot product of its plain total and what rounding took from it; nan where so much cancels that more is needed.

    `size` is the sum of the terms' magnitudes, `largest` that of all factors.
    """
    if size < min(6.0 * abs(total), 1e300):
        return total + errors
    if size < 1e8 * abs(total) and largest < 1e150:
        return total + (errors + product_errors)
    return math.nan


@compile_function
def dot(v: Sequence[float]) -> float:
    """As `reductions.dot`: w . x + bias; where the terms cancel, with the rounding errors of the products."""
    n = len(v) // 2
    total = v[len(v) - 1] if len(v) > 2 * n else 0.0
    size, largest = abs(total), 0.0
    errors, product_errors = 0.0, 0.0
    for i in range(n):
        product, product_error = two_product(v[i], v[n + i])
        total, error = two_sum(total, product)
        size += abs(product)
        errors += error
        product_errors += product_error
        largest = max(largest, abs(v[i]), abs(v[n + i]))
    y = rounded(total, size, largest, errors, product_errors)
    if y == y:
        return y
    terms = [v[i] * v[n + i] for i in range(n)]
    if len(v) > 2 * n:
        terms.append(v[len(v) - 1])
    exact = exact_sum(terms + [two_product(v[i], v[n + i])[1] for i in range(n)])
    return exact if exact - exact == 0.0 else exact_sum(terms)


IEEE_MATH = types.ModuleType("ieee_math")
for name in ("copysign", "erf", "erfc", "exp", "fabs", "frexp", "isfinite", "ldexp", "log", "sqrt", "tanh"):
    setattr(IEEE_MATH, name, getattr(math, name))
vars(IEEE_MATH).update(inf=math.inf, nan=math.nan, floor=floor, prod=prod, fsum=fsum, fmod=fmod, hypot=hypot)
COMPILED |= {
    float: compile_function(lambda x: x),
    operator.add: compile_function(lambda a, b: a + b),
    operator.sub: compile_function(lambda a, b: a - b),
    operator.mul: compile_function(lambda a, b: a * b),
    operator.truediv: compile_function(lambda a, b: a / b),
    operator.neg: compile_function(lambda a: -a),
    ieee.fsum: fsum,
    math.fsum: fsum,
    math.hypot: hypot,
    math.floor: floor,
    ieee.length: length,
    reductions.dot: dot,
}

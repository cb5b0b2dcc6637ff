"""The functions of one operand, over numbers and Values. What each computes is a row of `table.py`.

Each takes real numbers or Values. With a Value among them the result is a Value, recorded in the graph; with plain
numbers alone it is a float. Values that IEEE 754 has no number for are inf or nan, never an exception; nan in gives nan
out, and a nan gradient. Anything that is no real number is a TypeError that names the operand.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, overload

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_list
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Number, Value, record

F = TypeVar("F", bound=Callable[..., Any])


class OfOne(Protocol):
    """A function of one number: a float of a float, a Value of a Value."""

    @overload
    def __call__(self, x: float) -> float: ...
    @overload
    def __call__(self, x: Value) -> Value: ...


class OfTwo(Protocol):
    """A function of two numbers: a Value if one of them is one."""

    @overload
    def __call__(self, x: float, y: float) -> float: ...
    @overload
    def __call__(self, x: Value, y: Number) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value) -> Value: ...


class OfList(Protocol):
    """A function of a list of numbers: a Value if one of them is one."""

    @overload
    def __call__(self, xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, xs: Iterable[Number]) -> Value: ...


def of_one(primitive: Primitive, doc: str, x: float, y: float) -> OfOne:
    """The primitive as a function of one operand; at x it is y."""
    method: Callable[[Value], Value] = getattr(Value, primitive.name)

    def function(x: Number) -> Number:
        return method(x) if isinstance(x, Value) else primitive(x)

    return _documented(function, primitive, doc, "a real number or a Value", repr(x), y)


def of_two(primitive: Primitive, doc: str, x: float, y: float, z: float) -> OfTwo:
    """The primitive as a function of two operands; at x and y it is z."""
    method: Callable[[Value, Number], Value] = getattr(Value, "__pow__" if primitive.name == "**" else primitive.name)

    def function(x: Number, y: Number) -> Number:
        if isinstance(x, Value) and isinstance(y, (Value, float)):
            return method(x, y)
        return primitive(x, y)  # type: ignore[no-any-return]

    return _documented(function, primitive, doc, "real numbers or Values", f"{x!r}, {y!r}", z)


def of_list(primitive: Primitive, doc: str, xs: list[float], y: float) -> OfList:
    """The primitive as a function of a list of operands; of xs it is y."""
    argument = f"{primitive.name}(xs)"

    def function(xs: Iterable[Number]) -> Any:
        # A list that is more than its entries says itself what comes of it.
        return xs._reduced(primitive) if hasattr(xs, "_reduced") else over(primitive, listed(xs, argument))

    takes = "a list of real numbers or Values, at least one"
    return _documented(function, primitive, doc, takes, repr(xs), y)


def over(primitive: Primitive, operands: list[Any]) -> Any:
    """The primitive of a list of operands: without a look at each of them if all are Values."""
    return record(primitive, tuple(operands)) if {*map(type, operands)} == {Value} else primitive(*operands)


def listed(xs: Iterable[Number], argument: str) -> list[Any]:
    """The operands that a list holds; an error if it is none, or empty."""
    operands = as_list(xs, argument)
    if not operands:
        raise ValueError(f"{argument} is empty: pass at least one number")
    return operands


NAMES = {"**": "pow"}  # of rows that print as an operator


def _documented(
    function: Callable[..., Any], primitive: Primitive, doc: str, takes: str, example: str, result: float
) -> Callable[..., Any]:
    name = function.__name__ = function.__qualname__ = NAMES.get(primitive.name, primitive.name)
    returns = "returns a float, or a Value if there is one among them. TypeError for anything else."
    function.__doc__ = f"{doc}\n\n    Takes {takes}; {returns}\n\n    >>> {name}({example})\n    {result!r}\n    "
    return public(function)


def public(function: F) -> F:
    """The function, whose documentation the method of the same name has too."""
    method = getattr(Value, function.__name__, None)
    if method is not None:
        method.__doc__ = function.__doc__
    return function


# fmt: off
exp = of_one(table.exp, "e**x; its derivative is itself.", 0.0, 1.0)
expm1 = of_one(table.expm1, "e**x - 1, exact for small x. Derivative e**x.", 1e-20, 1e-20)
log = of_one(
    table.log, "The natural logarithm, nan for x < 0. Derivative 1/x. At 0: -inf, with derivative inf.", 1.0, 0.0)
log2 = of_one(table.log2, "The logarithm to base 2. Derivative 1/(x log 2).", 8.0, 3.0)
log10 = of_one(table.log10, "The logarithm to base 10. Derivative 1/(x log 10).", 1000.0, 3.0)
log1p = of_one(table.log1p, "log(1 + x), exact for small x. Derivative 1/(1 + x).", 1e-20, 1e-20)
sqrt = of_one(table.sqrt, "The square root. Derivative 1/(2 sqrt(x)), which is inf at 0; nan for x < 0.", 9.0, 3.0)
sin = of_one(table.sin, "The sine of x radians. Derivative cos(x).", 0.0, 0.0)
cos = of_one(table.cos, "The cosine of x radians. Derivative -sin(x).", 0.0, 1.0)
tan = of_one(table.tan, "The tangent of x radians. Derivative 1 + tan(x)**2.", 0.0, 0.0)
asin = of_one(
    table.asin, "The arc sine, in radians. Derivative 1/sqrt(1 - x**2), inf at -1 and 1; nan beyond.", 0.0, 0.0)
acos = of_one(
    table.acos, "The arc cosine, in radians. Derivative -1/sqrt(1 - x**2), -inf at -1 and 1; nan beyond.", 1.0, 0.0)
atan = of_one(table.atan, "The arc tangent, in radians. Derivative 1/(1 + x**2).", 0.0, 0.0)
sinh = of_one(table.sinh, "The hyperbolic sine. Derivative cosh(x).", 0.0, 0.0)
cosh = of_one(table.cosh, "The hyperbolic cosine. Derivative sinh(x).", 0.0, 1.0)
tanh = of_one(
    table.tanh, "The hyperbolic tangent. Derivative 1/cosh(x)**2, right also where tanh(x) rounds to 1.", 0.0, 0.0)
asinh = of_one(table.asinh, "The inverse hyperbolic sine. Derivative 1/sqrt(1 + x**2).", 0.0, 0.0)
acosh = of_one(
    table.acosh, "The inverse hyperbolic cosine. Derivative 1/sqrt(x**2 - 1), inf at 1; nan for x < 1.", 1.0, 0.0)
atanh = of_one(
    table.atanh, "The inverse hyperbolic tangent. Derivative 1/(1 - x**2), inf at -1 and 1; nan beyond.", 0.0, 0.0)
erf = of_one(table.erf, "The error function. Derivative 2/sqrt(pi) * e**(-x**2).", 0.0, 0.0)
erfc = of_one(table.erfc, "1 - erf(x), accurate for large x. Derivative -2/sqrt(pi) * e**(-x**2).", 0.0, 1.0)
sigmoid = of_one(table.sigmoid, "1/(1 + e**-x). Derivative sigmoid(x) * sigmoid(-x).", 0.0, 0.5)
softplus = of_one(table.softplus, "log(1 + e**x). Derivative sigmoid(x).", -1000.0, 0.0)
logsigmoid = of_one(table.logsigmoid, "log(sigmoid(x)). Derivative sigmoid(-x).", 1000.0, -0.0)
silu = of_one(table.silu, "x * sigmoid(x). Derivative sigmoid(x) * (1 + x * sigmoid(-x)).", 0.0, 0.0)
gelu = of_one(
    table.gelu, "x * P(Z <= x) for a standard normal Z, exactly (Hendrycks & Gimpel 2016). Derivative P(Z <= x) "
    "+ x p(x), p being the density.", 0.0, 0.0)
relu = of_one(table.relu, "max(x, 0). Derivative 1 for x > 0, and 0 for x <= 0, so 0 at the kink.", -2.0, 0.0)
abs = of_one(table.abs, "The absolute value. Derivative sign(x), so 0 at the kink.", -2.0, 2.0)
sign = of_one(table.sign, "-1, 0 or 1. Derivative 0 everywhere.", -2.0, -1.0)

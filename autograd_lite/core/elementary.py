"""The functions of one operand, over numbers and Values. What each computes is a row of `table.py`.

Each takes real numbers or Values. With a Value among them the result is a Value, recorded in the graph; with plain
numbers alone it is a float. Values that IEEE 754 has no number for are inf or nan, never an exception; nan in gives nan
out, and a nan gradient. Anything that is no real number is a TypeError that names the operand.
"""

from collections.abc import Callable
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Number


def _public(primitive: Primitive, doc: str) -> Callable[[Number], Any]:
    """The primitive as a function, with its documentation."""
    result = "Takes a real number or a Value; returns a float or a Value. A TypeError for anything else."

    def function(x: Number) -> Any:
        return primitive(x)

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = doc.replace("\n\n", f"\n\n    {result}\n\n", 1)
    return function


# fmt: off
exp = _public(table.exp, """e**x; its derivative is itself.

    >>> exp(0.0)
    1.0
    """)

expm1 = _public(table.expm1, """e**x - 1, exact for small x. Derivative e**x.

    >>> expm1(1e-20)
    1e-20
    """)

log = _public(table.log, """The natural logarithm, nan for x < 0. Derivative 1/x. At 0: -inf, with derivative inf.

    >>> log(1.0)
    0.0
    """)

log2 = _public(table.log2, """The logarithm to base 2. Derivative 1/(x log 2).

    >>> log2(8.0)
    3.0
    """)

log10 = _public(table.log10, """The logarithm to base 10. Derivative 1/(x log 10).

    >>> log10(1000.0)
    3.0
    """)

log1p = _public(table.log1p, """log(1 + x), exact for small x. Derivative 1/(1 + x).

    >>> log1p(1e-20)
    1e-20
    """)

sqrt = _public(table.sqrt, """The square root. Derivative 1/(2 sqrt(x)), which is inf at 0; nan for x < 0.

    >>> sqrt(9.0)
    3.0
    """)

sin = _public(table.sin, """The sine of x radians. Derivative cos(x).

    >>> sin(0.0)
    0.0
    """)

cos = _public(table.cos, """The cosine of x radians. Derivative -sin(x).

    >>> cos(0.0)
    1.0
    """)

tan = _public(table.tan, """The tangent of x radians. Derivative 1 + tan(x)**2.

    >>> tan(0.0)
    0.0
    """)

asin = _public(table.asin, """The arc sine, in radians. Derivative 1/sqrt(1 - x**2), inf at -1 and 1; nan beyond.

    >>> asin(0.0)
    0.0
    """)

acos = _public(table.acos, """The arc cosine, in radians. Derivative -1/sqrt(1 - x**2), -inf at -1 and 1; nan beyond.

    >>> acos(1.0)
    0.0
    """)

atan = _public(table.atan, """The arc tangent, in radians. Derivative 1/(1 + x**2).

    >>> atan(0.0)
    0.0
    """)

sinh = _public(table.sinh, """The hyperbolic sine. Derivative cosh(x).

    >>> sinh(0.0)
    0.0
    """)

cosh = _public(table.cosh, """The hyperbolic cosine. Derivative sinh(x).

    >>> cosh(0.0)
    1.0
    """)

tanh = _public(table.tanh, """The hyperbolic tangent. Derivative 1/cosh(x)**2, right also where tanh(x) rounds to 1.

    >>> tanh(0.0)
    0.0
    """)

asinh = _public(table.asinh, """The inverse hyperbolic sine. Derivative 1/sqrt(1 + x**2).

    >>> asinh(0.0)
    0.0
    """)

acosh = _public(table.acosh, """The inverse hyperbolic cosine. Derivative 1/sqrt(x**2 - 1), inf at 1; nan for x < 1.

    >>> acosh(1.0)
    0.0
    """)

atanh = _public(table.atanh, """The inverse hyperbolic tangent. Derivative 1/(1 - x**2), inf at -1 and 1; nan beyond.

    >>> atanh(0.0)
    0.0
    """)

erf = _public(table.erf, """The error function. Derivative 2/sqrt(pi) * e**(-x**2).

    >>> erf(0.0)
    0.0
    """)

erfc = _public(table.erfc, """1 - erf(x), accurate for large x. Derivative -2/sqrt(pi) * e**(-x**2).

    >>> erfc(0.0)
    1.0
    """)

sigmoid = _public(table.sigmoid, """1/(1 + e**-x). Derivative sigmoid(x) * sigmoid(-x).

    >>> sigmoid(0.0)
    0.5
    """)

softplus = _public(table.softplus, """log(1 + e**x). Derivative sigmoid(x).

    >>> softplus(-1000.0)
    0.0
    """)

logsigmoid = _public(table.logsigmoid, """log(sigmoid(x)). Derivative sigmoid(-x).

    >>> logsigmoid(1000.0)
    -0.0
    """)

silu = _public(table.silu, """x * sigmoid(x). Derivative sigmoid(x) * (1 + x * sigmoid(-x)).

    >>> silu(0.0)
    0.0
    """)

gelu = _public(table.gelu, """x * P(Z <= x) for a standard normal Z, exactly (Hendrycks & Gimpel 2016).

    Derivative P(Z <= x) + x p(x), p being the density.

    >>> gelu(0.0)
    0.0
    """)

relu = _public(table.relu, """max(x, 0). Derivative 1 for x > 0, and 0 for x <= 0, so 0 at the kink.

    >>> relu(-2.0)
    0.0
    """)

abs = _public(table.abs, """The absolute value. Derivative sign(x), so 0 at the kink.

    >>> abs(-2.0)
    2.0
    """)

sign = _public(table.sign, """-1, 0 or 1. Derivative 0 everywhere.

    >>> sign(-2.0)
    -1.0
    """)

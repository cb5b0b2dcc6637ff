"""NumPy's functions on Values, `np.arctan(x)`, and on arrays of them: each is the package's function of that meaning.

NumPy asks a Value itself (`__array_ufunc__`); of an array of Values it asks each one's method, by NumPy's name.
"""

import operator
from collections.abc import Callable
from math import pi
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.value import Value

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "absolute": table.abs, "fabs": table.abs, "sign": table.sign, "positive": operator.pos, "negative": operator.neg,
    "conjugate": operator.pos, "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "float_power": operator.pow,
    "square": lambda x: x * x, "reciprocal": lambda x: 1.0 / x,
    "exp": table.exp, "exp2": lambda x: 2.0**x, "expm1": table.expm1, "log": table.log, "log2": table.log2,
    "log10": table.log10, "log1p": table.log1p, "sqrt": table.sqrt, "logaddexp": table.logaddexp,
    "sin": table.sin, "cos": table.cos, "tan": table.tan, "sinh": table.sinh, "cosh": table.cosh, "tanh": table.tanh,
    "arcsin": table.asin, "arccos": table.acos, "arctan": table.atan, "arctan2": table.atan2,
    "arcsinh": table.asinh, "arccosh": table.acosh, "arctanh": table.atanh, "hypot": table.hypot,
    "maximum": table.maximum, "minimum": table.minimum,
    "deg2rad": lambda x: x * (pi / 180.0), "rad2deg": lambda x: x * (180.0 / pi),
}  # fmt: skip
FUNCTIONS |= {"radians": FUNCTIONS["deg2rad"], "degrees": FUNCTIONS["rad2deg"]}
COMPARISONS = {
    "greater": operator.gt, "greater_equal": operator.ge, "less": operator.lt, "less_equal": operator.le,
    "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip


def array_ufunc(self: Value, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """NumPy's function of Values: a Value, or an array of them if there is an array among its operands."""
    name = ufunc.__name__
    function = FUNCTIONS.get(name) or COMPARISONS.get(name)
    if method != "__call__" or options:
        return NotImplemented
    if function is None:
        raise TypeError(f"numpy.{name} has no counterpart for a Value: use .data for its number")
    if not any(getattr(x, "shape", ()) for x in inputs):
        return function(*[x.item() if hasattr(x, "shape") else x for x in inputs])
    import numpy as np

    results = np.frompyfunc(function, ufunc.nin, 1)(*[np.array(x, dtype=object) for x in inputs])
    return results.astype(bool) if name in COMPARISONS else results


def _by_numpy_s_name(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Value, *others: Any) -> Any:
        return function(self, *others)

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    method.__doc__ = f"What NumPy calls `{name}`: NumPy asks for it by this name."
    return method


Value.__array_ufunc__ = array_ufunc  # type: ignore[attr-defined]
for _name, _function in FUNCTIONS.items():
    if not hasattr(Value, _name):
        setattr(Value, _name, _by_numpy_s_name(_name, _function))

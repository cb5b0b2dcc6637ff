"""The operators and methods of `Value`, made from the rows of the derivative table; and NumPy's functions of Values.

Each does what `record` does, written out for one or two operands: nearly every node is made here.
"""

import operator
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from math import pi
from types import BuiltinFunctionType
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float
from autograd_lite.core.primitives import CONSTANT, PRIMITIVES, Primitive, operands_of, with_defaults
from autograd_lite.core.value import Number, Value, active, constant, new, record

PLAIN_ERRORS = (OverflowError, ValueError, ZeroDivisionError)
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "neg": "neg", "abs": "abs"}


def install(primitive: Primitive, operands: Sequence[Parameter] | None) -> None:
    """Make a row of the table a method of `Value`, if its name can be one, and the operator that it is."""
    names = [p.name if p.default is p.empty else "with a default" for p in operands or ()]
    if primitive.arity == 1:
        method = _unary(primitive)
    elif primitive.name in OPERATORS or names == ["x", "y"]:
        method = _binary(primitive)
    else:
        method = _general(primitive, operands)
    method.__doc__ = f"The operation `{primitive.form}` with this Value first: a node of the graph."
    word = primitive.name if primitive.name.isidentifier() else f"__{OPERATORS.get(primitive.name)}__"
    method.__name__, method.__qualname__ = word, f"Value.{word}"
    if primitive.name.isidentifier():
        setattr(Value, primitive.name, method)
    if primitive.name in OPERATORS:
        setattr(Value, f"__{OPERATORS[primitive.name]}__", method)
        if primitive.arity == 2:
            setattr(Value, f"__r{OPERATORS[primitive.name]}__", _reflected(method, primitive))


def _unary(primitive: Primitive) -> Callable[..., Any]:
    forward, takes_output, takes_operands = primitive.forward, primitive.takes_output, primitive.takes_operands
    plain = _plain(forward)

    def method(self: Value) -> Value:
        if active():
            return record(primitive, (self,))
        x = self._data
        node: Value = new(Value)
        try:
            y = plain(x)
        except PLAIN_ERRORS:
            y = forward(x)
        node._data = y
        node._grad = 0.0
        node._primitive = primitive
        node._parents = (self,)
        node._captured = ((y, x) if takes_output else (x,)) if takes_operands else (y,) if takes_output else ()
        return node

    return method


def _binary(primitive: Primitive) -> Callable[..., Any]:
    forward, takes_output, takes_operands = primitive.forward, primitive.takes_output, primitive.takes_operands
    plain = _plain(forward)

    def method(self: Value, y: Any) -> Any:
        if type(y) is not Value:
            if type(y) is float or type(y) is int:
                try:
                    number = y * 1.0  # quicker than `float(y)`
                except OverflowError:
                    number = as_float(y, f"operand of {primitive.name}")  # which explains it
                y = new(Value)  # `constant`, written out
                y._data = number
                y._grad = 0.0
                y._primitive = CONSTANT
                y._parents = ()
            elif not isinstance(y, Value):
                answer = _answer_of(y, self, primitive)
                if answer is not NotImplemented:
                    return answer
                y = _operand(y, primitive)
        if active():
            return record(primitive, (self, y))
        a, b = self._data, y._data
        node: Value = new(Value)
        try:
            c = plain(a, b)
        except PLAIN_ERRORS:
            c = forward(a, b)
        node._data = c
        node._grad = 0.0
        node._primitive = primitive
        node._parents = (self, y)
        node._captured = ((c, a, b) if takes_output else (a, b)) if takes_operands else (c,) if takes_output else ()
        return node

    return method


def _plain(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The function of `math` that a forward function follows where that does not raise: a call less."""
    function = getattr(forward, "ieee_version_of", forward)
    return function if isinstance(function, BuiltinFunctionType) else forward


def _general(primitive: Primitive, operands: Sequence[Parameter] | None) -> Callable[..., Any]:
    """A method of any number of operands, or of some with names and defaults of their own."""
    function = primitive if operands is None else with_defaults(primitive, operands)

    def method(self: Value, *others: Number, **named: Number) -> Any:
        if named and operands is None:
            raise TypeError(f"Value.{primitive.name}() takes numbers and Values alone, no {', '.join(named)}")
        return function(self, *others, **named)

    this, rest = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), [Parameter("others", Parameter.VAR_POSITIONAL)]
    if operands is not None:
        rest = [*operands[1:]]
    method.__signature__ = Signature([this, *rest])  # type: ignore[attr-defined]
    return method


def _reflected(method: Callable[..., Any], primitive: Primitive) -> Callable[..., Any]:
    def reflected(self: Value, other: Any) -> Any:
        return method(_operand(other, primitive), self)

    return reflected


def _operand(x: Any, primitive: Primitive) -> Value:
    """A constant for the number x; for anything else a TypeError."""
    if isinstance(x, (float, int)):
        try:
            return constant(float(x))
        except OverflowError:
            pass  # which `as_float` explains
    return constant(as_float(x, f"operand of {primitive.name}"))


def _answer_of(x: Any, v: Value, primitive: Primitive) -> Any:
    """What x, which is no plain number, makes of being the right operand of v; NotImplemented if it knows no answer.

    Python would ask it too, but then say itself that there is none.
    """
    reflected = getattr(type(x), f"__r{OPERATORS.get(primitive.name, '')}__", None)
    if reflected is None or type(x).__module__ == "builtins" or hasattr(x, "detach"):  # a list would repeat itself
        return NotImplemented
    return reflected(x, v)


def _itself(x: Value) -> Value:
    """`+x`: x."""
    return x


setattr(Value, "__pos__", _itself)  # noqa: B010  # for a type checker it is one already
for row in PRIMITIVES.values():
    by_name = row.arity not in (None, 1) and row.name not in OPERATORS  # else there are no names to tell
    install(row, operands_of(row.forward) if by_name else None)


# --- NumPy's functions, np.arctan(x): NumPy asks a Value itself; of an array, each Value's method by NumPy's name ---

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


def array_ufunc(self: Value, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
    """NumPy's function of Values: a Value, or an array of them if there is an array among its operands."""
    name = ufunc.__name__
    function = FUNCTIONS.get(name) or COMPARISONS.get(name)
    if function is None:
        raise TypeError(f"numpy.{name} has no counterpart for a Value: use .data for its number")
    if method != "__call__" or options:
        raise TypeError(f"numpy.{name} of Values is for plain calls: no options, none of its methods")
    if out:  # a += v
        if out[0].dtype != object:
            raise TypeError(f"numpy.{name}: an array of plain numbers can hold no Values; write a = a + v, not a += v")
        out[0][...] = array_ufunc(self, ufunc, method, *inputs)
        return out[0]
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

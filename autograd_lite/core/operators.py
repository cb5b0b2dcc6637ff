"""The operators and methods of `Value`, made from the rows of the derivative table.

Each does what `record` does, written out for one or two operands: nearly every node is made here.
"""

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from types import BuiltinFunctionType
from typing import Any

from autograd_lite.core.checks import as_float
from autograd_lite.core.primitives import CONSTANT, PRIMITIVES, Primitive, operands_of, with_defaults
from autograd_lite.core.value import Number, Value, active, constant, new, record

LARGE = 2**53
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
    if primitive.name.isidentifier():
        method.__name__, method.__qualname__ = primitive.name, f"Value.{primitive.name}"
        method.__doc__ = f"The operation `{primitive.form}` with this Value first: a node of the graph."
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
        if y.__class__ is not Value:
            if y.__class__ is float or (y.__class__ is int and -LARGE < y < LARGE):
                number = float(y)  # `constant`, written out
                y = new(Value)
                y._data = number
                y._grad = 0.0
                y._primitive = CONSTANT
                y._parents = ()
            elif not isinstance(y, Value):
                y = _operand(y, primitive)
                if y is NotImplemented:
                    return NotImplemented
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
        return function(self, *others, **named)

    if operands is not None:
        this = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
        method.__signature__ = Signature([this, *operands[1:]])  # type: ignore[attr-defined]
    return method


def _reflected(method: Callable[..., Any], primitive: Primitive) -> Callable[..., Any]:
    def reflected(self: Value, other: Any) -> Any:
        left = _operand(other, primitive)
        return left if left is NotImplemented else method(left, self)

    return reflected


def _operand(x: Any, primitive: Primitive) -> Any:
    """A constant for the number x; for anything else NotImplemented, or an error where no other type could answer."""
    if isinstance(x, (float, int)):
        return constant(float(x))
    if x is None or isinstance(x, (str, bytes, list, tuple, dict, set, complex)):
        as_float(x, f"operand of {primitive.name}")
    try:
        return constant(as_float(x, "operand"))
    except TypeError:
        return NotImplemented


def _itself(x: Value) -> Value:
    """`+x`: x."""
    return x


Value.__pos__ = _itself  # type: ignore[operator]
for row in PRIMITIVES.values():
    install(row, None if row.arity is None else operands_of(row.forward))

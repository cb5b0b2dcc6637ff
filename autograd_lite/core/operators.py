"""The operators and methods of `Value`, made from the rows of the derivative table.

Each does what `engine.record` does, written out for one or two operands: nearly every node is made here.
"""

from collections.abc import Callable
from typing import Any

from autograd_lite.core import value as engine
from autograd_lite.core.checks import as_float
from autograd_lite.core.primitives import PRIMITIVES, Primitive
from autograd_lite.core.value import Number, Value, constant, new

OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "neg": "neg", "abs": "abs"}


def install(primitive: Primitive) -> None:
    """Make a row of the table a method of `Value`, if its name can be one."""
    make = _unary if primitive.arity == 1 else _binary if primitive.arity == 2 else _variadic
    method = make(primitive)
    if primitive.name.isidentifier():
        method.__name__, method.__qualname__ = primitive.name, f"Value.{primitive.name}"
        setattr(Value, primitive.name, method)
    if primitive.name in OPERATORS:
        setattr(Value, f"__{OPERATORS[primitive.name]}__", method)
        if primitive.arity == 2:
            setattr(Value, f"__r{OPERATORS[primitive.name]}__", _reflected(method, primitive))


def _unary(primitive: Primitive) -> Callable[..., Any]:
    forward, takes_output, takes_operands = primitive.forward, primitive.takes_output, primitive.takes_operands

    def method(self: Value) -> Value:
        if engine.recorder is not None:
            return engine.recorder(primitive, (self,))
        x = self.data
        node: Value = new(Value)
        node.data = y = forward(x)
        node.grad = 0.0
        node._primitive = primitive
        node._parents = (self,)
        node._captured = ((y, x) if takes_output else (x,)) if takes_operands else (y,) if takes_output else ()
        return node

    return method


def _binary(primitive: Primitive) -> Callable[..., Any]:
    forward, takes_output, takes_operands = primitive.forward, primitive.takes_output, primitive.takes_operands

    def method(self: Value, other: Any) -> Any:
        if not isinstance(other, Value):
            other = _operand(other, primitive)
            if other is NotImplemented:
                return NotImplemented
        if engine.recorder is not None:
            return engine.recorder(primitive, (self, other))
        a, b = self.data, other.data
        node: Value = new(Value)
        node.data = y = forward(a, b)
        node.grad = 0.0
        node._primitive = primitive
        node._parents = (self, other)
        node._captured = ((y, a, b) if takes_output else (a, b)) if takes_operands else (y,) if takes_output else ()
        return node

    return method


def _variadic(primitive: Primitive) -> Callable[..., Any]:
    def method(self: Value, *others: Number) -> Any:
        return primitive(self, *others)

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


for row in PRIMITIVES.values():
    install(row)

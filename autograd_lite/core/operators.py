"""The operators and methods of `Value`, made from the rows of the derivative table.

Each does what `engine.record` does, written out for one or two operands: nearly every node is made here.
"""

from collections.abc import Callable
from typing import Any

from autograd_lite.core import value as engine
from autograd_lite.core.primitives import RULES, Rule
from autograd_lite.core.value import Number, Value, constant, new
from autograd_lite.numeric.real import as_float

OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "neg": "neg", "abs": "abs"}


def install(rule: Rule) -> None:
    """Make a row of the table a method of `Value`, if its name can be one."""
    make = _unary if rule.arity == 1 else _binary if rule.arity == 2 else _variadic
    method = make(rule)
    if rule.name.isidentifier():
        method.__name__, method.__qualname__ = rule.name, f"Value.{rule.name}"
        setattr(Value, rule.name, method)
    if rule.name in OPERATORS:
        setattr(Value, f"__{OPERATORS[rule.name]}__", method)
        if rule.arity == 2:
            setattr(Value, f"__r{OPERATORS[rule.name]}__", _reflected(method, rule))


def _unary(rule: Rule) -> Callable[..., Any]:
    forward, takes_output, takes_operands = rule.forward, rule.takes_output, rule.takes_operands

    def method(self: Value) -> Value:
        if engine.recorder is not None:
            return engine.recorder(rule, (self,))
        x = self.data
        node: Value = new(Value)
        node.data = y = forward(x)
        node.grad = 0.0
        node._rule = rule
        node._parents = (self,)
        node._captured = ((y, x) if takes_output else (x,)) if takes_operands else (y,) if takes_output else ()
        return node

    return method


def _binary(rule: Rule) -> Callable[..., Any]:
    forward, takes_output, takes_operands = rule.forward, rule.takes_output, rule.takes_operands

    def method(self: Value, other: Any) -> Any:
        if not isinstance(other, Value):
            other = _operand(other, rule)
            if other is NotImplemented:
                return NotImplemented
        if engine.recorder is not None:
            return engine.recorder(rule, (self, other))
        a, b = self.data, other.data
        node: Value = new(Value)
        node.data = y = forward(a, b)
        node.grad = 0.0
        node._rule = rule
        node._parents = (self, other)
        node._captured = ((y, a, b) if takes_output else (a, b)) if takes_operands else (y,) if takes_output else ()
        return node

    return method


def _variadic(rule: Rule) -> Callable[..., Any]:
    def method(self: Value, *others: Number) -> Any:
        return rule(self, *others)

    return method


def _reflected(method: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    def reflected(self: Value, other: Any) -> Any:
        left = _operand(other, rule)
        return left if left is NotImplemented else method(left, self)

    return reflected


def _operand(x: Any, rule: Rule) -> Any:
    """A constant for the number x; for anything else NotImplemented, or an error where no other type could answer."""
    if isinstance(x, (float, int)):
        return constant(float(x))
    if x is None or isinstance(x, (str, bytes, list, tuple, dict, set, complex)):
        as_float(x, f"operand of {rule.name}")
    try:
        return constant(as_float(x, "operand"))
    except TypeError:
        return NotImplemented


for row in RULES.values():
    install(row)

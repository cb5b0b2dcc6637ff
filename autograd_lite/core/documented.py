"""A row of the table as a public function: named, typed and documented, and with it the method of `Value`."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, overload

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


def of_one(primitive: Primitive, doc: str) -> OfOne:
    """The primitive as a function of one operand."""
    method: Callable[[Value], Value] = getattr(Value, primitive.name)
    result = "Takes a real number or a Value; returns a float or a Value. A TypeError for anything else."

    def function(x: Number) -> Number:
        return method(x) if isinstance(x, Value) else primitive(x)

    return _documented(function, primitive, doc.replace("\n\n", f"\n\n    {result}\n\n", 1))


def of_two(primitive: Primitive, doc: str) -> OfTwo:
    """The primitive as a function of two operands."""
    method: Callable[[Value, Number], Value] = getattr(Value, "__pow__" if primitive.name == "**" else primitive.name)

    def function(x: Number, y: Number) -> Number:
        if isinstance(x, Value) and isinstance(y, (Value, float)):
            return method(x, y)
        return primitive(x, y)  # type: ignore[no-any-return]

    return _documented(function, primitive, doc)


def of_list(primitive: Primitive, doc: str) -> OfList:
    """The primitive as a function of a list of operands."""
    argument = f"{primitive.name}(xs)"

    def function(xs: Iterable[Number]) -> Number:
        return over(primitive, listed(xs, argument))  # type: ignore[no-any-return]

    return _documented(function, primitive, doc)


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


def _documented(function: Callable[..., Any], primitive: Primitive, doc: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = NAMES.get(primitive.name, primitive.name)
    function.__doc__ = doc
    return public(function)


def public(function: F) -> F:
    """The function, whose documentation the method of the same name has too."""
    method = getattr(Value, function.__name__, None)
    if method is not None:
        method.__doc__ = function.__doc__
    return function

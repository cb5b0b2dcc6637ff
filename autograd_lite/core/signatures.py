"""What the operands of a primitive are called and which have defaults: told by its forward function."""

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

from autograd_lite.core.primitives import Primitive

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def operands_of(forward: Callable[..., Any]) -> list[Parameter] | None:
    """The operands that a forward function takes, None if it takes any number or does not tell."""
    forward = getattr(forward, "ieee_version_of", forward)
    count = getattr(forward, "nin", None)
    if isinstance(count, int):  # a ufunc of NumPy
        return [_operand(f"x{i}", Parameter.empty) for i in range(count)]
    found = parameters(forward)
    if found is None or any(p.kind is Parameter.VAR_POSITIONAL for p in found):
        return None
    return [_operand(p.name, p.default) for p in found if p.kind in POSITIONAL]


def parameters(function: Callable[..., Any]) -> list[Parameter] | None:
    """The parameters of any callable, None if it does not tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def _operand(name: str, default: Any) -> Parameter:
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default)


def with_defaults(primitive: Primitive, operands: Sequence[Parameter]) -> Callable[..., Any]:
    """The primitive as a function whose operands have names and defaults."""
    signature = inspect.Signature(operands)
    defaults = [p.default for p in operands]
    least = sum(p.default is p.empty for p in operands)

    def function(*given: Any, **named: Any) -> Any:
        if not named and least <= len(given) <= len(operands):
            given = (*given, *defaults[len(given) :])
        else:
            try:
                bound = signature.bind(*given, **named)
            except TypeError as error:
                raise TypeError(f"{primitive.name}{signature}: {error}") from None
            bound.apply_defaults()
            given = bound.args
        return primitive(*given)

    function.__name__ = function.__qualname__ = primitive.name
    function.__signature__ = signature  # type: ignore[attr-defined]  # what help() and editors show
    return function

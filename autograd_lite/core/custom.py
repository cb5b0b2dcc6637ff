"""Primitives of one's own: the same declaration as a row of the table."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.core.checks import as_float
from autograd_lite.core.operators import install
from autograd_lite.core.primitives import PRIMITIVES, Primitive, declare
from autograd_lite.core.value import Value
from autograd_lite.numeric.ieee import IEEE

_BUILT_IN = frozenset(PRIMITIVES)


def primitive(name: str, forward: Callable[..., float], vjp: Callable[..., Sequence[Any]], form: str = "") -> Primitive:
    """Declare an operation and its derivative; returns the function to call with numbers or Values.

    `forward(*operands)` computes the value from floats. `vjp(g, ...)` is the body of the local backward closure: from
    `g`, the gradient at the output, it returns one entry for each operand, `g` times the partial derivative. After `g`
    it names what it needs: `y` for the output, then all operands in order, or neither. To be differentiable again it
    must be written in arithmetic and functions of this package. A maker of closures, `lambda y, x: lambda g: (...,)`,
    is taken too. `form` is how the operation prints, with `{}` for each operand; by default `name({}, {})`.

    The new operation is a method of `Value` too. Declaring a name again replaces it, unless the package itself has it:
    that is a ValueError. A closure that returns something else than one number for each operand is a TypeError that
    names the operation when `backward()` meets it.

    >>> cube = primitive("cube", lambda x: x**3, lambda g, x: (g * 3 * x**2,))
    >>> x = Value(2.0)
    >>> y = cube(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"primitive(name) must be a non-empty string, not {name!r}")
    if name in _BUILT_IN or (name.isidentifier() and hasattr(Value, name) and name not in PRIMITIVES):
        raise ValueError(f"primitive(name) {name!r} belongs to autograd_lite already: choose another name")
    for argument, function in (("forward", forward), ("vjp", vjp)):
        if not callable(function):
            raise TypeError(f"primitive({argument}) of {name!r} must be a function, not {function!r}")
    count = forward.__code__.co_argcount if hasattr(forward, "__code__") else form.count("{}") or 1
    form = form or f"{name}({', '.join(['{}'] * count)})"
    if form.count("{}") != count:
        raise ValueError(f"primitive(form) of {name!r} must have one {{}} for each of {count} operands, not {form!r}")
    declared = declare(name, _total(name, forward), _checked(name, count, vjp), form)
    declared.arity = count  # the checked closure itself takes any number
    install(declared)
    return declared


def _total(name: str, forward: Callable[..., float]) -> Callable[..., float]:
    """`forward`, once more on IEEE floats where Python's own raise, and its result checked to be a number."""

    def compute(*xs: float) -> float:
        try:
            y = forward(*xs)
        except ArithmeticError:
            y = forward(*map(IEEE, xs))
        return as_float(y, f"the value that forward of {name!r} returns")

    compute.ieee_version_of = forward  # type: ignore[attr-defined]  # which backends and oracles run instead
    return compute


def _checked(name: str, count: int, vjp: Callable[..., Any]) -> Callable[..., Sequence[Any]]:
    """`vjp` over output and operands, its result checked to be one number or Value for each operand."""
    plan = Primitive(name, vjp, vjp, "{}" * count)
    is_maker = vjp.__code__.co_varnames[:1] != ("g",)

    def checked(g: Any, y: Any, *xs: Any) -> Sequence[Any]:
        if is_maker:
            closure = vjp(y, *xs)
            if not callable(closure):
                raise TypeError(f"the first parameter of the vjp of {name!r} must be called g, as in lambda g, x: ...")
            result = closure(g)
        else:
            result = vjp(g, *plan.captured(y, xs))
        if not isinstance(result, (tuple, list)) or len(result) != count:
            raise TypeError(
                f"the closure of {name!r} must return a tuple of {count}, one gradient for each operand, not {result!r}"
            )
        if any(isinstance(v, Value) for v in (g, y, *xs)):
            return result
        return [as_float(d, f"gradient {i} that the closure of {name!r} returns") for i, d in enumerate(result)]

    return checked

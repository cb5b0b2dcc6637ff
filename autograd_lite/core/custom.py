"""Primitives of one's own: the same declaration as a row of the table."""

import keyword
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

from autograd_lite.core.checks import as_float, shown
from autograd_lite.core.operators import install
from autograd_lite.core.primitives import POSITIONAL, PRIMITIVES, declare, operands_of, parameters, with_defaults
from autograd_lite.core.value import Value
from autograd_lite.numeric.ieee import IEEE

_BUILT_IN = frozenset(PRIMITIVES)


def primitive(
    name: str,
    forward: Callable[..., float],
    vjp: Callable[..., Any],
    form: str = "",
    saves: str | None = None,
) -> Callable[..., Any]:
    """Declare an operation and its derivative; returns the function to call with numbers or Values.

    `forward(*operands)` computes the value from floats; its parameters are the operands, with their defaults. `vjp(g,
    ...)` is the body of the local backward closure: from `g`, the gradient at the output, it returns one entry for each
    operand, `g` times the partial derivative. To be differentiable again it must be written in arithmetic and functions
    of this package. Both may be any callable; what no compiler translates is run by Python in jitted functions too.

    `saves` says what `vjp` is given after `g`: "x", the operands in order; "y", the output; "y x", both; "", neither.
    Without it the number of its parameters decides: as many as there are operands, one more (the output first), or
    none. With one operand, a single parameter called `y` is the output. A maker of closures, `lambda y, x: lambda g:
    (...,)`, is taken too. `form` is how the operation prints, with `{}` for each operand; by default `name({}, {})`.

    The new operation is a method of `Value` too. Declaring a name again replaces it, unless the package itself has it:
    that is a ValueError, as is a name or a form that Python could not read. A TypeError says when the operands or what
    to save cannot be told. A closure that returns something else than one number for each operand is a TypeError that
    names the operation when `backward()` meets it.

    >>> cube = primitive("cube", lambda x: x**3, lambda g, x: (g * 3 * x**2,))
    >>> x = Value(2.0)
    >>> y = cube(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    """
    _check_name(name)
    if not isinstance(form, str):
        raise TypeError(f"primitive(form) of {name!r} must be a string, not {shown(form)}")
    for argument, function in (("forward", forward), ("vjp", vjp)):
        if not callable(function):
            raise TypeError(f"primitive({argument}) of {name!r} must be a function, not {shown(function)}")
    operands = _operands(name, forward, form)
    form = _checked_form(name, form, len(operands))
    kept = _saved(name, vjp, operands, saves)
    if kept == "x" and saves is None and (parameters(vjp) or operands)[0].name != "g":
        kept, vjp = "y x", _from_maker(vjp)
    declared = declare(name, _total(name, forward), _checked(name, len(operands), vjp), form, kept)
    install(declared, operands)
    return with_defaults(declared, operands)


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name:
        raise TypeError(f"primitive(name) must be a non-empty string, not {shown(name)}")
    word = name.rstrip("'")  # a derivative that is a primitive of its own has a prime
    if not word.isidentifier() or keyword.iskeyword(word) or word.startswith("_"):
        raise ValueError(f"primitive(name) must be a name that Python could give a function, not {name!r}")
    if name in _BUILT_IN or (hasattr(Value, name) and name not in PRIMITIVES):
        raise ValueError(f"primitive(name) {name!r} belongs to autograd_lite already: choose another name")


def _operands(name: str, forward: Callable[..., float], form: str) -> list[Parameter]:
    """The operands: the parameters of `forward`, or as many as `form` shows if it takes any number."""
    operands = operands_of(forward)
    if operands is None:
        operands = [Parameter(f"x{i}", Parameter.POSITIONAL_OR_KEYWORD) for i in range(form.count("{}"))]
        if not operands:
            raise TypeError(
                f"primitive(forward) of {name!r} does not tell how many operands it takes: show them in its form, as "
                f"form='{name}({{}}, {{}})' does for two"
            )
    if not operands:
        raise TypeError(f"primitive(forward) of {name!r} takes no operand: there is nothing to differentiate")
    for p in operands:
        if p.default is not p.empty:
            as_float(p.default, f"the default of {p.name!r}, an operand of {name!r},")
    for p in parameters(forward) or ():
        if p.kind is Parameter.KEYWORD_ONLY and p.default is p.empty:
            raise TypeError(f"primitive(forward) of {name!r} is given its operands in order: {p.name!r} has no default")
    return operands


def _checked_form(name: str, form: str, count: int) -> str:
    form = form or f"{name}({', '.join(['{}'] * count)})"
    if form.count("{}") != count or not {*"{}"}.isdisjoint(form.replace("{}", "")):
        raise ValueError(
            f"primitive(form) of {name!r} must have one {{}} for each of {count} operands, and no other braces, "
            f"not {shown(form)}"
        )
    return form


def _saved(name: str, vjp: Callable[..., Any], operands: Sequence[Parameter], saves: str | None) -> str:
    """What the closure is given after the gradient: as declared, or as its number of parameters tells."""
    count, found = len(operands), parameters(vjp)
    sizes = {"": 0, "y": 1, "x": count, "y x": count + 1}
    if saves is not None and not (isinstance(saves, str) and saves in sizes):
        raise ValueError(
            f"primitive(saves) of {name!r} must be one of {', '.join(map(repr, sizes))}, not {shown(saves)}"
        )
    taken = [p for p in found or () if p.kind in POSITIONAL]
    after, any_number = taken[1:], any(p.kind is Parameter.VAR_POSITIONAL for p in found or ())
    least, most = sum(p.default is p.empty for p in after), 1e9 if any_number else len(taken) - 1
    if found is None:
        fitting = [*sizes]
    elif any_number and not after:
        fitting = ["x"]
    elif count == least == most == 1:
        is_output, is_operand = after[0].name == "y", after[0].name == operands[0].name or after[0].name != "y"
        fitting = ["y"] * is_output + ["x"] * is_operand
    else:
        fitting = [s for s, size in sizes.items() if least <= size <= most]
    if saves is not None and (found is None or least <= sizes[saves] <= most):
        return saves
    if saves is None and len(fitting) == 1:
        return fitting[0]
    raise TypeError(
        f"primitive(vjp) of {name!r} must take the gradient, and after it what saves={saves or '...'!r} declares: "
        f"'x' for {count} operand{'s' * (count > 1)}, 'y' for the output, 'y x' for both, '' for neither"
    )


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


def _from_maker(vjp: Callable[..., Any]) -> Callable[..., Any]:
    """A closure of output and operands, `vjp` being one of gradient and operands or, of the same number, a maker."""

    def closure(g: Any, y: Any, *xs: Any) -> Any:
        made = vjp(y, *xs)
        return made(g) if callable(made) else vjp(g, *xs)

    return closure


def _checked(name: str, count: int, vjp: Callable[..., Any]) -> Callable[..., Sequence[Any]]:
    """`vjp`, its result checked to be one number or Value for each operand."""

    def checked(g: Any, *saved: Any) -> Sequence[Any]:
        result = vjp(g, *saved)
        if not isinstance(result, (tuple, list)) or len(result) != count:
            raise TypeError(
                f"the closure of {name!r} must return a tuple of {count}, one gradient for each operand, "
                f"not {shown(result)}"
            )
        if any(isinstance(v, Value) for v in (g, *saved)):
            return result
        return [as_float(d, f"gradient {i} that the closure of {name!r} returns") for i, d in enumerate(result)]

    return checked

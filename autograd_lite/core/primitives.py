"""What a row of the derivative table is, and how one is declared, by the package and by its users."""

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any, ClassVar

from autograd_lite.core.checks import as_float
from autograd_lite.numeric.ieee import IEEE

Vjp = Callable[..., Sequence[Any]]
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_running_ieee = False  # inside `run_ieee`: then what a primitive computes is an IEEE float too


class Primitive:
    """A primitive: its name, how to compute it, the body of its local backward closure, and how it prints.

    `saves` says what the local backward closure keeps of a node, and is given after the gradient: "y", the output; "x",
    the operands in order; "y x", both; "", neither. "xs" in place of "x" is the same for a primitive of any number of
    operands, whose `forward` takes them as one sequence.

    Calling it applies it: to plain floats it gives a float; with a Value among the operands it records a node.
    """

    __slots__ = ("arity", "form", "forward", "name", "takes_operands", "takes_output", "vjp")

    RECORD: ClassVar[Callable[["Primitive", tuple[Any, ...]], Any]]  # set by the engine, which knows what a Value is

    def __init__(self, name: str, forward: Callable[..., Any], vjp: Vjp, form: str, saves: str = "x") -> None:
        self.name = name
        self.forward = forward
        self.vjp = vjp
        self.form = form
        self.takes_output = saves in ("y", "y x", "y xs")
        self.takes_operands = saves not in ("y", "")
        numbered = sum(f"{{{i}}}" in form for i in range(9))
        self.arity = None if saves.endswith("xs") else form.count("{}") or numbered

    def __call__(self, *operands: Any) -> Any:
        for x in operands:
            if not isinstance(x, float):
                return Primitive.RECORD(self, operands)
        y = self.evaluate(operands)
        return IEEE(y) if _running_ieee else y

    def evaluate(self, xs: Sequence[float]) -> float:
        """The value of the primitive at plain floats."""
        y: float = self.forward(xs) if self.arity is None else self.forward(*xs)
        return y

    def captured(self, y: Any, xs: Sequence[Any]) -> tuple[Any, ...]:
        """What the local backward closure keeps of the output and the operands."""
        if self.takes_operands:
            return (y, *xs) if self.takes_output else tuple(xs)
        return (y,) if self.takes_output else ()

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


PRIMITIVES: dict[str, Primitive] = {}


def declare(name: str, forward: Callable[..., Any], vjp: Vjp, form: str, saves: str = "x") -> Primitive:
    """Declare a row of the table."""
    PRIMITIVES[name] = Primitive(name, forward, vjp, form, saves)
    return PRIMITIVES[name]


LEAF = Primitive("", float, lambda g: (), "", "")
CONSTANT = Primitive("", float, lambda g: (), "", "")


def by_hand(op: Any, parents: Sequence[Any], node: type, push: Callable[[], None] | None = None) -> Primitive:
    """The primitive of one node that a user recorded: its name or its local derivatives in place of a table row.

    `push` is a micrograd-style `_backward`, which adds to the parents' `grad` itself.
    """
    for p in parents:
        if not isinstance(p, node):
            raise TypeError(f"Value(_children) must hold Values, not {p!r}: wrap the number, Value({p!r})")
    if isinstance(op, str):
        name, slopes = op, None
    elif isinstance(op, (tuple, list)) and len(op) == len(parents):
        name, slopes = "local", [as_float(slope, "Value(_op) local derivative") for slope in op]
    else:
        raise TypeError(
            f"Value(_op) must be an operation's name or a tuple of {len(parents)} local derivatives, "
            f"one for each of _children, not {op!r}"
        )

    def vjp(g: float) -> Sequence[float]:
        if slopes is not None:
            return [g * slope for slope in slopes]
        if push is None:
            raise ValueError(
                f"operation {name!r} was recorded without a local derivative: assign the node's `_backward`, "
                "or pass Value a tuple of local derivatives"
            )
        push()
        return [0.0] * len(parents)

    return Primitive(name, as_float, vjp, "", "")


def plain(xs: Sequence[Any]) -> bool:
    """Whether every operand is a plain float: then a closure over many operands may take a shortcut in time."""
    return all(isinstance(x, float) for x in xs)


def each(apply: Primitive, xs: Sequence[Any]) -> list[Any]:
    """`apply(x, *the_other_operands)` for every x of xs."""
    return [apply(x, *xs[:i], *xs[i + 1 :]) for i, x in enumerate(xs)]


def run_ieee(vjp: Vjp, g: float, captured: tuple[Any, ...]) -> Sequence[float]:
    """Run a closure again on numbers that divide and overflow as IEEE 754 says, after plain floats have raised."""
    global _running_ieee
    _running_ieee = True
    try:
        return [float(d) for d in vjp(IEEE(g), *map(IEEE, captured))]
    finally:
        _running_ieee = False


# --- what the operands are called and which have defaults: told by the forward function ----------------------------


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

"""What a row of the derivative table is, and how one is declared, by the package and by its users."""

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

from autograd_lite.core.checks import as_float, shown
from autograd_lite.numeric.ieee import IEEE

Vjp = Callable[..., Sequence[Any]]
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Primitive:
    """A primitive: its name, how to compute it, the body of its local backward closure, and how it prints.

    `saves` says what the local backward closure keeps of a node, and is given after the gradient: "y", the output; "x",
    the operands in order; "y x", both; "", neither. "xs" in place of "x" is the same for a primitive of any number of
    operands, whose `forward` takes them as one sequence.

    Calling it applies it: to plain floats it gives a float; an operand that is more than a number says itself what
    comes of it, by its method `_apply_primitive`: a Value records a node. `by_hand` is true for the primitive of one
    node that a user recorded: it cannot be computed again, or differentiated twice. `linear` is true for a primitive
    that only moves numbers or adds them up, its first operand or any number of them: the derivative in a direction is
    the primitive of the direction. A second operand says where.
    """

    __slots__ = ("arity", "by_hand", "form", "forward", "linear", "name", "takes_operands", "takes_output", "vjp")

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        vjp: Vjp,
        form: str,
        saves: str = "x",
        by_hand: bool = False,
        linear: bool = False,
    ) -> None:
        self.name = name
        self.forward = forward
        self.vjp = vjp
        self.form = form
        self.by_hand = by_hand
        self.linear = linear
        self.takes_output = saves in ("y", "y x", "y xs")
        self.takes_operands = saves not in ("y", "")
        self.arity = None if saves.endswith("xs") else form.count("{}") or sum(f"{{{i}}}" in form for i in range(9))

    def __call__(self, *operands: Any) -> Any:
        if self.arity not in (None, len(operands)):
            raise TypeError(f"{self.name} takes {self.arity} operands, got {len(operands)}: {shown(operands)}")
        for x in operands:
            if type(x) is not float and hasattr(x, "_apply_primitive"):
                return x._apply_primitive(self, operands)
        return self.evaluate([as_float(x, f"operand {i} of {self.name}") for i, x in enumerate(operands)])

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


def kind_of_leaf() -> Primitive:
    """What a node without parents has in place of an operation. Kinds differ in nothing but who made the node."""
    return Primitive("", float, lambda g: (), "", "")


LEAF = kind_of_leaf()  # a user
CONSTANT = kind_of_leaf()  # the engine, for a number written into an expression


def plain(xs: Sequence[Any]) -> bool:
    """Whether every operand is a plain float: then a closure over many operands may take a shortcut in time."""
    return all(isinstance(x, float) for x in xs)


def each(apply: Primitive, xs: Sequence[Any]) -> list[Any]:
    """`apply(x, *the_other_operands)` for every x of xs."""
    return [apply(x, *xs[:i], *xs[i + 1 :]) for i, x in enumerate(xs)]


def run_ieee(vjp: Vjp, g: float, captured: tuple[Any, ...]) -> Sequence[float]:
    """Run a closure again on numbers that divide and overflow as IEEE 754 says, after plain floats have raised."""
    return [float(d) for d in vjp(IEEE(g), *[IEEE(x) if isinstance(x, float) else x for x in captured])]


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

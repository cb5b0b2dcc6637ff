"""Checks of arguments: each names the argument, the value it got and the remedy."""

from collections.abc import Iterable, Mapping, Set
from math import inf
from numbers import Real
from operator import index
from typing import Any

MOST = 10**9  # of anything that is counted: no memory holds more
REMEDIES: dict[type, str] = {
    str: "write the number without quotes, or convert it with float()",
    list: "make one Value of each number: [Value(x) for x in ...]",
    tuple: "make one Value of each number: [Value(x) for x in ...]",
    complex: "only real numbers can be differentiated here",
}


def as_float(x: Any, argument: str) -> float:
    """x as a float, if it is a real number of any type; else a TypeError that names the argument and the remedy."""
    if type(x) is float:
        return x
    refuse_masked(x, argument)
    if isinstance(x, Real) or (getattr(x, "shape", None) == () and getattr(x.dtype, "kind", None) in {*"biuf"}):
        try:
            return float(x)
        except OverflowError:
            raise ValueError(f"{argument} is too large for a float: {shown(x)}") from None
    remedy = REMEDIES.get(type(x), "use .data or .detach() for its number" if hasattr(x, "detach") else "pass a number")
    raise TypeError(f"{argument} must be a real number, not {shown(x)} of type {type(x).__name__}: {remedy}")


def check_number(x: Any, argument: str, low: float = -inf, below: float = inf) -> float:
    """x as a float, if it is a finite number, at least `low` and below `below`; else a ValueError."""
    number = as_float(x, argument)
    if not abs(number) < inf:
        raise ValueError(f"{argument} must be a finite number, not {shown(x)}")
    if not low <= number < below:
        upper = f" and below {below:g}" if below < inf else ""
        raise ValueError(f"{argument} must be at least {low:g}{upper}, not {shown(x)}")
    return number


def check_size(n: Any, argument: str, least: int = 1) -> int:
    """n as an int, if it is a whole number of any integer type, of at least `least`; else a ValueError."""
    try:
        whole = None if isinstance(n, bool) else index(n)
    except TypeError:
        whole = None
    if whole is None or whole < least:
        raise ValueError(f"{argument} must be a whole number of at least {least}, not {shown(n)}")
    if whole > MOST:
        raise ValueError(f"{argument} must be at most {MOST:,}, not {shown(n)}")
    return whole


def check_flag(x: Any, argument: str) -> bool:
    """x as a bool, if it is one, also of NumPy's, or 0 or 1; else a TypeError."""
    is_numpy_bool = getattr(x, "shape", None) == () and getattr(getattr(x, "dtype", None), "kind", None) == "b"
    if is_numpy_bool or (isinstance(x, int) and x in (0, 1)):
        return bool(x)
    raise TypeError(f"{argument} must be True or False, not {shown(x)}")


def check_choice(x: Any, choices: Iterable[str], argument: str) -> str:
    """x, if it is one of the words to choose from; else a ValueError that lists them."""
    words = [*choices]
    if not isinstance(x, str) or x not in words:
        raise ValueError(f"{argument} must be one of {', '.join(map(repr, words))}, not {shown(x)}")
    return x


def as_list(x: Any, argument: str, entries: str = "numbers or Values") -> list[Any]:
    """What a list, tuple, array, generator or other iterable in a definite order holds; else a TypeError."""
    unordered = isinstance(x, (str, bytes, bytearray, memoryview, Mapping, Set))
    if unordered or not hasattr(x, "__iter__") or isinstance(x, type) or getattr(x, "shape", None) == ():
        raise TypeError(f"{argument} must be a list of {entries}, not {shown(x)}")
    refuse_masked(x, argument)
    return list(x)


def refuse_masked(x: Any, argument: str) -> None:
    """A TypeError for a masked array of NumPy's, or a masked number: to ignore the mask would be silently wrong."""
    if hasattr(x, "mask") and hasattr(x, "filled"):
        raise TypeError(f"{argument} is a masked array, whose mask would be ignored: pass its .filled(number)")


def shown(x: Any, most: int = 60) -> str:
    """x as it stands in a message: its repr, not endless, whatever x is."""
    try:
        text = repr(x)
    except Exception:  # a number of 5,000 digits, lists a thousand deep, a class whose own repr fails
        return f"<{type(x).__name__} that cannot be printed>"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def formatted(x: float, spec: str) -> str:
    """The number of a Value by a format specification."""
    try:
        return format(x, spec)
    except (TypeError, ValueError) as error:
        raise type(error)(f"a Value is formatted as its number is, f'{{v:.3f}}', not by {shown(spec)}") from None

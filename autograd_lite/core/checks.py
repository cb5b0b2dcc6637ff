"""Checks of arguments: each names the argument, the value it got and the remedy."""

from typing import Any


def check_size(n: Any, argument: str) -> int:
    """n, if it is a whole number of at least 1; else a ValueError."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"{argument} must be a whole number of at least 1, not {n!r}")
    return n

"""Rows of text in columns that line up, wide characters counted as two."""

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows under their header, columns two spaces apart."""
    lines = [list(header), *map(list, rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)

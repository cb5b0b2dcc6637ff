"""What the pages say around the course, in the language of each: `locale/zh.po` has it in Chinese."""

from functools import cache
from pathlib import Path

from autograd_lite.cli.translation import load

LOCALE = Path(__file__).parent / "locale"


def say(text: str, language: str) -> str:
    return _catalogue(language).get(text, text)


@cache
def _catalogue(language: str) -> dict[str, str]:
    return load(LOCALE / f"{language}.po") if language != "en" else {}

"""What the pages say around the course, in the language of each: `locale/zh.po` has it in Chinese."""

import re
from functools import cache
from pathlib import Path

from autograd_lite.cli.translation import load

LOCALE = Path(__file__).parent / "locale"
FIXED = (  # what theme and extensions say in English on pages of every language
    "Skip to content",
    "Toggle Light / Dark / Auto color theme",
    "Toggle hidden content",
    "Toggle site navigation sidebar",
    "Toggle table of contents sidebar",
)
IN_PAGE = re.compile(rf'((?:aria-label="|>)\s*)({"|".join(FIXED)})(?=\s*["<])')


def say(text: str, language: str) -> str:
    return _catalogue(language).get(text, text)


def translate_page(page: Path, language: str) -> None:
    """Put what no catalogue of the theme reaches into the page's language."""
    html = page.read_text(encoding="utf-8")
    page.write_text(IN_PAGE.sub(lambda found: found[1] + say(found[2], language), html), encoding="utf-8")


@cache
def _catalogue(language: str) -> dict[str, str]:
    return load(LOCALE / f"{language}.po") if language != "en" else {}

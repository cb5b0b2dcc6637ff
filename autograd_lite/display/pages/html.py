"""A page, a notebook's output, or one script tag, from scripts, styles and plain data.

Nothing is fetched: script, style and data stand in the page. Data is JSON in which no tag can begin, so that names and
labels stay text. Where scripts do not run, as in an untrusted notebook, `still` is shown, and a sentence what to do.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from math import isfinite
from typing import Any

from autograd_lite.core.checks import check_choice

LANGUAGES = ("en", "zh")


@dataclass
class Page:
    """What a page is made of: `scripts` define `mount(host, data)`, which fills an element."""

    title: str
    scripts: list[str]
    styles: list[str]
    data: dict[str, Any]
    still: str = ""
    language: str | None = None  # None: that of the document around it

    def document(self) -> str:
        """A whole HTML page."""
        title, language = escape(self.title), {"zh": "zh-CN"}.get(self.language or "en", "en")
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        head += f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>{title}</title>'
        style = "body { background: Canvas; color: CanvasText; margin: 1em; font-family: system-ui, sans-serif; } "
        style += "h1 { font-size: 1.3em; }"
        return (
            f'<!doctype html>\n<html lang="{language}"><head>{head}<style>{style}</style></head>'
            f"<body><h1>{title}</h1>{self.script()}</body></html>\n"
        )

    def fragment(self) -> str:
        """The page as a part of another, such as a notebook."""
        return f'<div data-autograd="{self._name()}">{self.stand_in()}</div>{self.script()}'

    def script(self) -> str:
        """The page as one script tag: it stands where the tag stands, or in the fragment's element."""
        name = self._name()
        start = f"""
const style = document.createElement("style");
style.textContent = {literal("".join(self.styles))};
const waiting = [...document.querySelectorAll('[data-autograd="{name}"]:not([role])')];
const here = document.currentScript;
if (!waiting.length && here) {{ waiting.push(document.createElement("div")); here.after(waiting[0]); }}
for (const host of waiting) {{ host.before(style); mount(host, data); }}"""
        code = "\n".join([*map(_short, self.scripts), f"const data = {self._content()};", start])
        return f"<script>(() => {{ 'use strict';\n{code}\n}})();</script>"

    def stand_in(self) -> str:
        """What is shown where scripts do not run."""
        return f"{self.still}<p>{say('Run this cell to play with it.', self.language)}</p>"

    def _content(self) -> str:
        return literal({**self.data, "language": self.language})

    def _name(self) -> str:
        """The same content has the same name, so that outputs stay as they are."""
        return sha256("\n".join([*map(_short, self.scripts), self._content()]).encode()).hexdigest()[:12]


def _short(script: str) -> str:
    """A script without indentation and lines of comment: a fifth of it."""
    return re.sub(r"^\s*//.*\n|^\s+", "", script, flags=re.MULTILINE)


def literal(data: Any) -> str:
    """Data as JSON that can stand in a script: it neither ends the script nor opens a comment."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def with_common(*scripts: str) -> list[str]:
    """The scripts of a page after what they share: `common.js`, and those of the texts that they say."""
    shared = asset("common.js")
    said = "".join([shared, *scripts])
    texts = {text: others for text, others in json.loads(asset("texts.json")).items() if f'"{text}"' in said}
    return [f"const TEXTS = {literal(texts)};", shared, *scripts]


def say(text: str, language: str | None, **values: object) -> str:
    """A text of `texts.json` in a language, English if none is chosen, with `values` in place of its `{...}`.

    >>> say("Backpropagation from {name}", "zh", name="y")
    '从 y 反向传播'
    """
    others = json.loads(asset("texts.json"))[text]
    return str(others.get(language, text)).format(**values)


def asset(name: str, package: str | None = None) -> str:
    """A script or style beside a page of this package, or of another."""
    return files(package or __package__).joinpath("static", name).read_text(encoding="utf-8")


def plain(x: float) -> float | str:
    """A number for JSON, which has no infinities and no nan: their names, as JavaScript spells them."""
    return x if isfinite(x) else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(x), "NaN")


def check_language(language: str | None, place: str) -> None:
    if language is not None:
        check_choice(language, LANGUAGES, place)

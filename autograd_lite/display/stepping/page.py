"""The page on which the passes over a graph can be stepped through, put together from plain data.

Nothing is fetched: script, style, diagram and data stand in the page. Where scripts do not run, as in an untrusted
notebook, `still` is shown, a picture.
"""

import json
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any


def page(title: str, data: dict[str, Any], still: str) -> str:
    """A whole HTML page."""
    title = escape(title)
    head = f'<meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{title}</title>'
    style = "body { background: Canvas; color: CanvasText; margin: 1em; }"
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{style}</style></head>'
        f"<body><h1>{title}</h1>{fragment(data, still)}</body></html>\n"
    )


def fragment(data: dict[str, Any], still: str) -> str:
    """The page as a part of another, such as a notebook."""
    content = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    name = sha256(content.encode()).hexdigest()[:12]  # the same content has the same name: outputs stay as they are
    place = f'[data-autograd-steps="{name}"]:not([role])'
    return (
        f"<style>{asset('steps.css')}</style>"
        f'<div data-autograd-steps="{name}">{still}</div>'
        f"<script>(() => {{ {asset('steps.js')}\nconst data = {content};\n"
        f"document.querySelectorAll('{place}').forEach((host) => mount(host, data)); }})();</script>"
    )


def asset(name: str) -> str:
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")

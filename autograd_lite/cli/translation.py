"""The course in another language: a catalogue of paragraphs, put into the text of a notebook.

A catalogue is a file of gettext, `zh.po` beside the notebooks. A message is a block of Markdown, without its
indentation: a paragraph, a heading, a list, a table. Code and formulas that stand alone are no messages: they stay as
they are, and so do code cells and all outputs.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FENCE = re.compile(r"\s*(```+|~~~+)")
LINES_MATTER = re.compile(r"\s*([-*|>#]|\d+\.)\s?", re.MULTILINE)  # lists, tables, quotations, headings
WORDLESS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|<[^>]*>|\]\([^)]*\)", re.DOTALL)


def messages(markdown: str) -> Iterator[str]:
    """The messages of a Markdown text, in order.

    >>> list(messages("# Title\\n\\nOne\\nparagraph.\\n\\n$$x$$\\n\\n- one\\n- two"))
    ['# Title', 'One paragraph.', '- one\\n- two']
    """
    return (_message(block) for block in _blocks(markdown) if _has_words(block))


def translated(markdown: str, catalogue: Mapping[str, str]) -> str:
    """The text with the messages that the catalogue has in place of its own.

    >>> translated("One\\nparagraph.\\n\\n   Another.", {"One paragraph.": "一段。"})
    '一段。\\n\\n   Another.'
    """
    blocks = []
    for block in _blocks(markdown):
        other = catalogue.get(_message(block)) if _has_words(block) else None
        indent = re.match(r" *", block)
        before = indent[0] if indent else ""
        blocks.append("\n".join(f"{before}{line}" for line in other.split("\n")) if other else block)
    return "\n".join(blocks)


def translate_notebook(notebook: dict[str, Any], catalogue: Mapping[str, str]) -> None:
    """Translate the Markdown cells of a notebook, given as its file has it."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = translated("".join(cell["source"]), catalogue)


def load(path: Path) -> dict[str, str]:
    """The catalogue of a file: what is translated, and not marked as in need of another look."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        entries = read_po(file)
    return {str(m.id): str(m.string) for m in entries if m.id and m.string and not m.fuzzy}


def notebook_in(path: Path, catalogue: Mapping[str, str]) -> str:
    """The file of a notebook, translated."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    translate_notebook(notebook, catalogue)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _blocks(markdown: str) -> list[str]:
    """The text in pieces, which newlines join: what stands between empty lines, fences of code, and the empty lines."""
    blocks: list[list[str]] = []
    fence, ended = "", True
    for line in markdown.split("\n"):
        mark = FENCE.match(line)
        empty = not line.strip() and not fence
        if ended or empty or (mark and not fence):
            blocks.append([line])
        else:
            blocks[-1].append(line)
        ended = empty
        if mark:
            ended = mark[1] == fence
            fence = fence if fence and not ended else "" if ended else mark[1]
    return ["\n".join(block) for block in blocks]


def _message(block: str) -> str:
    lines = block.split("\n")
    indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    lines = [line[indent:].rstrip() for line in lines]
    return "\n".join(lines) if LINES_MATTER.match(lines[0]) else " ".join(line.strip() for line in lines)


def _has_words(block: str) -> bool:
    return not FENCE.match(block) and re.search(r"[^\W\d_]{2}", WORDLESS.sub("", block)) is not None

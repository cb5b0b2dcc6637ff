"""The course in another language: a catalogue of paragraphs, put into the text of a notebook.

A catalogue is a file of gettext, `zh.po` beside the notebooks. A message is a block of Markdown, without its
indentation: a paragraph, a heading, a list, a table. Code stays as it is, and so does what it has shown. Three kinds of
words are messages too: those between the formulas of one line, what the hidden cell that checks an exercise prints, and
those in a figure that is stored, whose curves stay. A figure drawn anew has the words of the code.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autograd_lite.cli.figures import drawn, translated_output

FENCE = re.compile(r"\s*(```+|~~~+)")
LINES_MATTER = re.compile(r"\s*([-*|>#]|\d+\.)\s?", re.MULTILINE)  # lists, tables, quotations, headings
WORDLESS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|<[^>]*>|\]\([^)]*\)", re.DOTALL)
BETWEEN = re.compile(r"(?<=\\qquad\\text\{)[^}]+(?=\})")  # formulas
HOLE = re.compile(r"\{[^}]*\}")
SPOKEN = re.compile(r"""(f?)(["'])((?:(?!\2).)*)\2""")  # a literal on one line


def messages(markdown: str) -> Iterator[str]:
    """The messages of a Markdown text, in order.

    >>> list(messages("# Title\\n\\nOne\\nparagraph.\\n\\n$$x$$\\n\\n- one\\n- two"))
    ['# Title', 'One paragraph.', '- one\\n- two']
    """
    for block in _blocks(markdown):
        if _has_words(block):
            yield _message(block)
        elif block.startswith("$$"):
            yield from BETWEEN.findall(block)


def spoken(code: str) -> Iterator[str]:
    """The messages of a cell that checks an exercise: what it prints, with its `{...}`.

    >>> list(spoken('print(f"Not yet: {x:g} is too large." if x > 1 else "Right.", end="")'))
    ['Not yet: {x:g} is too large.', 'Right.']
    """
    return (literal[3] for _, _, literal in _literals(code))


def translated(markdown: str, catalogue: Mapping[str, str]) -> str:
    """The text with the messages that the catalogue has in place of its own.

    >>> translated("One\\nparagraph.\\n\\n   Another.", {"One paragraph.": "一段。"})
    '一段。\\n\\n   Another.'
    """
    blocks = []
    for block in _blocks(markdown):
        other = catalogue.get(_message(block)) if _has_words(block) else None
        if block.startswith("$$"):
            block = BETWEEN.sub(lambda words: catalogue.get(words[0], words[0]), block)
        indent = re.match(r" *", block)
        before = indent[0] if indent else ""
        blocks.append("\n".join(f"{before}{line}" for line in other.split("\n")) if other else block)
    return "\n".join(blocks)


def translated_check(code: str, catalogue: Mapping[str, str]) -> str:
    """The cell that checks an exercise, which prints what the catalogue has in place of its own words.

    >>> translated_check('print("Right." if x == 1 else "No.")', {"Right.": "答对了。"})
    'print("答对了。" if x == 1 else "No.")'
    """
    for start, end, literal in reversed(list(_literals(code))):
        other = catalogue.get(literal[3], literal[3])
        code = f"{code[:start]}{literal[1]}{literal[2]}{other}{literal[2]}{code[end:]}"
    return code


def is_check(cell: Mapping[str, Any]) -> bool:
    """Whether a notebook's cell checks an exercise: it is hidden, and what it prints is for the reader."""
    return "check" in cell["metadata"].get("tags", [])


def said(cell: Mapping[str, Any]) -> Iterator[str]:
    """The messages of a notebook's cell."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return messages(source)
    if is_check(cell):
        return spoken(source)
    return (message for data in _html(cell) for message in drawn("".join(data["text/html"])))


def translate_notebook(notebook: dict[str, Any], catalogue: Mapping[str, str], language: str) -> None:
    """Translate a notebook, given as its file has it: Markdown, what checks print and have printed, pictures."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = translated(source, catalogue)
        elif is_check(cell):
            cell["source"] = translated_check(source, catalogue)
            for output in cell["outputs"]:
                lines = "".join(output.get("text", [])).splitlines(keepends=True)
                output["text"] = [_printed(line, spoken(source), catalogue) for line in lines]
        else:
            for data in _html(cell):
                data["text/html"] = translated_output("".join(data["text/html"]), catalogue, language)


def load(path: Path) -> dict[str, str]:
    """The catalogue of a file: what is translated, and not marked as in need of another look."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        entries = read_po(file)
    return {str(m.id): str(m.string) for m in entries if m.id and m.string and not m.fuzzy}


def notebook_in(path: Path, catalogue: Mapping[str, str], language: str) -> str:
    """The file of a notebook, translated."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    translate_notebook(notebook, catalogue, language)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _html(cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The outputs of a cell that are HTML, by their kinds."""
    return (output["data"] for output in cell.get("outputs", []) if "text/html" in output.get("data", {}))


def _printed(line: str, messages: Iterable[str], catalogue: Mapping[str, str]) -> str:
    """The line that a check has printed, where it is one of the messages with something in place of its `{...}`."""
    for message in messages:
        found = re.fullmatch("(.*)".join(map(re.escape, HOLE.split(message))), line.rstrip("\n"))
        if found:
            other = catalogue.get(message, message)
            for hole, value in zip(HOLE.findall(message), found.groups()):
                other = other.replace(hole, value, 1)
            return other + line[found.end() :]
    return line


def _literals(code: str) -> Iterator[tuple[int, int, re.Match[str]]]:
    """The strings with words that a cell prints, in order: where each begins and ends, and the literal's parts."""
    lines = [0]
    for line in code.splitlines(keepends=True):
        lines.append(lines[-1] + len(line.encode()))
    whole = code.encode()
    found = {}
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
            for node in (node for argument in call.args for node in ast.walk(argument)):
                if isinstance(node, ast.Constant | ast.JoinedStr):
                    start = lines[node.lineno - 1] + node.col_offset
                    end = lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
                    literal = SPOKEN.fullmatch(whole[start:end].decode())
                    if literal and re.search(r"[^\W\d_]{2}.*[ .:]", literal[3]):
                        at = len(whole[:start].decode())
                        found[at] = (at, at + len(literal[0]), literal)
    return (found[at] for at in sorted(found))


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

"""The words in a figure that a notebook has stored, a picture in SVG in which text is text, and what describes others.

A message is a text of the picture with `{0}`, `{1}` in place of its numbers, which the next run may change. Formulas
stay, and so do names of functions and their arguments. Graphs and networks are drawn by the package and have the names
that the code gave: of these, what the picture is called where it cannot be seen is a message.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from html import escape, unescape

from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.nn.layers import ACTIVATIONS

FIGURE = re.compile(r'<img class="figure" [^>]*src="data:image/svg\+xml;base64,([^"]+)">')
CALLED = re.compile(r'(<i(?:mg|frame) (?:class="[\w-]+" )?(?:alt|title)=")([^"]*)(?=")')
TEXT = re.compile(r"(?<=>)([^<>]+)(?=</text>)")
COMPOSED = re.compile(  # a text with a formula: Matplotlib places each letter, and says in a comment what they are
    r"<!-- (?P<text>[^>]*?) --><g(?P<place>[^>]*)><text>(?P<letters>(?:<tspan[^>]*>[^<]*</tspan>)*)</text></g>"
)
LINE = r'<text style="font-size: ([\d.]+)px; " transform="translate\(([\d.]+) ([\d.]+)\)">([^<]+)</text>'
LINES = re.compile(f"(?:{LINE}){{2,}}")  # of one text, centred: each begins where its own width has it begin
WIDTH = 0.55  # of a letter, in the mean, of its height
FORMULA = re.compile(r"\$([^$]*)\$")
NUMBER = re.compile(r"(\$[^$]*\$)|\d+(?:\.\d+)?")
FUNCTIONS = [*ACTIVATIONS, *(name for name, p in PRIMITIVES.items() if p.arity == 1 and name.isidentifier())]
CODE = re.compile(rf"{FORMULA.pattern}|\w+=\w+|\w+'*\([^)]*\)|\b(?:{'|'.join(FUNCTIONS)})\b")
RAISED, LOWERED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def figure(svg: str) -> str:
    """The output of a cell that shows the picture, also where a notebook is not trusted; its words for who cannot see.

    >>> figure("<svg><text>step</text></svg>").partition(";")[0]
    '<img class="figure" alt="step" style="max-width:100%" src="data:image/svg+xml'
    """
    words = [_plain(text) for text in _texts(svg) if re.search(r"[^\W\d_]{2}", FORMULA.sub("", text))]
    described = escape("; ".join(dict.fromkeys(words)))
    source = b64encode(svg.encode()).decode()
    return f'<img class="figure" alt="{described}" style="max-width:100%" src="data:image/svg+xml;base64,{source}">'


def is_figure(output: str) -> bool:
    return FIGURE.fullmatch(output) is not None


def picture(output: str) -> str:
    """The SVG of a figure."""
    return b64decode(FIGURE.sub(r"\1", output)).decode()


def drawn(output: str) -> Iterator[str]:
    """The messages of an output, if it has a picture.

    >>> list(drawn(figure("<svg><text>400</text><text>after 400 steps</text><text>tanh</text></svg>")))
    ['after {0} steps']
    """
    texts = _texts(picture(output)) if is_figure(output) else [unescape(name[2]) for name in CALLED.finditer(output)]
    return (_message(text) for text in texts if _has_words(text))


def translated_output(output: str, catalogue: Mapping[str, str], language: str) -> str:
    """The output with the messages that the catalogue has, if it has a picture; any other stays as it is.

    >>> words = figure("<svg><text>after 400 steps</text></svg>")
    >>> picture(translated_output(words, {"after {0} steps": "{0} 步后"}, "zh"))
    '<svg xml:lang="zh"><text>400 步后</text></svg>'
    """

    def other(text: str) -> str | None:
        numbers = [number[0] for number in NUMBER.finditer(text) if not number[1]]
        message = catalogue.get(_message(text)) if _has_words(text) else None
        return message and escape(re.sub(r"\{(\d+)\}", lambda hole: numbers[int(hole[1])], message))

    def composed_anew(text: re.Match[str]) -> str:
        words = other(unescape(text["text"]))
        if words is None:
            return text[0]
        middle = max(float(x) for x in re.findall(r'<tspan x="([\d.]+)"', text["letters"])) / 2
        size = re.search(r"font-size: [\d.]+px", text["letters"])
        style = f"{size[0] if size else ''}; text-anchor: middle"
        return f'<g{text["place"]}><text style="{style}" x="{middle:.2f}">{_plain(words)}</text></g>'

    if not is_figure(output):
        return CALLED.sub(lambda name: name[1] + (other(unescape(name[2])) or name[2]), output)
    svg = LINES.sub(_about_their_middle, COMPOSED.sub(composed_anew, picture(output)))
    svg = TEXT.sub(lambda text: other(unescape(text[0])) or text[0], svg)
    return figure(svg.replace("<svg", f'<svg xml:lang="{language}"', 1))


def _about_their_middle(lines: re.Match[str]) -> str:
    """Lines that stay centred when their words are others."""
    parts = [(float(size), float(x), y, text) for size, x, y, text in re.findall(LINE, lines[0])]
    middle = sum(x + WIDTH * size * len(unescape(text)) / 2 for size, x, _, text in parts) / len(parts)
    start = '<text style="font-size: {}px; text-anchor: middle" transform="translate({:.2f} {})">{}</text>'
    return "".join(start.format(f"{size:g}", middle, y, text) for size, _, y, text in parts)


def _texts(svg: str) -> list[str]:
    """The texts of a picture, in order."""
    found = [*COMPOSED.finditer(svg), *TEXT.finditer(svg)]
    return [unescape(text[1]) for text in sorted(found, key=lambda text: text.start())]


def _has_words(text: str) -> bool:
    return re.search(r"[a-z]{2}|\ba \d", CODE.sub("", text)) is not None


def _message(text: str) -> str:
    count = iter(range(len(text)))
    return NUMBER.sub(lambda number: number[1] or f"{{{next(count)}}}", text)


def _plain(text: str) -> str:
    """A text whose formulas are written with what letters there are: no powers but of digits.

    >>> _plain("of $-\\\\log h_1^2$")
    'of −log h₁²'
    """

    def letters(formula: re.Match[str]) -> str:
        raised = re.sub(r"\^(\d)", lambda power: power[1].translate(RAISED), formula[1])
        lowered = re.sub(r"_(\d)", lambda index: index[1].translate(LOWERED), raised)
        return re.sub(r"[\\{}]", "", lowered.replace("-", "−"))

    return FORMULA.sub(letters, text)

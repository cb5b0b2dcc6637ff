"""The course in Chinese: one catalogue, from which nothing is missing, in which nothing is stale or changed."""

import ast
import html
import io
import json
import re
from pathlib import Path

import figures
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, draw, nn
from autograd_lite.cli.figures import drawn, figure, is_figure, picture, translated_output
from autograd_lite.cli.main import main
from autograd_lite.cli.translation import (
    is_check,
    load,
    messages,
    notebook_in,
    said,
    spoken,
    translated,
    translated_check,
)

pofile = pytest.importorskip("babel.messages.pofile", reason="babel is not installed")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ENTRIES = [m for m in pofile.read_po(io.BytesIO((FOLDER / "zh.po").read_bytes())) if m.id]
CATALOGUE = {m.id: m.string for m in ENTRIES if m.string}
WORDLESS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|<[^>]*>|\]\([^)]*\)", re.DOTALL)
NAMES = {"PyTorch", "JAX"}  # the same in every language
NAMES |= {"sigmoid, uniform", "sigmoid, xavier", "tanh, xavier", "relu, he"}  # arguments, as the code has them
MARKS = re.compile(r"^ *(\d+\.|[*-]|#+|\|) ", re.MULTILINE)  # what items, headings and rows of tables begin with
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TABLE = (FOLDER / "terms.zh.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^\| ([^|]+) \| ([A-Za-z' -]+) \| [^|]+ \|$", TABLE, re.MULTILINE)
SAME = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|``?[^`]+``?|\]\([^)]+\)|</?\w+>", re.DOTALL)  # code, formulas, links, tags


def cells():
    return [cell for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells]


SAID = {message for cell in cells() for message in said(cell)}
DRAWN = {message for cell in cells() if cell.cell_type == "code" and not is_check(cell) for message in said(cell)}
SPOKEN = {message for cell in cells() if cell.cell_type == "code" for message in said(cell)}


def test_the_catalogue_has_what_the_notebooks_say_and_nothing_else():
    assert {m.id for m in ENTRIES} == SAID, "run `python .github/site/catalogue.py`"


def test_every_message_is_translated_and_looked_at():
    assert [m.id for m in ENTRIES if not m.string or m.fuzzy] == []


def test_code_formulas_and_links_are_those_of_the_original():
    for message, other in CATALOGUE.items():
        assert sorted(SAME.findall(other)) == sorted(SAME.findall(message)), message
        assert re.match(r"#*", other)[0] == re.match(r"#*", message)[0], message


def test_items_rows_and_emphasis_are_those_of_the_original():
    for message, other in CATALOGUE.items():
        if MARKS.match(message):
            assert MARKS.findall(other) == MARKS.findall(message), message
        assert other.count("|") == message.count("|"), message
        assert other.count("**") == message.count("**"), message


def test_emphasis_ends_where_it_should():
    """Markdown shows the stars of `**字。**字`: where the emphasis ends with punctuation, no letter may follow."""
    for other in CATALOGUE.values():
        plain = re.sub(r"`[^`]*`|\$[^$]*\$|^ *\* ", "0", other, flags=re.MULTILINE)
        for found in re.finditer(r"(\*{1,2})(?=\S)([^*]+)\1(.?)", plain):
            assert not (re.search(r"[，。：；！？”）]$", found[2]) and CHINESE.match(found[3])), found[0]


def test_what_checks_print_and_figures_say_has_the_same_numbers_in_it():
    assert len(SPOKEN) > 100
    for message in SPOKEN:
        assert sorted(re.findall(r"{[^}]*}", CATALOGUE[message])) == sorted(re.findall(r"{[^}]*}", message))


def test_nothing_is_left_in_english():
    for message, other in CATALOGUE.items():
        text = WORDLESS.sub("", re.sub(r"{[^}]*}|\\w+\\(.*\\)", "", other) if message in SPOKEN else other)
        assert CHINESE.search(text) or message.strip("# ") in NAMES, message
        for words in re.findall(r"[A-Za-z][a-z]+(?: [a-z]+){3,}", text):
            assert f"*{words}" in text, message  # a title, or what the program says


@pytest.mark.parametrize(("chinese", "english"), TERMS, ids=[english for _, english in TERMS])
def test_a_term_is_always_the_same_word(chinese, english):
    """The table of terms.zh.md holds for the whole course."""
    term = re.compile(rf"\b{re.escape(english)}(e?s)?\b", re.IGNORECASE)
    assert [m for m, other in CATALOGUE.items() if term.search(WORDLESS.sub(" ", m)) and chinese not in other] == []


def test_there_are_terms():
    assert {("链式法则", "chain rule"), ("激活函数", "activation"), ("黑塞矩阵", "Hessian")} <= set(TERMS)


SITE = FOLDER.parent / ".github/site"


def test_what_the_site_says_around_the_course_is_translated():
    table = load(SITE / "locale/zh.po")
    code = "".join(path.read_text(encoding="utf-8") for path in SITE.glob("*.py"))
    assert set(re.findall(r'\bsay\("([^"]+)"', code)) - table.keys() == set()
    assert [text for text in table if f'"{text}"' not in code] == []


def test_chinese_stands_in_tables_not_in_code():
    for path in [*(FOLDER.parent / "autograd_lite").rglob("*.py"), *SITE.glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = [ast.get_docstring(n, clean=False) for n in ast.walk(tree) if is_block(n)]
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        found = [text for text in texts - {*documented, "中文"} if CHINESE.search(text)]
        assert found == [], path


def is_block(node):
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)


BLOCKS = [
    "A paragraph\nof two lines.",
    "# Title",
    "- a\n- b",
    "   indented",
    "```python\nx = 1\n\n\ny\n```",
    "$$x$$",
    "",
]


@given(st.lists(st.sampled_from(BLOCKS)))
def test_a_text_without_a_translation_stays_as_it_is(blocks):
    text = "\n\n".join(blocks)
    assert translated(text, {}) == text
    assert "\n".join(messages(text)).count("x = 1") == 0


def test_a_translated_block_stands_where_its_original_stood():
    text = "1. A list with\n   an answer:\n\n   ```python\n   One\n   ```\n\n   It is\n   one."
    other = translated(text, {"It is one.": "是一。", "1. A list with\n   an answer:": "1. 答案：", "One": "wrong"})
    assert other == "1. 答案：\n\n   ```python\n   One\n   ```\n\n   是一。"


def test_words_between_formulas_are_translated_and_the_formulas_stay():
    text = r"$$a \qquad\text{so}\qquad \text{cost}$$"
    assert list(messages(text)) == ["so"]
    assert translated(text, {"so": "所以", "cost": "wrong"}) == r"$$a \qquad\text{所以}\qquad \text{cost}$$"


def test_a_check_prints_in_the_language_and_computes_the_same():
    code = 'x = "Right."\nif x:\n    print("é", f"Not yet: {x!r} is too large.", end="a b.")\nelse:\n    print("No.")'
    assert list(spoken(code)) == ["Not yet: {x!r} is too large.", "No."]
    other = translated_check(code, {"Right.": "wrong", "Not yet: {x!r} is too large.": "还不对：{x!r} 太大。"})
    assert other == code.replace("Not yet: {x!r} is too large.", "还不对：{x!r} 太大。")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_and_outputs_of_a_translated_notebook_are_those_of_the_original(path):
    original = json.loads(path.read_text(encoding="utf-8"))
    other = json.loads(notebook_in(path, {message: f"{message} 中文" for message in SAID}, "zh"))
    nbformat.validate(nbformat.reads(json.dumps(other), as_version=4))
    for cell, before in zip(other["cells"], original["cells"], strict=True):
        if is_check(before):
            assert "".join(cell["source"]).replace(" 中文", "") == "".join(before["source"])
            assert json.dumps(cell["outputs"]).count(json.dumps(" 中文")[1:-1]) >= 1
        elif cell["cell_type"] == "code":
            assert cell["source"] == before["source"]
            for output, stored in zip(cell["outputs"], before["outputs"], strict=True):
                assert without_words(output) == without_words(stored)
        elif list(messages("".join(before["source"]))):
            assert "中文" in cell["source"]


def without_words(output):
    """An output, without the words of a figure and what a picture is called."""
    shown = "".join(output.get("data", {}).get("text/html", ""))
    if is_figure(shown):
        return re.sub('<text.*?</text>|<!--.*?-->| xml:lang="zh"', "", picture(shown))
    return re.sub(r' (alt|title)="[^"]*"', "", shown) if shown else output


# --- figures -------------------------------------------------------------------------------------------------------

FORMULA = """<svg><!-- mean of $-\\log p_1^2$ --><g transform="translate(40 18)"><text>\
<tspan x="0" style="font-size: 12px; ">m</tspan><tspan x="80.5" style="font-size: 12px; ">2</tspan></text></g></svg>"""


def test_the_words_of_a_figure_are_messages_and_its_numbers_and_names_are_not():
    texts = [
        "−0.5",
        "step",
        "4, read as 9 (71%)",
        "tanh",
        "leaky_relu",
        "jit=False",
        "$x^2$",
        "p",
        "XOR",
        "a 3",
        "a<b so",
    ]
    svg = "".join(f"<text>{html.escape(text)}</text>" for text in texts)
    assert list(drawn(figure(f"<svg>{svg}</svg>"))) == ["step", "{0}, read as {1} ({2}%)", "a {0}", "a<b so"]
    assert list(drawn(figure(FORMULA))) == [r"mean of $-\log p_1^2$"]


def test_a_figure_has_its_numbers_and_formulas_in_the_translation():
    words = figure("<svg><text>4, read as 9 (71%)</text><text>rate 0.5</text></svg>")
    other = translated_output(words, {"{0}, read as {1} ({2}%)": "{1} <{2}%> 读作 {0}"}, "zh")
    assert picture(other) == '<svg xml:lang="zh"><text>9 &lt;71%&gt; 读作 4</text><text>rate 0.5</text></svg>'
    assert 'alt="9 &lt;71%&gt; 读作 4; rate 0.5"' in other
    other = translated_output(figure(FORMULA), {r"mean of $-\log p_1^2$": r"$-\log p_1^2$ 的平均"}, "zh")
    text = '<text style="font-size: 12px; text-anchor: middle" x="40.25">−log p₁² 的平均</text>'
    assert picture(other) == f'<svg xml:lang="zh"><g transform="translate(40 18)">{text}</g></svg>'
    assert 'alt="−log p₁² 的平均"' in other


def test_a_word_in_a_figure_takes_hardly_more_room_in_chinese():
    """The picture leaves it the room of the original: a letter takes some 0.6 of a Chinese character's."""
    for message in DRAWN:
        room, other = (sum(1.0 if CHINESE.match(c) else 0.6 for c in text) for text in (message, CATALOGUE[message]))
        assert other <= room + 2.0, f"{message!r} is {CATALOGUE[message]!r}"


def test_lines_of_one_text_stay_centred():
    line = '<text style="font-size: 10px; " transform="translate({} {})">{}</text>'
    words = figure(f"<svg><g>{line.format(10, 5, 'a long line')}{line.format(30, 17, 'line')}</g></svg>")
    shown = picture(translated_output(words, {"a long line": "长长的一行", "line": "一行"}, "zh"))
    middles = re.findall(r'text-anchor: middle" transform="translate\(([\d.]+) \d+\)">(\w+)<', shown)
    assert [text for _, text in middles] == ["长长的一行", "一行"]
    assert [float(x) for x, _ in middles] == pytest.approx([40.6, 40.6], abs=0.1)


def test_what_a_picture_is_called_where_it_cannot_be_seen_is_translated():
    shown = draw(Value(2.0, label="graph of a") * Value(3.0))._repr_html_()
    assert list(drawn(shown)) == ["graph of {0} nodes"]
    other = translated_output(shown, CATALOGUE, "zh")
    assert other == shown.replace('alt="graph of 3 nodes"', 'alt="3 个节点的计算图"')
    shown = draw(nn.MLP(2, [1]))._repr_html_()
    assert list(drawn(shown)) == ["network of {0} - {1}"] * 2


def test_every_stored_figure_can_be_translated():
    """None is a picture whose words nobody can read."""
    outputs = [output for cell in cells() for output in cell.get("outputs", []) if "data" in output]
    drawings = [output for output in outputs if "<Figure" in output.data.get("text/plain", "")]
    assert len(drawings) > 30
    assert [output.data["text/plain"] for output in drawings if not is_figure(output.data["text/html"])] == []


def test_what_is_stored_of_a_figure_is_what_one_sees_of_it():
    matplotlib = pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "autograd_lite"}):
        axes, file = (drawing := Figure()).subplots(), io.StringIO()
        axes.set(title="0.0015 of all", xlabel="1.2345 $x^2$ or more")
        drawing.savefig(file, format="svg")
    stored = figures.compact(file.getvalue())
    assert list(drawn(figure(stored))) == ["{0} $x^2$ or more", "{0} of all"]
    assert "0.0015 of all" in stored  # places are rounded, words are not
    assert len(stored) < 0.7 * len(file.getvalue())
    assert "dc:date" not in stored


def test_lab_copies_the_course_in_the_language_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert main(["lab", "--language", "zh", "--copy-only"]) == 0
    copies = tmp_path / "autograd_lite_notebooks_zh"
    assert {p.name for p in copies.glob("*.ipynb")} == {p.name for p in NOTEBOOKS}
    assert list(copies.glob("*.po")) == []
    first = nbformat.read(copies / NOTEBOOKS[0].name, as_version=4)
    title = nbformat.read(NOTEBOOKS[0], as_version=4).cells[0].source.partition("\n")[0]
    assert first.cells[0].source.startswith(CATALOGUE.get(title, title))
    assert main(["lab", "--language", "xx", "--copy-only"]) == 2
    assert "one of en, zh, not 'xx'" in capsys.readouterr().err

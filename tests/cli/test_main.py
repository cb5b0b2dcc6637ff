"""The command line, and expressions typed as text."""

import json
import math
import re
import subprocess
import sys

import pytest

from autograd_lite.cli.main import main
from autograd_lite.cli.parse import parse


def test_draw_writes_the_graph_and_prints_the_gradients(tmp_path, capsys):
    picture = tmp_path / "graph.svg"
    assert main(["draw", "tanh(a*b + c)", "a=2", "b=-3", "c=10", "-o", str(picture)]) == 0
    assert "<svg" in picture.read_text()
    shown = capsys.readouterr().out
    assert str(picture) in shown
    slope = 1 / math.cosh(4.0) ** 2
    assert f"{-3 * slope:.6g}" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a*b", "a=2"], "no value for 'b': add b=1.0"), (["a*", "a=2"], "not an expression"),
        (["a*2", "a=2", "c=1"], "c is given a value but is not in the expression"),
        (["a*2", "a=x"], "'x' in 'a=x' is not a number"), (["a*2", "a"], "not of the form name=number"),
        (["foo(a)", "a=2"], "unknown function 'foo'"), (["a^2", "a=2"], "a power is written **"),
        (["sin", "sin=1", "-o", "x.bmp"], "must end in .svg, "), (["a.data", "a=2"], "write exp(x), not x.exp()"),
        (["__import__('os')"], "unknown function '__import__'"), (["exp(a, a)", "a=1"], "exp"), ([""], "must be text"),
        (["exp('a')"], "only numbers, names"), (["a < 1", "a=1"], "in place of a comparison"),
        (["[a, a]", "a=1"], "is a list"), (["(" * 500 + "a" + ")" * 500, "a=1"], "nested"),
        (["a*2", "a=1", "a=2"], "a is given twice, as 1 and 2: give it once"),
        (["softmax([a, b])*2", "a=1", "b=2"], "operand 0 of * must be a real number"),
        (["2 - [a]", "a=1"], "must be a real number"), (["a*" + "9" * 400, "a=1"], "is too large for a float"),
        (["a*" + "9" * 5000, "a=1"], "too large"), (["a*2", "a=" + "9" * 400], "the number for a is too large"),
        (["sum([])"], "is empty"), (["hypot(a)", "a=1"], "hypot"),
    ],
)  # fmt: skip
def test_mistakes_are_explained(arguments, says, capsys):
    assert main(["draw", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_error_points_at_its_place():
    with pytest.raises(ValueError, match=r"  2 \+ é \* b\n          \^$"):
        parse("2 + é * b", {"é": 1.0})


def test_parsing_follows_python_s_precedence():
    assert parse("-2 ** 2 + 3 * (1 - 4) / 2", {}).data == -8.5
    assert parse("max([a, b, 2])", {"a": 1.0, "b": 5.0}).data == 5.0


@pytest.fixture
def signatures(tmp_path_factory, monkeypatch):
    """A folder in place of the one where Jupyter keeps what its user trusts."""
    folder = tmp_path_factory.mktemp("jupyter")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder))
    return folder


def test_lab_copies_the_notebooks_and_keeps_what_a_reader_changed(tmp_path, signatures, capsys):
    assert main(["lab", str(tmp_path), "--copy-only"]) == 0
    first = tmp_path / "01_value.ipynb"
    assert "cells" in first.read_text(encoding="utf-8")
    first.write_text("changed")
    assert main(["lab", str(tmp_path), "--copy-only"]) == 0
    assert first.read_text() == "changed"
    said = capsys.readouterr().out
    assert str(tmp_path) in said
    assert re.search(r"Open 01_value.ipynb with: .+ -m jupyterlab .+\n$", said)


def test_copies_are_trusted_and_what_a_reader_made_of_them_is_not(tmp_path, signatures):
    sign = pytest.importorskip("nbformat.sign", reason="nbformat is not installed")
    import nbformat

    mine = tmp_path / "02_chain_rule.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), mine)
    assert main(["lab", str(tmp_path), "--copy-only"]) == 0
    notary = sign.NotebookNotary(data_dir=str(signatures))
    trusted = {p.name for p in tmp_path.glob("*.ipynb") if notary.check_signature(nbformat.read(p, as_version=4))}
    assert trusted == {p.name for p in tmp_path.glob("*.ipynb")} - {mine.name}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_link_of_a_copy_leads_to_a_file(language, tmp_path, signatures):
    pytest.importorskip("babel", reason="Babel is not installed")
    assert main(["lab", str(tmp_path), "--copy-only", "--language", language]) == 0
    files = [*tmp_path.glob("*.ipynb"), *tmp_path.glob("*.md")]
    links = {link for path in files for link in re.findall(r"\]\(([\w./-]+\.\w+)\)", markdown(path))}
    assert {"02_chain_rule.ipynb", "source/core/table.py"} <= links
    assert [link for link in links if not (tmp_path / link).is_file()] == []


def markdown(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def test_import_is_light():
    script = (
        "import sys, autograd_lite; print([m for m in ('numpy', 'graphviz', 'tqdm', 'hypothesis') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_several_numbers_and_pi_are_understood():
    assert parse("max(x, y) + pi", {"x": 1.0, "y": 5.0}).data == 5.0 + math.pi
    assert parse("pi * 2", {"pi": 3.0}).data == 6.0


def test_a_picture_without_a_renderer_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert main(["draw", "a*2", "a=1", "-o", str(tmp_path / "a.pdf")]) == 2
    assert "PDF needs Graphviz" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("user", "options"), [(0, ["--allow-root"]), (1000, [])])
def test_lab_opens_for_root_too_and_says_what_is_next(tmp_path, monkeypatch, capsys, user, options):
    commands = []
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    monkeypatch.setattr("autograd_lite.cli.lab.find_spec", lambda name: True)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command) or Done())
    assert main(["lab", str(tmp_path)]) == 0
    assert commands[-1:] == [[sys.executable, "-m", "jupyterlab", *options, str(tmp_path)]]
    assert "Begin with 01_value.ipynb" in capsys.readouterr().out


class Done:
    returncode = 0

"""The demonstrations: what they print, and the picture they leave."""

import sys
from pathlib import Path

import pytest

from autograd_lite.cli import demos
from autograd_lite.cli.main import main


def test_xor_is_shown_until_all_four_answers_are_right(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    demos.demo_xor(tmp_path)
    assert list(elsewhere.iterdir()) == []
    printed = capsys.readouterr().out
    reported = [line for line in printed.splitlines() if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in reported] == [f"epoch {i},000" for i in range(1, len(reported) + 1)]
    assert reported[-1].endswith("accuracy 1")
    for x, y, answer in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        assert f"{x} xor {y} = {answer}, from" in printed
    assert f"The picture is in {tmp_path / 'xor.png'}" in printed
    assert (tmp_path / "xor.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_demonstration_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    demos._picture(Path("none.png"), lambda axes: None, lambda axes: None)
    assert capsys.readouterr().out == "No picture: it takes Matplotlib (pip install matplotlib)\n"


def test_there_is_one_for_each_name_of_the_command_line():
    assert sorted(demos.DEMOS) == ["digits", "quadratic", "xor"]


def test_the_command_leaves_nothing_that_it_was_not_asked_for_and_says_what_is_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(demos.DEMOS, "xor", lambda folder: (folder / "xor.png").write_bytes(b""))
    assert main(["demo"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out.splitlines()[-1].startswith("Next: autograd-lite lab")
    assert main(["demo", "-o", "mine.svg"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.svg", "xor.png"]


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["demo", "digits"]) == 2
    assert "pip install scikit-learn" in capsys.readouterr().err

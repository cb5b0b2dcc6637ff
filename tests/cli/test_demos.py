"""The demonstrations: what they print, and the picture they leave."""

import sys

import pytest

from autograd_lite.cli import demos


def test_xor_is_shown_until_all_four_answers_are_right(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    demos.demo_xor()
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
    demos._picture("none.png", lambda axes: None, lambda axes: None)
    assert capsys.readouterr().out == "No picture: it takes Matplotlib (pip install matplotlib)\n"


def test_there_is_one_for_each_name_of_the_command_line():
    assert sorted(demos.DEMOS) == ["digits", "quadratic", "xor"]

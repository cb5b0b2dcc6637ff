"""Every command and snippet of the READMEs does what it says."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import readme

from autograd_lite.cli.main import main

ROOT = readme.ROOT
BOTH = pytest.mark.parametrize("text", [readme.TEXT, readme.CHINESE], ids=["English", "Chinese"])


@pytest.mark.parametrize("snippet", readme.blocks("python") + readme.blocks("python", readme.CHINESE))
def test_the_snippets_run(snippet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})


@BOTH
def test_the_picture_is_the_one_that_the_snippet_draws(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(readme.blocks("python", text)[0], {})
    assert (tmp_path / "graph.svg").read_text() == (ROOT / "notebooks/pictures/graph.svg").read_text()


def test_the_main_job_runs(tmp_path):
    environment, install, job = readme.commands()["run"].split(" && ")
    assert environment == "python3 -m venv .venv"  # these two are what got this test here
    assert install == ".venv/bin/python -m pip install ."
    _, *arguments = shlex.split(job)
    shown = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    graph = next(line for line in shown.splitlines() if line.startswith("The graph is in"))
    assert Path(graph.removeprefix("The graph is in ")).exists()
    assert list(tmp_path.iterdir()) == []


def test_the_test_command_is_the_one_that_ci_runs():
    *set_up, test = readme.commands()["test"].split(" && ")
    assert set_up == ["python3 -m venv .venv", '.venv/bin/python -m pip install -e ".[test]"']
    assert test == ".venv/bin/python -m pytest"
    assert 'bash -c "$test_command"' in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("name", ["README.md", "notebooks/README.zh.md", "notebooks/terms.zh.md"])
def test_every_link_leads_somewhere(name):
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@BOTH
def test_inline_commands_run(text, tmp_path):
    command = shlex.split(next(c for c in text.split("`") if c.startswith("autograd-lite draw")))
    subprocess.run([sys.executable, "-m", "autograd_lite", *command[1:]], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "graph.svg").exists()


def test_the_commands_of_the_chinese_readme_are_right(tmp_path, monkeypatch):
    pytest.importorskip("babel", reason="babel is not installed")
    [[install, lab]] = [block.splitlines() for block in readme.blocks("sh", readme.CHINESE)]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert re.fullmatch(r'python3 -m pip install "\.\[(\w+)\]"', install)[1] in extras  # it got this test here
    program, *arguments = shlex.split(lab)
    assert program == "autograd-lite"
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--copy-only"]) == 0
    assert (tmp_path / "autograd_lite_notebooks_zh" / "README.zh.md").exists()

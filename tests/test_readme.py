"""Every command and snippet of the README does what it says."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import readme

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("snippet", readme.blocks("python"))
def test_the_snippets_run(snippet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})


def test_the_picture_is_the_one_that_the_snippet_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(readme.blocks("python")[0], {})
    assert (tmp_path / "graph.svg").read_text() == (ROOT / "notebooks/pictures/graph.svg").read_text()


def test_the_main_job_runs(tmp_path):
    install, job = readme.commands()["run"].split(" && ")
    assert install.startswith("python3 -m pip install")  # installing is what got this test here
    _, *arguments = shlex.split(job)
    shown = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "The graph is in" in shown
    assert (tmp_path / "demo.svg").exists()


def test_the_test_command_is_the_one_that_ci_runs():
    assert readme.commands()["test"].endswith("python3 -m pytest")


def test_every_link_leads_somewhere():
    import re

    for target in re.findall(r"\]\(([^)#:]+)\)", readme.TEXT):
        assert (ROOT / target).exists(), target


def test_inline_commands_run(tmp_path):
    command = shlex.split(next(c for c in readme.TEXT.split("`") if c.startswith("autograd-lite draw")))
    subprocess.run([sys.executable, "-m", "autograd_lite", *command[1:]], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "graph.svg").exists()

"""Kernels: kept on disk one by one, compiled by another process, trusted only where nobody else may write."""

import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("numba")

from autograd_lite.compiler.backends.numba import background, store
from autograd_lite.compiler.backends.numba.store import Kernel, cache_folder

PROGRAM = """
    import sys
    from autograd_lite import grad, jit, tanh
    from autograd_lite.compiler.backends.numba import background
    f = jit(grad(lambda x: tanh(x) * x), backend="numba")
    first = f(0.5)
    print(first, "numba" in sys.modules)
"""
UNTIL_COMPILED = """
    background._process and background._process.wait()
    assert f(0.5) == first
    (recording,) = f.recordings.values()
    print(type(recording._runner.run).__name__, f(0.5) == first)
"""


def python(code, folder):
    """A fresh process that runs this code with this cache folder."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AUTOGRAD_LITE_CACHE": str(folder)},
    )


def printed(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


def test_nobody_waits_for_a_compiler_and_two_processes_share_what_it_made(tmp_path):
    both = [python(PROGRAM + UNTIL_COMPILED, tmp_path) for _ in range(2)]
    slope, *_ = answers = [printed(process) for process in both]
    assert slope[1:] == ["False", "Compiled", "True"]
    assert answers[0] == answers[1]
    stored = sorted(tmp_path.glob("*.done"))
    assert len(stored) >= 3
    again = printed(python(PROGRAM + UNTIL_COMPILED + "    print(background._process)\n", tmp_path))
    assert again == [*slope, "None"]
    assert sorted(tmp_path.glob("*.done")) == stored


def test_where_no_process_may_start_the_first_call_compiles(tmp_path):
    refused = PROGRAM.replace("    f = ", "    background.may_start_processes = lambda: False\n    f = ")
    _, imported, runner, same = printed(python(refused + UNTIL_COMPILED, tmp_path))
    assert (imported, runner, same) == ("True", "Compiled", "True")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owner here")
def test_a_folder_in_which_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    (tmp_path / "everybody's").mkdir()
    (tmp_path / "everybody's").chmod(0o777)
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "everybody's"))
    assert cache_folder() not in (tmp_path / "everybody's", tmp_path / "mine")


def test_a_damaged_file_is_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path))
    kernel = Kernel("copy")
    for damage in (lambda: None, lambda: [f.write_bytes(b"?") for f in tmp_path.rglob("*.nb*")]):
        damage()
        monkeypatch.setattr(store, "LOADED", {})
        assert store.address(kernel)
        assert kernel.is_stored()


def test_what_a_process_failed_at_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(background, "may_start_processes", lambda: True)
    monkeypatch.setattr(background, "_process", None)
    monkeypatch.setattr(background, "_asked", {Kernel("copy")})
    assert not background.start([Kernel("copy")])


def test_what_numba_cannot_compile_stays_with_numpy():
    import autograd_lite as ag

    odd = ag.primitive("through_a_dict", lambda x: {1: 2.0}[1] * x, lambda g, x: (2.0 * g,))
    runner = ag.jit(lambda x: odd(x) + ag.tanh(x), backend="numba")
    assert runner(3.0) == 6.0 + ag.tanh(3.0)

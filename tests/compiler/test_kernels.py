"""Kernels: kept on disk one by one, compiled by another process, trusted only where nobody else may write."""

import ctypes
import ctypes.util
import math
import os
import subprocess
import sys
import textwrap
import time

import pytest

pytest.importorskip("numba")

import autograd_lite as ag
from autograd_lite.compiler.backends.numba import background, store
from autograd_lite.compiler.backends.numba.store import Kernel, cache_folder

PROGRAM = """
    import sys
    from autograd_lite import dot, grad, jit, mean, tanh
    from autograd_lite.compiler.backends.numba import background, store
    f = jit(grad(lambda x: tanh(x) * x + dot([x, x], [x, 2.0]) + mean([x, 2.0])), backend="numba")
    first = f(0.5)
    print(first, "numba" in sys.modules)
"""
UNTIL_COMPILED = """
    import time
    (recording,) = f.recordings.values()
    until = time.monotonic() + 200.0
    while not recording._runner.is_settled and time.monotonic() < until:
        time.sleep(0.05)
        assert f(0.5) == first
    print("Compiled" if store.LOADED else "not", f(0.5) == first)
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
    stored = sorted(tmp_path.iterdir())
    assert len(stored) >= 3
    again = printed(python(PROGRAM + UNTIL_COMPILED + "    print(background._process)\n", tmp_path))
    assert again == [*slope, "None"]  # nobody imports Numba for what is there
    assert sorted(tmp_path.iterdir()) == stored


NO_PROCESS = {
    "a frozen application": "sys.frozen = True",
    "an interpreter that does not know itself": "sys.executable = ''",
    "a system that starts none": "import subprocess; subprocess.Popen = lambda *_, **__: open('/no/such/file')",
}


@pytest.mark.parametrize("why", NO_PROCESS)
def test_where_no_process_may_start_the_first_call_compiles(tmp_path, why):
    refused = PROGRAM.replace("    f = ", f"    {NO_PROCESS[why]}\n    f = ")
    _, imported, runner, same = printed(python(refused + UNTIL_COMPILED, tmp_path))
    assert (imported, runner, same) == ("True", "Compiled", "True")


def test_a_process_that_is_killed_is_not_waited_for(tmp_path):
    killed = PROGRAM + "    background._process.kill(); background._process.wait()\n" + UNTIL_COMPILED
    _, imported, runner, same = printed(python(killed, tmp_path))
    assert (imported, runner, same) == ("False", "Compiled", "True")


def test_a_process_compiles_on_when_the_program_has_ended(tmp_path):
    _, err = python('    import warnings; warnings.simplefilter("always")' + PROGRAM, tmp_path).communicate()
    assert err == ""
    until = time.monotonic() + 200.0
    while len(list(tmp_path.glob("*.o"))) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    again = printed(python(PROGRAM + UNTIL_COMPILED + "    print(background._process)\n", tmp_path))
    assert again[-1] == "None"


@pytest.mark.skipif(sys.platform == "win32", reason="processes are interrupted otherwise there")
def test_an_interrupt_is_for_the_program_not_for_its_compiler(tmp_path):
    interrupted = """
    import os, signal
    try:
        os.killpg(0, signal.SIGINT)
    except KeyboardInterrupt:
        assert background._process.poll() is None
    """
    code = "import os; os.setpgrp()\n" + textwrap.dedent(PROGRAM + interrupted + UNTIL_COMPILED)
    _, _, runner, same = printed(python(code, tmp_path))
    assert (runner, same) == ("Compiled", "True")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_folder_that_may_not_be_written_is_not_needed(tmp_path):
    tmp_path.chmod(0o500)
    _, _, runner, same = printed(python(PROGRAM + UNTIL_COMPILED, tmp_path))
    assert (runner, same) == ("Compiled", "True")


def test_where_no_folder_can_be_made_another_is_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "file" / "folder"))
    assert cache_folder().is_dir()
    assert store.address(Kernel("gather"))


def test_a_folder_of_ones_home_and_one_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "~/kernels")
    assert cache_folder() == tmp_path / "home" / "kernels"
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "kernels")
    path = Kernel("gather").path()
    monkeypatch.chdir("/")
    assert path.parent == tmp_path / "kernels"
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "~nobody_of_this_name/kernels")
    assert cache_folder().is_dir()
    assert not (tmp_path / "~").exists()


def test_a_folder_that_disappears_is_not_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr(store, "LOADED", {})
    cache_folder().rmdir()
    assert store.address(Kernel("gather"))
    assert not (tmp_path / "kernels").exists()


def test_processes_that_python_spawns_compile_in_the_background_too(tmp_path):
    spawning = """
    import multiprocessing
    if __name__ == "__main__":
        from spawned import slope
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            print(*pool.map(slope, [0.0, 0.0]))
    """
    (tmp_path / "main.py").write_text(textwrap.dedent(spawning))
    (tmp_path / "spawned.py").write_text(
        "from autograd_lite import exp, grad, jit\n"
        "f = jit(grad(lambda x: exp(2.0 * x)), backend='numba')\n"
        "def slope(x): return f(x)\n"
    )
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "AUTOGRAD_LITE_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.split() == ["2.0", "2.0"], done.stderr


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owner here")
def test_a_folder_in_which_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    (tmp_path / "everybody's").mkdir()
    (tmp_path / "everybody's").chmod(0o777)
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "everybody's"))
    assert cache_folder() not in (tmp_path / "everybody's", tmp_path / "mine")


@pytest.mark.parametrize("damage", [lambda code: b"?", lambda code: code[:-1], lambda code: code[:90] + code[91:]])
def test_a_damaged_file_is_compiled_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path))
    kernel = Kernel("gather")
    monkeypatch.setattr(store, "LOADED", {})
    assert store.address(kernel)
    damaged = damage(kernel.path().read_bytes())
    kernel.path().write_bytes(damaged)
    monkeypatch.setattr(store, "LOADED", {})
    assert store.address(kernel)
    assert kernel.path().read_bytes() != damaged


def test_what_a_process_failed_at_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(background, "may_start_processes", lambda: True)
    monkeypatch.setattr(background, "_process", None)
    monkeypatch.setattr(background, "_asked", {Kernel("copy")})
    assert not background.ask([Kernel("copy")])


def test_a_users_function_may_work_with_lists_and_may_raise(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path))

    def forward(x):
        if x < 0.0:
            raise ValueError("below zero")
        return sum([x, 2.0 * x])

    tripled = ag.primitive("tripled_above_zero", forward, lambda g, x: (3.0 * g,))
    for _ in ("compiled", "loaded"):
        runner = ag.jit(lambda x: tripled(x) + ag.tanh(x), backend="numba")
        assert runner(3.0) == 9.0 + ag.tanh(3.0)
        with pytest.raises(ValueError, match="below zero"):
            runner(-1.0)
        monkeypatch.setattr(store, "LOADED", {})


def test_a_users_function_with_an_address_in_it_stays_with_numpy(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path))
    cosine = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(("cos", ctypes.CDLL(ctypes.util.find_library("m"))))
    by_address = ag.primitive("cosine_by_address", lambda x: cosine(x), lambda g, x: (g,))
    runner = ag.jit(lambda x: by_address(x) * 2.0, backend="numba")
    assert runner(3.0) == 2.0 * math.cos(3.0)
    assert not list(tmp_path.glob("map*"))


def test_what_numba_cannot_compile_stays_with_numpy():
    odd = ag.primitive("through_a_dict", lambda x: {1: 2.0}[1] * x, lambda g, x: (2.0 * g,))
    runner = ag.jit(lambda x: odd(x) + ag.tanh(x), backend="numba")
    assert runner(3.0) == 6.0 + ag.tanh(3.0)


def calls_itself():
    def product_down_to_one(x):
        return 1.0 if x <= 1.0 else x * product_down_to_one(x - 1.0)

    return product_down_to_one


def calls_another():
    def doubled(x):
        return 2.0 * x

    return lambda x: doubled(x) + 1.0


@pytest.mark.parametrize(("forward", "expected"), [(calls_itself(), 120.0), (calls_another(), 11.0)])
def test_a_users_function_may_call_those_of_its_closure_and_itself(forward, expected):
    runner = ag.jit(ag.primitive("calling", forward, lambda g, x: (g,)), backend="numba")
    assert runner(5.0) == expected

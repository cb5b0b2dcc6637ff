"""In these tests kernels are compiled before the first call, so that it is kernels that are tested."""

from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True)
def kernels_at_once(monkeypatch):
    if find_spec("numba"):
        from autograd_lite.compiler.backends.numba import background

        monkeypatch.setattr(background, "may_start_processes", lambda: False)

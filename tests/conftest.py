"""Hypothesis without a deadline, as a slow machine is no wrong derivative, and with the same examples every time."""

import pytest
from hypothesis import settings

from autograd_lite import Value
from autograd_lite.core.primitives import PRIMITIVES

collect_ignore = ["conftest.py", "browser/conftest.py"]  # no doctests there, and two modules of one name

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def only_the_table():
    """What a test declares with `primitive` is gone after it: other tests go through all rules."""
    before = dict(PRIMITIVES)
    yield
    for name in PRIMITIVES.keys() - before.keys():
        if hasattr(Value, name):
            delattr(Value, name)
    PRIMITIVES.clear()
    PRIMITIVES.update(before)

"""Every public name says what it is and shows it: an example stands in its own docstring, and runs as a doctest."""

import doctest
import inspect
from importlib import import_module

import pytest

MODULES = ("autograd_lite", "autograd_lite.nn", "autograd_lite.optim", "autograd_lite.testing")
PYTHONS_OWN = {"abs", "max", "min", "pow", "sum"}  # names that `import *` leaves alone
NAMES = [
    (module.__name__, name)
    for module in map(import_module, MODULES)
    for name in sorted({*module.__all__} | (PYTHONS_OWN & vars(module).keys()))
    if inspect.isclass(what := getattr(module, name)) or inspect.isroutine(what)
]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_it_has_an_example(module, name):
    docstring = inspect.getdoc(getattr(import_module(module), name)) or ""
    assert doctest.DocTestParser().get_examples(docstring), f"{module}.{name}"

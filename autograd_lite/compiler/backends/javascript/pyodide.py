"""JavaScript inside a browser's Python: the engine around it."""

from array import array
from collections.abc import Callable
from importlib import import_module


def evaluate(source: str) -> Callable[["array[float]"], list[float]]:
    """The function that an expression of JavaScript gives, from numbers to numbers."""
    run_js, to_js = import_module("pyodide.code").run_js, import_module("pyodide.ffi").to_js
    function = run_js(source)

    def run(numbers: "array[float]") -> list[float]:
        return [float(y) for y in function(to_js(numbers)).to_py()]

    return run

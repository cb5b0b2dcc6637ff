"""JavaScript inside a browser's Python: the engine around it."""

from array import array
from collections.abc import Callable
from importlib import import_module


def evaluate(source: str) -> Callable[["array[float]"], list[float]]:
    """The function that an expression of JavaScript gives, from numbers to numbers."""
    run_js, to_js = import_module("pyodide.code").run_js, import_module("pyodide.ffi").to_js
    function = run_js(f"(() => {{ const run = {source}; return (xs) => Float64Array.from(run(xs)); }})()")

    def run(numbers: "array[float]") -> list[float]:
        answer: list[float] = function(to_js(numbers)).to_py().tolist()  # one array each way: a list would cross slowly
        return answer

    return run

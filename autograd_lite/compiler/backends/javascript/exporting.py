"""A recorded function as the source of an ES module, for a page of one's own."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from autograd_lite.compiler.backends.javascript.loading import runnable
from autograd_lite.compiler.backends.javascript.translate import number
from autograd_lite.compiler.jitted import jit
from autograd_lite.core.checks import shown
from autograd_lite.transforms.pytree import Static, Structure, is_array_type


def to_javascript(f: Callable[..., Any], *args: Any) -> str:
    """The function f, recorded for arguments like these, as the source of an ES module.

    Its `export default function` takes as many arguments as given here: numbers, and nested arrays where these are
    lists, tuples or NumPy arrays (objects where they are dicts), of the same lengths. It returns a number, or nested
    arrays, as f does. A gradient is a function like any other: `to_javascript(grad(f), 0.0)`. The module needs nothing
    else, and asks nobody for anything.

    f is recorded as by `jit`: it must be a pure function of numbers, without an `if` on one of them. Values that it
    uses, such as a model's parameters, stay at the numbers they have now. Raises TypeError if f is no function, or uses
    a primitive of yours whose source has no counterpart in JavaScript.

    >>> print(to_javascript(lambda x: x * x, 0.0).splitlines()[-1])
    export default function (...args) { return compute(args); }
    """
    if not callable(f):
        raise TypeError(f"to_javascript(f) needs a function, not {shown(f)}")
    recording = jit(f).recording_for(args, {}, [])
    program = recording.program
    held = ", ".join(number(v.data) for v in program.captured)
    shapes = [
        json.dumps(_shape(s)).replace("<", "\\u003c")  # no tag can begin in it
        for s in (recording.structure.children[0], recording.out)
    ]
    convert = files(__package__).joinpath("static", "arguments.js").read_text(encoding="utf-8")
    return "\n".join(
        [
            "// Recorded by autograd_lite.",
            runnable(program),
            convert,
            f"const takes = {shapes[0]}, returns = {shapes[1]}, held = [{held}];",
            "const compute = (args) => {",
            "  const numbers = [...takes.flatMap((shape, i) => flatten(shape, args[i], `argument ${i}`)), ...held];",
            "  return assemble(returns, run(numbers).values());",
            "};",
            "export default function (...args) { return compute(args); }",
            "",
        ]
    )


def _shape(structure: Structure) -> Any:
    """A structure as JSON: null for a number, a list of what stands in it, for dicts beside their keys."""
    if structure.kind is None:
        return None
    if structure.kind is Static:
        raise TypeError(
            f"to_javascript(args) must be numbers, or lists and dicts of numbers, not {structure}: what is none is "
            "written into the function, as in lambda x: f(x, None)"
        )
    if is_array_type(structure.kind):
        shape: Any = None
        for length in reversed(structure.keys):
            shape = [shape] * length
        return shape
    parts = list(map(_shape, structure.children))
    if structure.kind is not dict:
        return parts
    keys = list(map(str, structure.keys))
    if len(set(keys)) < len(keys):
        raise TypeError(f"to_javascript(args) takes dicts whose keys differ as strings, not {list(structure.keys)}")
    return {"keys": keys, "parts": parts}

"""Write what type checkers see of a Value's methods into `core/methods.py`: `python tests/tools/methods.py`."""

import inspect
from pathlib import Path

from autograd_lite import Value
from autograd_lite.core import methods as module
from autograd_lite.core.operators import OPERATORS
from autograd_lite.core.primitives import PRIMITIVES

BEGIN, END = "        # --- from the table\n", "        # --- to here\n"


def lines() -> str:
    """A line for each operator and for each method that a row of the table gives."""
    unary = ["pos", *[OPERATORS[name] for name in OPERATORS if PRIMITIVES[name].arity == 1]]
    binary = [OPERATORS[name] for name in OPERATORS if PRIMITIVES[name].arity == 2]
    found = [f"def __{name}__(self) -> Self: ..." for name in unary]
    for name in binary:
        found += [f"def __{side}{name}__(self, other: Self | float) -> Self: ..." for side in ("", "r")]
    for name in sorted(name for name in PRIMITIVES if hasattr(Value, name)):
        found.append(f"def {name}({', '.join(map(_parameter, _parameters(name)))}) -> Self: ...")
    return "".join(f"        {line}\n" for line in found)


def _parameters(name: str) -> list[inspect.Parameter]:
    return list(inspect.signature(getattr(Value, name)).parameters.values())


def _parameter(p: inspect.Parameter) -> str:
    if p.name == "self":
        return "self"
    star = "*" if p.kind is p.VAR_POSITIONAL else ""
    return f"{star}{p.name}: Self | float" + ("" if p.default is p.empty else " = ...")


def written() -> str:
    """The lines as they stand in the file."""
    return Path(module.__file__).read_text().partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    file = Path(module.__file__)
    before, _, rest = file.read_text().partition(BEGIN)
    file.write_text(before + BEGIN + lines() + END + rest.partition(END)[2])

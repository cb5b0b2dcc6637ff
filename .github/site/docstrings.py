"""Docstrings are Markdown in spirit; Sphinx reads reStructuredText. What differs, and what an example in them says."""

import ast
import builtins
import doctest
import re
from types import ModuleType
from typing import Any

CODE = re.compile(r"(``[^`]*``|`[^`]*`)")


def process(_app: Any, what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """The hook of autodoc: outside of code and examples, * and | and _ are letters."""
    if what in ("data", "attribute"):  # the docstring is that of dict or float
        lines[:] = []
    in_example = False
    for i, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if not in_example:
            pieces = CODE.split(line)
            lines[i] = "".join(p if p.startswith("`") else re.sub(r"([*|]|_\b)", r"\\\1", p) for p in pieces)


def example(docstring: str, public: dict[str, str], around: dict[str, Any]) -> list[str]:
    """The docstring's example as cells that run by themselves, one for each answer; none if there is no example.

    What an example takes for granted its first cell imports: public names from the module that `public` says, other
    names as `around`, the globals of the docstring's module, has them. Statements that are to raise are left out.
    """
    cells, code = [], ""
    for piece in doctest.DocTestParser().get_examples(docstring):
        if not piece.exc_msg:
            code += piece.source
            if piece.want:
                cells, code = [*cells, code], ""
    cells += [code] if code else []
    nodes = list(ast.walk(ast.parse("".join(cells))))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {a.asname or a.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names}
    imports, wanted = "", dict[str, list[str]]()
    for name in sorted(used - bound):
        if name in public and (name in around or not hasattr(builtins, name)):
            wanted.setdefault(public[name], []).append(name)
        elif isinstance(around.get(name), ModuleType):
            imports += f"import {name}\n"
        elif name in around and not name.startswith("__"):
            wanted.setdefault(around["__name__"], []).append(name)
    imports += "".join(f"from {module} import {', '.join(found)}\n" for module, found in sorted(wanted.items()))
    return [f"{imports}\n{cells[0]}".lstrip(), *cells[1:]] if cells else []

"""The reference: a page for every public name, from its docstring, the derivative table, the course and the source."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import quote

import docstrings
import nbformat

import autograd_lite
from autograd_lite import Value, steps
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.core.value import Number

PACKAGE = Path(autograd_lite.__file__).parent
MODULES = ("autograd_lite", "autograd_lite.nn", "autograd_lite.optim", "autograd_lite.testing")


class Name(NamedTuple):
    """A public name: where it is imported from, what it is, and the file and line of its definition."""

    name: str
    module: str
    what: Any
    file: str  # below the package
    line: int

    @property
    def page(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def room(self) -> str:
        return self.file.partition("/")[0]


def public_names() -> list[Name]:
    """Every public name of the package and its rooms, those that `import *` leaves out too."""
    found = []
    for module in map(import_module, MODULES):
        hidden = {"abs", "max", "min", "pow", "sum"} & vars(module).keys()  # Python's own functions have these names
        for name in sorted({*module.__all__, *hidden}):
            if not isinstance(getattr(module, name), ModuleType):
                found.append(Name(name, module.__name__, getattr(module, name), *_defined(module.__name__, name)))
    return found


def _defined(module: str, name: str) -> tuple[str, int]:
    """The file and line in which a name of a module is defined, through all that only import it."""
    path = Path(import_module(module).__file__ or "")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
            return _defined(str(node.module), next(a.name for a in node.names if (a.asname or a.name) == name))
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        bound = {getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)}
        if name in bound:
            return path.relative_to(PACKAGE).as_posix(), node.lineno
    raise LookupError(f"{module} has no definition of {name}")


def write(folder: Path, notebooks: list[Path]) -> None:
    """The pages `index` and one for each name."""
    folder.mkdir()
    names = public_names()
    lessons = _lessons(notebooks)
    where = {n.name: n.module for n in reversed(names)}
    groups: dict[tuple[str, str], list[Name]] = {}
    for n in names:
        groups.setdefault((n.module, n.room), []).append(n)
        (folder / f"{n.page}.rst").write_text(_page(n, lessons, where), encoding="utf-8")
    sections = "".join(
        _heading(_idea(room) if module == "autograd_lite" else module, "-")
        + (f"\n{_plain(_idea(room))}\n" if module != "autograd_lite" else "")
        + "\n.. list-table::\n   :widths: 22 78\n\n"
        + "".join(f"   * - :doc:`{n.name} <{n.page}>`\n     - {_plain(_first_line(n))}\n" for n in group)
        + "\n"
        for (module, room), group in groups.items()
    )
    (folder / "index.rst").write_text(f"{_heading('Reference', '=')}\n{sections}", encoding="utf-8")


def _page(n: Name, lessons: dict[str, list[tuple[str, str]]], where: dict[str, str]) -> str:
    kind = "class" if inspect.isclass(n.what) else "function" if callable(n.what) else "data"
    members = "   :members:\n   :inherited-members: float, list, tuple, Exception\n" if kind == "class" else ""
    parts = [":orphan:\n", _heading(n.name, "="), f".. auto{kind}:: {n.page}\n{members}"]
    if kind == "data":
        parts.append("Its entries: " + ", ".join(f"`{key}`" for key in n.what) + ".\n")
    parts += [_slopes(n)]
    cells = _example(n, where)
    if cells:
        parts.append(".. raw:: html\n\n   " + run_link(cells) + "\n")
    taught = lessons.get(n.name, [])[:3]
    if taught:
        parts.append(
            "In the course: " + ", ".join(f":doc:`{title} <../course/{stem}>`" for stem, title in taught) + ".\n"
        )
    parts.append(f".. raw:: html\n\n   <p>Source: {source_link(n.file, n.line, '../')}</p>\n")
    return "\n".join(parts)


def _example(n: Name, where: dict[str, str]) -> list[str]:
    """The example of the name's own docstring, else one that uses it: of its methods, its modules or its neighbours."""
    own = import_module(getattr(n.what, "__module__", n.module))
    methods = [m for _, m in inspect.getmembers(n.what, callable)] if inspect.isclass(n.what) else []
    room = import_module(n.module)
    for what in (n.what, *methods, own, room, *(getattr(room, name) for name in room.__all__)):
        cells = docstrings.example(inspect.getdoc(what) or "", where, vars(own)) if not isinstance(what, dict) else []
        if cells and (what is n.what or what in methods or re.search(rf"\b{n.name}\b", "".join(cells))):
            return cells
    return []


def run_link(cells: list[str], root: str = "../", says: str = "Run this example in the browser") -> str:
    """A link that opens JupyterLite's console with the cells, which `run.js` opens in the page instead."""
    address = f"{root}lite/repl/index.html?kernel=python&toolbar=1" + "".join(f"&code={quote(c)}" for c in cells)
    return f'<p><a class="run" href="{escape(address)}">▶ {says}</a></p>'


def source_link(file: str, line: int, root: str) -> str:
    return f'<a href="{root}source/{file}.html#line-{line}"><code>autograd_lite/{file}</code>, line {line}</a>'


def _slopes(n: Name) -> str:
    """The local derivatives of a primitive, as the derivative table computes them."""
    if n.name not in PRIMITIVES or n.module != "autograd_lite":
        return ""
    operands = list(inspect.signature(n.what).parameters.values())
    if any(operand.annotation is not Number for operand in operands):
        return ""
    inputs = [Value(0.3 + 0.2 * i, label=operand.name) for i, operand in enumerate(operands)]
    result = n.what(*inputs)
    result.label = "result"
    rows = "".join(f"   ∂/∂{part.name} = {part.formula}\n" for part in steps(result)[0].parts)
    says = "What its closure multiplies the arriving gradient by, from the derivative table:"
    return f"{says}\n\n.. code-block:: text\n\n{rows}"


def _lessons(notebooks: list[Path]) -> dict[str, list[tuple[str, str]]]:
    """For every name, the notebooks that speak of it or use it; to speak of it counts most."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for path in notebooks:
        cells = nbformat.read(path, as_version=4).cells
        title = cells[0].source.partition("\n")[0].lstrip("# ")
        text, code = ("\n".join(c.source for c in cells if c.cell_type == kind) for kind in ("markdown", "code"))
        count = Counter(re.findall(r"\w+", code))
        for name in re.findall(r"`(?:\w+\.)*(\w+)(?:\(.*?\))?`", text):
            count[name] += 10
        for name, times in count.items():
            found.setdefault(name, []).append((-times, path.stem, title))
    return {name: [(stem, title) for _, stem, title in sorted(places)] for name, places in found.items()}


def _first_line(n: Name) -> str:
    if not callable(n.what):
        return "The names that can be given: " + ", ".join(map(str, n.what)) + "."
    return re.split(r"(?<=[.:])\s(?=[A-Z`])", (inspect.getdoc(n.what) or "").partition("\n\n")[0].replace("\n", " "))[0]


def _idea(room: str) -> str:
    doc = import_module(f"autograd_lite.{room}").__doc__ or ""
    return re.split(r"[.:](?:\s|$)", doc.partition("\n")[0])[0]


def _plain(text: str) -> str:
    lines = [text]
    docstrings.process(None, "", "", None, None, lines)
    return lines[0]


def _heading(title: str, line: str) -> str:
    return f"{title}\n{line * max(3, 2 * len(title))}\n"


def source_files() -> Iterator[Path]:
    return (p for p in sorted(PACKAGE.rglob("*.py")) if "notebooks" not in p.relative_to(PACKAGE).parts)

"""The house: nine folders of one idea each, imports that run one way and in no circle, and files one can read."""

import ast
import re
from pathlib import Path

import pytest
import readme

import autograd_lite

ROOT = readme.ROOT
PACKAGE = ROOT / "autograd_lite"
ORDER = ["numeric", "core", "transforms", "compiler", "optim", "nn", "display", "testing", "cli"]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
FOLDERS = [name for name, path in FILES.items() if path.name == "__init__.py" and name != "autograd_lite"]


def imports(name: str) -> set[str]:
    """The package's own modules that a file imports anywhere in it: lazily and for typing too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            base = node.module or ""
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in FILES else base for a in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return {m for m in found if m in FILES and m != name}


def folder(name: str) -> str:
    """The folder of the package that a module stands in, "" for the door."""
    return name.split(".")[1] if "." in name else ""


def a_circle(arrows: dict[str, set[str]]) -> list[str]:
    """The names along a circle of arrows, [] if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(arrows.get(name, ())):
            if found := walk(target, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(arrows) if (found := walk(name, []))), [])


def test_the_top_holds_the_door_and_the_nine_folders():
    assert {p.name for p in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()} == set(ORDER)
    top = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    tracked = {"LICENSE", "README.md", "autograd_lite", "notebooks", "pyproject.toml", "tests"}
    assert top - {"build", "dist"} - {p for p in top if p.endswith(".egg-info")} == tracked


@pytest.mark.parametrize("name", [name for name in FILES if folder(name) in ORDER])
def test_imports_run_from_a_folder_to_those_before_it(name):
    before = ORDER[: ORDER.index(folder(name)) + 1]
    assert [m for m in imports(name) if folder(m) not in before] == []


def test_files_form_no_circle():
    arrows = {name: {m for m in imports(name) if FILES[m].name != "__init__.py"} for name in FILES}
    assert a_circle(arrows) == []


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name].name != "__init__.py"])
def test_no_file_imports_the_door_of_its_own_folder(name):
    assert name.rpartition(".")[0] not in imports(name) or name == "autograd_lite.__main__"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_can_be_read_in_one_sitting(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_says_what_it_is_for_and_is_not_crowded(name):
    text = ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or ""
    sentences = len(re.findall(r"[.:?](\s|$)", text))
    assert sentences >= (3 if name.count(".") == 1 else 1)
    assert len(list(FILES[name].parent.glob("*.py"))) <= 14


def test_no_folder_or_file_has_the_name_of_a_public_function():
    public = {name for name in dir(autograd_lite) if callable(getattr(autograd_lite, name))}
    assert [name for name in FILES if name.rpartition(".")[2] in public] == []


def code_lines(path: Path) -> int:
    """How many lines of a file are code: neither blank, nor a comment, nor documentation."""
    text = path.read_text(encoding="utf-8")
    scopes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    documented = [n.body[0] for n in scopes if ast.get_docstring(n)]
    inside = {i for d in documented for i in range(d.lineno, (d.end_lineno or d.lineno) + 1)}
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") and i not in inside for i, line in lines)


def test_the_core_reads_alone():
    assert sum(code_lines(FILES[name]) for name in FILES if folder(name) == "core") < 1600


def test_the_tests_mirror_the_folders():
    names = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}
    others = {"benchmarks", "browser", "docs", "peers", "systems", "tools"}
    assert names == {*ORDER, *others}


def test_a_circle_is_found():
    assert a_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert a_circle({"a": {"b", "c"}, "b": {"c"}}) == []

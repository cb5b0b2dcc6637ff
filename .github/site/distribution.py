"""Pyodide, Python in the browser, with packages for the course: its cells run as they are, and the first one soon.

What cells import is loaded when they first name it: pure packages from beside Pyodide, this package among them, binary
ones by the address of Pyodide's own distribution or, once fetched, from beside it too. What the kernel and this package
need is compiled beforehand and comes as one file.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import changes
import graphviz_worker
import packed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ADDRESS = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
BINARY = ("numpy", "matplotlib", "scikit-learn")  # what the course's cells import and no pure package gives
STARTED = ("autograd-lite", "comm", "ipykernel", "ipython", "jedi", "micropip", "piplite", "pyodide-kernel")
DEPENDS = {  # of what is not in Pyodide's list, or is there with more
    "anywidget": ["comm", "ipywidgets", "psygnal", "traitlets", "typing-extensions"],
    "autograd-lite": ["anywidget", "autograd-lite-graphviz", "graphviz", "tqdm"],
    "autograd-lite-graphviz": [],
    "autograd-lite-testing": ["hypothesis", "numpy"],
    "comm": [],
    "graphviz": [],
    "hypothesis": ["sortedcontainers"],
    "ipykernel": [],
    "ipywidgets": ["comm", "traitlets"],
    "jedi": [],
    "piplite": ["micropip"],
    "psygnal": [],
    "pyodide-kernel": ["comm", "ipython"],
}
IMPORTS = {"autograd-lite-testing": ["autograd_lite.testing"]}  # the others' are their names
EMPTY = {  # packages that are only names
    "autograd-lite-testing": "what a part of autograd_lite needs, and the whole does not",
    "jedi": "IPython completes from what is there; to unpack Jedi's 1,400 files takes a second",
}


def lay_out(folder: Path, work: Path, kernel: Path, beside: bool) -> None:
    """Pyodide's core and what starts it, the pure packages, and the list that says where each is and who needs it.

    `kernel` is the folder of the wheels that JupyterLite's kernel is made of.
    """
    core = work / "node_modules/pyodide"
    for name in CORE:
        shutil.copy(core / name, folder)
    lock = json.loads((core / "pyodide-lock.json").read_text())
    version = json.loads((core / "package.json").read_text())["version"]
    packages: dict[str, Any] = {_normal(name): package for name, package in lock["packages"].items()}
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    fetch += ["--python-version=3.14", "--implementation=py", "--abi=none", "--platform=any"]  # pure ones alone
    fetch += [f"--dest={work / 'wheels'}", f"--requirement={HERE / 'wheels.txt'}"]
    subprocess.run(fetch, check=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work / "wheels")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    for wheel in [*(work / "wheels").glob("*.whl"), *(w for w in kernel.glob("*.whl") if _name(w) in DEPENDS)]:
        changes.copy(wheel, folder / wheel.name)
    _graphviz_wheel(folder, work / "node_modules/@viz-js/viz")
    for name, why in EMPTY.items():
        _wheel(folder, name, "0", {}, why)

    here = {_name(wheel): wheel for wheel in folder.glob("*.whl")}
    for name, depends in DEPENDS.items():
        imports = IMPORTS.get(name, [name.replace("-", "_")])
        rest = {"install_dir": "site", "package_type": "package", "unvendored_tests": False, "tool": {}}
        packages[name] = {"name": name, "depends": depends, "imports": imports, **rest}
    missing = here.keys() - packages.keys()
    assert not missing, f"wheels.txt has {missing}, which neither Pyodide's list nor DEPENDS knows"
    needed = _with_dependencies(BINARY, packages) - here.keys() if beside else set()
    for name, package in packages.items():
        if name in here:
            package["file_name"], package["version"] = here[name].name, here[name].name.split("-")[1]
        else:
            address = ADDRESS.format(version=version) + package["file_name"]
            if name in needed:
                _fetch(address, folder / package["file_name"], package["sha256"])
            else:
                package["file_name"] = address

    def write_list() -> None:
        for name, wheel in here.items():
            packages[name]["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": packages}))

    write_list()
    subprocess.run([str(shutil.which("node")), HERE / "precompile.mjs", folder, *STARTED], check=True)
    started = {name: here[name] for name in sorted(_with_dependencies(STARTED, packages))}
    packed.write(folder / "packages.bin", started)
    for wheel in started.values():
        wheel.unlink()
        del here[_name(wheel)]
    write_list()
    shutil.copy(HERE / "static/start.mjs", folder)


def _graphviz_wheel(folder: Path, viz: Path) -> None:
    """The renderer as a package: a script for a worker."""
    name, version = "autograd_lite_graphviz", json.loads((viz / "package.json").read_text())["version"]
    about = "Graphviz as WebAssembly, for Python in a browser's worker."
    files = {f"{name}/__init__.py": f'"""{about}"""\n', f"{name}/dot.js": graphviz_worker.script(viz)}
    _wheel(folder, name, version, files, about)


def _wheel(folder: Path, name: str, version: str, files: Mapping[str, str], summary: str) -> None:
    """A wheel made here, of the files given."""
    name = name.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def _with_dependencies(names: tuple[str, ...], packages: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = _normal(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += packages[name]["depends"]
    return found


def _fetch(address: str, path: Path, sum_: str) -> None:
    with urllib.request.urlopen(address) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != sum_:
        sys.exit(f"{address} is not what Pyodide's list says: its sum differs")
    path.write_bytes(content)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(wheel: Path) -> str:
    return _normal(wheel.name.split("-")[0])

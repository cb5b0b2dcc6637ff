"""JupyterLite beside the pages: the course's notebooks, and any snippet, run in the browser with nothing installed.

Python there is Pyodide. Its list of packages is changed so that the cells run as they are: what they import is loaded
when they first name it, pure packages from beside Pyodide, this package among them, binary ones by the address of
Pyodide's own distribution or, once fetched, from beside it too.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import graphviz_worker
import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DISTRIBUTION = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
BINARY = ("numpy", "matplotlib", "scikit-learn")  # what the course's cells import and no pure package gives
PRELOADED = ["comm", "ipython", "jedi", "micropip"]  # the kernel wants them: together they load faster than one by one
DEPENDS = {  # of what is not in Pyodide's list
    "anywidget": ["comm", "ipywidgets", "psygnal", "traitlets", "typing-extensions"],
    "autograd-lite": ["anywidget", "autograd-lite-graphviz", "graphviz", "hypothesis", "tqdm"],
    "autograd-lite-graphviz": [],
    "comm": [],
    "graphviz": [],
    "hypothesis": ["sortedcontainers"],
    "ipywidgets": ["comm", "traitlets"],
    "psygnal": [],
}
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")
KERNEL = {"kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}}


def build(out: Path, work: Path, notebooks: dict[str, nbformat.NotebookNode], beside: bool) -> None:
    """JupyterLite in the folder `out`, with the notebooks under their names; `beside` fetches the binary packages."""
    lite, contents = work / "lite", work / "contents"
    pyodide = lite / "static/pyodide"
    pyodide.mkdir(parents=True)
    _pyodide(pyodide, work, beside)
    for name, notebook in notebooks.items():
        target = contents / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "notebooks/pictures", target.parent / "pictures", dirs_exist_ok=True)
        notebook.metadata.update(nbformat.from_dict(KERNEL))
        nbformat.write(notebook, target)
    kernel = {"loadPyodideOptions": {"packages": PRELOADED}}
    plugin = "@jupyterlite/pyodide-kernel-extension:kernel"
    settings = {"litePluginSettings": {plugin: kernel}, "exposeAppInBrowser": True, "appName": "autograd_lite"}
    config = {"jupyter-config-data": settings, "jupyter-lite-schema-version": 0}
    (lite / "jupyter-lite.json").write_text(json.dumps(config))
    unfit = {"disabledExtensions": ["@jupyterlab/codemirror-extension:commands"]}  # it asks for notebooks, and fails
    (lite / "repl").mkdir()
    (lite / "repl/jupyter-lite.json").write_text(json.dumps({**config, "jupyter-config-data": unfit}))
    installed = Path(sysconfig.get_path("data")) / "share/jupyter/labextensions"
    extensions = [str(installed / name) for name in EXTENSIONS]
    config = {"federated_extensions": extensions, "ignore_sys_prefix": ["federated_extensions"]}
    (lite / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}))
    command = [sys.executable, "-m", "jupyter", "lite", "build", f"--contents={contents}", f"--output-dir={out}"]
    command += ["--apps=notebooks", "--apps=repl", "--apps=lab", "--apps=tree"]
    command += ["--no-unused-shared-packages", "--no-sourcemaps"]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def _pyodide(folder: Path, work: Path, beside: bool) -> None:
    """Pyodide's core, the pure packages, and the list that says where each package is and who needs it."""
    core = work / "node_modules/pyodide"
    for name in CORE:
        shutil.copy(core / name, folder)
    lock = json.loads((core / "pyodide-lock.json").read_text())
    version = json.loads((core / "package.json").read_text())["version"]
    packages: dict[str, Any] = {_normal(name): package for name, package in lock["packages"].items()}
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    fetch += ["--python-version=3.14", "--implementation=py", "--abi=none", "--platform=any"]  # pure ones alone
    fetch += [f"--dest={folder}", f"--requirement={HERE / 'wheels.txt'}"]
    subprocess.run(fetch, check=True)
    _own_wheel(folder, work)
    _graphviz_wheel(folder, work / "node_modules/@viz-js/viz")
    here = {_normal(wheel.name.split("-")[0]): wheel for wheel in folder.glob("*.whl")}
    for name, depends in DEPENDS.items():
        imports = [name.replace("-", "_")]
        rest = {"install_dir": "site", "package_type": "package", "unvendored_tests": False, "tool": {}}
        packages[name] = {"name": name, "depends": depends, "imports": imports, **rest}
    for name, package in packages.items():
        if name in here:
            package["file_name"] = here[name].name
            package["version"] = here[name].name.split("-")[1]
            package["sha256"] = hashlib.sha256(here[name].read_bytes()).hexdigest()
    needed = _with_dependencies(BINARY, packages) - here.keys() if beside else set()
    for name, package in packages.items():
        if name not in here:
            address = DISTRIBUTION.format(version=version) + package["file_name"]
            if name in needed:
                _fetch(address, folder / package["file_name"], package["sha256"])
            else:
                package["file_name"] = address
    missing = here.keys() - packages.keys()
    assert not missing, f"wheels.txt has {missing}, which neither Pyodide's list nor DEPENDS knows"
    (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": packages}))


def _own_wheel(folder: Path, work: Path) -> None:
    """This package without its notebooks, which lie on the site already."""
    whole = work / "wheel"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(whole)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = whole.glob("*.whl")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(folder / wheel.name, "w", zipfile.ZIP_DEFLATED) as slim:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("RECORD"):
                content = b"".join(line for line in content.splitlines(True) if b"/notebooks/" not in line)
            if "/notebooks/" not in entry.filename:
                slim.writestr(entry.filename, content)


def _graphviz_wheel(folder: Path, viz: Path) -> None:
    """The renderer as a package: a script for a worker."""
    name, version = "autograd_lite_graphviz", json.loads((viz / "package.json").read_text())["version"]
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"{name}/__init__.py", '"""Graphviz as WebAssembly, for Python in a browser\'s worker."""\n')
        wheel.writestr(f"{name}/dot.js", graphviz_worker.script(viz))
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
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

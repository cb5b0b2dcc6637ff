"""JupyterLite beside the pages: the course's notebooks, and any snippet, run in the browser with nothing installed."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import distribution
import nbformat

from autograd_lite.cli.lab import with_sources

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KERNEL_EXTENSION = "@jupyterlite/pyodide-kernel-extension"
EXTENSIONS = (KERNEL_EXTENSION, "@jupyter-widgets/jupyterlab-manager", "anywidget")
KERNEL = {"kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}}


def build(out: Path, work: Path, notebooks: dict[str, nbformat.NotebookNode], beside: bool) -> None:
    """JupyterLite in the folder `out`, with the notebooks under their names; `beside` fetches the binary packages."""
    lite, contents = work / "lite", work / "contents"
    extensions = {name: Path(sysconfig.get_path("data")) / "share/jupyter/labextensions" / name for name in EXTENSIONS}
    pyodide = lite / "static/pyodide"
    pyodide.mkdir(parents=True)
    distribution.lay_out(pyodide, work, extensions[KERNEL_EXTENSION] / "static/pypi", beside)
    for name, notebook in notebooks.items():
        target = contents / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "notebooks/pictures", target.parent / "pictures", dirs_exist_ok=True)
        notebook.metadata.update(nbformat.from_dict(KERNEL))
        target.write_text(with_sources(nbformat.writes(notebook), target.parent), encoding="utf-8")
    kernel = {"loadPyodideOptions": {"packages": distribution.STARTED}}
    plugin = f"{KERNEL_EXTENSION}:kernel"
    settings = {"litePluginSettings": {plugin: kernel}, "exposeAppInBrowser": True, "appName": "autograd_lite"}
    config = {"jupyter-config-data": settings, "jupyter-lite-schema-version": 0}
    (lite / "jupyter-lite.json").write_text(json.dumps(config))
    unfit = {"disabledExtensions": ["@jupyterlab/codemirror-extension:commands"]}  # it asks for notebooks, and fails
    (lite / "repl").mkdir()
    (lite / "repl/jupyter-lite.json").write_text(json.dumps({**config, "jupyter-config-data": unfit}))
    config = {
        "federated_extensions": [str(path) for path in extensions.values()],
        "ignore_sys_prefix": ["federated_extensions"],
    }
    (lite / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}))
    command = [sys.executable, "-m", "jupyter", "lite", "build", f"--contents={contents}", f"--output-dir={out}"]
    command += ["--apps=notebooks", "--apps=repl", "--apps=lab", "--apps=tree"]
    command += ["--no-unused-shared-packages", "--no-sourcemaps"]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    start_early(out)
    for ending in ("eot", "svg", "ttf"):  # of fonts that lie there as woff2 too, which browsers take
        for font in (out / "build").glob(f"fa-*.{ending}"):
            font.unlink()


def start_early(out: Path) -> None:
    """Let Python start with the page, by static/start.mjs, in the worker that the kernel will take."""
    _replace(out / "jupyter-lite.json", '"./static/pyodide/pyodide.mjs"', '"./static/pyodide/start.mjs"')
    scripts = out / "extensions" / KERNEL_EXTENSION / "static"
    [worker] = scripts.glob("comlink.worker.*.js")
    asking = [path for path in scripts.glob("*.js") if 'new Worker(e,{type:"module"})' in path.read_text()]
    assert len(asking) == 1, "JupyterLite's kernel asks for its worker in another way now"
    kernel = worker.relative_to(out).as_posix()
    early = worker.name.replace("comlink.worker", "early")  # with the sum in its name, which tells builds apart
    (out / early).write_text(f'import "./static/pyodide/start.mjs";\nimport "./{kernel}";\n')
    shutil.copy(HERE / "static/early.js", out)
    script = f'<script src="../early.js" data-kernel="../{kernel}" data-early="../{early}"></script>\n    '
    for app in ("notebooks", "repl"):
        first = '<script id="jupyter-config-data"'
        _replace(out / app / "index.html", first, script + first)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has {text.count(old)} of {old!r}, not one"
    path.write_text(text.replace(old, new), encoding="utf-8")

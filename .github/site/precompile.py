"""Run by precompile.mjs: what a first cell imports is compiled in the archives that Python in the browser has.

Compiling took half of the time to a first result. The compiled module stands in the place of its source, but for this
package's own sources, which stay beside: tracebacks and `inspect.getsource` show them.
"""

import importlib.util
import sys
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc  # the format, as importlib itself writes it
from pathlib import Path

FIRST_CELL = """
from autograd_lite import Value, nn, optim, tanh
a = Value(2.0, label="a")
y = tanh(a * 3.0)
y.backward()
y._repr_html_()
"""


def imported_modules():
    """The source file of every module that the kernel and a first cell import, without the folder it is found in."""
    import pyodide_kernel

    pyodide_kernel.ipython_shell.run_cell(FIRST_CELL)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        for root in sorted(sys.path, key=len, reverse=True):
            if root and file.startswith(f"{root}/") and file.endswith(".py"):
                yield file.removeprefix(f"{root}/")
                break


def compile_in(archive, wanted):
    """Write the archive anew, with the modules that are wanted compiled."""
    with zipfile.ZipFile(archive) as source:
        contents = {entry.filename: source.read(entry) for entry in source.infolist()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in contents.items():
            own = name.startswith("autograd_lite/")
            if name in wanted:
                code = compile(content, name, "exec", dont_inherit=True)
                compiled = importlib.util.cache_from_source(name) if own else f"{name}c"
                target.writestr(compiled, _code_to_hash_pyc(code, importlib.util.source_hash(content), checked=False))
            if name not in wanted or own:
                target.writestr(name, content)


wanted = set(imported_modules())
for archive in sorted(Path("/distribution").iterdir()):
    if archive.suffix in (".whl", ".zip"):
        compile_in(archive, wanted)

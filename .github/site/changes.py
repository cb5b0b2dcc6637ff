"""Changes to others' wheels: what takes long when the kernel starts, and is seldom asked for, waits until it is."""

import textwrap
import zipfile
from pathlib import Path

INSTALLING = """\
from unittest.mock import patch

import micropip
from micropip.package_index import CompatibilityLayer, ProjectInfo
from micropip.package_index import query_package as _MP_QUERY_PACKAGE
"""
INSTALL = '    """Invoke micropip.install with a patch to get data from local indexes"""\n'
ASKED_FOR = f"    global micropip, patch, ProjectInfo, _MP_QUERY_PACKAGE\n{textwrap.indent(INSTALLING, '    ')}"
TERMINAL = "from .terminal.embed import embed\n"  # half of IPython, and there is no terminal
CHANGES = {  # in each file what stands there exactly once, and what takes its place
    "pyodide_kernel/interpreter.py": {"self.Completer.use_jedi = True": "self.Completer.use_jedi = False"},
    "piplite/piplite.py": {INSTALLING: "", INSTALL: INSTALL + ASKED_FOR},
    "IPython/__init__.py": {TERMINAL: f"def embed(**options):\n    {TERMINAL}\n    return embed(**options)\n"},
}


def copy(wheel: Path, target: Path) -> None:
    """A wheel as it is to lie on the site: with the changes, and without notebooks, which lie there already."""
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as changed:
        for entry in source.infolist():
            content = source.read(entry)
            for old, new in CHANGES.get(entry.filename, {}).items():
                count = content.count(old.encode())
                assert count == 1, f"{entry.filename} in {wheel.name} has {count} of {old!r}, not one"
                content = content.replace(old.encode(), new.encode())
            if entry.filename.endswith("RECORD"):
                content = b"".join(line for line in content.splitlines(True) if b"/notebooks/" not in line)
            if "/notebooks/" not in entry.filename:
                changed.writestr(entry.filename, content)

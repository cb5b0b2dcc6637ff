"""The packages that the kernel starts with, as one file: to fetch and unpack each by itself took a second.

A line of JSON lists folders and sizes, then the files follow one after the other; static/start.mjs lays them out.
"""

import gzip
import json
import re
import zipfile
from pathlib import Path

UNUSED = re.compile(r"\.data/|/labextension/|/tests/")  # what a JupyterLab is told of, and tests


def write(target: Path, wheels: dict[str, Path]) -> None:
    """Write what is in the wheels, given by their packages' names."""
    folders: dict[str, list[tuple[str, int]]] = {}
    contents: dict[str, list[bytes]] = {}
    for wheel in wheels.values():
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if not entry.is_dir() and not UNUSED.search(entry.filename):
                    folder, _, name = entry.filename.rpartition("/")
                    folders.setdefault(folder, []).append((name, entry.file_size))
                    contents.setdefault(folder, []).append(archive.read(entry))
    line = json.dumps({"packages": list(wheels), "folders": list(folders.items())}, separators=(",", ":"))
    files = (content for folder in folders for content in contents[folder])
    target.write_bytes(gzip.compress(b"".join([line.encode(), b"\n", *files]), mtime=0))

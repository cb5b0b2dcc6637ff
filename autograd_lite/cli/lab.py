"""The course's notebooks, opened in JupyterLab."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from autograd_lite.cli.translation import load, notebook_in

INSTALL = "python3 -m pip install 'autograd_lite[notebooks]'"
PACKAGE = Path(__file__).parents[1]


def lab(folder: Path | None = None, *, launch: bool = True, language: str = "en") -> None:
    """Copy the notebooks to `folder`, where it has none of that name yet, and open it in JupyterLab.

    What a reader has changed in an earlier copy stays. `language` is "en" or that of a catalogue beside the notebooks,
    "zh"; the folder's name says which by default. Without JupyterLab a ValueError says what to install.
    """
    if launch and find_spec("jupyterlab") is None:
        raise ValueError(f"the notebooks open in JupyterLab: {INSTALL}")
    if language != "en" and find_spec("babel") is None:
        raise ValueError(f"the translation needs Babel: {INSTALL}")
    if language not in languages():
        raise ValueError(f"--language must be one of {', '.join(languages())}, not {language!r}")
    folder = folder or Path("autograd_lite_notebooks" + (f"_{language}" if language != "en" else ""))
    catalogue = load(notebooks() / f"{language}.po") if language != "en" else {}
    for source in sorted(p for p in notebooks().rglob("*") if p.is_file() and p.suffix != ".po"):
        name = source.relative_to(notebooks())
        target = folder / name
        if not target.exists() and not any(part.startswith(".") for part in name.parts):
            target.parent.mkdir(parents=True, exist_ok=True)
            if catalogue and source.suffix == ".ipynb":
                target.write_text(notebook_in(source, catalogue), encoding="utf-8")
            else:
                shutil.copyfile(source, target)
    first = min(path.name for path in notebooks().glob("*.ipynb"))
    print(f"The notebooks are in {folder.resolve()}\nBegin with {first}")
    if launch:
        as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # as in a container
        done = subprocess.run([sys.executable, "-m", "jupyterlab", *as_root, str(folder)], check=False)
        if done.returncode:
            raise ValueError(f"JupyterLab ended with status {done.returncode}: what it printed above says why")


def languages() -> list[str]:
    """The languages of the course: English, and those that there is a catalogue for."""
    return ["en", *sorted(path.stem for path in notebooks().glob("*.po"))]


def notebooks() -> Path:
    """Where the notebooks came with the package: inside it in a wheel, beside it in a checkout."""
    inside = PACKAGE / "notebooks"
    return inside if inside.exists() else PACKAGE.parent / "notebooks"

"""The course's notebooks, opened in JupyterLab."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from autograd_lite.cli.translation import load, notebook_in

INSTALL = "python3 -m pip install 'autograd_lite[notebooks]'"
PACKAGE = Path(__file__).parents[1]
LINK = re.compile(r"\[([^\]]*)\]\(\.\./(?:autograd_lite/([\w/]+\.py)|[^)]*)\)")  # out of the notebooks' folder


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
    _trust(_copies(folder, language))
    first = min(path.name for path in notebooks().glob("*.ipynb"))
    print(f"The notebooks are in {folder.resolve()}")
    if not launch:
        print(f"Open {first} with: {shlex.join([sys.executable, '-m', 'jupyterlab', str(folder)])}")
        return
    print(f"Begin with {first}")
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # as in a container
    done = subprocess.run([sys.executable, "-m", "jupyterlab", *as_root, str(folder)], check=False)
    if done.returncode:
        raise ValueError(f"JupyterLab ended with status {done.returncode}: what it printed above says why")


def _copies(folder: Path, language: str) -> list[Path]:
    """Copy what `folder` does not have yet; returns the notebooks among it."""
    catalogue = load(notebooks() / f"{language}.po") if language != "en" else {}
    made = []
    for source in sorted(p for p in notebooks().rglob("*") if p.is_file() and p.suffix != ".po"):
        name = source.relative_to(notebooks())
        target = folder / name
        if target.exists() or any(part.startswith(".") for part in name.parts):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix in (".ipynb", ".md"):
            whole = catalogue and source.suffix == ".ipynb"
            text = notebook_in(source, catalogue, language) if whole else source.read_text(encoding="utf-8")
            target.write_text(with_sources(text, folder), encoding="utf-8")
            made += [target] if source.suffix == ".ipynb" else []
        else:
            shutil.copyfile(source, target)
    return made


def with_sources(text: str, folder: Path) -> str:
    """The text with links that live in a copy: those to the package's files lead to copies in `folder`/source.

    Those to anything else beside the notebooks' own folder become plain text.
    """

    def inside(link: re.Match[str]) -> str:
        if not link[2]:
            return link[1]
        target = folder / "source" / link[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / link[2], target)
        return f"[{link[1]}](source/{link[2]})"

    return LINK.sub(inside, text)


def _trust(copies: list[Path]) -> None:
    """Have Jupyter sign the copies: then it shows at once what they have stored, which came with the package."""
    if copies and find_spec("nbformat"):
        command = [sys.executable, "-m", "nbformat.sign", *map(str, copies)]
        subprocess.run(command, capture_output=True, check=False)  # unsigned ones ask their reader


def languages() -> list[str]:
    """The languages of the course: English, and those that there is a catalogue for."""
    return ["en", *sorted(path.stem for path in notebooks().glob("*.po"))]


def notebooks() -> Path:
    """Where the notebooks came with the package: inside it in a wheel, beside it in a checkout."""
    inside = PACKAGE / "notebooks"
    return inside if inside.exists() else PACKAGE.parent / "notebooks"

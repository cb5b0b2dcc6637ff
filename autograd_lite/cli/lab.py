"""The course's notebooks, opened in JupyterLab."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def lab(folder: Path, *, launch: bool = True) -> None:
    """Copy the notebooks to `folder`, where it has none of that name yet, and open it in JupyterLab.

    What a reader has changed in an earlier copy stays. Without JupyterLab a ValueError says what to install.
    """
    if launch and find_spec("jupyterlab") is None:
        raise ValueError("the notebooks open in JupyterLab: python3 -m pip install 'autograd_lite[notebooks]'")
    for source in sorted(p for p in notebooks().rglob("*") if p.is_file()):
        name = source.relative_to(notebooks())
        target = folder / name
        if not target.exists() and not any(part.startswith(".") for part in name.parts):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    print(f"The notebooks are in {folder.resolve()}")
    if launch:
        subprocess.run([sys.executable, "-m", "jupyterlab", str(folder)], check=True)


def notebooks() -> Path:
    """Where the notebooks came with the package: inside it in a wheel, beside it in a checkout."""
    inside = PACKAGE / "notebooks"
    return inside if inside.exists() else PACKAGE.parent / "notebooks"

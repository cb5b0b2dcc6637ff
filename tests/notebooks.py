"""Run the notebooks and store their outputs: `python tests/notebooks.py` for all, or with the names of some."""

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
ALL = sorted(FOLDER.glob("*.ipynb"))
PICTURE = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")


def execute(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run from top to bottom; an exception in a cell is raised here."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which differ from run to run
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> list[list[nbformat.NotebookNode]]:
    """What the code cells show, cell by cell, adjacent pieces of one stream joined.

    Without running numbers, and without the bytes of pictures, which another version of a plotting library may change.
    """
    shown = []
    for cell in notebook.cells:
        pieces: list[nbformat.NotebookNode] = []
        for output in cell.get("outputs", []):
            output = nbformat.from_dict({k: v for k, v in output.items() if k != "execution_count"})
            for kind, content in output.get("data", {}).items():
                if kind.startswith("image/"):
                    output.data[kind] = "(picture)"
                elif isinstance(content, str):
                    output.data[kind] = PICTURE.sub("(picture)", content)
            if pieces and output.output_type == "stream" and pieces[-1].get("name") == output.name:
                pieces[-1].text += output.text
            else:
                pieces.append(output)
        shown.append(pieces)
    return shown


if __name__ == "__main__":
    for path in [FOLDER / name for name in sys.argv[1:]] or ALL:
        nbformat.write(execute(path), path)
        print(path)

"""Run the notebooks and store their outputs: `python tests/tools/notebooks.py` for all, or with the names of some.

A second run leaves the files as they are. Only a notebook that is named has its measurements made anew.

After a notebook's own cells and in the same kernel, what readers answer is tried (`answers.py`): the check of each
exercise must say what is expected of it. Then the code of the hidden solutions runs, and the check of each exercise
after its solution, which it must call right. What they show is not stored, and what needs another library than ours is
left out where that is not installed. As many notebooks run at a time as there are processors.
"""

import asyncio
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import figures
import nbformat
from answers import ANSWERS, ODD
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).parents[2] / "notebooks"
ALL = sorted(FOLDER.glob("*.ipynb"))
PICTURE = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")
HIDDEN = re.compile(r"<details>.*?</details>", re.DOTALL)
FENCE = re.compile(r"^( *)```python\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
IMPORTED = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)
OPTIONAL = {"jax", "micrograd", "torch"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Failure(str):
    """What is said of a cell or a solution that raised: which it is, its code and the traceback."""


def execute_all(paths: Iterable[Path]) -> dict[Path, nbformat.NotebookNode | Failure]:
    """Each notebook with the outputs of a run from top to bottom, or what went wrong in it."""
    paths = list(paths)

    async def run() -> list[nbformat.NotebookNode | Failure]:
        free = asyncio.Semaphore(os.cpu_count() or 1)
        return await asyncio.gather(*[_execute(path, free) for path in paths])

    # the kernels' sockets want this kind of loop, which is not the default on Windows
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return dict(zip(paths, runner.run(run())))


async def _execute(path: Path, free: asyncio.Semaphore) -> nbformat.NotebookNode | Failure:
    notebook = nbformat.read(path, as_version=4)
    own = len(notebook.cells)
    tried = tries(notebook, ANSWERS.get(path.stem, {}))
    solved = [(code, check, "Right" if check else "") for code, check in solutions(notebook) if can_run(code)]
    notebook.cells += [nbformat.v4.new_code_cell(f"{code}\n\n{check}") for code, check, _ in tried + solved]
    at = 0

    def starts(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell_index

    client = NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        on_cell_start=starts,
        coalesce_streams=True,  # pieces of what is printed, divided by chance
        extra_arguments=figures.KERNEL,
    )
    async with free:
        start = time.perf_counter()
        try:
            await client.async_execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            number = at - own - len(tried)
            place = f"cell {at + 1} of {own}" if at < own else f"solution {number + 1} of those that can run"
            place = place if at < own or number >= 0 else f"answer:\n{notebook.cells[at].source}"
            return Failure(f"{path.name}, {place}:\n{COLOUR.sub('', str(error))}")
        print(f"{path.name} {time.perf_counter() - start:.1f} s", file=sys.stderr)
    for (code, _, words), cell in zip(tried + solved, notebook.cells[own:]):
        said = printed(cell)
        if words not in said or (words and (words == "Right") != bool(re.search(r"^Right", said, re.MULTILINE))):
            return Failure(f"{path.name}, the check does not say {words!r} to\n{code}\nbut\n{said}")
    del notebook.cells[own:]
    figures.store(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which differ from run to run
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    return notebook


def tries(notebook: nbformat.NotebookNode, answers: dict[int, dict[str, str]]) -> list[tuple[str, str, str]]:
    """What readers answer, each with the cell that checks it and words that this must say."""
    found = []
    for at, cell in enumerate(notebook.cells):
        exercise = re.match(r"\*\*Exercise (\d+)\.", cell.source)
        if exercise:
            place, check = notebook.cells[at + 1].source, notebook.cells[at + 2].source
            odd = ODD if re.search(r"^answer = \.\.\.", place, re.MULTILINE) else []
            expected = {f"answer = {value}": "Not yet" for value in odd} | answers.get(int(exercise[1]), {})
            found += [(code, check, words) for code, words in expected.items()]
    return found


def solutions(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """The Python code in the hidden parts of a notebook's text, in order, each with the cell that checks it, or ""."""
    found: list[tuple[str, str]] = []
    check = ""
    for cell in notebook.cells:
        if is_check(cell):
            check = cell.source
        elif cell.cell_type == "markdown":
            parts = HIDDEN.findall(cell.source)
            codes = [textwrap.dedent(code) for part in parts for _, code in FENCE.findall(part)]
            found += [(code, check if code is codes[-1] else "") for code in codes]
            check = "" if codes else check
    return found


def is_check(cell: nbformat.NotebookNode) -> bool:
    return "check" in cell.metadata.get("tags", [])


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def can_run(code: str) -> bool:
    """Whether the other libraries that the code imports are installed."""
    return all(find_spec(name) for name in OPTIONAL.intersection(IMPORTED.findall(code)))


def outputs(notebook: nbformat.NotebookNode) -> list[list[nbformat.NotebookNode]]:
    """What the code cells show, cell by cell.

    Without running numbers, without the bytes of pictures, which another version of a plotting library may change, and
    without the times that cells tagged `measured` show.
    """
    shown = []
    for cell in notebook.cells:
        if "measured" in cell.metadata.get("tags", []):
            continue
        pieces = [
            nbformat.from_dict({k: v for k, v in output.items() if k != "execution_count"})
            for output in cell.get("outputs", [])
        ]
        for output in pieces:
            for kind, content in output.get("data", {}).items():
                if kind.startswith("image/"):
                    output.data[kind] = "(picture)"
                elif isinstance(content, str):
                    output.data[kind] = PICTURE.sub("(picture)", content)
        shown.append(pieces)
    return shown


def keep_measured(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Put what is stored into cells tagged `measured`: what they show is times, new ones in each run."""
    for cell, stored in zip(notebook.cells, nbformat.read(path, as_version=4).cells):
        if "measured" in cell.metadata.get("tags", []) and stored.outputs:
            cell.outputs = stored.outputs


if __name__ == "__main__":
    results = execute_all([FOLDER / name for name in sys.argv[1:]] or ALL)
    failures = [result for result in results.values() if isinstance(result, Failure)]
    for path, result in results.items():
        if not isinstance(result, Failure):
            if not sys.argv[1:]:
                keep_measured(result, path)
            nbformat.write(result, path)
            print(path)
    sys.exit("\n\n".join(failures) or None)

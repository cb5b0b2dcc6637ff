"""Every notebook runs from top to bottom, with its solutions, and shows what it has stored."""

import re

import nbformat
import pytest
import readme

import notebooks

each_notebook = pytest.mark.parametrize("path", notebooks.ALL, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def executed(request):
    """What all notebooks give that the chosen tests ask for, run side by side."""
    runs = test_a_notebook_runs_and_its_stored_outputs_are_up_to_date
    chosen = [item for item in request.session.items if getattr(item, "function", None) is runs]
    return notebooks.execute_all(item.callspec.params["path"] for item in chosen)


@each_notebook
def test_a_notebook_runs_and_its_stored_outputs_are_up_to_date(path, executed):
    result = executed[path]
    if isinstance(result, notebooks.Failure):
        pytest.fail(result, pytrace=False)
    assert notebooks.outputs(result) == notebooks.outputs(nbformat.read(path, as_version=4)), (
        f"the stored outputs are out of date: run `python tests/tools/notebooks.py {path.name}`"
    )


@each_notebook
def test_the_stored_outputs_are_of_one_run_without_errors(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    stored = [output for cell in cells for output in cell.outputs]
    assert stored
    assert [o for o in stored if o.output_type == "error" or o.get("name") == "stderr"] == []


@each_notebook
def test_a_notebook_has_its_number_in_the_title_and_ends_with_exercises(path):
    notebook = nbformat.read(path, as_version=4)
    assert re.match(rf"# {int(path.stem[:2])}\. \w", notebook.cells[0].source)
    last = notebook.cells[-1].source
    assert last.startswith("## Exercises\n")
    assert re.search(r"^<details><summary>Solutions?</summary>\n\n.+\n\n</details>$", last, re.DOTALL | re.MULTILINE)
    assert notebooks.solutions(notebook), "no solution has Python code, so nothing of them is tested"


@pytest.mark.parametrize(("text", "folder"), [(readme.TEXT, "notebooks/"), (readme.CHINESE, "")])
def test_a_readme_lists_every_notebook_by_its_title(text, folder):
    titles = [nbformat.read(path, as_version=4).cells[0].source.splitlines()[0] for path in notebooks.ALL]
    rows = [
        f"| {int(path.stem[:2])} | [{title.partition('. ')[2]}]({folder}{path.name}) |"
        for path, title in zip(notebooks.ALL, titles)
    ]
    assert re.findall(r"^\| \d+ \| \[.+?\]\(.+?\.ipynb\) \|", text, re.MULTILINE) == rows


SOLUTION = """## Exercises

<details><summary>Solution</summary>

1. It is a one:

   ```python
   assert x == 1
   ```

</details>"""


def test_a_failure_names_the_cell_or_the_solution(tmp_path):
    for name, code in (("cell", "x = 1 / 0"), ("solution", "x = 2"), ("right", "x = 1")):
        cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_markdown_cell(SOLUTION)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    results = {path.stem: result for path, result in notebooks.execute_all(tmp_path.iterdir()).items()}
    assert re.match(r"cell.ipynb, cell 1 of 2:\n(.|\n)*ZeroDivisionError", results["cell"])
    assert re.match(r"solution.ipynb, solution 1 (.|\n)*assert x == 1", results["solution"])
    assert len(results["right"].cells) == 2

"""Every notebook runs from top to bottom, with its solutions, and shows what it has stored."""

import re

import nbformat
import pytest
import readme

import notebooks
from autograd_lite.cli.translation import load

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


FRAME = r"""(?s)\S.+

\*\*You will be able to:\*\*

(- [^\n]+\n(  [^\n]+\n)*){2,4}
\*\*You need:\*\* .+

\*\*About (20|25) minutes\.\*\*

"""


@each_notebook
def test_a_notebook_begins_with_its_number_and_what_it_is_for(path):
    cells = nbformat.read(path, as_version=4).cells
    assert re.match(rf"# {int(path.stem[:2])}\. \w", cells[0].source)
    at = notebooks.ALL.index(path)
    previous = [f"[previous]({other.name})" for other in notebooks.ALL[:at][-1:]]
    following = [f"[next]({other.name})" for other in notebooks.ALL[at + 1 :][:1]]
    links = " | ".join(previous + following)
    assert re.fullmatch(FRAME + re.escape(links), cells[1].source)
    assert cells[-1].source == links


@each_notebook
def test_an_exercise_has_a_place_for_the_answer_a_check_and_a_solution(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebooks.solutions(notebook), "no solution has Python code, so nothing of them is tested"
    starts = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("**Exercise ")]
    assert starts
    for number, at in enumerate(starts, 1):
        asked, answer, check, solution = notebook.cells[at : at + 4]
        assert asked.source.startswith(f"**Exercise {number}.** ")
        assert answer.cell_type == "code"
        assert "..." in answer.source
        assert set(check.metadata.tags) == {"check", "hide-input"}
        assert notebooks.printed(check).startswith("Not answered yet")
        assert re.fullmatch(r"(?s)<details><summary>Solution</summary>\n\n.+\n\n</details>", solution.source)


@each_notebook
def test_what_is_hidden_is_hidden_everywhere(path):
    """JupyterLab, nbconvert and the web site each have a mark of their own."""
    for cell in nbformat.read(path, as_version=4).cells:
        in_lab = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        exported = cell.metadata.get("transient", {}).get("remove_source", False)
        assert in_lab == exported == ("hide-input" in cell.metadata.get("tags", []))


def test_the_code_of_a_hidden_cell_is_not_in_exported_html():
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    page, _ = nbconvert.HTMLExporter(template_name="lab").from_filename(str(notebooks.ALL[0]))
    assert "Not answered yet." in page  # what a check has printed
    assert "each use contributes what the other factor is" not in page  # what it may print


def test_the_readme_lists_every_notebook_by_its_title():
    rows = [
        f"| {int(path.stem[:2])} | [{title.partition('. ')[2]}](notebooks/{path.name}) |"
        for path, title in zip(notebooks.ALL, titles())
    ]
    assert re.findall(r"^\| \d+ \| \[.+?\]\(.+?\.ipynb\) \|", readme.TEXT, re.MULTILINE) == rows


def test_its_chinese_twin_lists_them_by_the_titles_that_they_have_in_chinese():
    pytest.importorskip("babel", reason="babel is not installed")
    chinese = load(notebooks.ALL[0].parent / "zh.po")
    links = [f"[{chinese[title].removeprefix('# ')}]({path.name})" for path, title in zip(notebooks.ALL, titles())]
    assert re.findall(r"\[[^\]]+\]\(\w+\.ipynb\)", readme.CHINESE) == [re.sub(r"(\d)\. ", r"\1 ", x) for x in links]


def titles():
    return [nbformat.read(path, as_version=4).cells[0].source.splitlines()[0] for path in notebooks.ALL]


SOLUTION = """<details><summary>Solution</summary>

It is a one:

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


def test_a_check_must_call_the_solution_right(tmp_path):
    for name, verdict in (("lenient", "Right."), ("strict", "Not yet.")):
        check = nbformat.v4.new_code_cell(f"print('Not answered yet' if x is ... else {verdict!r})")
        check.metadata.tags = ["check"]
        cells = [
            nbformat.v4.new_code_cell("x = ..."),
            check,
            nbformat.v4.new_markdown_cell(SOLUTION.replace("assert x ==", "x =")),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    results = {path.stem: result for path, result in notebooks.execute_all(tmp_path.iterdir()).items()}
    assert notebooks.printed(results["lenient"].cells[1]) == "Not answered yet\n"
    assert re.match(r"strict.ipynb, the check does not say .Right. to(.|\n)*Not yet", results["strict"])

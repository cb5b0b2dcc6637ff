"""Every notebook runs from top to bottom, and shows what it has stored."""

import nbformat
import pytest

import notebooks


@pytest.mark.parametrize("path", notebooks.ALL, ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_stored_outputs_are_up_to_date(path):
    stored = nbformat.read(path, as_version=4)
    assert notebooks.outputs(notebooks.execute(path)) == notebooks.outputs(stored), (
        f"the stored outputs are out of date: run `python tests/notebooks.py {path.name}`"
    )

"""Python in the browser: examples and notebooks run there with nothing installed, drawings and programs included."""

import ast
import json
from pathlib import Path

import nbformat
import pytest
from browsing import wait_for

from autograd_lite.cli.translation import is_check

ROOT = Path(__file__).parents[2]
BINARY = {"numpy", "matplotlib", "sklearn", "torch", "jax", "micrograd"}  # no package index has these for a browser


def test_an_example_runs_in_the_page_by_a_click(served, browser):
    address, refused = served
    browser.get(f"{address}/reference/autograd_lite.draw.html")
    browser.execute_script("document.querySelector('a.run').click()")
    inside = "document.querySelector('iframe.console').contentDocument"
    shown = wait_for(browser, f"return {inside}?.querySelector('.jp-OutputArea-output img')?.src")
    assert shown.startswith("data:image/svg+xml")
    assert refused == []


RUN_ALL = """
const done = arguments[0];
(async () => {
  const shell = window.jupyterapp.shell;
  while (!shell.currentWidget?.context?.isReady) await new Promise((resolve) => setTimeout(resolve, 100));
  await shell.currentWidget.sessionContext.ready;
  await window.jupyterapp.commands.execute("notebook:run-all-cells");
  const cells = shell.currentWidget.content.model.cells;
  done(Array.from({ length: cells.length }, (_, i) => cells.get(i).toJSON()));
})();
"""


@pytest.mark.parametrize("name", ["01_value.ipynb", "zh/02_chain_rule.ipynb"])
def test_a_notebook_runs_in_the_browser_as_it_is_and_shows_what_it_has_stored(site, served, browser, name):
    address, refused = served
    stored = nbformat.read(site / "lite/files" / name, as_version=4).cells
    original = nbformat.read(ROOT / "notebooks" / Path(name).name, as_version=4).cells
    assert plain_code(stored) == plain_code(original)
    browser.get(f"{address}/lite/notebooks/index.html?path={name}")
    wait_for(browser, "return !!window.jupyterapp?.shell?.currentWidget")
    browser.set_script_timeout(120)
    cells = browser.execute_async_script(RUN_ALL)
    assert ["".join(cell["source"]) for cell in cells] == [cell.source for cell in stored]
    for cell, before in zip(cells, stored):
        assert kinds(cell) == kinds(before), cell
        assert printed(cell) == printed(before)
    assert any("image/svg" in str(cell.get("outputs")) for cell in cells)
    assert refused == []


def plain_code(cells):
    """The code that is the same in every language; what it shows may have words."""
    return [cell.source for cell in cells if cell.cell_type == "code" and not is_check(cell)]


def kinds(cell):
    return [sorted(output.get("data", {})) or output["output_type"] for output in cell.get("outputs", [])]


def printed(cell):
    return ["".join(output["text"]) for output in cell.get("outputs", []) if output["output_type"] == "stream"]


# --- cells in a console -------------------------------------------------------------------------------------------

EXECUTE = """
const [code, done] = arguments;
(async () => {
  const kernel = [...window.jupyterapp.shell.widgets("main")][0].sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, stop_on_error: false });
  const outputs = [];
  future.onIOPub = (message) => outputs.push({ type: message.header.msg_type, ...message.content });
  const reply = await future.done;
  done({ outputs, error: reply.content.status === "ok" ? "" : `${reply.content.ename}: ${reply.content.evalue}` });
})();
"""


@pytest.fixture
def run(served, browser):
    """Runs a cell in the kernel of a new console; returns outputs, fails on errors."""
    browser.get(f"{served[0]}/lite/repl/index.html?kernel=python&code=print(6*7)")
    wait_for(browser, "return !!document.querySelector('.jp-OutputArea-output')?.textContent.includes('42')")
    browser.set_script_timeout(120)

    def run(code):
        answer = browser.execute_async_script(EXECUTE, code)
        assert not answer["error"], (answer["error"], code)
        return answer["outputs"]

    return run


def printed_by(outputs):
    return "".join(output["text"] for output in outputs if output["type"] == "stream")


def test_the_kernel_takes_the_worker_that_started_with_the_page(run, browser):
    assert "native code" in browser.execute_script("return String(window.Worker)")
    unasked = "{'prompt_toolkit', 'micropip', 'jedi', 'ipywidgets', 'numpy'}"
    assert printed_by(run(f"import sys\nprint({unasked} & set(sys.modules))")) == "set()\n"


def test_packages_can_be_installed(run):
    run("%pip install mpmath")
    assert "mpmath" in printed_by(
        run("import importlib.metadata\nprint(importlib.metadata.metadata('mpmath')['Name'])")
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob("notebooks/*.ipynb")), ids=lambda path: path.stem)
def test_what_needs_no_binary_package_runs(path, run):
    lost = set()
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            run(without_binary(cell.source, lost))


def without_binary(source, lost):
    """The cell, if it needs no binary package and no name that only a cell left out would bind; else its imports."""
    body = ast.parse(source).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    binary = [node for node in imports if needs_binary(node)]
    lost |= {a.asname or a.name.partition(".")[0] for node in binary for a in node.names}
    rest = [node for node in body if node not in binary]
    nodes = [node for statement in rest for node in ast.walk(statement)]
    if any(map(needs_binary, nodes)) or lost & {node.id for node in nodes if isinstance(node, ast.Name)}:
        lost |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        lost |= {statement.name for statement in rest if hasattr(statement, "name")}
        rest = [node for node in imports if node not in binary]
    return "\n".join(ast.get_source_segment(source, node) for node in rest)


def needs_binary(node):
    modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
    return any(m.partition(".")[0] in BINARY or m.startswith("autograd_lite.testing") for m in modules)


def test_pages_and_widgets_and_pictures_are_shown(run):
    run("from autograd_lite import *\nfrom autograd_lite import nn, optim")
    run("a, b = Value(2.0, label='a'), Value(-3.0, label='b')\ny = tanh(a * b + 5)\ny.label = 'y'\ny.backward()")
    model = "model = nn.MLP(2, [3, 1], activation='tanh', seed=0)\n"
    play = "playground(model, ([[0, 1], [1, 0]], [1, 0]), nn.mse_loss, optim.Adam(model.parameters(), lr=0.1))"
    for cell, kind, part in (
        ("y", "text/html", "svg"),
        ("draw(y)", "text/html", "image/svg"),
        ("steps(y)", "text/html", "mountSteps"),
        ("explore(tanh)", "text/html", "script"),
        (model + play, "text/html", "script"),
        ("live(y)", "application/vnd.jupyter.widget-view+json", ""),
    ):
        shown = [output["data"] for output in run(cell) if output["type"] in ("execute_result", "display_data")]
        assert any(part in json.dumps(data.get(kind, "")) for data in shown if kind in data), (cell, shown)


def test_programs_run_by_javascript_and_training_shows_its_progress(run):
    said = run(
        "from autograd_lite.compiler import backends\n"
        "from autograd_lite import grad, jit, nn, optim, vmap\n"
        "f = jit(grad(lambda x: x.tanh() * x))\n"
        "print(f(0.5) == grad(lambda x: x.tanh() * x)(0.5), backends.default())\n"
        "print(vmap(jit(lambda x: x * x))([1.0, 2.0, 3.0]))\n"
        "model = nn.MLP(2, [4, 1], activation='tanh', seed=0)\n"
        "data = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]\n"
        "step = optim.Adam(model.parameters(), lr=0.05)\n"
        "history = nn.fit(model, data, nn.mse_loss, step, epochs=300, jit=True, progress=True)\n"
        "print(history['loss'][-1] < 0.01)"
    )
    assert printed_by(said).split("\n")[:2] == ["True javascript", "[1.0, 4.0, 9.0]"], said
    assert "True" in printed_by(said).splitlines()[-1]


USES = ["y", "copy.copy(y)", "copy.deepcopy(y)", "pickle.loads(pickle.dumps(y))", "y.backward()", "draw(y)"]


@pytest.mark.parametrize("use", USES)
def test_a_deep_graph_is_used_and_dies_without_harm_to_the_kernel(run, use):
    """A browser's stack is small, and Python does not see its end."""
    run("import copy, pickle\nfrom autograd_lite import Value, draw\ny = Value(1.0)")
    run(f"for i in range(100_000): y = y + 1.0\nz = {use}")
    run("y = z = None")
    assert printed_by(run("print(6 * 7)")) == "42\n"


def test_after_the_names_of_a_deep_graph_are_cleared_the_kernel_goes_on(run):
    run("from autograd_lite import Value\ny = Value(1.0)\nfor i in range(20_000): y = y * y\ny")
    run("%reset -f")
    assert printed_by(run("from autograd_lite import Value\nprint(Value(2.0) * 3)")).startswith("Value(data=6.0")

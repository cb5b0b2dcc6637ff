"""Pages that move, in JupyterLab with a kernel: curves are dragged, a network learns and gives its weights back."""

import json

import pytest

SETUP = """
from autograd_lite import draw, explore, live, nn, optim, playground, tanh
model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
optimizer = optim.SGD(model.parameters(), lr=0.3)
xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
page = playground(model, xor, nn.mse_loss, optimizer, metrics={"error": nn.mse_loss})
"""
TRAIN = "history = nn.fit(model, xor, nn.mse_loss, optimizer, epochs=20, progress='plot')"
CELLS = [
    SETUP,
    "explore(lambda x, w: tanh(w * x), x=(-3, 3, 1), w=(-2, 2, 1))",
    "page",
    "page.live()",
    "draw(model)",
    "optimizer.steps",
    TRAIN,
]
READY = """const w = jupyterapp.shell.currentWidget;
return w?.context?.isReady && w.sessionContext.session?.kernel?.connectionStatus === 'connected'"""
RUN_AGAIN = """const notebook = jupyterapp.shell.currentWidget.content;
notebook.activeCellIndex = arguments[0];
jupyterapp.commands.execute('notebook:run-cell').then(arguments[1], arguments[1])"""


def errors(browser):
    """What pages complained of; JupyterLab's own requests, and extensions that it cannot load, apart."""
    said = [e for e in browser.get_log("browser") if e["level"] == "SEVERE" and e["source"] != "network"]
    return [e["message"] for e in said if "/lab/extensions/" not in e["message"]]


@pytest.fixture
def cell(browser, jupyterlab):
    """The notebook, opened and run; a function that waits until a cell shows something, and finds it."""
    from selenium.webdriver.support.ui import WebDriverWait

    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    address, folder = jupyterlab
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "moves.ipynb")

    def wait(condition, what):
        return WebDriverWait(browser, 60, poll_frequency=0.1).until(lambda _: condition(), what)

    def find(number, css):
        def found():
            within = f"[data-windowed-list-index='{number}'] .jp-OutputArea {css}"
            return [e for e in browser.find_elements("css selector", within) if e.is_displayed()]

        element = wait(found, f"cell {number} shows {css}")[0]
        browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
        return element

    browser.get(f"{address}/lab/workspaces/moves/tree/moves.ipynb")
    wait(lambda: browser.execute_script("return !!window.jupyterapp"), "JupyterLab starts")
    wait(lambda: browser.execute_script(READY), "the notebook opens")
    everything = "const n = jupyterapp.shell.currentWidget.content; n.notebookConfig = {...n.notebookConfig, "
    browser.execute_script(everything + "windowingMode: 'none'}")
    browser.execute_script("jupyterapp.commands.execute('notebook:run-all-cells')")
    find.wait = wait
    return find


def press(page, name):
    next(b for b in page.find_elements("css selector", "button") if b.text == name).click()


def test_pages_move_in_jupyterlab(browser, cell):
    from selenium.webdriver import ActionChains

    curve = cell(1, ".autograd-explore")
    says = curve.find_element("css selector", ".says")
    assert says.text.startswith("f(1.0) = 0.7616")
    picture = curve.find_element("css selector", "svg")
    ActionChains(browser).move_to_element(picture).click_and_hold().move_by_offset(-60, 0).release().perform()
    assert says.text.startswith("f(-")
    script = "const f = arguments[0]; f.value = -1; f.dispatchEvent(new Event('input'))"
    browser.execute_script(script, curve.find_element("css selector", "[aria-label='drag w']"))
    assert not says.text.startswith("f(-0.0) = -")

    shown = cell(2, ".autograd-play")
    press(shown, "single step")
    assert "after 1 steps" in shown.find_element("css selector", ".measured").text

    tied = cell(3, ".autograd-play")
    for _ in range(3):
        press(tied, "single step")
    press(tied, "keep")
    assert "the weights after 3 steps" in tied.find_element("css selector", ".said").text

    def kept():
        browser.execute_async_script(RUN_AGAIN, 5)
        return cell(5, "pre").text.endswith("3")

    cell.wait(kept, "the optimiser has taken the steps of the page")
    frame = cell(4, "iframe")
    browser.switch_to.frame(frame)
    try:
        assert len(browser.find_elements("css selector", "svg circle")) == 7
    finally:
        browser.switch_to.default_content()
    assert cell(6, "img").get_property("naturalWidth") > 300
    assert errors(browser) == []
    requests = browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
    here = browser.execute_script("return location.origin")
    assert [name for name in requests if not name.startswith((here, "data:", "blob:"))] == []


def test_they_are_legible_in_jupyterlab_s_dark_theme_on_a_narrow_screen(browser, cell):
    curve, network = cell(1, ".autograd-explore"), cell(2, ".autograd-play")
    browser.execute_async_script(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
        ".then(arguments[0], arguments[0])"
    )
    browser.execute_script("jupyterapp.shell.collapseLeft()")  # as anybody does who has so little room
    screen = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        ink = "return getComputedStyle(arguments[0]).color"
        for page in (curve, network):
            cell.wait(
                lambda page=page: min(json.loads(f"[{browser.execute_script(ink, page)[4:-1]}]")) > 180, "light letters"
            )
            assert browser.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", page) <= 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert errors(browser) == []

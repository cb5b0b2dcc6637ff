"""What people see and do in a browser: the saved page, JupyterLab live and reopened, a notebook exported to HTML."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from autograd_lite import Value, steps
from autograd_lite.cli.lab import lab
from autograd_lite.nn import MLP

SETUP = """
from autograd_lite import Value, draw, live, steps
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
c = a * b
c.label = "c"
d = c + 10
d.backward()
"""
CELLS = [SETUP, "draw(d)", "d", "steps(d)", "live(d)", "a.data = 4.0"]


def notebook(path):
    """A notebook with the cells above, not yet executed."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell{i}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for i, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}))
    return path


class Page:
    """A page of steps in the browser, as a user sees it."""

    def __init__(self, browser, within=""):
        self.browser = browser
        self.css = f"{within} .autograd-steps"

    def wait(self, condition, what, seconds=40):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, seconds, poll_frequency=0.1).until(lambda _: condition(), what)

    def find(self, css=""):
        found = self.browser.find_elements("css selector", f"{self.css} {css}")
        return found[0] if found else None

    def appears(self):
        self.wait(self.find, f"{self.css} appears")
        self.browser.execute_script("arguments[0].scrollIntoView()", self.find())
        return self

    def press(self, key):
        self.find().send_keys(key)

    def click(self, label):
        self.find(f"[aria-label='{label}']").click()

    def counter(self):
        return self.find(".counter").text

    def says(self):
        return self.find(".says").text

    def boxes(self):
        """The texts of each box, by its first line."""
        script = """return [...document.querySelectorAll(arguments[0] + ' g.node')].map(
            (g) => [...g.querySelectorAll('text')].map((t) => t.textContent))"""
        return {texts[0]: texts[1:] for texts in self.browser.execute_script(script, self.css)}

    def colour(self, name):
        """The colour of a box: blue, orange, or neither."""
        script = """const box = [...document.querySelectorAll(arguments[0] + ' g.node')]
            .find((g) => g.querySelector('text').textContent === arguments[1]);
            return box.querySelector('path, polygon').getAttribute('fill')"""
        red, _, blue = map(int, re.findall(r"\d+", self.browser.execute_script(script, self.css, name)))
        return "blue" if blue > red else "orange" if red > blue else "neither"

    def type(self, name, number):
        """Type a number into the field that a label names."""
        from selenium.webdriver.common.keys import Keys

        script = """const label = [...document.querySelectorAll(arguments[0] + ' label')]
            .find((e) => e.textContent === arguments[1]); return label.querySelector('input')"""
        field = self.browser.execute_script(script, self.css, name)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(str(number))

    def drag(self, name, number):
        """Move a slider, as a finger would."""
        script = """const f = document.querySelector(arguments[0]); f.value = arguments[1];
            f.dispatchEvent(new Event('input'))"""
        self.browser.execute_script(script, f"{self.css} input[aria-label='drag {name}']", number)

    def active(self):
        script = "return [...document.querySelectorAll(arguments[0] + ' .is-active text')].map((t) => t.textContent)"
        return self.browser.execute_script(script, self.css)

    def steps_on_click_and_key(self):
        from selenium.webdriver.common.keys import Keys

        assert self.counter() == "2 / 2"
        assert "The backward pass is done" in self.says()
        assert self.boxes()["a"] == ["data 2.0", "grad -3.0"]
        assert not self.active()
        self.click("next step")
        assert self.counter() == "1 / 2"
        assert self.boxes()["c"][1] == "grad 1.0"
        assert self.boxes()["a"] == ["data 2.0", "grad 0.0"]
        self.press(Keys.ARROW_RIGHT)
        assert self.counter() == "2 / 2"
        assert "∂L/∂a += ∂L/∂c · ∂c/∂a = 1.0 · b = -3.0" in self.says()
        assert self.boxes()["a"] == ["data 2.0", "grad -3.0"]
        assert "c" in self.active()
        self.press(Keys.ARROW_LEFT)
        assert self.counter() == "1 / 2"
        assert self.boxes()["a"][1] == "grad 0.0"


def images(browser, within):
    """Whether each image inside has loaded, and how wide it is."""
    script = "return [...document.querySelectorAll(arguments[0] + ' img')].map((i) => i.complete ? i.naturalWidth : 0)"
    return browser.execute_script(script, within)


def errors(browser):
    return [
        entry
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE" and "favicon" not in entry["message"]
    ]


# --- the saved page ------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(browser, tmp_path):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    c.label = "c"
    steps(c + 10).save(tmp_path / "backprop.html")
    browser.get_log("browser")
    browser.get((tmp_path / "backprop.html").as_uri())
    return Page(browser).appears()


def test_the_saved_page_steps_on_click_and_arrow_key(browser, saved):
    saved.steps_on_click_and_key()
    assert not errors(browser)


def test_home_end_slider_and_the_forward_pass(browser, saved):
    from selenium.webdriver.common.keys import Keys

    saved.press(Keys.END)
    assert saved.counter() == "2 / 2"
    saved.press(Keys.HOME)
    assert saved.counter() == "0 / 2"
    saved.find("[aria-label='step']").send_keys(Keys.ARROW_RIGHT)
    assert saved.counter() == "1 / 2"
    saved.find("button").click()
    assert saved.boxes()["c"][0] == "data ?"
    saved.click("next step")
    assert saved.boxes()["c"][0] == "data -6.0"
    assert saved.says().startswith("c = a * b")


def test_leaves_can_be_typed_and_dragged_with_no_kernel(browser, saved):
    assert [saved.colour(name) for name in ("a", "b", "c")] == ["orange", "blue", "blue"]
    saved.type("a", 5)
    assert saved.boxes()["L"][0] == "data -5.0"
    assert saved.boxes()["b"][1] == "grad 5.0"
    saved.drag("b", 2)
    assert saved.boxes()["L"][0] == "data 20.0"
    assert saved.boxes()["a"][1] == "grad 2.0"
    assert saved.colour("a") == "blue"
    saved.click("next step")
    saved.click("next step")
    assert "1.0 · b = 2.0" in saved.says()
    assert not errors(browser)


def test_on_a_narrow_screen_nothing_but_the_picture_is_wider(browser, tmp_path):
    y = MLP(2, [2, 1], seed=0)([Value(1.0, label="x"), Value(-2.0, label="z")])
    steps(y).save(tmp_path / "wide.html")
    screen = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get((tmp_path / "wide.html").as_uri())
        page = Page(browser).appears()
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        assert page.find(".picture").size["width"] <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_page_of_ones_own_takes_one_script_tag_and_speaks_its_language(browser, tmp_path):
    a = Value(2.0, label="</script><img src=x onerror=alert(1)>")
    (tmp_path / "own.html").write_text(
        f"<!doctype html><meta charset='utf-8'><body lang='zh-CN'><p>before</p>{steps(a * a).script()}<p>after</p>",
        encoding="utf-8",
    )
    browser.get_log("browser")
    browser.get((tmp_path / "own.html").as_uri())
    page = Page(browser).appears()
    order = (
        "return [...document.body.children].map((e) => e.textContent.slice(0, 5)).filter((t) => /before|after/.test(t))"
    )
    assert browser.execute_script(order.replace("5", "6")) == ["before", "after"]
    assert "反向传播已完成" in page.says()
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    requests = browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert [name for name in requests if "favicon" not in name] == []
    assert not errors(browser)


def test_play_runs_to_the_end(saved):
    saved.click("play")
    saved.wait(lambda: saved.counter() == "2 / 2", "play reaches the end", 20)
    saved.wait(lambda: saved.find("[aria-label='play']"), "play stops", 20)


def test_the_page_is_legible_in_the_dark_and_still_for_those_who_ask(browser, saved):
    def emulate(**features):
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]},
        )

    style = "const s = getComputedStyle(document.querySelector(arguments[0])); return s[arguments[1]]"
    try:
        emulate(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
        background = browser.execute_script(style, "body", "backgroundColor")
        ink = browser.execute_script(style, ".autograd-steps .says", "color")
        assert max(map(int, background[4:-1].split(","))) < 60 < 200 < min(map(int, ink[4:-1].split(",")))
        assert browser.execute_script(style, ".autograd-steps .node", "transitionDuration") == "0s"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# --- notebooks -----------------------------------------------------------------------------------------------------


def test_jupyterlab_draws_steps_and_edits_live_and_all_is_there_when_reopened(browser, jupyterlab):
    address, folder = jupyterlab
    notebook(folder / "live.ipynb")
    browser.get(f"{address}/lab/tree/live.ipynb")
    page = Page(browser, "[data-windowed-list-index='3']")
    page.wait(lambda: browser.execute_script("return !!window.jupyterapp"), "JupyterLab starts", 60)
    ready = """const w = jupyterapp.shell.currentWidget;
        return w?.context?.isReady && w.sessionContext.session?.kernel?.connectionStatus === 'connected'"""
    page.wait(lambda: browser.execute_script(ready), "the notebook opens", 60)
    browser.execute_script("jupyterapp.commands.execute('notebook:run-all-cells')")

    page.appears().steps_on_click_and_key()
    for cell in (1, 2):
        assert all(width > 100 for width in images(browser, f"[data-windowed-list-index='{cell}']")), (
            "a diagram is missing"
        )
        assert images(browser, f"[data-windowed-list-index='{cell}']")

    widget = Page(browser, "[data-windowed-list-index='4']").appears()
    widget.wait(lambda: widget.boxes()["L"][0] == "data -2.0", "the page follows what a later cell sets", 20)
    widget.type("a", 5)
    widget.wait(lambda: widget.boxes()["L"][0] == "data -5.0", "an edited leaf changes the output", 20)
    widget.click("next step")
    widget.click("next step")
    assert widget.boxes()["b"][1] == "grad 5.0"
    widget.drag("a", 3)
    widget.wait(lambda: widget.boxes()["L"][0] == "data 1.0", "a dragged leaf changes the output", 20)

    browser.execute_async_script("jupyterapp.commands.execute('docmanager:save').then(arguments[0], arguments[0])")
    browser.refresh()
    page.appears().steps_on_click_and_key()


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook with the outputs of its cells, executed here and not signed by any JupyterLab."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    import nbformat

    path = notebook(tmp_path_factory.mktemp("executed") / "executed.ipynb")
    content = nbformat.read(path, as_version=4)
    content.cells = content.cells[:4]  # a widget lives in a kernel only
    nbclient.NotebookClient(content, timeout=60).execute()
    nbformat.write(content, path)
    return path


def test_a_notebook_exported_to_html_steps_too(browser, executed, tmp_path):
    pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(executed)]
    subprocess.run(command, check=True, capture_output=True)
    browser.get((tmp_path / "executed.html").as_uri())
    Page(browser).appears().steps_on_click_and_key()
    assert [width > 100 for width in images(browser, "")] == [True, True]


def test_an_untrusted_notebook_shows_the_diagrams(browser, jupyterlab, executed):
    """Scripts do not run there: in place of the page of steps stands its picture."""
    address, folder = jupyterlab
    shutil.copy(executed, folder / "untrusted.ipynb")
    browser.get(f"{address}/lab/workspaces/untrusted/tree/untrusted.ipynb")
    page = Page(browser)
    page.wait(
        lambda: [w > 100 for w in images(browser, ".jp-Notebook")] == [True, True, True], "the diagrams appear", 60
    )
    assert page.find() is None


SHOWN = """
const node = jupyterapp.shell.currentWidget.node;
const raw = [];
for (const text of node.querySelectorAll('.jp-MarkdownOutput')) {
    const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walk.nextNode())
        if (walk.currentNode.data.includes('$') && !walk.currentNode.parentElement.closest('code, pre, mjx-container'))
            raw.push(walk.currentNode.data);
}
return {
    texts: node.querySelectorAll('.jp-MarkdownOutput').length,
    raw,
    wrong: [...node.querySelectorAll('mjx-merror')].map((e) => e.textContent),
    missing: [...node.querySelectorAll('img')].filter((i) => !i.complete || !i.naturalWidth).length,
};
"""


TRUSTED = "return [...jupyterapp.shell.currentWidget.content.model.cells].every((c) => c.type !== 'code' || c.trusted)"


def test_the_course_opens_trusted_and_shows_its_mathematics_and_its_pictures(browser, jupyterlab, monkeypatch):
    address, folder = jupyterlab
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder / ".jupyter"))
    lab(folder / "course", launch=False)
    for path in sorted((folder / "course").glob("*.ipynb")):
        browser.get(f"{address}/lab/workspaces/{path.stem}/tree/course/{path.name}")
        page = Page(browser)
        page.wait(
            lambda: browser.execute_script("return !!window.jupyterapp?.shell.currentWidget?.context?.isReady"),
            f"{path.name} opens",
            60,
        )
        everything = "const n = jupyterapp.shell.currentWidget.content; n.notebookConfig = {...n.notebookConfig, "
        browser.execute_script(everything + "windowingMode: 'none'}")
        texts = path.read_text(encoding="utf-8").count('"cell_type": "markdown"')

        def shown(texts=texts):
            now = browser.execute_script(SHOWN)
            return now["texts"] == texts and not now["raw"] and not now["missing"]

        page.wait(shown, f"{path.name} shows all mathematics and pictures")
        assert browser.execute_script(SHOWN)["wrong"] == []
        assert browser.execute_script(TRUSTED)
        browser.execute_async_script(
            "jupyterapp.serviceManager.sessions.shutdownAll().then(arguments[0], arguments[0])"
        )

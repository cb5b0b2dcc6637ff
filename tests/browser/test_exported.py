"""The course as HTML files: every page in it comes to life, asks nobody for anything, and nothing is complained of."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
ALIVE = "return [...document.querySelectorAll('[data-autograd]')].map((e) => e.getAttribute('role'))"
PLAY = """
for (const button of document.querySelectorAll('.autograd-steps [aria-label="next step"]')) button.click();
for (const picture of document.querySelectorAll('.autograd-explore svg')) {
    const box = picture.getBoundingClientRect(), at = { pointerId: 1, buttons: 1, clientY: box.top + 50 };
    picture.setPointerCapture = () => {};
    picture.dispatchEvent(new PointerEvent('pointerdown', { ...at, clientX: box.left + box.width / 3 }));
    picture.dispatchEvent(new PointerEvent('pointermove', { ...at, clientX: box.left + box.width / 2 }));
}
for (const field of document.querySelectorAll('.autograd .fields input[type="range"]')) {
    field.value = (Number(field.min) + Number(field.max)) / 2;
    field.dispatchEvent(new Event('input'));
}
for (const page of document.querySelectorAll('.autograd-play')) page.querySelectorAll('.controls button')[1].click();
return [...document.querySelectorAll('.autograd-play .measured')].map((e) => e.textContent);
"""
WIDER = """
return [...document.querySelectorAll('.autograd')]
    .filter((e) => e.scrollWidth > Math.max(e.clientWidth, e.parentElement.clientWidth)).map((e) => e.className)
"""


@pytest.fixture(scope="module")
def exporter():
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    addresses = ("require_js_url", "mathjax_url", "mermaid_js_url", "jquery_url")  # what its own template would fetch
    return nbconvert.HTMLExporter(template_name="lab", embed_images=True, **dict.fromkeys(addresses, ""))


@pytest.fixture
def screen(browser):
    """A function that makes the screen so wide, and light or dark."""

    def emulate(width, scheme):
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 400}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    yield emulate
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_as_html(browser, screen, exporter, tmp_path, path):
    body, _ = exporter.from_filename(str(path))
    (tmp_path / "notebook.html").write_text(body, encoding="utf-8")
    for width, scheme in ((1000, "light"), (390, "dark")):
        screen(width, scheme)
        browser.get((tmp_path / "notebook.html").as_uri())
        roles = browser.execute_script(ALIVE)
        assert roles == ["group"] * path.read_text(encoding="utf-8").count("<div data-autograd=")
        assert all("after 1 steps" in said for said in browser.execute_script(PLAY))
        assert browser.execute_script(WIDER) == []
        asked = browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        assert [name for name in asked if not name.startswith("data:")] == []
        said = [e for e in browser.get_log("browser") if e["level"] == "SEVERE"]
        assert [e["message"] for e in said if e["source"] != "intervention"] == []

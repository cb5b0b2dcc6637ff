"""The web site is built by one command, and stands by itself: every page, every example, notebooks that run.

It is served with a content security policy under which a browser refuses, and reports, whatever would be asked of
another site. Skipped where what builds it is missing: the extra `site`, or npm. SITE names a site that is built
already, as the publishing workflow has it.
"""

import functools
import html
import html.parser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
import urllib.parse
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / ".github/site"
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; report-uri /refused"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    for module in ("sphinx", "myst_nb", "furo", "sphinx_copybutton", "jupyterlite_core", "jupyterlite_pyodide_kernel"):
        pytest.importorskip(module, reason="the extra [site] is not installed")
    if shutil.which("npm") is None:
        pytest.skip("no npm to fetch MathJax, Pyodide and Graphviz with")
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run([sys.executable, SOURCES / "build.py", out], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.fixture(scope="session")
def served(site):
    """The address of the site on this machine, and the list of what the browser was not allowed to ask for."""
    refused = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def do_POST(self):
            refused.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", refused
    server.shutdown()
    server.server_close()


def pages(site):
    """Those with something of their own: all of JupyterLite's are one program."""
    return sorted(path for path in site.rglob("*.html") if "lite" not in path.relative_to(site).parts)


def links(page):
    found = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda _, attributes: found.extend(v for k, v in attributes if k in ("href", "src") and v)
    parser.feed(page)
    return found


def errors(browser):
    """What the console complains of, but for the icon that a browser asks a site's root for by itself."""
    said = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    return [text for text in said if "/favicon.ico" not in text and "beforeunload" not in text]


def wait_for(browser, script, seconds=90):
    end = time.monotonic() + seconds
    while not (found := browser.execute_script(script)):
        assert time.monotonic() < end, f"not within {seconds} s: {script}"
        time.sleep(0.1)
    return found


OPEN_ALL = """
const [addresses, done] = arguments;
const open = (address) => new Promise((resolve) => {
  const frame = document.createElement("iframe");
  frame.onload = () => setTimeout(() => { frame.remove(); resolve(); }, 50);
  frame.src = address;
  document.body.append(frame);
});
const several = async () => { while (addresses.length) await open(addresses.pop()); };
Promise.all([several(), several(), several(), several()]).then(done);
"""


def test_every_page_opens_without_an_error_and_asks_no_other_site(site, served, browser):
    address, refused = served
    errors(browser)
    browser.get(f"{address}/live/graph.html")
    browser.set_script_timeout(240)
    browser.execute_async_script(OPEN_ALL, [f"{address}/{path.relative_to(site).as_posix()}" for path in pages(site)])
    assert errors(browser) == []
    assert refused == []


def test_every_link_within_the_site_leads_somewhere(site):
    for path in [path for path in pages(site) if not path.name.endswith(".py.html")]:
        for link in links(path.read_text(encoding="utf-8")):
            target = urllib.parse.unquote(link.partition("#")[0].partition("?")[0])
            if target and not re.match(r"[a-z]+:", target):
                assert (path.parent / target).exists(), f"{path}: {link}"


def test_every_public_name_has_a_page_with_its_signature_its_source_and_an_example_that_runs(site):
    sys.path.insert(0, str(SOURCES))
    import reference

    lines = {path: (ROOT / "autograd_lite" / path).read_text().splitlines() for path in map(str, PYTHON)}
    run = []
    for name in reference.public_names():
        page = (site / f"reference/{name.page}.html").read_text(encoding="utf-8")
        assert f'id="{name.page}"' in page
        file, line = re.search(r"source/([\w/]+\.py)\.html#line-(\d+)", page).groups()
        assert re.search(rf"\b{name.name}\b", lines[file][int(line) - 1]), name
        assert f'id="line-{line}"' in (site / f"source/{file}.html").read_text(encoding="utf-8")
        for link in re.findall(r'class="run" href="([^"]+)"', page):
            cells = urllib.parse.parse_qs(urllib.parse.urlsplit(html.unescape(link)).query)["code"]
            if cells not in run:
                exec("".join(cells), {"__name__": "example"})
                run.append(cells)


PYTHON = [p.relative_to(ROOT / "autograd_lite").as_posix() for p in (ROOT / "autograd_lite").rglob("*.py")]


@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (1200, "dark"), (390, "light"), (390, "dark")])
def test_no_page_is_wider_than_the_window(site, served, browser, width, theme):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    colours = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": colours})
    try:
        for name in ("index", "use", "figures", "embed", "course/01_value", "reference/autograd_lite.Value"):
            browser.get(f"{served[0]}/{name}.html")
            assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), name
            ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 380) == (theme == "dark")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_start_page_has_a_graph_that_follows_its_leaves_and_a_network_that_learns(served, browser):
    for root in ("", "/zh"):
        browser.get(f"{served[0]}{root}/index.html")
        sources = browser.execute_script("return [...document.querySelectorAll('iframe')].map((frame) => frame.src)")
        assert sources == [f"{served[0]}{root}/live/{name}.html" for name in ("graph", "playground")]
        browser.get(sources[0])
        assert "-0.7616" in browser.execute_script("return document.querySelector('svg').textContent")
        browser.execute_script(
            "const leaf = document.querySelector('input[type=number]'); leaf.value = 1.5;"
            "leaf.dispatchEvent(new Event('input')); leaf.dispatchEvent(new Event('change'));"
        )  # tanh(1.5 * -3 + 5)
        assert "0.4621" in browser.execute_script("return document.querySelector('svg').textContent")
        browser.get(sources[1])
        loss = "return parseFloat(document.body.innerText.match(/(?:loss|损失) ([\\d.e-]+)/)[1])"
        before = browser.execute_script(loss)
        browser.execute_script("document.querySelector('button').click()")
        wait_for(browser, f"{loss} < {before / 2}", 30)


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
    assert [cell for cell in stored if cell.cell_type == "code"] == [c for c in original if c.cell_type == "code"]
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


def kinds(cell):
    return [sorted(output.get("data", {})) or output["output_type"] for output in cell.get("outputs", [])]


def printed(cell):
    return ["".join(output["text"]) for output in cell.get("outputs", []) if output["output_type"] == "stream"]


def test_one_script_tag_embeds_a_graph_in_anybodys_page(served, browser, tmp_path):
    page = tmp_path / "mine.html"
    page.write_text(f'<!doctype html><p>My page.</p><script src="{served[0]}/embed.js" data-show="graph"></script>')
    browser.get(page.as_uri())
    browser.switch_to.frame(wait_for(browser, "return document.querySelector('iframe')", 20))
    wait_for(browser, "return document.querySelector('svg') !== null", 20)
    browser.switch_to.default_content()


def test_what_is_fetched_is_fixed_by_version_and_sum_and_by_nobodys_mirror():
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    fetched = {name: package for name, package in lock["packages"].items() if name}
    assert all(package["version"] and package["integrity"].startswith("sha512-") for package in fetched.values())
    assert all(p.get("resolved", "").startswith(("https://registry.npmjs.org/", "")) for p in fetched.values())
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    assert wanted == {name: fetched[f"node_modules/{name}"]["version"] for name in wanted}
    wheels = [line for line in (SOURCES / "wheels.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in wheels)


def test_the_distributions_are_in_order_and_hold_every_file_once(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    pytest.importorskip("twine", reason="twine is not installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", tmp_path], cwd=ROOT, check=True, capture_output=True
    )
    built = sorted(tmp_path.iterdir())
    checked = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *built], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with zipfile.ZipFile(built[0]) as wheel:
        large = [entry for entry in wheel.infolist() if entry.file_size > 200]
        assert len({entry.CRC for entry in large}) == len(large)
        notebooks = [entry.filename for entry in large if entry.filename.endswith(".ipynb")]
    assert sorted(notebooks) == [f"autograd_lite/notebooks/{p.name}" for p in sorted(ROOT.glob("notebooks/*.ipynb"))]
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert {"Documentation", "Source"} <= urls.keys()

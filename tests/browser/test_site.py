"""The web site is built by one command, and stands by itself: every page, every example, notebooks that run.

It is served with a content security policy under which a browser refuses, and reports, whatever would be asked of
another site. Skipped where what builds it is missing: the extra `site`, or npm.
"""

import html
import html.parser
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import urllib.parse
import zipfile
from pathlib import Path

import pytest
from browsing import errors, wait_for

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / ".github/site"


def pages(site):
    """Those with something of their own: all of JupyterLite's are one program."""
    return sorted(path for path in site.rglob("*.html") if "lite" not in path.relative_to(site).parts)


def links(page):
    found = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda _, attributes: found.extend(v for k, v in attributes if k in ("href", "src") and v)
    parser.feed(page)
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


def test_the_start_page_is_whole_in_one_screen(served, browser):
    size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for root in ("", "/zh"):
            browser.get(f"{served[0]}{root}/index.html")
            ends = browser.execute_script(
                "return [...document.querySelectorAll('.start .panel, .start .doors a')]"
                ".map((part) => part.getBoundingClientRect().bottom)"
            )
            assert len(ends) == 6
            assert max(ends) <= 800
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


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


@pytest.mark.parametrize("words", ["反向传播", "链式法则", "梯度", "sigmoid"])
def test_search_finds_chinese(served, browser, words):
    browser.get(f"{served[0]}/zh/search.html?q={words}")
    found = wait_for(browser, "return [...document.querySelectorAll('#search-results li a')].map((a) => a.href)", 30)
    assert all(f"{served[0]}/zh/" in address for address in found)
    browser.get(found[0])
    assert words in browser.execute_script("return document.body.textContent")


def test_every_page_leads_to_the_other_language(site):
    for path in pages(site):
        if "live" not in path.parts:
            here, there = ("zh", "en") if "zh" in path.relative_to(site).parts else ("en", "zh")
            page = path.read_text(encoding="utf-8")
            assert f'<html lang="{here}' in page or "<html class" in page, path
            assert f'hreflang="{there}"' in page, path


@pytest.mark.parametrize("show", ["graph", "playground"])
def test_one_script_tag_embeds_what_can_be_played_with_in_anybodys_page(served, browser, tmp_path, show):
    address, refused = served
    page = tmp_path / "mine.html"
    page.write_text(f'<!doctype html><p>My page.</p><script src="{address}/embed.js" data-show="{show}"></script>')
    browser.get(page.as_uri())
    browser.switch_to.frame(wait_for(browser, "return document.querySelector('iframe')", 20))
    wait_for(browser, "return document.querySelector('svg, canvas') !== null", 20)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    browser.switch_to.default_content()
    assert refused == []


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
    [wheel_file], [source_file] = list(tmp_path.glob("*.whl")), list(tmp_path.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel_file) as wheel:
        large = [entry for entry in wheel.infolist() if entry.file_size > 200]
        assert len({entry.CRC for entry in large}) == len(large)
        notebooks = [entry.filename for entry in large if entry.filename.endswith(".ipynb")]
        names = {Path(name) for name in wheel.namelist()}
    beside = {
        p.relative_to(ROOT) for kind in ("static/*", "py.typed", "*.py") for p in ROOT.glob(f"autograd_lite/**/{kind}")
    }
    assert {".js", ".css", ".typed", ".py"} <= {path.suffix for path in beside}
    assert beside <= names
    with tarfile.open(source_file) as source:
        assert {"README.md", "LICENSE", "pyproject.toml"} <= {name.partition("/")[2] for name in source.getnames()}
    assert sorted(notebooks) == [f"autograd_lite/notebooks/{p.name}" for p in sorted(ROOT.glob("notebooks/*.ipynb"))]
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert {"Documentation", "Source"} <= urls.keys()

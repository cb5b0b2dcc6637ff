"""How fast a playground learns in a browser: run by hand with `python tests/benchmarks/playground_page.py`.

Moons, a network of 2 - 16 - 16 - 1, all 100 points in a step, Adam. The page is the one that `save` writes, in a
headless Chromium. Milliseconds of a step are of 200, one after the other, by the page's own programs; frames are those
that the page itself asks for while it plays, with its controls as they are at the start. Besides the median stands the
fastest tenth: what a machine with nothing else to do would need. The last line says how busy this one was.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from sklearn.datasets import make_moons

from autograd_lite import nn, optim, playground
from autograd_lite.display.pages.html import literal

FLAGS = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"

HOOK = """
window.times = [];
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => ask((now) => {
  const start = performance.now();
  act(now);
  window.times.push([start, performance.now() - start]);
});
"""
PROGRAMS = """
const once = (act) => { const t = performance.now(); act(); return performance.now() - t; };
const timed = (act) => Array.from({ length: 200 }, () => once(act));
const rows = data.inputs[0].flatMap((_, i) => data.inputs.map((x) => x[i]));
const state = data.state.map((row) => Float64Array.from(row));
const plane = [0, 1].map(() => Float64Array.from({ length: data.square ** 2 }, () => Math.random()));
const { gradient, update, field } = programs, held = data.held.map(Number);
const slopes = new Float64Array(state[0].length), move = () => update(state[0], slopes, ...state.slice(1), 0.01, 1);
window.measured = {
  "the first step's gradient": [once(() => gradient(rows, state[0], held))],
  "a step: gradient and update": timed(() => { gradient(rows, state[0], held); move(); }),
  "what all neurons say over the plane": timed(() => field(...plane, state[0])),
};
"""
PAINT = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
PLAYED = """
const frames = window.times.slice(10);
return {
  "from frame to frame": frames.slice(1).map(([t], i) => t - frames[i][0]),
  "in a frame, all that the page does": frames.map(([, spent]) => spent),
};
"""


def moons():
    points, classes = make_moons(100, noise=0.1, random_state=0)
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    targets = [2.0 * c - 1.0 for c in classes.tolist()]
    return playground(model, (points, targets), nn.hinge_loss, optim.Adam(model.parameters(), lr=0.01))


def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM") or shutil.which("chromium")
    for flag in FLAGS.split():
        options.add_argument(flag)
    driver = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def main(seconds=5.0):
    start = time.perf_counter()
    page = moons()
    made = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        page.save(folder / "moons.html")
        size = (folder / "moons.html").stat().st_size
        script = "\n".join([*page._scripts(), f"const data = {literal(page._data)};", PROGRAMS])
        text = f"<!doctype html><meta charset=utf-8><script>{script}</script>"
        (folder / "programs.html").write_text(text, encoding="utf-8")
        browser.get((folder / "programs.html").as_uri())
        rows = dict(browser.execute_script("return window.measured"))
        paints = []
        for _ in range(5):
            browser.get("about:blank")
            browser.get((folder / "moons.html").as_uri())
            time.sleep(0.5)
            paints.append(browser.execute_script(PAINT))
        rows["from the start to the first paint"] = paints
        browser.execute_script(HOOK)
        browser.execute_script("document.querySelector('.autograd-play button').click()")
        time.sleep(seconds)
        rows |= browser.execute_script(PLAYED)
        said = browser.find_element("css selector", ".autograd-play .measured").text
    print(f"{'page':40}{size / 1000:8.0f} KB\n{'':40}{'median':>8}{'fastest tenth':>16}")
    print(f"{'made in Python':40}{1000 * made:8.0f} ms")
    for name, times in rows.items():
        times.sort()
        print(f"{name:40}{times[len(times) // 2]:8.2f}{times[len(times) // 10]:16.2f} ms")
    gaps = rows["from frame to frame"]
    print(f"{'frames a second':40}{1000 * len(gaps) / sum(gaps):8.1f}{1000 / gaps[len(gaps) // 10]:16.1f}")
    print(f"{said} ({seconds:g} s)\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()

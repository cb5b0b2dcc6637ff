"""The page of `playground` in a browser: it learns, computes what `fit` computes, and can be watched on any screen."""

import pytest

from autograd_lite import nn, optim, playground
from autograd_lite.display.pages.html import literal

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
CIRCLES = [[x / 2, y / 2] for x in range(-3, 4) for y in range(-3, 4)]
MODELS = {
    "xor": lambda: (nn.MLP(2, [4, 1], activation="tanh", seed=0), XOR, nn.mse_loss, optim.SGD, {"lr": 0.3}),
    "classes": lambda: (
        nn.MLP(2, [6, 3], activation="relu", seed=1),
        (CIRCLES, [min(2, int(x * x + y * y)) for x, y in CIRCLES]),
        nn.cross_entropy,
        optim.Adam,
        {"lr": 0.02},
    ),
    "a curve": lambda: (
        nn.MLP(1, [8, 8, 1], activation="tanh", seed=2),
        ([[x / 5] for x in range(-10, 11)], [(x / 5) ** 2 for x in range(-10, 11)]),
        nn.mse_loss,
        optim.Adam,
        {"lr": optim.cosine(0.05, 200)},
    ),
}


def opened(browser, path, page):
    page.save(path)
    browser.get(path.as_uri())


def button(browser, name):
    return next(b for b in browser.find_elements("css selector", "button") if b.text == name)


def number(said):
    """The loss that the page says."""
    return float(said.split()[1])


def errors(browser):
    said = browser.get_log("browser")
    return [e for e in said if e["level"] == "SEVERE" and e["source"] != "intervention"]  # of the page before


@pytest.mark.parametrize("name", MODELS)
def test_a_hundred_steps_are_those_of_fit(browser, tmp_path, name):
    model, data, loss, kind, options = MODELS[name]()
    page = playground(model, data, loss, kind(model.parameters(), **options))
    scripts = "\n".join(page._scripts())
    (tmp_path / "page.html").write_text(
        f"<!doctype html><meta charset=utf-8><div id=host></div><script>{scripts}\n"
        f"mountPlayground(host, {literal(page._data)}, programs, (kept) => {{ window.kept = kept; }});</script>",
        encoding="utf-8",
    )
    browser.get((tmp_path / "page.html").as_uri())
    browser.execute_script(
        "const [, step, , keep] = document.querySelectorAll('button');"
        "for (let n = 0; n < 100; n++) step.click(); keep.click();"
    )
    kept = browser.execute_script("return window.kept")
    nn.fit(model, data, loss, kind(model.parameters(), **options), epochs=100, progress=False)
    assert kept["steps"] == 100
    assert kept["state"][0] == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    assert errors(browser) == []


def test_it_plays_pauses_steps_and_starts_again(browser, tmp_path):
    model, data, loss, kind, options = MODELS["xor"]()
    opened(browser, tmp_path / "xor.html", playground(model, data, loss, kind(model.parameters(), **options)))
    said = browser.find_element("css selector", ".measured")
    first = said.text
    assert first.endswith("after 0 steps")
    button(browser, "play").click()
    browser.execute_async_script(
        "const done = arguments[0], said = document.querySelector('.measured');"
        "const wait = () => Number(said.textContent.match(/(\\d+) steps/)[1]) > 5 ? done() : setTimeout(wait, 20);"
        "wait();"
    )
    button(browser, "pause").click()
    after = said.text
    assert number(after) < number(first)
    button(browser, "single step").click()
    assert said.text != after
    button(browser, "reset").click()
    assert said.text == first
    assert errors(browser) == []


def test_a_learning_rate_that_is_too_large_is_said_and_does_not_spoil_the_page(browser, tmp_path):
    model = nn.MLP(1, [1], seed=0)
    page = playground(model, ([[1e3]], [1.0]), nn.mse_loss, optim.SGD(model.parameters(), lr=1e300))
    opened(browser, tmp_path / "page.html", page)
    browser.execute_script("for (let n = 0; n < 9; n++) document.querySelectorAll('button')[1].click();")
    assert "try a smaller learning rate" in browser.find_element("css selector", ".measured").text
    button(browser, "reset").click()
    assert browser.find_element("css selector", ".measured").text.endswith("after 0 steps")


def test_it_fits_a_narrow_screen_and_speaks_chinese(browser, tmp_path):
    model, data, loss, kind, options = MODELS["xor"]()
    page = playground(model, data, loss, kind(model.parameters(), **options), language="zh")
    size = browser.get_window_size()
    browser.set_window_size(390, 800)
    try:
        opened(browser, tmp_path / "xor.html", page)
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert button(browser, "播放")
        assert browser.find_element("css selector", "html").get_attribute("lang") == "zh-CN"
    finally:
        browser.set_window_size(size["width"], size["height"])


def test_the_pointer_chooses_a_neuron(browser, tmp_path):
    model, data, loss, kind, options = MODELS["xor"]()
    opened(browser, tmp_path / "xor.html", playground(model, data, loss, kind(model.parameters(), **options)))
    browser.execute_script(
        "const c = document.querySelector('canvas'), box = c.getBoundingClientRect();"
        "const at = { clientX: box.left + 45, clientY: box.top + box.height / 2 - 30 };"
        "c.dispatchEvent(new PointerEvent('pointerdown', at));"
    )
    assert browser.find_element("css selector", ".said").text.startswith("input")


def test_of_several_classes_it_shows_which_the_network_chooses_until_a_neuron_is_chosen(browser, tmp_path):
    model, data, loss, kind, options = MODELS["classes"]()
    opened(browser, tmp_path / "page.html", playground(model, data, loss, kind(model.parameters(), **options)))
    pixel = (
        "const plane = document.querySelectorAll('canvas')[1];"
        "return [...plane.getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)"
    )
    corner = [-3.0 / 2 - 0.45, 3.0 / 2 + 0.45]
    best = max(range(3), key=[y.data for y in model(corner)].__getitem__)
    colour = [(0, 158, 115), (138, 95, 211), (192, 85, 154)][best]
    assert browser.execute_script(pixel) == [128 + (c >> 1) for c in colour]
    captions = browser.find_elements("css selector", "figcaption")
    assert captions[1].text == "the class that the network chooses, with the data"
    browser.execute_script(
        "const c = document.querySelector('canvas'); c.focus();"
        "c.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))"
    )
    assert captions[1].text == "what the chosen neuron says, with the data"
    assert errors(browser) == []

"""explore in a browser: the point dragged, the tangent's slope, kinks and poles named, several functions, a slider."""

import pytest

from autograd_lite import explore, gelu, relu, sign, tanh


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the page of an exploration, and what is read off it."""

    def open_page(exploration):
        exploration.save(tmp_path / "curve.html")
        browser.get_log("browser")
        browser.get((tmp_path / "curve.html").as_uri())
        return Curve(browser)

    yield open_page
    said = browser.get_log("browser")
    assert [e for e in said if e["level"] == "SEVERE" and e["source"] != "intervention"] == []  # of the page before


class Curve:
    def __init__(self, browser):
        self.browser = browser

    def find(self, css):
        return self.browser.find_element("css selector", f".autograd-explore {css}")

    def says(self):
        return self.find(".says").text.splitlines()

    def notes(self):
        return self.find(".notes").text.splitlines()

    def tangent(self):
        """What the tangent's colour says of its sign."""
        return self.find(".tangent").get_attribute("class").split()[1]

    def click(self, text):
        script = """[...document.querySelectorAll('.autograd-explore button')]
            .find((b) => b.textContent === arguments[0]).click()"""
        self.browser.execute_script(script, text)

    def drag(self, across):
        """Press on the picture, and move the pointer by a share of its width."""
        from selenium.webdriver import ActionChains

        picture = self.find("svg")
        width = round(picture.size["width"] * across)
        ActionChains(self.browser).move_to_element(picture).click_and_hold().move_by_offset(
            width, 0
        ).release().perform()

    def slide(self, name, number):
        script = """const f = document.querySelector(`[aria-label='drag ${arguments[0]}']`);
            f.value = arguments[1]; f.dispatchEvent(new Event('input'))"""
        self.browser.execute_script(script, name, number)

    def panels(self):
        return len(self.browser.find_elements("css selector", ".autograd-explore svg .handle"))


def test_the_point_is_dragged_and_the_tangent_follows(opened):
    curve = opened(explore({"square": lambda x: x**2}, x=(-3, 3)))
    curve.slide("x", 1.5)
    assert curve.says()[:2] == ["square(1.5) = 2.25", "slope square′(1.5) = 3.0"]
    assert curve.tangent() == "positive"
    curve.drag(-0.25)
    value, slope = curve.says()[:2]
    x = float(slope.split("(")[1].split(")")[0])
    assert -2.2 < x < -1.0
    assert float(slope.split("= ")[1]) == pytest.approx(2 * x, rel=1e-3)
    assert float(value.split("= ")[1]) == pytest.approx(x * x, rel=1e-3)
    assert curve.tangent() == "negative"


def test_slope_and_curvature_come_below_on_request(opened):
    curve = opened(explore(tanh))
    assert curve.panels() == 1
    curve.click("slope f′")
    curve.click("curvature f″")
    assert curve.panels() == 3
    assert "tanh″" in curve.says()[1]
    curve.click("slope f′")
    assert curve.panels() == 2


def test_a_slider_for_each_further_argument(opened):
    curve = opened(explore(lambda x, w, b: tanh(w * x + b), x=(-3, 3, 1), w=(-2, 2, 1), b=(-1, 1, 0)))
    assert curve.says()[0] == "f(1.0) = 0.7616"
    curve.slide("w", -1)
    assert curve.says()[:2] == ["f(1.0) = -0.7616", "slope f′(1.0) = -0.42"]
    curve.slide("b", 1)
    assert curve.says()[0] == "f(1.0) = 0.0"


def test_kinks_saturation_poles_and_jumps_are_named_where_they_are(opened):
    curve = opened(explore([relu, gelu]))
    assert curve.notes() == [
        "kink at x = 0.0: slope 0.0 from the left, 1.0 from the right; the engine takes 0.0",
        "flat from x = -3.0 to 0.0: hardly any gradient comes through",
    ]
    curve.slide("x", 0)
    assert "a kink: the engine takes one slope" in curve.says()[2]
    curve.slide("x", -2)
    assert "hardly any gradient" in curve.says()[2]
    curve.click("gelu")
    assert curve.notes() == []
    assert opened(explore(lambda x: 1.0 / (x - 1.0))).notes() == ["pole at x = 1.0: it grows beyond all bounds"]
    assert opened(explore(lambda x: 1.0 / x**2)).notes()[0] == "pole at x = 0.0: it grows beyond all bounds"
    assert opened(explore(lambda x: sign(x - 0.7) + x)).notes() == ["jump at x = 0.7: there is no slope"]
    assert opened(explore(lambda x: (x + 1.0).sqrt())).notes()[0] == "at x = -1.0 its domain ends: no value on one side"
    assert opened(explore(lambda x: x**3 - x)).notes() == []


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen_and_a_dark_one(browser, opened, width, scheme):
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 400}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        curve = opened(explore([tanh, relu], language="zh"))
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        ink = browser.execute_script("return getComputedStyle(document.querySelector('.says')).color")
        assert (min(map(int, ink[4:-1].split(","))) > 200) == (scheme == "dark")
        assert curve.find("svg").size["width"] >= 300
        assert "斜率" in curve.says()[1]
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

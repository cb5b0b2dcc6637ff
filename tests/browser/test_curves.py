"""explore in a browser: the point dragged, the tangent's slope, kinks and poles named, several functions, a slider."""

import pytest

from autograd_lite import atanh, cos, exp, explore, gelu, log, relu, sign, sin, sinh, sqrt, tan, tanh


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
    assert opened(explore(lambda x: sign(x - 0.7) + x)).notes() == [
        "jump at x = 0.7, from -0.3 to 1.7: there is no slope"
    ]
    assert opened(explore(lambda x: x**3 - x)).notes() == []


ENDS = {
    "log": (log, (-3, 3), ["at x = 0.0 its domain ends: it grows beyond all bounds, with no value on the other side"]),
    "sqrt": (sqrt, (-1, 3), ["at x = 0.0 its domain ends with a vertical tangent: no value on the other side"]),
    "root of a size": (
        lambda x: sqrt(abs(x)),
        (-3, 3),
        ["at x = 0.0 the tangent is vertical: the slope grows beyond all bounds"],
    ),
    "power": (lambda x: x**1.5, (-1, 3), ["at x = 0.0 its domain ends: no value on one side"]),
    "both ends": (lambda x: atanh(x), (-2, 2), ["its domain ends: it grows beyond"] * 2),
    "overflow": (exp, (0, 1000), ["overflow at x = 709.8: on one side it is larger than any number"]),
    "on both sides": (sinh, (-1000, 1000), ["overflow at x = -710.5", "overflow at x = 710.5"]),
    "infinite": (lambda x: 1.0 / relu(x), (-3, 3), ["at x = 0.0 it becomes infinite"]),
    "hole": (lambda x: sin(x) / x, (-3, 3), ["at x = 0.0 it has no value, though it comes to 1.0 from both sides"]),
    "no limit": (lambda x: sin(1.0 / x), (-3, 3), ["at x = 0.0 it has no value, and comes to none"]),
    "rounding": (lambda x: (1.0 - cos(x)) / x**2, (-3, 3), ["at x = 0.0 it has no value, though it comes to 0.5"]),
    "poles off the grid": (tan, (-3, 3), ["pole at x = -1.571: it", "pole at x = 1.571: it"]),
    "steep": (lambda x: tanh(50.0 * x), (-3, 3), ["flat from x = -3.0 to -0.125", "flat from x = 0.125 to 3.0"]),
    "steeper": (lambda x: tanh(1e9 * (x - 0.1)) + x, (-3, 3), []),
    "nowhere": (lambda x: log(-1.0 - x * x), (-3, 3), ["from x = -3.0 to 3.0 it has no finite value"]),
    "constant": (lambda x: 0.0 * x + 3e20, (-3, 3), ["constant: no gradient comes through"]),
    "growth is not flat": (exp, (0, 10), []),
    "tiny": (lambda x: 1e-200 * x, (-3, 3), []),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_a_function_does_is_named_as_what_it_is(opened, name):
    f, bounds, expected = ENDS[name]
    curve = opened(explore(f, x=bounds))
    notes = curve.notes()
    assert len(notes) == len(expected)
    assert all(part in note for part, note in zip(expected, notes))
    picture = curve.find("svg").get_attribute("innerHTML")
    assert "NaN" not in picture
    assert "Infinity" not in picture


def test_where_there_is_no_tangent_the_text_says_why(opened):
    curve = opened(explore(sqrt, x=(-1, 3)))
    curve.slide("x", 0)
    assert curve.says()[1:] == ["slope sqrt′(0.0) = inf", "the tangent is vertical here"]
    assert curve.find(".tangent").get_attribute("x1") == curve.find(".tangent").get_attribute("x2")
    curve.slide("x", -0.5)
    assert curve.says()[2] == "no value here: nan"
    curve = opened(explore(exp, x=(0, 1000)))
    curve.slide("x", 800)
    assert curve.says()[::2] == ["exp(800.0) = inf", "no finite value here"]


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_the_tangent_lies_on_a_line_whatever_its_scale(opened, factor):
    curve = opened(explore(lambda x: factor * x))
    (x1, y1), (x2, y2) = [[float(curve.find(".tangent").get_attribute(n + i)) for n in "xy"] for i in "12"]
    path = curve.find(".curve").get_attribute("d")[1:].split("L")
    ends = [tuple(map(float, path[k].split(","))) for k in (0, -1)]
    slope = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0])
    assert (y2 - y1) / (x2 - x1) == pytest.approx(slope, rel=1e-2)
    assert y1 + slope * (ends[0][0] - x1) == pytest.approx(ends[0][1], abs=1)


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

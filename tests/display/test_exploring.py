"""explore: what is recorded of a function, its ranges, what the page holds. Its curves are tried in tests/browser."""

import json
import math
import re
from functools import partial

import pytest

from autograd_lite import Value, explore, leaky_relu, nn, relu, sin, tanh
from autograd_lite.compiler import backends
from autograd_lite.display.exploring.recording import DEFAULT, record
from autograd_lite.display.pages.html import plain


def held(page):
    return json.loads(re.search(r"const data = (.*);\n", page)[1])


def test_value_slope_and_curvature_of_each_function_are_one_program():
    recorded = record([sin, lambda x: x**3], DEFAULT, {})
    assert recorded.names == ["sin", "f"]
    row = backends.load(recorded.program, "python")([0.5])
    assert row == pytest.approx([math.sin(0.5), math.cos(0.5), -math.sin(0.5), 0.125, 0.75, 3.0])


def test_further_arguments_have_sliders_and_defaults_stay_unless_a_range_is_given():
    recorded = record(lambda x, w, b=0.5: tanh(w * x + b), (-2, 2, 1), {"w": (0, 4)})
    assert [(a.name, a.low, a.high, a.start) for a in recorded.arguments] == [("x", -2, 2, 1), ("w", 0, 4, 2)]
    assert backends.load(recorded.program, "python")([1.0, 2.0])[0] == math.tanh(2.5)
    moved = record(leaky_relu, DEFAULT, {"slope": (0, 1)}).arguments
    assert [a.name for a in moved] == ["x", "slope"]


def test_the_axis_is_the_first_argument_by_whatever_name():
    recorded = record(lambda lr: (1 - lr) ** 2, DEFAULT, {"lr": (0, 2)})
    assert [(a.name, a.low, a.high) for a in recorded.arguments] == [("lr", 0, 2)]


def test_functions_share_arguments_by_name():
    recorded = record({"a": lambda x, w: w * x, "b": lambda x, w, c: w + c * x}, DEFAULT, {})
    assert [a.name for a in recorded.arguments] == ["x", "w", "c"]
    assert recorded.names == ["a", "b"]
    assert backends.load(recorded.program, "python")([2.0, 3.0, 5.0])[::3] == [6.0, 13.0]


def test_values_that_it_uses_are_held_as_they_are():
    w = Value(3.0)
    recorded = record(lambda x: w * x, DEFAULT, {})
    assert recorded.held == [3.0]
    w.data = math.inf
    assert held(explore(lambda x: w * x)._repr_html_())["held"] == ["Infinity"]


def test_the_page_holds_everything_and_asks_for_nothing(tmp_path):
    explore({"</script><b>": relu, "tanh": tanh}).save(tmp_path / "curve.html")
    page = (tmp_path / "curve.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script") == 1
    assert held(page)["functions"] == ["</script><b>", "tanh"]
    assert not re.search(r"<script src|@import|import\(|fetch\(|https?://(?!www\.w3\.org)", page)
    assert len(page) < 45_000


def test_where_no_script_runs_the_curve_stands_still():
    shown = explore(lambda x: 1.0 / x)._repr_html_()
    before = shown[: shown.index("<script")]
    assert "<img" in before
    assert "Run this cell" in before


def test_it_prints_its_functions():
    assert repr(explore([relu, tanh])) == "<relu(x), tanh(x): show it in a notebook, or save('curve.html')>"


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ({"x": 3}, TypeError, r"explore\(x\) must be \(low, high\)"),
        ({"x": (1, 1)}, ValueError, r"explore\(x\).*low < high"),
        ({"x": (0, 1, 2)}, ValueError, "with the start between"),
        ({"x": (0, math.inf)}, ValueError, "finite"),
        ({"w": (0, 1)}, TypeError, "range for 'w', but the functions' arguments are x"),
        ({"x": ("0", 1)}, TypeError, r"explore\(x\) must be a real number"),
        ({"x": (-1e308, 1e308)}, ValueError, "finite"),
        ({"x": (0, 5e-324)}, ValueError, "wide enough"),
        ({"x": (1, 1 + 1e-12)}, ValueError, "wide enough"),
        ({"language": "de"}, ValueError, "language"),
    ],
)
def test_what_is_no_range_is_refused(ranges, error, message):
    with pytest.raises(error, match=message):
        explore(tanh, **ranges)


@pytest.mark.parametrize("f", [None, 1.0, [], {}, [tanh, 1.0]])
def test_what_is_no_function_is_refused(f):
    with pytest.raises(TypeError, match=r"explore\(f\)"):
        explore(f)


@pytest.mark.parametrize(
    "f", [max, int, lambda: 1.0, lambda *xs: xs[0], eval("lambda x, w, /: w * x"), partial(pow, y=2)]
)
def test_what_does_not_say_its_arguments_is_refused(f):
    with pytest.raises(TypeError, match=r"explore\(f\) takes functions of numbers whose arguments have names"):
        explore(f)


def test_a_model_is_no_function_of_a_number():
    with pytest.raises(TypeError, match=r"write lambda x: model\(\[x\]\)"):
        explore(nn.MLP(1, [2, 1]))


def test_arguments_may_be_given_by_name_alone_and_have_any_name():
    recorded = record(lambda f, *, w: w * f, DEFAULT, {"w": (0, 2)})
    assert [a.name for a in recorded.arguments] == ["f", "w"]
    assert repr(explore(lambda x, f: x * f, f=(0, 1))) == "<f(x): show it in a notebook, or save('curve.html')>"


def test_names_are_lines_that_can_be_saved(tmp_path):
    explore({"a\nb\ud800": tanh}).save(tmp_path / "curve.html")
    assert held((tmp_path / "curve.html").read_text(encoding="utf-8"))["functions"] == ["a b "]


def test_many_functions_of_one_name_are_told_apart():
    assert len(set(record([tanh] * 120, DEFAULT, {}).names)) == 120


def test_a_narrow_range_starts_inside_of_it():
    assert record(tanh, (100, 100.001), {}).arguments[0].start == 100.0005


def test_a_branch_on_the_argument_is_an_error_that_shows_the_line():
    with pytest.raises(TypeError, match="where"):
        explore(lambda x: x if x > 0 else 0.0)


def test_only_html_is_saved(tmp_path):
    with pytest.raises(ValueError, match=r"\.html"):
        explore(tanh).save(tmp_path / "curve.png")


def test_numbers_that_json_lacks_have_names():
    assert [plain(x) for x in (1.5, math.inf, -math.inf, math.nan)] == [1.5, "Infinity", "-Infinity", "NaN"]

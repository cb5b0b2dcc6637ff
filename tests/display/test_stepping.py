"""Backpropagation step by step: the steps are those of the engine, their formulas those of the table."""

import json
import math
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite
from autograd_lite import Value, live, no_grad, primitive, relu, softmax, steps, tanh
from autograd_lite.compiler.backends.javascript import load
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.display.graph.boxes import compact
from autograd_lite.display.pages import html as pages
from autograd_lite.display.stepping.content import moving, numbers, program
from autograd_lite.display.stepping.walk import Walk
from autograd_lite.nn import MLP


def lecture():
    """The example of many a lecture: L = (a * b + c) * f."""
    a, b, c, f = (Value(x, label=name) for name, x in {"a": 2.0, "b": -3.0, "c": 10.0, "f": -2.0}.items())
    e = a * b
    d = e + c
    loss = d * f
    e.label, d.label, loss.label = "e", "d", "L"
    return loss


# --- the backward pass ---------------------------------------------------------------------------------------------


def test_one_step_for_each_computed_node_in_the_engines_order():
    assert [s.name for s in steps(lecture())] == ["L", "d", "e"]


def test_a_step_has_the_gradient_and_for_each_parent_slope_contribution_and_total():
    step = steps(lecture())[2]
    assert (step.name, step.gradient) == ("e", -2.0)
    to_a, to_b = step.parts
    assert (to_a.name, to_a.formula, to_a.slope, to_a.added, to_a.total) == ("a", "b", -3.0, 6.0, 6.0)
    assert (to_b.name, to_b.formula, to_b.slope, to_b.added, to_b.total) == ("b", "a", 2.0, -4.0, -4.0)


def test_a_shared_parent_receives_twice_and_its_total_runs():
    x = Value(3.0, label="x")
    (step,) = steps(x * x)
    assert [(p.name, p.added, p.total) for p in step.parts] == [("x", 3.0, 3.0), ("x", 3.0, 6.0)]


def test_it_is_a_sequence():
    s = steps(lecture())
    assert len(s) == 3
    assert s[-1].name == "e"
    assert [step.name for step in s[:2]] == ["L", "d"]
    assert [step.name for step in reversed(s)] == ["e", "d", "L"]
    with pytest.raises(IndexError):
        s[3]


def test_it_prints_as_a_table():
    assert repr(steps(lecture())) == (
        "step  node  gradient  parent  local derivative          adds  total\n"
        "1     L     1.0       d       ∂L/∂d = f         = -2.0  -2.0  -2.0\n"
        "                      f       ∂L/∂f = d         = 4.0   4.0   4.0\n"
        "2     d     -2.0      e       ∂d/∂e = 1         = 1.0   -2.0  -2.0\n"
        "                      c       ∂d/∂c = 1         = 1.0   -2.0  -2.0\n"
        "3     e     -2.0      a       ∂e/∂a = b         = -3.0  6.0   6.0\n"
        "                      b       ∂e/∂b = a         = 2.0   -4.0  -4.0"
    )


def test_columns_line_up_with_chinese_names():
    y = Value(2.0, label="学习率") * Value(3.0, label="b")
    first, second = repr(steps(y)).splitlines()[1:]
    assert first.index("∂L/∂学习率") + 3 == second.index("∂L/∂b")  # three characters, two columns each


def test_nodes_without_label_get_names_and_equal_labels_are_told_apart():
    x, other = Value(1.0, label="x"), Value(2.0, label="x")
    y = tanh(x * other) + 1
    assert [s.name for s in steps(y)] == ["L", "v₂", "v₁"]
    assert [p.name for p in steps(y)[2].parts] == ["x", "x (2)"]


def test_the_result_keeps_its_own_label_and_l_is_free_otherwise():
    loss, part = Value(1.0, label="a") * 2, Value(1.0, label="L")
    assert steps(loss)[0].name == "L"
    assert steps(loss * part)[0].name == "v₂"


def test_nothing_is_touched_and_no_graph_is_needed_to_be_fresh():
    loss = lecture()
    loss.backward()
    before = [v.grad for v in (loss, *loss.parents)]
    with no_grad():
        table = repr(steps(loss))
    assert [v.grad for v in (loss, *loss.parents)] == before
    assert table == repr(steps(lecture()))


def test_a_gradient_of_zero_stops_and_says_so():
    x = Value(-1.0, label="x")
    y = relu(tanh(x))
    assert steps(y)[1].parts == ()
    assert "a gradient of 0 stops here" in repr(steps(y))


def test_constants_receive_nothing():
    x = Value(3.0, label="x")
    (step,) = steps(x**2)
    assert [(p.name, p.formula, p.slope) for p in step.parts] == [("x", "2 * x", 6.0)]


values = st.floats(-2.0, 2.0)


@given(st.data())
def test_totals_are_the_gradients_of_backward(data):
    nodes = [Value(x) for x in data.draw(st.lists(values, min_size=1, max_size=3))]
    for _ in range(data.draw(st.integers(1, 12))):
        a, b = data.draw(st.sampled_from(nodes)), data.draw(st.sampled_from(nodes))
        nodes.append(data.draw(st.sampled_from([a * b, a + b, tanh(a), a - b, relu(b)])))
    root = nodes[-1]
    if root.parents:
        total = {root: 1.0} | {part.parent: part.total for step in steps(root) for part in step.parts}
        root.backward()
        assert all(v.grad == total.get(v, 0.0) for v in nodes)


@pytest.mark.parametrize("primitive", [r for r in PRIMITIVES.values() if r.form], ids=lambda r: r.name)
def test_the_formula_of_every_rule_says_what_its_number_is(primitive):
    count = 4 if primitive.name == "dot" else 3 if primitive.arity is None else primitive.arity
    numbers = dict(zip("abcd", [0.25, 0.5, 0.75, 1.5]))
    if primitive.name in ("acosh", "acosh'"):
        numbers["a"] = 1.25
    if primitive.name == "pow'":
        numbers |= {"c": 1.0, "d": 0.0}
    operands = [Value(numbers[name], label=name) for name in "abcd"[:count]]
    y = primitive(*operands)
    names = {n: f for n, f in vars(autograd_lite).items() if callable(f)} | {"pi": math.pi}
    names |= {r.name: r for r in PRIMITIVES.values() if r.arity is None} | numbers | {"L": y.data, "inf": math.inf}
    names["normal_pdf"] = lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    (step,) = steps(y)
    for part in step.parts:
        assert part.formula
        if "'" not in part.formula:
            rounded = part.formula.replace(".", "").lstrip("-").isdigit()  # a number stands there in four digits
            assert eval(part.formula, {}, names) == pytest.approx(part.slope, rel=1e-3 if rounded else 1e-9)


def test_a_users_primitive_has_its_formula_too():
    cubed = primitive("cubed_here", lambda x: x**3, lambda g, x: (g * 3 * x**2,))
    assert steps(cubed(Value(2.0, label="x")))[0].parts[0].formula == "3 * x ** 2"


def test_nodes_recorded_by_hand_have_numbers_only():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    (step,) = steps(Value(6.0, (a, b), (3.0, 2.0)))
    assert [(p.formula, p.slope, p.total) for p in step.parts] == [("", 3.0, 3.0), ("", 2.0, 2.0)]
    y = Value(6.0, (a, b), "mine")

    def push():
        a.grad += 3.0 * y.grad
        b.grad += 2.0 * y.grad

    y._backward = push
    assert [p.added for p in steps(y * 2)[1].parts] == [6.0, 4.0]
    assert (a.grad, y.grad) == (0.0, 0.0)


def test_a_leaf_has_no_steps():
    assert list(steps(Value(1.0))) == []


def test_a_large_graph_has_steps_and_prints_the_first():
    y = x = Value(1.0, label="x")
    for _ in range(20_000):
        y = y * x
    s = steps(y)
    assert s[-1].parts[-1].total == 20_001.0
    assert repr(s).endswith("more steps")


# --- the forward pass ----------------------------------------------------------------------------------------------


def test_the_forward_pass_is_in_the_order_of_computation():
    forward = steps(lecture()).forward
    assert [(s.name, s.formula, s.data) for s in forward] == [
        ("e", "a * b", -6.0),
        ("d", "e + c", 4.0),
        ("L", "d * f", -8.0),
    ]
    assert repr(forward).splitlines()[1] == "1     e     = a * b  = -6.0"


# --- the page ------------------------------------------------------------------------------------------------------


def held(page):
    """The data in a page."""
    return json.loads(re.search(r"const data = (.*);\n", page)[1])


def test_the_page_holds_the_formulas_and_all_numbers():
    data = held(steps(lecture())._repr_html_())
    names = [node["name"] for node in data["nodes"]]
    assert [names[s["node"]] for s in data["backward"]] == ["L", "d", "e"]
    assert [[part["formula"] for part in s["parts"]] for s in data["backward"]] == [["f", "d"], ["1", "1"], ["b", "a"]]
    assert data["numbers"][: len(names)] == [v.data for v in (*steps(lecture()).leaves, *steps(lecture()).interior)]
    assert data["numbers"][len(names) :] == [1, -2, -2, 4, 4, -2, 1, -2, 1, -2, -2, -3, 6, 2, -4]


def network():
    return MLP(2, [3, 1], seed=0)([Value(1.5, label="x"), Value(-2.0, label="z")])


def kinked():
    x, y = Value(0.5, label="x"), Value(-1.0, label="y")
    return (relu(x * y) + tanh(x) / y) ** 2 - softmax([x, y, x * y])[0]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("graph", [lecture, network, kinked])
def test_edited_leaves_give_the_numbers_that_python_gives(graph):
    """The page's program, on other leaves, against the engine's own steps from these."""
    walk = Walk(graph())
    run = load(program(walk))
    rng = random.Random(0)
    for _ in range(50):
        point = [rng.choice((rng.uniform(-3.0, 3.0), 0.0, 1.0, -1.0)) for _ in moving(walk)]
        for v, x in zip(moving(walk), point):
            v.data = x
        walk.root.forward()
        for name, got, expected in numbers_shown(Walk(walk.root), run([point])):
            assert got == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True), name


def numbers_shown(walk, row):
    """The numbers that the page shows, in both rows: a step whose gradient is 0 hands nothing on."""
    both = iter(zip(row, numbers(walk), strict=True))
    for v in (*walk.leaves, *walk.interior):
        yield (walk.names[v], *next(both))
    for step in walk:
        yield (f"gradient of {step.name}", *next(both))
        for p in step.node.parents:
            for what in ("slope", "addition"):
                got, expected = next(both)
                if step.gradient != 0.0:
                    yield f"{what} to {walk.names[p]}", got, expected


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_numbers_are_written_as_in_python():
    """Ties go to the even digit in both: 1.0625, 0.015625, 1062500."""
    rng = random.Random(0)
    xs = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-12, 12) for _ in range(500)]
    xs += [k / 2**n for n in range(12) for k in (1, 3, 17, 1062, -999)] + [1062500.0, 1e21, 5e-324, 9.9999e5, 0.0, -0.0]
    xs += [99999.95, 999999.9, math.inf, -math.inf, math.nan, 1e-5, 0.0001, 1e300]
    listed = json.dumps([str(x) for x in xs]).replace("inf", "Infinity")
    code = f"{pages.asset('common.js')}\nconsole.log(JSON.stringify({listed}.map(Number).map(compact)))"
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == [compact(x) for x in xs], done.stderr


def test_what_nothing_can_compute_again_says_why():
    a = Value(2.0, label="a")
    data = held(steps(Value(6.0, (a,), (3.0,)) * a)._repr_html_())
    assert "recorded by hand" in data["why"]
    lookup = primitive("lookup_on_a_page", lambda x: {1: 2.0}.get(x, x), lambda g, x: (g,))
    try:
        assert "no counterpart in JavaScript" in held(steps(lookup(a))._repr_html_())["why"]
    finally:
        del PRIMITIVES["lookup_on_a_page"]


def test_infinities_and_nan_are_held_too():
    x = Value(0.0, label="x")
    assert {"-Infinity", "Infinity"} <= {n for n in held(steps(x.log())._repr_html_())["numbers"] if isinstance(n, str)}


def test_the_page_is_self_contained(tmp_path):
    path = tmp_path / "backprop.html"
    steps(lecture()).save(path)
    assert path.stat().st_size < 45_000
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    addresses = set(re.findall(r"https?://[^\s\"'<\\]+", page))
    assert {a for a in addresses if "w3.org" not in a} == set()  # names of SVG, not addresses to fetch
    assert not re.search(r"<script src|@import|import\(|fetch\(", page)
    assert re.findall(r"<link[^>]*>", page) == ['<link rel="icon" href="data:,">']


def test_the_same_graph_gives_the_same_output_and_another_graph_another_name():
    def name(graph):
        return re.search(r'data-autograd="(\w+)"', steps(graph)._repr_html_())[1]

    assert steps(lecture())._repr_html_() == steps(lecture())._repr_html_()
    assert name(lecture()) != name(lecture() * 2)


def test_a_script_in_a_label_stays_text():
    y = Value(1.0, label="</script><script>alert(1)</script>") * 2
    shown = steps(y)._repr_html_()
    assert shown.count("<script") == shown.count("</script") == 1
    assert steps(y).script().count("<script") == 1


def test_one_script_tag_is_all_that_another_page_needs():
    tag = steps(lecture()).script()
    assert tag.startswith("<script>")
    assert tag.endswith("</script>")
    assert "document.currentScript" in tag


def test_where_scripts_do_not_run_there_is_a_picture_and_a_sentence():
    shown = steps(lecture())._repr_html_()
    before = shown[: shown.index("<script")]
    assert "<img" in before
    assert "Run this cell" in before
    assert "<button" not in before
    assert "运行这个单元格" in steps(lecture(), language="zh")._repr_html_()


def test_every_text_of_the_pages_is_in_both_languages():
    texts = json.loads(pages.asset("texts.json"))
    rooms = [Path(pages.__file__).parents[1] / room for room in ("pages", "stepping", "exploring", "network")]
    paths = [path for room in rooms for kind in ("*.js", "*.py") for path in room.rglob(kind)]
    scripts = "".join(path.read_text(encoding="utf-8") for path in paths)
    said = set(re.findall(r'(?:say|button|slider|canvas)\("([^"]+)"', scripts))
    assert said - texts.keys() == set()
    for text, others in texts.items():
        assert text in scripts, f"no page says {text!r}"
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", others["zh"])), text


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"steps\(language\).*'en', 'zh'.*'de'"):
        steps(lecture(), language="de")


def test_names_and_numbers_stand_in_the_diagram_where_the_page_looks_for_them():
    data = held(steps(lecture() * 2)._repr_html_())
    for i, node in enumerate(data["nodes"]):
        group = re.search(rf'<g id="n{i}".*?</g>', data["svg"], re.DOTALL)[0]
        lines = re.findall(r"<text[^>]*>([^<]*)</text>", group)
        if node["constant"]:
            assert lines == ["2.0"]
        else:
            assert lines[0] == node["name"]
            assert lines[1].startswith("data")
            assert lines[2].startswith("grad")


def test_modules_stand_in_frames_on_the_page_too():
    y = MLP(1, [2, 1], seed=0)([Value(1.0, label="x")])
    assert "layers.0: Layer" in held(steps(y)._repr_html_())["svg"]


def test_a_graph_too_large_for_a_page_shows_the_table_and_cannot_be_saved(tmp_path):
    y = Value(1.0, label="x")
    for _ in range(300):
        y = y.sin()
    assert steps(y)._repr_html_().startswith("<pre>step")
    with pytest.raises(ValueError, match="200 nodes"):
        steps(y).save(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_without_a_renderer_the_table_is_shown(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *args, **options: None)
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    shown = steps(lecture())._repr_html_()
    assert "∂L/∂d = f" in shown
    assert "pip install graphviz-pure" in shown


def test_an_animation_has_a_frame_for_each_step(tmp_path):
    images = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    path = tmp_path / "backprop.gif"
    steps(lecture() * 2).save(path)
    with images.open(path) as animation:
        assert animation.n_frames == 1 + 4
        shades = []
        for i in range(animation.n_frames):
            animation.seek(i)
            frame = animation.convert("RGB")
            pixels = frame.tobytes()
            shades.append(sum(red > blue + 40 for red, blue in zip(pixels[::3], pixels[2::3])))  # orange: negative
        assert shades == sorted(shades)
        assert shades[-1] > shades[0]


def test_without_pillow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        steps(lecture()).save(tmp_path / "backprop.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [math.nan, math.inf, 1e308])
def test_an_animation_shows_gradients_that_are_not_finite(tmp_path, number):
    pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    x = Value(number, label="x")
    steps(x * x).save(tmp_path / "backprop.gif")
    assert (tmp_path / "backprop.gif").stat().st_size > 0


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing.: make it first"):
        steps(lecture()).save(tmp_path / "missing" / "page.html")
    assert not list(tmp_path.iterdir())


def test_only_html_and_gif_are_saved(tmp_path):
    with pytest.raises(ValueError, match=r"\.html"):
        steps(lecture()).save(tmp_path / "page.svg")


# --- the widget ----------------------------------------------------------------------------------------------------


def test_a_leaf_moved_on_the_page_moves_the_values():
    pytest.importorskip("anywidget")
    loss = lecture()
    leaves = {v.label: v for v in steps(loss).leaves}
    widget = live(loss)
    at = [widget.content["nodes"][i]["name"] for i in widget.content["leaves"]].index("a")
    widget._handle_custom_msg({"leaf": at, "number": 5.0}, [])
    assert loss.data == (5.0 * -3.0 + 10.0) * -2.0
    assert leaves["b"].grad == 5.0 * -2.0
    assert widget.leaves[at] == 5.0


def test_a_value_set_in_the_notebook_moves_the_page():
    pytest.importorskip("anywidget")
    loss = lecture()
    widget = live(loss)
    (a,) = [v for v in steps(loss).leaves if v.label == "a"]
    a.data = math.inf
    widget.refresh()
    assert "Infinity" in widget.leaves


def test_opened_without_a_kernel_the_widget_says_what_to_do():
    pytest.importorskip("anywidget")
    bundle = live(lecture())._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "Run this cell" in data["text/html"]
    assert "<script" not in data["text/html"]
    assert "run this cell" in data["text/plain"]


def test_live_refuses_what_it_cannot_compute_again():
    pytest.importorskip("anywidget")
    a = Value(2.0)
    with pytest.raises(ValueError, match="recorded by hand"):
        live(Value(4.0, (a, a), (2.0, 2.0)) * a)


def test_live_without_anywidget_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match="pip install anywidget"):
        live(lecture())


@pytest.mark.parametrize("make", [steps, live])
@pytest.mark.parametrize("root", [None, 1.0, "x", [Value(1.0)]])
def test_only_a_value_has_steps(make, root):
    with pytest.raises(TypeError, match="root"):
        make(root)

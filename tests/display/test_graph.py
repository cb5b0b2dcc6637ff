"""Diagrams: what they show, how they fold, how they are saved, and what happens without a renderer."""

import base64
import html
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest

from autograd_lite import Value, draw, no_grad, tanh
from autograd_lite.display.graph.runner import RenderError, find_renderer
from autograd_lite.nn import MLP, Module


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = tanh(a * b / 4 + a)
    c.backward()
    return c


def texts(drawing):
    """The lines of text in a drawing's SVG, as a reader sees them."""
    root = ElementTree.fromstring(drawing.svg)
    return [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]


def note(drawing):
    return texts(drawing)[0]


# --- one node, one box ---------------------------------------------------------------------------------------------


def test_a_box_shows_label_data_and_gradient_and_operations_are_nodes():
    x = Value(3.0, label="x")
    y = x * x
    y.backward()
    assert sorted(texts(draw(y))) == sorted(["x", "data 3.0", "grad 6.0", "*", "data 9.0", "grad 1.0"])


def test_a_shared_node_is_drawn_once_with_an_arrow_for_each_use():
    x = Value(3.0, label="x")
    assert draw(x * x).dot.count("n0 -> o1") == 2
    assert texts(draw([x * 2, x * 3])).count("x") == 1


def test_options_leave_gradients_out_merge_operations_and_turn_the_picture():
    y = small()
    assert not [t for t in texts(draw(y, grad=False)) if "grad" in t]
    y.zero_grad()
    uncoloured = draw(y, grad=False).dot
    y.backward()
    assert draw(y, grad=False).dot == uncoloured
    assert "ellipse" not in draw(y, merge=True).dot
    assert "tanh" in texts(draw(y, merge=True))
    assert "rankdir=TB" in draw(y, direction="TB").dot


def test_constants_inputs_and_parameters_look_different():
    model = MLP(1, [1], seed=0)
    dot = draw(model([Value(1.0, label="x")]) * 2).dot
    node = {name: next(line for line in dot.splitlines() if name in line) for name in ("2.0", 'label="x', "w.0")}
    assert "dashed" in node["2.0"]
    assert "dashed" not in node['label="x']
    assert "penwidth=2" in node["w.0"]
    assert "penwidth=2" not in node['label="x']


def test_colour_tells_sign_and_size_of_the_gradient():
    from autograd_lite.display.graph.diagram import colour

    small_up, large_up, large_down = colour(0.1, 1.0), colour(1.0, 1.0), colour(-1.0, 1.0)
    red, blue = slice(1, 3), slice(5, 7)
    assert large_up[blue] > large_up[red]  # blue
    assert large_down[red] > large_down[blue]  # orange
    assert large_up[red] < small_up[red]  # stronger
    assert colour(0.0, 0.0) == colour(0.0, 5.0)
    assert colour(float("nan"), 1.0) == colour(float("inf"), 1.0) != colour(0.0, 1.0)


def test_gradients_that_are_values_are_shown_as_numbers():
    x = Value(3.0, label="x")
    y = x**2
    y.backward(create_graph=True)
    assert "grad 6.0" in texts(draw(y))


@pytest.mark.parametrize(
    ("data", "shown"),
    [(float("nan"), "nan"), (float("-inf"), "-inf"), (1e-17, "1e-17"), (-1.5e300, "-1.5e300"), (1 / 3, "0.3333")],
)
def test_numbers_are_compact_and_the_extreme_ones_readable(data, shown):
    assert f"data {shown}" in texts(draw(Value(data)))


# --- labels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "label",
    ["a|b", "{x}", "<p0> port", "back\\slash", "\\N", "\\n", '"quoted"', "a & b", "&amp;", "&lt;b&gt;", "<b>bold</b>"],
)
def test_labels_are_text_whatever_is_in_them(label):
    x = Value(1.0, label=label)
    assert label in [t.replace("\xa0", " ") for t in texts(draw(x * 2))]
    assert label in [t.replace("\xa0", " ") for t in texts(draw(x * 2, direction="TB", merge=True))]


def test_a_script_in_a_label_stays_text():
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    for limit in (200, 1):
        drawing = draw(Value(1.0, label=attack) * 2, limit=limit)
        shown = drawing._repr_html_() + drawing.svg
        assert "<script" not in shown.lower()
        assert shown.count("<img") == 1


def test_control_characters_and_half_of_an_emoji_do_not_break_the_picture():
    x = Value(1.0, label="a\x00b\ud83dc\nd\u202ee")
    assert "a b c d e" in [t.replace("\xa0", " ") for t in texts(draw(x * 2))]


def width_of_box(drawing, label):
    """Width of the box around a label, in the SVG's units."""
    root = ElementTree.fromstring(drawing.svg)
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class") == "node" and label in [t.text for t in group.iter("{http://www.w3.org/2000/svg}text")]:
            outline = next(e for e in group.iter() if e.tag.endswith(("path", "polygon")))
            xs = [float(x) for x in re.findall(r"(-?[\d.]+),", outline.get("d") or outline.get("points"))]
            return max(xs) - min(xs)
    raise AssertionError(f"{label!r} is not drawn")


@pytest.mark.parametrize("label", ["学习率", "损失函数的梯度", "一个特别长的中文标签用来测试宽度", "ラベル", "학습률"])
def test_wide_labels_fit_their_boxes(label):
    drawing = draw(Value(1.0, label=label) * 2, grad=False)
    em = 11.0
    assert width_of_box(drawing, label) >= len(label) * em + 4
    assert "\u200b" not in drawing.svg


@pytest.mark.parametrize("label", ["αβγδεζηθ", "ΔΩΨΦ", "шаг обучения"])
def test_greek_and_cyrillic_labels_fit_their_boxes(label):
    assert width_of_box(draw(Value(1.0, label=label) * 2, grad=False), label) >= len(label) * 11 * 0.55


def test_a_png_that_lacks_letters_warns_and_graphviz_own_dot_is_preferred(monkeypatch, tmp_path):
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    which = shutil.which
    monkeypatch.setattr("shutil.which", lambda name, path=None: None if name == "dot" else which(name, path=path))
    if "graphviz-pure" in find_renderer():
        with pytest.warns(UserWarning, match=r"save as \.svg"):
            draw(Value(1.0, label="学") * 2).save(tmp_path / "graph.png")
    own = program(tmp_path, "print('from dot')")
    monkeypatch.setattr("shutil.which", lambda name, path=None: own if name == "dot" else which(name, path=path))
    draw(Value(1.0, label="学") * 2).save(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_text().strip() == "from dot"


def test_an_endless_label_is_cut():
    assert max(len(t) for t in texts(draw(Value(1.0, label="x" * 5000) * 2))) <= 60


# --- modules and repetitions ---------------------------------------------------------------------------------------


def batch_loss(model, count=100):
    return sum((model([i / count, 1.0]) - i % 2) ** 2 for i in range(count)) / count


def test_values_made_inside_modules_stand_in_frames():
    drawing = draw(MLP(2, [2, 1], seed=0)([Value(1.0, label="input"), 2.0]))
    assert drawing.dot.count("subgraph cluster") == 1 + 2 + 3  # the model, its layers, their neurons
    assert {"MLP", "layers.0: Layer", "neurons.1: Neuron"} <= set(texts(drawing))
    assert not next(line for line in drawing.dot.splitlines() if "input" in line).startswith("\t\t")


def test_edges_are_at_the_root_so_that_frames_hold_only_their_own():
    dot = draw(MLP(2, [2, 1], seed=0)([1.0, 2.0])).dot
    inside = [line for line in dot.splitlines() if line.startswith("\t\t")]
    assert not [line for line in inside if "->" in line]


@pytest.mark.parametrize("fused", [True, False])
def test_a_loss_over_a_hundred_points_is_a_few_boxes(fused):
    drawing = draw(batch_loss(MLP(2, [8, 8, 1], seed=0, fused=fused)))
    shown = texts(drawing)
    assert "MLP × 100" in shown
    assert "105 parameters" in shown
    assert "200 inputs" in shown
    assert "101 terms" in shown
    assert len(shown) < 60
    assert re.search(r"[\d,]+ nodes in \d+ boxes: depth=1 ", note(drawing))


def test_depth_opens_one_level_at_a_time():
    loss = batch_loss(MLP(2, [3, 1], seed=0))
    assert "layers.1: Layer × 100" in texts(draw(loss, depth=1))
    assert "neurons.2: Neuron × 100" in texts(draw(loss, depth=2))
    assert "dot" in texts(draw(loss, depth=3))
    assert texts(draw(loss, depth=3)) == texts(draw(loss, depth=9))


def test_a_depth_that_does_not_fit_is_closed_again_and_the_picture_says_so():
    drawing = draw(batch_loss(MLP(2, [8, 8, 1], seed=0)), depth=3, limit=50)
    assert "depth=3 needs more than limit=50" in note(drawing)


def test_a_leaf_made_inside_a_module_is_no_parameter_of_it():
    class Shift(Module):
        def __init__(self):
            self.w = Value(2.0)

        def forward(self, x):
            return self.w * x + Value(1.0, label="offset")

    y = Shift()(Value(3.0))
    assert "1 parameter" in texts(draw(y, depth=0))
    lines = draw(y).dot.splitlines()
    assert ["penwidth=2" in line for line in lines if "label=offset" in line or '"offset' in line] == [False]


def test_parameters_used_outside_their_module_hang_on_its_box():
    model = MLP(2, [2, 1], seed=0)
    loss = batch_loss(model, 10) + 0.1 * sum(p * p for p in model.parameters())
    assert "× 9" in texts(draw(loss, depth=0))  # p * p, once for each of nine parameters


def test_samples_without_modules_fold_when_they_differ_only_in_data():
    w, b = Value(0.5, label="w"), Value(0.1, label="b")
    loss = sum((tanh(w * i + b) - 1.0) ** 2 for i in range(100))
    shown = texts(draw(loss))
    assert {"w", "b", "× 100", "101 terms"} <= set(shown)
    assert "100 constants" in shown


def test_different_formulas_do_not_fold_together():
    x = Value(0.5, label="x")
    shown = texts(draw(sum((x * i).sin() if i % 2 else (x * i).cos() for i in range(101)), limit=100))
    assert "× 51" in shown
    assert "× 50" in shown


def test_a_module_fed_with_its_own_output_is_drawn_once_for_each_step_or_once_at_all():
    cell = MLP(1, [1], seed=0)
    h = Value(1.0)
    for _ in range(40):
        h = cell([h])
    assert texts(draw(h, depth=0)).count("MLP") == 40
    assert "MLP × 40" in texts(draw(h, limit=20))


def test_what_does_not_fold_is_cut_near_the_result():
    x = Value(1.0, label="x")
    y = x
    for i in range(2000):
        y = y.sin() if i % 3 else y * x
    drawing = draw(y, limit=30)
    assert "the 30 nearest to the result" in note(drawing)
    assert any(t.startswith("… ") and t.endswith(" more nodes") for t in texts(drawing))


def test_a_very_deep_graph_is_drawn():
    y = Value(1.0)
    for _ in range(50_000):
        y = y * 1.0001
    assert "100,001 nodes" in note(draw(y))


# --- where it shows, and how it is saved ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph"), ("html", b"<!d")]
)
def test_saves_by_suffix(tmp_path, suffix, start):
    path = tmp_path / f"graph.{suffix}"
    draw(small()).save(path)
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("path", ["graph", "graph.gif", "graph.svgz"])
def test_other_suffixes_are_an_error_that_lists_the_right_ones(tmp_path, path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, \.dot or \.html"):
        draw(small()).save(tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_shows_in_a_notebook_as_an_image_which_even_an_untrusted_one_displays():
    shown = draw(small())._repr_html_()
    assert shown.startswith("<img ")
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", shown)[1])
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_a_value_shows_its_own_graph_a_large_one_a_summary_and_a_leaf_its_repr():
    assert small()._repr_html_().startswith("<img ")
    assert Value(1.0)._repr_html_() is None
    x = Value(1.0, label="<x>")
    y = x
    for _ in range(500):
        y = y.sin() * x
    shown = html.unescape(y._repr_html_())
    assert "1,000 operations: 500 sin, 500 *" in shown
    assert "draw(value)" in shown


def test_the_same_graph_gives_the_same_picture():
    assert draw(small())._repr_html_() == draw(small())._repr_html_()


def test_drawing_changes_nothing():
    y = small()
    with no_grad():
        before = repr(y), [repr(p) for p in y.parents]
        draw(y).save  # noqa: B018
        y._repr_html_()
    assert (repr(y), [repr(p) for p in y.parents]) == before


# --- when there is no renderer -------------------------------------------------------------------------------------


def program(tmp_path, body):
    """An executable that stands in for the renderer."""
    script = tmp_path / "renderer.py"
    script.write_text(body)
    if sys.platform == "win32":
        wrapper = tmp_path / "renderer.bat"
        wrapper.write_text(f'@"{sys.executable}" "{script}" %*\n')
    else:
        wrapper = tmp_path / "renderer"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        wrapper.chmod(0o755)
    return str(wrapper)


def test_the_override_names_the_renderer(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", program(tmp_path, "print('<svg>mine</svg>')"))
    assert draw(small()).svg.strip() == "<svg>mine</svg>"


def test_without_a_renderer_a_notebook_shows_text_and_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda *args, **options: None)
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    shown = draw(small())._repr_html_()
    assert "a | data 2.0 | grad" in shown
    assert "pip install graphviz-pure" in shown
    with pytest.raises(RenderError, match="pip install"):
        draw(small()).save(tmp_path / "graph.svg")
    draw(small()).save(tmp_path / "graph.dot")


@pytest.mark.parametrize("body", ["import sys; sys.exit('a <b> failure')", "", "import time; time.sleep(60)"])
def test_a_renderer_that_fails_or_hangs_does_not_block_a_notebook(monkeypatch, tmp_path, body):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", program(tmp_path, body))
    monkeypatch.setattr("autograd_lite.display.graph.runner.TIMEOUT", 1.0)
    start = time.perf_counter()
    shown = draw(small())._repr_html_()
    assert time.perf_counter() - start < 30
    assert "a | data 2.0" in shown
    assert "<b>" not in shown


def test_where_a_layout_fails_a_simpler_one_is_tried(monkeypatch, tmp_path):
    body = "import sys; print('<svg>simple</svg>') if '-Gsplines=line' in sys.argv else sys.exit('lost an edge')"
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", program(tmp_path, body))
    assert "simple" in draw(small()).svg


def test_a_missing_override_is_reported_by_its_name(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/no/such/dot")
    with pytest.raises(RenderError, match=r"/no/such/dot.*: correct or unset AUTOGRAD_LITE_DOT$"):
        _ = draw(small()).svg


def test_pdf_asks_for_graphviz_own_dot(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/bin/" + name if name != "dot" else None)
    with pytest.raises(RenderError, match="PDF needs"):
        find_renderer("pdf")


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roots", [None, "x", 3.0, [], [1.0], {}, [Value(1.0), None]])
def test_only_values_can_be_drawn(roots):
    with pytest.raises(TypeError, match="roots"):
        draw(roots)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"direction": "up"}, ValueError),
        ({"depth": -1}, ValueError),
        ({"depth": "1"}, ValueError),
        ({"limit": 0}, ValueError),
        ({"limit": True}, ValueError),
        ({"colour": "red"}, TypeError),
    ],
)
def test_bad_options_are_named(options, error):
    with pytest.raises(error, match=next(iter(options))):
        draw(small(), **options)


# --- programs that draw by themselves ------------------------------------------------------------------------------


def test_a_program_that_walks_prev_and_op_with_the_graphviz_package_works():
    from graphviz import Digraph

    def trace(root):
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    nodes, edges = trace(small())
    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    for n in nodes:
        dot.node(name=str(id(n)), label=f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}", shape="record")
        if n._op:
            dot.node(name=str(id(n)) + n._op, label=n._op)
            dot.edge(str(id(n)) + n._op, str(id(n)))
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    assert len(nodes) == 7
    assert len(edges) == 7
    assert "tanh" in dot.source
    assert all(isinstance(n, Value) for n in nodes)

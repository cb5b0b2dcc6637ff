"""A network drawn as people draw it: a dot for each neuron, a line for each weight, and what is left out is said."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from autograd_lite import Value, draw, nn
from autograd_lite.display.graph.diagram import NEGATIVE, POSITIVE

SVG = "{http://www.w3.org/2000/svg}"


def parts(drawing, tag):
    return list(ElementTree.fromstring(drawing.svg).iter(SVG + tag))


def stroke(line):
    return line.get("stroke"), float(line.get("stroke-width"))


def test_each_neuron_is_a_dot_and_each_weight_a_line():
    drawing = draw(nn.MLP(2, [4, 1], seed=0))
    assert len(parts(drawing, "circle")) == 2 + 4 + 1
    assert len(parts(drawing, "line")) == 2 * 4 + 4 * 1
    assert [text.text for text in parts(drawing, "text")] == ["2 inputs", "4 relu", "1 linear"]


def test_layers_stand_from_left_to_right():
    circles = parts(draw(nn.MLP(3, [2, 2], seed=0)), "circle")
    xs = [float(circle.get("cx")) for circle in circles]
    assert xs == sorted(xs)
    assert len(set(xs)) == 3


def test_a_line_has_the_colour_of_its_sign_and_the_width_of_its_size():
    neuron = nn.Neuron(3)
    for w, x in zip(neuron.w, (2.0, -1.0, 0.0)):
        w.data = x
    blue, orange, none = map(stroke, parts(draw(neuron), "line"))
    assert blue[0] == "#" + "".join(f"{c:02x}" for c in POSITIVE)
    assert orange[0] == "#" + "".join(f"{c:02x}" for c in NEGATIVE)
    assert blue[1] > orange[1] > none[1]


def test_on_request_the_lines_show_gradients():
    neuron = nn.Neuron(2)
    for w, x, g in zip(neuron.w, (1.0, 1.0), (-3.0, 1.0)):
        w.data, w.grad = x, g
    first, second = map(stroke, parts(draw(neuron, grad=True), "line"))
    assert first[0] != second[0]
    assert first[1] > second[1]


def test_names_and_numbers_come_up_under_the_pointer():
    model = nn.MLP(1, [2, 1], activation="tanh", seed=0)
    model.layers[0].neurons[1].w[0].data = 0.25
    model.layers[0].neurons[1].b.grad = -7.0
    said = [title.text for title in parts(draw(model), "title")]
    assert "layers.0.neurons.1.w.0\nweight 0.25, grad 0.0" in said
    assert any("layers.0.neurons.1" in text and "tanh" in text and "grad -7.0" in text for text in said)


def test_the_middle_of_a_large_layer_is_left_out_and_the_picture_says_so():
    drawing = draw(nn.MLP(2, [40, 1], seed=0))
    shown = len(parts(drawing, "circle")) - 3
    assert shown < 20
    assert f"40 relu, {40 - shown} not shown" in [text.text for text in parts(drawing, "text")]
    assert any("neurons.39" in title.text for title in parts(drawing, "title"))


def test_an_activation_of_its_own_belongs_to_the_layer_before():
    model = nn.Sequential(nn.Layer(2, 4, "linear"), "relu", nn.Layer(4, 1, "linear"))
    assert [text.text for text in parts(draw(model), "text")] == ["2 inputs", "4 relu", "1 linear"]


def test_a_notebook_shows_it_trusted_and_untrusted():
    shown = draw(nn.MLP(2, [3, 1]))._repr_html_()
    assert re.search(r"<iframe [^>]*srcdoc=", shown)
    assert re.search(r'<img class="autograd-lite-network"[^>]*src="data:image/svg\+xml;base64,', shown)
    assert "<svg" not in shown  # a page that is not trusted would show its titles as text


def test_it_saves_as_svg_and_html(tmp_path):
    drawing = draw(nn.Layer(2, 3))
    for suffix in ("svg", "html"):
        drawing.save(tmp_path / f"network.{suffix}")
        assert drawing.svg in (tmp_path / f"network.{suffix}").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"\.svg or \.html, not .*png"):
        drawing.save(tmp_path / "network.png")


def test_weights_that_are_not_finite_are_shown_as_that():
    neuron = nn.Neuron(2)
    neuron.w[0].data, neuron.w[1].data = float("nan"), 1.0
    assert stroke(parts(draw(neuron), "line")[0])[0] == "#ffe94d"


class TwoHeads(nn.Module):
    def __init__(self):
        self.left, self.right = nn.Layer(2, 3), nn.Layer(2, 3)

    def forward(self, x):
        return self.left(x) + self.right(x)


class NoLayer(nn.Module):
    def __init__(self):
        self.w = Value(1.0)

    def forward(self, x):
        return self.w * x


@pytest.mark.parametrize(("model", "said"), [(TwoHeads(), "right takes 2 numbers where 3"), (NoLayer(), "no layer")])
def test_other_models_are_refused_with_what_to_draw_instead(model, said):
    with pytest.raises(TypeError, match=rf"{said}.*draw\(model\(x\)\)"):
        draw(model)


def test_options_of_graphs_are_refused():
    with pytest.raises(ValueError, match="options of graphs"):
        draw(nn.Layer(2, 2), depth=1)


# --- the graph of what a network computes --------------------------------------------------------------------------


def across(drawing):
    """Where each labelled box of a graph's picture stands, from left to right."""
    found = {}
    for group in ElementTree.fromstring(drawing.svg).iter(SVG + "g"):
        texts = group.findall(SVG + "text")
        if group.get("class") == "node":
            found.setdefault(texts[0].text, []).append(float(texts[0].get("x")))
    return found


def test_an_unfolded_graph_runs_from_the_inputs_through_the_layers_to_the_answer():
    y = nn.MLP(2, [4, 3, 1], activation="tanh", seed=1)([Value(1.0, label="x1"), Value(-2.0, label="x2")])
    y.label = "y"
    x = across(draw(y))
    answers, biases = x["y"], sorted(x["b"])
    first, second, last = biases[:4], biases[4:7], biases[7:]
    assert max(x["x1"] + x["x2"]) < min(first)
    assert max(first) < min(second)
    assert max(second) < min(last)
    assert max(last) < min(answers)


def test_a_folded_graph_shows_the_answer():
    y = nn.MLP(2, [4, 1], activation="tanh", seed=1)([1.0, -2.0])
    y.label = "answer"
    y.backward()
    box = draw(y, depth=0).dot
    assert "answer" in box
    assert f"data\\ {y.data:.4g}" in box
    assert "grad\\ 1.0" in box

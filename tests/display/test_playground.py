"""A network that learns on a page: what the page is told, what is refused, and what comes back to the model."""

import json
import re

import pytest

from autograd_lite import nn, optim, playground

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def xor(**options):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    return model, playground(model, XOR, nn.mse_loss, optim.Adam(model.parameters(), lr=0.05), **options)


def test_a_page_holds_all_it_needs_and_asks_nobody(tmp_path):
    _, page = xor()
    page.save(tmp_path / "xor.html")
    text = (tmp_path / "xor.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:)', text) == []
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert page._repr_html_() in text


def test_where_scripts_do_not_run_the_network_is_shown_as_it_stands():
    assert re.search(
        r"<div data-autograd-playground=[^>]*><img [^>]*alt=\"network of 2 - 4 - 1\"", xor()[1]._repr_html_()
    )


def test_labels_and_texts_travel_as_data():
    model = nn.MLP(2, [2, 1], seed=0)
    page = playground(model, (XOR[0], XOR[1]), nn.mse_loss, optim.SGD(model.parameters(), lr=0.1), language="zh")
    shown = page._repr_html_()
    content = json.loads(re.search(r"^const content = (.*);$", shown, re.MULTILINE).group(1))
    assert content["language"] == "zh"
    assert content["texts"]["zh"]["play"] == "播放"
    assert shown.count("</script>") == 1


def test_the_same_page_is_the_same_text():
    assert xor()[1]._repr_html_() == xor()[1]._repr_html_()


def test_the_model_stays_as_it_is_until_weights_are_kept():
    model, page = xor()
    before = model.state_dict()
    optimizer = page._optimizer
    numbers = [float(i) for i in range(len(optimizer.parameters))]
    page._repr_html_()
    assert model.state_dict() == before
    page._keep({"state": [numbers, numbers, numbers], "steps": 7})
    assert list(model.state_dict().values()) == numbers
    assert optimizer.steps == 7
    assert [memory[name] for memory in optimizer.memory for name in optimizer.remembers][:2] == [0.0, 0.0]


class Odd(nn.Module):
    def __init__(self):
        self.layer = nn.Layer(2, 1)

    def forward(self, x):
        return self.layer(x)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"model": None}, TypeError, "playground.model."),
        ({"model": Odd()}, (TypeError, ValueError), "playground"),
        ({"data": [1.0]}, TypeError, "playground.data. must be a pair"),
        ({"data": (XOR[0], [1.0])}, ValueError, "a target for each input, got 4 and 1"),
        ({"data": ([[1.0]], [1.0])}, ValueError, "2 numbers in each input"),
        ({"optimizer": None}, TypeError, "playground.optimizer."),
        ({"optimizer": optim.SGD(nn.Neuron(2).parameters(), lr=0.1)}, ValueError, "the model's parameters"),
        ({"language": "fr"}, ValueError, "playground.language. must be one of 'en', 'zh'"),
    ],
)
def test_bad_input_is_refused(change, error, said):
    model = nn.MLP(2, [4, 1], seed=0)
    arguments = {"model": model, "data": XOR, "loss": nn.mse_loss, "optimizer": optim.SGD(model.parameters(), lr=0.1)}
    arguments |= change
    if isinstance(change.get("model"), Odd):
        arguments["optimizer"] = optim.SGD(change["model"].parameters(), lr=0.1)
    with pytest.raises(error, match=said):
        playground(arguments.pop("model"), arguments.pop("data"), arguments.pop("loss"), **arguments)


def test_it_saves_as_html_alone(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.html"):
        xor()[1].save(tmp_path / "page.svg")


def test_every_language_has_every_text():
    from autograd_lite.display.network.playing import TEXTS

    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    for name, text in TEXTS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", TEXTS["zh"][name])), name

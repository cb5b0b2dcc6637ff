"""A network that learns on a page: what the page is told, what is refused, and what comes back to the model."""

import json
import math
import re
import sys
from fractions import Fraction

import pytest

from autograd_lite import nn, optim, playground
from autograd_lite.compiler import backends
from autograd_lite.display.network import film
from autograd_lite.display.network.recorded import SQUARE, _with_plain_sums

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
    assert page.script() in text


def test_where_scripts_do_not_run_the_network_is_shown_as_it_stands():
    assert re.search(r"<div data-autograd=[^>]*><img [^>]*alt=\"network of 2 - 4 - 1\"", xor()[1]._repr_html_())


def test_names_travel_as_data():
    hostile = "</script><img src=x onerror=alert(1)>"
    _, page = xor(language="zh", metrics={hostile: lambda ys, ts: nn.mse_loss(ys, ts)})
    shown = page._repr_html_()
    data = json.loads(re.search(r"^const data = (.*);$", shown, re.MULTILINE).group(1))
    assert data["language"] == "zh"
    assert data["metrics"] == [hostile]
    assert shown.count("</script>") == 1


def test_metrics_become_part_of_the_training_step():
    model, page = xor(metrics={"accuracy": lambda ys, ts: nn.accuracy(ys, ts, threshold=0.5)})
    run = backends.load(page._programs.gradient, "python")
    rows = [list(row) for row in zip(*XOR[0])]
    loss, share, *slopes = run([rows, [p.data for p in model.parameters()]])
    outputs = [model(x) for x in XOR[0]]
    assert loss == pytest.approx(nn.mse_loss(outputs, XOR[1]).data)
    assert share == nn.accuracy(outputs, XOR[1], threshold=0.5)
    assert len(slopes) == len(model.parameters())


def test_live_and_untrusted_it_says_to_run_the_cell():
    pytest.importorskip("anywidget")
    bundle = xor()[1].live()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "Run this cell" in data["text/html"]
    assert "<script" not in data["text/html"]
    assert "run this cell" in data["text/plain"]


def test_live_without_anywidget_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"live\(\) needs anywidget: pip install anywidget"):
        xor()[1].live()


def test_where_scripts_do_not_run_it_says_what_to_do():
    before = xor()[1]._repr_html_().split("<script")[0]
    assert "Run this cell" in before
    assert "<button" not in before


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


class Empty(nn.Module):
    pass


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
        ({"data": ([[1.0, math.nan]], [1.0])}, ValueError, r"playground.data.\[0\]\[0\]\[1\] must be a finite number"),
        (
            {"data": ([[1.0, 2.0]], [math.inf])},
            ValueError,
            r"playground.data.\[1\]\[0\] must be a finite number",
        ),
        ({"data": ([[1.0, 2.0]], [{"a": 1}])}, TypeError, r"playground.data.\[1\]\[0\] must be a real number"),
        ({"data": ([[1.0, 2.0]], [None])}, TypeError, r"playground.data.\[1\]\[0\] must be a real number"),
        ({"model": Empty()}, TypeError, "playground.model. found no layer in Empty"),
        ({"optimizer": None}, TypeError, "playground.optimizer."),
        ({"optimizer": optim.SGD(nn.Neuron(2).parameters(), lr=0.1)}, ValueError, "the model's parameters"),
        ({"metrics": [nn.accuracy]}, TypeError, r"playground.metrics. must be a dict of functions by name"),
        ({"metrics": {"odd": lambda ys, ts: "x"}}, TypeError, "what 'odd' measures must be a real number"),
        (
            {"metrics": {"worst": lambda ys, ts: max(y.data for y in ys)}},
            TypeError,
            "'worst' cannot be computed on a page, where no Python runs: (.|\n)*Instead:",
        ),
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


class Table:
    """What a table of pandas does: it lists the names of its columns."""

    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        return iter(["a", "b"])

    def to_numpy(self):
        return pytest.importorskip("numpy").array(self.rows)


def test_data_may_be_arrays_tables_and_numbers_of_any_type():
    numpy = pytest.importorskip("numpy")
    inputs, targets = XOR
    plain = xor()[1]._data
    for data in (
        (numpy.array(inputs), numpy.array(targets)),
        ([numpy.array(x) for x in inputs], [numpy.float32(t) for t in targets]),
        (Table(inputs), Table(targets)),
        ([[Fraction(e) for e in x] for x in inputs], [bool(t) for t in targets]),
    ):
        model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
        page = playground(model, data, nn.mse_loss, optim.Adam(model.parameters(), lr=0.05))
        assert page._data == plain
        assert page._repr_html_()


def test_what_neurons_say_is_drawn_from_plain_sums():
    model, page = xor()
    plain = _with_plain_sums(page._programs.field)
    rows = [[0.3] * SQUARE**2, [-0.7] * SQUARE**2]
    numbers = [p.data for p in model.parameters()]
    said = backends.load(plain, "python")([rows, numbers])
    assert said[-1] == pytest.approx(model([0.3, -0.7]).data)
    assert "dot" not in plain.counts()


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.html or \.gif"):
        xor()[1].save(tmp_path / "page.svg")


# --- a training run as an animation ----------------------------------------------------------------------------------

RUNS = {
    "xor": (lambda: nn.MLP(2, [4, 1], activation="tanh", seed=0), XOR, nn.mse_loss),
    "classes": (lambda: nn.MLP(2, [4, 3], seed=0), (XOR[0], [0, 1, 2, 0]), nn.cross_entropy),
    "a curve": (lambda: nn.MLP(1, [4, 1], activation="tanh", seed=0), ([[-1.0], [0.0], [1.0]], [1, 0, 1]), nn.mse_loss),
    "three inputs": (lambda: nn.MLP(3, [20, 1], seed=0), ([[1.0, 0.0, 0.5]] * 3, [1, 0, 1]), nn.mse_loss),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_an_animation_and_leaves_the_model_as_it_is(tmp_path, name):
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    make, data, loss = RUNS[name]
    model = make()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    before = model.state_dict()
    playground(model, data, loss, optimizer).save(tmp_path / "run.gif", steps=6, frames=4)
    with image.open(tmp_path / "run.gif") as film:
        assert film.n_frames == 4
        first = film.convert("RGB").tobytes()
        film.seek(3)
        assert film.convert("RGB").tobytes() != first
        assert film.info["duration"] > 1000
    assert model.state_dict() == before
    assert optimizer.steps == 0
    assert all(x == 0.0 for memory in optimizer.memory for x in memory.values())


def test_an_animation_shows_the_numbers_of_fit():
    pytest.importorskip("matplotlib")
    model, page = xor(metrics={"accuracy": lambda ys, ts: nn.accuracy(ys, ts, threshold=0.5)})
    run = film._run(page._columns, page._programs, page._data, page._optimizer, steps=20, frames=5)
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    metrics = {"accuracy": lambda ys, ts: nn.accuracy(ys, ts, threshold=0.5)}
    history = nn.fit(model, XOR, nn.mse_loss, optimizer, epochs=20, metrics=metrics, progress=False)
    assert run.shots == [0, 5, 10, 15, 20]
    assert run.measured["loss"][:20] == pytest.approx(history["loss"], rel=1e-9)
    assert run.measured["accuracy"][:20] == history["accuracy"]
    assert run.parameters[-1] == pytest.approx([p.data for p in model.parameters()], rel=1e-9)
    answers = film._row(run, 4, 2, 0)
    points = list(zip(*film._points(run)))
    assert answers[:3] == pytest.approx([model(list(point)).data for point in points[:3]], rel=1e-9)


@pytest.mark.parametrize(("module", "name"), [("PIL", "pillow"), ("matplotlib.figure", "matplotlib")])
def test_a_missing_package_is_named(monkeypatch, tmp_path, module, name):
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"needs {name}: pip install {name}"):
        xor()[1].save(tmp_path / "run.gif", steps=2)
    assert not (tmp_path / "run.gif").exists()


@pytest.mark.parametrize(("options", "said"), [({"steps": 0}, r"save\(steps\)"), ({"frames": 1}, r"save\(frames\)")])
def test_an_animation_needs_steps_and_frames(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        xor()[1].save(tmp_path / "run.gif", **options)

"""fit: what it does is what a loop by hand does; and how it ends."""

import math
import random
import sys

import pytest

from autograd_lite import Value, log_softmax, nn, optim

LINE = [[-1.0], [0.0], [1.0], [2.0]], [-1.0, 1.0, 3.0, 5.0]


def fit_line(data=LINE, loss=nn.mse_loss, lr=0.1, **options):
    model = nn.Neuron(1, "linear", seed=0)
    optimizer = options.pop("optimizer", None) or optim.SGD(model.parameters(), lr=lr)
    history = nn.fit(model, data, loss, optimizer, **{"progress": False, **options})
    return model, history


def test_full_batches_are_the_loop_by_hand():
    model, history = fit_line(epochs=3)
    by_hand = nn.Neuron(1, "linear", seed=0)
    losses = []
    for _ in range(3):
        loss = nn.mse_loss(by_hand(LINE[0]), LINE[1])
        losses.append(loss.data)
        by_hand.zero_grad()
        loss.backward()
        for p in by_hand.parameters():
            p.data -= 0.1 * p.grad
    assert history["loss"] == losses
    assert model.state_dict() == by_hand.state_dict()


def test_batches_are_shuffled_by_the_seed():
    runs = [fit_line(epochs=3, batch_size=3, seed=seed)[1]["loss"] for seed in (1, 1, 2, random.Random(2))]
    assert runs[0] == runs[1] != runs[2] == runs[3]


def test_every_sample_is_used_once_an_epoch_the_last_batch_being_shorter():
    seen = []
    fit_line(epochs=2, batch_size=3, seed=0, metrics={"n": lambda ys, ts: seen.append(list(ts)) or 0.0})
    assert [len(ts) for ts in seen] == [3, 1, 3, 1]
    assert sorted(seen[0] + seen[1]) == sorted(seen[2] + seen[3]) == LINE[1]


def test_numpy_data():
    numpy = pytest.importorskip("numpy")
    arrays = numpy.array(LINE[0]), numpy.array(LINE[1])
    assert fit_line(arrays, epochs=2)[1]["loss"] == fit_line(epochs=2)[1]["loss"]


def test_validation_and_metrics_are_measured_after_each_epoch():
    def largest_error(ys, ts):
        return max(abs(y - t) for y, t in zip(ys, ts)).data

    held_out = [[3.0]], [7.0]
    model, history = fit_line(epochs=5, validation=held_out, metrics={"worst": largest_error})
    assert list(history.epochs[0]) == ["loss", "worst", "val_loss", "val_worst"]
    assert history["val_worst"][-1] == abs(model([3.0]).data - 7.0)
    assert history["val_loss"][-1] == pytest.approx(history["val_worst"][-1] ** 2)
    assert len(history) == len(history["loss"]) == 5
    assert history.ended == "all of them done"


def test_training_stops_when_asked():
    _, history = fit_line(epochs=100, stop=lambda history: history["loss"][-1] < 0.5)
    assert history["loss"][-1] < 0.5 <= history["loss"][-2]
    assert history.ended == f"stopped after epoch {len(history)}"


def test_patience_waits_for_an_improvement():
    history = nn.History()
    stop = nn.patience(2, "val_loss")
    answers = []
    for loss in (3.0, 2.0, 2.5, 1.0, 1.0, 1.5):
        history.epochs.append({"val_loss": loss})
        answers.append(stop(history))
    assert answers == [False, False, False, False, False, True]


@pytest.mark.parametrize("losses", [[3.0, math.nan, math.nan], [math.nan] * 3, [math.nan, 3.0, math.nan, 3.0]])
def test_nan_is_no_improvement(losses):
    history, stop = nn.History(), nn.patience(2)
    answers = []
    for loss in losses:
        history.epochs.append({"loss": loss})
        answers.append(stop(history))
    assert answers == [False] * (len(losses) - 1) + [True]


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_a_run_in_two_parts_is_the_run_in_one(kind):
    def run(*parts):
        model, generator = nn.Neuron(1, "linear", seed=0), random.Random(7)
        optimizer, losses = kind(model.parameters(), lr=0.1), []
        for epochs in parts:
            options = {"epochs": epochs, "batch_size": 3, "seed": generator, "progress": False}
            losses += nn.fit(model, LINE, nn.mse_loss, optimizer, **options)["loss"]
        return losses, model.state_dict(), optimizer.state_dict()

    assert run(6) == run(2, 4)


def test_the_callback_sees_the_history_and_the_model_after_each_epoch():
    seen = []
    _, history = fit_line(epochs=3, callback=lambda history: seen.append((len(history), history["loss"][-1])))
    assert seen == list(enumerate(history["loss"], 1))


def test_ctrl_c_returns_the_history_so_far():
    def press_ctrl_c(history):
        if len(history) == 3:
            raise KeyboardInterrupt
        return False

    _, history = fit_line(epochs=100, stop=press_ctrl_c)
    assert len(history) == 3
    assert history.ended == "interrupted after 3 epochs"


def test_a_loss_that_is_not_finite_stops_before_the_model_is_changed():
    data = [[1.0], [2.0], [3.0]], [1.0, math.inf, 3.0]
    model = nn.Neuron(1, "linear", seed=0)
    before = model.state_dict()
    with pytest.raises(FloatingPointError, match="the loss mse_loss is inf at epoch 1, step 1"):
        nn.fit(model, data, nn.mse_loss, optim.SGD(model.parameters()), progress=False)
    assert model.state_dict() == before


def test_a_line_is_reported_every_so_many_epochs(capsys):
    fit_line(epochs=6, report=2)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 2", "epoch 4", "epoch 6"]


def test_the_bar_shows_the_loss(capsys):
    _, history = fit_line(epochs=3, progress=True)
    assert f"loss {history['loss'][-1]:.4g}" in capsys.readouterr().err


TARGETS = {
    nn.mse_loss: [0.0, 1.0, 1.0, 0.0],
    nn.huber_loss: [0.0, 1.0, 1.0, 0.0],
    nn.hinge_loss: [-1, 1, 1, -1],
    nn.binary_cross_entropy_with_logits: [0, 1, 0.75, 0],
}
CLASSES = {
    "indices": [0, 2, 1, 0],
    "probabilities": [[1.0, 0.0, 0.0], [0.0, 0.25, 0.75], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]],
}


def same_history(sizes, loss, targets, batch_size, then=lambda y: y, metrics=None):
    pytest.importorskip("numba")
    xs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

    def fit(compiled):
        model = nn.MLP(2, sizes, seed=0)
        history = nn.fit(
            lambda x: then(model(x)),
            (xs, targets),
            loss,
            optim.Adam(model.parameters(), lr=0.05),
            epochs=5,
            batch_size=batch_size,
            validation=(xs, targets),
            metrics=metrics,
            seed=1,
            progress=False,
            jit=compiled,
        )
        return list(history.epochs[0]), [x for epoch in history.epochs for x in epoch.values()], model.state_dict()

    compiled, eager = fit(True), fit(False)
    assert compiled[0] == eager[0]
    assert compiled[1] == pytest.approx(eager[1], rel=1e-12)
    assert compiled[2] == pytest.approx(eager[2], rel=1e-12)


@pytest.mark.parametrize("batch_size", [None, 3])  # the last batch is of one
@pytest.mark.parametrize(("loss", "targets"), TARGETS.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_compiled_it_leaves_the_same_history(loss, targets, batch_size):
    same_history([3, 1], loss, targets, batch_size)


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("targets", CLASSES.values(), ids=CLASSES)
def test_compiled_with_classes_and_metrics(targets, batch_size):
    metrics = {"accuracy": nn.accuracy, "worst": lambda ys, ts: max(y for sample in ys for y in sample).data}
    same_history([3, 3], nn.cross_entropy, targets, batch_size, metrics=metrics)


def test_compiled_with_probabilities():
    same_history([3, 1], nn.binary_cross_entropy, [0, 1, 0.75, 0], 3, Value.sigmoid)


def test_compiled_with_log_probabilities():
    same_history([3, 3], nn.nll_loss, CLASSES["indices"], 3, log_softmax)


def test_compiled_a_loss_that_branches_on_targets_is_explained():
    pytest.importorskip("numba")
    for loss in (lambda ys, ts: ys[0] if ts[0] == 1.0 else -ys[0], lambda ys, ts: ys[int(ts[0])]):
        with pytest.raises(TypeError, match=r"test_training\.py, line \d+: (.|\n)*Instead:"):
            fit_line(loss=loss, batch_size=2, jit=True)
        assert fit_line(loss=lambda ys, ts: ys[0] if ts[0] == 1.0 else -ys[0], jit=True)


def test_history_draws_itself():
    pytest.importorskip("matplotlib")
    _, history = fit_line(epochs=3, validation=LINE, metrics={"n": lambda ys, ts: len(ys)})
    assert history._repr_png_().startswith(b"\x89PNG")
    assert nn.History()._repr_png_().startswith(b"\x89PNG")
    from matplotlib.figure import Figure

    axes = history.plot(Figure().subplots())
    assert [line.get_label() for line in axes.lines] == ["loss", "val_loss"]
    assert list(axes.lines[0].get_ydata()) == history["loss"]
    for run in (history, nn.History()):
        with pytest.raises(TypeError, match=r"history.plot\(ax\) must be axes of Matplotlib"):
            run.plot(3)


GROWING = """
from autograd_lite import nn, optim
line = nn.Neuron(1, "linear", seed=0)
data = [[-1.0], [0.0], [1.0]], [-1.0, 1.0, 3.0]
history = nn.fit(line, data, nn.mse_loss, optim.SGD(line.parameters(), lr=0.1), epochs=9, report=9, progress="plot")
"""


def test_in_a_notebook_the_curves_grow_in_one_output_that_ends_as_the_history_s_picture():
    pytest.importorskip("matplotlib")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cells = [nbformat.v4.new_code_cell(source) for source in (GROWING, "history")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    seen = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, index):
            seen.append(message["msg_type"])
            return super().process_message(message, cell, index)

    Client(notebook, timeout=60).execute()
    curves, printed = sorted(notebook.cells[0].outputs, key=lambda output: output.output_type)
    assert printed.text.startswith("epoch 9: loss")
    assert curves.data["image/png"] == notebook.cells[1].outputs[0].data["image/png"]
    assert seen.index("display_data") < seen.index("update_display_data")


def test_the_curves_are_drawn_as_the_notebook_draws_its_figures():
    pytest.importorskip("matplotlib")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    chosen = "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(chosen + GROWING)])
    nbclient.NotebookClient(notebook, timeout=60).execute()
    (curves,) = (output.data for output in notebook.cells[0].outputs if output.output_type == "display_data")
    assert "image/png" not in curves
    assert "</svg>" in curves["image/svg+xml"]


def test_where_no_picture_can_be_shown_it_says_so_before_anything_is_trained(monkeypatch):
    pytest.importorskip("matplotlib")
    model = nn.Neuron(1, "linear", seed=0)
    before = model.state_dict()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(RuntimeError, match=r"here no picture can be shown: take progress=True"):
        nn.fit(model, LINE, nn.mse_loss, optimizer, progress="plot")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib"):
        nn.fit(model, LINE, nn.mse_loss, optimizer, progress="plot")
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib"):
        nn.History().plot()
    assert model.state_dict() == before


def test_history_names_what_it_has():
    with pytest.raises(KeyError, match="history has no 'acuracy', only loss"):
        fit_line()[1]["acuracy"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"data": ([[1.0]], [1.0, 2.0])}, ValueError, r"fit\(data\) needs a target for each input, got 1 and 2"),
        ({"data": ([], [])}, ValueError, r"fit\(data\) needs a target for each input, got 0 and 0"),
        ({"data": [1.0, 2.0, 3.0]}, TypeError, r"fit\(data\) must be a pair \(inputs, targets\)"),
        ({"data": None}, TypeError, r"fit\(data\) must be a pair \(inputs, targets\)"),
        ({"epochs": 0}, ValueError, r"fit\(epochs\) must be a whole number of at least 1, not 0"),
        ({"batch_size": 0}, ValueError, r"fit\(batch_size\) must be a whole number of at least 1, not 0"),
        ({"loss": lambda ys, ts: 1.0}, TypeError, r"fit\(loss\) must return one Value, not 1.0"),
        ({"loss": "mse"}, TypeError, r"fit\(loss\) must be a function of outputs and targets, not 'mse'"),
        ({"metrics": [nn.accuracy]}, TypeError, r"fit\(metrics\) must be a dict of functions by name"),
        (
            {"optimizer": 0.1},
            TypeError,
            r"fit\(optimizer\) must be one of optim, as SGD\(model.parameters\(\)\), not 0.1",
        ),
        ({"optimizer": optim.SGD([Value(1.0)])}, ValueError, "moves none of this model's parameters"),
        ({"seed": "x"}, TypeError, "seed must be a whole number"),
        ({"stop": "a"}, TypeError, r"fit\(stop\) must be a function of the history, not 'a'"),
        ({"callback": 1}, TypeError, r"fit\(callback\) must be a function of the history, not 1"),
        ({"metrics": {"n": lambda ys, ts: None}}, TypeError, "what 'n' measures.* must be a real number, not None"),
        ({"metrics": {"n": 1}}, TypeError, r"fit\(metrics\) must give functions by names other than 'loss'"),
        ({"metrics": {"val_n": nn.accuracy}}, TypeError, r"names other than 'loss' or 'val_\.\.\.'"),
        ({"progress": "bar"}, ValueError, r"fit\(progress\) must be True, False or 'plot', not 'bar'"),
        ({"report": "x"}, ValueError, r"fit\(report\) must be a whole number of at least 0, not 'x'"),
    ],
)
def test_bad_input_is_explained(options, error, message):
    with pytest.raises(error, match=message):
        fit_line(**options)

"""fit, compiled: the same as eager wherever it runs, and refused with a sentence where it would not be."""

import math
import random
from contextlib import suppress
from copy import copy
from operator import add

import pytest

from autograd_lite import Value, detect_anomaly, mean, nn, no_grad, norm, optim, vmap
from autograd_lite.compiler.batching import Lanes
from autograd_lite.compiler.tracer import Tape, TracingError
from autograd_lite.transforms.pytree import NUMBER

XS = [[0.1 * i, math.sin(i)] for i in range(10)]
YS = [math.cos(i) for i in range(10)]


def fit(model, parameters, data=(XS, YS), loss=nn.mse_loss, jit=True, **options):
    options = {"epochs": 3, "seed": 1, "progress": False, **options}
    return nn.fit(model, data, loss, optim.Adam(parameters, lr=0.05), jit=jit, **options)


def both_ways(make, **options):
    """The losses and parameters that `fit` leaves compiled and eagerly; `make` gives a model and its parameters."""
    results = []
    for jit in (True, False):
        model, parameters = make()
        losses = fit(model, parameters, jit=jit, **options)["loss"]
        results.append((losses, [p.data for p in parameters], [p.grad for p in parameters]))
    return results


def same(make, **options):
    compiled, eager = both_ways(make, **options)
    for got, expected in zip(compiled, eager):
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


def perceptron(then=lambda y: y, sizes=(3, 1)):
    def make():
        model = nn.MLP(2, list(sizes), "tanh", seed=0)
        return (lambda x: then(model(x))), model.parameters()

    return make


@pytest.mark.parametrize("size", [None, 4, 1])
def test_parameters_and_gradients_come_back(size):
    same(perceptron(), batch_size=size)


def test_a_model_is_recorded_once_for_all_samples():
    calls = []

    def model(x):
        calls.append(x)
        return w * x[0] + x[1]

    w = Value(0.5)
    fit(model, [w], epochs=10)
    ten_samples = len(calls)
    calls.clear()
    fit(model, [w], ([*XS, *XS], [*YS, *YS]), epochs=10)
    assert len(calls) == ten_samples < 10


def test_a_last_batch_of_another_length_does_not_record_the_model_again():
    calls = []

    def model(x):
        calls.append(x)
        return w * x[0] + x[1]

    w = Value(0.5)
    fit(model, [w], batch_size=5)
    even = len(calls)
    calls.clear()
    fit(model, [w], batch_size=4)
    assert len(calls) == even


def neighbours(outputs, targets):
    return mean([a * b * s for a, b, s in zip(outputs, outputs[1:] + outputs[:1], targets)])


LOSSES = {
    "by the length": lambda outputs, targets: sum((y - t) ** 2 for y, t in zip(outputs, targets)) / len(outputs),
    "weights": lambda outputs, targets: sum(0.5**i * (y - t) ** 2 for i, (y, t) in enumerate(zip(outputs, targets))),
    "neighbours": lambda outputs, targets: neighbours(outputs, targets) ** 2,
    "the first": lambda outputs, targets: (outputs[0] - targets[0]) ** 2,
    "no targets": lambda outputs, targets: mean(outputs) ** 2,
    "no outputs": lambda outputs, targets: mean(targets) * SCALE**2,
    "the largest": lambda outputs, targets: norm(outputs) * SCALE,
    "two ways": lambda outputs, targets: nn.mse_loss(outputs, targets) + 0.1 * norm(outputs),
    "looked at before": lambda outputs, targets: 0.1 * norm(outputs[1:]) + nn.mse_loss(outputs, targets),
    "one in front": lambda outputs, targets: nn.l1_loss([SCALE] + outputs, [0.0] + targets),  # noqa: RUF005
    "one taken out": lambda outputs, targets: (outputs.pop() - targets.pop()) ** 2 + nn.mse_loss(outputs, targets),
    "from the last": lambda outputs, targets: nn.mse_loss([*reversed(outputs)], targets),
    "each": lambda outputs, targets: norm(nn.mse_loss(outputs, targets, "none")),
    "mapped": lambda outputs, targets: mean(vmap(lambda y, t: (y - t) ** 4)(outputs, targets)) * SCALE,
    "the same for all": lambda outputs, targets: mean(vmap(lambda y: 2.0)(outputs)) * SCALE * outputs[0],
}
SCALE = Value(0.75)


@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_may_treat_samples_as_it_likes(loss, size):
    def make():
        SCALE.data = 0.75
        model, parameters = perceptron()()
        return model, [*parameters, SCALE]

    same(make, loss=LOSSES[loss], batch_size=size)


def test_what_a_loss_does_to_each_sample_alike_is_recorded_once():
    from autograd_lite.nn.batches import Batches

    def instructions(n, loss):
        model, parameters = perceptron()()
        samples = list(zip(XS[:n], YS))
        batches = Batches(model, loss, optim.SGD(parameters), samples, None, with_outputs=False)
        return sum(batches._gradients[n].program.counts().values())

    assert instructions(4, nn.mse_loss) == instructions(8, nn.mse_loss)
    assert instructions(4, neighbours) < instructions(8, neighbours)


def test_outputs_are_a_list_in_whatever_way_a_loss_looks_at_them():
    ways = [list, tuple, reversed, sorted, copy, lambda ys: add(ys, ["a"]), lambda ys: add(["a"], ys)]
    ways += [lambda ys: 2 * ys, lambda ys: [*ys], lambda ys: ys[1:], lambda ys: ys.copy(), lambda ys: ys.pop()]
    ways += [lambda ys: ys.append("a") or ys, lambda ys: ys.clear() or ys, repr, lambda ys: ys.index(2.0), len, bool]
    for look in ways:
        got, expected = look(Lanes(3, [2.0], NUMBER)), look([2.0, 2.0, 2.0])
        assert got == expected or [*got] == [*expected]


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.cross_entropy, nn.binary_cross_entropy_with_logits])
def test_a_hundred_samples_are_no_more_work_for_python_than_two(monkeypatch, loss):
    def operations(n):
        written = []
        with monkeypatch.context() as patch:
            patch.setattr(Tape, "append", lambda tape, node: (written.append(node), list.append(tape, node)))
            model, parameters = perceptron(lambda y: [y, -y] if loss is nn.cross_entropy else y)()
            fit(model, parameters, data=([[0.1, 0.2]] * n, [1] * n), loss=loss, epochs=1)
        return len(written)

    assert operations(100) == operations(2)


@pytest.mark.parametrize("size", [None, 4])
def test_a_loss_of_a_list_for_each_sample(size):
    targets = [[y, -y, 0.5] for y in YS]
    for loss in (nn.mse_loss, nn.l1_loss):
        same(perceptron(sizes=(3, 3)), data=(XS, targets), loss=loss, batch_size=size)
    for wrong in ([[0.0, 1.0]] * 10, YS, [[[y]] for y in YS]):
        messages = set()
        for jit in (True, False):
            with pytest.raises(ValueError, match=r"predictions\[0\].* and targets\[0\].* must match") as found:
                fit(*perceptron(sizes=(3, 3))(), data=(XS, wrong), batch_size=size, jit=jit)
            messages.add(str(found.value))
        assert len(messages) == 1


def test_samples_of_different_lengths_are_recorded_one_by_one():
    data = [XS[0], XS[1][:1], XS[2]], YS[:3]

    def make():
        ws = [Value(0.5), Value(-0.25)]
        return (lambda x: sum(w * xi for w, xi in zip(ws, x))), ws

    same(make, data=data)
    same(make, data=data, batch_size=2)


def test_a_whole_batch_may_be_read_by_python():
    def make():
        ws = [Value(0.5), Value(-0.25)]
        return (lambda x: ws[0] * x[0] if x[1] > 0.0 else ws[1] * x[0]), ws

    same(make)
    with pytest.raises(TracingError, match="branching on a Value"):
        fit(*make(), batch_size=5)


def test_targets_that_are_no_numbers():
    def loss(outputs, targets):
        return sum((y - {"low": 0.0, "high": 1.0}[t]) ** 2 for y, t in zip(outputs, targets))

    same(perceptron(), data=(XS, ["low", "high"] * 5), loss=loss)


def test_a_whole_batch_s_targets_may_be_read_by_python_too():
    def loss(outputs, targets):
        return sum([y, y * y][t] for y, t in zip(outputs, targets))

    data = XS, [i % 2 for i in range(10)]
    same(perceptron(), data=data, loss=loss)
    with pytest.raises(TracingError, match="plain number or index"):
        fit(*perceptron()(), data=data, loss=loss, batch_size=5)


def test_captured_values_are_read_again_at_each_step():
    scale = Value(1.0)
    seen = []

    def loss(outputs, targets):
        return nn.mse_loss([scale * y for y in outputs], targets)

    def stop(history):
        scale.data = 1.0 + len(history)
        seen.append(history["loss"][-1])

    for jit in (True, False):
        scale.data = 1.0
        fit(*perceptron()(), loss=loss, stop=stop, jit=jit)
    assert seen[:3] == pytest.approx(seen[3:], rel=1e-9)


def dropout(draw):
    def make():
        model = nn.MLP(2, [3, 1], seed=0)
        hidden, last = model.layers
        return (lambda x: last([h * (draw() < 0.5) for h in hidden(x)])), model.parameters()

    return make


def counter():
    model, calls = nn.MLP(2, [3, 1], seed=0), []

    def counted(x):
        calls.append(None)
        return model(x) * float(len(calls))

    return counted, model.parameters()


@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize(
    "make", [dropout(random.random), dropout(random.Random(0).random), counter], ids=["random", "generator", "counter"]
)
def test_a_model_that_does_something_else_for_each_sample_is_refused(make, size):
    with pytest.raises(TracingError, match=r"does not do the same each time (.|\n)*jit=False"):
        fit(*make(), batch_size=size)


def test_a_model_may_start_from_fresh_values():
    def make():
        w = Value(0.5)

        def recurrent(x):
            state = Value(0.0)
            for xi in x:
                state = (w * state + xi).tanh()
            return state

        return recurrent, [w]

    same(make, batch_size=5)


@pytest.mark.parametrize("jit", [True, False])
def test_a_loss_that_is_not_finite_names_the_step(jit):
    data = XS, [*YS[:6], math.inf, *YS[7:]]
    model, parameters = perceptron()()
    before = [p.data for p in parameters]
    with pytest.raises(FloatingPointError, match=r"the loss mse_loss is inf at epoch 1, step 1: a smaller"):
        fit(model, parameters, data=data, jit=jit)
    assert [p.data for p in parameters] == before


@pytest.mark.parametrize("jit", [True, False])
def test_a_gradient_that_is_not_finite_names_its_parameter(jit):
    w = Value(0.0, label="w")
    with pytest.raises(FloatingPointError, match=r"respect to parameter w is nan at epoch 1, step 1, the loss 0.0"):
        fit(lambda x: (w * x[1] * x[1]).sqrt(), [w], loss=lambda ys, ts: sum(ys), jit=jit)
    assert w.data == 0.0


@pytest.mark.parametrize("jit", [True, False])
def test_inside_no_grad_it_says_that_nothing_would_be_trained(jit):
    with no_grad(), pytest.raises(RuntimeError, match=r"inside no_grad\(\) would train nothing"):
        fit(*perceptron()(), jit=jit)


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
def test_a_class_that_does_not_exist_is_no_silent_loss(loss):
    with pytest.raises(FloatingPointError, match="is nan at epoch 1, step 1"):
        fit(*perceptron(sizes=(3, 2))(), data=(XS, [5] * 10), loss=loss, batch_size=4)


class Clipped(optim.SGD):
    def step(self):
        optim.clip_grad_norm(self.parameters, 0.01)
        super().step()


class Noisy(optim.SGD):
    def update(self, x, g, memory, lr):
        return x - lr * g + random.gauss(0.0, 0.01)


class Counting(optim.SGD):
    calls = 0

    def update(self, x, g, memory, lr):
        self.calls += 1
        return x - lr * g / self.calls


class Halving(optim.Optimizer):
    remembers = ("last",)

    def update(self, x, g, memory, lr):
        memory["last"] = 0.5 * memory["last"] + g / self.steps
        return x - lr * memory["last"]


def fit_by(kind, jit, epochs=4, **options):
    model = nn.Neuron(1, "linear", seed=0)
    optimizer = kind(model.parameters(), lr=0.1)
    data = [[1.0], [2.0]], [3.0, 5.0]
    history = nn.fit(model, data, nn.mse_loss, optimizer, epochs, progress=False, jit=jit, **options)
    return history["loss"], model.state_dict(), optimizer.state_dict(), history.note


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Clipped, "Clipped has a step of its own"),
        (Noisy, "the update of Noisy does not do the same each time"),
        (Counting, "the update of Counting does not do the same each time"),
    ],
)
def test_an_optimiser_that_a_recording_would_change_is_refused(kind, message):
    with pytest.raises(TypeError, match=message):
        fit_by(kind, True)
    random.seed(0)
    *eager, _ = fit_by(kind, False)
    random.seed(0)  # trying to compile draws none that training would miss
    *left_to_itself, note = fit_by(kind, "auto")
    assert left_to_itself == eager
    assert message in note


def test_an_optimiser_of_ones_own_is_compiled():
    for got, expected in zip(fit_by(Halving, True)[:2], fit_by(Halving, False)[:2]):
        assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("change", [{"momentum": 0.9}, {"weight_decay": 0.1}, {"lr": 0.01}])
def test_what_a_callback_changes_of_the_optimiser_counts_from_then_on(change):
    def run(jit):
        model = nn.Neuron(1, "linear", seed=0)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

        def callback(history):
            if len(history) == 2:
                vars(optimizer).update(change)
                model.load_state_dict({"w.0": 1.0, "b": 0.0})

        data = [[1.0], [2.0]], [3.0, 5.0]
        options = {"epochs": 5, "progress": False, "callback": callback}
        return nn.fit(model, data, nn.mse_loss, optimizer, jit=jit, **options)["loss"]

    assert run(True) == pytest.approx(run(False), rel=1e-12)


def test_a_metric_that_looks_at_the_parameters_sees_those_before_the_step():
    def run(jit):
        model = nn.Neuron(1, "linear", seed=0)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        metrics = {"w": lambda ys, ts: model.w[0].data, "at one": lambda ys, ts: model([1.0])}
        data = [[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0]
        options = {"epochs": 3, "batch_size": 2, "seed": 0, "progress": False, "metrics": metrics}
        return [
            x
            for epoch in nn.fit(model, data, nn.mse_loss, optimizer, jit=jit, **options).epochs
            for x in epoch.values()
        ]

    assert run(True) == pytest.approx(run(False), rel=1e-12)


def test_a_loss_that_draws_random_numbers_is_refused():
    def noisy(ys, ts):
        return nn.mse_loss(ys, [t + random.gauss(0.0, 0.1) for t in ts])

    model, parameters = perceptron()()
    with pytest.raises(TracingError, match="the loss does not do the same each time it is called"):
        fit(model, parameters, loss=noisy)
    assert "the loss does not do the same" in fit(model, parameters, loss=noisy, jit="auto").note


@pytest.mark.parametrize("size", [None, 4])
def test_left_to_itself_it_also_finds_what_it_cannot_compile_of_a_whole_batch(size):
    def loss(ys, ts):
        return nn.mse_loss(ys, ts) if ys[0].data > 0.0 else nn.l1_loss(ys, ts)

    def read(x):
        return model(x[:2]) if x[0] > 0.3 else model([0.0, x[1]])

    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    for data in (XS, YS), ([[0.5, 0.1, 0.2], *XS[1:]], YS):
        assert fit(read, model.parameters(), data, loss, "auto", batch_size=size, epochs=1).note.startswith(
            "not compiled"
        )


def without_graph(model):
    def inner(x):
        with no_grad():
            return model(x)

    return inner


@pytest.mark.parametrize("jit", [False, True, "auto"])
@pytest.mark.parametrize("cut", [lambda m: lambda x: m(x).detach(), without_graph, lambda m: lambda x: Value(1.0)])
def test_outputs_that_are_cut_off_from_the_parameters_train_nothing_and_say_so(cut, jit):
    model = nn.Neuron(2, "linear", seed=0)
    before = model.state_dict()
    with pytest.raises(
        (ValueError, TracingError), match=r"does not depend on any|not possible in a function that is rec"
    ):
        fit(cut(model), model.parameters(), jit=jit)
    assert model.state_dict() == before


def test_left_to_itself_it_compiles_what_it_can(capsys):
    for make in (perceptron(), dropout(random.Random(0).random)):
        history = fit(*make(), jit="auto", progress=True)
        shown = capsys.readouterr()
        assert history.note in shown.out + shown.err
        assert len(history) == 3
    assert "not compiled: the model does not do the same each time" in history.note
    assert fit(*perceptron()(), jit="auto").note == ""


def test_an_unknown_way_to_compile_is_explained():
    with pytest.raises(ValueError, match=r"fit\(jit\) must be True, False or 'auto', not 'yes'"):
        fit(*perceptron()(), jit="yes")


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_a_hundred_steps_are_those_of_eager(monkeypatch, backend):
    from autograd_lite.compiler import backends

    pytest.importorskip(backend) if backend == "numba" else None
    monkeypatch.setattr(backends, "default", lambda: backend)
    compiled, eager = both_ways(perceptron(sizes=(6, 1)), epochs=34, batch_size=4)
    for got, expected in zip(compiled, eager):
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_under_detect_anomaly_the_operation_is_found():
    data = XS, [*YS[:6], math.inf, *YS[7:]]
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"^-\(.*inf\) is -inf"):
        fit(*perceptron()(), data=data)


NETS = {"tanh": ("tanh", nn.mse_loss, YS), "relu": ("relu", nn.cross_entropy, [i % 3 for i in range(10)])}


@pytest.mark.parametrize("name", NETS)
def test_numpy_and_kernels_take_the_same_steps_to_the_bit(monkeypatch, name):
    pytest.importorskip("numba")
    pytest.importorskip("autograd_lite.compiler.backends.numpy")
    from autograd_lite.compiler import backends
    from autograd_lite.compiler.backends.numba import background

    monkeypatch.setattr(background, "may_start_processes", lambda: False)  # so that kernels are there at once
    activation, loss, targets = NETS[name]

    def trained(backend):
        monkeypatch.setattr(backends, "default", lambda: backend)
        model = nn.MLP(2, [5, 3 if name == "relu" else 1], activation, seed=0)
        history = fit(model, model.parameters(), data=(XS, targets), loss=loss, epochs=50, batch_size=5)
        return history["loss"], model.state_dict()

    assert trained("numba") == trained("numpy")


# --- what else a model, a loss, an optimiser may do ------------------------------------------------------------------


def two_answers():
    model = nn.MLP(2, [3, 2], "tanh", seed=0)
    return (lambda x: dict(zip(("low", "high"), model(x)))), model.parameters()


@pytest.mark.parametrize("size", [None, 2, 4])
def test_each_sample_has_its_output_and_target_as_it_is(size):
    """Two samples with a pair each are no pair of two samples."""

    def loss(outputs, targets):
        return mean([(y["low"] - low) ** 2 + (y["high"] - high) ** 2 for y, (low, high) in zip(outputs, targets)])

    targets = [(y, 2.0 * y) for y in YS]
    same(two_answers, data=(XS, targets), loss=loss, batch_size=size)
    same(
        two_answers, data=(XS, [{"t": y} for y in YS]), loss=lambda ys, ts: ys[-1]["low"] * ts[-1]["t"], batch_size=size
    )


def test_a_model_may_map_over_its_input():
    def make():
        w = Value(0.5)
        return (lambda x: mean(vmap(lambda xi: (w * xi).tanh())(x))), [w]

    same(make, batch_size=4)


@pytest.mark.parametrize("data", [(XS, YS), (XS, ["a", "b"] * 5)], ids=["numbers", "strings"])
def test_a_loss_that_does_something_else_each_time_is_refused(data):
    generator, calls = random.Random(0), []

    def noisy(outputs, targets):
        return nn.mse_loss(outputs, YS) * generator.random()

    def counted(outputs, targets):
        calls.append(None)
        return nn.mse_loss(outputs, YS) / len(calls)

    for loss in (noisy, counted, lambda outputs, targets: nn.mse_loss(outputs, YS) * random.random()):
        with pytest.raises(TracingError, match="the loss does not do the same each time"):
            fit(*perceptron()(), data=data, loss=loss)


def test_left_to_itself_it_draws_the_random_numbers_that_it_would_draw_eagerly():
    def trained(jit):
        random.seed(0)
        model, parameters = dropout(random.random)()
        return fit(model, parameters, jit=jit, batch_size=4)["loss"]

    assert trained("auto") == trained(False)


def test_left_to_itself_it_goes_on_eagerly_from_the_batch_that_cannot_be_compiled():
    def loss(outputs, targets):
        if len(outputs) < 4 and outputs[0] > 0.0:
            return outputs[0] ** 2
        return nn.mse_loss(outputs, targets)

    def trained(jit):
        model, parameters = perceptron()()
        history = fit(model, parameters, loss=loss, jit=jit, batch_size=4)
        return history["loss"], [p.data for p in parameters], history.note

    (*eager, nothing), (*mixed, note) = trained(False), trained("auto")
    assert nothing == ""
    assert "branching on a Value" in note
    for got, expected in zip(mixed, eager):
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_metric_that_ends_the_training_leaves_the_step_undone(error):
    def trained(jit):
        model, parameters = perceptron()()
        calls = []

        def metric(outputs, targets):
            calls.append(None)
            if len(calls) == 5:
                raise error
            return 0.0

        with suppress(RuntimeError):
            fit(model, parameters, metrics={"m": metric}, jit=jit, batch_size=4)
        return [p.data for p in parameters]

    assert trained(True) == pytest.approx(trained(False), rel=1e-12)


def test_samples_of_values_are_read_by_python():
    def make():
        inputs = [[Value(a), Value(b)] for a, b in XS]
        model = nn.MLP(2, [3, 1], seed=0)
        return model, [*model.parameters(), *inputs[0]], inputs

    model, parameters, inputs = make()
    with pytest.raises(TypeError, match="a batch holds plain numbers, not Values"):
        fit(model, parameters, data=(inputs, YS), batch_size=4)
    results = []
    for jit in (True, "auto", False):
        model, parameters, inputs = make()
        results.append(fit(model, parameters, data=(inputs, YS), jit=jit)["loss"])
    assert results[0] == results[1] == pytest.approx(results[2], rel=1e-12)


def test_a_batch_of_no_numbers_is_explained():
    with pytest.raises(TypeError, match=r"a batch\[1\]\[0\] must be a real number, not None"):
        fit(*perceptron()(), data=(XS, [None] * 10), loss=lambda ys, ts: mean(ys), batch_size=4)


@pytest.mark.parametrize("jit", [True, "auto"])
@pytest.mark.parametrize("data", [(XS, YS), ([[1.0] * (1 + i % 2) for i in range(10)], YS)], ids=["rows", "one by one"])
@pytest.mark.parametrize("size", [None, 4])
def test_what_a_callback_changes_of_model_and_loss_counts_from_then_on(data, size, jit):
    def trained(jit):
        ws, factors = [Value(0.5), Value(-0.25)], [1.0]
        beside = [Value(0.1)]

        def change(history):
            factors[0] += 1.0
            if len(history) == 2:
                beside.append(Value(0.2))
            if len(history) == 3:
                beside[0] = ws[1]

        def model(x):
            return sum(w * xi for w, xi in zip(ws, x)) + sum(beside)

        def loss(outputs, targets):
            return factors[0] * nn.mse_loss(outputs, targets)

        history = fit(model, ws, data=data, loss=loss, batch_size=size, epochs=5, callback=change, jit=jit)
        return [*history["loss"], *[w.data for w in ws]]

    assert trained(jit) == pytest.approx(trained(False), rel=1e-12)

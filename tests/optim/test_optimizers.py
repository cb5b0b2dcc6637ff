"""Optimisers and schedules: PyTorch's updates, recorded over 20 steps; states; clipping."""

import copy
import itertools
import json
import math
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, nn, optim

RECORDED = json.loads((Path(__file__).parent / "torch_optimisers.json").read_text())
OPTIMISERS = [optim.SGD, optim.RMSprop, optim.Adagrad, optim.Adam, optim.AdamW]


def parameters():
    return [Value(1.5), Value(-0.7), Value(0.0)]


def set_gradients(ps, t):
    """The gradients that PyTorch was given in the recorded runs: they depend on the step and on where it stands."""
    for i, p in enumerate(ps):
        p.grad = math.sin(1.0 + 3 * t + 7 * i) * (1.0 + p.data**2)


@pytest.mark.parametrize("made", RECORDED["steps"])
def test_every_update_is_pytorchs(made):
    name, options = made.split("(", 1)
    ps = parameters()
    optimizer = eval(f"{name}(ps, {options}", vars(optim) | {"ps": ps})
    for t, expected in enumerate(RECORDED["steps"][made]):
        set_gradients(ps, t)
        optimizer.step()
        assert [p.data for p in ps] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_the_recorded_run_covers_every_optimiser(kind):
    assert any(made.startswith(kind.__name__ + "(") for made in RECORDED["steps"])


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_training_goes_on_from_a_state_dict(kind):
    options = {"momentum": 0.9} if kind is optim.SGD else {}
    ps, qs = parameters(), parameters()
    first, second = kind(ps, lr=0.1, **options), kind(qs, lr=0.1, **options)
    for t in range(5):
        set_gradients(ps, t)
        first.step()
    for p, q in zip(ps, qs):
        q.data = p.data
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    for optimizer, values in ((first, ps), (second, qs)):
        set_gradients(values, 5)
        optimizer.step()
    assert [p.data for p in ps] == [q.data for q in qs]


def test_a_state_dict_of_another_optimiser_is_an_error():
    state = optim.SGD(parameters()).state_dict()
    adam = optim.Adam(parameters())
    with pytest.raises(ValueError, match="needs mean, square for each of 3 parameters"):
        adam.load_state_dict(state)
    assert adam.state_dict() == optim.Adam(parameters()).state_dict()


def test_zero_grad_and_a_gradient_of_zero_moves_nothing():
    ps = parameters()
    set_gradients(ps, 0)
    sgd = optim.SGD(ps, lr=0.1)
    sgd.zero_grad()
    sgd.step()
    assert [p.data for p in ps] == [1.5, -0.7, 0.0]


@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=5), st.floats(0.1, 10))
def test_clipping_keeps_the_direction_and_bounds_the_norm(gradients, max_norm):
    ps = [Value(0.0) for _ in gradients]
    for p, g in zip(ps, gradients):
        p.grad = g
    norm = optim.clip_grad_norm(ps, max_norm)
    assert norm == pytest.approx(math.hypot(*gradients))
    clipped = [p.grad for p in ps]
    assert math.hypot(*clipped) <= max(min(norm, max_norm), 0.0) * (1 + 1e-12)
    if norm <= max_norm * 0.999:
        assert clipped == gradients or norm + 1e-6 > max_norm


def test_clipping_is_pytorchs():
    recorded = RECORDED["clip"]
    ps = parameters()
    for p, g in zip(ps, recorded["gradients"]):
        p.grad = g
    assert optim.clip_grad_norm(ps, recorded["max_norm"]) == pytest.approx(recorded["norm"], rel=1e-12)
    assert [p.grad for p in ps] == pytest.approx(recorded["clipped"], rel=1e-12)


def test_clipping_gradients_that_are_not_finite_is_an_error():
    p = Value(0.0, label="w")
    p.grad = math.inf
    with pytest.raises(FloatingPointError, match=r"norm of the gradients is inf.*label='w'"):
        optim.clip_grad_norm([p], 1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: optim.SGD([]), ValueError, r"SGD\(parameters\) is empty: pass model.parameters\(\)"),
        (lambda: optim.SGD(nn.Neuron(1)), TypeError, r"must be a list of Values: pass model.parameters\(\)"),
        (lambda: optim.SGD([1.0]), TypeError, "must be leaf Values, not 1.0"),
        (lambda: optim.SGD([Value(1.0) * 2.0]), TypeError, "must be leaf Values"),
        (lambda: optim.SGD([Value(1.0)], lr=-1), ValueError, "lr must be at least 0, not -1"),
        (lambda: optim.SGD([Value(1.0)], lr="x"), TypeError, "lr must be a real number, not 'x'"),
        (lambda: optim.SGD([Value(1.0)], nesterov=True), ValueError, "needs a momentum above 0"),
        (
            lambda: optim.Adam([Value(1.0)], betas=(0.9, 1.0)),
            ValueError,
            "betas must be at least 0 and below 1, not 1.0",
        ),
        (lambda: optim.Adam([Value(1.0)], betas=0.9), TypeError, "betas must be a pair of numbers, not 0.9"),
        (lambda: optim.AdamW([Value(1.0)], weight_decay=-1), ValueError, "weight_decay must be at least 0, not -1"),
        (
            lambda: optim.cosine(0.1, steps=0),
            ValueError,
            r"cosine\(steps\) must be a whole number of at least 1, not 0",
        ),
        (lambda: optim.constant(math.nan), ValueError, r"constant\(lr\) must be a finite number, not nan"),
        (lambda: optim.cosine(0.1, 10, floor="a"), TypeError, r"cosine\(floor\) must be a real number, not 'a'"),
        (lambda: optim.step_decay(0.1, 1, factor=-1), ValueError, r"step_decay\(factor\) must be at least 0, not -1"),
        (lambda: optim.cosine(0.1, 10)(-1), ValueError, "the step of a schedule must be a whole number of at least 0"),
        (lambda: optim.clip_grad_norm([1.0], 1.0), TypeError, r"clip_grad_norm\(parameters\) must be leaf Values"),
        (lambda: optim.step_decay(0.1, every=0), ValueError, r"step_decay\(every\) must be a whole number"),
        (lambda: optim.warmup(0.1, steps=1.5), ValueError, r"warmup\(steps\) must be a whole number"),
    ],
)
def test_bad_input_is_explained(make, error, message):
    with pytest.raises(error, match=message):
        make()


def interrupted(run, at):
    """Run with a KeyboardInterrupt at that step of the interpreter; whether it came that far."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_globals["__name__"].split(".")[0] not in ("autograd_lite", "copy", "copyreg"):
            return None
        frame.f_trace_opcodes = True
        count += 1
        if count == at:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
        return False
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_step_that_is_interrupted_anywhere_is_taken_or_not_taken(kind):
    def state(optimizer):
        return [p.data for p in optimizer.parameters], optimizer.state_dict()

    def prepared():
        optimizer = kind(parameters(), lr=0.1)
        for t in range(2):
            set_gradients(optimizer.parameters, t)
            if t == 0:
                optimizer.step()
        return optimizer

    whole = prepared()
    before = state(whole)
    whole.step()
    after = state(whole)
    seen = []
    for at in itertools.count(1):
        optimizer = prepared()
        if not interrupted(optimizer.step, at):
            break
        seen.append(state(optimizer))
        assert seen[-1] in (before, after)
        optimizer.load_state_dict(optimizer.state_dict())
    assert before in seen
    assert len(seen) > 100


def test_an_error_in_an_update_leaves_everything_as_it_was():
    class Moody(optim.SGD):
        def update(self, x, g, memory, lr):
            if x < 0.0:
                raise RuntimeError("not today")
            return super().update(x, g, memory, lr)

    optimizer = Moody(parameters(), lr=0.1, momentum=0.9)
    set_gradients(optimizer.parameters, 0)
    before = optimizer.state_dict()
    with pytest.raises(RuntimeError, match="not today"):
        optimizer.step()
    assert [p.data for p in optimizer.parameters] == [1.5, -0.7, 0.0]
    assert optimizer.state_dict() == before


def test_a_parameter_that_is_there_twice_is_named():
    w, b = Value(1.0, label="w"), Value(2.0)
    for make in (optim.SGD, optim.Adam, lambda ps: optim.clip_grad_norm(ps, 1.0)):
        with pytest.raises(ValueError, match=r"must hold each parameter once; entries 0 and 2 are one, .*label='w'"):
            make([w, b, w])


@pytest.mark.parametrize("kind", [optim.RMSprop, optim.Adagrad, optim.Adam, optim.AdamW])
def test_a_gradient_of_zero_without_eps_moves_nothing(kind):
    p = Value(1.5)
    kind([p], lr=0.1, eps=0.0, weight_decay=0.0).step()
    assert p.data == 1.5
    p.grad = 2.0
    kind([p], lr=0.1, eps=0.0, weight_decay=0.0).step()
    assert p.data < 1.5


@pytest.mark.parametrize("kind", [optim.SGD, optim.RMSprop, optim.Adagrad, optim.Adam])
def test_without_decay_a_parameter_that_is_infinite_adds_nothing_to_its_gradient(kind):
    p = Value(math.inf)
    p.grad = 1.0
    kind([p], lr=0.1).step()
    assert p.data == math.inf


def test_schedules_and_optimisers_copy_and_pickle():
    lr = optim.warmup(optim.cosine(0.1, 10), 3)
    for schedule in (lr, optim.constant(0.1), optim.step_decay(0.1, 2)):
        assert [pickle.loads(pickle.dumps(schedule))(t) for t in range(12)] == [schedule(t) for t in range(12)]
    ps = parameters()
    optimizer = optim.Adam(ps, lr=lr)
    set_gradients(ps, 0)
    optimizer.step()
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        for one in (optimizer, twin):
            set_gradients(one.parameters, 1)
        twin.step()
        assert optimizer.steps == 1
        assert [p.data for p in twin.parameters] != [p.data for p in ps]
    optimizer.step()
    assert [p.data for p in twin.parameters] == [p.data for p in ps]
    assert twin.state_dict() == optimizer.state_dict()


@pytest.mark.parametrize("rate", [math.nan, math.inf, -0.1, None, "fast", Value(0.1)])
def test_a_schedule_that_gives_no_learning_rate_is_named_and_nothing_moves(rate):
    optimizer = optim.SGD(parameters(), lr=lambda t: 0.1 if t == 0 else rate)
    set_gradients(optimizer.parameters, 0)
    optimizer.step()
    numbers = [p.data for p in optimizer.parameters]
    with pytest.raises((ValueError, TypeError), match="the learning rate at step 1 must be"):
        optimizer.step()
    assert [p.data for p in optimizer.parameters] == numbers
    assert optimizer.steps == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.pop("steps"),
        lambda state: state.update(steps=-1),
        lambda state: state.update(steps=1.5),
        lambda state: state.update(steps=None),
        lambda state: state.update(steps=True),
        lambda state: state.pop("memory"),
        lambda state: state.update(memory=None),
        lambda state: state.update(memory=[None, None, None]),
        lambda state: state["memory"].pop(),
        lambda state: state["memory"][1].update(square=None),
        lambda state: state["memory"][1].update(square="x"),
        lambda state: state["memory"][1].update(cube=1.0),
    ],
)
def test_a_damaged_state_dict_is_refused_and_changes_nothing(damage):
    adam = optim.Adam(parameters())
    set_gradients(adam.parameters, 0)
    adam.step()
    before, state = adam.state_dict(), adam.state_dict()
    damage(state)
    with pytest.raises((TypeError, ValueError), match=r"load_state_dict\(state\)"):
        adam.load_state_dict(state)
    assert adam.state_dict() == before


def test_clipping_keeps_gradients_that_are_graphs():
    x = Value(3.0)
    (x**2).backward(create_graph=True)
    assert optim.clip_grad_norm([x], 3.0) == 6.0
    slope, x.grad = x.grad, 0.0
    assert slope.data == pytest.approx(3.0)
    slope.backward()
    assert x.grad == pytest.approx(1.0)

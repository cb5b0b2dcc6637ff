"""no_grad, detect_anomaly and no_gc."""

import gc
import math

import pytest

from autograd_lite import Value, detect_anomaly, exp, log, no_gc, no_grad, softmax, sqrt


def test_no_grad_records_nothing_and_ends_with_its_block():
    x = Value(3.0)
    with no_grad():
        y = exp(x) * 2 + softmax([x, 1.0])[0]
    assert y.parents == ()
    assert (x * 2).parents
    with pytest.raises(RuntimeError, match="inside"), no_grad():
        raise RuntimeError("inside")
    assert (x * 2).parents


def test_no_grad_as_a_decorator():
    @no_grad()
    def predict(x):
        return x * 2

    assert predict(Value(3.0)).parents == ()


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly, no_gc])
def test_a_block_that_was_kept_can_be_entered_again(mode):
    block, x = mode(), Value(0.0)
    for _ in range(2):
        with block:
            assert bool((x * x).parents) == (mode is not no_grad)
        with pytest.raises(KeyError), block:
            raise KeyError
    assert (x * x).parents
    assert gc.isenabled()
    assert log(x).data == -math.inf
    with block, pytest.raises(RuntimeError, match="is in use, in an outer block or another thread: write it once more"):
        block.__enter__()


def test_what_does_its_work_later_is_not_decorated():
    """The block would have ended before the body of a generator or coroutine begins."""

    def numbers():
        yield 1.0

    async def number():
        return 1.0

    for f in (numbers, number):
        with pytest.raises(TypeError, match=r"write `with no_grad\(\):` inside a generator or coroutine"):
            no_grad()(f)


def test_detect_anomaly_names_the_first_bad_value():
    x = Value(0.0, label="x")
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"^log\(x=0.0\) is -inf$"):
        exp(log(x))
    assert log(x).data == -math.inf


def test_detect_anomaly_names_the_first_bad_gradient():
    x = Value(0.0, label="x")
    with detect_anomaly():
        y = sqrt(x) * 3
        y.parents[0].label = "root"
        with pytest.raises(FloatingPointError, match=r"sqrt\(x=0.0\) \(label 'root'\) hands to operand 0 is inf"):
            y.backward()
    assert x.grad == 0.0


def test_detect_anomaly_ignores_the_slope_in_a_constant_exponent():
    x = Value(-2.0)
    with detect_anomaly():
        (x**2).backward()
    assert x.grad == -4.0


@pytest.mark.parametrize("by_hand", [(1e200,), "square"])
def test_detect_anomaly_sees_nodes_recorded_by_hand(by_hand):
    """Of micrograd's kind, and of the GPT scripts'."""
    x = Value(1e200, label="x")
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"\(x=1e\+200\) is inf"):
        Value(x.data * x.data, (x,), by_hand)


def test_modes_nest():
    x = Value(0.0)
    with no_grad(), detect_anomaly():
        assert exp(x).parents == ()
        with pytest.raises(FloatingPointError):
            log(x)


def test_no_gc_restores_what_it_found():
    assert gc.isenabled()
    with no_gc():
        with no_gc():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_blocks_of_no_gc_end_in_any_order():
    """The collector belongs to all threads: a block that found it off, because of another, does not leave it off."""

    def block():
        with no_gc():
            yield

    one, other = block(), block()
    next(one)
    next(other)
    one.close()
    assert not gc.isenabled()
    other.close()
    assert gc.isenabled()
    gc.disable()
    try:
        with no_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_no_gc_is_no_leak_for_gradients_that_are_graphs():
    """Each of 400 passes leaves a cycle of some 2,000 nodes: they are cleared away now and then."""

    def alive():
        return sum(type(o) is Value for o in gc.get_objects())

    gc.collect()
    before = alive()
    most = 0
    with no_gc():
        for i in range(400):
            x = y = Value(0.5)
            for _ in range(300):
                y = exp(y * -1.0)
            y.backward(create_graph=True)
            del x, y
            if i % 50 == 49:
                most = max(most, alive() - before)
    assert most < 500_000  # of 840,000

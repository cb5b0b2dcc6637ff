"""Losses: the closed forms of their gradients, high precision, extreme logits, and labels that are wrong."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf

from autograd_lite import Value, log_softmax, nn, softmax

mpmath.mp.dps = 60
logits = st.floats(-1000, 1000)
samples = st.lists(st.lists(logits, min_size=4, max_size=4), min_size=1, max_size=4)
normal = st.floats(-100, 100).map(lambda x: round(x, 6))
probabilities = st.floats(1e-6, 1 - 1e-6)


def gradients(loss, xs, *args):
    values = [Value(x) for x in xs]
    y = loss(values, *args)
    y.backward()
    return y.data, [v.grad for v in values]


def binary(p, t):
    return -t * mpmath.log(p) - (1 - t) * mpmath.log(1 - p)


def with_logits(x, t):
    return t * mpmath.log1p(mpmath.exp(-x)) + (1 - t) * mpmath.log1p(mpmath.exp(x))


def huber(y, t):
    d = abs(y - t)
    return d * d / 2 if d <= 1 else d - mpf(0.5)


EXACT = {  # each loss of one entry: ours, the exact formula, where to test it, and its targets
    "mse": (nn.mse_loss, lambda y, t: (y - t) ** 2, st.floats(-1e3, 1e3), st.floats(-10, 10)),
    "l1": (nn.l1_loss, lambda y, t: abs(y - t), st.floats(-1e3, 1e3), st.floats(-10, 10)),
    "huber": (nn.huber_loss, huber, st.floats(-1e3, 1e3), st.floats(-10, 10)),
    "hinge": (nn.hinge_loss, lambda y, t: max(mpf(0), 1 - t * y), st.floats(-1e3, 1e3), st.sampled_from([-1, 1])),
    "binary": (nn.binary_cross_entropy, binary, probabilities, st.floats(0, 1)),
    "with_logits": (nn.binary_cross_entropy_with_logits, with_logits, st.floats(-1e3, 1e3), st.floats(0, 1)),
}

# --- entry by entry ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXACT)
@given(st.data())
def test_value_and_gradient_agree_with_high_precision(name, data):
    loss, exact, ys, ts = EXACT[name]
    y, t = data.draw(ys), data.draw(ts)
    if min(abs(y - t), abs(abs(y - t) - 1), abs(1 - t * y)) < 1e-3:
        return  # beside a kink, where the difference quotient of the oracle would straddle it
    value, [gradient] = gradients(loss, [y], [t])
    slope = mpmath.diff(lambda x: exact(x, mpf(t)), mpf(y), h=mpf(10) ** -25)
    assert value == pytest.approx(float(exact(mpf(y), mpf(t))), rel=1e-12, abs=1e-300)
    assert gradient == pytest.approx(float(slope), rel=1e-12, abs=1e-12 * abs(t) if "binary" in name else 1e-16)
    assert value >= 0.0


@given(st.lists(st.tuples(normal, normal), min_size=1, max_size=6))
def test_identity_output_with_half_squared_error_has_gradient_y_minus_t(pairs):
    ys, ts = zip(*pairs)
    _, grads = gradients(lambda values: 0.5 * nn.mse_loss(values, ts, reduction="sum"), ys)
    assert grads == [y - t for y, t in zip(ys, ts)]


@pytest.mark.parametrize("x", [-1000.0, 1000.0])
@pytest.mark.parametrize("t", [0, 1])
def test_with_logits_of_a_thousand_nothing_is_lost(x, t):
    value, [gradient] = gradients(nn.binary_cross_entropy_with_logits, [x], [t])
    wrong = (x > 0) != t
    assert (value, gradient) == (1000.0 if wrong else 0.0, (1.0 if x > 0 else 0.0) - t)


def test_a_certain_and_wrong_probability_costs_a_hundred_as_in_pytorch():
    assert [y.data for y in nn.binary_cross_entropy([Value(0.0), Value(1.0)], [1, 0], "none")] == [100.0, 100.0]
    assert gradients(nn.binary_cross_entropy, [0.0, 1.0, 1e-50], [1, 0, 1], "sum") == (300.0, [0.0, 0.0, 0.0])
    assert nn.binary_cross_entropy([1.0, 0.0], [1, 0]) == 0.0


def test_kinks():
    assert gradients(nn.l1_loss, [2.0], [2.0]) == (0.0, [0.0])
    assert gradients(nn.hinge_loss, [1.0], [1]) == (0.0, [0.0])
    assert gradients(nn.huber_loss, [1.0, 2.0], [0.0, 0.0], "sum") == (2.0, [1.0, 1.0])
    assert gradients(nn.huber_loss, [9.0], [0.0], "sum", 2.0) == (16.0, [2.0])


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.l1_loss, nn.huber_loss])
def test_reductions(loss):
    ys, ts = [[1.0, 2.0], [3.5, 8.0]], [[1.5, 2.0], [3.0, 4.0]]
    each = loss(ys, ts, "none")
    assert len(each) == 4
    assert loss(ys, ts, "sum") == pytest.approx(math.fsum(each))
    assert loss(ys, ts) == pytest.approx(math.fsum(each) / 4)


# --- cross-entropy -------------------------------------------------------------------------------------------------


@given(samples, st.data())
def test_cross_entropy_has_gradient_y_minus_t_over_the_batch(batch, data):
    """For class indices and for one-hot targets, also where the logits are ±1000."""
    classes = data.draw(st.lists(st.integers(0, 3), min_size=len(batch), max_size=len(batch)))
    one_hot = [[float(k == t) for k in range(4)] for t in classes]
    for targets in (classes, one_hot):
        values = [[Value(x) for x in row] for row in batch]
        nn.cross_entropy(values, targets).backward()
        for row, logits_row, t in zip(values, batch, classes):
            exact = [mpmath.exp(mpf(x) - max(logits_row)) for x in logits_row]
            for k, v in enumerate(row):
                y_minus_t = exact[k] / sum(exact) if k != t else -(sum(exact[:k] + exact[k + 1 :]) / sum(exact))
                assert v.grad == pytest.approx(float(y_minus_t / len(batch)), rel=1e-14, abs=1e-300)


@given(st.lists(logits, min_size=3, max_size=3), st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_cross_entropy_with_probabilities(x, weights):
    t = [w / math.fsum(weights) for w in weights]
    value, grads = gradients(nn.cross_entropy, x, t)
    exact = [mpmath.exp(mpf(a) - max(x)) for a in x]
    p = [e / sum(exact) for e in exact]
    assert value == pytest.approx(float(-sum(a * mpmath.log(b) for a, b in zip(t, p))), rel=1e-12)
    assert grads == pytest.approx([float(a - b) for a, b in zip(p, t)], abs=1e-15)


@given(samples, st.data())
def test_nll_of_log_softmax_is_cross_entropy(batch, data):
    t = data.draw(st.lists(st.integers(0, 3), min_size=len(batch), max_size=len(batch)))
    assert nn.nll_loss([log_softmax(x) for x in batch], t) == pytest.approx(nn.cross_entropy(batch, t), rel=1e-14)
    assert nn.cross_entropy(batch, t) >= 0.0


def test_cross_entropy_of_one_sample_is_one_node_under_the_minus_and_the_mean():
    x = [Value(1.0), Value(2.0)]
    loss = nn.cross_entropy(x, 1, reduction="none")[0]
    assert loss.data == pytest.approx(-math.log(softmax([1.0, 2.0])[1]))
    assert [p.op for p in loss.parents if p.parents] == ["log_softmax"]


@pytest.mark.parametrize(("x", "t", "value"), [([1000.0, -1000.0], 0, 0.0), ([1000.0, -1000.0], 1, 2000.0)])
def test_cross_entropy_of_logits_of_a_thousand(x, t, value):
    assert nn.cross_entropy(x, t) == value


def test_a_class_that_is_masked_out_by_minus_infinity_takes_no_part():
    value, slopes = gradients(nn.cross_entropy, [-math.inf, 0.0, 1.0], 1)
    assert (value, slopes[1:]) == gradients(nn.cross_entropy, [0.0, 1.0], 0)
    assert slopes[0] == 0.0
    assert gradients(nn.cross_entropy, [-math.inf, 0.0, 1.0], [0.0, 1.0, 0.0]) == (value, slopes)
    assert gradients(nn.cross_entropy, [-math.inf, 0.0], 0) == (math.inf, [-1.0, 1.0])


@pytest.mark.parametrize("t", [0, 1, 0.3])
@pytest.mark.parametrize("x", [math.inf, -math.inf, 1.7e308, -1.7e308, 745.2, -745.2])
def test_with_logits_at_the_end_of_the_range(x, t):
    value, [slope] = gradients(nn.binary_cross_entropy_with_logits, [x], [t])
    weight = t if x < 0 else 1 - t
    assert value == pytest.approx(weight * abs(x) if weight else 0.0, rel=1e-14, abs=1e-320)
    assert slope == pytest.approx((x > 0) - t, abs=1e-300)


def endless():
    xs = []
    xs.append(xs)
    return xs


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.mse_loss([1.0, 2.0], [1.0]), ValueError, "must match, got 2 entries and 1 entries"),
        (
            lambda: nn.mse_loss([[1.0], [2.0]], [[1.0], 2.0]),
            ValueError,
            r"predictions\[1\] and targets\[1\] must match",
        ),
        (lambda: nn.mse_loss([], []), ValueError, "at least one sample"),
        (lambda: nn.mse_loss([1.0], [1.0], "avg"), ValueError, "reduction must be 'mean', 'sum' or 'none', not 'avg'"),
        (lambda: nn.mse_loss([1.0], ["x"]), TypeError, "must be a real number, not 'x'"),
        (lambda: nn.mse_loss([None], [1.0]), TypeError, "must be a real number, not None"),
        (lambda: nn.huber_loss([1.0], [1.0], delta=0), ValueError, r"huber_loss\(delta\) must be above 0, not 0"),
        (lambda: nn.hinge_loss([1.0], [0]), ValueError, r"hinge_loss\(labels\) must be -1 or 1, not 0.0"),
        (
            lambda: nn.binary_cross_entropy([1.5], [1]),
            ValueError,
            "must be from 0 to 1, not 1.5: pass them through sigmoid",
        ),
        (lambda: nn.binary_cross_entropy([0.5], [2]), ValueError, "targets.* must be from 0 to 1, not 2.0"),
        (lambda: nn.binary_cross_entropy_with_logits([0.5], [-1]), ValueError, "must be from 0 to 1, not -1.0"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [2]), ValueError, "must be a class from 0 to 1, not 2"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [-1]), ValueError, "must be a class from 0 to 1, not -1"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [0.5]), TypeError, "must be a class index, a whole number, not 0.5"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], ["a"]), TypeError, "must be a class index, a whole number, not 'a'"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [None]), TypeError, "must be a class index, a whole number, not None"),
        (
            lambda: nn.cross_entropy([[1.0, 2.0]], [[0.5, 0.6]]),
            ValueError,
            "probabilities that sum to 1, these sum to 1.1",
        ),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [[0.5, 0.50001]]), ValueError, "sum to 1, these sum to 1.00001"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [[1.0]]), ValueError, "must give 2 probabilities a sample.* got 1"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [[1.5, -0.5]]), ValueError, "from 0 to 1, not 1.5"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [0, 1]), ValueError, "one entry a sample, got 1 and targets"),
        (lambda: nn.cross_entropy(1.0, 0), TypeError, "must be a list with one number for each class, not 1.0"),
        (lambda: nn.cross_entropy({0: 1.0}, 0), TypeError, r"cross_entropy\(logits\) must be a list of numbers"),
        (lambda: nn.cross_entropy([[]], [0]), ValueError, "at least one class a sample"),
        (lambda: nn.cross_entropy([[1.0, "a"]], [0]), TypeError, "must be a real number, not 'a'"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [[0.5, None]]), TypeError, "must be a real number, not None"),
        (lambda: nn.huber_loss([1.0], [1.0], delta=None), TypeError, r"huber_loss\(delta\) must be a real number"),
        (lambda: nn.mse_loss({1.0}, [1.0]), TypeError, "predictions must be a list of numbers or Values, not {1.0}"),
        (lambda: nn.mse_loss(endless(), endless()), ValueError, "nested too deeply: does a list contain itself"),
        (lambda: nn.mse_loss([1.0], [1.0], []), ValueError, r"reduction must be 'mean', 'sum' or 'none', not \[\]"),
        (lambda: nn.nll_loss([[-1.0, -2.0]], [[0.0, 1.0]]), TypeError, "must be class indices"),
    ],
)
def test_bad_input_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()

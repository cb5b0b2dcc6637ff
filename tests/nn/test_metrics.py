"""Accuracy: right by the rule of its targets, or an error that names the remedy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, jit, nn


def test_lists_of_scores_answer_by_the_largest():
    scores = [[Value(0.1), Value(2.0)], [Value(3.0), Value(1.0)]]
    assert nn.accuracy(scores, [1, 1]) == 0.5
    assert nn.accuracy(scores, [[0.0, 1.0], [1, 0]]) == 1.0
    assert nn.accuracy([[0.1, 2.0, -1.0]], [[0.1, 0.8, 0.1]]) == 1.0


def test_of_scores_that_tie_the_first_answers():
    assert [nn.accuracy([[1.0, 1.0, 0.0]], [k]) for k in range(3)] == [1.0, 0.0, 0.0]
    assert nn.accuracy([[1.0, 2.0, 2.0]], [[0.0, 0.0, 1.0]]) == 0.0
    assert nn.accuracy([[1.0, 2.0, 2.0]], [[0.0, 0.5, 0.5]]) == 1.0
    assert nn.accuracy([[math.inf, math.inf], [-math.inf, -math.inf]], [0, 0]) == 1.0


def test_bools_are_zero_and_one():
    assert nn.accuracy([True, False], [True, True]) == 0.5
    assert nn.accuracy([[0.1, 0.9], [0.1, 0.9]], [True, False]) == 0.5


def test_arrays_are_lists_of_scores_too():
    numpy = pytest.importorskip("numpy")
    assert nn.accuracy(numpy.array([[0.1, 2.0], [3.0, 1.0]]), numpy.array([1, 1])) == 0.5
    assert nn.accuracy(numpy.array([0.1, 0.7]), numpy.array([0, 1])) == 1.0
    assert nn.accuracy(numpy.array([[0.1], [0.7]]), numpy.array([[0], [1]])) == 1.0


def test_a_single_output_is_a_probability():
    assert nn.accuracy([Value(0.4), Value(0.6), Value(0.6)], [0, 1, 0]) == pytest.approx(2 / 3)
    assert nn.accuracy([0.5, 0.0, 1.0], [1, 0, 1.0]) == 1.0


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=1))
def test_logits_answer_by_a_threshold_of_zero_as_their_probabilities_do(samples):
    logits, targets = zip(*samples)
    probabilities = [1 / (1 + math.exp(-x)) for x in logits]
    assert nn.accuracy(logits, targets, threshold=0.0) == nn.accuracy(probabilities, targets, threshold=0.5)
    assert nn.accuracy(probabilities, targets) == nn.accuracy(probabilities, targets, threshold=0.5)


def test_margins_answer_by_their_sign():
    assert nn.accuracy([-2.0, 0.1, 5.0, -0.3], [-1, 1, -1, -1]) == 0.75
    assert nn.accuracy([0.0, 1.0], [1, -1]) == 0.0
    assert nn.accuracy([2.0, 4.0], [-1, 1], threshold=3.0) == 1.0


@pytest.mark.parametrize(
    ("outputs", "targets", "options", "message"),
    [
        ([0.2, 1.5], [0, 1], {}, r"must be probabilities, not 1.5: pass threshold=0.0"),
        ([-3.0], [0], {}, r"must be probabilities, not -3: pass threshold=0.0"),
        ([math.nan], [0], {}, r"accuracy\(outputs\)\[0\] must be a number or a list of numbers, not nan"),
        ([[1.0, math.nan]], [0], {}, r"accuracy\(outputs\)\[0\] must be a number"),
        ([], [], {}, "at least one: got 0 and 0"),
        ([0.1], [0, 1], {}, "a target for each output, at least one: got 1 and 2"),
        ([0.1, 0.2, 0.3], [0, 1, 2], {}, "must be 0 and 1, or -1 and 1, not 2"),
        ([0.1, 0.2, 0.3], [-1, 0, 1], {}, "must be 0 and 1, or -1 and 1, not -1"),
        ([0.1], [[0, 1]], {}, r"accuracy\(targets\)\[0\] must be one number, as its output is"),
        ([[0.1, 0.2]], [2], {}, r"accuracy\(targets\)\[0\] must be a class from 0 to 1, not 2"),
        ([[0.1, 0.2]], [0.5], {}, "must be a class from 0 to 1, not 0.5"),
        ([[0.1, 0.2]], [[0, 0]], {}, "must be a one-hot list for 2 classes"),
        ([[0.1, 0.2]], [[0, 0, 1]], {}, "must be a one-hot list for 2 classes"),
        ([[0.1, 0.2]], [0], {"threshold": 0.0}, r"accuracy\(threshold\) is for single outputs"),
        ([[]], [0], {}, "must be a number or a list of numbers"),
    ],
)
def test_what_it_cannot_judge_it_explains(outputs, targets, options, message):
    with pytest.raises(ValueError, match=message):
        nn.accuracy(outputs, targets, **options)


@pytest.mark.parametrize("words", [["cat"], ["1"], [None], [b"1"]])
def test_words_are_no_classes(words):
    for outputs in ([0.5], [[0.1, 0.9]]):
        with pytest.raises(TypeError, match=r"accuracy\(targets\)\[0\] must be a real number"):
            nn.accuracy(outputs, words)
    with pytest.raises(TypeError, match=r"accuracy\(outputs\)\[0\] must be a real number"):
        nn.accuracy(words, [1])


@pytest.mark.parametrize("bad", [None, 0.5, "ab", {0.5}, {"a": 1}])
def test_what_is_no_list_is_a_type_error(bad):
    with pytest.raises(TypeError, match=r"accuracy\(outputs\) must be a list"):
        nn.accuracy(bad, [0])
    with pytest.raises(TypeError, match=r"accuracy\(targets\) must be a list"):
        nn.accuracy([0.5], bad)


@pytest.mark.parametrize(
    ("outputs", "targets", "threshold"),
    [
        ([0.9, 0.5, 0.2, 0.7], [1, 1, 1, 0], None),
        ([2.5, -0.1, 0.0], [1, 0, 1], 0.0),
        ([2.5, -0.1, 0.0], [1, -1, 1], None),
        ([[0.1, 2.0, 2.0], [3.0, 1.0, 3.0], [1.0, 1.0, 2.0]], [1, 2, 2], None),
        ([[0.1, 2.0], [3.0, 1.0]], [[0.0, 1.0], [0.5, 0.5]], None),
    ],
)
def test_recorded_accuracy_is_the_same_share(outputs, targets, threshold):
    recorded = jit(lambda ys: nn.accuracy(ys, targets, threshold), backend="python")
    assert recorded(outputs) == nn.accuracy(outputs, targets, threshold)


def test_recorded_accuracy_of_what_is_no_probability_is_nan():
    assert math.isnan(jit(lambda ys: nn.accuracy(ys, [1, 0]), backend="python")([2.0, 0.3]))

"""Measures of a model that need no gradient, for `fit(metrics=...)` and for reports."""

from collections.abc import Sequence
from math import nan, prod
from numbers import Real
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, as_list, check_number, shown
from autograd_lite.core.value import Value, as_data, is_known

ZERO_ONE, SIGNS = {0.0, 1.0}, {-1.0, 1.0}


def accuracy(outputs: Sequence[Any], targets: Sequence[Any], threshold: float | None = None) -> float:
    """The share of samples answered right.

    - An output that is a list of scores, one for each class, answers the class of the largest. Its target is the
      class, as an index, or a one-hot list.
    - A single output with targets 0 and 1 is a probability, and answers 1 from 0.5 up. For scores that are none, such
      as those of `binary_cross_entropy_with_logits`, pass `threshold=0.0`: the answer is 1 from the threshold up.
    - A single output with targets -1 and 1 answers by its sign, or by the `threshold`. An output of 0 has no sign.
      Targets that are all 1 count as classes 0 and 1: where a batch of signs may be so, pass `threshold=0.0`.

    A ValueError for lengths that differ, nothing at all, an output outside [0, 1] without a threshold, nan, and targets
    of another kind. Outputs may be those of a function that is recorded, as by `jit`; then it is nan where an output
    is outside [0, 1] without a threshold.

    >>> accuracy([[0.1, 2.0], [3.0, 1.0]], [1, 1]), accuracy([0.9, 0.2], [1, 1])
    (0.5, 0.5)
    >>> accuracy([2.5, -0.1], [1, 0], threshold=0.0), accuracy([2.5, -0.1], [1, -1])
    (1.0, 1.0)
    """
    ys, ts = as_list(outputs, "accuracy(outputs)"), as_list(targets, "accuracy(targets)")
    if len(ys) != len(ts) or not ys:
        raise ValueError(f"accuracy needs a target for each output, at least one: got {len(ys)} and {len(ts)}")
    if threshold is not None:
        threshold = check_number(threshold, "accuracy(threshold)")
    scores = [_scores(y, f"accuracy(outputs)[{i}]") for i, y in enumerate(ys)]
    if all(len(row) == 1 for row in scores):
        wanted = [_single(t, f"accuracy(targets)[{i}]") for i, t in enumerate(ts)]
        right = _single_answers([y for [y] in scores], wanted, threshold)
    elif threshold is None:
        right = [_largest_is(row, t, f"accuracy(targets)[{i}]") for i, (row, t) in enumerate(zip(scores, ts))]
    else:
        raise ValueError("accuracy(threshold) is for single outputs; lists of scores answer by the largest")
    share: float = sum(right) / len(right)
    return share


def _single_answers(ys: list[Any], ts: list[float], threshold: float | None) -> list[Any]:
    """Whether each is right: a bool, or a condition for when a recorded function runs."""
    kinds = set(ts)
    if not (kinds <= ZERO_ONE or kinds <= SIGNS):
        odd = sorted(kinds - ZERO_ONE if kinds & ZERO_ONE else kinds - SIGNS)
        raise ValueError(f"accuracy(targets) of single outputs must be 0 and 1, or -1 and 1, not {odd[0]:g}")
    if threshold is not None:
        return [y >= threshold if t == 1.0 else 1 - (y >= threshold) for y, t in zip(ys, ts)]
    if not kinds <= ZERO_ONE:
        return [y * t > 0.0 for y, t in zip(ys, ts)]
    for y in filter(is_known, ys):
        if not 0.0 <= y <= 1.0:
            raise ValueError(
                f"accuracy(outputs) with targets 0 and 1 must be probabilities, not {y:g}: pass threshold=0.0 "
                "for scores, such as those of binary_cross_entropy_with_logits"
            )
    right = [y >= 0.5 if t == 1.0 else 1 - (y >= 0.5) for y, t in zip(ys, ts)]
    return [r if is_known(y) else table.where((y >= 0.0) * (y <= 1.0), r, nan) for y, r in zip(ys, right)]


def _largest_is(scores: list[Any], target: Any, place: str) -> Any:
    """Whether the largest score is that of the target's class, or of one of the classes it finds most probable."""
    count = len(scores)
    if hasattr(target, "__iter__") and getattr(target, "shape", None) != ():
        weights = _numbers(target, place)
        if len(weights) != count or not max(weights) > 0.0:
            raise ValueError(f"{place} must be a one-hot list for {count} classes, not {shown(target)}")
        return sum(_is_largest(scores, k) for k in range(count) if weights[k] == max(weights))
    number = _single(target, place)
    if number not in range(count):
        raise ValueError(f"{place} must be a class from 0 to {count - 1}, not {shown(target)}")
    return _is_largest(scores, int(number))


def _is_largest(scores: list[Any], k: int) -> Any:
    """Whether score k is the first of the largest."""
    return prod([*[scores[k] > s for s in scores[:k]], *[scores[k] >= s for s in scores[k + 1 :]]])


def _single(target: Any, place: str) -> float:
    numbers = _numbers(target, place)
    if len(numbers) != 1:
        raise ValueError(f"{place} must be one number, as its output is, not {shown(target)}")
    return numbers[0]


def _scores(x: Any, place: str) -> list[Any]:
    """The scores of one sample: numbers, unless they are known only when a recorded function runs."""
    scores = _entries(x, place)
    return _numbers(x, place) if all(map(is_known, scores)) else scores


def _entries(x: Any, place: str) -> list[Any]:
    """A single number counts as a list of one."""
    single = isinstance(x, (Value, Real, str, bytes)) or not hasattr(x, "__iter__") or getattr(x, "shape", None) == ()
    return [x] if single else as_list(x, place)


def _numbers(x: Any, place: str) -> list[float]:
    numbers = [as_float(as_data(e), place) for e in _entries(x, place)]
    if not numbers or any(y != y for y in numbers):
        raise ValueError(f"{place} must be a number or a list of numbers, not {shown(x)}")
    return numbers

"""Losses, under PyTorch's names. Each takes the predictions and the targets of a batch, and returns one Value.

`reduction` says how the losses of the entries are put together: "mean" (the default), "sum", or "none" for the list of
them. Predictions and targets are numbers, lists of them, or lists of lists: `mse_loss`, `l1_loss`, `huber_loss` and the
losses of yes and no compare entry by entry; `cross_entropy` and `nll_loss` take one list of classes for each sample.
"""

import math
from collections.abc import Callable, Sequence
from itertools import chain
from numbers import Real
from typing import Any

from autograd_lite.compiler.batching import Lanes, vmap
from autograd_lite.core import functions
from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, as_list, shown
from autograd_lite.core.value import Number, Value, as_data, is_known
from autograd_lite.transforms.pytree import NUMBER


def mse_loss(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(y - t)**2. Gradient 2 (y - t), over the number of entries for the mean.

    >>> mse_loss([1.0, 5.0], [1.0, 2.0])
    4.5
    """

    def square(y: Number, t: Number) -> Any:
        d = y - t
        return d * d

    return _entrywise(square, predictions, targets, reduction)


def l1_loss(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """|y - t|. Gradient sign(y - t), so 0 where they agree.

    >>> l1_loss([1.0, 5.0], [1.0, 2.0])
    1.5
    """
    return _entrywise(lambda y, t: table.abs(y - t), predictions, targets, reduction)


def huber_loss(predictions: Any, targets: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """(y - t)**2 / 2 up to a distance of delta, delta (|y - t| - delta / 2) beyond (Huber 1964). The gradient is y - t,
    kept between -delta and delta.

    >>> huber_loss([1.5, 5.0], [1.0, 2.0], "none")
    [0.125, 2.5]
    """
    delta = as_float(delta, "huber_loss(delta)")
    if not delta > 0.0:
        raise ValueError(f"huber_loss(delta) must be above 0, not {delta:g}")

    def huber(y: Number, t: Number) -> Any:
        d = y - t
        near = table.clamp(d, -delta, delta)
        return near * (d - 0.5 * near)

    return _entrywise(huber, predictions, targets, reduction)


def hinge_loss(scores: Any, labels: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - label * score) for labels -1 and 1. Gradient -label where the margin is below 1, else 0.

    >>> hinge_loss([0.5, 3.0], [1, 1], "none")
    [0.5, 0.0]
    """

    def hinge(y: Number, t: Number) -> Any:
        if is_known(t) and t not in (-1.0, 1.0):
            raise ValueError(
                f"hinge_loss(labels) must be -1 or 1, not {shown(t)}: write 2 * label - 1 for labels 0 and 1"
            )
        return table.relu(1.0 - t * y)

    return _entrywise(hinge, scores, labels, reduction)


def binary_cross_entropy(probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """-t log(p) - (1 - t) log(1 - p), for probabilities p and targets t from 0 to 1.

    A logarithm counts no less than -100, as in PyTorch, so that a certain and wrong answer costs 100 and not infinity;
    the gradient there is 0. `binary_cross_entropy_with_logits` needs no such bound.

    >>> round(binary_cross_entropy([0.5], [1]), 4)
    0.6931
    """

    def entropy(p: Number, t: float) -> Any:
        if is_known(p) and not 0.0 <= p <= 1.0:
            raise ValueError(
                f"binary_cross_entropy(probabilities) must be from 0 to 1, not {shown(p)}: pass them through sigmoid, "
                "or use binary_cross_entropy_with_logits"
            )
        _check_probability(t, "binary_cross_entropy(targets)")
        later = not is_known(t)
        yes = t * table.maximum(table.log(p), -100.0) if later or t else 0.0
        no = (1.0 - t) * table.maximum(table.log1p(-p), -100.0) if later or t != 1.0 else 0.0
        return -(yes + no)

    return _entrywise(entropy, probabilities, targets, reduction)


def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """-t log(sigmoid(x)) - (1 - t) log(sigmoid(-x)), for logits x, targets t from 0 to 1.

    Accurate for logits of any size. Gradient sigmoid(x) - t.

    >>> binary_cross_entropy_with_logits([-1000.0], [1])
    1000.0
    """

    def entropy(x: Number, t: float) -> Any:
        _check_probability(t, "binary_cross_entropy_with_logits(targets)")
        if is_known(t) and t in (0.0, 1.0):
            return table.softplus(-x if t else x)
        return t * table.softplus(-x) + (1.0 - t) * table.softplus(x)

    return _entrywise(entropy, logits, targets, reduction)


def cross_entropy(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """-log(softmax(x)[t]) for the logits x of a sample and the index t of its class.

    In place of the index t may be the list of the classes' probabilities: -sum(t * log(softmax(x))). Takes one list of
    logits with one t, or a list of each. Accurate for logits of any size. The gradient at the logits is softmax(x) - t
    (t of an index being 1 at the class, else 0), over the number of samples for the mean.

    >>> cross_entropy([[1000.0, -1000.0], [0.0, 0.0]], [1, 0], "none")[0]
    2000.0
    """

    def entropy(x: Sequence[Number], t: Any) -> Any:
        if not is_known(t):
            return -table.log_softmax(*_with_class_first(x, t))
        weights = _class_weights(x, t, "cross_entropy")
        nodes = [_weighted(-weight, table.log_softmax(x[i], *x[:i], *x[i + 1 :])) for i, weight in weights]
        return nodes[0] if len(nodes) == 1 else table.sum(*nodes)

    return _samplewise(entropy, logits, targets, reduction, "cross_entropy(logits)")


def nll_loss(log_probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """-x[t] for the log-probabilities x of a sample, as `log_softmax` gives them, and the index t of its class.

    >>> nll_loss([[-0.5, -2.0]], [0])
    0.5
    """

    def likelihood(x: Sequence[Number], t: Any) -> Any:
        if _is_list(t):
            raise TypeError(f"nll_loss(targets) must be class indices, not {shown(t)}")
        if not is_known(t):
            return -_with_class_first(x, t)[0]
        nodes = [_weighted(-weight, x[i]) for i, weight in _class_weights(x, t, "nll_loss")]
        return nodes[0] if len(nodes) == 1 else table.sum(*nodes)

    return _samplewise(likelihood, log_probabilities, targets, reduction, "nll_loss(log_probabilities)")


# --- from entries to a batch ---------------------------------------------------------------------------------------


def _entrywise(loss: Callable[[Any, Any], Any], ys: Any, ts: Any, reduction: str) -> Any:
    def losses(ys: Any, ts: Any, place: str = "[0]") -> list[Any]:
        return [loss(y, t) for y, t in _pairs(ys, ts, place)]

    _check_reduction(reduction)
    try:
        if not _are_lanes(ys, ts):
            return _reduce(losses(ys, ts, ""), reduction)
        one_each = ys.structure is NUMBER is ts.structure
        return _reduce(vmap(loss)(ys, ts) if one_each else [*chain(*vmap(losses)(ys, ts))], reduction)
    except RecursionError:
        raise ValueError("predictions and targets are nested too deeply: does a list contain itself?") from None


def _samplewise(loss: Callable[[Any, Any], Any], xs: Any, ts: Any, reduction: str, argument: str) -> Any:
    def of_sample(x: Any, t: Any) -> Any:
        classes = [_number(y, argument) for y in as_list(x, f"a sample of {argument}")]
        if not classes:
            raise ValueError(f"{argument} must have at least one class a sample")
        return loss(classes, t)

    _check_reduction(reduction)
    if _are_lanes(xs, ts):
        return _reduce(vmap(of_sample)(xs, ts), reduction)
    if not _is_list(xs):
        raise TypeError(f"{argument} must be a list with one number for each class, not {shown(xs)}")
    samples = as_list(xs, argument)
    if samples and not _is_list(samples[0]):
        samples, ts = [samples], [ts]
    if not _is_list(ts) or len(targets := as_list(ts, "targets")) != len(samples):
        raise ValueError(
            f"{argument} and targets must have one entry a sample, got {len(samples)} and targets {shown(ts)}"
        )
    return _reduce([of_sample(x, t) for x, t in zip(samples, targets)], reduction)


def _are_lanes(ys: Any, ts: Any) -> bool:
    """Whether both are of samples that are recorded at once."""
    return isinstance(ys, Lanes) and isinstance(ts, Lanes)


def _pairs(ys: Any, ts: Any, place: str) -> list[tuple[Any, Any]]:
    """The entries of two nested lists of one shape, side by side; a difference in shape is an error that says where."""
    nested = _is_list(ys), _is_list(ts)
    if not any(nested):
        return [(_number(ys, f"predictions{place}"), _number(ts, f"targets{place}"))]
    ys = as_list(ys, f"predictions{place}") if nested[0] else ys
    ts = as_list(ts, f"targets{place}") if nested[1] else ts
    if not all(nested) or len(ys) != len(ts):
        shape = [f"{len(x)} entries" if isinstance(x, list) else "a number" for x in (ys, ts)]
        raise ValueError(f"predictions{place} and targets{place} must match, got {shape[0]} and {shape[1]}")
    return [pair for i, (y, t) in enumerate(zip(ys, ts)) for pair in _pairs(y, t, f"{place}[{i}]")]


def _number(x: Any, argument: str) -> Number:
    return x if isinstance(x, Value) else as_float(x, f"{argument} of a loss")


def _reduce(losses: list[Any], reduction: str) -> Any:
    if not losses:
        raise ValueError("a loss needs at least one sample: predictions and targets are empty")
    if reduction == "none":
        return losses
    return functions.mean(losses) if reduction == "mean" else functions.sum(losses)


def _check_reduction(reduction: str) -> None:
    if not isinstance(reduction, str) or reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {shown(reduction)}")


def _is_list(x: Any) -> bool:
    return hasattr(x, "__iter__") and not isinstance(x, (str, bytes)) and getattr(x, "shape", None) != ()


def _check_probability(t: Number, argument: str) -> None:
    if is_known(t) and not 0.0 <= t <= 1.0:
        raise ValueError(f"{argument} must be from 0 to 1, not {shown(t)}")


def _weighted(weight: Any, y: Any) -> Any:
    return table.where(weight, weight * y, 0.0) if not is_known(weight) else weight * y


def _with_class_first(x: Sequence[Number], t: Value) -> list[Any]:
    """x with its entry t in front and the first in that one's place, t being known when a recorded program runs.

    If there is no class t, the entry in front is nan.
    """
    is_class = [table.equal(t, float(i)) for i in range(len(x))]
    entry = [table.where(c, y, 0.0) for c, y in zip(is_class, x)]
    chosen = table.sum(*entry, table.where(table.sum(*is_class), 0.0, math.nan))
    return [chosen, *[table.where(c, x[0], y) for c, y in zip(is_class[1:], x[1:])]]


def _class_weights(x: Sequence[Number], t: Any, loss: str) -> list[tuple[int, Any]]:
    """The classes that count, with their probabilities: the one of an index, or those of a distribution above 0.

    All may count if the probabilities are known only when a recorded program runs.
    """
    if _is_list(t):
        weights = [_number(p, f"{loss}(targets)") for p in as_list(t, f"{loss}(targets)")]
        if len(weights) != len(x):
            raise ValueError(
                f"{loss}(targets) must give {len(x)} probabilities a sample, one for each class, got {len(weights)}"
            )
        for p in weights:
            _check_probability(p, f"{loss}(targets)")
        if not all(map(is_known, weights)):
            return list(enumerate(weights))
        total = as_data(functions.sum(weights))
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"{loss}(targets) must be probabilities that sum to 1, these sum to {total}")
        return [(i, p) for i, p in enumerate(weights) if p]
    if isinstance(t, bool) or not isinstance(t, Real) or as_float(t, f"{loss}(targets)") % 1.0 != 0.0:
        raise TypeError(f"{loss}(targets) must be a class index, a whole number, not {shown(t)}")
    i = int(float(t))
    if not 0 <= i < len(x):
        raise ValueError(f"{loss}(targets) must be a class from 0 to {len(x) - 1}, not {shown(t)}")
    return [(i, 1.0)]

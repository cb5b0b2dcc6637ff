"""Gradients that are too long, cut down before a step."""

import math
from collections.abc import Iterable

from autograd_lite.core.checks import check_number, shown
from autograd_lite.core.value import Value, as_data
from autograd_lite.optim.base import leaf_values, store


def clip_grad_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down, together, until their Euclidean norm is at most `max_norm`; returns the norm before.

    A FloatingPointError if the norm is not finite: no scale would mend that.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_grad_norm([x, y], 1.0), round(x.grad, 5)
    (5.0, 0.6)
    """
    leaves = leaf_values(parameters, "clip_grad_norm(parameters)")
    max_norm = check_number(max_norm, "clip_grad_norm(max_norm)", 0.0)
    gradients = [as_data(p.grad) for p in leaves]
    norm = math.hypot(*gradients)
    if not math.isfinite(norm):
        worst = next((p for p, g in zip(leaves, gradients) if not math.isfinite(g)), leaves[0])
        raise FloatingPointError(
            f"clip_grad_norm: the norm of the gradients is {norm}; one of them is at {shown(worst)}"
        )
    scale = max_norm / (norm + 1e-6)
    if scale < 1.0:
        store(leaves, ["_grad"] * len(leaves), [p.grad * scale for p in leaves])
    return norm

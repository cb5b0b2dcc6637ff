"""Learning rates that change as training goes on: functions of the step's number, 0 first, for an optimiser's `lr`.

They copy and pickle, as the optimisers do that hold them.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from autograd_lite.core import table as table
from autograd_lite.core.checks import check_number, check_size

Schedule: TypeAlias = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """lr at every step.

    >>> constant(0.1)(1000)
    0.1
    """
    return partial(_constant, check_number(lr, "constant(lr)", 0.0))


def _constant(lr: float, step: int) -> float:
    _check_step(step)
    return lr


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """lr, multiplied by `factor` after each `every` steps.

    >>> [step_decay(1.0, every=2, factor=0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    lr = check_number(lr, "step_decay(lr)", 0.0)
    every = check_size(every, "step_decay(every)")
    factor = check_number(factor, "step_decay(factor)", 0.0)
    return partial(_step_decay, lr, every, factor)


def _step_decay(lr: float, every: int, factor: float, step: int) -> float:
    decay: float = table.pow(factor, float(_check_step(step) // every))
    return lr * decay


def cosine(lr: float, steps: int, floor: float = 0.0) -> Schedule:
    """Half a cosine wave from lr at step 0 down to `floor` at `steps`, then `floor` (Loshchilov & Hutter 2017).

    >>> [round(cosine(1.0, steps=2)(t), 6) for t in range(4)]
    [1.0, 0.5, 0.0, 0.0]
    """
    lr = check_number(lr, "cosine(lr)", 0.0)
    steps = check_size(steps, "cosine(steps)")
    floor = check_number(floor, "cosine(floor)", 0.0)
    return partial(_cosine, lr, steps, floor)


def _cosine(lr: float, steps: int, floor: float, step: int) -> float:
    done = min(_check_step(step), steps) / steps
    return floor + 0.5 * (lr - floor) * (1.0 + math.cos(math.pi * done))


def warmup(lr: float | Schedule, steps: int, start: float = 1.0 / 3.0) -> Schedule:
    """A linear rise from `start * lr` at step 0 to all of it at `steps`. `lr` may be a schedule itself.

    >>> [warmup(1.0, steps=2, start=0.5)(t) for t in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    after = lr if callable(lr) else constant(check_number(lr, "warmup(lr)", 0.0))
    steps = check_size(steps, "warmup(steps)")
    start = check_number(start, "warmup(start)", 0.0)
    return partial(_warmup, after, steps, start)


def _warmup(after: Schedule, steps: int, start: float, step: int) -> float:
    done = min(_check_step(step), steps) / steps
    return rate_at(after, step) * (start + (1.0 - start) * done)


def rate_at(lr: float | Schedule, step: int) -> float:
    """The learning rate at a step: `lr`, or what the schedule says. A ValueError if that is nan, infinite, below 0."""
    if callable(lr):
        return check_number(lr(step), f"the learning rate at step {step:,}", 0.0)
    return check_number(lr, "lr", 0.0)


def _check_step(step: int) -> int:
    return check_size(step, "the step of a schedule", 0)

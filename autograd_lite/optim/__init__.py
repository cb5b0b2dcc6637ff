"""How a gradient moves a parameter: optimisers, and schedules for their learning rate.

An optimiser holds the parameters it moves and what it remembers of each. Its update is written in arithmetic that does
not care what a number is, so that the same lines run eagerly and compiled. A schedule is a function from the step's
number to a learning rate.
"""

from autograd_lite.optim.base import Optimizer
from autograd_lite.optim.clipping import clip_grad_norm
from autograd_lite.optim.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from autograd_lite.optim.schedules import Schedule, constant, cosine, step_decay, warmup

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "clip_grad_norm",
    "constant",
    "cosine",
    "step_decay",
    "warmup",
]

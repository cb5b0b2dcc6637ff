"""Optimisers: how a gradient moves a parameter. The updates are those of PyTorch, number for number.

`lr` is the learning rate, or a function of the step's number, 0 first: `constant`, `step_decay`, `cosine` and `warmup`
make such schedules.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.value import Value
from autograd_lite.numeric.real import as_float
from autograd_lite.optim.schedules import Schedule


class Optimizer:
    """What the optimisers share: their parameters, the learning rate, and numbers remembered for each parameter.

    A subclass defines `update(x, g, memory, lr)`: the parameter's next number from its present one, its gradient and
    its dict of remembered numbers, which it may change.
    """

    remembers: tuple[str, ...] = ()
    momentum: float
    eps: float
    weight_decay: float

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule, **options: float) -> None:
        if not isinstance(parameters, Iterable):
            raise TypeError(f"{type(self).__name__}(parameters) must be a list of Values: pass model.parameters()")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{type(self).__name__}(parameters) is empty: pass model.parameters()")
        for p in self.parameters:
            if not isinstance(p, Value) or p.parents:
                raise TypeError(f"{type(self).__name__}(parameters) must be leaf Values, not {p!r}")
        if not callable(lr):
            _check("lr", lr, 0.0)
        for name, x in options.items():
            _check(name, x, 0.0)
            setattr(self, name, x)
        self.lr = lr
        self.steps = 0
        self.memory = [dict.fromkeys(self.remembers, 0.0) for _ in self.parameters]

    def step(self) -> None:
        """Move every parameter once, by its `grad`."""
        lr = self.lr(self.steps) if callable(self.lr) else self.lr
        self.steps += 1
        for p, memory in zip(self.parameters, self.memory):
            p.data = self.update(p.data, getattr(p.grad, "data", p.grad), memory, lr)

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define update(self, x, g, memory, lr)")

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for p in self.parameters:
            p.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The number of steps taken and what is remembered for each parameter, as plain numbers."""
        return {"steps": self.steps, "memory": [dict(memory) for memory in self.memory]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. A ValueError if it does not fit; then nothing has changed."""
        memory = state.get("memory")
        if not isinstance(memory, list) or [set(m) for m in memory] != [set(m) for m in self.memory]:
            raise ValueError(
                f"load_state_dict(state) does not fit: it needs {', '.join(self.remembers) or 'nothing'} for each of "
                f"{len(self.parameters)} parameters; state was saved from another optimiser or model"
            )
        memory = [{k: as_float(x, f"load_state_dict(state) {k!r}") for k, x in m.items()} for m in memory]
        self.steps, self.memory = int(state["steps"]), memory


class SGD(Optimizer):
    """x - lr g: stochastic gradient descent. `weight_decay` adds its multiple of x to g.

    With momentum the velocity v = momentum v + g stands in place of g, in Nesterov's variant g + momentum v.

    >>> x = Value(1.0)
    >>> x.grad = 2.0
    >>> SGD([x], lr=0.1).step()
    >>> x.data
    0.8
    """

    remembers = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and momentum == 0.0:
            raise ValueError("SGD(nesterov=True) needs a momentum above 0")
        self.nesterov = nesterov

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        g += self.weight_decay * x
        if self.momentum:
            memory["velocity"] = v = self.momentum * memory["velocity"] + g
            g = g + self.momentum * v if self.nesterov else v
        return x - lr * g


class RMSprop(Optimizer):
    """x - lr g / (root(s) + eps), where s = alpha s + (1 - alpha) g**2 follows the mean square of g (Hinton 2012).

    >>> x = Value(1.0)
    >>> x.grad = 2.0
    >>> RMSprop([x], lr=0.1).step()
    >>> round(x.data, 6)
    0.0
    """

    remembers = ("square",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)
        _check("alpha", alpha, 0.0, 1.0)
        self.alpha = alpha

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        g += self.weight_decay * x
        memory["square"] = s = self.alpha * memory["square"] + (1.0 - self.alpha) * g * g
        return x - lr * g / (root(s) + self.eps)


class Adagrad(Optimizer):
    """x - lr g / (root(s) + eps), where s is the sum of all g**2 so far (Duchi et al. 2011).

    >>> x = Value(1.0)
    >>> x.grad = 2.0
    >>> Adagrad([x], lr=0.1).step()
    >>> round(x.data, 6)
    0.9
    """

    remembers = ("square",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        g += self.weight_decay * x
        memory["square"] = s = memory["square"] + g * g
        return x - lr * g / (root(s) + self.eps)


class Adam(Optimizer):
    """x - lr m / (root(s) + eps), with m and s the running means of g and g**2, freed of their start at 0 (Kingma & Ba
    2015).

    >>> x = Value(1.0)
    >>> x.grad = 2.0
    >>> Adam([x], lr=0.1).step()
    >>> round(x.data, 6)
    0.9
    """

    remembers = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"betas must be a pair of numbers, not {betas!r}")
        for beta in betas:
            _check("betas", beta, 0.0, 1.0)
        self.betas = betas

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        return self._adam(x, g + self.weight_decay * x, memory, lr)

    def _adam(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        b1, b2 = self.betas
        memory["mean"] = m = b1 * memory["mean"] + (1.0 - b1) * g
        memory["square"] = s = b2 * memory["square"] + (1.0 - b2) * g * g
        m, s = m / (1.0 - b1**self.steps), s / (1.0 - b2**self.steps)
        return x - lr * m / (root(s) + self.eps)


class AdamW(Adam):
    """Adam with the decay apart from the gradient: x shrinks by lr * weight_decay * x first (Loshchilov & Hutter 2019).

    >>> AdamW([Value(1.0)]).weight_decay
    0.01
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        return self._adam(x * (1.0 - lr * self.weight_decay), g, memory, lr)


def root(x: float) -> float:
    """The square root, also of a number that `Trainer` records."""
    y: float = table.sqrt(x)
    return y


# --- beside the optimisers -----------------------------------------------------------------------------------------


def clip_grad_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down, together, until their Euclidean norm is at most `max_norm`; returns the norm before.

    A FloatingPointError if the norm is not finite: no scale would mend that.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_grad_norm([x, y], 1.0), round(x.grad, 5)
    (5.0, 0.6)
    """
    parameters = list(parameters)
    _check("max_norm", max_norm, 0.0)
    norm = math.hypot(*[p.grad for p in parameters])
    if not math.isfinite(norm):
        worst = next((p for p in parameters if not math.isfinite(p.grad)), parameters[0])
        raise FloatingPointError(f"clip_grad_norm: the norm of the gradients is {norm}; one of them is at {worst!r}")
    scale = max_norm / (norm + 1e-6)
    if scale < 1.0:
        for p in parameters:
            p.grad *= scale
    return norm


def _check(argument: str, x: float, low: float, below: float = math.inf) -> None:
    if not low <= as_float(x, argument) < below:
        upper = f" and below {below:g}" if below < math.inf else ""
        raise ValueError(f"{argument} must be at least {low:g}{upper}, not {x!r}")

"""Optimisers: how a gradient moves a parameter. The updates are those of PyTorch, number for number.

`lr` is the learning rate, or a function of the step's number, 0 first: `constant`, `step_decay`, `cosine` and `warmup`
make such schedules.
"""

from collections.abc import Iterable

from autograd_lite.core.checks import check_flag, check_number, shown
from autograd_lite.core.value import Value
from autograd_lite.optim.base import Optimizer
from autograd_lite.optim.schedules import Schedule


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
        self.nesterov = check_flag(nesterov, "nesterov")
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("SGD(nesterov=True) needs a momentum above 0")

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        g = self._with_decay(x, g)
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
        self.alpha = check_number(alpha, "alpha", 0.0, 1.0)

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        g = self._with_decay(x, g)
        memory["square"] = s = self.alpha * memory["square"] + (1.0 - self.alpha) * g * g
        return x - lr * self._quotient(g, s)


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
        g = self._with_decay(x, g)
        memory["square"] = s = memory["square"] + g * g
        return x - lr * self._quotient(g, s)


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
            raise TypeError(f"betas must be a pair of numbers, not {shown(betas)}")
        self.betas = check_number(betas[0], "betas", 0.0, 1.0), check_number(betas[1], "betas", 0.0, 1.0)

    def update(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        return self._adam(x, self._with_decay(x, g), memory, lr)

    def _adam(self, x: float, g: float, memory: dict[str, float], lr: float) -> float:
        b1, b2 = self.betas
        memory["mean"] = m = b1 * memory["mean"] + (1.0 - b1) * g
        memory["square"] = s = b2 * memory["square"] + (1.0 - b2) * g * g
        m, s = m / (1.0 - b1**self.steps), s / (1.0 - b2**self.steps)
        return x - lr * self._quotient(m, s)


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

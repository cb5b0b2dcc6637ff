"""What every optimiser shares: parameters, learning rate, and steps that move all parameters or none."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, as_list, check_number, check_size, shown
from autograd_lite.core.value import Value, as_data
from autograd_lite.optim.schedules import Schedule, rate_at


class Optimizer:
    """What the optimisers share: their parameters, the learning rate, and numbers remembered for each parameter.

    A subclass defines `update(x, g, memory, lr)`: the parameter's next number from its present one, its gradient and
    its dict of remembered numbers, which it may change. There `self.steps` counts the step being taken, 1 first.

    >>> class Halving(Optimizer):
    ...     def update(self, x, g, memory, lr):
    ...         return x - lr * g / self.steps
    >>> x = Value(1.0)
    >>> optimizer = Halving([x], lr=0.5)
    >>> for _ in range(2):
    ...     x.grad = 1.0
    ...     optimizer.step()
    >>> x.data
    0.25
    """

    remembers: tuple[str, ...] = ()
    momentum: float
    eps: float
    weight_decay: float

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule, **options: float) -> None:
        self.parameters = leaf_values(parameters, f"{type(self).__name__}(parameters)")
        self.lr = lr if callable(lr) else check_number(lr, "lr", 0.0)
        for name, x in options.items():
            setattr(self, name, check_number(x, name, 0.0))
        self.steps = 0
        self.memory = [dict.fromkeys(self.remembers, 0.0) for _ in self.parameters]

    def step(self) -> None:
        """Move every parameter once, by its `grad`.

        All parameters move, or none: whatever ends a step before its time, an error or Ctrl-C, leaves the parameters
        and what is remembered as they were. A ValueError for a schedule that gives no number of at least 0.
        """
        lr = rate_at(self.lr, self.steps)
        after = copy(self)
        after.steps = self.steps + 1
        after.memory = [dict(memory) for memory in self.memory]
        numbers = [
            after.update(p.data, as_data(p.grad), memory, lr) for p, memory in zip(self.parameters, after.memory)
        ]
        store([self, *self.parameters], ["__dict__", *["_data"] * len(numbers)], [vars(after), *numbers])

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
        """Go on from a `state_dict`. A TypeError or ValueError if it does not fit; then nothing has changed."""
        if not isinstance(state, Mapping) or not {"steps", "memory"} <= set(state):
            raise TypeError(f"load_state_dict(state) must be a state_dict() of an optimiser, not {shown(state)}")
        steps, memory = check_size(state["steps"], "load_state_dict(state) 'steps'", 0), state["memory"]
        fits = isinstance(memory, (list, tuple)) and all(isinstance(entry, Mapping) for entry in memory)
        if not fits or [set(entry) for entry in memory] != [set(entry) for entry in self.memory]:
            raise ValueError(
                f"load_state_dict(state) does not fit: it needs {', '.join(self.remembers) or 'nothing'} for each of "
                f"{len(self.parameters)} parameters; state was saved from another optimiser or model"
            )
        memory = [
            {
                name: as_float(entry[name], f"load_state_dict(state) {name!r} of parameter {i}")
                for name in self.remembers
            }
            for i, entry in enumerate(memory)
        ]
        vars(self).update(steps=steps, memory=memory)

    def _with_decay(self, x: float, g: float) -> float:
        """The gradient of the loss with weight_decay x**2 / 2 added."""
        return g + self.weight_decay * x if self.weight_decay else g

    def _quotient(self, m: float, s: float) -> float:
        """m / (root(s) + eps); 0 where both are 0, as after a gradient of 0 with eps=0."""
        if self.eps:
            return m / (root(s) + self.eps)
        y: float = table.where(s, table.div(m, root(s)), 0.0)
        return y


def root(x: float) -> float:
    """The square root, also of a number that `Trainer` records."""
    y: float = table.sqrt(x)
    return y


def store(objects: Sequence[Any], names: Sequence[str], values: Sequence[Any]) -> None:
    """Set an attribute of each object, all or none: one call of C code, within which Python answers no Ctrl-C."""
    deque(map(object.__setattr__, objects, names, values), maxlen=0)


def assign(parameters: Sequence[Value], numbers: Sequence[float]) -> None:
    """Give each parameter its number: all or none."""
    store(parameters, ["_data"] * len(numbers), numbers)


def leaf_values(parameters: Iterable[Value], argument: str) -> list[Value]:
    """The parameters as a list, if they are leaf Values, at least one and each once."""
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{argument} must be a list of Values: pass model.parameters()")
    leaves = as_list(parameters, argument, "Values")
    if not leaves:
        raise ValueError(f"{argument} is empty: pass model.parameters()")
    places: dict[Value, int] = {}
    for i, p in enumerate(leaves):
        if not isinstance(p, Value) or p.parents:
            raise TypeError(f"{argument} must be leaf Values, not {shown(p)}")
        if places.setdefault(p, i) != i:
            raise ValueError(
                f"{argument} must hold each parameter once; entries {places[p]} and {i} are one, {shown(p)}"
            )
    return leaves

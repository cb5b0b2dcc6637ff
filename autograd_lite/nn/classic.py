"""Operations as layers that are driven by hand, forward and backward: a view on the engine for the first lesson.

The cost of two apples at 100 with 10 % tax, and what it owes to each number:

>>> price, taxed = MulLayer(), MulLayer()
>>> round(taxed.forward(price.forward(100, 2), 1.1), 6)
220.0
>>> d_price, d_tax = taxed.backward(1.0)
>>> d_price, d_tax, price.backward(d_price)
(1.1, 200.0, (2.2, 110.00000000000001))
"""

from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Number, Value, as_data


class OperationLayer:
    """A primitive of the table as a layer: `forward` computes and remembers, `backward` returns the gradients."""

    def __init__(self, operation: Primitive) -> None:
        self.operation = operation
        self.inputs: list[Value] = []
        self.output: Any = None

    def forward(self, *numbers: float) -> float:
        """The value at plain numbers."""
        self.inputs = [Value(x) for x in numbers]
        self.output = self.operation(*self.inputs)
        return as_data(self.output)

    def backward(self, gradient: Number = 1.0) -> tuple[float, ...]:
        """The gradient at each input of the last `forward`, when `gradient` is that at the output."""
        if self.output is None:
            raise RuntimeError(f"{type(self).__name__}.backward() needs the inputs: call forward first")
        for x in self.inputs:
            x.zero_grad()
        self.output.backward(gradient)
        return tuple(x.grad for x in self.inputs)


class MulLayer(OperationLayer):
    """x * y: the gradient at x is the incoming one times y, at y times x."""

    def __init__(self) -> None:
        super().__init__(table.mul)


class AddLayer(OperationLayer):
    """x + y: the gradient passes on to both unchanged."""

    def __init__(self) -> None:
        super().__init__(table.add)

"""The layers of the textbooks that build backpropagation by hand: thin views on the engine, under the textbooks' names.

`forward` computes and remembers, `backward(dout)` turns the gradient at the output into that at the input. Numbers,
lists and NumPy arrays go in, and the same comes out. The cost of two apples at 100 with 10 % tax:

>>> price, taxed = MulLayer(), MulLayer()
>>> round(taxed.forward(price.forward(100, 2), 1.1), 6)
220.0
>>> d_price, d_tax = taxed.backward(1.0)
>>> d_price, d_tax, price.backward(d_price)
(1.1, 200.0, (2.2, 110.00000000000001))
"""

from collections.abc import Callable
from math import prod
from typing import Any

from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, shown
from autograd_lite.core.functions import softmax
from autograd_lite.nn.losses import cross_entropy
from autograd_lite.transforms.derivatives import vjp
from autograd_lite.transforms.pytree import flatten, leaves_like, unflatten


class ClassicLayer:
    """What the layers share: `forward` records a function on the engine, `backward` runs the chain rule through it."""

    pull: Callable[[Any], tuple[Any, ...]] | None = None

    def record(self, f: Callable[..., Any], *inputs: Any) -> Any:
        """f(*inputs) as plain numbers; `pulled` then goes back through this computation."""
        out, self.pull = vjp(f, *inputs)
        self.structure = flatten(out)[1]
        return out

    def pulled(self, dout: Any) -> tuple[Any, ...]:
        """The gradient at each input of the last `forward`; a RuntimeError before it, a ValueError of another shape."""
        if self.pull is None:
            raise RuntimeError(f"{type(self).__name__}.backward() needs the inputs: call forward first")
        leaves_like(self.structure, dout, f"{type(self).__name__}.backward(dout)")
        return self.pull(dout)


class MulLayer(ClassicLayer):
    """x * y: the gradient at x is dout * y, at y it is dout * x.

    >>> layer = MulLayer()
    >>> layer.forward(100, 2), layer.backward(1.1)
    (200.0, (2.2, 110.00000000000001))
    """

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return self.record(lambda x, y: x * y, x, y)

    def backward(self, dout: Any = 1.0) -> tuple[Any, ...]:
        return self.pulled(dout)


class AddLayer(ClassicLayer):
    """x + y: the gradient passes on to both unchanged.

    >>> layer = AddLayer()
    >>> layer.forward(1.0, 2.0), layer.backward(3.0)
    (3.0, (3.0, 3.0))
    """

    def forward(self, x: Any, y: Any) -> Any:
        return self.record(lambda x, y: x + y, x, y)

    def backward(self, dout: Any = 1.0) -> tuple[Any, ...]:
        return self.pulled(dout)


class Relu(ClassicLayer):
    """max(x, 0), entry by entry. `mask` is true where x <= 0: there the gradient stops.

    >>> layer = Relu()
    >>> layer.forward([-1.0, 2.0]), layer.mask, layer.backward([5.0, 5.0])
    ([0.0, 2.0], [True, False], [0.0, 5.0])
    """

    def forward(self, x: Any) -> Any:
        self.mask = x <= 0 if not isinstance(x, (list, tuple)) else _each(lambda v: v <= 0, x)
        return self.record(lambda x: _each(table.relu, x), x)

    def backward(self, dout: Any) -> Any:
        return self.pulled(dout)[0]


class Sigmoid(ClassicLayer):
    """1 / (1 + exp(-x)), entry by entry: kept as `out`, for the gradient is dout * out * (1 - out).

    >>> layer = Sigmoid()
    >>> layer.forward([0.0, 0.0]), layer.backward([1.0, 4.0])
    ([0.5, 0.5], [0.25, 1.0])
    """

    def forward(self, x: Any) -> Any:
        self.out = self.record(lambda x: _each(table.sigmoid, x), x)
        return self.out

    def backward(self, dout: Any) -> Any:
        return self.pulled(dout)[0]


class Affine(ClassicLayer):
    """x @ W + b for a sample x of length n, a batch of shape (N, n), or one of more dimensions, each sample flattened.

    `W` of shape (n, m) and `b` of length m are the caller's own arrays, so that an update of them in place trains.
    `backward` returns the gradient at x in x's shape, and leaves those at W and b in `dW` and `db`. Needs NumPy.

    >>> import numpy as np
    >>> layer = Affine(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros(2))
    >>> layer.forward(np.array([1.0, 2.0]))
    array([ 7., 10.])
    >>> layer.backward(np.array([1.0, 0.0]))
    array([1., 3.])
    >>> layer.dW
    array([[1., 0.],
           [2., 0.]])
    """

    def __init__(self, W: Any, b: Any) -> None:  # noqa: N803  the textbooks' name
        self.W, self.b = W, b
        self.x: Any = None
        self.dW = self.db = None

    def forward(self, x: Any) -> Any:
        (self.x, rows), weights, bias = _rows(x), _array(self.W), _array(self.b)
        if weights.ndim != 2 or bias.shape != weights.shape[1:]:
            raise ValueError(f"Affine needs W of shape (n, m) and b of length m, not {weights.shape} and {bias.shape}")
        if rows.shape[1] != len(weights):
            raise ValueError(
                f"Affine.forward(x) must have {len(weights)} numbers a sample, as W has rows, not {rows.shape[1]}"
            )
        out = self.record(_affine, rows, weights, bias)
        return out if self.x.ndim > 1 else out[0]

    def backward(self, dout: Any) -> Any:
        dx, self.dW, self.db = self.pulled(_rows(dout)[1])
        return dx.reshape(_array(self.x).shape)


class SoftmaxWithLoss(ClassicLayer):
    """The mean over the samples of -log(softmax(x)[t]), where t is the index of the class or the one-hot vector.

    `y` holds the probabilities, `t` the targets, `loss` the loss. The gradient at x is dout * (y - t) / N, with t as
    one-hot vectors and N the number of samples. Needs NumPy.

    >>> import numpy as np
    >>> layer = SoftmaxWithLoss()
    >>> layer.forward(np.zeros(2), 0)  # two classes, and no preference: log 2
    0.6931471805599453
    >>> layer.backward()
    array([-0.5,  0.5])
    """

    def forward(self, x: Any, t: Any) -> Any:
        self.x, rows = _rows(x)
        self.t = t
        self.y = _array([softmax(row) for row in rows.tolist()]).reshape(self.x.shape)
        targets = t.tolist() if hasattr(t, "tolist") else t
        targets = targets if self.x.ndim > 1 else [targets]
        self.loss = self.record(lambda rows: cross_entropy([[*row] for row in rows], targets), rows)
        return self.loss

    def backward(self, dout: float = 1.0) -> Any:
        return self.pulled(dout)[0].reshape(self.x.shape)


def numerical_gradient(f: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of f at an array x of floats, by central differences with step 1e-4, entry by entry.

    f may ignore its argument and read x itself: x is changed in place, and as it was in the end. The error is about
    1e-8 of f; `testing.check_gradients` says what can be told of a derivative.

    >>> import numpy as np
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, -1.0])).round(6)
    array([ 6., -2.])
    """
    import numpy as np

    if not callable(f):
        raise TypeError(f"numerical_gradient(f) must be a function, not {shown(f)}")
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        raise TypeError(f"numerical_gradient(x) must be a NumPy array of floats, not {x!r}")
    h, slopes = 1e-4, np.zeros_like(x)

    def value() -> float:
        return as_float(f(x), "numerical_gradient(f): its result")

    for place in np.ndindex(x.shape):
        before = x[place]
        try:
            x[place] = before + h
            above = value()
            x[place] = before - h
            slopes[place] = (above - value()) / (2.0 * h)
        finally:
            x[place] = before
    return slopes


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    leaves, structure = flatten(x)
    return unflatten(structure, [f(v) for v in leaves])


def _array(x: Any) -> Any:
    import numpy as np

    return np.asarray(x, dtype=float)


def _rows(x: Any) -> tuple[Any, Any]:
    """x as an array of its own, and as one row for each sample."""
    x = _array(x).copy()
    return x, x.reshape((len(x), prod(x.shape[1:])) if x.ndim > 1 else (1, x.size))


def _affine(x: Any, weights: Any, bias: Any) -> Any:
    import numpy as np

    rows = [[table.dot(*column, *row, b) for column, b in zip(weights.T, bias)] for row in x]
    return np.array(rows, dtype=object).reshape(len(x), len(bias))

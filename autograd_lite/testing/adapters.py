"""Whose derivative is on trial: yours, PyTorch's or JAX's, each as the gradient of w @ f for any w."""

import inspect
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from autograd_lite.core.checks import shown
from autograd_lite.testing.arguments import Pack, Vector, arguments, grain, home, joined, leaves_of, numbers
from autograd_lite.testing.report import Report, WrongGradientError

MANY = 24  # arguments: of more, no two are tried for being swapped


class Subject:
    """A function f from a vector of n numbers to m, and its derivative at `point` as somebody computes it."""

    owner = "autograd_lite"  # whose numbers f is called with, if they are nobody's
    linear = False  # whether `pull` multiplies by w itself: then there is nothing to try
    replays = False  # whether f can be evaluated in other numbers by its graph
    lenient = False  # whether it may ignore what arrives from above

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], name: str = "", roots: Any = None) -> None:
        roots, name = roots or _parameters(f, len(args)), name or _named(f)
        self.f, self.roots, self.inputs = f, roots, arguments(args, roots, self.owner)
        self.point, self.owner = self.inputs.point, self.inputs.owner
        self.n = self.point.size
        self.report = Report(name, dict(zip(roots, args)), inputs=self.n)
        result = self.value(self.point)  # an error of f at the point itself is for the user to see
        leaves = leaves_of(result, "f")
        self.outputs = Pack(result, leaves, range(len(leaves)), "numpy")
        self.m = self.outputs.point.size
        if not self.m:
            raise TypeError(f"check_gradients(f): {name} returns no number")
        self.grain = grain(*self.inputs.leaves, *self.outputs.leaves)
        blocks = zip(self.inputs.titles, self.inputs.shapes)
        self.lengths = {n: f"axis {d} of {title}" for title, shape in blocks for d, n in enumerate(shape)}

    def value(self, v: Vector) -> Any:
        """What f returns at v."""
        args, made = self.inputs.make(v)
        result = self.f(*args)
        if v is self.point and self.owner == "numpy" and not self.inputs.unchanged(made, v):
            self.report.notes.append("f writes into its arguments")
        return result

    def call(self, v: Vector) -> Vector:
        """f as a function of vectors; of complex ones too, if it is one of NumPy's."""
        return joined((y for _, y in leaves_of(self.value(v))), "the result of f")

    def pull(self, w: Vector) -> Vector:
        """The gradient of w @ f at the point."""
        raise NotImplementedError

    def exact(self, k: int, i: int, way: str) -> float | None:
        """The derivative of output k in input i by a way that loses no digits; None if that way does not exist."""

    def title(self, k: int | None, i: int) -> str:
        """The name of the derivative of output k, or of a mix of them, in input i."""
        return f"d{'(w @ f)' if k is None else self.outputs.name(k)}/d{self.inputs.name(i)}"

    def rearrangements(self) -> Iterator[tuple[str, Vector]]:
        """Mistakes of order: what each is called, and the gradient's places in the order that would be right."""
        titles, places = self.inputs.titles, self.inputs.parts(np.arange(self.n))
        for title, shape, place in zip(titles, self.inputs.shapes, places):
            if len(shape) == 2 and shape[0] == shape[1] > 1:
                turned = np.arange(self.n)
                turned[place] = place.reshape(shape).T.ravel()
                yield f"the gradient of {title} is the transpose of the right one", turned
        for a, b in combinations(range(min(len(places), MANY)), 2):
            if places[a].size == places[b].size:
                swapped = np.arange(self.n)
                swapped[places[a]], swapped[places[b]] = places[b], places[a]
                yield f"the gradients of {titles[a]} and {titles[b]} are swapped", swapped

    def watch_dout(self, made: Sequence[Any], w: Vector) -> None:
        """Note it if somebody has written into the douts that were made from w."""
        if not self.outputs.unchanged(made, w):
            self.report.notes.append("the backward pass writes into dout: whoever else uses it gets other numbers")

    def fault(self, what: str) -> WrongGradientError:
        """The end of the check: there is nothing to compare."""
        self.report.faults.append(what)
        return WrongGradientError(self.report)


class Yours(Subject):
    """A derivative written by hand, beside f: as `grad`, `jac` or `vjp`."""

    owner = "numpy"

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], grad: Any, jac: Any, vjp: Any, roots: Any = None
    ) -> None:
        self.grad, self.jac, self.vjp, self.linear = grad, jac, vjp, vjp is None
        super().__init__(f, args, _named(next((way for way in (grad, jac, vjp) if callable(way)), f)), roots)
        if grad is not None and self.m > 1:
            raise ValueError(f"check_gradients(grad=): f returns {self.m} numbers: pass jac= or vjp=")

    def value(self, v: Vector) -> Any:
        return self.both(super().value(v))[0]

    def both(self, result: Any) -> tuple[Any, Any]:
        """What f returns: its value, and with `grad=True` the gradient."""
        if self.grad is not True:
            return result, None
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"check_gradients(grad=True): f must return (value, gradient), not {shown(result)}")
        return result[0], result[1]

    def pull(self, w: Vector) -> Vector:
        args, made = self.inputs.make(self.point)
        if self.jac is not None:
            g = self._times(w, self.jac(*args))
        elif self.vjp is not None:
            dout, douts = self.outputs.make(w)
            g = self._gradient(self.vjp(dout, *args))
            self.watch_dout(douts, w)
        else:
            g = w[0] * self._gradient(self.both(self.f(*args))[1] if self.grad is True else self.grad(*args))
        if self.owner == "numpy" and not self.inputs.unchanged(made, self.point):
            self.report.notes.append("the derivative writes into its arguments")
        return g

    def _gradient(self, gradient: Any) -> Vector:
        """A gradient as one vector."""
        try:
            return self.inputs.aligned(gradient)
        except ValueError as error:
            raise self.fault(str(error)) from None

    def _times(self, w: Vector, matrix: Any) -> Vector:
        """w @ J of a Jacobian, dense or sparse, or of a tuple of one for each input."""
        m, n, sizes = self.m, self.n, [math.prod(shape) for shape in self.inputs.shapes]
        parted = isinstance(matrix, (tuple, list)) and len(matrix) == len(sizes) > 1
        parted = parted and (isinstance(matrix, tuple) or any(np.ndim(b) > 1 for b in matrix))
        rows, chosen = [], np.flatnonzero(w)  # of the other rows not even a nan counts
        for block, size in zip(matrix, sizes) if parted else [(matrix, n)]:
            b = block.tocsr() if hasattr(block, "tocsr") else numbers(block, "the Jacobian")
            if math.prod(b.shape) != m * size or (m != size and b.shape == (size, m)):
                raise self.fault(f"the Jacobian has shape {b.shape}, not ({m}, {size}): a row for each result of f")
            rows.append(w[chosen] @ b.reshape((m, size))[chosen])
        return np.concatenate(rows)

    def exact(self, k: int, i: int, way: str) -> float | None:
        if self.owner != "numpy" or way != "complex step":
            return None
        axis = np.zeros(self.n)
        axis[i] = 1e-30 * (abs(self.point[i]) or 1.0)
        y = self.call(self.point + 1j * axis)[k]
        return float(y.imag / axis[i]) if np.iscomplexobj(y) else None


class Torch(Subject):
    """What `torch.autograd` makes of f, the user's own Functions in it."""

    def pull(self, w: Vector) -> Vector:
        args, made = self.inputs.make(self.point)
        douts = [d.detach() if home(d) == "torch" else None for d in self.outputs.make(w)[1]]
        results = zip(leaves_of(self.f(*args)), douts)
        pairs = [(y, d) for (_, y), d in results if getattr(y, "requires_grad", False)]
        if not pairs:
            self.report.notes.append("what f returns is connected to no input")
            return np.zeros(self.n)
        ys, seeds = zip(*pairs)
        found = sys.modules["torch"].autograd.grad(ys, made, seeds, allow_unused=True)
        if len(pairs) == len(douts):
            self.watch_dout(douts, w)
        return self.inputs.joined(found)


class Jax(Subject):
    """What `jax.vjp` makes of f, the user's own `custom_vjp` in it."""

    def pull(self, w: Vector) -> Vector:
        f = lambda *made: [y for _, y in leaves_of(self.f(*self.inputs.put(made)))]
        pullback = sys.modules["jax"].vjp(f, *self.inputs.make(self.point)[1])[1]
        return self.inputs.joined(pullback(self.outputs.make(w)[1]))


def _named(f: Any) -> str:
    """What a function is called; of a class's own, `Huber.apply`, with the class."""
    name = getattr(f, "__name__", None) or getattr(f, "name", None) or type(f).__name__
    owner = getattr(f, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, type) else str(name)


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """What f calls its first arguments."""
    try:
        names = [p.name for p in inspect.signature(f).parameters.values() if p.kind in (0, 1)]
    except (TypeError, ValueError):
        names = []
    return [*names[:count], *(f"x{i}" for i in range(len(names), count))]

"""Whose derivative is on trial: yours, PyTorch's, JAX's or this package's, each as the gradient of w @ f for any w."""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from autograd_lite.core.value import Value, as_data, as_value, topological_order
from autograd_lite.testing.arguments import (
    Arguments,
    Vector,
    build,
    grain,
    indexed,
    leaves_of,
    named,
    numbers,
    parameters,
    rebuild,
    same,
)
from autograd_lite.testing.report import Report, WrongGradientError
from autograd_lite.transforms.linearize import between, pull_back

MANY = 24  # arguments: of more, no two are tried for being swapped
WRITES = "the backward pass writes into dout: whoever else uses it gets other numbers"


class Subject:
    """A function f from a vector of n numbers to m, and its derivative at `point` as somebody computes it."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], owner: str | None, name: str = "", roots: Any = None
    ) -> None:
        roots = roots or parameters(f, len(args))
        self.f, self.arguments = f, Arguments(args, roots, owner)
        self.point, self.owner = self.arguments.point, self.arguments.owner
        title = name or named(f)
        self.report = Report(title, dict(zip(roots, args)), inputs=self.point.size)
        self.result = self.value(self.point)  # an error of f at the point itself is for the user to see
        results = [(place, numbers(y, "the result of f")) for place, y in leaves_of(self.result, "f")]
        self.sizes = [y.size for _, y in results]
        self.outputs: Sequence[Any] = [indexed(place, k) for place, y in results for k in np.ndindex(y.shape)]
        if not self.outputs:
            raise TypeError(f"check_gradients(f): {title} returns no number")
        self.grain = grain(*(x for _, x in (*self.arguments.inputs, *leaves_of(self.result))))
        blocks = zip(self.arguments.inputs, self.arguments.shapes)
        self.lengths = {n: f"axis {d} of {title}" for (title, _), shape in blocks for d, n in enumerate(shape)}
        self.lenient = False  # whether it may ignore what arrives from above

    def value(self, v: Vector) -> Any:
        """What f returns at v."""
        args, made = self.arguments.make(v)
        result = self.f(*args)
        if v is self.point and self.owner == "numpy" and not self.arguments.unchanged(made, v):
            self.report.notes.append("f writes into its arguments")
        return result

    def call(self, v: Vector) -> Vector:
        """f as a function of vectors; of complex ones too, if it is one of NumPy's."""
        leaves = leaves_of(self.value(v))
        return np.concatenate([numbers(y, "the result of f", "biufc").ravel() for _, y in leaves])

    def pull(self, w: Vector) -> Vector:
        """The gradient of w @ f at the point."""
        raise NotImplementedError

    def title(self, k: int | None, i: int) -> str:
        """The name of the derivative of output k, or of a mix of them, in input i."""
        return f"d{'(w @ f)' if k is None else self.outputs[k]}/d{self.arguments.name(i)}"

    def rearrangements(self) -> Iterator[tuple[str, Vector]]:
        """Mistakes of order: what each is called, and the gradient's places in the order that would be right."""
        places = self.arguments.parts(np.arange(self.point.size))
        titles = [title for title, _ in self.arguments.inputs]
        for title, shape, place in zip(titles, self.arguments.shapes, places):
            if len(shape) == 2 and shape[0] == shape[1] > 1:
                turned = np.arange(self.point.size)
                turned[place] = place.reshape(shape).T.ravel()
                yield f"the gradient of {title} is the transpose of the right one", turned
        for a, b in combinations(range(min(len(places), MANY)), 2):
            if places[a].size == places[b].size:
                swapped = np.arange(self.point.size)
                swapped[places[a]], swapped[places[b]] = places[b], places[a]
                yield f"the gradients of {titles[a]} and {titles[b]} are swapped", swapped

    def douts(self, w: Vector) -> Any:
        """w in the form of what f returns."""
        pieces = iter(np.split(w, np.cumsum(self.sizes)[:-1]))
        return rebuild(self.result, lambda y: build(y, next(pieces), "numpy"))

    def refuse(self, fault: str) -> None:
        """End the check: there is nothing to compare."""
        self.report.faults.append(fault)
        raise WrongGradientError(self.report)


class Yours(Subject):
    """A derivative written by hand, beside f: as `grad`, `jac` or `vjp`."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], grad: Any, jac: Any, vjp: Any, name: str, roots: Any = None
    ) -> None:
        self.grad, self.jac, self.vjp = grad, jac, vjp
        derivative = next((way for way in (grad, jac, vjp) if callable(way)), f)
        super().__init__(f, args, "numpy", name or named(derivative), roots)
        if grad is not None and len(self.outputs) > 1:
            raise ValueError(f"check_gradients(grad=): f returns {len(self.outputs)} numbers: pass jac= or vjp=")

    def value(self, v: Vector) -> Any:
        result = super().value(v)
        return result[0] if self.grad is True else result

    def pull(self, w: Vector) -> Vector:
        args, made = self.arguments.make(self.point)
        if self.jac is not None:
            g = w @ self._jacobian(self.jac(*args))
        elif self.vjp is not None:
            dout = self.douts(w)
            g = self._aligned(self.vjp(dout, *args))
            if not same(np.concatenate([numbers(d, "dout").ravel() for _, d in leaves_of(dout)]), w):
                self.report.notes.append(WRITES)
        else:
            g = w[0] * self._aligned(self.f(*args)[1] if self.grad is True else self.grad(*args))
        if self.owner == "numpy" and not self.arguments.unchanged(made, self.point):
            self.report.notes.append("the derivative writes into its arguments")
        return g

    def _jacobian(self, matrix: Any) -> Vector:
        """A Jacobian, dense or sparse, or a tuple of one for each input, as a matrix."""
        m, n = len(self.outputs), self.point.size
        blocks = matrix if isinstance(matrix, tuple) and len(matrix) == len(self.arguments.inputs) else [matrix]
        dense = [numbers(b.toarray() if hasattr(b, "toarray") else b, "the Jacobian") for b in blocks]
        if sum(b.size for b in dense) != m * n or (len(dense) == 1 and m != n and dense[0].shape == (n, m)):
            self.refuse(f"the Jacobian has shape {dense[0].shape}, not ({m}, {n}): a row for each result of f")
        return np.hstack([b.reshape(m, -1) for b in dense])

    def _aligned(self, g: Any) -> Vector:
        """A gradient as one vector: its parts must have the shapes of the inputs."""
        inputs, shapes, places = self.arguments.inputs, self.arguments.shapes, self.arguments.places
        tree = g if isinstance(g, tuple) and len(self.arguments.args) > 1 else [g]
        found = [x for _, x in leaves_of(tree)]
        found = [found[k] for k in places] if len(found) == self.arguments.count else found
        if len(found) == 1 < len(shapes) and np.size(found[0]) == self.point.size:  # of a list of numbers an array
            return numbers(found[0], "the gradient").ravel()
        if len(found) != len(shapes):
            self.refuse(f"the gradient has {len(found)} parts, f has {len(shapes)} inputs")
        for (title, _), shape, x in zip(inputs, shapes, found):
            if x is not None and _without_ones(np.shape(x)) != _without_ones(shape):
                turned = ": is it the transpose?" if np.shape(x) == shape[::-1] else ""
                self.refuse(f"the gradient of {title} has shape {np.shape(x)}, {title} has shape {shape}{turned}")
        return _joined(found, shapes)


class Torch(Subject):
    """What `torch.autograd` makes of f, the user's own Functions in it."""

    def pull(self, w: Vector) -> Vector:
        args, made = self.arguments.make(self.point)
        leaves = [y for _, y in leaves_of(self.f(*args))]
        pieces = np.split(w, np.cumsum(self.sizes)[:-1])
        pairs = [(y, build(y, d, "torch").detach()) for y, d in zip(leaves, pieces) if y.requires_grad]
        if not pairs:
            self.report.notes.append("what f returns is connected to no input")
            return np.zeros(self.point.size)
        ys, douts = zip(*pairs)
        kept = [d.clone() for d in douts]
        found = sys.modules["torch"].autograd.grad(ys, made, douts, allow_unused=True)
        if not all(same(numbers(d, ""), numbers(k, "")) for d, k in zip(douts, kept)):
            self.report.notes.append(WRITES)
        return _joined(found, self.arguments.shapes)


class Jax(Subject):
    """What `jax.vjp` makes of f, the user's own `custom_vjp` in it."""

    def pull(self, w: Vector) -> Vector:
        f = lambda *made: [y for _, y in leaves_of(self.f(*self.arguments.put(made)))]
        ys, pullback = sys.modules["jax"].vjp(f, *self.arguments.make(self.point)[1])
        pieces = np.split(w, np.cumsum(self.sizes)[:-1])
        return _joined(pullback([build(y, d, "jax") for y, d in zip(ys, pieces)]), self.arguments.shapes)


class Ours(Subject):
    """A function of this package's Values: the gradient that `backward` computes."""

    def record(self, v: Vector) -> tuple[list[Value], list[Value]]:
        """f recorded at v: the inputs and the outputs of its graph."""
        args, made = self.arguments.make(v)
        results = [y for _, y in leaves_of(self.f(*args))]
        return _flat(made), [as_value(y) for y in _flat(results)]

    def pull(self, w: Vector) -> Vector:
        inputs, outputs = self.record(self.point)
        return self.gradient(inputs, outputs, w, False)

    def gradient(self, inputs: list[Value], outputs: list[Value], w: Vector, recording: bool) -> Any:
        """The gradient of w @ outputs, as numbers or as Values."""
        graph = between(inputs, topological_order(*outputs, stop=inputs)[0])
        found = pull_back(graph, inputs, outputs, [float(t) for t in w], recording)
        return [as_value(g) for g in found] if recording else np.array([as_data(g) for g in found])


class Slopes(Ours):
    """The gradient of one output of such a function, as a function itself: its derivative is the second one."""

    def __init__(self, first: Ours, k: int) -> None:
        self.first, self.k = first, k
        self.point, self.owner, self.grain = first.point, first.owner, first.grain
        self.report, self.outputs, self.lengths = first.report, range(first.point.size), {}
        self.w = np.eye(len(first.outputs))[k]

    def title(self, k: int | None, i: int) -> str:
        name = self.first.arguments.name
        below = "(w @ x)" if k is None else name(k)
        along = f"d{below}2" if k == i else f"d{below}d{name(i)}"
        return f"d2{self.first.outputs[self.k]}/{along}"

    def rearrangements(self) -> Iterator[tuple[str, Vector]]:
        return iter(())

    def call(self, v: Vector) -> Vector:
        return self.first.gradient(*self.first.record(v), self.w, False)

    def pull(self, w: Vector) -> Vector:
        inputs, outputs = self.first.record(self.point)
        return self.gradient(inputs, self.gradient(inputs, outputs, self.w, True), w, False)


def subject_of(f: Callable[..., Any], args: Sequence[Any], grad: Any, jac: Any, vjp: Any, name: str = "") -> Subject:
    """f at `args` with the derivative that is given, or else with that of the library whose numbers `args` are."""
    if (grad, jac, vjp) != (None, None, None):
        return Yours(f, args, grad, jac, vjp, name)
    homes = {type(x).__module__.split(".")[0] for arg in args for _, x in leaves_of(arg)}
    kind = Torch if "torch" in homes else Jax if homes & {"jax", "jaxlib"} else Ours
    return kind(f, args, None, name)


def _flat(leaves: Sequence[Any]) -> list[Any]:
    return [u for x in leaves for u in (x.ravel() if isinstance(x, np.ndarray) else [x])]


def _joined(found: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Vector:
    """Gradients as one vector; None is 0."""
    parts = [np.zeros(s).ravel() if x is None else numbers(x, "the gradient").ravel() for x, s in zip(found, shapes)]
    return np.concatenate(parts)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)

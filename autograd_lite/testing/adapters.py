"""Whose derivative is on trial: yours, PyTorch's, JAX's or this package's, each as the gradient of w @ f for any w."""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from autograd_lite.core.value import Value, as_data, as_value, topological_order
from autograd_lite.testing.arguments import Pack, Vector, arguments, grain, home, joined, leaves_of, numbers
from autograd_lite.testing.report import Report, WrongGradientError
from autograd_lite.transforms.linearize import between, pull_back

MANY = 24  # arguments: of more, no two are tried for being swapped


class Subject:
    """A function f from a vector of n numbers to m, and its derivative at `point` as somebody computes it."""

    owner = "autograd_lite"  # whose numbers f is called with, if they are nobody's
    linear = False  # whether `pull` multiplies by w itself: then there is nothing to try
    lenient = False  # whether it may ignore what arrives from above

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], name: str = "", roots: Any = None) -> None:
        roots, name = roots or _parameters(f, len(args)), name or _named(f)
        self.f, self.inputs = f, arguments(args, roots, self.owner)
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

    def joined(self, found: Iterable[Any]) -> Vector:
        """The gradients of the inputs as one vector; None is 0."""
        shapes = self.inputs.shapes
        return joined((np.zeros(s) if x is None else x for x, s in zip(found, shapes)), "the gradient", "biuf")

    def watch_dout(self, made: Sequence[Any], w: Vector) -> None:
        """Note it if somebody has written into the douts that were made from w."""
        if not self.outputs.unchanged(made, w):
            self.report.notes.append("the backward pass writes into dout: whoever else uses it gets other numbers")

    def refuse(self, fault: str) -> None:
        """End the check: there is nothing to compare."""
        self.report.faults.append(fault)
        raise WrongGradientError(self.report)


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
        result = super().value(v)
        return result[0] if self.grad is True else result

    def pull(self, w: Vector) -> Vector:
        args, made = self.inputs.make(self.point)
        if self.jac is not None:
            g = w @ self._jacobian(self.jac(*args))
        elif self.vjp is not None:
            dout, douts = self.outputs.make(w)
            g = self._aligned(self.vjp(dout, *args))
            self.watch_dout(douts, w)
        else:
            g = w[0] * self._aligned(self.f(*args)[1] if self.grad is True else self.grad(*args))
        if self.owner == "numpy" and not self.inputs.unchanged(made, self.point):
            self.report.notes.append("the derivative writes into its arguments")
        return g

    def _jacobian(self, matrix: Any) -> Vector:
        """A Jacobian, dense or sparse, or a tuple of one for each input, as a matrix."""
        m, n = self.m, self.n
        blocks = matrix if isinstance(matrix, tuple) and len(matrix) == len(self.inputs.titles) else [matrix]
        dense = [numbers(b.toarray() if hasattr(b, "toarray") else b, "the Jacobian") for b in blocks]
        if sum(b.size for b in dense) != m * n or (len(dense) == 1 and m != n and dense[0].shape == (n, m)):
            self.refuse(f"the Jacobian has shape {dense[0].shape}, not ({m}, {n}): a row for each result of f")
        return np.hstack([b.reshape(m, -1) for b in dense])

    def _aligned(self, g: Any) -> Vector:
        """A gradient as one vector: its parts must have the shapes of the inputs."""
        titles, shapes = self.inputs.titles, self.inputs.shapes
        if g is None:
            self.refuse("the derivative returns None: is a `return` missing?")
        found = [x for _, x in leaves_of(g if isinstance(g, tuple) and len(self.inputs.tree) > 1 else [g])]
        found = [found[k] for k in self.inputs.places] if len(found) == self.inputs.count else found
        if len(found) == 1 < len(shapes) and np.size(found[0]) == self.n:  # of a list of numbers an array
            return joined(found, "the gradient", "biuf")
        if len(found) != len(shapes):
            self.refuse(f"the gradient has {len(found)} parts, f has {len(shapes)} inputs")
        for title, shape, x in zip(titles, shapes, found):
            if x is not None and [n for n in np.shape(x) if n != 1] != [n for n in shape if n != 1]:
                turned = ": is it the transpose?" if np.shape(x) == shape[::-1] else ""
                self.refuse(f"the gradient of {title} has shape {np.shape(x)}, {title} has shape {shape}{turned}")
        return self.joined(found)


class Torch(Subject):
    """What `torch.autograd` makes of f, the user's own Functions in it."""

    def pull(self, w: Vector) -> Vector:
        args, made = self.inputs.make(self.point)
        douts = [d.detach() for d in self.outputs.make(w)[1]]
        pairs = [(y, d) for (_, y), d in zip(leaves_of(self.f(*args)), douts) if y.requires_grad]
        if not pairs:
            self.report.notes.append("what f returns is connected to no input")
            return np.zeros(self.n)
        ys, seeds = zip(*pairs)
        found = sys.modules["torch"].autograd.grad(ys, made, seeds, allow_unused=True)
        self.watch_dout(douts, w)
        return self.joined(found)


class Jax(Subject):
    """What `jax.vjp` makes of f, the user's own `custom_vjp` in it."""

    def pull(self, w: Vector) -> Vector:
        f = lambda *made: [y for _, y in leaves_of(self.f(*self.inputs.put(made)))]
        pullback = sys.modules["jax"].vjp(f, *self.inputs.make(self.point)[1])[1]
        return self.joined(pullback(self.outputs.make(w)[1]))


class Ours(Subject):
    """A function of this package's Values: the gradient that `backward` computes."""

    def record(self, v: Vector) -> tuple[list[Value], list[Value]]:
        """f recorded at v: the inputs and the outputs of its graph."""
        args, made = self.inputs.make(v)
        results = [y for _, y in leaves_of(self.f(*args))]
        return _flat(made), [as_value(y) for y in _flat(results)]

    def pull(self, w: Vector) -> Vector:
        return self.gradient(*self.record(self.point), w, False)

    def gradient(self, inputs: list[Value], outputs: list[Value], w: Vector, recording: bool) -> Any:
        """The gradient of w @ outputs, as numbers or as Values."""
        graph = between(inputs, topological_order(*outputs, stop=inputs)[0])
        found = pull_back(graph, inputs, outputs, [float(t) for t in w], recording)
        return [as_value(g) for g in found] if recording else np.array([as_data(g) for g in found])


class Slopes(Ours):
    """The gradient of one output of such a function, as a function itself: its derivative is the second one."""

    linear = True

    def __init__(self, first: Ours, k: int) -> None:
        self.first, self.k, self.w = first, k, np.eye(first.m)[k]
        self.point, self.grain, self.report, self.lengths = first.point, first.grain, first.report, {}
        self.n = self.m = first.n

    def title(self, k: int | None, i: int) -> str:
        name = self.first.inputs.name
        below = "(w @ x)" if k is None else name(k)
        along = f"d{below}2" if k == i else f"d{below}d{name(i)}"
        return f"d2{self.first.outputs.name(self.k)}/{along}"

    def rearrangements(self) -> Iterator[tuple[str, Vector]]:
        return iter(())

    def call(self, v: Vector) -> Vector:
        return self.first.gradient(*self.first.record(v), self.w, False)

    def pull(self, w: Vector) -> Vector:
        inputs, outputs = self.first.record(self.point)
        return self.gradient(inputs, self.gradient(inputs, outputs, self.w, True), w, False)


def subject_of(f: Callable[..., Any], args: Sequence[Any], grad: Any, jac: Any, vjp: Any) -> Subject:
    """f at `args` with the derivative that is given, or else with that of the library whose numbers `args` are."""
    if (grad, jac, vjp) != (None, None, None):
        return Yours(f, args, grad, jac, vjp)
    homes = {home(x) for _, x in leaves_of(args)}
    return (Torch if "torch" in homes else Jax if "jax" in homes else Ours)(f, args)


def _flat(leaves: Sequence[Any]) -> list[Any]:
    return [u for x in leaves for u in (x.ravel() if isinstance(x, np.ndarray) else [x])]


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

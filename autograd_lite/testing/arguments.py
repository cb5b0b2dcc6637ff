"""What f is called with: containers of numbers, arrays, tensors or Values, taken apart into one vector and rebuilt.

Whose numbers they are is read off their types. No library is imported here that they do not come from.
"""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.core.value import Value, as_data
from autograd_lite.testing.numerical import EPSILON

Vector = Any  # a NumPy array of floats with one dimension
GRAINS = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}  # the relative rounding of short floats


def home(x: Any) -> str:
    """The library that a number, an array or a strategy comes from."""
    return "autograd_lite" if isinstance(x, Value) else type(x).__module__.split(".")[0].replace("jaxlib", "jax")


def leaves_of(tree: Any, name: str = "") -> list[tuple[str, Any]]:
    """What is in nested lists, tuples and dicts, with a name for each: the steps that lead to it."""
    if isinstance(tree, dict):
        return [leaf for key, x in tree.items() for leaf in leaves_of(x, f"{name}[{key!r}]")]
    if isinstance(tree, (list, tuple)):
        return [leaf for i, x in enumerate(tree) for leaf in leaves_of(x, f"{name}[{i}]")]
    return [(name, tree)]


def rebuild(tree: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same containers with `leaf(x)` in place of each x."""
    if isinstance(tree, dict):
        return {key: rebuild(x, leaf) for key, x in tree.items()}
    if isinstance(tree, (list, tuple)):
        children = [rebuild(x, leaf) for x in tree]
        return type(tree)(*children) if hasattr(tree, "_fields") else type(tree)(children)
    return leaf(tree)


def numbers(x: Any, what: str, kinds: str = "biuf") -> Vector:
    """The numbers of one leaf as a NumPy array, of its own shape. Raises a TypeError for what is not real."""
    if home(x) == "torch":
        x = x.detach().cpu()
        x = (x if x.is_complex() else x.double()).numpy()
    elif "bfloat16" in str(getattr(x, "dtype", "")):
        x = np.asarray(x).astype(float)
    y = np.asarray(as_data(x) if isinstance(x, Value) else x)
    if y.dtype == object and all(isinstance(u, (Value, float, int)) for u in y.flat):
        y = np.array([as_data(u) for u in y.flat], float).reshape(y.shape)
    if y.dtype.kind not in kinds:
        complex_too = "complex numbers are out of scope: split them into real and imaginary part" * (
            y.dtype.kind == "c"
        )
        raise TypeError(f"{what} must be real numbers, not {complex_too or type(x).__name__}")
    return y if y.dtype.kind == "c" else y.astype(float, copy=False)


def build(like: Any, part: Vector, owner: str) -> Any:
    """A new leaf of the kind of another with the numbers of `part`, which may be complex if `like` is NumPy's."""
    if owner == "autograd_lite":
        values = np.array([Value(float(t)) for t in part] + [None], object)[:-1]
        return values.reshape(like.shape) if isinstance(like, np.ndarray) else values[0]
    part = part.reshape(np.shape(like))
    if home(like) == "torch":
        return sys.modules["torch"].from_numpy(part.copy()).to(like.device, like.dtype).requires_grad_()
    if home(like) == "jax":
        return sys.modules["jax"].numpy.asarray(part, like.dtype)
    if isinstance(like, (np.ndarray, np.generic)):
        kind = like.dtype if like.dtype.kind == "f" and part.dtype.kind != "c" else part.dtype
        return part.astype(kind)[() if isinstance(like, np.generic) else ...]
    return part.item()


class Arguments:
    """The arguments of f as a vector: `point`; and `make(v)` makes them anew from another one.

    Inputs are the numbers of the library whose function it is: of PyTorch's tensors those that require a gradient, if
    any do; arrays of whole numbers, such as labels, only if there is nothing else. The rest is handed on as it is.
    """

    def __init__(self, args: Sequence[Any], roots: Sequence[str], owner: str | None) -> None:
        self.args = tuple(args)
        leaves = [leaf for root, arg in zip(roots, args) for leaf in leaves_of(arg, root)]
        homes = {home(x) for _, x in leaves}
        self.owner = next((o for o in ("torch", "jax") if o in homes), None) or owner or "autograd_lite"
        self.count = len(leaves)
        self.places = self._inputs([x for _, x in leaves])
        self.inputs = [leaves[k] for k in self.places]
        arrays = [numbers(x, title) for title, x in self.inputs]
        if not sum(a.size for a in arrays):
            raise TypeError(f"check_gradients(args): no real number to differentiate in among {list(args)!r}")
        self.point = np.concatenate([a.ravel() for a in arrays])
        self.ends = np.cumsum([a.size for a in arrays])
        self.shapes = [a.shape for a in arrays]

    def _inputs(self, leaves: Sequence[Any]) -> list[int]:
        def floats(x: Any) -> bool:
            if home(x) in ("torch", "jax", "numpy") and not (self.owner in ("torch", "jax") and home(x) != self.owner):
                return any(kind in str(x.dtype) for kind in ("float", "complex", "object"))
            return (
                isinstance(x, (int, float, complex, Value))
                and type(x) is not bool
                and self.owner not in ("torch", "jax")
            )

        found = [k for k, x in enumerate(leaves) if floats(x)]
        if self.owner == "torch":
            return [k for k in found if leaves[k].requires_grad] or found
        if self.owner == "jax":
            return found
        odd = next(
            (x for k, x in enumerate(leaves) if isinstance(x, (str, bytes)) and self.owner == "autograd_lite"), None
        )
        if odd is not None:
            raise TypeError(f"check_gradients(args) must be numbers or containers of numbers, not {odd!r}")
        return found or [k for k, x in enumerate(leaves) if isinstance(x, np.ndarray) and x.dtype.kind in "iu"]

    def make(self, v: Vector) -> tuple[tuple[Any, ...], list[Any]]:
        """New arguments, so that whatever f writes into is its own; and the inputs among them."""
        made = [build(x, part, self.owner) for (_, x), part in zip(self.inputs, self.parts(v))]
        return self.put(made), made

    def put(self, made: Iterable[Any]) -> tuple[Any, ...]:
        """The arguments with other inputs."""
        stand, numbered = dict(zip(self.places, made)), iter(range(self.count))
        new: tuple[Any, ...] = rebuild(self.args, lambda x: stand.get(next(numbered), x))
        return new

    def name(self, i: int) -> str:
        """What number i of the vector is called."""
        block = int(np.searchsorted(self.ends, i, side="right"))
        shape = self.shapes[block]
        place = np.unravel_index(i - (self.ends[block] - math.prod(shape)), shape) if shape else ()
        return indexed(self.inputs[block][0], place)

    def parts(self, v: Vector) -> list[Vector]:
        """A vector cut into the pieces that belong to the inputs."""
        return np.split(v, self.ends[:-1])

    def unchanged(self, made: Sequence[Any], v: Vector) -> bool:
        """Whether nobody has written into the inputs that were made from v."""
        return all(same(numbers(x, "", "biufc").ravel(), part) for x, part in zip(made, self.parts(v)))


def indexed(name: str, place: Sequence[Any]) -> str:
    """What one number of an array is called."""
    return f"{name}[{', '.join(str(int(k)) for k in place)}]" if len(place) else name


def same(x: Vector, part: Vector) -> bool:
    """Whether two vectors are equal up to the rounding of short floats."""
    return np.array_equal(x, part) or bool(np.allclose(x, part, rtol=1e-2, atol=0.0, equal_nan=True))


def grain(*leaves: Any) -> float:
    """The relative rounding of numbers like these."""
    return max(GRAINS.get(str(getattr(x, "dtype", "")).split(".")[-1], EPSILON) for x in leaves)


def named(f: Any) -> str:
    """What a function is called; of a class's own, `Huber.apply`, with the class."""
    name = getattr(f, "__name__", None) or getattr(f, "name", None) or type(f).__name__
    owner = getattr(f, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, type) else str(name)


def parameters(f: Callable[..., Any], count: int) -> list[str]:
    """What f calls its first arguments."""
    try:
        names = [p.name for p in inspect.signature(f).parameters.values() if p.kind in (0, 1)]
    except (TypeError, ValueError):
        names = []
    return [*names[:count], *(f"x{i}" for i in range(len(names), count))]

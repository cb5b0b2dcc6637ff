"""What f takes and returns: containers of numbers, arrays, tensors or Values, taken apart into one vector and rebuilt.

Whose numbers they are is read off their types. No library is imported here that they do not come from.
"""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from autograd_lite.core.checks import shown
from autograd_lite.core.value import Value, as_data
from autograd_lite.testing.numerical import EPSILON

Vector = Any  # a NumPy array of floats with one dimension
Leaves = list[tuple[str, Any]]  # what is in a container, each with a name: the steps that lead to it
GRAINS = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}  # the relative rounding of short floats


class Pack:
    """The numbers in some leaves of a tree as a vector, `point`; and the tree made anew from another one.

    `places` says which of all `leaves` these are, `owner` whose numbers are made.
    """

    def __init__(self, tree: Any, leaves: Leaves, places: Sequence[int], owner: str) -> None:
        self.tree, self.count, self.places, self.owner = tree, len(leaves), places, owner
        self.titles, self.leaves = [leaves[k][0] for k in places], [leaves[k][1] for k in places]
        self.shapes = [numbers(x, title).shape for title, x in zip(self.titles, self.leaves)]
        self.ends = np.cumsum([0, *map(math.prod, self.shapes)])[1:]
        self.point = joined(self.leaves)

    def make(self, v: Vector) -> tuple[Any, list[Any]]:
        """A new tree, so that whatever somebody writes into is its own; and the leaves in it that were made from v."""
        made = [build(x, part, self.owner) for x, part in zip(self.leaves, self.parts(v))]
        return self.put(made), made

    def put(self, made: Iterable[Any], keep: bool = True) -> Any:
        """The tree with other leaves at the places; elsewhere what is there, or None."""
        stand, numbered = dict(zip(self.places, made)), iter(range(self.count))
        return rebuild(self.tree, lambda _, x: stand.get(next(numbered), x if keep else None))

    def name(self, i: int) -> str:
        """What number i of the vector is called."""
        block = int(np.searchsorted(self.ends, i, side="right"))
        title, shape = self.titles[block], self.shapes[block]
        place = np.unravel_index(i - self.ends[block] + math.prod(shape), shape) if shape else ()
        return f"{title}[{', '.join(str(int(k)) for k in place)}]" if shape else title

    def parts(self, v: Vector) -> list[Vector]:
        """A vector cut into the pieces that belong to the leaves."""
        return np.split(v, self.ends[:-1])

    def aligned(self, gradient: Any) -> Vector:
        """A gradient as one vector: built as the arguments are, or as those of them are that are inputs, or flat."""
        found = dict.fromkeys(range(len(self.titles)))

        def asks(place: Any) -> bool:
            return any(k is not None for _, k in leaves_of(place))

        def take(place: Any, g: Any) -> None:
            """Hand out g to the inputs whose numbers stand in the tree `place`."""
            keyed = isinstance(place, dict)
            if isinstance(place, int):
                found[place] = g
            elif g is None or not asks(place):
                return
            elif keyed and isinstance(g, dict) and set(g) == set(place):
                for key in place:
                    take(place[key], g[key])
            elif not keyed and not isinstance(g, dict) and np.iterable(g) and len(parts := [*g]) == len(place):
                for inner, part in zip(place, parts):
                    take(inner, part)
            else:
                root = self.titles[min(k for _, k in leaves_of(place) if k is not None)].partition("[")[0]
                whose = "" if place is top else f" of {root}"
                form = f"the keys {[*place]}" if keyed else f"{len(place)} parts"
                raise ValueError(f"the gradient{whose} must have {form}, not be {shown(g)}")

        if gradient is None:
            raise ValueError("the derivative returns None: is a `return` missing?")
        places = self.put(range(len(found)), keep=False)  # the tree of the inputs' numbers
        inputs = tuple(filter(asks, places))
        if len(found) > 1 and isinstance(gradient, np.ndarray) and gradient.shape == self.point.shape:
            return self.joined(self.parts(numbers(gradient, "the gradient")))
        several = isinstance(gradient, (tuple, list)) and len(gradient) == len(places) > 1
        if len(inputs) == 1 and not several and not (isinstance(gradient, tuple) and len(gradient) == 1):
            gradient = (gradient,)
        take(top := places if several else inputs, gradient)
        for title, shape, x in zip(self.titles, self.shapes, found.values()):
            if x is not None and [n for n in np.shape(x) if n != 1] != [n for n in shape if n != 1]:
                turned = ": is it the transpose?" if np.shape(x) == shape[::-1] else ""
                raise ValueError(f"the gradient of {title} has shape {np.shape(x)}, {title} has shape {shape}{turned}")
        return self.joined(found.values())

    def joined(self, found: Iterable[Any]) -> Vector:
        """The gradients of the leaves as one vector; None is 0."""
        whole = (np.zeros(s) if x is None else x for x, s in zip(found, self.shapes))
        return joined(whole, "the gradient", "biuf")

    def unchanged(self, made: Sequence[Any], v: Vector) -> bool:
        """Whether nobody has written into the leaves that were made from v, which short floats round."""
        return bool(np.allclose(joined(made), v, rtol=1e-2, atol=0.0, equal_nan=True))


def arguments(args: Sequence[Any], roots: Sequence[str], owner: str) -> Pack:
    """The arguments of a function as a vector: of the numbers that it is differentiated in.

    These are the numbers of the library whose function it is: of PyTorch's tensors those that require a gradient, if
    any do; arrays of whole numbers, such as labels, only if there is nothing else. The rest is handed on as it is.
    """
    leaves = [leaf for root, arg in zip(roots, args) for leaf in leaves_of(arg, root)]
    homes = [home(x) for _, x in leaves]
    if "hypothesis" in homes:
        raise TypeError(
            "check_gradients(args): a strategy stands inside a container: draw the whole, with st.tuples, say"
        )
    owner = next((o for o in ("torch", "jax") if o in homes), owner)
    foreign = owner in ("torch", "jax")

    def floats(x: Any, origin: str) -> bool:
        if origin == owner or (not foreign and origin in ("torch", "jax", "numpy")):
            return isinstance(x, Value) or any(kind in str(x.dtype) for kind in ("float", "complex", "object"))
        return not foreign and isinstance(x, (Real, complex, Value)) and type(x) is not bool

    found = [k for k, (_, x) in enumerate(leaves) if floats(x, homes[k])]
    if owner == "torch":
        found = [k for k in found if leaves[k][1].requires_grad] or found
    elif not foreign:
        for _, x in leaves:
            if isinstance(x, (str, bytes)) and owner == "autograd_lite":
                raise TypeError(f"check_gradients(args) must be numbers or containers of numbers, not {x!r}")
        found = found or [k for k, (_, x) in enumerate(leaves) if homes[k] == "numpy" and x.dtype.kind in "iu"]
    pack = Pack(tuple(args), leaves, found, owner)
    if not pack.point.size:
        raise TypeError(f"check_gradients(args) must have floats, or arrays of them, among {shown(list(args))}")
    return pack


def home(x: Any) -> str:
    """The library that a number, an array or a strategy comes from."""
    name = "autograd_lite" if isinstance(x, Value) else "numpy" if isinstance(x, np.ndarray) else type(x).__module__
    name = name.split(".")[0].replace("jaxlib", "jax")
    return name if name not in ("torch", "jax", "numpy") or hasattr(x, "dtype") else ""  # a module, say


def rebuild(tree: Any, leaf: Callable[[str, Any], Any], name: str = "") -> Any:
    """The same lists, tuples and dicts with `leaf(name, x)` in place of each x."""
    if isinstance(tree, dict):
        return {key: rebuild(x, leaf, f"{name}[{key!r}]") for key, x in tree.items()}
    if isinstance(tree, (list, tuple)):
        children = [rebuild(x, leaf, f"{name}[{i}]") for i, x in enumerate(tree)]
        return type(tree)(*children) if hasattr(tree, "_fields") else type(tree)(children)
    return leaf(name, tree)


def leaves_of(tree: Any, name: str = "") -> Leaves:
    """What is in nested lists, tuples and dicts."""
    found: Leaves = []
    rebuild(tree, lambda name, x: found.append((name, x)), name)
    return found


def numbers(x: Any, what: str = "", kinds: str = "biuf") -> Vector:
    """The numbers of one leaf as a NumPy array, of its own shape. Raises a TypeError for what is not real."""
    if home(x) == "torch":
        x = x.detach().cpu()
        x = (x if x.is_complex() else x.double()).numpy()
    elif "bfloat16" in str(getattr(x, "dtype", "")):
        x = np.asarray(x).astype(float)
    x = x.toarray() if hasattr(x, "toarray") else x
    y = np.asarray(as_data(x) if isinstance(x, Value) else x)
    if y.dtype == object and all(isinstance(u, (Value, float, int)) for u in y.flat):
        y = np.array([as_data(u) for u in y.flat], float).reshape(y.shape)
    if y.dtype.kind not in kinds:
        if y.dtype.kind == "c":
            raise TypeError(f"{what}: complex numbers are out of scope: split them into real and imaginary part")
        odd = "None: is a `return` missing?" if x is None else shown(x)
        raise TypeError(f"{what} must be real numbers, not {odd}")
    return y if y.dtype.kind == "c" else y.astype(float, copy=False)


def joined(leaves: Iterable[Any], what: str = "", kinds: str = "biufc") -> Vector:
    """The numbers of some leaves as one vector."""
    return np.concatenate([np.zeros(0), *(numbers(x, what, kinds).ravel() for x in leaves)])


def build(like: Any, part: Vector, owner: str) -> Any:
    """A new leaf of the kind of another with the numbers of `part`, which may be complex if `like` is NumPy's."""
    if owner == "autograd_lite":
        values = np.array([Value(float(t)) for t in part] + [None], object)[:-1]
        return values.reshape(like.shape) if isinstance(like, np.ndarray) else values[0]
    part = part.reshape(np.shape(like))
    if home(like) == "torch":
        made = sys.modules["torch"].from_numpy(part.copy()).to(like.device, like.dtype)
        return made.requires_grad_(like.is_floating_point())
    if home(like) == "jax":
        return sys.modules["jax"].numpy.asarray(part, like.dtype)
    if isinstance(like, (np.ndarray, np.generic)):
        kind = like.dtype if like.dtype.kind == "f" and part.dtype.kind != "c" else part.dtype
        return part.astype(kind)[() if isinstance(like, np.generic) else ...]
    return part.item()


def grain(*leaves: Any) -> float:
    """The relative rounding of numbers like these."""
    return max(GRAINS.get(str(getattr(x, "dtype", "")).split(".")[-1], EPSILON) for x in leaves)

"""Nested lists, tuples, dicts and NumPy arrays of numbers, taken apart into a flat list and put together again.

>>> leaves, structure = flatten({"w": [1.0, 2.0], "b": 3.0})
>>> leaves
[1.0, 2.0, 3.0]
>>> unflatten(structure, [10.0, 20.0, 30.0])
{'w': [10.0, 20.0], 'b': 30.0}
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any

from autograd_lite.core.checks import as_float, refuse_masked, shown
from autograd_lite.core.value import Number, Value


@dataclass(frozen=True, slots=True)
class Structure:
    """How the leaves of a tree, in order, are put together: hashable, and equal for trees of one shape.

    `kind` is the container's type, None for a single number; `keys` a dict's keys, or an array's shape.
    """

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple["Structure", ...] = ()

    def __len__(self) -> int:
        """The number of leaves."""
        if self.kind is None:
            return 1
        if self.kind is Static:
            return 0
        if is_array_type(self.kind):
            return prod(self.keys)
        return sum(map(len, self.children))

    def __str__(self) -> str:
        if self.kind is None:
            return "a number"
        if self.kind is Static:
            return repr(self.keys[0])
        if is_array_type(self.kind):
            return f"an array of shape {self.keys}"
        keys = f" with keys {list(self.keys)}" if self.keys else ""
        return f"a {self.kind.__name__} of length {len(self.children)}{keys}"


NUMBER = Structure(None)


def flatten(tree: Any, argument: str = "tree", static: tuple[type, ...] = ()) -> tuple[list[Number], Structure]:
    """The leaves of `tree`, each a float or a Value, and the structure that held them.

    Dicts are walked in their own order, arrays row by row. Objects of the types in `static` are no leaves but part of
    the structure. Anything else that is neither a container nor a real number is a TypeError that names its place in
    `argument`.
    """
    leaves: list[Number] = []
    try:
        return leaves, _take_apart(tree, argument, leaves, static)
    except RecursionError:
        raise ValueError(f"{argument} is nested too deeply: does something in it contain itself?") from None


class Static:
    """The kind of a structure that is an object in itself, its only key."""


def leaves_like(structure: Structure, tree: Any, argument: str) -> list[Number]:
    """The leaves of `tree`, which must have the given structure (dicts in any order); else a ValueError."""
    flatten(tree, argument)
    leaves, own = flatten(_in_order(structure, tree), argument)
    _compare(structure, own, argument)
    return leaves


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves. An array of plain numbers holds floats, one of Values objects."""
    return _put_together(structure, iter(leaves))


def paths(tree: Any, root: str, static: tuple[type, ...] = ()) -> list[str]:
    """A name for each leaf: `root` and the steps that lead to it."""
    if isinstance(tree, dict):
        return [path for key, x in tree.items() for path in paths(x, f"{root}[{shown(key)}]", static)]
    if isinstance(tree, (list, tuple)):
        return [path for i, x in enumerate(tree) for path in paths(x, f"{root}[{i}]", static)]
    if is_array_type(type(tree)):
        return [root + "".join(f"[{i}]" for i in place) for place in product(*map(range, tree.shape))]
    return [] if isinstance(tree, static) else [root]


def container(structure: Structure, children: list[Any]) -> Any:
    """A list, tuple or dict as `structure` has it, of other children."""
    kind: Any = structure.kind
    if kind is dict:
        return dict(zip(structure.keys, children, strict=True))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def is_array_type(kind: type) -> bool:
    """Whether `kind` is NumPy's array type, asked without importing NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, numpy.ndarray)


def array(leaves: list[Any], shape: tuple[int, ...]) -> Any:
    """A NumPy array: of floats if all leaves are plain numbers, else of objects."""
    import numpy as np

    if not any(isinstance(x, Value) for x in leaves):
        return np.array(leaves, dtype=float).reshape(shape)
    flat = np.empty(len(leaves), dtype=object)
    flat[:] = leaves
    return flat.reshape(shape)


def matrix(out: Structure, ins: Structure, rows: list[list[Any]]) -> Any:
    """A Jacobian, given row by row, in the structure of the results and, within each, of the arguments."""
    if out.kind is None:
        return unflatten(ins, rows[0])
    if is_array_type(out.kind):
        return _columns(ins, out.keys, [list(column) for column in zip(*rows)] if rows else [[]] * len(ins))
    parts, start = [], 0
    for child in out.children:
        parts.append(matrix(child, ins, rows[start : start + len(child)]))
        start += len(child)
    return container(out, parts)


def _columns(ins: Structure, shape: tuple[int, ...], columns: list[list[Any]]) -> Any:
    """The columns that belong to an array result of this shape, in the structure of the arguments."""
    if ins.kind is None:
        return array(columns[0], shape)
    if is_array_type(ins.kind):
        return array([x for row in zip(*columns) for x in row], shape + ins.keys)
    parts, start = [], 0
    for child in ins.children:
        parts.append(_columns(child, shape, columns[start : start + len(child)]))
        start += len(child)
    return container(ins, parts)


def _take_apart(tree: Any, place: str, leaves: list[Number], static: tuple[type, ...]) -> Structure:
    kind = type(tree)
    if isinstance(tree, (float, Value)):
        leaves.append(tree if kind is float or isinstance(tree, Value) else float(tree))  # not NumPy's float64
        return NUMBER
    if isinstance(tree, (list, tuple)):
        children = tuple(_take_apart(x, f"{place}[{i}]", leaves, static) for i, x in enumerate(tree))
        return Structure(kind if hasattr(kind, "_fields") else list if isinstance(tree, list) else tuple, (), children)
    if isinstance(tree, dict):
        children = tuple(_take_apart(x, f"{place}[{shown(key)}]", leaves, static) for key, x in tree.items())
        return Structure(dict, tuple(tree), children)
    if is_array_type(kind):
        refuse_masked(tree, place)
        if tree.dtype.kind not in "biufO":
            raise TypeError(f"{place} must be an array of real numbers, not of {tree.dtype}")
        flat = tree.ravel().tolist()
        leaves.extend(x if isinstance(x, (float, Value)) else as_float(x, f"a number in {place}") for x in flat)
        return Structure(kind, tree.shape)
    if isinstance(tree, static):
        return Structure(Static, (tree,))
    leaves.append(as_float(tree, place))
    return NUMBER


def _put_together(structure: Structure, leaves: Iterator[Any]) -> Any:
    kind, keys = structure.kind, structure.keys
    if kind is None:
        return next(leaves)
    if kind is Static:
        return keys[0]
    if is_array_type(kind):
        return array(list(islice(leaves, len(structure))), keys)
    return container(structure, [_put_together(child, leaves) for child in structure.children])


def _in_order(structure: Structure, tree: Any) -> Any:
    """`tree` with its dicts in the structure's order, as far as the two agree."""
    if isinstance(tree, dict) and structure.kind is dict and set(tree) == set(structure.keys):
        return {key: _in_order(child, tree[key]) for key, child in zip(structure.keys, structure.children)}
    if isinstance(tree, (list, tuple)) and len(tree) == len(structure.children):
        children = [_in_order(child, x) for child, x in zip(structure.children, tree)]
        return type(tree)(*children) if hasattr(tree, "_fields") else type(tree)(children)
    return tree


def _compare(wanted: Structure, got: Structure, place: str) -> None:
    if (wanted.kind, wanted.keys, len(wanted.children)) != (got.kind, got.keys, len(got.children)):
        raise ValueError(f"{place} must be {wanted}, as its counterpart is, not {got}")
    steps = wanted.keys if wanted.kind is dict else range(len(wanted.children))
    for step, mine, theirs in zip(steps, wanted.children, got.children):
        _compare(mine, theirs, f"{place}[{shown(step)}]")

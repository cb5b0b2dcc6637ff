"""vmap: a function of one sample, mapped over many.

Eagerly it is a loop. Inside a jitted function the mapped function is recorded once, and its program runs over lanes,
one for each sample; a parameter that all samples share receives one gradient, the sum over the lanes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import copysign
from typing import Any

from autograd_lite.compiler.tracer import LANE, LANE_MEAN, LANE_SUM, STACK, LaneTracer, Tape, Tracer, current_tape
from autograd_lite.core import table as table
from autograd_lite.core.checks import shown
from autograd_lite.core.primitives import CONSTANT, Primitive
from autograd_lite.core.value import Modes, Value, active, as_value, constant, record
from autograd_lite.transforms.pytree import NUMBER, Structure, array, flatten, is_array_type, unflatten


def vmap(f: Callable[..., Any], in_axes: int | Sequence[int | None] | None = 0) -> Callable[..., Any]:
    """The function that applies f to each entry of its arguments, and returns its results stacked in the same way.

    `in_axes` says for each argument whether it is mapped over its first axis, 0, or the same for all, None; one value
    stands for all arguments. The first axis of a list or NumPy array is its entries; tuples and dicts are mapped
    inside. The results are stacked likewise: in a list, or an array if an argument was one, within tuples and dicts.

    Inside a jitted function the entries become lanes of one program. `sum` and `mean` over the result differentiate to
    one gradient, accumulated over the lanes. Only the outermost `vmap` makes lanes, and all in a function must be of
    one length; others are unrolled.

    >>> vmap(lambda w, x: w * x[0] + x[1], in_axes=(None, 0))(10.0, [[1.0, 2.0], [3.0, 4.0]])
    [12.0, 34.0]
    """
    if not callable(f):
        raise TypeError(f"vmap(f) needs a function, not {shown(f)}")

    def mapped(*args: Any) -> Any:
        axes = _axes(in_axes, len(args))
        length = _length(args, axes)
        as_array = any(axis == 0 and _has_array(arg) for arg, axis in zip(args, axes))
        tape = current_tape()
        if tape is None or tape.mapping or tape.lanes not in (0, length):
            calls = [[_entry(arg, i) if axis == 0 else arg for arg, axis in zip(args, axes)] for i in range(length)]
            name = f"the result of {getattr(f, '__name__', type(f).__name__)}"
            results = [flatten(f(*call), name) for call in calls]
            if any(structure != results[0][1] for _, structure in results):
                raise ValueError("the results that vmap stacks must all have one structure")
            return _stacked(results[0][1], [leaves for leaves, _ in results], as_array)
        tape.lanes = length
        lanes = [_lanes(tape, arg, length, axis) for arg, axis in zip(args, axes)]
        rows, structure = over_lanes(tape, f, lanes)
        if all(isinstance(arg, Lanes) for arg, axis in zip(args, axes) if axis == 0):
            return Lanes(length, rows, structure)
        return _stacked(structure, _entries(length, rows), as_array)

    return mapped


def over_lanes(tape: Tape, f: Callable[..., Any], args: Sequence[Any]) -> tuple[list[Any], Structure]:
    """f, recorded once for arguments whose numbers have lanes: the numbers of its result, and their structure."""
    tape.mapping = True
    try:
        result = f(*args)
    finally:
        tape.mapping = False
    return flatten(result, f"the result of {getattr(f, '__name__', type(f).__name__)}")


class Lanes(list[Any]):
    """What a function gives for each lane, recorded at once: a list whose entries are made when one is looked at.

    `rows` are the numbers of an entry, over lanes, and `structure` is how they are put together.
    """

    def __init__(self, length: int, rows: Sequence[Any], structure: Structure) -> None:
        super().__init__([None] * length)
        self.rows: Sequence[Any] | None = rows  # None as soon as the entries may be others
        self.structure, self.modes = structure, active()

    def __radd__(self, other: list[Any]) -> list[Any]:
        return [*other, *self]  # which lists do without asking

    def __reduce__(self) -> tuple[Any, ...]:
        return list, ([*self],)

    def _reduced(self, primitive: Primitive) -> Any:
        """What a primitive of any number of operands makes of the entries."""
        over_lanes = {table.sum: LANE_SUM, table.mean: LANE_MEAN}.get(primitive)
        if over_lanes and self.rows and self.structure is NUMBER and isinstance(self.rows[0], LaneTracer):
            return record(over_lanes, (self.rows[0],))
        return primitive(*self)


def _looking(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of lists that looks at the entries, or may change them."""

    def looks(lanes: Lanes, *args: Any, **options: Any) -> Any:
        rows, lanes.rows = lanes.rows, None
        if rows is not None:
            entries = _entries(len(lanes), rows, lanes.modes)
            list.__setitem__(lanes, slice(None), [unflatten(lanes.structure, xs) for xs in entries])
        return method(lanes, *args, **options)

    return looks


_blind = {"__new__", "__getattribute__", "__hash__", "__len__", "__class_getitem__"}
for _name in {*vars(list)} - {*vars(Lanes)} - _blind:
    setattr(Lanes, _name, _looking(getattr(list, _name)))


def _entries(length: int, rows: Sequence[Any], modes: Modes | None = None) -> list[list[Any]]:
    """The numbers in each lane."""
    lanes = [constant(float(i)) for i in range(length)]
    return [[record(LANE, (x, i), modes) if isinstance(x, LaneTracer) else x for x in rows] for i in lanes]


def put_into_lanes(tape: Tape, start: int, outputs: Sequence[Any]) -> list[Any]:
    """The same outputs, where what the tape from `start` on does alike to the numbers of each lane is done over lanes.

    So a loss over the outputs of many samples, one after the other, becomes the loss of a sample, mapped. Operations
    of one shape, in each lane one, are recorded over lanes; those that use them read the lanes.
    """
    shapes: dict[Any, int] = {}  # of what is computed in one lane: the operation, and the shapes of its operands
    met: Counter[Any] = Counter()  # how often, in each lane
    place: dict[Value, tuple[int, int]] = {}  # a shape and a lane
    members: list[dict[int, Value]] = []  # of each shape, by lane
    recorded = tape[start:]
    for v in recorded:
        shape: tuple[Any, ...] = v._parents[:1]
        lanes = {int(v._parents[1]._data)} if v._primitive is LANE else {place[p][1] for p in v._parents if p in place}
        if v._primitive is not LANE:
            shape = (v._primitive, *[place[p][0] if p in place else p._primitive is CONSTANT or p for p in v._parents])
        if len(lanes) == 1 and type(v) is Tracer:
            (lane,) = lanes
            met[shape, lane] += 1  # operations that differ in a constant are told apart by their order
            number = shapes.setdefault((shape, met[shape, lane]), len(shapes))
            if number == len(members):
                members.append({})
            place[v] = number, lane
            members[number][lane] = v
    rows: dict[int, Value] = {}
    now: dict[Value, Value] = {}

    def moved(v: Value) -> Value:
        number, lane = place.get(v, (-1, 0))
        if number in rows and v not in now:
            now[v] = tape.record(LANE, (rows[number], constant(float(lane))))
        return now.get(v, v)

    for v in recorded:
        number, _ = place.get(v, (-1, 0))
        if number < 0 or len(members[number]) < tape.lanes:
            parents = tuple(map(moved, v._parents))
            if any(p is not q for p, q in zip(parents, v._parents)):
                now[v] = tape.record(v._primitive, parents)
        elif number not in rows:
            each = [members[number][i]._parents for i in range(tape.lanes)]
            operands = tuple(_over_lanes(column, place, rows) for column in zip(*each))
            rows[number] = moved(operands[0]) if v._primitive is LANE else tape.record(v._primitive, operands)
    return [moved(y) if isinstance(y, Value) else y for y in outputs]


def _over_lanes(column: tuple[Value, ...], place: dict[Value, tuple[int, int]], rows: dict[int, Value]) -> Value:
    """An operand over lanes, given those in each lane: a row, a Value common to all, or constants of their own."""
    first = column[0]
    if first in place:
        return rows[place[first][0]]
    if first._primitive is CONSTANT and len({(c._data, copysign(1.0, c._data)) for c in column}) > 1:
        return record(STACK, column)
    return first


def _axes(in_axes: Any, count: int) -> Sequence[int | None]:
    axes = [in_axes] * count if in_axes is None or isinstance(in_axes, int) else in_axes
    if not isinstance(axes, (list, tuple)) or len(axes) != count or not all(map(_is_axis, axes)):
        raise ValueError(
            f"vmap(in_axes) must be 0 or None, or one of these for each of {count} arguments, not {shown(in_axes)}"
        )
    if 0 not in axes:
        raise ValueError(
            f"vmap(in_axes) {shown(in_axes)} maps none of {count} arguments: give at least one of them axis 0"
        )
    return axes


def _is_axis(axis: Any) -> bool:
    return axis is None or (isinstance(axis, int) and axis == 0)


def _length(args: Sequence[Any], axes: Sequence[int | None]) -> int:
    """How many entries the mapped arguments have: the same number in all, else a ValueError."""
    lengths: dict[int, str] = {}
    for i, (arg, axis) in enumerate(zip(args, axes)):
        if axis == 0:
            _find_lengths(arg, f"argument {i}", lengths)
    if len(lengths) != 1:
        found = ", ".join(f"{place} has {n}" for n, place in lengths.items())
        raise ValueError(f"vmap needs arguments of one length: {found or 'nothing is in them'}")
    (length,) = lengths
    if length == 0:
        raise ValueError("vmap needs at least one entry to map over, got none")
    return length


def _find_lengths(tree: Any, place: str, lengths: dict[int, str], depth: int = 0) -> None:
    if depth > 100:
        raise ValueError(f"{place[:40]}... is nested too deeply for vmap: does it contain itself?")
    if isinstance(tree, (dict, tuple)):
        for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree):
            _find_lengths(child, f"{place}[{shown(key)}]", lengths, depth + 1)
    elif isinstance(tree, list) or (is_array_type(type(tree)) and tree.ndim):
        lengths.setdefault(len(tree), place)
    else:
        raise TypeError(f"{place} cannot be mapped by vmap, it is {shown(tree)}: pass a list, or in_axes=None for it")


def _entry(tree: Any, i: int) -> Any:
    if isinstance(tree, dict):
        return {key: _entry(child, i) for key, child in tree.items()}
    if isinstance(tree, tuple):
        children = [_entry(child, i) for child in tree]
        return type(tree)(*children) if hasattr(tree, "_fields") else tuple(children)
    return tree[i]


def _lanes(tape: Tape, tree: Any, length: int, axis: int | None) -> Any:
    """The argument as f sees it: each number a LaneTracer, of one entry a lane or spread over all lanes."""
    rows = tree.rows if isinstance(tree, Lanes) else None
    if axis is None or rows is not None:
        leaves, structure = flatten(tree) if axis is None or rows is None else (rows, tree.structure)
        return unflatten(structure, [tape.spread_out(x) if isinstance(x, Value) else x for x in leaves])
    entries = [flatten(_entry(tree, i)) for i in range(length)]
    structure = entries[0][1]
    if any(other != structure for _, other in entries):
        raise ValueError("the entries that vmap maps over must all have one structure")
    columns = zip(*[leaves for leaves, _ in entries])
    return unflatten(structure, [record(STACK, tuple(map(as_value, column))) for column in columns])


def _has_array(tree: Any) -> bool:
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, tuple) else ()
    return is_array_type(type(tree)) or any(map(_has_array, children))


def _stacked(structure: Structure, entries: Sequence[Sequence[Any]], as_array: bool) -> Any:
    """The results of all entries, each given by its numbers, in one tree: lists or arrays within tuples and dicts."""
    kind = structure.kind
    if kind is None:
        column = [x for (x,) in entries]
        return array(column, (len(entries),)) if as_array else column
    if is_array_type(kind):
        return array([x for row in entries for x in row], (len(entries), *structure.keys))
    if kind is list:
        return [unflatten(structure, row) for row in entries]
    children, start = [], 0
    for child in structure.children:
        end = start + len(child)
        children.append(_stacked(child, [row[start:end] for row in entries], as_array))
        start = end
    if kind is dict:
        return dict(zip(structure.keys, children))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)

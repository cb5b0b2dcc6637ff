"""Large graphs as small pictures: what is alike, or lies inside a module, becomes one box.

First the values are gathered into units: a module call at the depth to be shown, a chain of additions, or else a single
value. Then units that were computed alike from operands that are alike fall into one class: the hundred samples of a
batch run through the same weights and differ only in data, so they fold into one, a hundredfold. Each class is a box.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from autograd_lite.core.value import Value, is_constant
from autograd_lite.display.graph.boxes import (
    Box,
    Picture,
    box_of,
    compact,
    gradient_of,
    kind_of,
    module_name,
    printable,
)
from autograd_lite.display.graph.scopes import Call, Path, Scopes


@dataclass(eq=False)
class Home:
    """A folded module, as the place of its parameters."""

    path: Path


Unit = Value | Call | Home


@dataclass(eq=False)
class Class:
    """Units that are alike, their values, and the classes of their operands."""

    units: list[Unit] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    sizes: Counter[Unit] = field(default_factory=Counter)  # how many values each unit has
    operands: dict["Class", None] = field(default_factory=dict)


def folded_picture(
    interior: list[Value], leaves: list[Value], scopes: Scopes, depth: int, limit: int, grad: bool
) -> Picture | None:
    """The graph with modules closed below `depth` and repetitions folded, if that fits into `limit` boxes.

    If it does not, all leaves of a place count as alike, and all operations on alike operands, however many.
    """
    units = _units(interior, leaves, scopes, depth)
    operands: dict[Unit, dict[Unit, int]] = {}
    for v in (*leaves, *interior):
        unit = units[v]
        of_unit = operands.setdefault(unit, {})
        for p in v.parents:
            if units[p] is not unit:
                of_unit[units[p]] = of_unit.get(units[p], 0) + 1
    order = _ordered(operands)
    classes = _classes(order, operands, scopes, limit) or _classes(order, operands, scopes, limit, alike=True)
    if classes is None:
        return None
    class_of = {unit: c for c in classes for unit in c.units}
    for v in (*leaves, *interior):
        c = class_of[units[v]]
        c.values.append(v)
        c.sizes[units[v]] += 1
    index = {c: i for i, c in enumerate(classes)}
    edges = [(index[operand], index[c]) for c in classes for operand in c.operands if operand is not c]
    answers = set(interior).difference(chain.from_iterable(v.parents for v in interior))
    return Picture([_box(c, scopes, grad, answers) for c in classes], edges)


def cut_picture(roots: list[Value], count: int, scopes: Scopes, limit: int, grad: bool) -> Picture:
    """The `limit` values nearest to the roots, each its own box, and one box that stands for all others of `count`."""
    kept = dict.fromkeys(roots[:limit])
    nearest = list(kept)
    for v in nearest:
        for p in v.parents:
            if p not in kept and len(kept) < limit:
                kept[p] = None
                nearest.append(p)
    index = {v: i for i, v in enumerate(reversed(nearest), 1)}
    boxes = [Box("folded", [f"… {count - len(nearest):,} more nodes"])]
    boxes += [box_of(v, scopes, grad) for v in index]
    edges = dict.fromkeys((index.get(p, 0), i) for v, i in index.items() for p in v.parents)
    return Picture(boxes, list(edges))


# --- units ---------------------------------------------------------------------------------------------------------


def _units(interior: list[Value], leaves: list[Value], scopes: Scopes, depth: int) -> dict[Value, Unit]:
    """Every value's unit."""
    units: dict[Value, Unit] = {}
    users: dict[Value, int] = {}
    for v in interior:
        for p in v.parents:
            users[p] = users.get(p, 0) + 1
    for v in reversed(interior):
        call = scopes.calls.get(v)
        if call is not None and len(call.path) > depth:
            units[v] = call.at(depth)
            continue
        units.setdefault(v, v)
        if v.op == "+":
            for p in v.parents:
                if p.op == "+" and users[p] == 1 and scopes.calls.get(p) is call and not p.label:
                    units[p] = units[v]
    homes: dict[tuple[int, ...], Home] = {}
    for v in leaves:
        path = scopes.path(v)[: depth + 1]
        units[v] = homes.setdefault(tuple(map(id, path)), Home(path)) if len(path) > depth else v
    return units


# --- classes of units ----------------------------------------------------------------------------------------------


def _classes(
    order: list[Unit], operands: dict[Unit, dict[Unit, int]], scopes: Scopes, limit: int, alike: bool = False
) -> list[Class] | None:
    """The classes, each after those of its operands where there is no loop; None if there are more than `limit`."""
    classes: dict[Hashable, Class] = {}
    class_of: dict[Unit, Class] = {}

    def put(unit: Unit, key: Hashable) -> None:
        class_of[unit] = c = classes.setdefault(key, Class())
        c.units.append(unit)

    for unit in order:
        if not _is_lone_constant(unit, scopes):
            counts: dict[Class | None, int] = {}
            for operand, n in operands[unit].items():
                c = class_of.get(operand)
                counts[c] = counts.get(c, 0) + n
            key = _key(unit, counts, scopes, alike)
            if isinstance(unit, Call) and not alike:
                key = _first_with_parameters(key, ("home", *map(id, unit.path)), classes)
            put(unit, key)
            if len(classes) > 2 * limit:  # some keys share a class
                return None
    for unit in order:  # only now: in a loop, such as a module fed with its own output, all is known
        for operand in operands[unit]:
            if operand not in class_of:  # a constant: it belongs to what uses it
                put(operand, ("constants of", class_of[unit]))
            class_of[unit].operands[class_of[operand]] = None
    distinct = list(dict.fromkeys(classes.values()))
    return distinct if len(distinct) <= limit else None


def _key(unit: Unit, counts: dict["Class | None", int], scopes: Scopes, alike: bool) -> Hashable:
    """What units of one class have in common; `counts` says how often a unit uses each class of operands."""
    if not isinstance(unit, Value):
        home = "home", *map(id, unit.path)
        return home if isinstance(unit, Home) or alike else (*home, frozenset(counts.items()))
    where = tuple(map(id, scopes.path(unit)))
    if not unit.parents:
        if unit in scopes.received:
            return "input", where, unit.label
        return ("leaf", where) if alike else unit
    if alike:
        return unit.op, where, frozenset(counts)
    uses = frozenset(counts.items()) if unit.op == "+" else tuple(counts.items())
    return unit.op, where, unit.label, uses


def _first_with_parameters(key: Hashable, home: Hashable, classes: dict[Hashable, Class]) -> Hashable:
    """The key of a folded call's class; the first class of a module's calls is that of the module's parameters."""
    if key not in classes and not any(isinstance(u, Call) for u in classes.setdefault(home, Class()).units):
        classes[key] = classes[home]
    return key


def _is_lone_constant(unit: Unit, scopes: Scopes) -> bool:
    return isinstance(unit, Value) and is_constant(unit) and unit not in scopes.received


def _ordered(operands: dict[Unit, dict[Unit, int]]) -> list[Unit]:
    """The units, each after its operands, where there is no loop."""
    order: list[Unit] = []
    seen: set[Unit] = set()
    for start in operands:
        stack = [(start, False)]
        while stack:
            unit, is_done = stack.pop()
            if is_done:
                order.append(unit)
            elif unit not in seen:
                seen.add(unit)
                stack.append((unit, True))
                stack.extend((operand, False) for operand in operands[unit] if operand not in seen)
    return order


# --- boxes ---------------------------------------------------------------------------------------------------------


def _box(c: Class, scopes: Scopes, grad: bool, answers: set[Value]) -> Box:
    first = c.units[0]
    if not isinstance(first, Value):
        lines = _module_lines(c, scopes) + _answer_lines([v for v in c.values if v in answers], grad)
        return Box("folded", lines, group=first.path[:-1], count=len(c.values))
    if len(c.values) == 1:
        return box_of(first, scopes, grad)
    kind = kind_of(first, scopes)
    label = printable(first.label) if all(v.label == first.label for v in c.values) else ""
    if kind == "operation":
        terms = len(c.values) // len(c.units) + 1
        lines = (
            [label] * bool(label) + [f"{terms:,} terms"] * (terms > 2) + [f"× {len(c.units):,}"] * (len(c.units) > 1)
        )
    else:
        lines = [f"{label} × {len(c.units):,}" if label else f"{len(c.units):,} {kind}s"]
    results = [v for v in c.units if isinstance(v, Value)]
    gradients = [gradient_of(v) for v in results]
    lines.append(f"data {_range([v.data for v in results])}")
    if grad and kind != "constant":
        lines.append(f"grad {_range(gradients)}")
    largest = max(gradients, key=abs) if grad else 0.0
    return Box(kind, lines, first.op, largest, scopes.path(first), len(c.values))


def _module_lines(c: Class, scopes: Scopes) -> list[str]:
    """What a folded module says of itself."""
    first = c.units[0]
    assert not isinstance(first, Value)
    calls = sum(isinstance(u, Call) for u in c.units)
    operations = sum(bool(v.parents) for v in c.values)
    parameters = sum(scopes.is_parameter(v) for v in c.values)
    lines = [module_name(first.path) + (f" × {calls:,}" if calls > 1 else "")]
    lines += [f"{operations:,} operation{'s' * (operations != 1)}"] * (operations > 0)
    return lines + [f"{parameters:,} parameter{'s' * (parameters != 1)}"] * (parameters > 0)


def _answer_lines(answers: list[Value], grad: bool) -> list[str]:
    """What comes out of a folded module and is used by nothing else: the network's answer."""
    if not answers:
        return []
    labels = dict.fromkeys(printable(v.label) for v in answers)
    lines = [", ".join(labels)] if len(labels) <= 3 and all(labels) else []
    lines.append(f"data {_range([v.data for v in answers])}")
    return lines + [f"grad {_range([gradient_of(v) for v in answers])}"] * grad


def _range(xs: Sequence[float]) -> str:
    low, high = (f"{x:,}" if isinstance(x, int) else compact(x) for x in (min(xs), max(xs)))
    return low if low == high else f"{low} … {high}"

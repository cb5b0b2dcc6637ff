"""Which module call each value of a graph was computed in.

A module notes on the values it returns where they come from: `value.scopes`, a tuple of (module, inputs), innermost
module first. A value belongs to a call if it lies between what the call returned and what it received. So a walk from
the outputs back to the leaves finds every value's place: it inherits the call of those that use it, and leaves the
calls that received it.
"""

from typing import Any

from autograd_lite.core.value import Value

Path = tuple[Any, ...]  # modules, outermost first


class Call:
    """One call of a module, made inside another or (None) at the top."""

    __slots__ = ("inputs", "outer", "path")

    def __init__(self, module: Any, inputs: tuple[Value, ...], outer: "Call | None") -> None:
        self.inputs = set(inputs)
        self.outer = outer
        self.path: Path = (*outer.path, module) if outer else (module,)

    def at(self, depth: int) -> "Call":
        """The call on this one's way from the top that is `depth` levels inside."""
        call = self
        while len(call.path) > depth + 1 and call.outer is not None:
            call = call.outer
        return call


class Scopes:
    """The innermost call of each computed value, the module that each leaf belongs to, and the leaves calls received.

    `calls` holds only values inside a call. A leaf inside calls of several modules belongs to what they have in common.
    """

    def __init__(self, interior: list[Value]) -> None:
        self.calls: dict[Value, Call] = {}
        self.homes: dict[Value, Path] = {}
        self.received: set[Value] = set()
        known: dict[tuple[int, int, int], Call] = {}
        inherited: dict[Value, Call | None] = {}
        for v in reversed(interior):
            call = inherited.get(v)
            for module, inputs in reversed(getattr(v, "scopes", ())):
                if v not in inputs and (call is None or module not in call.path):
                    key = id(call), id(module), id(inputs)
                    if key not in known:
                        known[key] = Call(module, inputs, call)
                        self.received.update(known[key].inputs)
                    call = known[key]
            if call is not None:
                self.calls[v] = call
            for p in v.parents:
                outside = _where_it_comes_from(p, call)
                if p.parents:
                    inherited[p] = _innermost(inherited[p], outside) if p in inherited else outside
                elif outside is not None:
                    self.homes[p] = _common(self.homes[p], outside.path) if p in self.homes else outside.path

        outermost = {id(call.path[0]): call.path[0] for call in known.values()}
        self._parameters = {p for module in outermost.values() for p in module.parameters()}

    def path(self, v: Value) -> Path:
        """The modules that v stands in, outermost first."""
        if v.parents:
            return self.calls[v].path if v in self.calls else ()
        return self.homes.get(v, ())

    def is_parameter(self, v: Value) -> bool:
        return v in self._parameters

    def depth(self) -> int:
        """How many levels of modules there are."""
        return max((len(call.path) for call in self.calls.values()), default=0)


def _where_it_comes_from(p: Value, call: Call | None) -> Call | None:
    """The innermost call around `call`, or itself, that computed its operand p rather than receiving it."""
    place, around = call, call
    while around is not None:
        if p in around.inputs:
            place = around.outer
        around = around.outer
    return place


def _innermost(a: Call | None, b: Call | None) -> Call | None:
    """The inner of two calls if one lies in the other, else the innermost around both."""
    if a is None or b is None or a is b:
        return a or b
    if len(a.path) < len(b.path):
        a, b = b, a
    if a.at(len(b.path) - 1) is b:
        return a
    outer_a, outer_b = a.at(len(b.path) - 1), b
    while outer_a is not outer_b and outer_a.outer is not None and outer_b.outer is not None:
        outer_a, outer_b = outer_a.outer, outer_b.outer
    return outer_a if outer_a is outer_b else None


def _common(a: Path, b: Path) -> Path:
    """The inner of two paths if one continues the other, else what they have in common."""
    if len(a) < len(b):
        a, b = b, a
    if a[: len(b)] == b:
        return a
    same = 0
    while a[same] is b[same]:
        same += 1
    return a[:same]

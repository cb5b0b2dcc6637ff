"""The order in which a graph is walked."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_lite.core.value import Value


def topological_order(*roots: "Value", stop: Iterable["Value"] = ()) -> tuple[list["Value"], list["Value"]]:
    """The nodes that `roots` were computed from: those with parents, each after its parents; and the leaves.

    Nodes in `stop` are left out, and the walk goes no further there. It is depth-first, with an explicit stack on which
    None marks that all a node depends on is done.
    """
    interior: list[Value] = []
    leaves: list[Value] = []
    seen: set[Value] = set(stop)
    stack: list[Value | None] = [*roots]
    while stack:
        v = stack.pop()
        if v is None:
            interior.append(stack.pop())  # type: ignore[arg-type]
        elif v not in seen:
            seen.add(v)
            if v._parents:
                stack.append(v)
                stack.append(None)
                stack.extend(v._parents)
            else:
                leaves.append(v)
    return interior, leaves

"""Pictures of computation graphs."""

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from autograd_lite.core.checks import check_flag, check_size, shown
from autograd_lite.core.value import Value, is_constant, topological_order
from autograd_lite.nn.module import Module

if TYPE_CHECKING:
    from autograd_lite.display.graph.boxes import Picture
    from autograd_lite.display.network.picture import NetworkDrawing

DIRECTIONS = ("LR", "TB")
LIMIT = 200  # boxes; more than that nobody reads, and their layout may take minutes


class Drawing:
    """A diagram: shows itself in a notebook; `save(path)` writes it in the format of the path's suffix."""

    def __init__(self, picture: "Picture", direction: str, merge: bool) -> None:
        self._picture = picture
        self._direction = direction
        self._merge = merge

    @property
    def dot(self) -> str:
        """The diagram in DOT, the language of Graphviz."""
        from autograd_lite.display.graph.diagram import to_dot

        return to_dot(self._picture, self._direction, self._merge)

    @property
    def svg(self) -> str:
        """The diagram as SVG."""
        from autograd_lite.display.graph.runner import render

        return render(self.dot, "svg").decode()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the diagram to a file. The suffix says how: .svg .png .pdf .dot .html.

        Raises ValueError for another suffix, and RenderError if the renderer is missing, fails or takes too long. PDF
        needs Graphviz's own dot, and so does PNG with letters of scripts other than Latin, Greek and Cyrillic.
        """
        from autograd_lite.display.graph.runner import render
        from autograd_lite.nn.files import as_target, write_whole

        target, suffix = as_target(path, "svg", "png", "pdf", "dot", "html")
        if suffix == "dot":
            content = self.dot.encode()
        elif suffix == "html":
            content = f'<!doctype html><meta charset="utf-8"><title>{self._caption}</title>{self._image()}'.encode()
        else:
            content = render(self.dot, suffix)
        write_whole(target, content)

    def _repr_html_(self) -> str:
        from html import escape

        from autograd_lite.display.graph.runner import RenderError

        try:
            return self._image()
        except (RenderError, ImportError) as error:
            return f"<pre>{escape(self._picture.text())}\n\n{escape(str(error))}</pre>"

    def _image(self) -> str:
        from base64 import b64encode
        from html import escape

        picture = b64encode(self.svg.encode()).decode()
        return (  # an image, because an untrusted notebook shows no SVG elements
            f'<img alt="{escape(self._caption)}" style="max-width:100%" src="data:image/svg+xml;base64,{picture}">'
        )

    def __repr__(self) -> str:
        return f"<{self._caption.split(':')[0]}: show it in a notebook, or save('graph.svg')>"

    @property
    def _caption(self) -> str:
        return "graph of " + (self._picture.note or _count(len(self._picture.boxes), "node"))


@overload
def draw(roots: Module, *, grad: bool | None = None) -> "NetworkDrawing": ...
@overload
def draw(
    roots: Value | Iterable[Value],
    *,
    grad: bool | None = None,
    merge: bool = False,
    direction: str = "LR",
    depth: int | None = None,
    limit: int = LIMIT,
) -> Drawing: ...
def draw(
    roots: Any,
    *,
    grad: bool | None = None,
    merge: bool = False,
    direction: str = "LR",
    depth: int | None = None,
    limit: int = LIMIT,
) -> Any:
    """The computation graph of one Value or several, as a diagram that shows in a notebook and saves to a file.

    `grad=False` leaves the gradients out, and their colour; `merge=True` writes each operation into the box of its
    result; `direction` is "LR" (left to right) or "TB" (top to bottom). Colour is the gradient: blue positive, orange
    negative, the stronger the larger. Parameters have thick borders, constants dashed ones.

    Values made inside a `Module` stand in a frame. `depth=0` folds each module into one box, `depth=1` opens one level,
    and so on, and repetitions that differ only in data fold into one. A graph of more than `limit` nodes is folded at
    depth 0 by itself, and says so in the picture; what is still too large shows only the `limit` boxes nearest to the
    roots.

    Of a model (`nn.MLP`, `nn.Sequential` of layers, `nn.Layer`, `nn.Neuron`) it draws the network as people do: layers
    from left to right, neurons as dots, weights as lines, blue positive, orange negative, the wider the larger; with
    `grad=True` the lines show the weights' gradients. Names and numbers come up under the pointer; the middle of a
    large layer is left out, and the picture says so. The other options are of graphs.

    Raises TypeError for anything else, and for a model whose layers do not follow each other; ValueError for an option.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> draw(a * b)
    <graph of 3 nodes: show it in a notebook, or save('graph.svg')>
    """
    if isinstance(roots, Module):
        from autograd_lite.display.network.picture import NetworkDrawing

        if (merge, direction, depth, limit) != (False, "LR", None, LIMIT):
            raise ValueError("draw(model) takes grad alone; merge, direction, depth and limit are options of graphs")
        return NetworkDrawing(roots, grad is not None and check_flag(grad, "draw(grad)"))
    if not isinstance(direction, str) or direction not in DIRECTIONS:
        raise ValueError(f"draw(direction) must be 'LR' or 'TB', not {shown(direction)}")
    depth = None if depth is None else check_size(depth, "draw(depth)", 0)
    limit, merge = check_size(limit, "draw(limit)"), check_flag(merge, "draw(merge)")
    return Drawing(
        _picture(_values(roots), grad is None or check_flag(grad, "draw(grad)"), depth, limit), direction, merge
    )


def html_of_value(v: Value) -> str | None:
    """What a Value shows in a notebook: its graph, of a large one a summary; of a leaf nothing but its repr."""
    from html import escape

    if not v.parents:
        return None
    interior, leaves = topological_order(v)
    if len(interior) + len(leaves) <= LIMIT:
        return draw(v)._repr_html_()
    constants = sum(map(is_constant, leaves))
    counts: dict[str, int] = {}
    for u in interior:
        counts[u.op] = counts.get(u.op, 0) + 1
    common = sorted(counts.items(), key=lambda item: -item[1])[:5]
    return (
        f"<pre>{escape(repr(v))}\n{_count(len(interior), 'operation')}: "
        f"{escape(', '.join(f'{n:,} {op}' for op, n in common))}{', …' * (len(counts) > 5)}\n"
        f"{_count(len(leaves) - constants, 'leaf')}, {_count(constants, 'constant')}\n"
        f"draw(value) shows the graph, folded</pre>"
    )


def _picture(roots: list[Value], grad: bool, depth: int | None, limit: int) -> "Picture":
    """As much of the graph as fits into `limit` boxes, with a note on what was folded."""
    from autograd_lite.core.modes import no_gc
    from autograd_lite.display.graph.boxes import plain_picture
    from autograd_lite.display.graph.fold import cut_picture, folded_picture
    from autograd_lite.display.graph.scopes import Scopes

    with no_gc():  # a million nodes would have the collector walk them again and again
        interior, leaves = topological_order(*roots)
        scopes = Scopes(interior)
        count = len(interior) + len(leaves)
        if depth is None and count <= limit:
            return plain_picture(interior, leaves, scopes, grad)
        levels = scopes.depth()
        wanted = min(depth or 0, levels)
        for at in range(wanted, -1, -1):
            picture = folded_picture(interior, leaves, scopes, at, limit, grad)
            if picture is not None:
                picture.note = f"{_count(count, 'node')} in {_count(len(picture.boxes), 'box')}"
                if at < wanted:
                    picture.note += f": depth={wanted} needs more than limit={limit}"
                elif at < levels:
                    picture.note += f": depth={at + 1} shows what is inside the modules"
                return picture
        picture = cut_picture(roots, count, scopes, limit, grad)
        picture.note = f"{_count(count, 'node')}, the {limit:,} nearest to the result: limit={limit}"
        return picture


def _count(n: int, noun: str) -> str:
    plurals = {"box": "boxes", "leaf": "leaves"}
    return f"{n:,} {noun if n == 1 else plurals.get(noun, noun + 's')}"


def _values(roots: Any) -> list[Value]:
    """The roots as a list, however they were given."""
    if isinstance(roots, Value):
        return [roots]
    if isinstance(roots, Iterable) and getattr(roots, "shape", None) != ():
        found = list(roots)
        if found and all(isinstance(v, Value) for v in found):
            return found
    raise TypeError(f"draw(roots) must be a Value or a list of Values, not {shown(roots)}")

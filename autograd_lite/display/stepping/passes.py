"""Backpropagation step by step, to print, to show and to save."""

from html import escape
from os import PathLike, fspath

from autograd_lite.core.value import Value
from autograd_lite.display.stepping.walk import Walk


class Steps(Walk):
    """The backward pass as a sequence of `Step`; `forward` is the forward pass.

    Prints as a table, shows in a notebook as a page to click through, and `save("backprop.html")` writes that page.
    """

    def _repr_html_(self) -> str:
        from autograd_lite.display.graph.drawing import draw
        from autograd_lite.display.graph.runner import RenderError
        from autograd_lite.display.stepping.content import numbers, static
        from autograd_lite.display.stepping.page import fragment

        try:
            return fragment({**static(self), **numbers(self)}, draw(self.root)._repr_html_())
        except (RenderError, ImportError, ValueError) as error:
            return f"<pre>{escape(repr(self))}\n\n{escape(str(error))}</pre>"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file that any browser opens, with no network.

        Raises ValueError if the path does not end in .html, or the graph has more nodes than a page can show.
        """
        from autograd_lite.core.files import as_path, write_whole
        from autograd_lite.display.graph.drawing import draw
        from autograd_lite.display.stepping.content import numbers, static
        from autograd_lite.display.stepping.page import page

        target = as_path(path, "save(path)")
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"save(path) must end in .html, not {fspath(path)!r}")
        title = f"Backpropagation from {self.names[self.root]}"
        content = page(title, {**static(self), **numbers(self)}, draw(self.root)._repr_html_())
        write_whole(target, content.encode())


def steps(root: Value) -> Steps:
    """The backward pass of `root`, one step for each computed node, in the order in which `backward()` takes them.

    Each step has the node, its upstream gradient, and for each parent the local derivative with its formula, what is
    added to the parent's gradient, and the running total. Gradients start from 0 and no node's `grad` is touched.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> steps((a * b).tanh())[1].parts[0].formula
    'b'
    >>> steps(a * b)
    step  node  gradient  parent  local derivative          adds  total
    1     L     1.0       a       ∂L/∂a = b         = -3.0  -3.0  -3.0
                          b       ∂L/∂b = a         = 2.0   2.0   2.0
    """
    if not isinstance(root, Value):
        raise TypeError(f"steps(root) takes a Value, not {root!r}")
    return Steps(root)

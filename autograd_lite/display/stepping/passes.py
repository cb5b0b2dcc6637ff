"""Backpropagation step by step, to print, to show and to save."""

from html import escape
from os import PathLike
from typing import TYPE_CHECKING

from autograd_lite.core.checks import shown
from autograd_lite.core.value import Value
from autograd_lite.display.stepping.walk import Walk
from autograd_lite.nn.files import as_target, write_whole

if TYPE_CHECKING:
    from autograd_lite.display.pages.html import Page


class Steps(Walk):
    """The backward pass as a sequence of `Step`; `forward` is the forward pass.

    Prints as a table, and shows in a notebook as a page whose leaves can be moved, with no kernel behind it.
    `save("backprop.html")` writes that page, `script()` is the same as one script tag for a page of your own.
    """

    def __init__(self, root: Value, language: str | None = None) -> None:
        super().__init__(root)
        self.language = language

    def _repr_html_(self) -> str:
        from autograd_lite.display.graph.runner import RenderError

        try:
            return self._page().fragment()
        except (RenderError, ImportError, ValueError) as error:
            return f"<pre>{escape(repr(self))}\n\n{escape(str(error))}</pre>"

    def script(self) -> str:
        """The page as one `<script>` tag, which shows it where it stands and asks nobody for anything."""
        return self._page().script()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file that any browser opens, with no network; or an animation, one frame a step.

        The suffix says which: .html or .gif. Raises ValueError for another suffix, or a graph of more nodes than a page
        can show; ImportError for .gif without Pillow; RenderError without a renderer.
        """
        target, suffix = as_target(path, "html", "gif")
        if suffix == "gif":
            from autograd_lite.display.stepping.animation import animated

            content = animated(self)
        else:
            content = self._page().document().encode()
        write_whole(target, content)

    def _page(self) -> "Page":
        from autograd_lite.display.graph.drawing import draw
        from autograd_lite.display.stepping.content import content, program
        from autograd_lite.display.stepping.page import page

        data, still = content(self), draw(self.root)._repr_html_()
        try:
            return page(self._title(), data, program(self), still, self.language)
        except TypeError as error:  # nothing can compute it again, or JavaScript cannot
            return page(self._title(), {**data, "why": str(error)}, None, still, self.language)

    def _title(self) -> str:
        from autograd_lite.display.pages.html import say

        name = self.names[self.root]
        return say("Backpropagation from {name}", self.language, name=name)


def steps(root: Value, *, language: str | None = None) -> Steps:
    """The backward pass of `root`, one step for each computed node, in the order in which `backward()` takes them.

    Each step has the node, its upstream gradient, and for each parent the local derivative with its formula, what is
    added to the parent's gradient, and the running total. Gradients start from 0 and no node's `grad` is touched.

    In a notebook, and saved, it is a page that computes: move a leaf, and values, gradients and sums follow. `language`
    is "en" or "zh", by default that of the document around it.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> steps((a * b).tanh())[1].parts[0].formula
    'b'
    >>> steps(a * b)
    step  node  gradient  parent  local derivative          adds  total
    1     L     1.0       a       ∂L/∂a = b         = -3.0  -3.0  -3.0
                          b       ∂L/∂b = a         = 2.0   2.0   2.0
    """
    from autograd_lite.display.pages.html import check_language

    if not isinstance(root, Value):
        raise TypeError(f"steps(root) takes a Value, not {shown(root)}")
    check_language(language, "steps(language)")
    return Steps(root, language)

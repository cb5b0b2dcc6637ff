"""The page of steps tied to a notebook's Values, both ways."""

import sys
from typing import Any

from autograd_lite.core.checks import as_float, shown
from autograd_lite.core.value import Value
from autograd_lite.display.stepping.walk import Walk

MODULE = """
export default {
  render({ model, el }) {
    const host = document.createElement("div");
    el.append(host);
    const data = { ...model.get("content"), start: model.get("leaves") };
    const update = mountSteps(host, data, run, (leaf, number) => model.send({ leaf, number }));
    const follow = () => update(model.get("leaves"));
    model.on("change:leaves", follow);
    return () => model.off("change:leaves", follow);
  },
};
"""


def live(root: Value, *, language: str | None = None) -> Any:
    """The page of `steps(root)` as a widget, tied to the notebook's Values: move a leaf here, or set its `data` there.

    A leaf that is moved gets its `data`, then `root.forward()` runs, and `root.backward()` from gradients of 0: so the
    Values of the notebook follow. The other way the page follows after each cell that was run, or when `refresh()` is
    called. Raises ImportError without the package anywidget (`pip install anywidget`), ValueError for a graph too large
    for a page, or one that nothing can compute again, such as one with nodes recorded by hand.

    >>> x = Value(3.0, label="x")
    >>> page = live(x * x)
    >>> page.leaves
    [3.0]
    """
    if not isinstance(root, Value):
        raise TypeError(f"live(root) takes a Value, not {shown(root)}")
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        missing = error.name or "anywidget"
        raise ImportError(f"live(root) needs {missing}: pip install anywidget, and restart the kernel") from error
    from autograd_lite.display.graph.drawing import draw
    from autograd_lite.display.pages.html import Page, check_language, plain
    from autograd_lite.display.stepping.content import content, moving, program
    from autograd_lite.display.stepping.page import scripts, styles

    check_language(language, "live(language)")
    walk = Walk(root)
    moved = moving(walk)
    try:
        code = "\n".join([*scripts(program(walk)), MODULE])
    except TypeError as error:
        raise ValueError(f"live(root) cannot compute this graph again: {error}") from error

    class Live(anywidget.AnyWidget):
        """The widget. `content` stays, `leaves` are the numbers of the leaves."""

        _esm = code
        _css = "\n".join(styles())
        content = traitlets.Dict().tag(sync=True)
        leaves: Any = traitlets.List().tag(sync=True)

        def refresh(self, *_: Any) -> None:
            """Show the numbers that the leaves have now."""
            self.leaves = [plain(v.data) for v in moved]

        def _repr_mimebundle_(self, **options: Any) -> Any:
            """The widget; where no kernel runs, or scripts must not, the picture and a sentence what to do."""
            bundle = super()._repr_mimebundle_(**options)
            data = bundle[0] if isinstance(bundle, tuple) else bundle
            if data:
                data["text/html"] = Page("", [], [], {}, draw(root)._repr_html_(), language).stand_in()
                data["text/plain"] = "live(root): run this cell to move its leaves"
            return bundle

    def edit(widget: Any, sent: dict[str, Any], buffers: Any) -> None:
        leaf = moved[sent["leaf"]]
        before, leaf.data = leaf.data, as_float(sent["number"], "number")
        try:
            root.forward().zero_grad()
            root.backward()
        except BaseException:
            leaf.data = before
            raise
        finally:
            widget.refresh()

    widget = Live(content={**content(walk), "language": language}, leaves=[plain(v.data) for v in moved])
    widget.on_msg(edit)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.events.register("post_run_cell", widget.refresh)
    return widget

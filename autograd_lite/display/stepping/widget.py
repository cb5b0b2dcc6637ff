"""A page of steps whose leaves can be edited in the notebook: values and gradients follow."""

from typing import Any

from autograd_lite.core.checks import as_float
from autograd_lite.core.value import Value
from autograd_lite.display.stepping.walk import Walk

MODULE = """
export default {
  render({ model, el }) {
    const host = document.createElement("div");
    el.append(host);
    const data = { ...model.get("drawn"), ...model.get("numbers") };
    const update = mount(host, data, (leaf, number) => model.send({ leaf, number }));
    const follow = () => update(model.get("numbers"));
    model.on("change:numbers", follow);
    return () => model.off("change:numbers", follow);
  },
};
"""


def live(root: Value) -> Any:
    """The page of `steps(root)` as a widget: edit a leaf, or drag it, and values and gradients follow.

    Edits set the leaf's `data`, run `root.forward()`, and `root.backward()` from gradients of 0: so the Values of the
    notebook follow too. Raises ImportError without the package anywidget (`pip install anywidget`), ValueError for a
    graph too large for a page, or with nodes recorded by hand, which nothing can compute again.
    """
    if not isinstance(root, Value):
        raise TypeError(f"live(root) takes a Value, not {root!r}")
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError("live(root) needs anywidget: pip install anywidget, and restart the kernel") from error
    from autograd_lite.display.stepping.content import numbers, static
    from autograd_lite.display.stepping.page import asset

    shown = Walk(root)
    for v in shown.interior:
        if v._primitive.by_hand:
            raise ValueError(f"live(root) cannot recompute {v!r}: operation {v.op!r} was recorded by hand")
    names = {f"n{i}": v for i, v in enumerate([*shown.leaves, *shown.interior])}

    class Live(anywidget.AnyWidget):
        """The widget. `drawn` stays, `numbers` follow the leaves."""

        _esm = asset("steps.js") + MODULE
        _css = asset("steps.css")
        drawn = traitlets.Dict().tag(sync=True)
        numbers = traitlets.Dict().tag(sync=True)

    def edit(widget: Any, content: dict[str, Any], buffers: Any) -> None:
        leaf = names[content["leaf"]]
        before, leaf.data = leaf.data, as_float(content["number"], "number")
        try:
            follow(widget)
        except BaseException:
            leaf.data = before
            raise

    def follow(widget: Any) -> None:
        root.forward().zero_grad()
        root.backward()
        widget.numbers = numbers(Walk(root))

    widget = Live(drawn=static(shown), numbers=numbers(shown))
    widget.on_msg(edit)
    return widget

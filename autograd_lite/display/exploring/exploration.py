"""`explore`: the page on which a function's tangent can be dragged along its curve."""

from os import PathLike
from typing import Any

from autograd_lite.compiler.backends.javascript.loading import runnable
from autograd_lite.display.exploring.picture import COLOURS, picture
from autograd_lite.display.exploring.recording import DEFAULT, Recorded, record
from autograd_lite.display.pages.html import Page, asset, check_language, plain, with_common
from autograd_lite.nn.files import as_target, write_whole


class Exploration:
    """The page: shows itself in a notebook; `save("curve.html")` writes it; `script()` is one tag for another page."""

    def __init__(self, recorded: Recorded, language: str | None) -> None:
        self._recorded = recorded
        self._language = language

    def _repr_html_(self) -> str:
        return self._page().fragment()

    def script(self) -> str:
        """The page as one `<script>` tag, which shows it where it stands and asks nobody for anything."""
        return self._page().script()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file that any browser opens, with no network. A ValueError unless it ends in .html."""
        target, _ = as_target(path, "html")
        write_whole(target, self._page().document().encode())

    def __repr__(self) -> str:
        return f"<{self._title()}: show it in a notebook, or save('curve.html')>"

    def _title(self) -> str:
        axis = self._recorded.arguments[0].name
        return ", ".join(name if "(" in name else f"{name}({axis})" for name in self._recorded.names)

    def _page(self) -> Page:
        recorded = self._recorded
        data = {
            "functions": recorded.names,
            "arguments": [vars(a) for a in recorded.arguments],
            "held": [plain(x) for x in recorded.held],
            "colours": COLOURS,
        }
        scripts = with_common(
            f"const run = (() => {{\n{runnable(recorded.program)}\nreturn run;\n}})();",
            asset("explore.js", __package__),
            "const mount = (host, data) => mountExplore(host, data, run);",
        )
        styles = [asset("page.css"), asset("explore.css", __package__)]
        return Page(self._title(), scripts, styles, data, picture(recorded, self._title()), self._language)


def explore(f: Any, /, x: Any = DEFAULT, *, language: str | None = None, **ranges: Any) -> Exploration:
    """The curve of a function, with the tangent that the engine computes: drag the point along it.

    f is a function of numbers, or a list or dict of several, which share one picture. Their first argument is the axis;
    `x` is its range, `(low, high)` or `(low, high, start)`. Each further argument has a slider, whose range is given by
    its name, `w=(-2, 2)`; one that has a default gets a slider only if a range is given. The slope and the curvature,
    f' and f'', are drawn below on request. Kinks, jumps and poles are found by the engine's own slopes, and named; a
    part where the slope is below a hundredth of its largest is drawn as flat.

    Shows in a notebook, and saves as a page that needs no kernel. f is recorded as by `jit`: an `if` on its argument is
    an error that shows the line. `language` is "en" or "zh", by default that of the document around it. Raises
    TypeError for what is no function of numbers, ValueError for a range that is none.

    >>> from autograd_lite import tanh
    >>> explore(lambda x, w, b: tanh(w * x + b), w=(-2, 2, 1), b=(-1, 1))
    <f(x): show it in a notebook, or save('curve.html')>
    """
    check_language(language, "explore(language)")
    return Exploration(record(f, x, ranges), language)

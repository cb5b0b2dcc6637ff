"""The page of steps: content, and the program that computes it, as a `Page`."""

from typing import Any

from autograd_lite.compiler.backends.javascript.loading import runnable
from autograd_lite.compiler.ir import Program
from autograd_lite.display.pages.html import Page, asset, with_common


def scripts(compute: Program | None) -> list[str]:
    """The scripts of a page, which define `mountSteps` and, with a program, `run`."""
    program = [f"const run = (() => {{\n{runnable(compute)}\nreturn run;\n}})();"] if compute else []
    return with_common(*program, asset("steps.js", __package__))


def styles() -> list[str]:
    return [asset("page.css"), asset("steps.css", __package__)]


def page(title: str, data: dict[str, Any], compute: Program | None, still: str, language: str | None) -> Page:
    """The page. Without a program its leaves cannot be moved; `data["why"]` says why."""
    mount = f"const mount = (host, data) => mountSteps(host, data, {'run' if compute else 'null'});"
    return Page(title, [*scripts(compute), mount], styles(), data, still, language)

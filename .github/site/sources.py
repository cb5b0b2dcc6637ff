"""The package's source as pages of the site, where every line has an address."""

from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from reference import PACKAGE, source_files

NUMBERED = HtmlFormatter(cssclass="highlight source", linenos="inline", lineanchors="line", anchorlinenos=True)
PAGE = "---\norphan: true\n---\n# autograd_lite/{name}\n\n```{{raw}} html\n{code}\n```\n"


def write(folder: Path) -> None:
    """A page for every file, and `index`, which lists them folder by folder."""
    listed: dict[str, list[str]] = {}
    for path in source_files():
        name = path.relative_to(PACKAGE).as_posix()
        page = folder / f"{name}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        code = highlight(path.read_text(encoding="utf-8"), PythonLexer(), NUMBERED)
        page.write_text(PAGE.format(name=name, code=code), encoding="utf-8")
        listed.setdefault(name.rpartition("/")[0], []).append(name)
    index = "# Source\n\nThe code is meant to be read: start with `core/`.\n\n"
    for room, names in sorted(listed.items()):
        links = " · ".join(f"[{name.rpartition('/')[2]}]({name}.md)" for name in names)
        index += f"`autograd_lite/{room}`\n: {links}\n\n"
    (folder / "index.md").write_text(index, encoding="utf-8")

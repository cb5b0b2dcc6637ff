"""All that Sphinx reads, laid out in one folder: the course, the reference, the source, and the pages around them."""

import re
import shutil
import sys
from pathlib import Path

import course
import live
import nbformat
import reference
import sources
from words import say

from autograd_lite.cli.translation import load, notebook_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONFIRMED = ROOT / "notebooks/what_can_be_confirmed.md"


def lay_out(stage: Path, modules: Path, notebooks: list[Path]) -> None:
    """The English site."""
    lay_ground(stage, modules)
    for path in notebooks:
        notebook = course.stage(nbformat.read(path, as_version=4), path.name, "en")
        nbformat.write(notebook, stage / "course" / path.name)
    reference.write(stage / "reference", notebooks)
    sources.write(stage / "source")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if CONFIRMED.exists():
        shutil.copy(CONFIRMED, stage)
    words = {
        **panels(readme, notebooks),
        "CONFIRMED": CONFIRMED.stem if CONFIRMED.exists() else "",
        "READMEPARTS": section(readme, "The idea in ten lines") + section(readme, "At full speed"),
    }
    for name in ("index", "use", "embed"):
        (stage / f"{name}.md").write_text(filled(HERE / f"{name}.md", words), encoding="utf-8")
    (stage / "cli.md").write_text(live.command_line(), encoding="utf-8")
    (stage / "figures.md").write_text("# Measured figures\n\n" + section(readme, "Measured", ""), encoding="utf-8")


def lay_out_translated(stage: Path, modules: Path, notebooks: list[Path], language: str) -> None:
    """The course in another language, its terms, and its start page."""
    lay_ground(stage, modules)
    catalogue = load(ROOT / f"notebooks/{language}.po")
    for path in notebooks:
        notebook = nbformat.reads(notebook_in(path, catalogue, language), as_version=4)
        nbformat.write(course.stage(notebook, path.name, language), stage / "course" / path.name)
    shutil.copy(ROOT / f"notebooks/terms.{language}.md", stage / "terms.md")
    readme = (ROOT / f"notebooks/README.{language}.md").read_text(encoding="utf-8")
    words = panels(readme, notebooks, "../", say("Run in the browser", language))
    (stage / "index.md").write_text(filled(HERE / f"index.{language}.md", words), encoding="utf-8")


def lay_ground(stage: Path, modules: Path) -> None:
    """What the pages of every language stand on."""
    (stage / "course").mkdir(parents=True)
    shutil.copy(HERE / "conf.py", stage)
    shutil.copytree(HERE / "static", stage / "_static")
    shutil.copytree(HERE / "templates", stage / "_templates")
    shutil.copytree(HERE / "locale", stage / "_locale")
    (stage / "_static/mathjax").mkdir()
    shutil.copy(modules / "mathjax/es5/tex-svg.js", stage / "_static/mathjax")
    shutil.copytree(ROOT / "notebooks/pictures", stage / "course/pictures")


def panels(readme: str, notebooks: list[Path], root: str = "", run: str = "Run them in the browser") -> dict[str, str]:
    """What the start page shows."""
    code = live.ten_lines(readme)
    return {
        "FIRST": notebooks[0].stem,
        "COUNT": str(len(notebooks)),
        "COURSE": "\n".join(f"course/{path.stem}" for path in notebooks),
        "CHECK": f"{CONFIRMED.stem if CONFIRMED.exists() else 'reference/autograd_lite.testing.check_gradients'}.html",
        "TENLINES": f"```python\n{code}```",
        "RUNTHEM": reference.run_link([code], root, run),
    }


def filled(template: Path, words: dict[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(words)})\b", lambda word: words[word[0]], template.read_text(encoding="utf-8"))


def section(readme: str, title: str, mark: str = "##") -> str:
    """A section of the README; its links to files lead to the pages of the source, or are text."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit(f"the README has no section {title!r} for the site to show")
    body = found[1].replace("](notebooks/pictures/", "](course/pictures/")
    body = re.sub(r"\]\(autograd_lite/([\w/]+\.py)\)", r"](source/\1.md)", body)
    return (f"{mark} {title}\n" if mark else "") + body

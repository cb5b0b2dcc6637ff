"""The course's notebooks as pages: what they have stored is shown, and a click runs them in the browser."""

import re
from html import escape

import nbformat
from words import say

SOURCE = re.compile(r"\[([^\]]*)\]\(\.\./autograd_lite/([\w/]+\.py)\)")
OTHER = {"en": "中文", "zh": "English"}  # each language by its own name


def stage(notebook: nbformat.NotebookNode, name: str, language: str) -> nbformat.NotebookNode:
    """The notebook with links that lead to pages of the site, and under its title what can be done with it.

    `name` is its file's name; its page lies one folder below the site of its language.
    """
    root = "../" if language == "en" else "../../"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SOURCE.sub(lambda found: _source(found, root), cell.source)
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{_bar(name, language, root)}\n{rest}"
    return notebook


def _source(link: re.Match[str], root: str) -> str:
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(link[1]))
    return f'<a href="{root}source/{link[2]}.html">{text}</a>'


def _bar(name: str, language: str, root: str) -> str:
    below = "" if language == "en" else f"{language}/"
    page = name.removesuffix(".ipynb") + ".html"
    run, download = say("Run in the browser", language), say("Download", language)
    links = [
        f'<a class="run-notebook" href="{root}lite/notebooks/index.html?path={below}{name}">▶ {run}</a>',
        f'<a href="{root}lite/files/{below}{name}" download>{download}</a>',
    ]
    there, code = ("zh/", "zh") if language == "en" else ("", "en")
    links.append(f'<a href="{root}{there}course/{page}" hreflang="{code}" lang="{code}">{OTHER[language]}</a>')
    return '<div class="bar">' + " ".join(links) + "</div>\n"

"""How Sphinx makes the pages that `build.py` has laid out."""

import os

import chinese
import docstrings
import words
from sphinx.search import languages

project = author = "autograd_lite"
language = {"zh": "zh_CN"}.get(os.environ["SITE_LANGUAGE"], "en")
locale_dirs = ["_locale"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx_copybutton"]

html_theme = "furo"
html_title = "autograd_lite"
html_favicon = "_static/favicon.svg"
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "language.html",
        "sidebar/scroll-end.html",
    ]
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["run.js"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
    "dark_css_variables": {"color-brand-primary": "#6cb2f5", "color-brand-content": "#6cb2f5"},
}
html_show_copyright = html_show_sphinx = html_copy_source = html_show_sourcelink = False
mathjax_path = "mathjax/tex-svg.js"  # one file on the site itself
mathjax3_config = {"options": {"enableMenu": False}}

nb_execution_mode = "off"  # outputs are those that the notebooks have stored
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables in outputs are tables
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # else pages ask a server abroad for them
nb_code_prompt_show = words.say("Show code", os.environ["SITE_LANGUAGE"])
nb_code_prompt_hide = words.say("Hide code", os.environ["SITE_LANGUAGE"])
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "code"  # docstrings are written as Markdown is: `x` is code
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app):
    languages["zh"] = chinese.SearchPairs
    app.connect("autodoc-process-docstring", docstrings.process)

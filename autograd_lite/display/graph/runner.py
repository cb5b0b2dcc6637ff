"""DOT text to a picture, by whichever Graphviz renderer this machine has, never for longer than a time limit."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import warnings
from importlib.resources import files
from pathlib import Path
from unicodedata import east_asian_width

TIMEOUT = 10.0  # seconds for each attempt; a picture that takes longer is not worth the wait
ATTEMPTS = (  # the first bounds the search for a layout; the second, for graphs where it fails, goes without frames
    ("-Gnslimit=0.5", "-Gnslimit1=0.5", "-Gmclimit=0.1"),
    ("-Gnslimit=0.5", "-Gnslimit1=0.5", "-Gmclimit=0.1", "-Gclusterrank=none", "-Gsplines=line"),
)
FITTING = "\u200b"  # see `fitted`
INSTALL = "pip install graphviz-pure, or install Graphviz and put its dot on PATH"


class RenderError(RuntimeError):
    """No picture could be made; the message says why and what to do."""


def render(dot: str, suffix: str) -> bytes:
    """The picture of the DOT text in the format of a file suffix, such as "svg"; RenderError if there is none."""
    if sys.platform == "emscripten":
        return _render_in_browser(dot, suffix)
    program = find_renderer(suffix)
    if suffix == "png" and "graphviz-pure" in program and any(map(_is_wide, dot)):
        program = shutil.which("dot") or program
        if "graphviz-pure" in program:
            warnings.warn("graphviz-pure has no wide letters for PNG: save as .svg, or install Graphviz", stacklevel=3)
    problem, remedy = "", "correct or unset AUTOGRAD_LITE_DOT" if os.environ.get("AUTOGRAD_LITE_DOT") else INSTALL
    for options in ATTEMPTS:
        try:
            done = subprocess.run(
                [program, f"-T{suffix}", *options],
                input=dot.encode(),
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
        except OSError as error:
            raise RenderError(f"cannot run the renderer {program}: {error}. To mend it: {remedy}") from error
        except subprocess.TimeoutExpired:
            problem = f"the renderer takes longer than {TIMEOUT:g} s: draw fewer boxes, draw(value, limit=50)"
            continue
        if done.returncode == 0 and done.stdout:
            return done.stdout.replace(FITTING.encode(), b"") if suffix == "svg" else done.stdout
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it gave no picture"]
        problem = f"the renderer {program} cannot make {suffix}: {said[0]}. To mend it: {remedy}"
    raise RenderError(problem)


def _render_in_browser(dot: str, suffix: str) -> bytes:
    """By Graphviz compiled to WebAssembly, a package that the course's site has beside Python; no process can start."""
    if suffix != "svg":
        raise RenderError(f"Python in a browser draws no {suffix}: save as .svg, .html or .dot")
    attributes = dict(option.removeprefix("-G").split("=") for option in ATTEMPTS[0])
    try:
        import js
        from pyodide.code import run_js

        if not hasattr(js, "autogradLiteDot"):
            run_js(files("autograd_lite_graphviz").joinpath("dot.js").read_text(encoding="utf-8"))
        svg: str = js.autogradLiteDot(dot, suffix, json.dumps(attributes))
    except Exception as error:
        raise RenderError(f"no picture in this browser: {error}") from error
    return svg.replace(FITTING, "").encode()


def find_renderer(suffix: str = "svg") -> str:
    """The program that AUTOGRAD_LITE_DOT names, else graphviz-pure beside this interpreter, else on PATH, else dot."""
    override = os.environ.get("AUTOGRAD_LITE_DOT")
    if override:
        return override
    beside = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent)])
    pure = shutil.which("graphviz-pure", path=beside) or shutil.which("graphviz-pure")
    if suffix == "pdf":  # which graphviz-pure does not write
        pure = None
    found = pure or shutil.which("dot")
    if found is None and suffix == "pdf":
        raise RenderError("PDF needs Graphviz's own dot on PATH: install Graphviz, or save as .svg or .html")
    if found is None:
        raise RenderError(f"no Graphviz renderer found. To draw: {INSTALL}")
    return found


def fitted(text: str) -> str:
    """The text with room reserved for its wide characters.

    The renderer takes each UTF-8 byte of a character that it does not know for a space, 0.28 em: 0.83 em for a Chinese
    character, which needs 1. A zero-width space, three bytes as well, after every third makes up for it.
    """
    out, wide = [], 0
    for c in text:
        out.append(c)
        if _is_wide(c):
            wide += 1
            if wide % 3 == 1:
                out.append(FITTING)
    return "".join(out)


def _is_wide(c: str) -> bool:
    return east_asian_width(c) in "WF"

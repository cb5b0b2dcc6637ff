"""DOT text to a picture, by whichever Graphviz renderer this machine has, never for longer than a time limit."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

TIMEOUT = 20.0  # seconds; a picture that takes longer is not worth the wait, its text form is shown instead
EFFORT = ("-Gnslimit=2", "-Gnslimit1=2", "-Gmclimit=0.2")  # bounds the layout's search where a node is shared by many
FITTING = "\u200b"  # see `fitted`
INSTALL = "pip install graphviz-pure, or install Graphviz and put its dot on PATH"


class RenderError(RuntimeError):
    """No picture could be made; the message says why and what to do."""


def render(dot: str, suffix: str) -> bytes:
    """The picture of the DOT text in the format of a file suffix, such as "svg"; RenderError if there is none."""
    import subprocess

    program = find_renderer(suffix)
    try:
        done = subprocess.run(
            [program, f"-T{suffix}", *EFFORT], input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except OSError as error:
        raise RenderError(f"cannot run the renderer {program}: {error}. To mend it: {INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"the renderer takes longer than {TIMEOUT:g} s: draw fewer boxes, draw(limit=50)") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it gave no picture"]
        raise RenderError(f"the renderer {program} cannot make {suffix}: {said[0]}. To mend it: {INSTALL}")
    return done.stdout.replace(FITTING.encode(), b"") if suffix == "svg" else done.stdout


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
    from unicodedata import east_asian_width

    out, wide = [], 0
    for c in text:
        out.append(c)
        if east_asian_width(c) in "WF":
            wide += 1
            if wide % 3 == 1:
                out.append(FITTING)
    return "".join(out)

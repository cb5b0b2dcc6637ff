"""Build the web site: `python .github/site/build.py OUT`.

The course's pages show what the notebooks have stored; nothing is run. Versions and sums of all that is fetched stand
in package-lock.json and wheels.txt. What is built asks no other site for anything, but for the binary packages of
Pyodide, which need `--beside` to lie on the site too.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

import lite  # noqa: E402
import live  # noqa: E402
import nbformat  # noqa: E402
import pages  # noqa: E402
import words  # noqa: E402

from autograd_lite.cli.translation import load, notebook_in  # noqa: E402

TRANSLATIONS = [path.stem for path in (ROOT / "notebooks").glob("*.po")]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the web site.")
    parser.add_argument("out", type=Path, help="a folder, emptied first")
    parser.add_argument("--beside", action="store_true", help="fetch Pyodide's binary packages, to lie on the site too")
    parser.add_argument("--pages-only", action="store_true", help="leave out what runs Python in the browser")
    options = parser.parse_args()
    out = options.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        timed("fetch from npm", fetch_node_modules, work)
        pages.lay_out(work / "pages", work / "node_modules", NOTEBOOKS)
        timed("pages", sphinx, work / "pages", out, "en")
        live.write(out / "live")
        for language in TRANSLATIONS:
            stage = work / f"pages-{language}"
            pages.lay_out_translated(stage, work / "node_modules", NOTEBOOKS, language)
            timed(f"pages in {language}", sphinx, stage, out / language, language)
            live.write(out / language / "live", language)
        shutil.copy(HERE / "static/embed.js", out)
        if not options.pages_only:
            notebooks = {path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
            for language in TRANSLATIONS:
                catalogue = load(ROOT / f"notebooks/{language}.po")
                for path in NOTEBOOKS:
                    text = notebook_in(path, catalogue, language)
                    notebooks[f"{language}/{path.name}"] = nbformat.reads(text, as_version=4)
            timed("JupyterLite", lite.build, out / "lite", work, notebooks, options.beside)


def fetch_node_modules(work: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, work)
    npm = shutil.which("npm") or sys.exit("the site takes MathJax, Pyodide and Graphviz from npm: install Node.js")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=work, check=True)


def sphinx(stage: Path, out: Path, language: str) -> None:
    """Make pages of a folder; a warning is an error."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]), "SITE_LANGUAGE": language}
    made = stage.with_name(f"{stage.name}-made") / "html"  # beside it myst-nb lays what nobody asked for
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", str(stage), str(made)]
    if subprocess.run(command, env=environment).returncode:
        sys.exit("the pages have warnings")
    for page in made.rglob("*.html") if language != "en" else ():
        words.translate_page(page, language)
    shutil.copytree(made, out, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo", "_sources"), dirs_exist_ok=True)


def timed(what: str, step, *arguments) -> None:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    step(*arguments)
    print(f"{what}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()

"""Bring the course's catalogue up to date: `python .github/site/catalogue.py` writes notebooks/zh.po.

What is translated stays; a message that has changed takes the translation of the one nearest to it, marked `fuzzy`, to
be looked at; what no notebook says any more goes. A comment above each message names the notebooks that have it.
Translate by writing each `msgstr`, and run this again.
"""

import sys
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PO = ROOT / "notebooks/zh.po"


def extracted() -> Catalog:
    """Every message of every notebook, in the order of the course."""
    from autograd_lite.cli.translation import said

    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for message in said(cell):
                places = found.setdefault(message, [])
                places += [path.stem] if path.stem not in places else []
    catalogue = Catalog(locale="zh", fuzzy=False)
    for message, places in found.items():
        catalogue.add(message, auto_comments=[", ".join(places)])
    return catalogue


def main() -> None:
    catalogue = Catalog(locale="zh", fuzzy=False)
    if PO.exists():
        with PO.open("rb") as file:
            catalogue = read_po(file, locale="zh")
    catalogue.update(extracted())
    catalogue.obsolete.clear()
    with PO.open("wb") as file:
        file.write(b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n')
        write_po(file, catalogue, width=0, no_location=True, omit_header=True)
    waiting = [m for m in catalogue if m.id and (not m.string or m.fuzzy)]
    print(f"{len(catalogue)} messages, {len(waiting)} of them to be translated or looked at")


if __name__ == "__main__":
    main()

"""The READMEs' commands and snippets, read from the text: `python tests/tools/readme.py test` prints a command."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "notebooks/README.zh.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands() -> dict[str, str]:
    """The two set-up commands: `run` does the main job, `test` passes the tests."""
    run, test = (line for block in blocks("sh")[:2] for line in block.splitlines() if "pip install" in line)
    return {"run": run, "test": test}


if __name__ == "__main__":
    print(commands()[sys.argv[1]])

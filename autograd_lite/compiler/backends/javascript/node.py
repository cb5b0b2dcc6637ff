"""JavaScript outside of a browser: a process of node, started once, that keeps the functions it was given."""

import atexit
import json
import os
import shutil
import subprocess
from array import array
from base64 import b64decode, b64encode
from collections.abc import Callable
from threading import Lock
from typing import Any

SERVER = """
const kept = [], encode = (xs) => Buffer.from(Float64Array.from(xs).buffer).toString("base64");
const decode = (text) => new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    const [source, index, numbers] = JSON.parse(line);
    answer = source === null ? encode(kept[index](decode(numbers))) : kept.push((0, eval)(source)) - 1;
  } catch (error) { answer = { error: String(error.stack) }; }
  process.stdout.write(JSON.stringify(answer) + "\\n");
});
"""


class Node:
    """The process. Questions and answers are lines of JSON; numbers travel by their bits."""

    def __init__(self) -> None:
        program = shutil.which("node")
        if program is None:
            raise ImportError(
                "backend 'javascript' needs node on PATH: install it from nodejs.org, or choose backend='python'"
            )
        self.owner, self._lock = os.getpid(), Lock()
        command, pipe = [shutil.which("node") or "node", "-e", SERVER], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
        atexit.register(self.close)

    def close(self) -> None:
        """End the process, if it is this one's own."""
        if self.owner == os.getpid():
            self._process.kill()
            self._process.communicate()

    def ask(self, source: str | None, index: int = 0, numbers: str = "") -> Any:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps([source, index, numbers]) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '{"error": "node has ended"}')
        if isinstance(answer, dict):
            raise RuntimeError(f"JavaScript raised {answer['error']}")
        return answer


_running: list[Node] = []


def evaluate(source: str) -> Callable[["array[float]"], list[float]]:
    """The function that an expression of JavaScript gives, from numbers to numbers."""
    if not _running or _running[0].owner != os.getpid():  # a forked process has its own
        _running[:] = [Node()]
    node = _running[0]
    index: int = node.ask(source)

    def run(numbers: "array[float]") -> list[float]:
        answer = b64decode(node.ask(None, index, b64encode(numbers.tobytes()).decode()))
        return array("d", answer).tolist()

    return run

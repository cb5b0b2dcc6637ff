"""The compiled loops that run programs: generated from the table, compiled by Numba, kept on disk.

A loop reads an instruction, branches on its operation and stores the result. Frequent operations stand in the loop
itself, the others in a second function, so that the machine code of the first stays small. Compiling takes some seconds
once per machine and version: the generated source lies in a cache folder, and Numba keeps the machine code beside it.
A program in which operations occur that users declared has a loop of its own, for the operations in it alone, compiled
in each process that runs it.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from autograd_lite.compiler.backends import kernels, rows
from autograd_lite.compiler.fuse import FUSED, LANE_DOT
from autograd_lite.compiler.tracer import LANE, LANE_SUM, STACK
from autograd_lite.core import table as declared
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import ieee

SPECIAL = (*FUSED, LANE, LANE_SUM, STACK)
BUILT_IN = (*SPECIAL, *[p for p in vars(declared).values() if isinstance(p, Primitive)])
NUMBER = {p: number for number, p in enumerate(BUILT_IN)}
FREQUENT = (
    declared.add,
    declared.sub,
    declared.mul,
    declared.adjoint_mul,
    declared.neg,
    declared.div,
    declared.relu,
    declared.positive,
    declared.exp,
    declared.tanh,
    declared.tanh_slope,
    declared.where,
    declared.stop,
)

LOOP = """
def run(codes, starts, operands, targets, begin, end, r, scratch, files):
    for i in range(begin, end):
        code, s, e = codes[i], starts[i], starts[i + 1]
        if code == 0:
            y = -0.0
            for k in range(s, e):
                y += r[operands[k]]
        elif code == 1 or code == 3:
            y = -0.0
            for k in range(s, e, 2):
                y += r[operands[k]] * r[operands[k + 1]]
            if y != y and code == 3:
                y = stopping_pairs(s, e, operands, r)
        elif code == 2 or code == 4:
            y = products(s, e, operands, r, code == 4)
{branches}
        elif code == LANE:
            y = in_lane(files, operands[s] - r.size, int(r[operands[s + 1]]))
        else:
            y = rare(code, s, e, operands, r, scratch)
        r[targets[i]] = y
"""

RARE = """
def rare(code, s, e, operands, r, scratch):
    y = 0.0
    if code < 0:
        pass
{branches}
    return y
"""

# Over lanes the same, a row of numbers at a time. The lanes come in blocks, of which this runs those from `first` to
# `last`, each in a file of registers of its own, or all in one file.
LANES = """
def run_lanes(codes, starts, operands, targets, begin, end, r, scratch, files, first, last, lanes):
    for i in range(begin, end):
        if codes[i] == LANE_SUM or codes[i] == LANE_DOT:
            r[targets[i]] = 0.0
    for block in range(first, last):
        v = files[block % files.shape[0]]
        lane = block * v.shape[1]
        n = min(v.shape[1], lanes - lane)
        for i in range(begin, end):
            code, s, e = codes[i], starts[i], starts[i + 1]
            if code == LANE_SUM:
                r[targets[i]] += row_sum(v, operands[s] - r.size, n)
                continue
            if code == LANE_DOT:
                x, z = operands[s], operands[s + 1]
                total = product_sum(v, x - r.size, z - r.size, n) if min(x, z) >= r.size else nan
                r[targets[i]] += total if total == total else row_dot(x, z, r, v, n)
                continue
            t = targets[i] - r.size
            if code == STACK:
                for j in range(n):
                    v[t, j] = r[operands[s + lane + j]]
            elif code == 0:
                fill(v, t, -0.0, n)
                for k in range(s, e):
                    add_row(t, operands[k], r, v, n)
            elif code == 1 or code == 3:
                row_pairs(t, s, e, operands, r, v, n)
                if code == 3 and has_nan(v, t, n):
                    for j in range(n):
                        v[t, j] = stopping_pairs_at(j, s, e, operands, r, v)
            elif code == 2 or code == 4:
                row_products(t, s, e, operands, r, v, n, code == 4)
            elif code == DOT:
                row_dot_products(t, s, e, operands, scratch, r, v, n)
{branches}
            else:
                rare_row(t, code, s, e, operands, r, scratch, v, n)
"""

RARE_ROW = """
def rare_row(t, code, s, e, operands, r, scratch, v, n):
    if code < 0:
        pass
{branches}
"""


@cache
def loop(table: tuple[Primitive, ...], over_lanes: bool) -> Callable[..., None]:
    """The compiled loop for the operations of `table`, from the cache on disk if only the package's own occur."""
    chosen = [p for p in table if p not in SPECIAL]
    branch = _lane_branch if over_lanes else _branch
    source = ""
    for text, indent, part in (
        (RARE_ROW if over_lanes else RARE, "    ", [p for p in chosen if p not in FREQUENT]),
        (LANES if over_lanes else LOOP, " " * (12 if over_lanes else 8), [p for p in chosen if p in FREQUENT]),
    ):
        lines = [indent + line for p in part for line in branch(table.index(p), p)]
        source += text.replace("{branches}", "\n".join(lines))
    namespace: dict[str, Any] = {f"f{table.index(p)}": _compiled(p) for p in chosen}
    namespace |= vars(rows) | {"__name__": __name__, "nan": np.nan}
    namespace |= {
        "LANE": NUMBER[LANE],
        "LANE_SUM": NUMBER[LANE_SUM],
        "LANE_DOT": NUMBER[LANE_DOT],
        "STACK": NUMBER[STACK],
        "DOT": table.index(declared.dot) if declared.dot in table else -1,
    }
    on_disk = table == BUILT_IN
    path = _stored(source) if on_disk else "<loop>"
    exec(compile(source, str(path), "exec"), namespace)
    rare, run = ("rare_row", "run_lanes") if over_lanes else ("rare", "run")
    namespace[rare] = rows.compiles(namespace[rare])
    return numba.njit(error_model="numpy", nogil=True, cache=on_disk)(namespace[run])


def _compiled(p: Primitive) -> Any:
    return kernels.compiled(p.forward) if p in NUMBER else kernels.compiled_forward(p)


def _branch(number: int, p: Primitive) -> list[str]:
    """The lines that compute y by the primitive with this number."""
    test = f"elif code == {number}:"
    if p.arity is None:
        gather = "    for k in range(s, e): scratch[k - s] = r[operands[k]]"
        return [test, gather, f"    y = f{number}(scratch[:e - s])"]
    operands = ", ".join(f"r[operands[s + {i}]]" if i else "r[operands[s]]" for i in range(p.arity))
    return [test, f"    y = f{number}({operands})"]


def _lane_branch(number: int, p: Primitive) -> list[str]:
    """The same for row t."""
    test = f"elif code == {number}:"
    if p.arity is None:
        return [
            test,
            "    for j in range(n):",
            "        for k in range(s, e): scratch[k - s] = at(operands[k], j, r, v)",
            f"        v[t, j] = f{number}(scratch[:e - s])",
        ]
    names = [f"a{i}" for i in range(p.arity)]
    found = [f"    {a} = row(operands[s + {i}], {i}, r, v, n)" for i, a in enumerate(names)]
    numbers = ", ".join(f"v[{a}, j]" for a in names)
    return [test, *found, "    for j in range(n):", f"        v[t, j] = f{number}({numbers})"]


def _stored(source: str) -> Path:
    """The file in the cache folder that holds this source, for these versions of all that it calls."""
    depends = [file.read_bytes() for file in sorted(Path(ieee.__file__).parent.glob("*.py"))]
    depends += [Path(str(m.__file__)).read_bytes() for m in (declared, kernels, rows)]
    depends += [Path(__file__).read_bytes(), source.encode(), numba.__version__.encode(), sys.version.encode()]
    digest = hashlib.sha256(b"".join(depends)).hexdigest()[:16]
    path = cache_folder() / f"loop_{digest}.py"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(source)
        os.replace(file.name, path)  # at once: another process sees all of it or nothing
    return path


def cache_folder() -> Path:
    """Where the loop is kept: AUTOGRAD_LITE_CACHE, else the user's cache folder, else, if that is closed, a new one."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    folder = Path(os.environ.get("AUTOGRAD_LITE_CACHE") or Path(base) / "autograd_lite")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="autograd_lite"))

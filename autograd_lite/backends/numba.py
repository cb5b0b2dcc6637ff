"""Programs run by a compiled loop: one loop for all programs, generated from the table and compiled by Numba.

The loop reads an instruction, branches on its operation and stores the result. Frequent operations stand in the loop
itself, the others in a second function, so that the machine code of the first stays small. Compiling takes some seconds
once per machine and version: the generated source lies in a cache folder, and Numba keeps the machine code beside it.
Operations that users declared make a loop of their own, compiled in each process that runs them.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from autograd_lite import real, reductions, rules, special
from autograd_lite.backends import kernels
from autograd_lite.gathering import FUSED, LANE_DOT
from autograd_lite.program import Program
from autograd_lite.rule import Rule
from autograd_lite.trace import LANE, LANE_SUM, STACK

BLOCK = 256  # lanes that run together
SPECIAL = (*FUSED, LANE, LANE_SUM, STACK)
BUILT_IN = (*SPECIAL, *[rule for rule in vars(rules).values() if isinstance(rule, Rule)])
NUMBER = {rule: number for number, rule in enumerate(BUILT_IN)}
HELPERS = (
    "stopping_pairs",
    "products",
    "row",
    "row_sum",
    "row_dot",
    "add_row",
    "row_pairs",
    "has_nan",
    "at",
    "stopping_pairs_at",
    "row_products",
)  # fmt: skip
FREQUENT = (
    rules.add,
    rules.sub,
    rules.mul,
    rules.adjoint_mul,
    rules.neg,
    rules.div,
    rules.relu,
    rules.positive,
    rules.exp,
    rules.tanh,
    rules.tanh_slope,
    rules.where,
    rules.stop,
)

LOOP = """
def run(codes, starts, operands, targets, begin, end, r, scratch, v):
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
            y = v[operands[s] - r.size, int(r[operands[s + 1]])]
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

# Over lanes the same, a row of numbers at a time. The lanes come in blocks, whose rows stay in the cache.
LANES = """
def run_lanes(codes, starts, operands, targets, begin, end, r, scratch, v, rows, lanes):
    for i in range(begin, end):
        if codes[i] == LANE_SUM or codes[i] == LANE_DOT:
            r[targets[i]] = 0.0
    for first in range(0, lanes, v.shape[1]):
        n = min(v.shape[1], lanes - first)
        for i in range(begin, end):
            code, s, e = codes[i], starts[i], starts[i + 1]
            if code == LANE_SUM:
                r[targets[i]] += row_sum(v[operands[s] - r.size], n)
                continue
            if code == LANE_DOT:
                r[targets[i]] += row_dot(operands[s], operands[s + 1], r, v, n)
                continue
            y = v[targets[i] - r.size]
            if code == STACK:
                for j in range(n):
                    y[j] = r[operands[s + first + j]]
            elif code == 0:
                y[:n] = -0.0
                for k in range(s, e):
                    add_row(y, operands[k], r, v, n)
            elif code == 1 or code == 3:
                row_pairs(y, s, e, operands, r, v, n)
                if code == 3 and has_nan(y, n):
                    for j in range(n):
                        y[j] = stopping_pairs_at(j, s, e, operands, r, v)
            elif code == 2 or code == 4:
                row_products(y, s, e, operands, r, v, rows[0], n, code == 4)
{branches}
            else:
                rare_row(y, code, s, e, operands, r, scratch, v, rows, n)
"""

RARE_ROW = """
def rare_row(y, code, s, e, operands, r, scratch, v, rows, n):
    if code < 0:
        pass
{branches}
"""


REGISTER = np.uint32(2**31 - 1)
compiles: Any = numba.njit(error_model="numpy")
reassociates: Any = numba.njit(error_model="numpy", fastmath={"reassoc"})  # sums over lanes in any order


@compiles
def stopping_pairs(s: int, e: int, operands: Any, r: Any) -> float:
    """A sum of products in which a product whose first factor is 0 is 0."""
    y = -0.0
    for k in range(s, e, 2):
        g = r[operands[k]]
        if g != 0.0:
            y += g * r[operands[k + 1]]
    return y


@compiles
def products(s: int, e: int, operands: Any, r: Any, stops: bool) -> float:
    """A sum of products of any number of factors; the last of each term has the top bit of its register set."""
    y, term = -0.0, 1.0
    for k in range(s, e):
        x = operands[k]
        term *= r[x & REGISTER]
        if x > REGISTER:
            y += term
            term = 1.0
    if y == y or not stops:
        return y
    y, term = -0.0, 1.0
    for k in range(s, e):
        x = operands[k]
        term = term * r[x & REGISTER] if term != 0.0 else 0.0
        if x > REGISTER:
            y += term
            term = 1.0
    return y


@compiles
def row(x: int, r: Any, v: Any, spare: Any, n: int) -> Any:
    """Register x over n lanes: a single number is written out."""
    if x >= r.size:
        return v[x - r.size]
    spare[:n] = r[x]
    return spare


@reassociates
def row_sum(x: Any, n: int) -> float:
    y = 0.0
    for i in range(n):
        y += x[i]
    return y


@compiles
def has_nan(x: Any, n: int) -> bool:
    """Whether there may be a nan among them: their sum shows it, and takes no branch at each."""
    y = row_sum(x, n)
    return y != y


@reassociates
def product_sum(v: Any, a: int, b: int, n: int) -> float:
    y = 0.0
    for i in range(n):
        y += v[a, i] * v[b, i]
    return y


@compiles
def row_dot(x: int, z: int, r: Any, v: Any, n: int) -> float:
    """The sum over lanes of g times x, where a g of exactly 0 counts for nothing."""
    if x < r.size:
        y = r[x] * row_sum(v[z - r.size], n) if r[x] != 0.0 else 0.0
    elif z < r.size:
        y = row_sum(v[x - r.size], n) * r[z]
    else:
        y = product_sum(v, x - r.size, z - r.size, n)
    if y != y:
        y = 0.0
        for j in range(n):
            g = at(x, j, r, v)
            if g != 0.0:
                y += g * at(z, j, r, v)
    return y


@compiles
def at(x: int, j: int, r: Any, v: Any) -> float:
    return r[x] if x < r.size else v[x - r.size, j]


@compiles
def add_row(y: Any, x: int, r: Any, v: Any, n: int) -> None:
    if x < r.size:
        c = r[x]
        for j in range(n):
            y[j] += c
    else:
        a = v[x - r.size]
        for j in range(n):
            y[j] += a[j]


@compiles
def add_product(y: Any, x: int, z: int, r: Any, v: Any, n: int) -> None:
    if x < r.size and z < r.size:
        c = r[x] * r[z]
        for j in range(n):
            y[j] += c
    elif x < r.size or z < r.size:
        c = r[min(x, z)]
        a = v[max(x, z) - r.size]
        for j in range(n):
            y[j] += c * a[j]
    else:
        a, b = v[x - r.size], v[z - r.size]
        for j in range(n):
            y[j] += a[j] * b[j]


@compiles
def row_pairs(y: Any, s: int, e: int, operands: Any, r: Any, v: Any, n: int) -> None:
    """A sum of products. Mostly each is of a single number and a row: four of these at once load and store y once."""
    first = r.size
    k, start = s, -0.0
    while k < e and operands[k] < first and operands[k + 1] < first:
        start += r[operands[k]] * r[operands[k + 1]]
        k += 2
    y[:n] = start
    while k < e:
        mixed = k + 8 <= e
        for i in range(k, min(k + 8, e), 2):
            mixed &= (operands[i] < first) != (operands[i + 1] < first)
        if not mixed:
            add_product(y, operands[k], operands[k + 1], r, v, n)
            k += 2
            continue
        a = v[max(operands[k], operands[k + 1]) - first]
        b = v[max(operands[k + 2], operands[k + 3]) - first]
        c = v[max(operands[k + 4], operands[k + 5]) - first]
        d = v[max(operands[k + 6], operands[k + 7]) - first]
        p = r[min(operands[k], operands[k + 1])]
        q = r[min(operands[k + 2], operands[k + 3])]
        s = r[min(operands[k + 4], operands[k + 5])]
        t = r[min(operands[k + 6], operands[k + 7])]
        for j in range(n):
            y[j] = (((y[j] + p * a[j]) + q * b[j]) + s * c[j]) + t * d[j]
        k += 8


@compiles
def stopping_pairs_at(j: int, s: int, e: int, operands: Any, r: Any, v: Any) -> float:
    y = -0.0
    for k in range(s, e, 2):
        g = at(operands[k], j, r, v)
        if g != 0.0:
            y += g * at(operands[k + 1], j, r, v)
    return y


@compiles
def row_products(y: Any, s: int, e: int, operands: Any, r: Any, v: Any, term: Any, n: int, stops: bool) -> None:
    y[:n] = -0.0
    term[:n] = 1.0
    for k in range(s, e):
        x = operands[k] & REGISTER
        if x < r.size:
            c = r[x]
            for j in range(n):
                term[j] *= c
        else:
            a = v[x - r.size]
            for j in range(n):
                term[j] *= a[j]
        if operands[k] > REGISTER:
            for j in range(n):
                y[j] += term[j]
                term[j] = 1.0
    if stops and has_nan(y, n):
        for j in range(n):
            total, product = -0.0, 1.0
            for k in range(s, e):
                product = product * at(operands[k] & REGISTER, j, r, v) if product != 0.0 else 0.0
                if operands[k] > REGISTER:
                    total += product
                    product = 1.0
            y[j] = total


@compiles
def repeat(
    run: Any,
    codes: Any,
    starts: Any,
    operands: Any,
    targets: Any,
    r: Any,
    scratch: Any,
    v: Any,
    outputs: Any,
    rates: Any,
    at: int,
    losses: Any,
) -> None:
    """Run a training step many times, its outputs but the last going back to the inputs; stop at a loss not finite."""
    moved = np.empty(outputs.size - 1)
    for step in range(rates.size):
        r[at] = rates[step]
        run(codes, starts, operands, targets, 0, codes.size, r, scratch, v)
        losses[step] = r[outputs[outputs.size - 1]]
        if losses[step] - losses[step] != 0.0:
            return
        for i in range(moved.size):
            moved[i] = r[outputs[i]]
        r[: moved.size] = moved
        r[at + 1] += 1.0


def load(program: Program) -> "Loaded":
    """The program, ready to run."""
    return Loaded(program)


class Loaded:
    """A program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""

    def __init__(self, program: Program) -> None:
        code = program.code
        table = BUILT_IN if all(rule in NUMBER for rule in code.rules) else (*BUILT_IN, *_own(code.rules))
        number = np.array([table.index(rule) for rule in code.rules], dtype=np.int32)
        codes = number[np.frombuffer(code.codes, dtype=np.int32)] if len(program) else np.empty(0, np.int32)
        starts, targets = (np.array(a, dtype=np.uint32) for a in (code.starts, code.targets))
        signed = np.array(code.operands, dtype=np.int64)
        operands = np.where(signed < 0, (-1 - signed) | 1 << 31, signed).astype(np.uint32)
        together = sum(section.over_lanes for section in program.sections) > 1 or LANE in code.rules
        block = program.lanes if together else min(program.lanes, BLOCK)
        self.program, self.arrays = program, (codes, starts, operands, targets)
        self.registers = np.zeros(program.singles)
        self.registers[program.inputs : program.inputs + len(program.constants)] = program.constants
        self.scratch = np.empty(int(np.diff(starts.astype(np.int64)).max(initial=0)))
        self.outputs = np.array(program.outputs, dtype=np.int64)
        self.lanes, self.rows = np.empty((program.lane_registers, block)), np.empty((4, block))
        self.run = loop(table, False)
        self.run_lanes = loop(table, True) if program.lanes else self.run

    def __call__(self, inputs: Sequence[Any]) -> Any:
        self._fill(inputs)
        arrays, registers, scratch = self.arrays, self.registers, self.scratch
        for section in self.program.sections:
            at = section.begin, section.end
            if section.over_lanes:
                self.run_lanes(*arrays, *at, registers, scratch, self.lanes, self.rows, self.program.lanes)
            else:
                self.run(*arrays, *at, registers, scratch, self.lanes)
        return registers[self.outputs]

    def steps(self, state: Sequence[float], rates: list[float], first: float, inputs: Sequence[Any]) -> Any:
        """Steps of a training program, one for each learning rate: the state after them, and the losses before each.

        The inputs are the state, the learning rate, the step's number, and others that stay; the outputs the new state
        and the loss. After a loss that is not finite, which is the last, the state is that before it.
        """
        self._fill([np.asarray(state), rates[0], first, *inputs])
        losses = np.zeros(len(rates))
        at = len(state)
        repeat(
            self.run, *self.arrays, self.registers, self.scratch, self.lanes, self.outputs, np.array(rates), at, losses
        )
        return self.registers[:at].copy(), losses

    def _fill(self, inputs: Sequence[Any]) -> None:
        registers, position = self.registers, 0
        for x in inputs:
            if isinstance(x, float):
                registers[position] = x
                position += 1
            else:
                size = len(x) if isinstance(x, list) else x.size
                registers[position : position + size] = x if isinstance(x, list) else x.ravel()
                position += size


def _own(used: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in used if rule not in NUMBER]


@cache
def loop(table: tuple[Rule, ...], over_lanes: bool) -> Callable[..., None]:
    """The compiled loop for the operations of `table`, from the cache on disk if only the package's own occur."""
    chosen = [rule for rule in table if rule not in SPECIAL]
    branch = _lane_branch if over_lanes else _branch
    source = ""
    for text, indent, part in (
        (RARE_ROW if over_lanes else RARE, "    ", [rule for rule in chosen if rule not in FREQUENT]),
        (LANES if over_lanes else LOOP, " " * (12 if over_lanes else 8), [rule for rule in chosen if rule in FREQUENT]),
    ):
        lines = [indent + line for rule in part for line in branch(table.index(rule), rule)]
        source += text.replace("{branches}", "\n".join(lines))
    namespace: dict[str, Any] = {f"f{table.index(rule)}": kernels.compiled(rule.forward) for rule in chosen}
    namespace |= {"__name__": __name__, **{name: globals()[name] for name in HELPERS}}
    namespace |= {
        "LANE": NUMBER[LANE],
        "LANE_SUM": NUMBER[LANE_SUM],
        "LANE_DOT": NUMBER[LANE_DOT],
        "STACK": NUMBER[STACK],
    }
    on_disk = table == BUILT_IN
    path = _stored(source) if on_disk else "<loop>"
    exec(compile(source, str(path), "exec"), namespace)
    rare, run = ("rare_row", "run_lanes") if over_lanes else ("rare", "run")
    namespace[rare] = compiles(namespace[rare])
    return numba.njit(error_model="numpy", cache=on_disk)(namespace[run])


def _branch(number: int, rule: Rule) -> list[str]:
    """The lines that compute y by the rule with this number."""
    test = f"elif code == {number}:"
    if rule.arity is None:
        gather = "    for k in range(s, e): scratch[k - s] = r[operands[k]]"
        return [test, gather, f"    y = f{number}(scratch[:e - s])"]
    operands = ", ".join(f"r[operands[s + {i}]]" if i else "r[operands[s]]" for i in range(rule.arity))
    return [test, f"    y = f{number}({operands})"]


def _lane_branch(number: int, rule: Rule) -> list[str]:
    """The same for the row y."""
    test = f"elif code == {number}:"
    if rule.arity is None:
        return [
            test,
            "    for j in range(n):",
            "        for k in range(s, e): scratch[k - s] = at(operands[k], j, r, v)",
            f"        y[j] = f{number}(scratch[:e - s])",
        ]
    names = [f"x{i}" for i in range(rule.arity)]
    rows = [f"    {x} = row(operands[s + {i}], r, v, rows[{i}], n)" for i, x in enumerate(names)]
    return [test, *rows, "    for j in range(n):", f"        y[j] = f{number}({', '.join(f'{x}[j]' for x in names)})"]


def _stored(source: str) -> Path:
    """The file in the cache folder that holds this source, for these versions of all that it calls."""
    depends = [Path(str(m.__file__)).read_bytes() for m in (real, special, reductions, rules, kernels)]
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

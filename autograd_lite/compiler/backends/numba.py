"""Programs run by a compiled loop (see `loop.py`): over single numbers, and over lanes in blocks that fit the cache.

Where there is enough to do, the blocks are shared out among threads, in parts that do not depend on how many threads
there are: a sum over lanes is the same on every machine.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, pairwise
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.loop import BUILT_IN, NUMBER, SPECIAL, loop
from autograd_lite.compiler.backends.rows import SPARE
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE

BLOCK = 256  # lanes that run together
PARTS = 16  # that lanes are cut into, at most
WORTH = 2**22  # instructions times lanes that are worth a part: some milliseconds
Memory = list[tuple[Any, Any, Any]]  # for each thread: registers, scratch, files of registers for lanes


def load(program: Program) -> "Loaded":
    """The program, ready to run."""
    return Loaded(program)


class Loaded:
    """A program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""

    def __init__(self, program: Program) -> None:
        code = program.code
        used = [primitive for primitive in code.primitives if primitive not in SPECIAL]
        table = BUILT_IN if all(primitive in NUMBER for primitive in used) else (*SPECIAL, *used)
        number = np.array([table.index(primitive) for primitive in code.primitives], dtype=np.int32)
        codes = number[np.frombuffer(code.codes, dtype=np.int32)] if len(program) else np.empty(0, np.int32)
        starts, targets = (np.array(a, dtype=np.uint32) for a in (code.starts, code.targets))
        signed = np.array(code.operands, dtype=np.int64)
        operands = np.where(signed < 0, (-1 - signed) | 1 << 31, signed).astype(np.uint32)
        self.program, self.arrays = program, (codes, starts, operands, targets)
        self.widest = int(np.diff(starts.astype(np.int64)).max(initial=0))
        self.outputs = np.array(program.outputs, dtype=np.int64)
        self.run = loop(table, False)
        self.run_lanes = loop(table, True) if program.lanes else self.run
        self._cut_lanes()

    def _cut_lanes(self) -> None:
        """The blocks in parts for threads, and how many files of registers for lanes a call needs.

        They are one for each block if rows are needed after their section, else one for each thread.
        """
        program = self.program
        width = min(program.lanes, BLOCK)
        blocks = -(-program.lanes // max(width, 1))
        over_lanes = [section.end - section.begin for section in program.sections if section.over_lanes]
        parts = max(min(blocks, PARTS, sum(over_lanes) * program.lanes // WORTH), 1)
        self.parts = list(pairwise(blocks * k // parts for k in range(parts + 1)))
        threads = min(parts, os.cpu_count() or 1)
        spare = max(SPARE, *[primitive.arity or 0 for primitive in program.code.primitives])
        self.kept = program.rows > 0 or len(over_lanes) > 1 or LANE in program.code.primitives
        self.count = threads
        self.files = (blocks if self.kept else threads, program.lane_registers + spare, width)
        self.free: list[Memory] = []

    def _memory(self) -> "Memory":
        """Memory for a call: what an earlier call gave back, else new. Calls from several threads share none."""
        try:
            return self.free.pop()
        except IndexError:
            pass
        program = self.program
        registers = np.zeros(program.singles)
        registers[program.inputs : program.inputs + len(program.constants)] = program.constants
        files = np.empty(self.files)
        return [
            (registers.copy(), np.empty(self.widest), files if self.kept else files[i : i + 1])
            for i in range(self.count)
        ]

    def __call__(self, inputs: Sequence[Any]) -> Any:
        memory = self._memory()
        registers = memory[0][0]
        files = memory[0][2]
        if self.program.rows:
            fill_rows(files, inputs[0], self.program.rows)
            fill(registers, inputs[1:])
        else:
            fill(registers, inputs)
        for section in self.program.sections:
            if section.over_lanes:
                self._run_lanes(section.begin, section.end, memory)
            else:
                self.run(*self.arrays, section.begin, section.end, *memory[0])
        outputs = self._outputs(registers, files)
        self.free.append(memory)  # not if interrupted: a thread may still write there
        return outputs

    def _run_lanes(self, begin: int, end: int, memory: "Memory") -> None:
        if len(self.parts) == 1:
            self.run_lanes(*self.arrays, begin, end, *memory[0], *self.parts[0], self.program.lanes)
            return
        first = memory[0][0]
        targets = self.arrays[3][begin:end]
        sums = targets[targets < first.size]
        count = self.count

        def run_share(i: int) -> list[Any]:
            """A share of the parts by thread i: what the sums over lanes come to in each."""
            registers = memory[i][0]
            if i:
                registers[:] = first
            found = []
            for part in self.parts[len(self.parts) * i // count : len(self.parts) * (i + 1) // count]:
                self.run_lanes(*self.arrays, begin, end, *memory[i], *part, self.program.lanes)
                found.append(registers[sums])
            return found

        found = pool(os.getpid()).map(run_share, range(count))
        first[sums] = np.sum(list(chain.from_iterable(found)), axis=0)

    def _outputs(self, registers: Any, files: Any) -> Any:
        program = self.program
        if not any(program.wide):
            return registers[self.outputs]
        results = []
        for i, wide in zip(program.outputs, program.wide):
            if i < program.singles:
                results.append(np.full(program.lanes if wide else 1, registers[i]))
            else:
                row = files[:, i - program.singles].reshape(-1) if len(files) > 1 else files[0, i - program.singles]
                results.append(row[: program.lanes])
        return np.concatenate(results)


def fill(registers: Any, inputs: Sequence[Any]) -> None:
    """Write the inputs, in order, into the first registers."""
    position = 0
    for x in inputs:
        if isinstance(x, float):
            registers[position] = x
            position += 1
        else:
            size = len(x) if isinstance(x, list) else x.size
            registers[position : position + size] = x if isinstance(x, list) else x.ravel()
            position += size


def fill_rows(files: Any, rows: Any, count: int) -> None:
    """Write rows of numbers, one for each lane, into the first registers for lanes of each block."""
    width = files.shape[2]
    rows = np.asarray(rows).reshape(count, -1)
    for block, file in enumerate(files):
        part = rows[:, block * width : (block + 1) * width]
        file[:count, : part.shape[1]] = part


@cache
def pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process, which a process that it forks does not have."""
    return ThreadPoolExecutor(os.cpu_count())

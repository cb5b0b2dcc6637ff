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
from autograd_lite.compiler.backends.rows import SPARE, compiles
from autograd_lite.compiler.ir import Program
from autograd_lite.compiler.tracer import LANE

BLOCK = 256  # lanes that run together
PARTS = 16  # that lanes are cut into, at most
WORTH = 2**22  # instructions times lanes that are worth a part: some milliseconds


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
        self.registers = np.zeros(program.singles)
        self.registers[program.inputs : program.inputs + len(program.constants)] = program.constants
        self.scratch = np.empty(int(np.diff(starts.astype(np.int64)).max(initial=0)))
        self.outputs = np.array(program.outputs, dtype=np.int64)
        self.run = loop(table, False)
        self.run_lanes = loop(table, True) if program.lanes else self.run
        self._cut_lanes()

    def _cut_lanes(self) -> None:
        """The blocks in parts, and for each thread the memory it works in.

        Registers for lanes are a file for each block if rows are needed after their section, else one for each thread.
        """
        program = self.program
        width = min(program.lanes, BLOCK)
        blocks = -(-program.lanes // max(width, 1))
        over_lanes = [section.end - section.begin for section in program.sections if section.over_lanes]
        parts = max(min(blocks, PARTS, sum(over_lanes) * program.lanes // WORTH), 1)
        self.parts = list(pairwise(blocks * k // parts for k in range(parts + 1)))
        threads = min(parts, os.cpu_count() or 1)
        kept = len(over_lanes) > 1 or LANE in program.code.primitives
        spare = max(SPARE, *[primitive.arity or 0 for primitive in program.code.primitives])
        self.files = np.empty((blocks if kept else threads, program.lane_registers + spare, width))
        self.threads = [
            (registers, self.scratch.copy(), self.files if kept else self.files[i : i + 1])
            for i, registers in enumerate([self.registers, *[self.registers.copy() for _ in range(threads - 1)]])
        ]

    def __call__(self, inputs: Sequence[Any]) -> Any:
        self._fill(inputs)
        for section in self.program.sections:
            if section.over_lanes:
                self._run_lanes(section.begin, section.end)
            else:
                self.run(*self.arrays, section.begin, section.end, self.registers, self.scratch, self.files)
        return self.registers[self.outputs]

    def _run_lanes(self, begin: int, end: int) -> None:
        if len(self.parts) == 1:
            self.run_lanes(*self.arrays, begin, end, *self.threads[0], *self.parts[0], self.program.lanes)
            return
        targets = self.arrays[3][begin:end]
        sums = targets[targets < self.registers.size]
        count = len(self.threads)

        def run_share(i: int) -> list[Any]:
            """A share of the parts by thread i: what the sums over lanes come to in each."""
            registers = self.threads[i][0]
            if registers is not self.registers:
                registers[:] = self.registers
            found = []
            for part in self.parts[len(self.parts) * i // count : len(self.parts) * (i + 1) // count]:
                self.run_lanes(*self.arrays, begin, end, *self.threads[i], *part, self.program.lanes)
                found.append(registers[sums])
            return found

        found = pool(os.getpid()).map(run_share, range(count))
        self.registers[sums] = np.sum(list(chain.from_iterable(found)), axis=0)

    def steps(self, state: Sequence[float], rates: list[float], first: float, inputs: Sequence[Any]) -> Any:
        """Steps of a training program, one for each learning rate: the state after them, and the losses before each.

        The inputs are the state, the learning rate, the step's number, and others that stay; the outputs the new state
        and the loss. After a loss that is not finite, which is the last, the state is that before it.
        """
        self._fill([np.asarray(state), rates[0], first, *inputs])
        losses = np.zeros(len(rates))
        at = len(state)
        repeat(
            self.run, *self.arrays, self.registers, self.scratch, self.files, self.outputs, np.array(rates), at, losses
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


@cache
def pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process, which a process that it forks does not have."""
    return ThreadPoolExecutor(os.cpu_count())


@compiles
def repeat(
    run: Any,
    codes: Any,
    starts: Any,
    operands: Any,
    targets: Any,
    r: Any,
    scratch: Any,
    files: Any,
    outputs: Any,
    rates: Any,
    at: int,
    losses: Any,
) -> None:
    """Run a training step many times, its outputs but the last going back to the inputs; stop at a loss not finite."""
    moved = np.empty(outputs.size - 1)
    for step in range(rates.size):
        r[at] = rates[step]
        run(codes, starts, operands, targets, 0, codes.size, r, scratch, files)
        losses[step] = r[outputs[outputs.size - 1]]
        if losses[step] - losses[step] != 0.0:
            return
        for i in range(moved.size):
            moved[i] = r[outputs[i]]
        r[: moved.size] = moved
        r[at + 1] += 1.0

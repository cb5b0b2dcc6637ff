"""Programs run by compiled kernels; by NumPy until these are there.

Both give the same bits, so it shows in nothing but the speed when kernels take over. What is missing on disk is
compiled by a process in the background; where none may start, at once.
"""

import ctypes
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain, groupby
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import numpy as by_numpy
from autograd_lite.compiler.backends.arrays import in_order
from autograd_lite.compiler.backends.numba import background
from autograd_lite.compiler.backends.numba.scalars import NUMBER
from autograd_lite.compiler.backends.numba.store import Kernel, address
from autograd_lite.compiler.fused import Sum
from autograd_lite.compiler.ir import CannotRunError, Program
from autograd_lite.compiler.layout import Blocks, Layout
from autograd_lite.compiler.memory import Operation

RUN = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)
_ignored = ctypes.c_void_p()  # Numba's functions write a result, and an error, by address
IGNORED = ctypes.addressof(_ignored)
WORTH_A_THREAD = 10_000_000  # operands: some 3 ms, where to start a thread takes 0.2
Entry = tuple[Kernel | int, Sequence[int]]  # a kernel, or the number of a scalar instruction; its numbers


def load(program: Program) -> "Runner":
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    return Runner(program)


class Runner:
    """A program that is run by NumPy at first, and by kernels as soon as all that it needs are there."""

    def __init__(self, program: Program) -> None:
        self.layout = Layout(program)
        self.kernels = [Kernel("run"), *dict.fromkeys(kernels(self.layout))]
        self.run: Any = None
        self.is_settled = False

    def __call__(self, inputs: Sequence[Any]) -> Any:
        if not self.is_settled:
            self._settle()
        return self.run(inputs)

    def _settle(self) -> None:
        """Take the kernels if they are ready. What Numba cannot compile stays with NumPy, which calls it."""
        try:
            if background.are_ready(self.kernels):
                self.run, self.is_settled = compiled(self.layout), True
        except CannotRunError:
            self.is_settled = True
        if self.run is None:
            self.run = by_numpy.of_layout(self.layout)


def kernels(layout: Layout) -> Iterator[Kernel]:
    """All that run in a layout, those of its parts too."""
    yield from [kernel for kernel, _ in entries(layout, layout.operations, []) if isinstance(kernel, Kernel)]
    for part in layout.parts:
        yield Kernel("part")
        for each in part.layouts.values():
            yield from kernels(each)


def compiled(layout: Layout) -> by_numpy.Bound:
    """The operations between parts as one list of numbers each, which a compiled loop runs."""
    added: list[int] = []  # to the index
    steps = [
        [numbers[0] for _, _, numbers in operations] if is_part else [written(layout, operations, added)]
        for is_part, operations in groupby(layout.operations, lambda operation: operation[0] == "blocks")
    ]
    index = np.append(layout.index, added).astype(np.uint32)
    parts = [OverBlocks(layout, part) for part in layout.parts]

    def bind(memory: Any) -> Callable[[], Any]:
        calls = [
            parts[step].bind(memory) if isinstance(step, int) else call("run", step, index, memory)
            for step in chain(*steps)
        ]
        return calls[0] if len(calls) == 1 else lambda: any(each() for each in calls)

    return by_numpy.Bound(layout, bind)


def written(layout: Layout, operations: Iterable[Operation], added: list[int]) -> Any:
    """Operations as the numbers that the loop reads."""
    numbers = [
        [0, 3 + len(numbers), address(kernel), *numbers] if isinstance(kernel, Kernel) else [kernel, *numbers]
        for kernel, numbers in entries(layout, operations, added)
    ]
    return np.array([1 + sum(map(len, numbers)), *chain(*numbers)], dtype=np.int64).view(np.uint64)


def call(kind: str, *arrays: Any) -> Callable[[], Any]:
    """What calls a kernel on these arrays, which somebody keeps."""
    return partial(RUN(address(Kernel(kind))), IGNORED, IGNORED, *[array.ctypes.data for array in arrays])


class OverBlocks:
    """A part of a program, run block by block in compiled code, in threads where it pays."""

    def __init__(self, layout: Layout, part: Blocks) -> None:
        self.layout, self.part, self.codes = layout, part, dict[int, Any]()
        for n, each in part.layouts.items():
            added: list[int] = []
            code = written(each, each.operations, added)
            self.codes[n] = code, np.append(each.index, added).astype(np.uint32)

    def bind(self, memory: Any) -> Callable[[], Any]:
        part, count = self.part, threads(self.part)
        places, sums = part.rows.astype(np.uint32), memory[part.sums]
        totals = np.empty((len(part.lanes), sums.size))
        size, many = part.lanes[0].stop, sum(x.stop - x.start == part.lanes[0].stop for x in part.lanes)
        shares = [(size, i, many, count) for i in range(count)]
        shares += [(x.stop - x.start, many, many + 1, 1) for x in part.lanes[many:]]
        rows, calls, kept = part.rows_out.stop - part.rows_out.start, [], []
        for n, *blocks in shares:
            inner, (code, index) = part.layouts[n].memory.copy(), self.codes[n]
            about = [*blocks, size, n, self.layout.lanes, len(places), rows // self.layout.lanes, part.rows_out.start]
            about += [sums.size, part.layouts[n].outputs.start, totals.ctypes.data, address(Kernel("run"))]
            about += [array.ctypes.data for array in (code, index, inner)]
            kept.append((inner[len(places) * n : part.layouts[n].filled], np.array(about, dtype=np.uint64), places))
            calls.append(call("part", *kept[-1][1:], memory))

        def run() -> Any:
            for numbers, *_ in kept:
                numbers[:] = memory[part.numbers]
            wrong = any(in_threads(calls, count))
            sums[:] = in_order(totals)
            return wrong

        return run


def in_threads(calls: Sequence[Callable[[], Any]], count: int) -> list[Any]:
    """What these calls return, some of them at once if threads can start. They may be called again."""
    if count > 1:
        with suppress(RuntimeError), ThreadPoolExecutor(count) as pool:
            return [*pool.map(lambda each: each(), calls)]
    return [each() for each in calls]


def threads(part: Blocks) -> int:
    """How many it pays to run blocks in."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    program = next(iter(part.layouts.values())).program
    work: int = sum(map(len, program.args)) * part.lanes[-1].stop
    return max(1, min(processors, work // WORTH_A_THREAD))


def entries(layout: Layout, operations: Iterable[Operation], added: list[int]) -> Iterator[Entry]:
    """What the loop reads for each operation. Scalar instructions that call a kernel may add to the index."""
    for kind, primitive, numbers in operations:
        if kind == "scalars":
            for i in layout.stretches[numbers[0]]:
                yield scalar_entry(layout, i, added)
        elif kind != "blocks":
            yield Kernel(kind, primitive), numbers


def scalar_entry(layout: Layout, i: int, added: list[int]) -> Entry:
    """Instruction i on single numbers."""
    op = layout.program.ops[i]
    assert op is not None
    target = int(layout.address[i])
    xs = layout.address[list(layout.program.args[i])].tolist()
    if isinstance(op, Sum):
        return 1 + op.stops, [target, len(xs), *[2 * x + end for x, end in zip(xs, op.ends)]]
    if op in NUMBER:
        return NUMBER[op], [target, *xs]
    if op.arity is not None:
        return Kernel("map", op), [target, 1, *xs]
    at = len(layout.index) + len(added)
    added += [*xs, *[0] * len(xs)]
    return Kernel("call", op), [target, 1, 1, len(xs), at, at + len(xs)]

"""Programs run by compiled kernels; by NumPy until these are there.

Both give the same bits, so it shows in nothing but the speed when kernels take over. What is missing on disk is
compiled by a process in the background; where none may start, at once.
"""

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import numpy as by_numpy
from autograd_lite.compiler.backends.numba import background
from autograd_lite.compiler.backends.numba.scalars import NUMBER
from autograd_lite.compiler.backends.numba.store import Kernel, address
from autograd_lite.compiler.fused import Sum
from autograd_lite.compiler.ir import CannotRunError, Program
from autograd_lite.compiler.layout import Layout

RUN = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)
_ignored = ctypes.c_void_p()  # Numba's functions write a result, and an error, by address
IGNORED = ctypes.addressof(_ignored)


def load(program: Program) -> "Runner":
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    return Runner(program)


class Runner:
    """A program that is run by NumPy at first, and by kernels as soon as all that it needs are there."""

    def __init__(self, program: Program) -> None:
        self.program, self.layout = program, Layout(program)
        self.kernels = needed(self.layout)
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
                self.run, self.is_settled = Compiled(self.layout), True
        except CannotRunError:
            self.is_settled = True
        if self.run is None:
            self.run = by_numpy.of_layout(self.layout)


def needed(layout: Layout) -> list[Kernel]:
    """The kernels that run this program."""
    found = dict.fromkeys([Kernel("run")])
    for kind, primitive, _ in layout.operations:
        if kind != "scalars":
            found[Kernel(kind, primitive)] = None
    for i in (i for stretch in layout.stretches for i in stretch):
        primitive = layout.program.ops[i]
        if primitive not in NUMBER and primitive is not None and not isinstance(primitive, Sum):
            found[Kernel("call" if primitive.arity is None else "map", primitive)] = None
    return list(found)


class Compiled:
    """All operations as one list of numbers, which a compiled loop runs. Each call works in memory of its own."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        index: list[int] = []
        numbers = [x for entry in entries(layout, index) for x in entry]
        self.numbers = np.array([1 + len(numbers), *numbers], dtype=np.int64).view(np.uint64)
        self.index = np.concatenate([layout.index, np.array(index, dtype=np.uint32)])
        self.run = RUN(address(Kernel("run")))
        self.fixed = IGNORED, IGNORED, self.numbers.ctypes.data, self.index.ctypes.data
        self.free: list[tuple[Any, int]] = []

    def __call__(self, inputs: Sequence[Any]) -> Any:
        try:
            memory, at = self.free.pop()
        except IndexError:
            memory = self.layout.memory.copy()
            at = memory.ctypes.data
        by_numpy.fill(memory, inputs)
        if self.run(*self.fixed, at):
            return by_numpy.of_layout(self.layout)(inputs)  # a user's function raised an error: it raises it here too
        outputs = memory[self.layout.outputs].copy()
        self.free.append((memory, at))
        return outputs


def entries(layout: Layout, index: list[int]) -> Iterator[list[int]]:
    """What the loop reads for each operation. Scalar instructions that call a kernel may add to the index."""
    for kind, primitive, numbers in layout.operations:
        if kind == "scalars":
            for i in layout.stretches[numbers[0]]:
                yield scalar_entry(layout, i, index)
        else:
            yield call_entry(Kernel(kind, primitive), numbers)


def call_entry(kernel: Kernel, numbers: Sequence[int]) -> list[int]:
    return [0, 3 + len(numbers), address(kernel), *numbers]


def scalar_entry(layout: Layout, i: int, index: list[int]) -> list[int]:
    """Instruction i on single numbers."""
    op = layout.program.ops[i]
    assert op is not None
    target = int(layout.address[i])
    xs = layout.address[list(layout.program.args[i])].tolist()
    if isinstance(op, Sum):
        return [1 + op.stops, target, len(xs), *[2 * x + end for x, end in zip(xs, op.ends)]]
    if op in NUMBER:
        return [NUMBER[op], target, *xs]
    if op.arity is not None:
        return call_entry(Kernel("map", op), [target, 1, *xs])
    at = len(layout.index) + len(index)
    index += [*xs, *[0] * len(xs)]
    return call_entry(Kernel("call", op), [target, 1, 1, len(xs), at, at + len(xs)])

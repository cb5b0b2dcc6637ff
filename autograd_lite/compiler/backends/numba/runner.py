"""Programs run by compiled kernels; by NumPy until these are there.

Both give the same bits, so it shows in nothing but the speed when kernels take over. What is missing on disk is
compiled by a process in the background; where none may start, at once.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
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
Entry = tuple[Kernel | int, Sequence[int]]  # a kernel, or the number of a scalar instruction; its numbers


def load(program: Program) -> "Runner":
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    return Runner(program)


class Runner:
    """A program that is run by NumPy at first, and by kernels as soon as all that it needs are there."""

    def __init__(self, program: Program) -> None:
        self.layout = Layout(program)
        self.added: list[int] = []  # to the index, by scalar instructions
        self.entries = list(entries(self.layout, self.added))
        found = [kernel for kernel, _ in self.entries if isinstance(kernel, Kernel)]
        self.kernels = list(dict.fromkeys([Kernel("run"), *found]))
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
                self.run, self.is_settled = self._compiled(), True
        except CannotRunError:
            self.is_settled = True
        if self.run is None:
            self.run = by_numpy.of_layout(self.layout)

    def _compiled(self) -> by_numpy.Bound:
        """All operations as one list of numbers, which a compiled loop runs."""
        written = [
            [0, 3 + len(numbers), address(kernel), *numbers] if isinstance(kernel, Kernel) else [kernel, *numbers]
            for kernel, numbers in self.entries
        ]
        numbers = np.array([1 + sum(map(len, written)), *chain(*written)], dtype=np.int64).view(np.uint64)
        index = np.append(self.layout.index, self.added).astype(np.uint32)
        run = RUN(address(Kernel("run")))

        def bind(memory: Any) -> Callable[[], Any]:
            return partial(run, IGNORED, IGNORED, *[array.ctypes.data for array in (numbers, index, memory)])

        return by_numpy.Bound(self.layout, bind)


def entries(layout: Layout, added: list[int]) -> Iterator[Entry]:
    """What the loop reads for each operation. Scalar instructions that call a kernel may add to the index."""
    for kind, primitive, numbers in layout.operations:
        if kind == "scalars":
            for i in layout.stretches[numbers[0]]:
                yield scalar_entry(layout, i, added)
        else:
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

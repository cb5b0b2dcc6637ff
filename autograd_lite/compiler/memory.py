"""One vector of memory, operations on it (see `layout.py`), and operands brought together where they do not lie so."""

from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.primitives import Primitive

Operation = tuple[str, Primitive | None, tuple[int, ...]]


class Affine(NamedTuple):
    """Addresses at + i*down + k*along."""

    at: int
    down: int
    along: int


class Memory:
    """Takes memory and writes operations."""

    lanes: int
    address: Any  # of each result
    filled: int  # by the inputs; the constants follow

    def __init__(self) -> None:
        self.size = 0
        self.operations: list[Operation] = []
        self._index: list[Any] = []
        self._indexed = 0
        self._constants: Any = np.empty(0)
        self._fixed: dict[bytes, tuple[int, Any]] = {}  # blocks of constants, by what they hold

    def _take(self, n: int) -> int:
        at = self.size
        self.size += n
        return at

    def _new(self, targets: Any, width: int) -> int:
        """Memory for these results, side by side."""
        at = self._take(len(targets) * width)
        self.address[targets] = at + np.arange(len(targets)) * width
        return at

    def _fix(self, values: Any) -> int:
        """Memory that holds these numbers from the start."""
        if values.tobytes() not in self._fixed:
            self._fixed[values.tobytes()] = (self._take(values.size), values)
        return self._fixed[values.tobytes()][0]

    def _listed(self, numbers: Any) -> int:
        """Where these numbers are in the index."""
        array = np.ascontiguousarray(numbers, dtype=np.int64).ravel()
        self._index.append(array)
        self._indexed += array.size
        return self._indexed - array.size

    def _do(self, kind: str, *numbers: int, primitive: Primitive | None = None) -> None:
        self.operations.append((kind, primitive, tuple(int(x) for x in numbers)))

    def _rows(self, addresses: Any, wide: int, width: int) -> int:
        """The address of these results as rows side by side, copied together if they are not."""
        n = len(addresses)
        offsets = addresses - self.filled
        if (not wide or width == 1) and ((offsets >= 0) & (offsets < len(self._constants))).all():
            values = np.repeat(self._constants[offsets], width)
            return self._fix(values)
        found = affine(addresses.reshape(n, 1))
        if found and (wide or width == 1) and (n == 1 or found.down == width):
            return found.at
        t = self._take(n * width)
        self._bring(t, by_period(addresses) if width == 1 else addresses.reshape(n, 1), wide, width)
        return t

    def _matrix(self, addresses: Any) -> Affine:
        """Where these single numbers are, copied together if they are at no regular distances."""
        found = affine(addresses)
        if found is None:
            t = self._take(addresses.size)
            self._do("gather", t, addresses.size, 1, self._listed(addresses), 0)
            found = Affine(t, addresses.shape[1], 1)
        return found

    def _bring(self, t: int, addresses: Any, wide: int, width: int) -> None:
        """Copy these results together: a matrix of single numbers, or a column of rows of lanes."""
        rows, columns = addresses.shape
        found = affine(addresses)
        if found:
            by = (columns, *found) if width == 1 else (width, found.at, found.down, wide)
            self._do("copy", t, rows, *by)
        else:
            self._do("gather", t, addresses.size, width, self._listed(addresses), wide)

    def _lane_rows(self, row: Any) -> tuple[int, int]:
        """Rows of lanes at a regular distance: where, and the distance."""
        found = affine(row.reshape(-1, 1))
        if found:
            return found.at, found.down
        t = self._take(len(row) * self.lanes)
        self._do("gather", t, len(row), self.lanes, self._listed(row), 1)
        return t, self.lanes

    def _columns(self, addresses: Any) -> tuple[int, int]:
        """Where these rows of single numbers stand as columns beside each other, and the distance of their entries."""
        n, count = addresses.shape
        found = affine(addresses.T)
        if found and (found.along == 1 or n == 1):
            return found.at, found.down
        t = self._take(addresses.size)
        if found:
            self._do("copy", t, count, n, *found)
        else:
            self._do("gather", t, addresses.size, 1, self._listed(addresses.T), 0)
        return t, n


def affine(addresses: Any) -> Affine | None:
    """How regularly a matrix of addresses is laid out, if it is."""
    n, count = addresses.shape
    at = int(addresses[0, 0])
    down = int(addresses[1, 0]) - at if n > 1 else 0
    along = int(addresses[0, 1]) - at if count > 1 else 0
    regular = (addresses == at + down * np.arange(n).reshape(-1, 1) + along * np.arange(count)).all()
    return Affine(at, down, along) if regular else None


def by_period(addresses: Any) -> Any:
    """The same addresses as a matrix whose rows begin where the first distance between neighbours ends."""
    steps = np.diff(addresses)
    period = 1 + int((steps != steps[:1]).argmax())
    return addresses.reshape(-1, period) if len(addresses) % period == 0 else addresses.reshape(-1, 1)


def distinct(rows: Any) -> tuple[Any, Any]:
    """The different rows, in the order in which they appear, and for each row which it is."""
    first: dict[bytes, int] = {}
    whole = np.ascontiguousarray(rows).view(f"V{rows.itemsize * rows.shape[1]}").ravel()  # a row as one entry
    which = np.array([first.setdefault(row, len(first)) for row in whole.tolist()])
    starts = np.unique(which, return_index=True)[1]
    return rows[starts], which

"""A derivative compared with values of its function: entry by entry, or along random directions that are halved."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.testing.adapters import Slopes, Subject, Yours
from autograd_lite.testing.arguments import Vector
from autograd_lite.testing.numerical import Estimate, slope_of, units_of
from autograd_lite.testing.oracle import sharpen
from autograd_lite.testing.report import CANNOT_TELL, RIGHT, TOGETHER, WRONG, Partial, judge, suggestion

FEW = 24  # so many inputs and outputs are looked at one by one
DIRECTIONS = 3  # more of them are moved together, in so many random ways


class Trial:
    """One subject on trial. Its derivative is asked for the gradient of w @ f: for each output, or for a random mix."""

    def __init__(self, subject: Subject, rtol: float, oracle: str | None) -> None:
        self.subject, self.rtol, self.oracle = subject, rtol, oracle
        self.report = subject.report
        self.n, self.m = subject.point.size, len(subject.outputs)
        self.random = np.random.default_rng(0)
        self.values: dict[Any, Vector] = {}  # f in steps along an axis: all outputs share them
        self.seen: list[tuple[Vector, Vector, Estimate]] = []  # w, u, and the slope of w @ f along u

    def run(self) -> None:
        """Add to the report what is found."""
        each = self.n <= FEW and self.m <= FEW
        mix = self.random.choice([-1.0, 1.0], self.m) * self.random.uniform(1.0, 2.0, self.m)
        ws = [*np.eye(self.m)] if each or self.m == 1 else [mix]
        gradients = [self.gradient(ws[0]), *map(self.subject.pull, ws[1:])]
        for w, g in zip(ws, gradients):
            rows = list(self.entries(w, g) if self.n <= FEW else self.directions(w, g))
            self.suggest(rows, w, g)
            self.report.partials += rows
        wrong = [row for row in self.report.partials if row.verdict == WRONG]
        if (
            len(wrong) > 1
            and wrong[0].hint
            and len({row.hint for row in wrong}) == 1
            and (self.n == 2 or len(wrong) > 2)
        ):
            wrong[0].hint = f"{TOGETHER}, {wrong[0].hint}"
        if wrong and each and self.m == self.n > 1 and all(map(self.fits, np.array(gradients).T, ws)):
            self.report.notes.append("the Jacobian is the transpose of the right one")

    def gradient(self, w: Vector) -> Vector:
        """What is on trial, asked twice and for another w: it must be a linear function of w."""
        g = self.subject.pull(w)
        if isinstance(self.subject, Slopes) or (isinstance(self.subject, Yours) and self.subject.vjp is None):
            return g
        again, other, near = self.subject.pull(w), self.subject.pull(-3.0 * w), max(1e-9, 100.0 * self.subject.grain)
        if not np.array_equal(g, again, equal_nan=True):
            self.report.notes.append("the derivative differs from call to call")
        elif not np.allclose(other, -3.0 * g, rtol=near, atol=near * float(np.max(np.abs(g))), equal_nan=True):
            said = "the backward pass is not proportional to dout: it must multiply by what arrives"
            (self.report.notes if self.subject.lenient else self.report.faults).append(said)
        return g

    def entries(self, w: Vector, g: Vector) -> Iterator[Partial]:
        """A verdict for each input. An entry next to 0 is measured by the largest, each per step of its own size."""
        found = [self.entry(w, i, g[i]) for i in range(self.n)]
        steps = [units_of(x)[0] for x in self.subject.point]
        known = [abs(e.value) * s for (e, _), s in zip(found, steps) if math.isfinite(e.error)]
        for i, ((estimate, source), step) in enumerate(zip(found, steps)):
            verdict = judge(g[i], estimate, self.rtol, max(known, default=0.0) / step)
            yield Partial(self.title(w, i), float(g[i]), estimate, verdict, source)

    def entry(self, w: Vector, i: int, got: float) -> tuple[Estimate, str]:
        """The slope of w @ f along input i, in steps of its own size or of 1."""
        axis = np.zeros(self.n)
        axis[i] = 1.0
        best = None
        for unit in units_of(self.subject.point[i]):
            estimate = self.slope(w, unit * axis, got * unit, (i, unit)).per(unit)
            best = estimate if best is None or estimate.error < best.error else best
            if judge(got, estimate, self.rtol) != CANNOT_TELL:
                break
        assert best is not None
        source, single = "differences", np.count_nonzero(w) == 1
        unclear = self.oracle is None and judge(got, best, self.rtol) == CANNOT_TELL
        if single and (unclear or self.oracle not in (None, "differences")):
            best, source = sharpen(self.subject, int(np.argmax(w)), i, best, self.oracle)
        self.seen.append((w, axis, best))
        return best, source

    def directions(self, w: Vector, g: Vector) -> Iterator[Partial]:
        """A verdict for each of some random directions; of one that is wrong, the entry that is."""
        steps = np.ldexp(1.0, np.where(self.subject.point, np.frexp(self.subject.point)[1] - 1, 0))
        g, named = g.copy(), False  # mended where an entry is found to be wrong: the next direction looks for another
        for count in range(DIRECTIONS):
            signs = self.random.choice([-1.0, 1.0], self.n)

            def along(part: Vector, signs: Vector = signs) -> tuple[Vector, float, Estimate, str]:
                u = np.zeros(self.n)
                u[part] = signs[part] * steps[part]
                claim, size = float(g[part] @ u[part]), float(np.linalg.norm(g[part] * u[part]))
                estimate = self.slope(w, u, claim)
                return u, claim, estimate, judge(claim, estimate, self.rtol, 1e3 * size)

            u, claim, estimate, verdict = along(np.arange(self.n))
            self.seen.append((w, u, estimate))
            row = Partial(f"random direction {count + 1}", claim, estimate, verdict)
            if verdict == WRONG:
                i = _narrowed(self.n, lambda part: along(part)[3] == WRONG)
                exact, whole = self.one_output(w, i, g[i])
                if exact.verdict == WRONG:
                    row, named, g[i] = exact, True, whole.estimate.value
            elif named:
                break
            yield row

    def one_output(self, w: Vector, i: int, got: float) -> tuple[Partial, Partial]:
        """Input i by itself, in a mix of outputs; and before it, if that is wrong, in the output that is."""

        def row(w: Vector, got: float) -> Partial:
            estimate, source = self.entry(w, i, got)
            return Partial(self.title(w, i), float(got), estimate, judge(got, estimate, self.rtol), source)

        def bad(part: Vector) -> bool:
            some = np.zeros(self.m)
            some[part] = w[part]
            return row(some, self.subject.pull(some)[i]).verdict == WRONG

        whole = row(w, got)
        if whole.verdict != WRONG or np.count_nonzero(w) == 1:
            return whole, whole
        single = np.eye(self.m)[_narrowed(self.m, bad)]
        exact = row(single, self.subject.pull(single)[i])
        return (exact if exact.verdict == WRONG else whole), whole

    def slope(self, w: Vector, u: Vector, claim: float, key: Any = None) -> Estimate:
        """The derivative of w @ f along u."""
        chosen = np.flatnonzero(w)

        def phi(t: float) -> float:
            y = self.values.get((key, t)) if key and t else None
            if y is None:
                y = self.subject.call(self.subject.point + t * u)
                if key and t:
                    self.values[key, t] = y
            return math.nan if np.iscomplexobj(y) else float(w[chosen] @ y[chosen])  # Python's (-1.0) ** 0.5 is complex

        return slope_of(phi, float(claim), self.subject.grain)

    def title(self, w: Vector, i: int) -> str:
        """What the derivative in input i is called."""
        return self.subject.title(int(np.argmax(w)) if np.count_nonzero(w) == 1 else None, i)

    def suggest(self, rows: list[Partial], w: Vector, g: Vector) -> None:
        """What the wrong rows have in common: a ratio, or that parts of the gradient stand in the wrong place."""
        wrong = [row for row in rows if row.verdict == WRONG]
        for row in reversed(wrong):
            ratio, row.hint = suggestion(row.got, row.estimate, self.subject.lengths)
        if not wrong:
            return
        if self.n > FEW and ratio and self.fits(g / ratio, w):
            wrong[0].hint = f"{TOGETHER}, {wrong[0].hint}"
        else:
            fitting = (title for title, order in self.subject.rearrangements() if self.fits(g[order], w))
            self.report.notes.extend([*fitting][:1])

    def fits(self, g: Vector, w: Vector) -> bool:
        """Whether another gradient of w @ f agrees with all that was seen."""
        verdicts = [
            judge(float(g @ u), estimate, max(self.rtol, 1e-4), 1e3 * float(np.linalg.norm(g * u)))
            for other, u, estimate in self.seen
            if other is w
        ]
        return WRONG not in verdicts and RIGHT in verdicts


def _narrowed(count: int, bad: Callable[[Vector], bool]) -> int:
    """The one of so many that is bad, if a group is bad when one in it is: halves, and of a bad one halves again."""
    part = np.arange(count)
    while part.size > 1:
        half = part[: part.size // 2]
        part = half if bad(half) else part[part.size // 2 :]
    return int(part[0])

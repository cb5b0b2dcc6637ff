"""A derivative compared with values of its function: entry by entry, or along random directions that are halved."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.testing.adapters import Subject
from autograd_lite.testing.arguments import Vector
from autograd_lite.testing.numerical import STEPS, Estimate, slope_of, units_of
from autograd_lite.testing.report import CANNOT_TELL, RIGHT, TOGETHER, WRONG, Partial, judge, suggestion

FEW = 24  # so many inputs and outputs are looked at one by one
ORACLES = ("mpmath", "complex step", "differences")
MOST = 256  # so many pieces are looked at where kinks meet
MEET = "kinks of several entries meet: pass fewer entries, or others"
DIRECTIONS = 3  # more of them are moved together, in so many random ways


class Trial:
    """One subject on trial. Its derivative is asked for the gradient of w @ f: for each output, or for a random mix."""

    def __init__(self, subject: Subject, rtol: float, oracle: str | None) -> None:
        self.subject, self.rtol, self.oracle = subject, rtol, oracle
        self.n, self.m, self.report = subject.n, subject.m, subject.report
        self.random = np.random.default_rng(0)
        self.values: dict[Any, Vector] = {}  # f in steps along an axis: all outputs share them
        self.seen: list[tuple[Vector, Vector, Estimate]] = []  # w, u, and the slope of w @ f along u

    def run(self) -> None:
        """Add to the report what is found."""
        each = self.n <= FEW and self.m <= FEW
        mix = self.random.choice([-1.0, 1.0], self.m) * self.random.uniform(1.0, 2.0, self.m)
        ws = [*np.eye(self.m)] if each or self.m == 1 else [mix]
        found = [self.rows(w) for w in ws]
        if not each and 1 < self.m <= MOST and any(map(_meet, found[0][1])):
            ws = [*np.eye(self.m)]
            found = [self.rows(w) for w in ws]
        for w, (g, rows) in zip(ws, found):
            self.suggest(rows, w, g)
            self.report.partials += rows
        gradients = [g for g, _ in found]
        self.try_again(ws[0], gradients[0])
        wrong = [row for row in self.report.partials if row.verdict == WRONG]
        if len(wrong) > (1 if self.n == 2 else 2) and wrong[0].hint and len({row.hint for row in wrong}) == 1:
            wrong[0].hint = f"{TOGETHER}, {wrong[0].hint}"
        if wrong and each and self.m == self.n > 1 and all(map(self.fits, np.array(gradients).T, ws)):
            self.report.notes.append("the Jacobian is the transpose of the right one")
            for row in wrong:
                row.hint = ""

    def rows(self, w: Vector) -> tuple[Vector, list[Partial]]:
        """The gradient of w @ f, and a verdict on each part of it that is looked at."""
        g = self.subject.pull(w)
        return g, list(self.entries(w, g) if self.n <= FEW else self.directions(w, g))

    def try_again(self, w: Vector, g: Vector) -> None:
        """What is on trial must say the same once more, and be a linear function of w."""
        if not np.array_equal(g, self.subject.pull(w), equal_nan=True):
            self.report.notes.append("the derivative differs from call to call")
        elif not self.subject.linear:
            other, near = self.subject.pull(-3.0 * w) / -3.0, max(1e-9, 100.0 * self.subject.grain)
            equal = np.allclose(other, g, rtol=near, atol=near * float(np.max(np.abs(g))), equal_nan=True)
            if not equal and WRONG in self.verdicts(other, w):  # terms that cancel leave another rounding for each w
                said = "the backward pass is not proportional to dout: it must multiply by what arrives"
                (self.report.notes if self.subject.lenient else self.report.faults).append(said)

    def entries(self, w: Vector, g: Vector) -> Iterator[Partial]:
        """A verdict for each input. An entry next to 0 is measured by the largest, each per step of its own size."""
        found = [self.entry(w, i, g[i]) for i in range(self.n)]
        steps = [units_of(x)[0] for x in self.subject.point]
        known = [abs(row.estimate.value) * s for row, s in zip(found, steps) if row.expected is not None]
        for row, step in zip(found, steps):
            row.verdict = judge(row.got, row.estimate, self.rtol, max(known, default=0.0) / step)
            yield row

    def entry(self, w: Vector, i: int, got: float) -> Partial:
        """The slope of w @ f along input i, in steps of its own size or of 1, and what it says of `got`."""
        axis = np.zeros(self.n)
        axis[i] = 1.0
        best, source, k = None, "differences", int(np.argmax(w)) if np.count_nonzero(w) == 1 else None
        for unit in units_of(self.subject.point[i]):
            estimate = self.slope(w, unit * axis, got * unit, (i, unit)).per(unit)
            best = estimate if best is None or estimate.error < best.error else best
            if judge(got, estimate, self.rtol) != CANNOT_TELL:
                break
        assert best is not None
        if best.left != best.right and k is None and self.bends(i) > 1:
            best = _met(best)
        unclear = self.oracle is None and judge(got, best, self.rtol) == CANNOT_TELL
        if k is not None and (unclear or self.oracle not in (None, "differences")):
            best, source = self.sharpen(k, i, best)
        self.seen.append((w, axis, best))
        return Partial(self.subject.title(k, i), float(got), best, judge(got, best, self.rtol), source)

    def sharpen(self, k: int, i: int, estimate: Estimate) -> tuple[Estimate, str]:
        """A better estimate of the derivative of output k in input i, and its source; or the same, from differences."""
        for way in ORACLES[:2] if self.oracle is None else (self.oracle,):
            try:
                exact = self.subject.exact(k, i, way)
            except (ArithmeticError, ValueError, TypeError, AttributeError, ImportError):  # f knows no such numbers
                continue
            if exact is None or not math.isfinite(exact):
                continue
            doubt = 4.0 * estimate.error
            near = estimate.left == estimate.right and abs(exact - estimate.value) <= doubt
            seen = self.subject.replays or doubt <= 1e-4 * abs(exact)
            if seen and (near or (way == "mpmath" and math.isinf(doubt))):
                _, _, _, _, noise, span, notes = estimate
                return Estimate(exact, 8.0 * math.ulp(exact), exact, exact, noise, span, notes), way
        return estimate, "differences"

    def bends(self, i: int) -> int:
        """How many outputs have a kink along input i: their second differences do not vanish with the step."""
        y, unit = self.subject.call(self.subject.point), units_of(self.subject.point[i])[0]
        up, down = (self.values[(i, unit), t] for t in (STEPS[-1], -STEPS[-1]))
        return int(np.count_nonzero(np.abs(up + down - 2.0 * y) > 1e-3 * np.maximum(np.abs(up - y), np.abs(y - down))))

    def directions(self, w: Vector, g: Vector) -> Iterator[Partial]:
        """A verdict for each of some random directions; of one that is wrong, the entry that is."""
        steps = np.ldexp(1.0, np.where(self.subject.point, np.frexp(self.subject.point)[1] - 1, 0))
        g, named = g.copy(), False  # mended where an entry is found to be wrong: the next direction looks for another
        everything = np.argsort(self.subject.point == 0.0, kind="stable")  # what is 0 by itself: kinks are there
        for count in range(DIRECTIONS):
            moves = self.random.choice([-1.0, 1.0], self.n) * steps
            title = f"random direction {count + 1}"

            def along(part: Vector, moves: Vector = moves, title: str = title) -> Partial:
                if part.size == 1:
                    return self.entry(w, int(part[0]), g[part[0]])
                u = np.zeros(self.n)
                u[part] = moves[part]
                claim, size = float(g[part] @ u[part]), float(np.linalg.norm(g[part] * u[part]))
                estimate = self.slope(w, u, claim)
                estimate = _met(estimate) if estimate.left != estimate.right else estimate
                if part is everything:
                    self.seen.append((w, u, estimate))
                return Partial(title, claim, estimate, judge(claim, estimate, self.rtol, 1e3 * size))

            row = along(everything)
            if row.verdict == WRONG:
                i = _narrowed(everything, lambda part: along(part).verdict == WRONG)
                exact, whole = self.one_output(w, i, g[i])
                if exact.verdict == WRONG:
                    row, named, g[i] = exact, True, whole.estimate.value
            elif named:
                return
            if _meet(row) or (row.verdict == WRONG and exact.verdict == RIGHT):  # kinks may cancel along a direction
                yield from self.apart(everything, along, w, g)
                return
            yield row

    def apart(self, part: Vector, along: Callable[[Vector], Partial], w: Vector, g: Vector) -> Iterator[Partial]:
        """A verdict for each of two halves, and of halves of these, until kinks do not meet in a piece."""
        todo = [part]
        for count in range(MOST):
            if not todo:
                return
            part = todo.pop()
            row = along(part)
            if part.size == 1:
                yield self.one_output(w, int(part[0]), g[part[0]])[0] if row.verdict == WRONG else row
            elif (_meet(row) or row.verdict == WRONG) and count + len(todo) < MOST - 2:
                todo += [part[part.size // 2 :], part[: part.size // 2]]
            else:
                if row.verdict == WRONG:
                    row.estimate = _met(row.estimate)
                    row.verdict = CANNOT_TELL
                yield row

    def one_output(self, w: Vector, i: int, got: float) -> tuple[Partial, Partial]:
        """Input i by itself, in a mix of outputs; and before it, if that is wrong, in the output that is."""

        def row(w: Vector) -> Partial:
            return self.entry(w, i, self.subject.pull(w)[i])

        whole = self.entry(w, i, got)
        if whole.verdict != WRONG or np.count_nonzero(w) == 1:
            return whole, whole
        outputs = np.arange(self.m)
        k = _narrowed(outputs, lambda part: row(np.where(np.isin(outputs, part), w, 0.0)).verdict == WRONG)
        exact = row(np.eye(self.m)[k])
        return (exact if exact.verdict == WRONG else whole), whole

    def slope(self, w: Vector, u: Vector, claim: float, key: Any = None) -> Estimate:
        """The derivative of w @ f along u."""
        chosen = np.flatnonzero(w)

        def phi(t: float) -> Any:
            y = self.values.get((key, t)) if key and t else None
            if y is None:
                y = self.subject.call(self.subject.point + t * u)
                if key and t:
                    self.values[key, t] = y
            return w[chosen] @ y[chosen]

        return slope_of(phi, float(claim), self.subject.grain)

    def suggest(self, rows: list[Partial], w: Vector, g: Vector) -> None:
        """What the wrong rows have in common: a ratio, or that parts of the gradient stand in the wrong place."""
        wrong = [row for row in rows if row.verdict == WRONG]
        for row in reversed(wrong):
            ratio, row.hint = suggestion(row.got, row.estimate, self.subject.lengths)
        if wrong and self.n > FEW and ratio and self.fits(g / ratio, w):
            wrong[0].hint = f"{TOGETHER}, {wrong[0].hint}"
        elif wrong:
            fitting = [title for title, order in self.subject.rearrangements() if self.fits(g[order], w)]
            self.report.notes.extend(fitting[:1])
            for row in wrong if fitting else ():  # what stands in the wrong place has no ratio
                row.hint = ""

    def fits(self, g: Vector, w: Vector) -> bool:
        """Whether another gradient of w @ f agrees with all that was seen."""
        verdicts = self.verdicts(g, w)
        return WRONG not in verdicts and RIGHT in verdicts

    def verdicts(self, g: Vector, w: Vector) -> set[str]:
        """What all that was seen of w @ f says of another gradient."""
        rtol = max(self.rtol, 1e-4)
        return {
            judge(float(g @ u), estimate, rtol, 1e3 * float(np.linalg.norm(g * u)))
            for other, u, estimate in self.seen
            if other is w
        }


def _narrowed(part: Vector, bad: Callable[[Vector], bool]) -> int:
    """The one of a group that is bad, if a group is bad when one in it is: halves, and of a bad one halves again."""
    while part.size > 1:
        half = part[: part.size // 2]
        part = half if bad(half) else part[part.size // 2 :]
    return int(part[0])


def _met(estimate: Estimate) -> Estimate:
    """A slope along several entries with kinks: what each may be between its own two slopes is not seen."""
    return estimate._replace(error=math.inf, notes=(*estimate.notes, MEET))


def _meet(row: Partial) -> bool:
    return MEET in row.estimate.notes

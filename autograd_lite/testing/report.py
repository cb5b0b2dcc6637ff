"""What a check of derivatives found, what it suggests, and how it reads."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.testing.numerical import Estimate

RIGHT, WRONG, CANNOT_TELL = "right", "wrong", "cannot tell"
TOGETHER = "all by one factor"
SHOWN = 6  # lines of one report
SUGGESTIONS = {
    -1.0: "the sign",
    0.0: "this path is cut off",
    2.0: "twice too large",
    0.5: "a factor 2 is missing",
    math.log(10.0): "ln 10",
    1.0 / math.log(10.0): "1 / ln 10",
    math.pi / 180.0: "degrees taken for radians",
    180.0 / math.pi: "radians taken for degrees",
}


def judge(got: float, estimate: Estimate, rtol: float, scale: float = 0.0) -> str:
    """Right, wrong or cannot tell: what values of f say of a derivative.

    Wrong is what is off by more than `rtol` and four errors of the estimate; right is what is off by no more than
    `rtol`, where the estimate is as good as that. What is next to 0 is measured by a thousandth of `scale`.
    """
    if not math.isfinite(estimate.error):
        return CANNOT_TELL
    low, high = sorted((estimate.left, estimate.right))
    off = max(low - got, got - high, 0.0) if math.isfinite(got) else math.inf
    allowed = rtol * max(abs(low), abs(high), 1e-3 * estimate.span, 1e-3 * scale)
    allowed += math.ulp(got) if math.isfinite(got) else 0.0
    if off > allowed + 4.0 * estimate.doubt:
        return WRONG
    flat = got == low == high == estimate.span == 0.0
    return RIGHT if flat or (off <= allowed and estimate.doubt <= allowed) else CANNOT_TELL


@dataclass
class Partial:
    """One partial derivative: as computed, as values of f have it, the verdict, and what the ratio suggests.

    >>> from autograd_lite.testing import numerical_derivative
    >>> slope = numerical_derivative(math.sin, 0.0)
    >>> Partial("x", 1.0, slope, judge(1.0, slope, rtol=1e-6)).verdict
    'right'
    """

    name: str
    got: float
    estimate: Estimate
    verdict: str
    source: str = "differences"
    hint: str = ""

    @property
    def right(self) -> bool:
        """Whether it was confirmed."""
        return self.verdict == RIGHT

    @property
    def expected(self) -> float | None:
        """The derivative as values of f have it, None where they have none."""
        return self.estimate.value if math.isfinite(self.estimate.error) else None

    @property
    def relative(self) -> float:
        """How far the computed one is off, relative to what is expected."""
        off = abs(self.got - self.estimate.value) if self.got != self.estimate.value else 0.0
        return off / abs(self.estimate.value) if self.estimate.value else off

    @property
    def flat(self) -> bool:
        """Whether f does not change here in its last digit: then a small derivative cannot be told from 0."""
        reach = 4.0 * self.estimate.doubt
        seen = abs(self.estimate.value) <= reach and abs(self.got) <= reach
        return self.verdict == CANNOT_TELL and self.expected is not None and seen and not self.estimate.notes

    def __str__(self) -> str:
        low, high = sorted((self.estimate.left, self.estimate.right))
        expected = f"expected {written(low)}" + (f" to {written(high)}" if low != high else "")
        expected += f" ± {self.estimate.doubt:.0e} ({self.source})"
        expected = "nothing can be seen" if self.expected is None else expected
        verdict = "" if self.right else f"   {self.verdict.upper()}"
        said = "; ".join(filter(None, (self.hint, *self.estimate.notes)))
        return f"  {self.name:10} got {self.got!r:22} {expected}{verdict}" + (f": {said}" if said else "")


@dataclass
class Report:
    """What `check_gradients` found at one point: each partial derivative, what else is wrong, and what was noticed.

    >>> from autograd_lite.testing import check_gradients
    >>> report = check_gradients(lambda x: x * x, 3.0, grad=lambda x: 2.0 * x)
    >>> report.right, report.partials[0].got, report.partials[0].expected
    (True, 6.0, 6.0)
    """

    function: str
    point: dict[str, Any]
    partials: list[Partial] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # what makes it wrong whatever the entries are
    notes: list[str] = field(default_factory=list)
    missing: str = ""  # what could not be compared at all
    guilty: str = ""
    inputs: int = 0
    rtol: float = 0.0

    @property
    def verdict(self) -> str:
        """Of the whole: wrong if an entry is, cannot tell if one cannot be told or nothing was compared."""
        verdicts = {p.verdict for p in self.partials}
        if self.faults or WRONG in verdicts:
            return WRONG
        return CANNOT_TELL if CANNOT_TELL in verdicts or not verdicts or self.missing else RIGHT

    @property
    def right(self) -> bool:
        """Whether every partial derivative is right."""
        return self.verdict == RIGHT

    @property
    def flat(self) -> bool:
        """Whether all that cannot be told lies below the last digit of f."""
        return self.verdict == CANNOT_TELL and all(p.right or p.flat for p in self.partials) and bool(self.partials)

    def __str__(self) -> str:
        odd = [p for p in self.partials if p.verdict == self.verdict != RIGHT]
        count, all_of = len(odd), max(len(self.partials), self.inputs)
        some = f"{count} of {all_of} partial derivatives"
        title = {
            RIGHT: "all right",
            WRONG: f"{some} are wrong" if odd else WRONG,
            CANNOT_TELL: f"{CANNOT_TELL} for {some}" if odd else CANNOT_TELL,
        }[self.verdict]
        point = ", ".join(f"{name}={_brief(x)}" for name, x in self.point.items())
        shown = odd or self.partials
        shown = shown[:1] if odd and odd[0].hint.startswith(TOGETHER) else shown
        lines = [*map(str, shown[:SHOWN])]
        more = len(odd or self.partials) - len(lines)
        lines += [f"  ... and {more} more"] if more else []
        lines += [f"  {text}" for text in (*self.faults, *dict.fromkeys(self.notes))]
        if self.verdict == CANNOT_TELL:
            lines.append(f"  {self.missing or self._reach(odd)}")
        return "\n".join([f"{self.function} at {point}: {title}", *lines, *filter(None, [self.guilty])])

    __repr__ = __str__

    def _reach(self, odd: Sequence[Partial]) -> str:
        """To what relative tolerance values of f could confirm what they cannot."""
        known = [p for p in odd if p.expected is not None]
        sizes = [max(abs(p.estimate.left), abs(p.estimate.right), 1e-3 * p.estimate.span) for p in known]
        need = max((4.0 * p.estimate.doubt / size if size else 1.0 for p, size in zip(known, sizes)), default=1.0)
        if self.flat:
            return "f is flat here to its last digit: its values say nothing of so small a derivative"
        if len(known) < len(odd) or not 0.0 < need < 0.1:
            return "values of f say nothing here"
        return f"values of f can confirm rtol={10.0 ** math.ceil(math.log10(need)):.0e}, not {self.rtol:.0e}"


@dataclass(repr=False)
class Survey:
    """How many points are right, at how many it cannot be told, and at how many of them f is flat."""

    right: int = 0
    flat: list[Report] = field(default_factory=list)
    unclear: list[Report] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"right at {self.right} points"
        for found, what in ((self.unclear, "cannot tell"), (self.flat, "f is flat to its last digit")):
            if found:
                text += f"; {what} at {len(found)}, such as\n{found[-1]}"
        return text

    __repr__ = __str__


class CheckError(AssertionError):
    """A check that did not end well; `report` has all that was found."""

    def __init__(self, report: Any) -> None:
        super().__init__(str(report))
        self.report = report


class WrongGradientError(CheckError):
    """Some partial derivative is wrong; `report` has all of them.

    >>> from autograd_lite.testing import check_gradients
    >>> try:
    ...     check_gradients(lambda x: x * x, 3.0, grad=lambda x: x)
    ... except WrongGradientError as error:
    ...     print(error.report.partials[0].hint)
    ratio 0.5: a factor 2 is missing
    """


class CannotTellError(CheckError):
    """No partial derivative is known to be wrong, but values of f cannot confirm all of them; `report` says which.

    >>> from autograd_lite.testing import check_gradients
    >>> try:
    ...     check_gradients(lambda x: 1.0 if x > 0.0 else 0.0, 0.0, grad=lambda x: 0.0)
    ... except CannotTellError as error:
    ...     print(error.report.partials[0].verdict)
    cannot tell
    """


def suggestion(got: float, estimate: Estimate, lengths: Mapping[int, str]) -> tuple[float, str]:
    """The ratio of a wrong derivative to the right one, and what it suggests: nan and "" if there is none."""
    if estimate.left != estimate.right or not estimate.value or not math.isfinite(got):
        return math.nan, ""
    ratio = got / estimate.value
    axes = {n**power: f"{axis} is {n}: sum or mean?" for n, axis in lengths.items() if n > 2 for power in (1.0, -1.0)}
    near = 1e-4 + min(4.0 * estimate.error / abs(estimate.value), 0.01)
    for value, words in (SUGGESTIONS | axes).items():
        if abs(ratio - value) <= near * abs(value) if value else got == 0.0:
            return value, f"ratio {value:.4g}: {words}"
    return ratio, f"ratio {ratio:.{5 if abs(ratio - 1.0) > 1e-3 else 9}g}"  # what is nearly right is not 1


def written(x: float) -> str:
    """To the digits that matter, as Python writes it."""
    return repr(float(f"{x:.9g}"))


def _brief(x: Any) -> str:
    text = repr(x.tolist() if hasattr(x, "tolist") else x)
    return text if len(text) < 200 else f"{text[:80]} ... {text[-40:]}"

"""What a check of derivatives found, and how it reads."""

import math
from dataclasses import dataclass, field

from autograd_lite.testing.distance import ulp_distance
from autograd_lite.testing.oracle import Truth


@dataclass
class Partial:
    """One partial derivative, as computed and as it should be. `expected` is None where no derivative exists."""

    name: str
    got: float
    expected: float | None
    ulp: float
    relative: float
    right: bool
    oracle: str

    def __str__(self) -> str:
        if self.expected is None:
            return f"  {self.name:14} got {self.got!r:24} not compared: no derivative exists here ({self.oracle})"
        verdict = "" if self.right else "   WRONG"
        return (
            f"  {self.name:14} got {self.got!r:24} expected {self.expected!r:24} "
            f"{self.ulp:.3g} ULP, relative {self.relative:.1e} ({self.oracle}){verdict}"
        )


@dataclass
class Report:
    """What `check_gradients` found: the point, each partial derivative, and the first closure that is wrong."""

    function: str
    point: dict[str, float]
    partials: list[Partial] = field(default_factory=list)
    guilty: str = ""

    @property
    def right(self) -> bool:
        """Whether no partial derivative is wrong."""
        return all(partial.right for partial in self.partials)

    def __str__(self) -> str:
        wrong = sum(not partial.right for partial in self.partials)
        verdict = f"{wrong} of {len(self.partials)} partial derivatives are wrong" if wrong else "all right"
        point = ", ".join(f"{name}={x!r}" for name, x in self.point.items())
        lines = [f"{self.function} at {point}: {verdict}", *map(str, self.partials)]
        return "\n".join(lines + ([self.guilty] if self.guilty else []))

    __repr__ = __str__


class WrongGradientError(AssertionError):
    """Some partial derivative is wrong; `report` has all of them."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


def judge(name: str, got: float, truth: Truth, size: float, rtol: float, oracle: str) -> Partial:
    """`got` beside the truth: right if within `rtol` of it, or of the largest terms that it is a sum of."""
    if truth.value is None or math.isnan(truth.value):
        return Partial(name, got, None, 0.0, 0.0, True, oracle)
    expected = float(truth.value)
    difference = abs(got - expected) if got != expected else 0.0
    scale = max(abs(expected), size if math.isfinite(size) else 0.0)
    allowed = max(rtol * scale + 10.0 * truth.error, 8.0 * math.ulp(scale))  # the latter counts for subnormals
    relative = difference / abs(expected) if expected else difference
    return Partial(name, got, expected, ulp_distance(got, truth.value), relative, difference <= allowed, oracle)

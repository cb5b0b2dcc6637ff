"""A check at all points that Hypothesis strategies draw, and before them at the points that matter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograd_lite.testing.arguments import home
from autograd_lite.testing.report import CannotTellError, Report

EXAMPLES = 60
MARKS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 10.0, -10.0)


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


def at_all_points(check: Callable[..., Report], args: Sequence[Any]) -> Survey:
    """The check with each strategy among `args` replaced by what it draws.

    An error at a point is raised there; the point drawn is the simplest that Hypothesis finds. Raises a CannotTellError
    if it cannot be told at most of the points, or everywhere.
    """
    survey = Survey()

    def at(point: Sequence[Any]) -> None:
        try:
            check(*point)
            survey.right += 1
        except CannotTellError as error:
            (survey.flat if error.report.flat else survey.unclear).append(error.report)

    marks = [landmarks(arg) if home(arg) == "hypothesis" else [arg] for arg in args]
    for k in range(max(map(len, marks)) if all(marks) else 0):
        at([found[k % len(found)] for found in marks])
    drawn = st.tuples(*[arg if home(arg) == "hypothesis" else st.just(arg) for arg in args])
    # the phase that explains would try the failing example again and again, for half a minute
    how = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    how(given(drawn)(at))()
    if len(survey.unclear) > survey.right or not survey.right:
        raise CannotTellError(survey)
    return survey


def landmarks(strategy: Any) -> list[Any]:
    """For floats of an interval, mapped and filtered: landmarks in it such as 0, its ends, and the floats beside them.

    Empty for any other strategy: Hypothesis does not tell what it would draw.
    """
    if hasattr(strategy, "wrapped_strategy"):
        return landmarks(strategy.wrapped_strategy)
    if hasattr(strategy, "mapped_strategy"):
        return [strategy.pack(x) for x in landmarks(strategy.mapped_strategy)]
    if hasattr(strategy, "filtered_strategy"):
        inside = landmarks(strategy.filtered_strategy)
        return [x for x in inside if all(condition(x) for condition in strategy.flat_conditions)]
    low, high = getattr(strategy, "min_value", None), getattr(strategy, "max_value", None)
    if not isinstance(low, float) or not isinstance(high, float):
        return []
    exact = [*MARKS, *(x for x in (low, high) if abs(x) < 1e300)]
    beside = [math.nextafter(x, side) for x in exact for side in (math.inf, -math.inf)]
    return [x for x in dict.fromkeys([*exact, *beside]) if low <= x <= high]

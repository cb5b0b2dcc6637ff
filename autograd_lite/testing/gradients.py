"""`check_gradients`: anybody's derivative against values of f, at a point or at all that strategies draw."""

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograd_lite.core.checks import check_number, shown
from autograd_lite.testing.adapters import Jax, Subject, Torch, Yours
from autograd_lite.testing.arguments import home, leaves_of
from autograd_lite.testing.own import Ours, Slopes, guilty_closure
from autograd_lite.testing.report import WRONG, CannotTellError, Report, Survey, WrongGradientError
from autograd_lite.testing.trial import ORACLES, Trial

EXAMPLES = 60
MARKS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 10.0, -10.0)


def check_gradients(
    f: Callable[..., Any],
    *args: Any,
    grad: Any = None,
    jac: Any = None,
    vjp: Any = None,
    order: int = 2,
    rtol: float | None = None,
    oracle: str | None = None,
) -> Report | Survey:
    """Compare a derivative of f at `args` with values of f. Returns the report, to be printed, if all of it is right.

    Whose derivative it is follows from what is passed:

    - numbers or arrays with `grad` (a function of the same arguments; True: f returns the value and the gradient),
      `jac` (a function that returns the Jacobian, dense or sparse, a row for each result) or `vjp` (called as
      `vjp(dout, *args)`, returns the gradient of the sum of `dout * f(*args)`): yours;
    - PyTorch's tensors: what `torch.autograd` makes of f, with your Functions in it; JAX's arrays: what `jax.vjp` does;
    - Values, or numbers and nothing else: this package's, and with `order=2` its second derivatives too.

    Arguments may be nested lists, tuples and dicts, results too. A gradient is built as the arguments are: of several a
    tuple, of a dict a dict; what is no number may be left out. Each argument may be a Hypothesis strategy: then f is
    checked at all points drawn, and first at landmarks (0, 1, the ends of an interval, and the floats beside them),
    and the survey returned says how many were right.

    An entry is right if it is within `rtol` of what values of f show (1e-6, in float32 1e-3), wrong if it is off by
    more than that and four times the uncertainty; else it cannot be told. At a kink any number between the slopes on
    the left and on the right is right. Up to 24 inputs are looked at one by one, more of them along random directions,
    which are halved until the wrong entry is found. Where differences do not suffice, `oracle` may: "mpmath" or
    "complex step", believed only where values of f agree; name one to have it asked always, or "differences" for none.

    Raises WrongGradientError, whose message is the report: what is wrong, by how much, and what that suggests; for a
    function of this package it names the first primitive whose own closure is wrong. Raises CannotTellError if nothing
    is wrong but something cannot be told. What f itself raises at `args` is raised as it is; what it raises nearby
    stands in the report. Forward mode (`jvp`) and complex numbers are out of its scope.

    >>> import numpy as np
    >>> print(check_gradients(lambda x: x @ x, np.array([1.0, 2.0]), grad=lambda x: 2 * x))  # doctest: +ELLIPSIS
    <lambda> at x=[1.0, 2.0]: all right
      df/dx[0]   got 2.0                    expected 2.0 ± ... (differences)
      df/dx[1]   got 4.0                    expected 4.0 ± ... (differences)
    >>> check_gradients(lambda x: x @ x, np.array([1.0, 2.0]), grad=lambda x: -2 * x)
    Traceback (most recent call last):
    autograd_lite.testing.report.WrongGradientError: <lambda> at x=[1.0, 2.0]: 2 of 2 partial derivatives are wrong
    """
    if order not in (1, 2):
        raise ValueError(f"check_gradients(order) must be 1 or 2, not {order!r}")
    if oracle not in (None, *ORACLES):
        raise ValueError(f"check_gradients(oracle) must be one of {ORACLES}, not {oracle!r}")
    if sum(way is not None for way in (grad, jac, vjp)) > 1:
        raise ValueError("check_gradients takes one of grad=, jac= and vjp=")
    for title, way in (("f", f), ("jac", jac), ("vjp", vjp), ("grad", None if grad is True else grad)):
        if not callable(way) and (way is not None or title == "f"):
            both = " (grad=True: f returns both)" if title == "grad" else ""
            raise TypeError(f"check_gradients({title}) must be a function, not {shown(way)}{both}")
    rtol = tolerance(rtol, "check_gradients(rtol)")

    def at(*xs: Any) -> Report:
        return settled(examined(subject_of(f, xs, grad, jac, vjp), order, rtol, oracle))

    return at_all_points(at, args) if any(home(arg) == "hypothesis" for arg in args) else at(*args)


def subject_of(f: Callable[..., Any], args: Sequence[Any], grad: Any, jac: Any, vjp: Any) -> Subject:
    """f at `args` with the derivative that is given, or else with that of the library whose numbers `args` are."""
    if (grad, jac, vjp) != (None, None, None):
        return Yours(f, args, grad, jac, vjp)
    homes = {home(x) for _, x in leaves_of(args)}
    return (Torch if "torch" in homes else Jax if "jax" in homes else Ours)(f, args)


def tolerance(rtol: Any, argument: str) -> float | None:
    """`rtol` if it is one, or None for that of the numbers' kind."""
    return None if rtol is None else check_number(rtol, argument, sys.float_info.epsilon, 1.0)


def examined(subject: Subject, order: int, rtol: float | None, oracle: str | None) -> Report:
    """The report of a check at one point."""
    report, kink = subject.report, False
    report.rtol = rtol or (1e-6 if subject.grain < 1e-12 else 1e-3 if subject.grain < 1e-6 else 0.1)
    for i in np.flatnonzero(~np.isfinite(subject.point))[:1]:
        report.missing = f"{subject.inputs.name(i)} is {subject.point[i]}: nothing lies beside it to compare with"
        return report
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        Trial(subject, report.rtol, oracle).run()
        if isinstance(subject, Ours):
            kink = order == 2 and any(p.estimate.left != p.estimate.right for p in report.partials)
            if order == 2 and report.verdict != WRONG and not kink:
                try:
                    for k in range(subject.m):
                        Trial(Slopes(subject, k), report.rtol, oracle).run()
                except TypeError as error:  # a closure that uses `math.exp`, say
                    report.missing = f"second derivatives: {error}; order=1 checks the first alone"
            if report.verdict == WRONG:
                report.guilty = guilty_closure(subject, order, report.rtol)
    if kink and report.right:
        report.notes.append("at a kink second derivatives are not compared")
    return report


def settled(report: Report) -> Report:
    """The report if all is right, else an error with it."""
    if not report.right:
        raise (WrongGradientError if report.verdict == WRONG else CannotTellError)(report)
    return report


def at_all_points(check: Callable[..., Any], args: Sequence[Any]) -> Survey:
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

    at.__name__ = "check_gradients"  # what Hypothesis calls it if nothing can be drawn
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

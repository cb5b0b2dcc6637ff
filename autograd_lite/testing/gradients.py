"""`check_gradients` and `check_layer`: anybody's derivative against values of f, at a point or at many."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.checks import check_number, shown
from autograd_lite.testing.adapters import Ours, Slopes, Subject, Yours, subject_of
from autograd_lite.testing.arguments import home
from autograd_lite.testing.closures import guilty_closure
from autograd_lite.testing.oracle import ORACLES
from autograd_lite.testing.points import Survey, at_all_points
from autograd_lite.testing.report import WRONG, CannotTellError, Report, WrongGradientError
from autograd_lite.testing.trial import Trial


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
    """Compare a derivative of f at `args` with values of f; returns the report, printable.

    Whose derivative it is follows from what is passed:

    - numbers or arrays with `grad` (a function; of several arguments it returns a tuple; True: f returns the value and
      the gradient), `jac` (a function that returns the Jacobian, dense or sparse) or `vjp` (called as
      `vjp(dout, *args)`, returns the gradient of the sum of `dout * f(*args)`): yours;
    - PyTorch's tensors: what `torch.autograd` makes of f, with your Functions in it; JAX's arrays: what `jax.vjp` does;
    - Values, or numbers and nothing else: this package's, and with `order=2` its second derivatives too.

    Arguments may be nested lists, tuples and dicts, results too. Each may be a Hypothesis strategy: then f is checked
    at all points drawn, and first at landmarks (0, 1, the ends of an interval, and the floats beside them).

    An entry is right if it is within `rtol` of what values of f show (1e-6, in float32 1e-3), wrong if it is off by
    more than that and four times the uncertainty; else it cannot be told. At a kink any number between the slopes on
    the left and on the right is right. Up to 24 inputs are looked at one by one, more of them along random directions,
    which are halved until the wrong entry is found. Where differences do not suffice, `oracle` may: "mpmath" or
    "complex step", believed only where values of f agree; name one to have it asked always, or "differences" for none.

    Raises WrongGradientError, whose message is the report: what is wrong, by how much, and what that suggests; for a
    function of this package it names the first primitive whose own closure is wrong. Raises CannotTellError if nothing
    is wrong but something cannot be told. Forward mode (`jvp`) and complex numbers are out of its scope.

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
    rtol = _tolerance(rtol, "check_gradients(rtol)")
    if any(home(arg) == "hypothesis" for arg in args):
        return at_all_points(lambda *xs: check_at(subject_of(f, xs, grad, jac, vjp), order, rtol, oracle), args)
    return check_at(subject_of(f, args, grad, jac, vjp), order, rtol, oracle)


def _tolerance(rtol: Any, argument: str) -> float | None:
    return None if rtol is None else check_number(rtol, argument, sys.float_info.epsilon, 1.0)


def check_at(subject: Subject, order: int, rtol: float | None, oracle: str | None) -> Report:
    """The check at one point: raises unless all is right."""
    report, kink = subject.report, False
    report.rtol = rtol or (1e-6 if subject.grain < 1e-12 else 1e-3 if subject.grain < 1e-6 else 0.1)
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
    if not report.right:
        raise (WrongGradientError if report.verdict == WRONG else CannotTellError)(report)
    return report


def check_layer(layer: Any, x: Any, *rest: Any, rtol: float | None = None) -> Report:
    """Compare what `layer.backward(dout)` returns, and `layer.dW` for each parameter `W`, with values of `forward`.

    `forward(x, *rest)` is called at inputs near x. What else it takes, such as labels, stays as it is, unless
    `backward` returns a tuple of as many gradients: then all are inputs. A parameter is an array that `forward` leaves
    alone and that has a gradient beside it, named with a d in front. Returns the report; the verdicts, the tolerance
    and the errors are those of `check_gradients`. The report says if `backward` writes into `dout` or is not
    proportional to it: a loss that is the end of the chain may ignore it.

    >>> class Square:
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x * x
    ...     def backward(self, dout):
    ...         return dout * self.x
    >>> check_layer(Square(), np.array([1.0, 3.0]))
    Traceback (most recent call last):
    autograd_lite.testing.report.WrongGradientError: Square.backward at x=[1.0, 3.0]: 2 of 4 ... are wrong
    """
    for name in ("forward", "backward"):
        if not callable(getattr(layer, name, None)):
            raise TypeError(f"check_layer(layer) must have the methods forward and backward, not {shown(layer)}")
    rtol = _tolerance(rtol, "check_layer(rtol)")
    kind, before = type(layer).__name__, dict(getattr(layer, "__dict__", {}))
    y = layer.forward(np.array(x) if isinstance(x, np.ndarray) else x, *rest)
    found = layer.backward(np.ones_like(y) if isinstance(y, np.ndarray) else 1.0)
    several = isinstance(found, tuple) and len(found) == 1 + len(rest)
    parameters = [p for p in before if hasattr(layer, f"d{p}") and getattr(layer, p) is before[p]]
    reports = []
    for p in ("", *parameters):

        def forward(*xs: Any, p: str = p) -> Any:
            if p:
                setattr(layer, p, xs[0])
                return layer.forward(x, *rest)
            return layer.forward(*xs, *(() if several else rest))

        def backward(dout: Any, *xs: Any, p: str = p) -> Any:
            forward(*xs, p=p)
            dx = layer.backward(dout)
            return getattr(layer, f"d{p}") if p else dx

        args = (before[p],) if p else (x, *rest) if several else (x,)
        roots = [p] if p else ["x", "y", "z"][: len(args)]
        backward.__name__ = f"{kind}.d{p}" if p else f"{kind}.backward"
        subject = Yours(forward, args, None, None, backward, roots)
        subject.lengths |= {n: f"axis {d} of x" for d, n in enumerate(np.shape(x))}
        subject.lenient = subject.m == 1
        try:
            reports.append(check_at(subject, 1, rtol, None))
        finally:
            if p:
                setattr(layer, p, before[p])
    for report in reports[1:]:
        reports[0].point |= report.point
        reports[0].partials += report.partials
        reports[0].notes += report.notes
    return reports[0]

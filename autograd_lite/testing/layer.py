"""`check_layer`: the gradients of a layer driven by hand, at its input and at each parameter, against `forward`."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.checks import shown
from autograd_lite.testing.adapters import Yours
from autograd_lite.testing.arguments import home, leaves_of, rebuild
from autograd_lite.testing.gradients import at_all_points, examined, settled, tolerance
from autograd_lite.testing.report import CANNOT_TELL, WRONG, Report, Survey


class Parameter(NamedTuple):
    """An array or a number that `holder[key]` holds, and whose gradient `grads()[slot]` is after `backward`."""

    name: str
    gradient: str
    holder: Any
    key: Any
    grads: Callable[[], Any]
    slot: Any

    def put(self, x: Any) -> None:
        """Another number in its place: into the array itself, for the layer may know it by two names."""
        array = self.holder[self.key]
        if isinstance(array, np.ndarray) and array.flags.writeable:
            array[...] = x
        else:
            self.holder[self.key] = x


def check_layer(layer: Any, x: Any, *rest: Any, rtol: float | None = None) -> Report | Survey:
    """Compare what `layer.backward(dout)` returns, and `layer.dW` for each parameter `W`, with values of `forward`.

    `forward(x, *rest)` is called at inputs near x. What else it takes, such as labels, stays as it is, unless
    `backward` returns as many gradients: then all are inputs. A parameter is an array that `forward` leaves alone and
    that has a gradient beside it, named with a d in front, or in lists or dicts `params` and `grads`; x itself may be
    whole numbers if there are parameters, as for an embedding. Each may be a Hypothesis strategy. Returns the report;
    the verdicts, the tolerance and the errors are those of `check_gradients`. The report says if `backward` writes
    into `dout` or is not proportional to it: a loss that is the end of the chain may ignore it. Gradients that add up
    from call to call start at 0. Afterwards the parameters are what they were.

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
        if isinstance(layer, type) or not callable(getattr(layer, name, None)):
            raise TypeError(f"check_layer(layer) must be an object with forward and backward, not {shown(layer)}")
    rtol = tolerance(rtol, "check_layer(rtol)")
    if any(home(arg) == "hypothesis" for arg in (x, *rest)):
        return at_all_points(lambda *xs: check_layer(layer, *xs, rtol=rtol), (x, *rest))
    own, kind = getattr(layer, "__dict__", {}), type(layer).__name__
    before = dict(own)
    y = layer.forward(*deepcopy((x, *rest)))
    found = layer.backward(rebuild(y, lambda _, v: np.ones_like(v) if isinstance(v, np.ndarray) else 1.0))
    several = isinstance(found, (tuple, list)) and len(found) == 1 + len(rest) > 1
    parameters = [*_parameters(layer, before)]
    whole = isinstance(x, np.ndarray) and x.dtype.kind in "iu"
    reports = []
    for p in parameters if whole and parameters else (None, *parameters):
        args = (p.holder[p.key],) if p else (x, *rest) if several else (x,)
        kept = deepcopy(args)

        def forward(*xs: Any, p: Any = p) -> Any:
            if p is None:
                return layer.forward(*xs, *deepcopy(() if several else rest))
            p.put(xs[0])
            return layer.forward(*deepcopy((x, *rest)))

        def backward(dout: Any, *xs: Any, p: Any = p) -> Any:
            forward(*xs)
            if p is None:
                return layer.backward(dout)
            if isinstance(old := p.grads()[p.slot], np.ndarray):
                p.grads()[p.slot] = np.zeros_like(old)
            layer.backward(dout)
            return p.grads()[p.slot]

        backward.__name__ = f"{kind}.{p.gradient if p else 'backward'}"
        subject = Yours(forward, kept, None, None, backward, [p.name] if p else ["x", "y", "z"][: len(args)])
        subject.lengths |= {n: f"axis {d} of x" for d, n in enumerate(np.shape(x))}
        subject.lenient = subject.m == 1
        try:
            reports.append(examined(subject, 1, rtol, None))
        finally:
            if p:
                p.put(kept[0])
    for verdict in (WRONG, CANNOT_TELL):
        for report in reports:
            if report.verdict == verdict:
                settled(report)
    for report in reports[1:]:
        reports[0].point |= report.point
        reports[0].partials += report.partials
        reports[0].notes += report.notes
    reports[0].notes += _unmatched(layer, before, parameters, lambda: layer.forward(*deepcopy((x, *rest))))
    return reports[0]


def _parameters(layer: Any, before: dict[str, Any]) -> Iterator[Parameter]:
    """What `forward` left alone and `backward` found a gradient for."""
    own = getattr(layer, "__dict__", {})
    for p, value in before.items():
        if f"d{p}" in own and own[p] is value:
            yield Parameter(p, f"d{p}", own, p, lambda: layer.__dict__, f"d{p}")
    params, grads = before.get("params"), own.get("grads")
    if isinstance(params, (list, dict)) and isinstance(grads, (list, dict)) and len(params) == len(grads):
        for key in params if isinstance(params, dict) else range(len(params)):
            yield Parameter(f"params[{key!r}]", f"grads[{key!r}]", params, key, lambda: layer.grads, key)


def _unmatched(
    layer: Any, before: dict[str, Any], parameters: list[Parameter], forward: Callable[[], Any]
) -> Iterator[str]:
    """A note for each array of the layer that moves `forward` and has no gradient to compare."""
    known = {id(p.holder[p.key]) for p in parameters}
    y = [v for _, v in leaves_of(forward())]
    for name, value in before.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and id(value) not in known:
            vars(layer)[name] = 1.01 * value + 0.01
            moved = [v for _, v in leaves_of(forward())]
            vars(layer)[name] = value
            if not all(map(np.array_equal, y, moved)):
                yield f"{name} has no gradient d{name}: it is not compared"

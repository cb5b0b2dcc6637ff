"""What each primitive computes, said once more for other kinds of numbers: mpmath's and Python's complex ones.

A reference takes the namespace to compute in (`m.exp` is that namespace's exp), the floats at which the operation was
recorded, and the operands. A piecewise function keeps to the piece that it was recorded on, and where pieces meet, to
what the documentation says of the kink: so a reference is smooth, and its derivative is the one that is promised.
Formulas are the plain ones of a textbook. Nothing here is shared with the primitives that it is there to check.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.core.primitives import Primitive
from autograd_lite.core.value import Value, topological_order

Reference = Callable[..., Any]


def _exp(m: Any, x: Any) -> Any:
    """exp, with 0 for what is smaller than any float times any other: it takes long to compute."""
    return m.exp(x) if x.real > -1e5 else 0 * x


def _sigmoid(m: Any, x: Any) -> Any:
    return 1 / (1 + _exp(m, -x)) if x.real > 0 else _exp(m, x) / (1 + _exp(m, x))


def _softplus(m: Any, x: Any) -> Any:
    return x + _log1p(m, _exp(m, -x)) if x.real > 0 else _log1p(m, _exp(m, x))


def _sech2(m: Any, x: Any) -> Any:
    t = _exp(m, -2 * x if x.real > 0 else 2 * x)
    return 4 * t / (1 + t) ** 2


def _normal(m: Any, x: Any) -> Any:
    return _exp(m, -x * x / 2) / m.sqrt(2 * m.pi)


def _normal_cdf(m: Any, x: Any) -> Any:
    return m.erfc(-x / m.sqrt(m.mpf(2))) / 2


def _erf_slope(m: Any, x: Any) -> Any:
    return 2 / m.sqrt(m.pi) * _exp(m, -x * x)


def _log1p(m: Any, x: Any) -> Any:
    return m.log1p(x) if hasattr(m, "log1p") else m.log(1 + x)


def _atan2(m: Any, at: Sequence[float], y: Any, x: Any) -> Any:
    """The angle at the recorded point plus the turn from there, which no branch cut interrupts."""
    y0, x0 = map(getattr(m, "mpf", float), at)
    if y0 == 0:  # the sign of a zero counts
        angle = m.pi * math.copysign(1.0, at[0]) if math.copysign(1.0, at[1]) < 0.0 else 0
    else:
        angle = getattr(m, "atan2", math.atan2)(y0, x0)
    return angle + (m.atan((y * x0 - x * y0) / (x * x0 + y * y0)) if any(at) else 0 * y)


def _pow_slope(m: Any, at: Sequence[float], a: Any, b: Any, k: Any, n: Any) -> Any:
    """n! times the coefficient of t**n in the k-th derivative of a**(b + t), as a product of two series in t."""
    if at[0] < 0.0 and at[3]:
        return math.nan * a
    order, falling = int(at[3]), [m.mpf(1)]
    for i in range(int(at[2])):
        falling = [x * (b - i) + y for x, y in zip([*falling, 0], [0, *falling])]
    power = [m.log(a) ** j / math.factorial(j) if j else m.mpf(1) for j in range(order + 1)]
    terms = [x * power[order - j] for j, x in enumerate(falling) if j <= order]
    return math.factorial(order) * sum(terms) * a ** (b - int(at[2]))


def _extreme(at: Sequence[float], xs: Sequence[Any], best: float) -> Any:
    if best != best or any(x != x for x in at):
        return math.nan * xs[0]
    ties = [x for x, x0 in zip(xs, at) if x0 == best]
    return sum(ties[1:], ties[0]) / len(ties)


def _clamp(at: Sequence[float], x: Any, low: Any, high: Any) -> Any:
    if any(x != x for x in at):
        return math.nan * x
    return x if at[1] <= at[0] <= at[2] else low if at[0] < at[1] or at[1] == at[2] else high


def _sign(x: float) -> float:
    return x if x != x else (x > 0.0) - (x < 0.0)


def _length(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    return m.sqrt(sum(x * x for x in xs)) if any(at) else 0 * xs[0]


def _part(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    return xs[0] / _length(m, at, xs) if any(at) else 0 * xs[0]


def _logsumexp(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    top = xs[list(at).index(max(at))]
    rest = list(xs)
    rest.remove(top)
    return top + _log1p(m, sum(_exp(m, x - top) for x in rest)) if rest else top


def _softmax(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    top = xs[list(at).index(max(at))]
    return _exp(m, xs[0] - top) / sum(_exp(m, x - top) for x in xs)


def _softmax_rest(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    top = xs[list(at).index(max(at))]
    weights = [_exp(m, x - top) for x in xs]
    return sum(weights[1:]) / sum(weights)


def _log_softmax(m: Any, at: Sequence[float], xs: Sequence[Any]) -> Any:
    top = xs[list(at).index(max(at))]
    rest = list(xs)
    rest.remove(top)
    return (xs[0] - top) - _log1p(m, sum(_exp(m, x - top) for x in rest))


def _dot(v: Sequence[Any]) -> Any:
    n = len(v) // 2
    return sum((w * x for w, x in zip(v, v[n : 2 * n])), sum(v[2 * n :]))


# fmt: off
REFERENCES: dict[str, Reference] = {
    "+": lambda m, at, a, b: a + b,
    "-": lambda m, at, a, b: a - b,
    "*": lambda m, at, a, b: a * b,
    "/": lambda m, at, a, b: a / b,
    "identity": lambda m, at, x: x,
    "neg": lambda m, at, x: -x,
    "**": lambda m, at, a, b: a**b,
    "/'": lambda m, at, a, b: a / b**2,
    "pow'": _pow_slope,
    "exp": lambda m, at, x: _exp(m, x),
    "expm1": lambda m, at, x: m.expm1(x) if hasattr(m, "expm1") and x > -1e5 else _exp(m, x) - 1,
    "log": lambda m, at, x: m.log(x),
    "log2": lambda m, at, x: m.log(x) / m.log(2),
    "log10": lambda m, at, x: m.log(x) / m.log(10),
    "log1p": lambda m, at, x: _log1p(m, x),
    "sqrt": lambda m, at, x: m.sqrt(x),
    "log'": lambda m, at, c, x: c / x if at[1] >= 0.0 else math.nan * x,
    "sin": lambda m, at, x: m.sin(x),
    "cos": lambda m, at, x: m.cos(x),
    "tan": lambda m, at, x: m.tan(x),
    "asin": lambda m, at, x: m.asin(x),
    "acos": lambda m, at, x: m.acos(x),
    "atan": lambda m, at, x: m.atan(x),
    "sinh": lambda m, at, x: m.sinh(x),
    "cosh": lambda m, at, x: m.cosh(x),
    "tanh": lambda m, at, x: m.tanh(x),
    "asinh": lambda m, at, x: m.asinh(x),
    "acosh": lambda m, at, x: m.acosh(x),
    "atanh": lambda m, at, x: m.atanh(x),
    "atan2": _atan2,
    "asin'": lambda m, at, x: 1 / m.sqrt(1 - x * x),
    "atan'": lambda m, at, x: 1 / (1 + x * x),
    "tanh'": lambda m, at, x: _sech2(m, x),
    "asinh'": lambda m, at, x: 1 / m.sqrt(1 + x * x),
    "acosh'": lambda m, at, x: 1 / m.sqrt(x * x - 1),
    "atanh'": lambda m, at, x: 1 / (1 - x * x),
    "atan2'": lambda m, at, a, b: a / (a * a + b * b) if any(at) else math.nan * a,
    "atan2''": lambda m, at, a, b: (b * b - a * a) / (a * a + b * b) ** 2 if any(at) else math.nan * a,
    "erf": lambda m, at, x: m.erf(x),
    "erfc": lambda m, at, x: m.erfc(x),
    "sigmoid": lambda m, at, x: _sigmoid(m, x),
    "softplus": lambda m, at, x: _softplus(m, x),
    "logsigmoid": lambda m, at, x: -_softplus(m, -x),
    "silu": lambda m, at, x: x * _sigmoid(m, x),
    "gelu": lambda m, at, x: x * _normal_cdf(m, x),
    "erf'": lambda m, at, x: _erf_slope(m, x),
    "sigmoid'": lambda m, at, x: _sigmoid(m, x) * _sigmoid(m, -x),
    "silu'": lambda m, at, x: _sigmoid(m, x) * (1 + x * _sigmoid(m, -x)),
    "silu''": lambda m, at, x: _sigmoid(m, x) * _sigmoid(m, -x) * (2 - x * m.tanh(x / 2)),
    "gelu'": lambda m, at, x: _normal_cdf(m, x) + x * _normal(m, x),
    "gelu''": lambda m, at, x: (2 - x * x) * _normal(m, x),
    "normal_pdf": lambda m, at, x: _normal(m, x),
    "abs": lambda m, at, x: _sign(at[0]) * x,
    "sign": lambda m, at, x: _sign(at[0]) + 0 * x,
    "relu": lambda m, at, x: x if at[0] > 0.0 else 0 * x,
    "leaky_relu": lambda m, at, x, slope: x if at[0] > 0.0 else slope * x,
    "elu": lambda m, at, x, alpha: x if at[0] > 0.0 else alpha * REFERENCES["expm1"](m, at, x),
    "maximum": lambda m, at, *xs: _extreme(at, xs, max(at)),
    "minimum": lambda m, at, *xs: _extreme(at, xs, min(at)),
    "clamp": lambda m, at, *xs: _clamp(at, *xs),
    "where": lambda m, at, c, a, b: a if at[0] else b,
    "relu'": lambda m, at, x: math.nan * x if at[0] != at[0] else float(at[0] > 0.0) + 0 * x,
    "=": lambda m, at, a, b: float(at[0] == at[1]) + 0 * a,
    ">": lambda m, at, a, b: float(at[0] > at[1]) + 0 * a,
    ">=": lambda m, at, a, b: float(at[0] >= at[1]) + 0 * a,
    "chosen *": lambda m, at, a, share: a * at[1] + 0 * share,
    "length *": lambda m, at, a, u, length: a * u + (0 if at[2] else math.nan) * (length - at[2]),
    "zero length": lambda m, at, x: (0 if at[0] else math.nan) * x,
    "adjoint *": lambda m, at, a, b: a * b,
    "zero stop": lambda m, at, a, b: b + 0 * a,
    "zero stop'": lambda m, at, a, b: 1 + 0 * a,
    "sum": lambda m, at, *xs: sum(xs),
    "mean": lambda m, at, *xs: sum(xs) / len(xs),
    "prod": lambda m, at, *xs: math.prod(xs),
    "dot": lambda m, at, *xs: _dot(xs),
    "max": lambda m, at, *xs: _extreme(at, xs, max(at)),
    "min": lambda m, at, *xs: _extreme(at, xs, min(at)),
    "norm": lambda m, at, *xs: _length(m, at, xs),
    "hypot": lambda m, at, *xs: _length(m, at, xs),
    "logsumexp": lambda m, at, *xs: _logsumexp(m, at, xs),
    "logaddexp": lambda m, at, *xs: _logsumexp(m, at, xs),
    "softmax": lambda m, at, *xs: _softmax(m, at, xs),
    "log_softmax": lambda m, at, *xs: _log_softmax(m, at, xs),
    "1-softmax": lambda m, at, *xs: _softmax_rest(m, at, xs),
    "norm'": lambda m, at, *xs: _part(m, at, xs),
}
# fmt: on


def reference(primitive: Primitive) -> Reference:
    """The reference of a primitive; for a user's own, the function that it was declared with."""
    if primitive.name in REFERENCES:
        return REFERENCES[primitive.name]
    if primitive.by_hand:
        raise TypeError(f"operation {primitive.name!r} was recorded by hand: there is no function to evaluate again")
    forward: Callable[..., Any] = getattr(primitive.forward, "ieee_version_of", primitive.forward)
    return lambda m, at, *xs: forward(*xs)


def replay(output: Value, inputs: Sequence[Value], m: Any) -> Callable[[Sequence[Any]], Any]:
    """The recorded computation of `output` from `inputs` as a function of other numbers, in the namespace m.

    All other leaves keep their values. Raises a TypeError or AttributeError, when called, for an operation that cannot
    be computed on these numbers.
    """
    interior, leaves = topological_order(output, stop=inputs)
    steps = [(v, reference(v._primitive), v._parents, tuple(p.data for p in v._parents)) for v in interior]
    number = getattr(m, "mpf", complex)

    def compute(xs: Sequence[Any]) -> Any:
        values = {leaf: number(leaf.data) for leaf in leaves} | dict(zip(inputs, xs, strict=True))
        for v, compute_one, parents, at in steps:
            values[v] = compute_one(m, at, *[values[p] for p in parents])
        return values[output]

    return compute

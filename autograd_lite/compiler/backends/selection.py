"""The table's forward functions for arrays of JAX: every `if` becomes a selection, and each element goes its own way.

A function is called once for each way through it. Its numbers are arrays that note which conditions it asks for, and
answer as planned; what the ways come to is put together by `where`. So it needs no source, and loops are unrolled.
"""

import math
import operator
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special as jax_special

from autograd_lite.compiler.backends.rebinding import rebound, unwrapped
from autograd_lite.numeric import ieee, reductions, slopes

Function = Callable[..., Any]


@cache
def lowered(forward: Any) -> Function:
    """A forward function, of the table or of a user, for arrays; operands of any number are the first axis of one."""
    return OVER_ARRAYS.get(unwrapped(forward)) or selecting(for_numbers(forward))


@cache
def for_numbers(function: Any) -> Function:
    """The function for Numbers, and so is all that it calls."""
    inner = unwrapped(function)
    return lifted(OVER_ARRAYS[inner], function) if inner in OVER_ARRAYS else rebound(inner, _stand_in, **BUILTINS)


def _stand_in(x: Any) -> Any:
    return MATH if x is math else for_numbers(x) if callable(x) and not isinstance(x, type) else x


# --- one call for each way through a function ----------------------------------------------------------------------


class Number:
    """An array that takes part in arithmetic, and in conditions, as a number does; or as numbers along an axis."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any, decide: Callable[[Any], bool]) -> None:
        self.array, self.decide = array, decide

    def __bool__(self) -> bool:
        return self.decide(self.array != 0)

    def __getitem__(self, index: int | slice) -> "Number":
        return Number(self.array[index], self.decide)

    def __iter__(self) -> "Iterator[Number]":
        return map(self.__getitem__, range(len(self)))

    def __len__(self) -> int:
        return len(self.array)


def selecting(function: Function) -> Function:
    """`function`, which may branch on its operands, for arrays."""

    def run(planned: list[bool], *xs: Any) -> Any:
        """The result where conditions hold as planned, and then wherever they do; put together with all others."""
        conditions: list[Any] = []

        def decide(condition: Any) -> bool:
            conditions.append(condition)
            return len(conditions) > len(planned) or planned[len(conditions) - 1]

        result = _array(function(*[x if isinstance(x, float) else Number(x, decide) for x in xs]))
        for place in reversed(range(len(planned), len(conditions))):
            otherwise = run([*planned, *[True] * (place - len(planned)), False], *xs)
            result = jnp.where(conditions[place], result, otherwise)
        return result

    return partial(run, [])


def lifted(over_arrays: Function, function: Function) -> Function:
    """A function of numbers, for Numbers too: there it is a function of arrays."""

    def on_numbers(*xs: Any) -> Any:
        decide = next((x.decide for x in jax.tree.leaves(xs) if isinstance(x, Number)), None)
        return Number(over_arrays(*map(_array, xs)), decide) if decide else function(*xs)

    return on_numbers


def _array(x: Any) -> Any:
    """The array of a Number; of several, one array with an axis more."""
    if isinstance(x, (list, tuple)):
        return jnp.stack(jnp.broadcast_arrays(*map(_array, x)))
    return x.array if isinstance(x, Number) else x


ARITHMETIC = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv")
for _name in (*ARITHMETIC, "lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs"):
    _python = getattr(operator, _name)
    _jax = {"truediv": jnp.divide, "pow": jnp.power}.get(_name, _python)
    setattr(Number, f"__{_name}__", lifted(_jax, _python))
    if _name in ARITHMETIC:
        setattr(Number, f"__r{_name}__", lifted(lambda a, b, compute=_jax: compute(b, a), _python))


# --- functions written out for arrays; operands of any number are the first axis -------------------------------------


_sum, _max, _min = (partial(f, axis=0) for f in (jnp.sum, jnp.max, jnp.min))


def _prod(x: Any) -> Any:
    """As `reductions.prod`: exponents added apart where the plain product leaves the range."""
    plain, (mantissas, exponents) = jnp.prod(x, axis=0), jnp.frexp(x)
    apart = jnp.ldexp(jnp.prod(mantissas, axis=0), _sum(exponents))
    usual = (jnp.abs(plain) > 1e-290) & jnp.isfinite(plain)
    return jnp.where(usual | ~jnp.all(jnp.isfinite(x), axis=0), plain, apart)


def _scale_and_length(x: Any) -> tuple[Any, Any]:
    """A number as large as the largest of x, and the length of x in units of it."""
    top = _max(jnp.abs(x))
    scale = jnp.where((top > 0.0) & jnp.isfinite(top), top, 1.0)
    return scale, jnp.sqrt(_sum((x / scale) ** 2))


def _length(x: Any) -> Any:
    scale, length = _scale_and_length(x)
    return jnp.where(jnp.any(jnp.isinf(x), axis=0), jnp.inf, scale * length)


def _norm_slope(x: Any) -> Any:
    scale, length = _scale_and_length(x)
    return jnp.where(length == 0.0, 0.0, x[0] / scale / length)


def _top_and_rest(x: Any) -> tuple[Any, Any]:
    """The largest, and what the others add to it in logsumexp."""
    top = _max(x)
    others = jnp.arange(len(x)).reshape(-1, *[1] * top.ndim) != jnp.argmax(x, axis=0)
    rest = jnp.log1p(_sum(jnp.where(others, jnp.exp(x - top), 0.0)))
    return top, jnp.where(jnp.isinf(top), 0.0, rest)


def _log_softmax(x: Any) -> Any:
    top, rest = _top_and_rest(x)
    return (x[0] - top) - rest


def _div_slope(a: Any, b: Any) -> Any:
    """As `slopes.div_slope`. The barrier keeps XLA from turning a / b / b into a / (b * b), which overflows."""
    q = jax.lax.optimization_barrier(jnp.divide(a, b))  # type: ignore[no-untyped-call]
    return jnp.where((jnp.abs(q) < 1e-290) & (jnp.abs(b) < 1.0) & (b * b > 0.0), jnp.divide(a, b * b), q / b)


def _power_product(factor: Any, a: Any, b: Any, k: Any) -> Any:
    """As `slopes._power_product`, whose ways are too many to call it once for each."""
    shifted = b - k
    back = shifted - b
    whole = ((b - (shifted - back)) + (-k - back) == 0.0) | (jnp.abs(b) > 1e17)
    y = jnp.where(whole, jnp.power(a, shifted), jnp.divide(jnp.power(a, b), jnp.power(a, k)))
    half = jnp.power(jnp.abs(a), 0.5 * jnp.where(whole, b - k, b))
    steps = jnp.where(whole, 0.0, k)
    wide = jnp.divide(factor * half, jnp.where(steps > 0.0, jnp.abs(a), 1.0)) * half
    wide = jnp.where(steps > 1.0, jnp.divide(wide, jnp.power(jnp.abs(a), steps - 1.0)), wide)
    sign = jnp.where((a < 0.0) & (jnp.fmod(b - k, 2.0) != 0.0), -1.0, 1.0)
    plain = jnp.isnan(y) | (jnp.abs(y) > 1e-290) & jnp.isfinite(y) | (half == 0.0) | jnp.isinf(half)
    result = jnp.where(plain, factor * y, sign * wide)
    edge = (a == 0.0) | jnp.isinf(a) | jnp.isinf(b) | ~jnp.isfinite(factor)
    limit = jnp.power(a, b - k)
    limit = jnp.where((limit == 0.0) & ~jnp.isinf(b), 0.0, factor * limit)
    return jnp.where(edge, limit, jnp.where((a < 0.0) & (b != jnp.floor(b)), jnp.nan, result))


SAME_NAME = (
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "pow",
    "floor", "ceil", "trunc", "copysign", "fmod", "ldexp", "hypot", "isfinite", "isnan", "isinf", "fabs",
)  # fmt: skip
OVER_ARRAYS: dict[Any, Function] = {
    **{getattr(math, name): getattr(jnp, name) for name in SAME_NAME},
    **{f: f for f in (operator.add, operator.sub, operator.mul, operator.neg)},
    operator.truediv: jnp.divide,
    float: lambda x: x,
    math.erf: jax_special.erf,
    math.erfc: jax_special.erfc,
    math.fsum: _sum,
    math.prod: _prod,
    ieee.length: _length,
    ieee.scaled_sum: lambda x, scale: _sum(x * scale),
    reductions.prod: _prod,
    reductions.max_: _max,
    reductions.min_: _min,
    reductions.logsumexp: lambda x: operator.add(*_top_and_rest(x)),
    reductions.softmax: partial(jax.nn.softmax, axis=0),
    reductions.log_softmax_first: _log_softmax,
    slopes.norm_slope: _norm_slope,
    slopes.div_slope: _div_slope,
    slopes._power_product: _power_product,
}
MATH = SimpleNamespace(**vars(math) | {f.__name__: for_numbers(f) for f in OVER_ARRAYS if f in vars(math).values()})
BUILTINS: dict[str, Any] = {
    "__builtins__": __builtins__,
    "max": lambda *xs: for_numbers(reductions.max_)(xs if len(xs) > 1 else xs[0]),
    "min": lambda *xs: for_numbers(reductions.min_)(xs if len(xs) > 1 else xs[0]),
    "int": lifted(lambda x: x.astype(int), int),
    "float": lifted(lambda x: x, float),
}

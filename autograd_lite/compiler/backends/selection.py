"""The table's forward functions for arrays of JAX: every `if` becomes a selection, and each element goes its own way.

A function is called once for each way through it. Its numbers are arrays that note which conditions it asks for, and
answer as planned; what the ways come to is put together by `where`. So it needs no source, and loops are unrolled.
"""

import dis
import math
import operator
import types
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special as jax_special

from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.numeric import ieee, reductions, slopes

Function = Callable[..., Any]


@cache
def lowered(forward: Any) -> Function:
    """A forward function, of the table or of a user, for arrays; operands of any number as one array, or as a list."""
    return OVER_ARRAYS[forward] if forward in OVER_ARRAYS else selecting(rebound(forward))


@cache
def rebound(function: Any) -> Function:
    """The function for Numbers: what it calls stands for functions of arrays too."""
    if function in OVER_ARRAYS:
        return lifted(OVER_ARRAYS[function])
    if hasattr(function, "ieee_version_of"):
        return rebound(function.ieee_version_of)
    if function in MATH:
        return lifted(getattr(ARRAY_MATH, function.__name__))
    if not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
        raise CannotRunError(f"JAX is given plain Python functions, not {function!r}: use backend='python'")
    code, outside = function.__code__, function.__globals__
    names = {name: _bound(outside[name]) for name in _names_in(code) & outside.keys()}
    cells = tuple(types.CellType(_bound(cell.cell_contents)) for cell in function.__closure__ or ())
    return types.FunctionType(code, BUILTINS | names, function.__name__, function.__defaults__, cells)


def _bound(x: Any) -> Any:
    if x is math:
        return LIFTED_MATH
    return rebound(x) if callable(x) and not isinstance(x, type) else x


def _names_in(code: types.CodeType) -> set[str]:
    """The globals that code reads, in the functions written inside it too."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return own.union(*[_names_in(x) for x in code.co_consts if isinstance(x, types.CodeType)])


# --- one call for each way through a function ----------------------------------------------------------------------


class Ways:
    """The conditions that a function asks for in one call, and the answers it gets: those planned, then yes."""

    def __init__(self, answers: list[bool]) -> None:
        self.answers = answers
        self.conditions: list[Any] = []

    def answer(self, condition: Any) -> bool:
        self.conditions.append(condition)
        if len(self.conditions) > len(self.answers):
            self.answers.append(True)
        return self.answers[len(self.conditions) - 1]


class Number:
    """An array that takes part in arithmetic, and in conditions, as a number does."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any, ways: Ways) -> None:
        self.array, self.ways = array, ways

    def __bool__(self) -> bool:
        return self.ways.answer(self.array != 0)

    def __int__(self) -> int:
        raise TypeError("a whole number that is known only when the program runs")


def selecting(function: Function) -> Function:
    """`function`, which may branch on its operands, for arrays."""

    def run(xs: Sequence[Any], planned: list[bool]) -> Any:
        ways = Ways([*planned])
        result = _arrays(function(*[_given(x, ways) for x in xs]))
        for place in reversed(range(len(planned), len(ways.conditions))):
            otherwise, condition = run(xs, [*ways.answers[:place], False]), ways.conditions[place]
            result = jax.tree.map(lambda a, b, c=condition: jnp.where(c, a, b), result, otherwise)
        return result

    return lambda *xs: run(xs, [])


def lifted(function: Function) -> Function:
    """A function of arrays as one of Numbers. Of plain numbers it is computed at once."""

    def on_numbers(*xs: Any) -> Any:
        numbers = [x for group in xs for x in (group if isinstance(group, (list, tuple)) else [group])]
        ways = next((x.ways for x in numbers if isinstance(x, Number)), None)
        if ways is None:
            with jax.ensure_compile_time_eval():
                return float(function(*map(_arrays, xs)))
        return jax.tree.map(lambda y: Number(y, ways), function(*map(_arrays, xs)))

    return on_numbers


def _given(x: Any, ways: Ways) -> Any:
    if isinstance(x, (list, tuple)):
        return [_given(y, ways) for y in x]
    return x if isinstance(x, (float, int)) else Number(x, ways)


def _arrays(x: Any) -> Any:
    """The arrays of Numbers; a list of them as one."""
    if isinstance(x, list):
        return jnp.stack(jnp.broadcast_arrays(*map(_arrays, x)))
    if isinstance(x, tuple):
        return tuple(map(_arrays, x))
    return x.array if isinstance(x, Number) else x


for _name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv"):
    _compute = jnp.divide if _name == "truediv" else jnp.power if _name == "pow" else getattr(operator, _name)
    setattr(Number, f"__{_name}__", lifted(_compute))
    setattr(Number, f"__r{_name}__", lifted(lambda a, b, compute=_compute: compute(b, a)))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs"):
    setattr(Number, f"__{_name}__", lifted(getattr(operator, _name)))


# --- functions written out for arrays; operands of any number are the first axis -------------------------------------


def _stacked(xs: Any) -> Any:
    return jnp.stack(jnp.broadcast_arrays(*xs)) if isinstance(xs, (list, tuple)) else xs


def _sum(xs: Any) -> Any:
    return jnp.sum(_stacked(xs), axis=0)


def _mean(xs: Any) -> Any:
    x = _stacked(xs)
    total = jnp.sum(x, axis=0)
    return jnp.where(jnp.isinf(total), jnp.sum(x * 2.0**-64, axis=0) / len(x) * 2.0**64, total / len(x))


def _dot(v: Any) -> Any:
    v = _stacked(v)
    n = len(v) // 2
    return jnp.sum(v[:n] * v[n : 2 * n], axis=0) + (v[-1] if len(v) % 2 else 0.0)


def _prod(xs: Any) -> Any:
    """As `reductions.prod`: exponents added apart where the plain product leaves the range."""
    x = _stacked(xs)
    plain, (mantissas, exponents) = jnp.prod(x, axis=0), jnp.frexp(x)
    apart = jnp.ldexp(jnp.prod(mantissas, axis=0), jnp.sum(exponents, axis=0))
    usual = (jnp.abs(plain) > 1e-290) & jnp.isfinite(plain)
    return jnp.where(usual | ~jnp.all(jnp.isfinite(x), axis=0), plain, apart)


def _scale_and_length(x: Any) -> tuple[Any, Any]:
    """A number as large as the largest of x, and the length of x in units of it."""
    top = jnp.max(jnp.abs(x), axis=0)
    scale = jnp.where((top > 0.0) & jnp.isfinite(top), top, 1.0)
    return scale, jnp.sqrt(jnp.sum((x / scale) ** 2, axis=0))


def _length(xs: Any) -> Any:
    x = _stacked(xs)
    scale, length = _scale_and_length(x)
    return jnp.where(jnp.any(jnp.isinf(x), axis=0), jnp.inf, scale * length)


def _norm_slope(xs: Any) -> Any:
    x = _stacked(xs)
    scale, length = _scale_and_length(x)
    return jnp.where(length == 0.0, 0.0, x[0] / scale / length)


def _top_and_rest(xs: Any) -> tuple[Any, Any]:
    """The largest, and what the others add to it in logsumexp."""
    x = _stacked(xs)
    top = jnp.max(x, axis=0)
    others = jnp.arange(len(x)).reshape(-1, *[1] * top.ndim) != jnp.argmax(x, axis=0)
    rest = jnp.log1p(jnp.sum(jnp.where(others, jnp.exp(x - top), 0.0), axis=0))
    return top, jnp.where(jnp.isinf(top), 0.0, rest)


def _logsumexp(xs: Any) -> Any:
    top, rest = _top_and_rest(xs)
    return top + rest


def _log_softmax(xs: Any) -> Any:
    top, rest = _top_and_rest(xs)
    return (xs[0] - top) - rest


def _softmax(xs: Any) -> Any:
    return jax.nn.softmax(_stacked(xs), axis=0)


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


def _any_of(choose: Function) -> Function:
    return lambda *xs: choose(_stacked(xs if len(xs) > 1 else xs[0]), axis=0)


MATH = {function for function in vars(math).values() if callable(function)}
ARRAY_MATH = types.ModuleType("array_math")
for _name in (
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "pow",
    "floor", "ceil", "trunc", "copysign", "fmod", "ldexp", "hypot", "isfinite", "isnan", "isinf", "fabs",
):  # fmt: skip
    setattr(ARRAY_MATH, _name, getattr(jnp, _name))
vars(ARRAY_MATH).update(erf=jax_special.erf, erfc=jax_special.erfc, fsum=_sum, prod=_prod)
LIFTED_MATH = types.ModuleType("lifted_math")
for _name, _value in vars(math).items():
    setattr(LIFTED_MATH, _name, lifted(getattr(ARRAY_MATH, _name)) if hasattr(ARRAY_MATH, _name) else _value)
BUILTINS: dict[str, Any] = {
    "__builtins__": __builtins__,
    "max": lifted(_any_of(jnp.max)),
    "min": lifted(_any_of(jnp.min)),
    "int": lambda x: lifted(lambda y: y.astype(int))(x) if isinstance(x, Number) else int(x),
    "float": lambda x: x if isinstance(x, Number) else float(x),
}
OVER_ARRAYS: dict[Any, Function] = {
    operator.add: operator.add,
    operator.sub: operator.sub,
    operator.mul: operator.mul,
    operator.neg: operator.neg,
    operator.truediv: jnp.divide,
    ieee.div: jnp.divide,
    float: lambda x: x,
    ieee.fsum: _sum,
    ieee.length: _length,
    reductions.norm: _length,
    reductions.mean: _mean,
    reductions.prod: _prod,
    reductions.dot: _dot,
    reductions.max_: lambda xs: jnp.max(_stacked(xs), axis=0),
    reductions.min_: lambda xs: jnp.min(_stacked(xs), axis=0),
    reductions.logsumexp: _logsumexp,
    reductions.softmax: _softmax,
    reductions.softmax_first: lambda xs: _softmax(xs)[0],
    reductions.softmax_rest: lambda xs: jnp.sum(_softmax(xs)[1:], axis=0),
    reductions.log_softmax_first: _log_softmax,
    slopes.norm_slope: _norm_slope,
    slopes.div_slope: _div_slope,
    slopes._power_product: _power_product,
}

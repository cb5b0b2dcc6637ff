"""Programs as functions of JAX: for `jax.jit`, for any device, and sharded over many.

`function(f, *args)` gives the JAX function; `jit(f, backend="jax")` runs it on this machine. Numbers are of 64 bits:
JAX's setting `jax_enable_x64` is switched on.

Results are not bit for bit those of the other backends. XLA has functions of its own: `exp`, `tanh` and their like
differ in the last digit or two, `erfc` and what is made of it by up to 1e-13 in the tails. It regroups sums and
quotients, and takes subnormal numbers, those below 2.3e-308, for 0. All else is within 1e-12 of eager, measured
beside the largest of the terms where some cancel.
"""

import math
import operator
import types
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special as jax_special

from autograd_lite.compiler.backends.selects import rewritten
from autograd_lite.compiler.fuse import LANE_DOT, PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, SUM
from autograd_lite.compiler.ir import CannotRunError, Program
from autograd_lite.compiler.tracer import LANE, LANE_SUM, STACK
from autograd_lite.core.primitives import Primitive
from autograd_lite.numeric import ieee, reductions, slopes

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]


def load(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of its inputs in order: numbers, lists of numbers, NumPy arrays."""
    compiled = jax.jit(traceable(program))
    return lambda inputs: np.asarray(compiled([np.asarray(x, dtype=float) for x in inputs]))


def function(f: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """f, recorded for arguments like these, as a function of JAX arrays: for `jax.jit`, `jax.vmap` and shardings.

    Results are arrays of JAX, in the structure of f's result.
    """
    from autograd_lite.compiler.jitted import assemble, jit

    recording = jit(f).recording_for(args, {}, [])
    run = traceable(recording.program)

    def on_arrays(*args: Any) -> Any:
        return assemble(recording.out, run(list(_leaves(args))))

    return on_arrays


def _leaves(tree: Any) -> Iterator[Any]:
    """The numbers and arrays of a tree, in the order in which they were recorded."""
    if isinstance(tree, (list, tuple, dict)):
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(child)
    else:
        yield tree


def traceable(program: Program) -> Callable[[Sequence[Any]], Any]:
    """The program as a function of arrays that JAX can trace, which returns the outputs in one array."""
    code = program.code

    def run(inputs: Sequence[Any]) -> Any:
        registers: dict[int, Any] = {}
        source: list[tuple[Any, int]] = []  # of each input: the array and the place in it
        if program.rows:
            block, *inputs = inputs
            registers |= dict(enumerate(jnp.reshape(block, (program.rows, -1)), program.singles))
        for x in inputs:
            source += [(x, i) for i in range(np.size(x))]
        for i, (x, place) in enumerate(source):
            registers[i] = x if np.ndim(x) == 0 else Element(x, place)
        registers |= dict(enumerate(program.constants, program.inputs))
        for i, target in enumerate(code.targets):
            primitive, xs = code.primitives[code.codes[i]], code.operands_of(i).tolist()
            registers[target] = _apply(primitive, xs, registers)
        outputs = [jnp.asarray(_read(registers[i]), dtype=float) for i in program.outputs]
        if not any(program.wide):
            return jnp.stack(outputs)
        shapes = [(program.lanes,) if wide else (1,) for wide in program.wide]
        return jnp.concatenate([jnp.broadcast_to(y, shape) for y, shape in zip(outputs, shapes)])

    return run


class Element:
    """A number inside an input array, taken out when it is needed."""

    def __init__(self, array: Any, place: int) -> None:
        self.array, self.place = array, place

    def read(self) -> Any:
        return self.array.reshape(-1)[self.place]


def _read(x: Any) -> Any:
    return x.read() if isinstance(x, Element) else x


def _apply(primitive: Primitive, operands: list[int], registers: dict[int, Any]) -> Any:
    xs = [registers[x if x >= 0 else -1 - x] for x in operands]
    if primitive is STACK:
        return _stack(xs)
    xs = [_read(x) for x in xs]
    if primitive in (SUM, LANE_SUM):
        return sum(xs, -0.0) if primitive is SUM else jnp.sum(xs[0])
    if primitive is LANE:
        return xs[0][int(xs[1])]
    if primitive is LANE_DOT:
        return jnp.sum(adjoint_product(*xs))
    if primitive in (PAIRS, STOPPING_PAIRS):
        product = adjoint_product if primitive is STOPPING_PAIRS else _product
        return sum((product(a, b) for a, b in zip(xs[::2], xs[1::2])), -0.0)
    if primitive in (PRODUCTS, STOPPING_PRODUCTS):
        product = adjoint_product if primitive is STOPPING_PRODUCTS else _product
        ends = [k + 1 for k, x in enumerate(operands) if x < 0]
        return sum((reduce(product, xs[a:b]) for a, b in zip([0, *ends], ends)), -0.0)
    forward = lowered(primitive.forward)
    return forward(xs) if primitive.arity is None else forward(*xs)


def _stack(xs: Sequence[Any]) -> Any:
    """One entry for each lane. A column of an input array is taken as a whole, so that it can stay sharded."""
    first = xs[0]
    if all(isinstance(x, Element) and x.array is first.array for x in xs) and first.array.size % len(xs) == 0:
        table = first.array.reshape(len(xs), -1)
        if [x.place for x in xs] == list(range(first.place, first.array.size, table.shape[1])):
            return table[:, first.place]
    return jnp.stack([jnp.asarray(_read(x), dtype=float) for x in xs])


def _product(a: Any, b: Any) -> Any:
    return a * b


def adjoint_product(g: Any, x: Any) -> Any:
    return jnp.where(g == 0.0, 0.0, g * x)


# --- forward functions ---------------------------------------------------------------------------------------------


def lowered(forward: Any) -> Any:
    """A forward function of the table, or of a user, for arrays."""
    if forward in LOWERED:
        return LOWERED[forward]
    if hasattr(forward, "ieee_version_of"):
        result = lowered(forward.ieee_version_of)
    elif forward in MATH:
        result = getattr(ARRAY_MATH, forward.__name__)
    elif not isinstance(forward, types.FunctionType) or hasattr(forward, "__wrapped__"):
        raise CannotRunError(f"JAX is given plain Python functions, not {forward!r}: use backend='python'")
    else:
        code = forward.__code__
        namespace = {name: _bound(forward.__globals__[name]) for name in names_in(code) & forward.__globals__.keys()}
        cells = dict(zip(code.co_freevars, [cell.cell_contents for cell in forward.__closure__ or ()]))
        result = rewritten(forward, {**BUILTINS, **cells, **namespace})
    LOWERED[forward] = result
    return result


def _bound(x: Any) -> Any:
    if x is math:
        return ARRAY_MATH
    return lowered(x) if callable(x) and not isinstance(x, type) else x


def select(condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """What `if` is for arrays. A condition on constants is decided at once."""
    if isinstance(condition, (bool, int, float, np.bool_)):
        return then() if condition else otherwise()
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), then(), otherwise())


def _logic(neutral: bool, combine: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`and` or `or`, which ends at a constant other than its neutral element."""

    def combined(*conditions: Callable[[], Any]) -> Any:
        result: Any = neutral
        for condition in conditions:
            result = _known(condition()) if result is neutral else combine(result, condition())
            if result is (not neutral):
                break
        return result

    return combined


def _known(condition: Any) -> Any:
    return bool(condition) if isinstance(condition, (bool, np.bool_)) else condition


def _over(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *xs: reduce(function, xs if len(xs) > 1 else xs[0])


def _stacked(xs: Any) -> Any:
    return jnp.stack(jnp.broadcast_arrays(*xs))


def _top_and_rest(xs: Any) -> tuple[Any, Any]:
    """The largest, and what the others add to it in logsumexp."""
    x = _stacked(xs)
    top = jnp.max(x, axis=0)
    others = jnp.arange(len(xs)).reshape(-1, *[1] * top.ndim) != jnp.argmax(x, axis=0)
    rest = jnp.log1p(jnp.sum(jnp.where(others, jnp.exp(x - top), 0.0), axis=0))
    return top, jnp.where(jnp.isinf(top), 0.0, rest)


def _softmax(xs: Any) -> Any:
    return jax.nn.softmax(_stacked(xs), axis=0)


def _prod(xs: Any) -> Any:
    """As `reductions.prod`: exponents added apart where the plain product leaves the range."""
    x = _stacked(xs)
    plain, (mantissas, exponents) = jnp.prod(x, axis=0), jnp.frexp(x)
    apart = jnp.ldexp(jnp.prod(mantissas, axis=0), jnp.sum(exponents, axis=0))
    usual = (jnp.abs(plain) > 1e-290) & jnp.isfinite(plain)
    return jnp.where(usual | ~jnp.all(jnp.isfinite(x), axis=0), plain, apart)


def _div_slope(a: Any, b: Any) -> Any:
    """As `slopes.div_slope`. The barrier keeps XLA from turning a / b / b into a / (b * b), which overflows."""
    q = jax.lax.optimization_barrier(jnp.divide(a, b))  # type: ignore[no-untyped-call]
    return jnp.where((jnp.abs(q) < 1e-290) & (jnp.abs(b) < 1.0) & (b * b > 0.0), jnp.divide(a, b * b), q / b)


BUILTINS: dict[str, Any] = {
    "select": select,
    "both": _logic(True, jnp.logical_and),
    "either": _logic(False, jnp.logical_or),
    "inverse": jnp.logical_not,
    "abs": jnp.abs,
    "max": _over(jnp.maximum),
    "min": _over(jnp.minimum),
    "int": lambda x: int(x) if isinstance(x, (int, float)) else x.astype(int),
}
ARRAY_MATH = types.ModuleType("array_math")
for _name in (
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "pow",
    "floor", "copysign", "fmod", "ldexp", "hypot", "isfinite", "fabs",
):  # fmt: skip
    setattr(ARRAY_MATH, _name, getattr(jnp, _name))
vars(ARRAY_MATH).update(erf=jax_special.erf, erfc=jax_special.erfc, inf=math.inf, nan=math.nan)
MATH = {function for function in vars(math).values() if callable(function)}
LOWERED: dict[Any, Any] = {
    float: lambda x: x,
    ieee.fsum: lambda xs: sum(xs, -0.0),
    ieee.length: lambda xs: reduce(jnp.hypot, [jnp.asarray(0.0), *xs]),
    reductions.prod: _prod,
    slopes.div_slope: _div_slope,
    reductions.dot: lambda v: sum(map(_product, v[: len(v) // 2], v[len(v) // 2 :]), v[-1] if len(v) % 2 else -0.0),
    reductions.logsumexp: lambda xs: _top_and_rest(xs)[0] + _top_and_rest(xs)[1],
    reductions.softmax: _softmax,
    reductions.log_softmax_first: lambda xs: (xs[0] - _top_and_rest(xs)[0]) - _top_and_rest(xs)[1],
}
for _name in ("add", "sub", "mul", "truediv", "neg"):
    LOWERED[getattr(operator, _name)] = getattr(operator, _name)
LOWERED[ieee.div] = jnp.divide


def names_in(code: types.CodeType) -> set[str]:
    """The global names and attributes that code mentions, and the functions written inside it."""
    return set(code.co_names).union(*[names_in(x) for x in code.co_consts if isinstance(x, types.CodeType)])

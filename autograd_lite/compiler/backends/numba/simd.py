# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped, attr-defined, misc, no-any-return"
"""Vectors of floats in compiled code: `load` and `store` some numbers that lie side by side, compute with all at once.

Each lane of a vector gets the bits that a float would get. Vectors are added, subtracted and multiplied;
`product_error` and `compensated` take vectors and floats.
"""

import operator
import platform
from collections.abc import Callable
from functools import partial
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

HAS_FMA = platform.machine().lower() not in ("x86_64", "amd64", "i386", "i686") or bool(
    llvmlite.binding.get_host_cpu_features().get("fma")
)
I64 = ir.IntType(64)


class Vector(types.Type):
    """So many floats."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Vector({width})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), kind.width))


def _operation(function: Callable[..., Any], write: str) -> None:
    @type_callable(function)
    def typer(context: Any) -> Any:
        return lambda a, b: a if isinstance(a, Vector) and a == b else None

    @lower_builtin(function, Vector, Vector)
    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, write)(*args)


_operation(operator.add, "fadd")
_operation(operator.sub, "fsub")
_operation(operator.mul, "fmul")


def of_width(width: int) -> tuple[Any, Any, Any]:
    """`load(m, i)`, `splat(x)` and `gathered(m, x, i)` that give vectors of this width."""
    kind = ir.VectorType(ir.DoubleType(), width)

    @intrinsic
    def load(context: Any, m: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), kind.as_pointer()), align=8)

        return Vector(width)(m, i), generate

    @intrinsic
    def splat(context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            empty = ir.Constant(kind, ir.Undefined)
            one = builder.insert_element(empty, args[0], ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width))

        return Vector(width)(x), generate

    @intrinsic
    def gathered(context: Any, m: Any, x: Any, i: Any) -> Any:
        """The numbers at the addresses that lie side by side in the index from i on."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            m, x, i = args
            found = ir.Constant(kind, ir.Undefined)
            for k in range(width):
                place = builder.zext(builder.load(builder.gep(x, [builder.add(i, I64(k))])), I64)
                found = builder.insert_element(found, builder.load(builder.gep(m, [place])), I64(k))
            return found

        return Vector(width)(m, x, i), generate

    return load, splat, gathered


@intrinsic
def store(context: Any, m: Any, i: Any, v: Any, n: Any) -> Any:
    """Write the first n lanes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        m, i, v, n = args
        place = builder.gep(m, [i])
        with builder.if_else(builder.icmp_unsigned("==", n, I64(v.type.count))) as (whole, part):
            with whole:
                builder.store(v, builder.bitcast(place, v.type.as_pointer()), align=8)
            with part:
                room = cgutils.alloca_once_value(builder, v)
                cgutils.raw_memcpy(builder, place, room, n, 8)
        return context.get_dummy_value()

    return types.void(m, i, v, types.uint64), generate


@intrinsic
def lane(context: Any, v: Any, j: Any) -> Any:
    """Lane j as a float."""
    return types.float64(v, j), lambda context, builder, signature, args: builder.extract_element(*args)


@intrinsic
def product_error(context: Any, a: Any, b: Any) -> Any:
    """What rounding took from a * b."""
    return a(a, b), lambda context, builder, signature, args: _product_error(builder, *args)


@intrinsic
def magnitude(context: Any, a: Any) -> Any:
    """|a|."""
    return a(a), lambda context, builder, signature, args: _call(builder, "fabs", *args)


@intrinsic
def squared(context: Any, a: Any, total: Any) -> Any:
    """a * a + total, in any way."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, total = args
        return _call(builder, "fmuladd", a, a, total)

    return total(a, total), generate


@intrinsic
def least(context: Any, a: Any, b: Any) -> Any:
    """The smaller of a and the magnitude of b, if b is not 0."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b = args
        size = _call(builder, "fabs", b)
        is_less = builder.and_(
            builder.fcmp_ordered("<", size, a), builder.fcmp_ordered(">", size, _number(b.type, 0.0))
        )
        return builder.select(is_less, size, a)

    return a(a, b), generate


@intrinsic
def compensated(
    context: Any, total: Any, errors: Any, product_errors: Any, squares: Any, bound: Any, lost: Any, smallest: Any
) -> Any:
    """A dot product from its plain total and what rounding took from it; nan where another digit may be right.

    The sizes of all terms add up to `bound` at most, and none but 0 is smaller than `smallest`. Of each term rounding
    took `lost` of the bound at most, all in all.
    """
    return total(*[total] * 7), lambda context, builder, signature, args: _compensated(builder, *args)


@intrinsic
def has_nan(context: Any, v: Any, n: Any) -> Any:
    """Whether one of the first n lanes is nan."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v, n = args
        lanes = builder.bitcast(builder.fcmp_unordered("uno", v, v), ir.IntType(v.type.count))
        inside = builder.not_(builder.shl(I64(-1), n))
        return builder.icmp_unsigned("!=", builder.and_(builder.zext(lanes, I64), inside), I64(0))

    return types.boolean(v, types.uint64), generate


def _product_error(builder: Any, a: Any, b: Any) -> Any:
    """In one instruction where the machine has it, else as `two_product` does."""
    product = builder.fmul(a, b)
    if HAS_FMA:
        return _call(builder, "fma", a, b, builder.fneg(product))
    (a_high, a_low), (b_high, b_low) = _halves(builder, a), _halves(builder, b)
    error = builder.fsub(builder.fmul(a_high, b_high), product)
    for x, y in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):
        error = builder.fadd(error, builder.fmul(x, y))
    return error


def _halves(builder: Any, x: Any) -> tuple[Any, Any]:
    s = builder.fmul(_number(x.type, 134217729.0), x)
    high = builder.fsub(s, builder.fsub(s, x))
    return high, builder.fsub(x, high)


def _compensated(
    builder: Any, total: Any, errors: Any, product_errors: Any, squares: Any, bound: Any, lost: Any, smallest: Any
) -> Any:
    """Where the terms cancel, with the rounding errors of the products.

    It is right if terms are not near the ends of the range, do not all cancel, and no error of the errors would show.
    The errors are multiples of the last digit of the smallest term: if that is large enough, they add up exactly.
    """

    def less(a: Any, b: Any) -> Any:
        return builder.fcmp_ordered("<", a, b)

    number, together = partial(_number, total.type), builder.fadd(total, errors)
    size, slack = builder.fmul(together, together), builder.fmul(lost, bound)
    cancel = less(builder.fmul(number(16.0), size), squares)
    is_exact = builder.and_(less(slack, smallest), builder.not_(cancel))
    error = builder.select(cancel, builder.fadd(errors, product_errors), errors)
    slack = builder.select(is_exact, number(0.0), builder.fmul(lost, slack))
    result = builder.fadd(total, builder.fadd(error, slack))
    is_right = builder.fcmp_ordered("==", result, builder.fadd(total, builder.fsub(error, slack)))
    bounds = (number(1e-280), squares), (squares, number(1e280)), (squares, builder.fmul(number(1e15), size))
    for pair in bounds:
        is_right = builder.and_(is_right, less(*pair))
    return builder.select(is_right, result, number(float("nan")))


def _call(builder: Any, name: str, *args: Any) -> Any:
    """An instruction of LLVM's by its name."""
    kind = args[0].type
    name = f"llvm.{name}.{'f64' if kind == ir.DoubleType() else f'v{kind.count}f64'}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * len(args)), name)
    return builder.call(function, args)


def _number(kind: Any, x: float) -> Any:
    return ir.Constant(kind, x if kind == ir.DoubleType() else [x] * kind.count)

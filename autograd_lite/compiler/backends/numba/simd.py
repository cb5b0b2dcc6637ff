# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped, attr-defined, misc, no-any-return"
"""Vectors of floats in compiled code: `load` and `store` some numbers that lie side by side, compute with all at once.

Each lane of a vector gets the bits that a float would get. Vectors are added, subtracted and multiplied; the functions
`product_error`, `corrected` and `is_usual` take vectors and floats.
"""

import operator
import platform
from collections.abc import Callable
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


def of_width(width: int) -> tuple[Any, Any]:
    """`load(m, i)` and `splat(x)` that give vectors of this width."""
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

    return load, splat


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


def _formula(write: Callable[..., Any], count: int, result: Any = None) -> Any:
    """An intrinsic; `write(builder, *args)` writes what computes the result from `count` operands of one type."""

    def typed(*kinds: Any) -> Any:
        kinds = (*kinds[:count], *[types.uint64] * len(kinds[count:]))
        return (result or kinds[0])(*kinds), lambda context, builder, signature, args: write(builder, *args)

    if count == 4:
        return intrinsic(lambda context, a, b, c, d: typed(a, b, c, d))
    if result:
        return intrinsic(lambda context, a, b, n: typed(a, b, n))
    return intrinsic(lambda context, a, b: typed(a, b))


def _product_error(builder: Any, a: Any, b: Any) -> Any:
    """What rounding took from a * b: in one instruction where the machine has it, else as `two_product` does."""
    product = builder.fmul(a, b)
    if HAS_FMA:
        name = "f64" if a.type == ir.DoubleType() else f"v{a.type.count}f64"
        kind = ir.FunctionType(a.type, [a.type] * 3)
        fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.{name}")
        return builder.call(fma, [a, b, builder.fneg(product)])
    (a_high, a_low), (b_high, b_low) = _halves(builder, a), _halves(builder, b)
    error = builder.fsub(builder.fmul(a_high, b_high), product)
    for x, y in ((a_high, b_low), (a_low, b_high), (a_low, b_low)):
        error = builder.fadd(error, builder.fmul(x, y))
    return error


def _halves(builder: Any, x: Any) -> tuple[Any, Any]:
    s = builder.fmul(_number(x.type, 134217729.0), x)
    high = builder.fsub(s, builder.fsub(s, x))
    return high, builder.fsub(x, high)


def _corrected(builder: Any, total: Any, errors: Any, product_errors: Any, squares: Any) -> Any:
    """A dot product from its plain total; where the terms cancel, with the rounding errors of the products."""
    size = builder.fmul(_number(total.type, 16.0), builder.fmul(total, total))
    both = builder.fadd(errors, product_errors)
    return builder.fadd(total, builder.select(builder.fcmp_ordered("<", size, squares), both, errors))


def _is_usual(builder: Any, total: Any, squares: Any, n: Any) -> Any:
    """Whether in the first n lanes `corrected` is right: no terms near the ends of the range, none that all cancel."""
    most = builder.fmul(_number(total.type, 1e15), builder.fmul(total, total))
    bounds = [("<", _number(total.type, 1e280)), (">", _number(total.type, 1e-280)), ("<", most)]
    first, *rest = (builder.fcmp_ordered(comparison, squares, bound) for comparison, bound in bounds)
    for condition in rest:
        first = builder.and_(first, condition)
    if first.type == ir.IntType(1):
        return first
    lanes = builder.zext(builder.bitcast(first, ir.IntType(first.type.count)), I64)
    return builder.icmp_unsigned("==", builder.or_(lanes, builder.shl(I64(-1), n)), I64(-1))


def _number(kind: Any, x: float) -> Any:
    return ir.Constant(kind, x if kind == ir.DoubleType() else [x] * kind.count)


product_error = _formula(_product_error, 2)
corrected = _formula(_corrected, 4)
is_usual = _formula(_is_usual, 2, types.boolean)

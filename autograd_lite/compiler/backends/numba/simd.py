# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped, attr-defined, misc, no-any-return"
"""Vectors of floats in compiled code: `load` and `store` some numbers that lie side by side, compute with all at once.

Each lane of a vector gets the bits that a float would get. The functions take floats as well, as vectors of one.
"""

import platform
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

HAS_FMA = platform.machine().lower() not in ("x86_64", "amd64", "i386", "i686") or bool(
    llvmlite.binding.get_host_cpu_features().get("fma")
)


class Vector(types.Type):
    """So many floats."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Vector({width})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), kind.width))


def of_width(width: int) -> tuple[Any, Any]:
    """`load(m, i)` and `splat(x)` that give vectors of this width."""
    kind = types.float64 if width == 1 else Vector(width)

    @intrinsic
    def load(context: Any, m: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            place = _place(builder, args, context.get_data_type(kind), context, signature)
            return builder.load(place, align=8)

        return kind(m, i), generate

    @intrinsic
    def splat(context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _all_lanes(builder, args[0], width)

        return kind(x), generate

    return load, splat


@intrinsic
def store(context: Any, m: Any, i: Any, v: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _place(builder, args, args[2].type, context, signature), align=8)
        return context.get_dummy_value()

    return types.void(m, i, v), generate


def _place(builder: Any, args: Any, kind: Any, context: Any, signature: Any) -> Any:
    """A pointer to entry i of array m."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), kind.as_pointer())


def _all_lanes(builder: Any, x: Any, width: int) -> Any:
    if width == 1:
        return x
    empty = ir.Constant(ir.VectorType(x.type, width), ir.Undefined)
    one = builder.insert_element(empty, x, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width))


def _compute(count: int, write: Callable[..., Any], result: Any = None) -> Any:
    """An intrinsic over `count` vectors of one type; `write(builder, *vectors)` writes what computes the result."""

    def typed(*kinds: Any) -> Any:
        signature = (result or kinds[0])(*kinds)
        return signature, lambda context, builder, signature, args: write(builder, *args)

    if count == 2:
        return intrinsic(lambda context, a, b: typed(a, b))
    return intrinsic(lambda context, a, b, c, d: typed(a, b, c, d))


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


def _is_usual(builder: Any, total: Any, squares: Any) -> Any:
    """Whether in all lanes `corrected` is right: no terms near the ends of the range, none that cancel altogether."""
    most = builder.fmul(_number(total.type, 1e15), builder.fmul(total, total))
    bounds = [("<", _number(total.type, 1e280)), (">", _number(total.type, 1e-280)), ("<", most)]
    first, *rest = (builder.fcmp_ordered(comparison, squares, bound) for comparison, bound in bounds)
    for condition in rest:
        first = builder.and_(first, condition)
    if first.type == ir.IntType(1):
        return first
    count = first.type.count
    return builder.icmp_unsigned("==", builder.bitcast(first, ir.IntType(count)), ir.Constant(ir.IntType(count), -1))


def _number(kind: Any, x: float) -> Any:
    return ir.Constant(kind, x if kind == ir.DoubleType() else [x] * kind.count)


add = _compute(2, lambda builder, a, b: builder.fadd(a, b))
sub = _compute(2, lambda builder, a, b: builder.fsub(a, b))
mul = _compute(2, lambda builder, a, b: builder.fmul(a, b))
product_error = _compute(2, _product_error)
corrected = _compute(4, _corrected)
is_usual = _compute(2, _is_usual, types.boolean)

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped, attr-defined"
"""What Numba makes of each kernel: the object file of a function of three addresses, which returns 0 if all is well."""

from typing import Any

from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd_lite.compiler.backends.numba import kernels, machine, scalars
from autograd_lite.compiler.backends.numba.functions import compiled, compiles, new, release
from autograd_lite.compiler.backends.numba.scalars import OURS
from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.core.primitives import Primitive

POINTERS = tuple(map(types.CPointer, (types.uint64, types.uint32, types.float64)))

MAP = """
def map(o, x, m):
    t, n = o[0], o[1]
{places}
    for p in range(n):
        m[t + p] = f({numbers})
"""
CALL = """
def call(o, x, m):
    t, n, w, k, at, by = o[0], o[1], o[2], o[3], o[4], o[5]
    room = new(k)
    v = carray(room, k)
    for p in range(n):
        for q in range(w):
            for j in range(k):
                v[j] = m[U(x[at + k * p + j]) + q * U(x[by + j])]
            m[t + w * p + q] = f(v)
    release(room)
"""
PART = """
def part(o, x, m):
    b, end, step, size, n, lanes, rows = o[0], o[1], o[2], o[3], o[4], o[5], o[6]
    outs, t, sums, out = o[7], o[8], o[9], o[10]
    totals, code, index, inner = pointer(o[11], m), pointer(o[13], o), pointer(o[14], x), pointer(o[15], m)
    while b < end:
        q = size * b
        for p in range(rows):
            for j in range(n):
                inner[n * p + j] = m[U(x[p]) + q + j]
        if call(o[12], code, index, inner) != 0:
            raise ArithmeticError
        for p in range(outs):
            for j in range(n):
                m[t + lanes * p + q + j] = inner[out + n * p + j]
        for j in range(sums):
            totals[sums * b + j] = inner[out + n * outs + j]
        b += step
"""


def object_code(kind: str, primitive: Primitive | None) -> bytes:
    """The kernel of this kind, for a map or a call of this primitive."""
    try:
        dispatcher = compiles(function(kind, primitive))
        dispatcher.compile(types.void(*POINTERS))
    except Exception as error:  # whatever a compiler raises: it has many errors, without a base in common
        if primitive in OURS:
            raise
        raise CannotRunError(f"Numba cannot compile the forward function of {primitive}: {error}") from error
    name = dispatcher.overloads[POINTERS].fndesc.llvm_func_name
    return machine.emit(dispatcher.inspect_llvm(POINTERS), name)


def function(kind: str, primitive: Primitive | None) -> Any:
    """The same in Python."""
    if kind == "run":
        names = {f"f{scalars.NUMBER[p]}": compiled(p.forward) for p in scalars.FREQUENT}
        return written("run", scalars.loop_source(), names | {"call": call, "total": kernels.total})
    if kind == "part":
        return written("part", PART, {"call": call, "pointer": pointer})
    if primitive is None:
        return getattr(kernels, kind)
    f = compiled(primitive.forward)
    if primitive.arity is None:
        return written("call", CALL, {"f": f, "new": new, "release": release, "carray": carray})
    places = "\n".join(f"    a{k} = o[{2 + k}]" for k in range(primitive.arity))
    numbers = ", ".join(f"m[a{k} + p]" for k in range(primitive.arity))
    return written("map", MAP.format(places=places, numbers=numbers), {"f": f})


def written(name: str, source: str, names: dict[str, Any]) -> Any:
    """A function from its source."""
    scope = names | {"U": kernels.U, "offset": kernels.offset, "__name__": __name__}
    exec(source, scope)
    return scope[name]


@intrinsic
def call(context: Any, address: Any, o: Any, x: Any, m: Any) -> Any:
    """Call the kernel at this address; what it returns."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        anything = ir.IntType(8).as_pointer()
        ignored = [cgutils.alloca_once(builder, anything) for _ in range(2)]  # a result, and why there is none
        pointers = [*ignored, *args[1:]]
        kind = ir.FunctionType(ir.IntType(32), [x.type for x in pointers])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), pointers)

    return types.int32(types.uint64, *POINTERS), generate


@intrinsic
def pointer(context: Any, address: Any, like: Any) -> Any:
    """What is at this address, of the kind of the other."""
    return like(types.uint64, like), lambda context, builder, signature, args: builder.inttoptr(args[0], args[1].type)

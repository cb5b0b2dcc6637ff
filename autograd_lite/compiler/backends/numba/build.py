# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped, attr-defined"
"""The source of each kernel, and what Numba makes of it: a C function of three addresses."""

from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from autograd_lite.compiler.backends.numba import kernels, scalars
from autograd_lite.compiler.backends.numba.functions import compiled, compiled_forward, named
from autograd_lite.compiler.backends.numba.scalars import OURS
from autograd_lite.core.primitives import Primitive

KERNEL = """{body}
body = compiles(body)

def kernel(o, x, m):
    body(carray(numbers(o), EVERYTHING), carray(index(x), EVERYTHING), carray(floats(m), EVERYTHING))
"""
RUN = """{body}
body = compiles(body)

def kernel(o, end, x, m):
    body(carray(signed(o), EVERYTHING), end, carray(index(x), EVERYTHING), carray(floats(m), EVERYTHING), o, x, m)
"""


def mapped(arity: int) -> str:
    """The source of the kernel that applies f to rows of numbers."""
    names = [f"a{k}" for k in range(arity)]
    places = "".join(f"    a{k} = o[{2 + k}]\n" for k in range(arity))
    numbers = ", ".join(f"m[{a} + p]" for a in names)
    return (
        f"def body(o, x, m):\n    t, n = o[0], o[1]\n{places}    for p in range(n):\n        m[t + p] = f({numbers})\n"
    )


CALLED = """
def body(o, x, m):
    t, n, w, k, at, l = o[0], o[1], o[2], o[3], o[4], o[5]
    v = empty(k)
    for p in range(n):
        for q in range(w):
            for j in range(k):
                v[j] = m[U(x[at + k * p + j]) + q * U(x[l + j])]
            m[t + w * p + q] = f(v)
"""


def source(kind: str, primitive: Primitive | None) -> tuple[str, dict[str, Any]]:
    """A kernel's source, and the names in it."""
    names: dict[str, Any] = {
        "carray": numba.carray,
        "numbers": numbers,
        "signed": signed,
        "index": index,
        "floats": floats,
        "EVERYTHING": (2**40,),
        "U": np.uint64,
    }
    if kind == "run":
        names |= {f"f{scalars.NUMBER[p]}": compiled(p.forward) for p in scalars.FREQUENT}
        return RUN.replace("{body}", scalars.loop_source()), names | {"call": call, "total": kernels.total}
    if primitive is None:
        return KERNEL.replace("{body}\nbody = compiles(body)\n", ""), names | {"body": getattr(kernels, kind)}
    f = compiled(primitive.forward) if primitive in OURS else compiled_forward(primitive)
    names |= {"f": f, "empty": np.empty}
    body = CALLED if primitive.arity is None else mapped(primitive.arity)
    return KERNEL.replace("{body}", body), names


def kernel(text: str, path: str, names: dict[str, Any], kind: str) -> Any:
    """The compiled C function, from the disk if it is there."""
    name = Path(path).stem
    names |= {"__name__": __name__, "compiles": lambda body: kernels.compiles(named(body, f"{name}_body"))}
    exec(compile(text, path, "exec"), names)
    arguments = [types.uint64, types.int64, types.uint64, types.uint64] if kind == "run" else [types.uint64] * 3
    function, signature = named(names["kernel"], name), types.void(*arguments)
    try:
        return numba.cfunc(signature, cache=True)(function)
    except Exception:  # a damaged file: what reading one raises has no base in common
        return numba.cfunc(signature)(function)


def _pointer(kind: Any) -> Any:
    @intrinsic
    def pointer(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(types.CPointer(kind)))

        return types.CPointer(kind)(address), generate

    return pointer


numbers, signed, index, floats = map(_pointer, (types.uint64, types.int64, types.uint32, types.float64))


@intrinsic
def call(context: Any, address: Any, o: Any, x: Any, m: Any) -> Any:
    """Call the kernel at this address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * 3)
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.uint64, types.uint64), generate

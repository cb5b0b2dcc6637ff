"""The source of the loop over all operations: frequent scalar instructions stand in it, all else it calls.

It reads whole numbers. A call is 0, the length of its entry, the address of the kernel, the kernel's numbers; a scalar
instruction is its own number, the address of its result, those of its operands.
"""

from autograd_lite.compiler.fused import PAIRS, PRODUCTS, STOPPING_PAIRS, STOPPING_PRODUCTS, SUM
from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive

SUMS = (SUM, PAIRS, STOPPING_PAIRS, PRODUCTS, STOPPING_PRODUCTS)  # number, target, count, operands
FREQUENT = (
    table.add,
    table.sub,
    table.mul,
    table.div,
    table.neg,
    table.adjoint_mul,
    table.relu,
    table.positive,
    table.where,
    table.stop,
)  # number, target, operands
NUMBER = {primitive: 1 + k for k, primitive in enumerate((*SUMS, *FREQUENT))}
OURS = {primitive: name for name, primitive in vars(table).items() if isinstance(primitive, Primitive)}


def loop_source() -> str:
    """The source of the loop: scalar instructions that are frequent stand in it, all else it calls."""
    lines = []
    for primitive in FREQUENT:
        code, count = NUMBER[primitive], primitive.arity or 0
        operands = ", ".join(f"m[o[p + {2 + k}]]" for k in range(count))
        lines += [f"        elif code == {code}:", f"            m[o[p + 1]] = f{code}({operands})"]
        lines += [f"            p += {2 + count}"]
    return LOOP.replace("{frequent}", "\n".join(lines))


LOOP = """
def body(o, end, x, m, at_o, at_x, at_m):
    p = 0
    while p < end:
        code = o[p]
        if code == 0:
            call(o[p + 2], at_o + U(8) * U(p + 3), at_x, at_m)
            p += o[p + 1]
        elif code <= 5:
            n = o[p + 2]
            m[o[p + 1]] = total(code, o, p + 3, n, m)
            p += 3 + n
{frequent}
"""

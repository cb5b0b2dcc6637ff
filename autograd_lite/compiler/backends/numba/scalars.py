"""The source of the loop over all operations: frequent scalar instructions stand in it, all else it calls.

It reads whole numbers. A call is 0, the length of its entry, the address of the kernel, the kernel's numbers; a scalar
instruction is its own number, the address of its result, those of its operands.
"""

from autograd_lite.core import table
from autograd_lite.core.primitives import Primitive

FREQUENT = (
    table.add, table.sub, table.mul, table.div, table.neg,
    table.adjoint_mul, table.relu, table.positive, table.where, table.stop,
)  # fmt: skip
# each: number, target, operands; sums are 1, those that stop 2: number, target, count, operands
NUMBER = {primitive: 3 + k for k, primitive in enumerate(FREQUENT)}
OURS: dict[Primitive | None, str] = {p: name for name, p in vars(table).items() if isinstance(p, Primitive)}
OURS[None] = ""  # of kernels that apply none


def loop_source() -> str:
    """The source of the loop."""
    lines = []
    for primitive in FREQUENT:
        code, count = NUMBER[primitive], primitive.arity or 0
        operands = ", ".join(f"m[o[p + U({2 + k})]]" for k in range(count))
        lines += [f"        elif code == U({code}):", f"            m[o[p + U(1)]] = f{code}({operands})"]
        lines += [f"            p += U({2 + count})"]
    return LOOP.replace("{frequent}", "\n".join(lines))


LOOP = """
def run(o, x, m):
    p, end = U(1), o[0]
    while p < end:
        code = o[p]
        if code == U(0):
            if call(o[p + U(2)], offset(o, p + U(3)), x, m) != 0:
                raise ArithmeticError
            p += o[p + U(1)]
        elif code <= U(2):
            n = o[p + U(2)]
            y = total(m, o, p + U(3), n, U(0))
            if code == U(2) and y != y:
                y = total(m, o, p + U(3), n, U(1))
            m[o[p + U(1)]] = y
            p += U(3) + n
{frequent}
"""

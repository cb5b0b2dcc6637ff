"""autograd_lite: a scalar reverse-mode automatic differentiation engine.

A `Value` is a float that remembers how it was computed; `backward()` differentiates it.

>>> from autograd_lite import Value, tanh
>>> x = Value(0.0)
>>> tanh(x).backward()
>>> x.grad
1.0
"""

from autograd_lite.compiler.batching import vmap
from autograd_lite.compiler.jitted import jit
from autograd_lite.core.custom import primitive
from autograd_lite.core.elementary import (
    abs as abs,
)
from autograd_lite.core.elementary import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    log,
    log1p,
    log2,
    log10,
    logsigmoid,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
)
from autograd_lite.core.functions import (
    atan2,
    clamp,
    dot,
    elu,
    hypot,
    leaky_relu,
    log_softmax,
    logaddexp,
    logsumexp,
    maximum,
    mean,
    minimum,
    norm,
    prod,
    softmax,
    where,
)
from autograd_lite.core.functions import (
    max as max,
)
from autograd_lite.core.functions import (
    min as min,
)
from autograd_lite.core.functions import (
    pow as pow,
)
from autograd_lite.core.functions import (
    sum as sum,
)
from autograd_lite.core.modes import detect_anomaly, no_gc, no_grad
from autograd_lite.core.value import Value
from autograd_lite.display.formula.printer import expression
from autograd_lite.display.graph.drawing import draw
from autograd_lite.display.stepping.walk import steps
from autograd_lite.display.stepping.widget import live
from autograd_lite.transforms.derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

# Without the names of Python's own functions, which `import *` would hide: import those, or write autograd_lite.sum.
__all__ = [
    "Value",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "clamp",
    "cos",
    "cosh",
    "detect_anomaly",
    "dot",
    "draw",
    "elu",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "expression",
    "gelu",
    "grad",
    "hessian",
    "hvp",
    "hypot",
    "jacobian",
    "jit",
    "jvp",
    "leaky_relu",
    "live",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_softmax",
    "logaddexp",
    "logsigmoid",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "no_gc",
    "no_grad",
    "norm",
    "primitive",
    "prod",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "steps",
    "tan",
    "tanh",
    "value_and_grad",
    "vjp",
    "vmap",
    "where",
]  # fmt: skip

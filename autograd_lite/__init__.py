"""autograd_lite: a scalar reverse-mode automatic differentiation engine.

A `Value` is a float that remembers how it was computed; `backward()` differentiates it.

>>> from autograd_lite import Value, tanh
>>> x = Value(0.0)
>>> tanh(x).backward()
>>> x.grad
1.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd_lite.core.custom import primitive
from autograd_lite.core.elementary import abs as abs
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
from autograd_lite.core.functions import max as max
from autograd_lite.core.functions import min as min
from autograd_lite.core.functions import pow as pow
from autograd_lite.core.functions import sum as sum
from autograd_lite.core.modes import detect_anomaly, no_gc, no_grad
from autograd_lite.core.value import Value
from autograd_lite.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

if TYPE_CHECKING:
    from autograd_lite import nn as nn
    from autograd_lite import optim as optim
    from autograd_lite import testing as testing
    from autograd_lite.compiler import jit, to_javascript, to_jax, vmap
    from autograd_lite.display import draw, explore, expression, live, playground, steps

__version__ = "0.1.0"


def _html(v: Value) -> str | None:
    from autograd_lite.display.graph.drawing import html_of_value

    return html_of_value(v)


Value._repr_html_ = _html  # type: ignore[attr-defined]  # a Value shows itself in a notebook: its graph
ROOMS = ("nn", "optim", "testing")
LATER = {
    "compiler": ("jit", "to_javascript", "to_jax", "vmap"),
    "display": ("draw", "explore", "expression", "live", "playground", "steps"),
}


def __getattr__(name: str) -> Any:
    """What not everybody needs, imported when it is first named: rooms, and functions of other rooms."""
    if name in ROOMS:
        return import_module(f"autograd_lite.{name}")
    for room, functions in LATER.items():
        if name in functions:
            globals()[name] = function = getattr(import_module(f"autograd_lite.{room}"), name)
            return function
    raise AttributeError(f"module 'autograd_lite' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *ROOMS, *__all__})


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
    "explore",
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
    "playground",
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
    "to_javascript",
    "to_jax",
    "value_and_grad",
    "vjp",
    "vmap",
    "where",
]  # fmt: skip

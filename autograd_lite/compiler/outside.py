"""What a function sees of the outside: the Values that it uses without being given them, such as a model's parameters.

A recorded program reads their numbers again at each call. So while the function is recorded, they are stand-ins like
its arguments: comparisons become conditions, and what would need their number now is refused.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from autograd_lite.compiler.tracer import PACKAGE, Outside
from autograd_lite.core.primitives import CONSTANT
from autograd_lite.core.value import Value

OPAQUE = (ModuleType, BuiltinFunctionType, CodeType, type, str, bytes, int, float, complex, type(None))


@contextmanager
def unread(*roots: Any) -> Iterator[None]:
    """Inside, the numbers of the Values that `roots` refer to cannot be read."""
    values = visible(roots)
    for v in values:
        v.__class__ = Outside
    try:
        yield
    finally:
        for v in values:
            v.__class__ = Value


def visible(roots: Any) -> list[Value]:
    """The Values in what functions refer to (closures, defaults, the globals they name), and in what that contains."""
    found: list[Value] = []
    seen: dict[int, Any] = {}  # holds on to what it has seen, so that no id is used twice
    stack = [roots]
    while stack:
        x = stack.pop()
        if isinstance(x, OPAQUE) or id(x) in seen:
            continue
        seen[id(x)] = x
        if isinstance(x, Value):
            if type(x) is Value and x._primitive is not CONSTANT:
                found.append(x)
        elif isinstance(x, FunctionType):
            stack += [x.__closure__, x.__defaults__, x.__kwdefaults__, x.__dict__, *_named_globals(x)]
        elif "__wrapped__" in getattr(x, "__dict__", ()):  # of what is jitted, the function alone
            stack.append(x.__wrapped__)
        else:
            stack += gc.get_referents(x)
            if id(type(x)) not in seen:
                seen[id(type(x))] = type(x)
                stack += [method for method in vars(type(x)).values() if isinstance(method, FunctionType)]
    return found


def _named_globals(f: FunctionType) -> list[Any]:
    """The globals that a function names, and of a module what it names in turn."""
    if f.__globals__.get("__name__", "").partition(".")[0] == PACKAGE:
        return []
    names = names_in(f.__code__)
    mentioned = [f.__globals__[name] for name in names if name in f.__globals__]
    inside = [vars(x)[name] for x in mentioned if isinstance(x, ModuleType) for name in names if name in vars(x)]
    return mentioned + inside


def names_in(code: CodeType) -> set[str]:
    """The global names and attributes that code mentions, and the functions written inside it."""
    return set(code.co_names).union(*[names_in(x) for x in code.co_consts if isinstance(x, CodeType)])

"""The same functions in PyTorch, JAX and HIPS autograd: one partial derivative at one point."""

import importlib

NAMES = {  # ours, and theirs in each library; None where it has no such function
    "exp": ("exp", "exp", "exp"),
    "expm1": ("expm1", "expm1", "expm1"),
    "log": ("log", "log", "log"),
    "log1p": ("log1p", "log1p", "log1p"),
    "sqrt": ("sqrt", "sqrt", "sqrt"),
    "sin": ("sin", "sin", "sin"),
    "cos": ("cos", "cos", "cos"),
    "tan": ("tan", "tan", "tan"),
    "asin": ("asin", "arcsin", "arcsin"),
    "acos": ("acos", "arccos", "arccos"),
    "atan": ("atan", "arctan", "arctan"),
    "sinh": ("sinh", "sinh", "sinh"),
    "cosh": ("cosh", "cosh", "cosh"),
    "tanh": ("tanh", "tanh", "tanh"),
    "asinh": ("asinh", "arcsinh", "arcsinh"),
    "acosh": ("acosh", "arccosh", "arccosh"),
    "atanh": ("atanh", "arctanh", "arctanh"),
    "sigmoid": ("sigmoid", "nn.sigmoid", None),
    "softplus": ("nn.functional.softplus", "nn.softplus", None),
    "logsigmoid": ("nn.functional.logsigmoid", "nn.log_sigmoid", None),
    "silu": ("nn.functional.silu", "nn.silu", None),
    "gelu": ("nn.functional.gelu", None, None),
    "erf": ("erf", "scipy.erf", None),
    "erfc": ("erfc", "scipy.erfc", None),
    "/": ("div", "divide", "divide"),
    "*": ("mul", "multiply", "multiply"),
    "**": ("pow", "power", "power"),
    "atan2": ("atan2", "arctan2", "arctan2"),
    "hypot": ("hypot", "hypot", None),
    "logaddexp": ("logaddexp", "logaddexp", "logaddexp"),
    "maximum": ("maximum", "maximum", "maximum"),
}
PEERS = {"torch": 0, "jax": 1, "autograd": 2}


def derivative(peer, name, xs, i):
    """What the peer says the partial derivative of `name` in operand i is, or None if it has no such function."""
    theirs = NAMES[name][PEERS[peer]]
    return None if theirs is None else globals()[f"_{peer}"](theirs, xs, i)


def _attribute(module, path):
    for step in path.split("."):
        module = getattr(module, step)
    return module


def _torch(path, xs, i):
    torch = importlib.import_module("torch")
    operands = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]
    _attribute(torch, path)(*operands).backward()
    return operands[i].grad.item()


def _jax(path, xs, i):
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    room = {"nn": jax.nn, "scipy": jax.scipy.special}.get(path.split(".")[0], jax.numpy)
    return float(jax.grad(getattr(room, path.split(".")[-1]), argnums=i)(*xs))


def _autograd(path, xs, i):
    numpy = importlib.import_module("autograd.numpy")
    return float(importlib.import_module("autograd").grad(getattr(numpy, path), i)(*xs))

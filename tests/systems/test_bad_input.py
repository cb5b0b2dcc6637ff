"""Bad input, everywhere: every public function and method, times some fifty odd values in the place of each argument.

Allowed are a result, and an error that the package raises itself, in its own words, before anything has changed. What
Python or a library says when it meets the value deep inside is not: it names neither the argument nor the remedy.
"""

import ast
import linecache
import math
import os
import random
import re
import traceback
import warnings
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim
from autograd_lite.compiler import backends
from autograd_lite.core.checks import shown
from autograd_lite.core.primitives import PRIMITIVES

PACKAGE = str(Path(ag.__file__).parent)
ALLOWED = (TypeError, ValueError, FloatingPointError, NotImplementedError, RuntimeError, OSError, ImportError)
ALLOWED += (KeyError, IndexError)  # of a history and of steps, which are asked for by name and by number
RAW = re.compile(  # how Python itself speaks; NumPy's and the libraries' errors are known by where they are raised
    r"object is not|unsupported operand|not supported between|has no (attribute|len)|object of type|unhashable|"
    r"must be real number|can only concatenate|indices must be|invalid literal|recursion depth"
)


def endless():
    xs = []
    xs.append(xs)
    return xs


def endless_dict():
    d = {}
    d["d"] = d
    return d


def deep():
    xs = 1.0
    for _ in range(5_000):
        xs = [xs]
    return xs


class Mute:
    def __repr__(self):
        raise AttributeError("no repr")


class Vain:
    """What claims to be a number, has a length and can be called, and fails at each."""

    def __float__(self):
        raise ZeroDivisionError("vain")

    def __call__(self, *_, **__):
        return self


def of_numpy(text):
    numpy = pytest.importorskip("numpy")
    return eval(text, {"np": numpy})


def tensor():
    return pytest.importorskip("torch").tensor(1.5)


BAD = [
    *[lambda x=x: x for x in (None, True, 0, -1, 3, 1.5, -0.5, math.nan, math.inf, 10**400, 10**5000, 1j, "")],
    *[lambda x=x: x for x in (b"ab", "é\0", Ellipsis, NotImplemented, range(3), slice(1), Decimal("1.5"), "a", "1")],
    *[lambda x=x: x for x in (Fraction(1, 3), object(), ValueError("x"), Path("no such folder/x"), memoryview(b"ab"))],
    *[bytearray, list, tuple, dict, set, Mute, Vain, endless, endless_dict, deep, tensor],
    lambda: [None], lambda: ["a"], lambda: [1.0], lambda: [math.nan, 1.0], lambda: [[1.0], [2.0, 3.0]], lambda: (1, 2),
    lambda: {1.0, 2.0}, lambda: {"a": 1.0}, lambda: {1: [2]}, lambda: iter([1.0, 2.0]), lambda: lambda *_, **__: None,
    lambda: lambda *xs, **_: xs[0], lambda: Value(2.0), lambda: Value(1.0) * 2.0, lambda: [Value(1.0), "x"],
    lambda: nn.Neuron(1, seed=0), lambda: optim.SGD([Value(1.0)]), lambda: ag.sin, lambda: random.Random(0),
    *[
        lambda text=text: of_numpy(text)
        for text in (
            "np.array(1.5)", "np.array([1.0, 2.0])", "np.ones((2, 2))", "np.array(['a'])", "np.array([None, 1])",
            "np.array([])", "np.float32(1.5)", "np.int64(2)", "np.datetime64('2020-01-01')", "np.array([1j])",
        )
    ],
]  # fmt: skip


# --- what is called ------------------------------------------------------------------------------------------------


def leaves():
    return [Value(2.0, label="a"), Value(-1.0, label="b")]


def loss_of(outputs, targets):
    return nn.mse_loss(outputs, targets)


def fitting():
    model = nn.Neuron(1, "linear", seed=0)
    options = {"epochs": 1, "batch_size": 2, "validation": ([[0.0]], [1.0]), "metrics": {"n": lambda ys, ts: len(ys)}}
    options |= {
        "seed": 0,
        "stop": lambda history: False,
        "callback": None,
        "report": None,
        "progress": False,
        "jit": False,
    }
    data = [[0.0], [1.0]], [1.0, 2.0]
    return nn.fit, (model, data, loss_of, optim.SGD(model.parameters(), lr=0.1)), options


def playing():
    model = nn.MLP(2, [2, 1], seed=0)
    data = [[0.0, 1.0], [1.0, 2.0]], [1.0, 2.0]
    return ag.playground, (model, data, loss_of, optim.SGD(model.parameters())), {"language": "en"}


def trained():
    model = nn.Neuron(1, "linear", seed=0)
    data = [[0.0], [1.0]], [1.0, 2.0]
    return model, nn.fit(model, data, loss_of, optim.SGD(model.parameters()), progress=False)


def moved():
    optimizer = optim.Adam(leaves())
    optimizer.parameters[0].grad = 1.0
    optimizer.step()
    return optimizer


def square(x, *_, **__):
    return x * x


SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "pow": "**",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
SYMBOLS["eq"] = "=="
CALLS = {}
for name in ag.__all__:
    function = getattr(ag, name)
    if name in ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"]:
        CALLS[name] = lambda f=function: (f, (leaves(),), {})
    elif name in PRIMITIVES and PRIMITIVES[name].arity == 1:
        CALLS[name] = lambda f=function: (f, (Value(0.5),), {})
        CALLS[f"Value.{name}"] = lambda name=name: (getattr(Value(0.5), name), (), {})
for name in ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"]:
    CALLS[name] = lambda name=name: (getattr(ag, name), (leaves(),), {})
for name in ["pow", "atan2", "hypot", "logaddexp", "maximum", "minimum", "leaky_relu", "elu"]:
    CALLS[name] = lambda name=name: (getattr(ag, name), (Value(0.5), 2.0), {})
for name in ["atan2", "hypot", "logaddexp", "maximum", "minimum", "leaky_relu", "elu"]:
    CALLS[f"Value.{name}"] = lambda name=name: (getattr(Value(0.5), name), (2.0,), {})
REFLECTED = ["radd", "rsub", "rmul", "rtruediv", "rpow"]
for name in [*SYMBOLS, *REFLECTED]:
    CALLS[f"Value.__{name}__"] = lambda name=name: (operator(name), (2.0,), {})
for loss in (nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits):
    CALLS[f"nn.{loss.__name__}"] = lambda loss=loss: (loss, ([Value(0.5)], [1.0]), {"reduction": "mean"})
for kind in (optim.SGD, optim.RMSprop, optim.Adagrad, optim.Adam, optim.AdamW):
    CALLS[f"optim.{kind.__name__}"] = lambda kind=kind: (kind, (leaves(),), options_of(kind))
CALLS |= {
    "Value": lambda: (Value, (1.0, (Value(2.0),), (3.0,), "x"), {}),
    "Value.data": lambda: (lambda x: setattr(Value(1.0), "data", x), (2.0,), {}),
    "Value.grad": lambda: (lambda x: setattr(Value(1.0), "grad", x), (2.0,), {}),
    "Value.label": lambda: (lambda x: repr(Value(1.0, label=x)), ("x",), {}),
    "Value.backward": lambda: ((leaves()[0] * 2.0).backward, (1.0,), {"create_graph": False}),
    "Value.clamp": lambda: (Value(0.5).clamp, (0.0, 1.0), {}),
    "Value.where": lambda: (Value(0.5).where, (0.0, Value(1.0)), {}),
    "Value.__format__": lambda: (Value(0.5).__format__, (".2f",), {}),
    "clamp": lambda: (ag.clamp, (Value(0.5), 0.0, 1.0), {}),
    "where": lambda: (ag.where, (1.0, Value(0.5), 0.0), {}),
    "dot": lambda: (ag.dot, (leaves(), leaves(), Value(1.0)), {}),
    "primitive": lambda: (ag.primitive, ("odd", square, lambda g, x: (g,), "odd({})"), {}),
    "to_jax": lambda: (ag.to_jax, (square, 2.0), {}),
    "to_javascript": lambda: (ag.to_javascript, (square, 2.0), {}),
    "draw": lambda: (
        ag.draw, (leaves()[0] * 2.0,), {"grad": True, "merge": False, "direction": "LR", "depth": 0, "limit": 9},
    ),
    "draw.save": lambda: (ag.draw(leaves()[0]).save, ("graph.dot",), {}),
    "steps": lambda: (ag.steps, (leaves()[0] * 2.0,), {"language": "en"}),
    "steps.save": lambda: (ag.steps(leaves()[0] * 2.0).save, ("steps.html",), {}),
    "steps[]": lambda: (ag.steps(leaves()[0] * 2.0).__getitem__, (0,), {}),
    "live": lambda: (ag.live, (leaves()[0] * 2.0,), {"language": "en"}),
    "playground": playing,
    "explore": lambda: (ag.explore, (lambda x, w: w * x, (-1.0, 1.0)), {"language": "en", "w": (-2.0, 2.0)}),
    "expression": lambda: (ag.expression, (leaves()[0] * 2.0,), {"limit": 9}),
    "vjp": lambda: (ag.vjp, (square, 2.0), {}),
    "vjp.pull": lambda: (ag.vjp(square, 2.0)[1], (1.0,), {}),
    "jvp": lambda: (ag.jvp, (square, (2.0,), (1.0,)), {}),
    "hvp": lambda: (ag.hvp, (square, (2.0,), (1.0,)), {}),
    "vmap": lambda: (ag.vmap, (square,), {"in_axes": 0}),
    "vmap()": lambda: (ag.vmap(square), ([1.0, 2.0],), {}),
    "jit": lambda: (ag.jit, (square,), {"backend": "python", "debug": False}),
    "jit()": lambda: (ag.jit(square, backend="python"), (2.0,), {}),
    "jit().program": lambda: (ag.jit(square, backend="python").program, (2.0,), {}),
    "nn.Module": lambda: (nn.Module(), (1.0,), {}),
    "nn.Neuron": lambda: (
        nn.Neuron, (2, "relu"), {"nonlin": True, "init": "xavier", "seed": 0, "fused": True, "nout": 1},
    ),
    "nn.Layer": lambda: (nn.Layer, (2, 2, "relu"), {"nonlin": True, "init": "he", "seed": 0, "fused": True}),
    "nn.MLP": lambda: (nn.MLP, (2, [2, 1], "relu", "linear"), {"init": "uniform", "seed": 0, "fused": True}),
    "nn.Sequential": lambda: (nn.Sequential, (nn.Layer(1, 1), "relu"), {}),
    "nn.Activation": lambda: (nn.Activation, ("relu",), {}),
    "nn.Activation()": lambda: (nn.Activation("relu"), ([1.0],), {}),
    "nn.Neuron()": lambda: (nn.Neuron(2, seed=0), ([1.0, 2.0],), {}),
    "nn.Neuron(fused=False)()": lambda: (nn.Neuron(2, seed=0, fused=False), ([1.0, 2.0],), {}),
    "nn.Layer()": lambda: (nn.Layer(2, 2, seed=0), ([1.0, 2.0],), {}),
    "nn.MLP()": lambda: (nn.MLP(2, [2, 1], seed=0), ([1.0, 2.0],), {}),
    "nn.MLP(batch)": lambda: (lambda x: nn.MLP(2, [2, 1], seed=0)([[1.0, 2.0], x]), ([1.0, 2.0],), {}),
    "nn.Module.load_state_dict": lambda: (nn.Neuron(1, seed=0).load_state_dict, ({"w.0": 1.0, "b": 0.0},), {}),
    "nn.Module.load_state_dict[]": lambda: (lambda x: nn.Neuron(1).load_state_dict({"w.0": x, "b": 0.0}), (1.0,), {}),
    "nn.hinge_loss": lambda: (nn.hinge_loss, ([Value(0.5)], [1.0]), {"reduction": "sum"}),
    "nn.huber_loss": lambda: (nn.huber_loss, ([Value(0.5)], [1.0]), {"reduction": "none", "delta": 1.0}),
    "nn.cross_entropy": lambda: (nn.cross_entropy, ([leaves()], [1]), {"reduction": "mean"}),
    "nn.cross_entropy[]": lambda: (lambda x, t: nn.cross_entropy([[x, 1.0]], [[t, 0.0]]), (Value(1.0), 1.0), {}),
    "nn.nll_loss": lambda: (nn.nll_loss, ([leaves()], [1]), {"reduction": "mean"}),
    "nn.accuracy": lambda: (nn.accuracy, ([0.2, 0.7], [0, 1]), {"threshold": 0.5}),
    "nn.accuracy[]": lambda: (lambda y, t: nn.accuracy([[y, 0.1]], [t]), (0.5, 1), {}),
    "nn.fit": fitting,
    "nn.patience": lambda: (nn.patience, (2, "loss"), {}),
    "nn.patience()": lambda: (nn.patience(2), (nn.History(),), {}),
    "nn.History[]": lambda: (trained()[1].__getitem__, ("loss",), {}),
    "nn.save": lambda: (nn.save, (nn.Neuron(1, seed=0), "model.json"), {}),
    "nn.load": lambda: (nn.load, ("model.json",), {"model": nn.Neuron(1, seed=0)}),
    "nn.MulLayer.forward": lambda: (nn.MulLayer().forward, (2.0, 3.0), {}),
    "nn.AddLayer.forward": lambda: (nn.AddLayer().forward, (2.0, 3.0), {}),
    "optim.Optimizer": lambda: (optim.Optimizer, (leaves(), 0.1), {"momentum": 0.5}),
    "optim.lr": lambda: (lambda lr: optim.SGD(leaves(), lr=lambda t: lr).step(), (0.1,), {}),
    "optim.load_state_dict": lambda: (moved().load_state_dict, (moved().state_dict(),), {}),
    "optim.load_state_dict[]": lambda: (
        lambda *given: moved().load_state_dict({"steps": given[0], "memory": given[1]}),
        (1, moved().state_dict()["memory"]), {},
    ),
    "optim.clip_grad_norm": lambda: (optim.clip_grad_norm, (leaves(), 1.0), {}),
    "optim.constant": lambda: (optim.constant, (0.1,), {}),
    "optim.cosine": lambda: (optim.cosine, (0.1, 10, 0.0), {}),
    "optim.step_decay": lambda: (optim.step_decay, (0.1, 10, 0.5), {}),
    "optim.warmup": lambda: (optim.warmup, (0.1, 10, 0.5), {}),
    "optim.warmup()": lambda: (optim.warmup(0.1, 10), (3,), {}),
}  # fmt: skip
for transform in (ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian):
    CALLS[transform.__name__] = lambda transform=transform: (transform, (square,), {"argnums": 0})
    CALLS[f"{transform.__name__}()"] = lambda transform=transform: (transform(square), (2.0,), {})
    CALLS[f"{transform.__name__}(f)"] = lambda transform=transform: (lambda y: transform(lambda x: y)(2.0), (2.0,), {})


def operator(name):
    text = f"v {SYMBOLS[name]} x" if name in SYMBOLS else f"x {SYMBOLS[name[1:]]} v"
    return lambda x: eval(text, {"v": Value(0.5), "x": x})


def options_of(kind):
    options = {"lr": 0.1, "momentum": 0.5, "nesterov": True, "alpha": 0.9, "betas": (0.9, 0.99), "eps": 1e-8}
    code = kind.__init__.__code__
    return {name: x for name, x in options.items() if name in code.co_varnames} | {"weight_decay": 0.1}


# --- what may happen -----------------------------------------------------------------------------------------------


def test_every_public_name_is_called():
    for room, prefix in ((ag, ""), (nn, "nn."), (optim, "optim.")):
        missing = {name for name in room.__all__ if callable(getattr(room, name)) and prefix + name not in CALLS}
        textbook = {"MulLayer", "AddLayer", "Relu", "Sigmoid", "Affine", "SoftmaxWithLoss", "numerical_gradient"}
        assert missing <= {"no_grad", "no_gc", "detect_anomaly", "History", "Schedule", *textbook}


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_is_refused_in_our_own_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backends, "default", lambda: "python")  # nothing to compile
    nn.save(nn.Neuron(1, seed=0), "model.json")
    faults = []
    _, args, kwargs = CALLS[name]()
    for place in (*range(len(args)), *kwargs):
        for make in BAD:
            function, given, options = CALLS[name]()
            bad = make()
            positional = [bad if i == place else x for i, x in enumerate(given)]
            named = {key: bad if key == place else x for key, x in options.items()}
            watched = [getattr(function, "__self__", None), *given, *options.values()]
            before = state(watched)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    function(*positional, **named)
                except Exception as error:
                    changed = state(watched) != before and not callable(bad)  # which was called, after a step of fit
                    problem = fault_of(error) or "something changed" * changed
                    if problem:
                        faults.append(f"{name}: {place} = {type(bad).__name__} {shown(bad)}: {problem}")
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults)


def state(things):
    """The numbers of all Values, modules and optimisers among the things."""
    found, stack = [], [*things]
    while stack:
        x = stack.pop()
        if isinstance(x, Value):
            found.append((repr(x), repr(x.grad)))
        elif isinstance(x, nn.Module):
            stack += x.parameters()
        elif isinstance(x, optim.Optimizer):
            found.append(repr(x.state_dict()))
            stack += x.parameters
        elif isinstance(x, (list, tuple)) and len(x) < 10 and x and x[0] is not x:
            stack += x
    return found


def fault_of(error):
    """What is wrong with an error, "" for nothing: it must be raised by a `raise` of the package, in our words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = f"{type(error).__name__} at {os.path.relpath(frame.filename, PACKAGE)}:{frame.lineno}: {str(error)[:150]}"
    if re.search(r"takes \d+ positional arguments? but \d+ w", str(error)):
        return ""  # of a function of the user's, which Python names
    if frame.name == "square" and frame.filename == __file__:
        return ""  # a function of the user's that fails for the user's numbers
    if not isinstance(error, ALLOWED):
        return text
    if isinstance(error, OSError) and error.filename:
        return ""  # the system's own: no such file
    if not frame.filename.startswith(PACKAGE) or not raises(frame.filename, frame.lineno) or RAW.search(str(error)):
        return text
    return ""


def raises(file, line):
    return any(first <= line <= last for first, last in raise_statements(file))


@cache
def raise_statements(file):
    tree = ast.parse("".join(linecache.getlines(file)))
    return [(n.lineno, n.end_lineno or n.lineno) for n in ast.walk(tree) if isinstance(n, ast.Raise)]

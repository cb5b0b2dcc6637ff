"""The parts of a network: a neuron is a weighted sum and an activation, a layer a list of neurons, an MLP of layers.

Everything works on one sample, a list of numbers or Values, or on a batch, a list of samples.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd_lite.core import functions
from autograd_lite.core import table as table
from autograd_lite.core.checks import as_float, check_flag, check_size, shown
from autograd_lite.core.value import Value, as_value, record
from autograd_lite.nn.module import Module, Seed, generator, lift

Function: TypeAlias = Callable[[Any], Any]
Initialiser: TypeAlias = Callable[[Any, int, int], float]
LISTS = {list, tuple}


def linear(x: Any) -> Any:
    """x itself: no activation."""
    return x


ACTIVATIONS: dict[str, Function] = {
    "linear": linear,
    **{name: getattr(Value, name) for name in ("relu", "gelu", "silu", "sigmoid", "tanh", "softplus")},
    "leaky_relu": functions.leaky_relu,
    "elu": functions.elu,
}

INITIALISERS: dict[str, Initialiser] = {
    "uniform": lambda rng, nin, nout: rng.uniform(-1.0, 1.0),  # micrograd's, and number for number with one seed
    "xavier": lambda rng, nin, nout: rng.uniform(-1.0, 1.0) * math.sqrt(6.0 / (nin + nout)),  # Glorot & Bengio 2010
    "he": lambda rng, nin, nout: rng.gauss(0.0, math.sqrt(2.0 / nin)),  # He et al. 2015, for relu
}


class Neuron(Module):
    """activation(w . x + b): `nin` weights drawn by the initialiser, and a bias that starts at 0.

    A weight or bias in whose place a plain number is put, as by `neuron.b = 0.0`, stays fixed.

    - `nin`: the number of inputs.
    - `activation`: a name of `ACTIVATIONS` or a function of one Value.
    - `nonlin`: `False` is micrograd's word for the activation "linear".
    - `init`: a name of `INITIALISERS` or a function (generator, nin, nout) -> float that draws a weight.
    - `seed`: a whole number, or a `random.Random` to draw from; without one Python's global generator draws.
    - `fused`: whether the weighted sum is one `dot` node; `False` writes it out in products and sums.
    - `nout`: how many neurons stand side by side, which initialisers ask for.

    >>> n = Neuron(2, "tanh", seed=0)
    >>> n([0.0, 0.0]).data, len(n.parameters())
    (0.0, 3)
    """

    def __init__(
        self,
        nin: int,
        activation: str | Function = "relu",
        *,
        nonlin: bool = True,
        init: str | Initialiser = "uniform",
        seed: Seed = None,
        fused: bool = True,
        nout: int = 1,
    ) -> None:
        nin, nout = check_size(nin, "nin"), check_size(nout, "nout")
        self.activation = activation if check_flag(nonlin, "nonlin") else "linear"
        self.fused = check_flag(fused, "fused")
        self._activate = _named(ACTIVATIONS, self.activation, "activation")
        draw, source = _named(INITIALISERS, init, "init"), generator(seed)
        self.w = [Value(as_float(draw(source, nin, nout), "the weight that init draws")) for _ in range(nin)]
        self.b = Value(0.0)

    def forward(self, x: Any) -> Any:
        if _is_batch(x):
            return [self(sample) for sample in x]
        return self.fire(_sample(self, x, len(self.w)))

    def fire(self, x: Sequence[Value]) -> Any:
        """The output for one sample that is known to be a list of `nin` Values."""
        w, b = self.w, self.b
        if {type(b), *map(type, w)} != {Value}:  # a weight is fixed, a plain number
            w, b = [as_value(wi, "a weight of a Neuron") for wi in w], as_value(b, "the bias of a Neuron")
        if self.fused:
            return self._activate(record(table.dot, (*w, *x, b)))
        return self._activate(sum((wi * xi for wi, xi in zip(w, x)), b))

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"nin": len(self.w), "activation": _name(self.activation)}
        return options if self.fused else {**options, "fused": False}


class Layer(Module):
    """`nout` neurons over the same `nin` inputs. A layer of one neuron returns a scalar.

    Over a batch, a list of samples, it is Y = activation(XW + B), and returns one list for each sample. `activation`,
    `nonlin`, `init`, `seed` and `fused` are those of `Neuron`; one seed draws the weights of all neurons.

    >>> Layer(2, 3, activation="sigmoid")
    Layer(nin=2, nout=3, activation='sigmoid'): 9 parameters
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | Function = "relu",
        *,
        nonlin: bool = True,
        init: str | Initialiser = "uniform",
        seed: Seed = None,
        fused: bool = True,
    ) -> None:
        nout, source = check_size(nout, "nout"), generator(seed)
        self.neurons = [
            Neuron(nin, activation, nonlin=nonlin, init=init, seed=source, fused=fused, nout=nout) for _ in range(nout)
        ]

    def __call__(self, x: Any) -> Any:
        """As `Module.__call__`, with the scopes of layer and neuron noted at once: most of the time is spent here."""
        lifted = lift(x)
        if _is_batch(lifted):
            return [self(sample) for sample in lifted]
        inputs = _sample(self, lifted, len(self.neurons[0].w))
        scope = (self, inputs)
        outputs = []
        for neuron in self.neurons:
            y: Any = neuron.fire(inputs)
            if getattr(y, "_parents", ()):
                y.scopes = ((neuron, inputs), scope)
            outputs.append(y)
        return outputs[0] if len(outputs) == 1 else outputs

    def options(self) -> dict[str, Any]:
        nin, *rest = self.neurons[0].options().items()
        return dict([nin, ("nout", len(self.neurons)), *rest])

    def __repr__(self) -> str:
        return self.headline()


class Sequential(Module):
    """Modules or functions, each fed with what the one before returned. A name of `ACTIVATIONS` stands for its layer.

    >>> Sequential(Layer(2, 4, "linear"), "relu", Layer(4, 1, "linear"))
    Sequential(): 17 parameters
      layers.0 = Layer(nin=2, nout=4, activation='linear'): 12 parameters
      layers.1 = Activation(activation='relu'): 0 parameters
      layers.2 = Layer(nin=4, nout=1, activation='linear'): 5 parameters
    """

    def __init__(self, *layers: Any) -> None:
        for i, layer in enumerate(layers):
            if isinstance(layer, type) or not (callable(layer) or isinstance(layer, str)):
                raise TypeError(f"Sequential(layers) must be modules, functions or names, layer {i} is {shown(layer)}")
        self.layers = [Activation(layer) if isinstance(layer, str) else layer for layer in layers]

    def forward(self, x: Any) -> Any:
        if _is_batch(x):
            return [self(sample) for sample in x]
        for layer in self.layers:
            x = layer(x)
        return x


class MLP(Sequential):
    """A multi-layer perceptron: `nin` inputs, then a layer for each number of `nouts`.

    The last layer has the activation `output`, the others `activation`, which may also be a list, one for each. `init`,
    `seed` and `fused` are those of `Neuron`; one seed draws the weights of all layers.

    >>> MLP(2, [16, 16, 1], seed=0)
    MLP(nin=2, nouts=[16, 16, 1], activation=['relu', 'relu'], output='linear'): 337 parameters
      layers.0 = Layer(nin=2, nout=16, activation='relu'): 48 parameters
      layers.1 = Layer(nin=16, nout=16, activation='relu'): 272 parameters
      layers.2 = Layer(nin=16, nout=1, activation='linear'): 17 parameters
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Function | Sequence[str | Function] = "relu",
        output: str | Function = "linear",
        *,
        init: str | Initialiser = "uniform",
        seed: Seed = None,
        fused: bool = True,
    ) -> None:
        if not isinstance(nouts, (list, tuple)) or not nouts:
            raise TypeError(f"MLP(nouts) must be a list of layer sizes such as [16, 1], not {shown(nouts)}")
        sizes = [check_size(nin, "MLP(nin)"), *[check_size(n, f"MLP(nouts)[{i}]") for i, n in enumerate(nouts)]]
        hidden: list[Any] = [activation] * (len(nouts) - 1)
        if isinstance(activation, (list, tuple)):
            hidden = [*activation]
        else:
            _named(ACTIVATIONS, activation, "activation")  # also where there is no hidden layer
        if len(hidden) != len(nouts) - 1:
            raise ValueError(f"MLP(activation) has {len(hidden)} entries for {len(nouts) - 1} hidden layers")
        source = generator(seed)
        super().__init__(
            *[
                Layer(n, m, activation=name, init=init, seed=source, fused=fused)
                for n, m, name in zip(sizes, sizes[1:], [*hidden, output])
            ]
        )

    def options(self) -> dict[str, Any]:
        first, *_ = layers = [layer.options() for layer in self.layers]
        *hidden, output = [layer.pop("activation") for layer in layers]
        nin, *_ = [layer.pop("nin") for layer in layers]
        nouts = [layer.pop("nout") for layer in layers]
        return {"nin": nin, "nouts": nouts, "activation": hidden, "output": output, **first}


class Activation(Module):
    """An activation as a layer of its own: a name of `ACTIVATIONS` or a function, applied to every entry.

    >>> [y.data for y in Activation("relu")([-1.0, 2.0])]
    [0.0, 2.0]
    """

    def __init__(self, activation: str | Function) -> None:
        self.activation = activation
        self._activate = _named(ACTIVATIONS, activation, "activation")

    def forward(self, x: Any) -> Any:
        return [self.forward(entry) for entry in x] if isinstance(x, list) else self._activate(x)

    def options(self) -> dict[str, Any]:
        return {"activation": _name(self.activation)}


# --- checks of what a user passes ----------------------------------------------------------------------------------


def _is_batch(x: Any) -> bool:
    """Whether x, lifted, is a list of samples; a list of samples and single numbers is a ValueError."""
    if not isinstance(x, (list, tuple)):
        return False
    kinds = set(map(type, x))
    if kinds.isdisjoint(LISTS):
        return False
    if not kinds <= LISTS:
        raise ValueError(f"a batch must hold samples of one kind, not lists beside numbers: {shown(x)}")
    return True


def _sample(module: Module, x: Any, nin: int) -> tuple[Value, ...]:
    """The inputs for one sample. A single number stands for a list of one: a layer of one neuron returned it."""
    inputs = (x,) if isinstance(x, Value) else tuple(x)
    if len(inputs) != nin:
        raise ValueError(f"{type(module).__name__} takes {nin} inputs, got {len(inputs)}: {shown(x)}")
    return inputs


def _named(choices: dict[str, Any], choice: Any, argument: str) -> Any:
    if callable(choice):
        return choice
    if not isinstance(choice, str) or choice not in choices:
        raise ValueError(f"{argument} must be a function or one of {', '.join(choices)}; not {shown(choice)}")
    return choices[choice]


def _name(activation: str | Function) -> str:
    if isinstance(activation, str):
        return activation
    names = [name for name, function in ACTIVATIONS.items() if function is activation]
    return names[0] if names else f"<{getattr(activation, '__name__', type(activation).__name__)}>"

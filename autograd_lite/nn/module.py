"""What every part of a model is: a Module, which finds its parameters, names them, stores and loads their numbers."""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from operator import index
from reprlib import recursive_repr
from textwrap import indent
from types import MemberDescriptorType
from typing import Any, TypeAlias

from autograd_lite.core.checks import as_float, as_list, shown
from autograd_lite.core.value import Value, as_value, is_constant
from autograd_lite.optim.base import assign
from autograd_lite.transforms.pytree import is_array_type

Seed: TypeAlias = int | random.Random | None


class Module:
    """A part of a model. A subclass keeps Values and other Modules as attributes, and defines `forward`.

    Parameters are the leaf Values among the attributes, also inside lists, tuples, dicts, arrays and Modules;
    attributes whose names begin with an underscore are left out. Each parameter's label becomes its name.

    Calling a module lifts the numbers among its inputs to Values, runs `forward`, and notes on every Value that comes
    out where it was made: `value.scopes` is a tuple of pairs (module, inputs), innermost module first. Options, which
    are passed by name, reach `forward` as they are.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data, line.parameters()[0].label
    (7.0, 'slope')
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            setattr(cls, "__init__", _labelling(vars(cls)["__init__"]))  # noqa: B010

    def __post_init__(self) -> None:
        """What the constructor of a dataclass calls last."""
        self._label()

    def forward(self, *inputs: Any) -> Any:
        """Compute the outputs from the inputs: what a subclass defines."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(self, ...)")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        lifted = [lift(x) for x in inputs]
        outputs = self.forward(*lifted, **options)
        _note_scope(self, [*lifted, *options.values()], outputs)
        return outputs

    def parameters(self) -> list[Value]:
        """All parameters, each once, in the order of `named_parameters`."""
        return [p for _, p in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Pairs of a dotted name, such as `layers.0.neurons.2.b`, and a parameter. A shared one comes once."""
        return ((name, x) for name, x in _walk(self) if isinstance(x, Value))

    def named_modules(self) -> Iterator[tuple[str, "Module"]]:
        """Pairs of a dotted name and a module within this one; itself comes first, as ""."""
        return ((name, x) for name, x in _walk(self) if isinstance(x, Module))

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The parameters' numbers, by name. A ValueError if two parameters have one name: one would be lost."""
        return {name: float(p.data) for name, p in self._by_name().items()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters to the numbers of a `state_dict`.

        A ValueError if the names are not this module's, a TypeError if an entry is no number; then nothing has changed.
        """
        assign(*self.match(state))

    def match(self, state: Mapping[str, float]) -> tuple[list[Value], list[float]]:
        """The parameters, and for each its number in `state`; the errors of `load_state_dict`."""
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict(state) must be a dict of names and numbers, not {shown(state)}")
        parameters = self._by_name()
        missing = [name for name in parameters if name not in state]
        foreign = [name for name in state if name not in parameters]
        if missing or foreign:
            raise ValueError(
                f"load_state_dict(state) does not fit this {type(self).__name__}: {_some(missing)} missing in state, "
                f"{_some(foreign)} unknown to the model; build the model with the sizes that state was saved from"
            )
        numbers = [as_float(state[name], f"load_state_dict(state) entry {name!r}") for name in parameters]
        return [*parameters.values()], numbers

    def _by_name(self) -> dict[str, Value]:
        parameters: dict[str, Value] = {}
        for name, p in self.named_parameters():
            if parameters.setdefault(name, p) is not p:
                raise ValueError(
                    f"two parameters of this {type(self).__name__} are called {name!r}, so a state dict cannot hold "
                    "both: rename an attribute or key, without dots in keys"
                )
        return parameters

    def _label(self) -> None:
        for name, p in self.named_parameters():
            p.label = name

    def options(self) -> dict[str, Any]:
        """What the module was built with, by argument: `repr` shows it, and `save` stores it to build it again."""
        return {}

    def headline(self) -> str:
        """The first line of `repr`: the class, its options and the number of parameters."""
        options = ", ".join(f"{name}={x!r}" for name, x in self.options().items())
        return f"{type(self).__name__}({options}): {len(self.parameters()):,} parameters"

    @recursive_repr()
    def __repr__(self) -> str:
        return "\n".join([self.headline(), *(indent(f"{name} = {part!r}", "  ") for name, part in _parts(self))])


def _labelling(init: Callable[..., None]) -> Callable[..., None]:
    """`init`, after which the parameters are labelled with their names, once the whole module is built.

    So the outermost module, which is built last, has the last word.
    """

    @wraps(init)
    def build(self: Module, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        if getattr(type(self), "__init__") is build:  # noqa: B009
            self._label()

    return build


# --- calling -------------------------------------------------------------------------------------------------------


def lift(x: Any) -> Any:
    """x with Values for its numbers, and lists for its sequences and arrays."""
    try:
        return _lifted(x)
    except RecursionError:
        raise ValueError("the input of a module is nested too deeply: does a list contain itself?") from None


def _lifted(x: Any) -> Any:
    if isinstance(x, Value):
        return x
    if hasattr(x, "__iter__") and not isinstance(x, (str, bytes)) and getattr(x, "shape", None) != ():
        return [e if isinstance(e, Value) else _lifted(e) for e in as_list(x, "the input of a module")]
    return as_value(x, "the input of a module")


def _note_scope(module: Module, inputs: list[Any], outputs: Any) -> None:
    received = tuple(_values(inputs))
    v: Any  # a Value, which its users may give attributes
    for v in _values(outputs):
        inner = getattr(v, "scopes", ())
        calls_itself = inner and inner[-1][0] is module  # over a batch, for each sample
        if v.parents and not calls_itself and all(v is not x for x in received):
            v.scopes = (*inner, (module, received))


def _values(x: Any) -> list[Value]:
    """The Values in nested lists and tuples."""
    if isinstance(x, Value):
        return [x]
    return [v for e in x for v in ([e] if isinstance(e, Value) else _values(e))] if isinstance(x, (list, tuple)) else []


# --- walking nested attributes -------------------------------------------------------------------------------------


def _walk(root: Module) -> Iterator[tuple[str, Any]]:
    """The modules and parameters within `root`, each once, in order of definition, with their dotted names."""
    seen: dict[int, Any] = {}  # kept, since the numbers of what is gone are given again
    stack: list[tuple[str, Any]] = [("", root)]
    while stack:
        name, x = stack.pop()
        if id(x) in seen:
            continue
        if isinstance(x, Value):
            if x.parents or is_constant(x):
                continue
            seen[id(x)] = x
            yield name, x
        elif _is_made_of_others(x):
            seen[id(x)] = x
            if isinstance(x, Module):
                yield name, x
            prefix = f"{name}." if name else ""
            stack += reversed([(f"{prefix}{key}", entry) for key, entry in _entries(x)])


def _is_made_of_others(x: Any) -> bool:
    return isinstance(x, (Module, list, tuple, dict)) or (is_array_type(type(x)) and x.dtype == object and x.ndim > 0)


def _entries(x: Any) -> Iterator[tuple[Any, Any]]:
    """What x is made of, by name, key or number. A module may be a list or dict too."""
    if isinstance(x, Module):
        yield from ((name, entry) for name, entry in _attributes(x) if not name.startswith("_"))
    if isinstance(x, dict):
        yield from x.items()
    elif not isinstance(x, Module) or isinstance(x, (list, tuple)):
        yield from enumerate(x)


def _attributes(x: Any) -> Iterator[tuple[str, Any]]:
    for kind in reversed(type(x).__mro__):
        for name, slot in vars(kind).items():
            if isinstance(slot, MemberDescriptorType) and hasattr(x, name):
                yield name, getattr(x, name)
    yield from vars(x).items()


def _parts(x: Any, prefix: str = "", around: tuple[Any, ...] = ()) -> Iterator[tuple[str, Module]]:
    """The outermost modules within x, which stands in the containers `around` it."""
    for key, entry in _entries(x):
        if isinstance(entry, Module):
            yield f"{prefix}{key}", entry
        elif _is_made_of_others(entry) and not any(entry is outer for outer in around):
            yield from _parts(entry, f"{prefix}{key}.", (*around, entry))


def _some(names: list[Any]) -> str:
    if not names:
        return "none"
    return f"{len(names)} names ({', '.join(map(str, names[:3]))}{', ...' if len(names) > 3 else ''})"


# --- checks of what a user passes ----------------------------------------------------------------------------------


def generator(seed: Any) -> Any:
    """What draws random numbers: a generator of this seed, the one passed, or Python's global one for None."""
    if seed is None or seed is random:
        return random
    if isinstance(seed, random.Random):
        return seed
    try:
        return random.Random(index(seed))
    except TypeError:
        raise TypeError(f"seed must be a whole number or a random.Random, not {shown(seed)}") from None

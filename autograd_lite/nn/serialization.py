"""Models as JSON files: what they are built of, and their parameters by name."""

import json
import os
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from autograd_lite.core.checks import check_size, shown
from autograd_lite.core.value import Value
from autograd_lite.nn.files import as_path, write_whole
from autograd_lite.nn.layers import MLP, Activation, Layer, Neuron, Sequential
from autograd_lite.nn.module import Module
from autograd_lite.optim.base import assign

FORMAT, VERSION = "autograd_lite model", 1
ENTRIES = {"format", "version", "model", "parameters", "checksum"}
KINDS: dict[str, type[Module]] = {kind.__name__: kind for kind in (Neuron, Layer, MLP, Sequential, Activation)}
M = TypeVar("M", bound=Module)


def save(model: Module, path: str | os.PathLike[str]) -> "Path":
    """Write a model to a JSON file: all of it or, if that fails, nothing. Returns the path.

    The file says how to build the model if it is one of `nn`'s own as they are built, and names the class of any other.
    A checksum lets `load` see whether a digit has changed. A link stays a link, and a file keeps its permissions.

    >>> from autograd_lite import nn
    >>> import tempfile
    >>> model = nn.MLP(2, [3, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     twin = nn.load(nn.save(model, folder + "/model.json"))
    >>> twin.state_dict() == model.state_dict()
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"save(model) must be a Module, not {shown(model)}")
    target = as_path(path, "save(path)")
    document = {"format": FORMAT, "version": VERSION, "model": _plan(model), "parameters": model.state_dict()}
    text = json.dumps({**document, "checksum": _checksum(document)}, indent=1)
    write_whole(target, text.encode())
    return target


def load(path: str | os.PathLike[str], model: M | None = None) -> Any:
    """Read a model from a file that `save` wrote: built anew, or into `model`, which must have the same parameters.

    Of the classes of `nn` and activations by name a model is built anew; any other needs a `model` to load into. A
    ValueError says what is wrong with a file that is cut short, changed, of another kind, or does not fit; `model` is
    then as it was.

    >>> import tempfile
    >>> from autograd_lite import nn
    >>> model, other = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     loaded = nn.load(nn.save(model, folder + "/model.json"), other)
    >>> loaded is other, other.state_dict() == model.state_dict()
    (True, True)
    """
    if model is not None and not isinstance(model, Module):
        raise TypeError(f"load(path, model) needs a Module to load into, not {shown(model)}")
    text = as_path(path, "load(path)").read_text(encoding="utf-8-sig", errors="replace")
    document = _document(text, path)
    try:
        built = _build(document["model"], len(document["parameters"])) if model is None else model
        parameters, numbers = built.match(document["parameters"])
    except _PlanError as error:
        raise ValueError(f"{path} {error}: pass a model to load into, load(path, model)") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} does not fit: {error}") from None
    if not _is_intact(document):
        raise ValueError(
            f"{path} is not as it was saved: its checksum does not fit. If you changed it yourself, delete that line"
        )
    assign(parameters, numbers)
    return built


# --- documents -----------------------------------------------------------------------------------------------------


def _document(text: str, path: Any) -> dict[str, Any]:
    """What the file holds, once it is known to be whole and a model."""
    try:
        document = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:  # of a number of 5,000 digits too
        raise ValueError(f"{path} is not a whole JSON file ({error}): it was cut short or is not a model") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'{path} is not a model: it lacks the line "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {shown(document.get('version'))} of the format, this package reads {VERSION}"
        )
    if not isinstance(document.get("parameters"), dict):
        raise ValueError(f"{path} has no parameters")
    if not {"model"} <= document.keys() <= ENTRIES:
        raise ValueError(f"{path} must have the entries {', '.join(sorted(ENTRIES))}, not {', '.join(document)}")
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The entries of an object in the file, if none is there twice."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return entries


def _checksum(document: dict[str, Any]) -> str:
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _is_intact(document: dict[str, Any]) -> bool:
    """Whether the checksum fits, if there is one."""
    rest = {name: x for name, x in document.items() if name != "checksum"}
    return "checksum" not in document or bool(document["checksum"] == _checksum(rest))


# --- models --------------------------------------------------------------------------------------------------------


class _PlanError(ValueError):
    """A plan of something that nn cannot build."""


class _SizeError(ValueError):
    """A plan of something larger than the file."""


def _plan(module: Module) -> dict[str, Any]:
    """How to build the module, unless that would build something else; then what it is, which nobody can build."""
    try:
        plan = _stated(module)
        if _alike(_build(plan, None), module):
            return plan
    except _PlanError:
        return plan
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        pass  # someone has changed what it is made of
    return {"kind": f"{type(module).__name__} that was changed after it was built"}


def _stated(part: Any) -> dict[str, Any]:
    """What a module's options state."""
    if type(part) not in KINDS.values():
        kind = type(part).__name__ if isinstance(part, Module) else shown(part)
        return {"kind": f"{kind} of one's own" if kind in KINDS else kind}
    if type(part) is Sequential:
        return {"kind": "Sequential", "layers": [_stated(layer) for layer in part.layers]}
    return {"kind": type(part).__name__, **part.options()}


def _alike(twin: Module, module: Module) -> bool:
    """Whether two modules are the same, apart from the parameters' numbers and from notes of the user's."""
    places: dict[int, int] = {}  # of what is one thing in the twin, in the module
    stack: list[tuple[Any, Any]] = [(twin, module)]
    while stack:
        a, b = stack.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, (Module, list, Value)):
            if places.setdefault(id(a), id(b)) != id(b) or places.setdefault(id(b), id(a)) != id(a):
                return False
            if isinstance(a, Value):
                if b.parents:
                    return False
            elif isinstance(a, list):
                if len(a) != len(b):
                    return False
                stack += zip(a, b)
            else:
                extra = [x for name, x in vars(b).items() if name not in vars(a)]
                if not vars(a).keys() <= vars(b).keys() or not all(isinstance(x, (str, float, int)) for x in extra):
                    return False
                stack += [(x, vars(b)[name]) for name, x in vars(a).items()]
        elif a != b:
            return False
    return True


def _build(plan: Any, parameters: int | None) -> Module:
    """The module of a plan. It may have no more than so many parameters, where that is known."""
    kind = plan.get("kind") if isinstance(plan, dict) else plan
    if not isinstance(plan, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise _PlanError(f"holds a {shown(kind)}, which nn cannot build")
    options = {name: x for name, x in plan.items() if name != "kind"}
    try:
        if kind == "Sequential":
            if options.keys() != {"layers"} or not isinstance(options["layers"], list):
                raise ValueError("it must have a list of layers")
            return Sequential(*[_build(layer, parameters) for layer in options["layers"]])
        if parameters is not None and (size := _size(kind, options)) > parameters:
            raise _SizeError(f"a {kind} of these sizes has {size:,} parameters, the file holds {parameters:,}")
        if kind != "Activation":
            options["seed"] = 0  # so that Python's own generator stays where it is
        return KINDS[kind](**options)
    except (_PlanError, _SizeError):
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise _PlanError(f"does not say how to build a {kind} ({error})") from None


def _size(kind: str, options: dict[str, Any]) -> int:
    """How many parameters such a module has, without building it."""
    if kind == "Activation":
        return 0
    nouts = options.get("nouts", options.get("nout", 1))
    sizes = [options.get("nin"), *(nouts if isinstance(nouts, list) else [nouts])]
    return sum((check_size(n, "a size") + 1) * check_size(m, "a size") for n, m in pairwise(sizes))

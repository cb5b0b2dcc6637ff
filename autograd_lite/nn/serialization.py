"""Models as JSON files: what they are built of, and their parameters by name."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from autograd_lite.nn.layers import MLP, Activation, Layer, Neuron, Sequential
from autograd_lite.nn.module import Module

FORMAT, VERSION = "autograd_lite model", 1
M = TypeVar("M", bound=Module)


def save(model: Module, path: str | os.PathLike[str]) -> Path:
    """Write a model to a JSON file: all of it or, if that fails, nothing. Returns the path.

    >>> from autograd_lite import nn
    >>> import tempfile
    >>> model = nn.MLP(2, [3, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     twin = nn.load(nn.save(model, folder + "/model.json"))
    >>> twin.state_dict() == model.state_dict()
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"save(model) must be a Module, not {model!r:.60}")
    target = Path(path)
    document = {"format": FORMAT, "version": VERSION, "model": _plan(model), "parameters": model.state_dict()}
    text = json.dumps(document, indent=1)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, target)  # in one step: whoever reads the path finds the old file or the new one
    finally:
        draft.unlink(missing_ok=True)
    return target


def load(path: str | os.PathLike[str], model: M | None = None) -> Any:
    """Read a model from a file that `save` wrote: built anew, or into `model`, which must have the same parameters.

    Of the classes of `nn` and activations by name a model is built anew; any other needs a `model` to load into. A
    ValueError says what is wrong with a file that is cut short, of another kind, or does not fit; `model` is then as it
    was.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a whole JSON file ({error}): it was cut short or is not a model") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'{path} is not a model: it lacks the line "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise ValueError(f"{path} has version {document.get('version')!r} of the format, this package reads {VERSION}")
    if not isinstance(document.get("parameters"), dict):
        raise ValueError(f"{path} has no parameters")
    built = _build(document.get("model"), path) if model is None else model
    try:
        built.load_state_dict(document["parameters"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} does not fit: {error}") from None
    return built


def _plan(part: Any) -> Any:
    """What `part` is built of, as far as JSON can say it."""
    if type(part) is Sequential:
        return {"kind": "Sequential", "layers": [_plan(layer) for layer in part.layers]}
    return {"kind": type(part).__name__, **part.options()} if isinstance(part, Module) else {"kind": repr(part)}


def _build(plan: Any, path: Any) -> Module:
    kinds: dict[str, Callable[..., Module]] = {
        kind.__name__: kind for kind in (Neuron, Layer, MLP, Sequential, Activation)
    }
    if not isinstance(plan, dict) or plan.get("kind") not in kinds:
        kind = plan.get("kind") if isinstance(plan, dict) else plan
        raise ValueError(
            f"{path} holds a {kind!r}, which nn cannot build: pass a model to load into, load(path, model)"
        )
    options = {name: x for name, x in plan.items() if name != "kind"}
    try:
        if plan["kind"] == "Sequential":
            return Sequential(*[_build(layer, path) for layer in options["layers"]])
        return kinds[plan["kind"]](**options)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not say how to build a {plan['kind']} ({error}): pass a model, load(path, model)"
        ) from None

"""Derivatives as functions: each transform takes a function of numbers and returns one that computes a derivative.

Arguments and results may be nested lists, tuples, dicts and NumPy arrays of numbers; derivatives come back in the same
structure. Inside, the function sees Values. It is recorded once per call, on fresh nodes: so transforms nest without
confusing one derivative's variables with another's, and the `grad` of the user's Values stays as it was.

Numbers in, numbers out. When Values of the outside take part (as arguments, or because the function uses some), the
results are Values connected to them, ready to be differentiated again. What a function computes from `.data`, and
which way it went at an `if`, is constant to its derivative.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import wraps
from typing import Any

from autograd_lite.core.checks import shown
from autograd_lite.core.modes import as_numbers, is_recording
from autograd_lite.core.primitives import CONSTANT, Primitive
from autograd_lite.core.value import (
    DETACHING,
    Number,
    Value,
    as_data,
    as_value,
    is_known,
    leaf_kind,
    number_of,
    topological_order,
    variable,
)
from autograd_lite.transforms.linearize import between, pull_back, push_forward
from autograd_lite.transforms.pytree import Structure, flatten, leaves_like, matrix, unflatten

Function = Callable[..., Any]
Argnums = int | Sequence[int]


def grad(f: Function, argnums: Argnums = 0) -> Function:
    """The function that computes the gradient of f, by one backward pass.

    `argnums` says with respect to which positional argument, by default the first; with a tuple of them the result is a
    tuple. f must return one number. An argument that the result does not depend on has gradient 0.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"])({"w": 3.0, "x": 4.0})
    {'w': 4.0, 'x': 3.0}
    """
    compute = value_and_grad(f, argnums)

    @_derived("grad", f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return compute(*args, **kwargs)[1]

    return gradient


def value_and_grad(f: Function, argnums: Argnums = 0) -> Function:
    """As `grad`, but the new function returns the pair (value of f, gradient).

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (10.0, (5.0, 2.0))
    """
    _check(f, argnums)

    @_derived("value_and_grad", f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _Call(f, args, kwargs, argnums)
        if call.out.children or len(call.out) != 1 or call.out.keys:
            raise TypeError(f"{_name(f)} returned {call.out}: grad needs one number; for several, use jacobian or vjp")
        return _results(call.outputs, call.recording)[0], unflatten(call.structure, call.pull_back([1.0]))

    return value_and_gradient


def jacobian(f: Function, argnums: Argnums = 0) -> Function:
    """The function that computes all partial derivatives of all results of f.

    The result has the structure of f's result, with the structure of the argument in place of each number; an array
    result of shape m and an array argument of shape n give one array of shape m + n. By rows (backward passes) or by
    columns (forward passes), whichever are fewer.

    >>> jacobian(lambda v: [v[0] * v[1], v[0] + v[1]])([3.0, 4.0])
    [[4.0, 3.0], [1.0, 1.0]]
    """
    _check(f, argnums)

    @_derived("jacobian", f)
    def partial_derivatives(*args: Any, **kwargs: Any) -> Any:
        call = _Call(f, args, kwargs, argnums)
        n, m = len(call.inputs), len(call.outputs)
        if n < m:
            columns = [call.push_forward([float(i == j) for i in range(n)]) for j in range(n)]
            rows: list[list[Any]] = [list(row) for row in zip(*columns)] if n else [[] for _ in range(m)]
        else:
            rows = [call.row(y) for y in call.outputs]
        return matrix(call.out, call.structure, rows)

    return partial_derivatives


def hessian(f: Function, argnums: Argnums = 0) -> Function:
    """The function that computes the second partial derivatives of f, which must return one number.

    The result has the structure of the argument, with that structure again in place of each number.

    >>> hessian(lambda v: v[0] ** 2 * v[1])([3.0, 4.0])
    [[8.0, 6.0], [6.0, 0.0]]
    """
    return _derived("hessian", f)(jacobian(grad(f, argnums), argnums))


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The pair (f(*primals), the derivative of f there in the direction `tangents`), by one forward pass.

    `primals` is a tuple of f's arguments, and `tangents` has its structure. The derivative of f in a direction is the
    Jacobian times the tangents: a Jacobian-vector product.

    >>> jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 10.0))
    (10.0, 25.0)
    """
    call, seeds = _linearized("jvp", f, primals, tangents)
    results = call.push_forward(seeds)
    return call.value(), unflatten(call.out, results)


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """The pair (f(*primals), pull), where pull turns gradients at the results into gradients at the arguments.

    `pull(cotangents)` takes one gradient for each number of f's result, in its structure, and returns a tuple with one
    entry for each of `primals`: the vector-Jacobian product. It can be called again, each time for one backward pass.

    >>> value, pull = vjp(lambda x, y: [x * y, x + y], 2.0, 5.0)
    >>> pull([1.0, 0.0])
    (5.0, 2.0)
    """
    _check(f, ())
    call = _Call(f, primals, {}, tuple(range(len(primals))))

    def pull(cotangents: Any) -> Any:
        return unflatten(call.structure, call.pull_back(leaves_like(call.out, cotangents, "pull(cotangents)")))

    return call.value(), pull


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f at `primals` times the vector `tangents`, without the Hessian: forward over reverse.

    Costs a small multiple of f, however many arguments. f must return one number. The result has the structure of the
    argument; a tuple of such if there are several.

    >>> hvp(lambda v: v[0] ** 2 * v[1], ([3.0, 4.0],), ([1.0, 0.0],))
    [8.0, 6.0]
    """
    _check(f, ())
    _check_primals("hvp", primals)
    argnums = 0 if len(primals) == 1 else tuple(range(len(primals)))
    return jvp(grad(f, argnums), primals, tangents)[1]


class _Call:
    """One call of f: its differentiated arguments as fresh nodes, the result, and the derivative between the two."""

    def __init__(self, f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: Argnums) -> None:
        indices = _positions(f, argnums, len(args))
        trees = [args[i] for i in indices]
        places = [f"argument {i} of {_name(f)}" for i in indices]
        taken = [flatten(tree, place) for tree, place in zip(trees, places)]
        structures = tuple(structure for _, structure in taken)
        self.structure = structures[0] if isinstance(argnums, int) else Structure(tuple, (), structures)
        nested = is_recording()
        self.inputs, result, inside = copy_context().run(_run, f, args, kwargs, indices, taken)
        if result is None:
            raise TypeError(f"{_name(f)} returned None: it must return its result; is a `return` missing?")
        leaves, self.out = flatten(result, f"the result of {_name(f)}")
        self.outputs = [as_value(y) for y in leaves]
        interior, others = topological_order(*self.outputs, stop=self.inputs)
        self.graph = between(self.inputs, interior)
        outside = [v for v in others if v._primitive not in (CONSTANT, inside)]
        from_outside = bool(outside) or any(x.parents for x in self.inputs)
        for v in (*self.inputs, *others):
            if v._primitive is inside:
                v._primitive = leaf_kind()  # from here on of the function around this one, if there is one
        self.recording = nested and (from_outside or not all(map(is_known, self.outputs)))
        if not nested:
            for y in self.outputs:
                number_of(y, DETACHING)

    def pull_back(self, seeds: Sequence[Number]) -> list[Number]:
        recording = self.recording or _has_values(seeds)
        return _results(pull_back(self.graph, self.inputs, self.outputs, seeds, recording), recording)

    def row(self, y: Value) -> list[Number]:
        """The gradient of one of the outputs, by a walk over no more than its own part of the graph."""
        graph = between(self.inputs, topological_order(y, stop=self.inputs)[0])
        return _results(pull_back(graph, self.inputs, [y], [1.0], self.recording), self.recording)

    def push_forward(self, tangents: Sequence[Number]) -> list[Number]:
        recording = self.recording or _has_values(tangents)
        return _results(push_forward(self.graph, self.inputs, self.outputs, tangents, recording), recording)

    def value(self) -> Any:
        """What f returned, as numbers unless Values of the outside take part."""
        return unflatten(self.out, _results(self.outputs, self.recording))


def _results(xs: Sequence[Number], recording: bool) -> list[Number]:
    return [as_value(x) if recording else as_data(x) for x in xs]


def _has_values(xs: Sequence[Number]) -> bool:
    return is_recording() and any(isinstance(x, Value) for x in xs)


def _run(
    f: Function,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    indices: list[int],
    taken: list[tuple[list[Number], Structure]],
) -> tuple[list[Value], Any, Primitive]:
    """Fresh nodes in place of the arguments at `indices`, what f returns, and the kind of leaves that were made inside.

    In a context of its own.
    """
    inside = as_numbers()
    inputs = [variable(x) for leaves, _ in taken for x in leaves]
    fresh = iter(inputs)
    filled = list(args)
    for i, (_, structure) in zip(indices, taken):
        filled[i] = unflatten(structure, fresh)
    return inputs, f(*filled, **kwargs), inside


def _linearized(
    transform: str, f: Function, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[_Call, list[Number]]:
    _check(f, ())
    _check_primals(transform, primals)
    if not isinstance(tangents, (tuple, list)):
        raise TypeError(
            f"{transform}(tangents) must be a tuple with one entry for each of primals, not {shown(tangents)}"
        )
    structure = flatten(tuple(primals), f"{transform}(primals)")[1]
    seeds = leaves_like(structure, tuple(tangents), f"{transform}(tangents)")
    return _Call(f, primals, {}, tuple(range(len(primals)))), seeds


def _check(f: Any, argnums: Any) -> None:
    if not callable(f):
        raise TypeError(f"f must be a function of numbers, not {shown(f)}: pass the function itself, not its result")
    indices = [argnums] if isinstance(argnums, int) else argnums
    if not isinstance(indices, (tuple, list)) or not all(type(i) is int for i in indices):
        raise TypeError(f"argnums must be an int or a tuple of ints, the positions of arguments, not {shown(argnums)}")


def _check_primals(transform: str, primals: Any) -> None:
    if not isinstance(primals, (tuple, list)) or not primals:
        raise TypeError(
            f"{transform}(primals) must be a tuple of the arguments, not {shown(primals)}: write ({shown(primals)},)"
        )


def _positions(f: Function, argnums: Argnums, count: int) -> list[int]:
    indices = [argnums] if isinstance(argnums, int) else list(argnums)
    for i in indices:
        if not -count <= i < count:
            raise ValueError(f"argnums names argument {i}, but {_name(f)} was called with {count} positional arguments")
    positions = [i % count for i in indices]
    for i, position in zip(indices, positions):
        if positions.count(position) > 1:
            raise ValueError(f"argnums names argument {i} of {_name(f)} twice: {argnums!r}; name each position once")
    return positions


def _name(f: Function) -> str:
    return getattr(f, "__name__", None) or repr(f)


def _derived(transform: str, f: Function) -> Callable[[Function], Function]:
    """Name a derivative after its function: `grad(f)`."""

    def rename(derivative: Function) -> Function:
        derivative = wraps(f, updated=())(derivative)
        derivative.__name__ = derivative.__qualname__ = f"{transform}({_name(f)})"
        return derivative

    return rename

"""Programs for others to run: a recorded function as a function of JAX."""

from collections.abc import Callable
from typing import Any

from autograd_lite.compiler.backends import check
from autograd_lite.compiler.jitted import jit


def to_jax(f: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """f, recorded for arguments like these, as a function of JAX arrays: for `jax.jit`, `jax.vmap` and shardings.

    The arguments are those that `jit` takes; only their structure counts, not their numbers. What comes back takes
    arguments of that structure, and gives arrays of JAX in the structure of f's result. Where f does the same to many
    numbers, the function works on arrays, so that XLA compiles tens of thousands of operations in seconds. Values of
    the outside that f uses keep the numbers that they have now. Numbers are of 64 bits: JAX's setting `jax_enable_x64`
    is switched on. An ImportError that says how to install JAX, if it is missing.

    >>> from autograd_lite import grad, to_jax
    >>> slope = to_jax(grad(lambda x: x**3), 1.0)  # doctest: +SKIP
    >>> float(slope(2.0))  # doctest: +SKIP
    12.0
    """
    check("jax")
    from autograd_lite.compiler.backends.jax import leaves, traceable

    recording = jit(f).recording_for(args, {}, [])
    program = recording.program
    run = traceable(program)
    captured = [v.data for v in program.captured]

    def on_arrays(*args: Any) -> Any:
        return recording.assemble(run([*leaves(recording.structure.children[0], args), *captured]))

    on_arrays.__name__ = getattr(f, "__name__", "on_arrays")
    return on_arrays

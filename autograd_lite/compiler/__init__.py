"""A recorded function as a program: `jit`, `vmap`, `to_javascript`, `to_jax`.

A function is run once on tracers, which write every operation to a tape; passes turn the tape into instructions; a
backend runs them on new numbers, as often as asked. Gradients are recorded on the same tape, from the same table, so
that compiled derivatives need no second set of rules.
"""

from autograd_lite.compiler.backends.javascript.exporting import to_javascript
from autograd_lite.compiler.batching import vmap
from autograd_lite.compiler.export import to_jax
from autograd_lite.compiler.jitted import jit

__all__ = ["jit", "to_javascript", "to_jax", "vmap"]

"""Derivatives as functions: `grad`, `jacobian`, `hessian`, `jvp`, `vjp`, `hvp`.

Each takes a function of numbers, however these are nested (`pytree.py`), records it once, and applies the derivative of
the recorded graph, a linear map, forward or backward (`linearize.py`). What they return is a function again, so they
nest. The compiler records the same way.
"""

from autograd_lite.transforms.derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

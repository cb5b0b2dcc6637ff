"""Programs as machine code: a kernel for each kind of array operation, compiled by Numba one by one.

`store` keeps kernels on disk, `background` has another process compile them, `build` and `kernels` say what they are,
`functions` compiles the forward functions of primitives. It gives `load` to those who run programs.
"""

from autograd_lite.compiler.backends.numba.runner import load as load

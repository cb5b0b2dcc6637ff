"""Programs in JavaScript: for a Python that runs in a browser, and for pages that compute with no Python behind them.

Forward functions are translated from their own source; a program travels as data for one loop. Nothing here knows a
derivative: a gradient is a program like any other.
"""

from autograd_lite.compiler.backends.javascript.loading import load

__all__ = ["load"]

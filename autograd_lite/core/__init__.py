"""The engine, to be read in one sitting: `Value`, the derivative table, `backward()`.

A `Value` is a float that remembers how it was computed; each primitive is declared once, as a row of the table. Start
with `value.py`, then `table.py`; the rest of the package is derived from these two. Operators, methods and public
functions are made from the table here.
"""

from autograd_lite.core import backward as backward
from autograd_lite.core import copying as copying
from autograd_lite.core import micrograd as micrograd
from autograd_lite.core import operators as operators

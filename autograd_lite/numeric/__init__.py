"""What primitives compute, on plain floats.

Functions of Python's `math` with IEEE 754's answers where `math` raises, and the accurate functions it lacks. All of it
is plain scalar code that knows nothing of graphs, so that a compiler can translate it. The derivative table in `core`
gives each of these functions its derivative.
"""

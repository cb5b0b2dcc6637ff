"""A computation graph as a formula, in Python's notation and in LaTeX."""

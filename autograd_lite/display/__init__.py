"""Graphs for the eye: pictures (`graph/`), formulas (`formula/`), backpropagation step by step (`stepping/`),
curves with their tangents (`exploring/`).

Everything shown is taken from the recorded graph itself, never from a second description of it. Pictures, pages and
formulas show themselves in a notebook and can be saved to files. Nothing here computes a derivative.
"""

from autograd_lite.display.exploring.exploration import explore
from autograd_lite.display.formula.printer import expression
from autograd_lite.display.graph.drawing import draw
from autograd_lite.display.network.playing import playground
from autograd_lite.display.stepping.passes import steps
from autograd_lite.display.stepping.widget import live

__all__ = ["draw", "explore", "expression", "live", "playground", "steps"]

"""A computation graph as a picture: boxes, folded modules, DOT, and the program that lays it out."""

"""A network as people draw it: neurons as dots, weights as lines, layers from left to right."""

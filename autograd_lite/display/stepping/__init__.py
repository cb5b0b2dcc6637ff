"""Backpropagation step by step, on a page of its own or tied to a notebook's Values."""

"""Layers driven by hand: `check_layer` finds their parameters, wherever these and their gradients are kept."""

import numpy as np
import pytest
from hypothesis import strategies as st

from autograd_lite.testing import WrongGradientError, check_layer

random = np.random.default_rng(0)
X = np.array([1.0, -2.0, 3.0])


class Affine:
    """As in other textbooks: `params` and `grads` side by side, written in place, or added up."""

    def __init__(self, container, factor=1.0, adds=False):
        self.keys, self.factor, self.adds = ("W", "b") if container is dict else (0, 1), factor, adds
        arrays = random.normal(size=(4, 2)), np.zeros(2)
        self.params = dict(zip(self.keys, arrays)) if container is dict else [*arrays]
        self.grads = (
            dict(zip(self.keys, map(np.zeros_like, arrays))) if container is dict else [*map(np.zeros_like, arrays)]
        )

    def forward(self, x):
        self.x = x
        W, b = (self.params[key] for key in self.keys)  # noqa: N806
        return x @ W + b

    def backward(self, dout):
        for key, found in zip(self.keys, (self.factor * self.x.T @ dout, dout.sum(axis=0))):
            self.grads[key][...] = found + self.grads[key] * self.adds
        return dout @ self.params[self.keys[0]].T


@pytest.mark.parametrize("container", [list, dict])
@pytest.mark.parametrize("adds", [False, True])
def test_parameters_in_containers(container, adds):
    layer, x = Affine(container, 1.0, adds), random.normal(size=(3, 4))
    W, before = layer.params[layer.keys[0]], layer.params[layer.keys[0]].copy()  # noqa: N806
    check_layer(layer, x)
    assert layer.params[layer.keys[0]] is W
    np.testing.assert_array_equal(W, before)
    with pytest.raises(WrongGradientError, match=r"Affine.grads\[(0|'W')\] at params.*\n.*ratio 2"):
        check_layer(Affine(container, 2.0, adds), x)


class Embedding:
    def __init__(self, add=np.add.at):
        self.W, self.scale, self.add = random.normal(size=(5, 3)), np.ones(3), add

    def forward(self, index):
        self.index = index
        return self.W[index] * self.scale

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.add(self.dW, self.index, dout * self.scale)


def test_a_layer_of_whole_numbers_and_a_parameter_without_a_gradient():
    report = check_layer(Embedding(), np.array([0, 2, 2]))
    assert "scale has no gradient dscale: it is not compared" in str(report)
    with pytest.raises(WrongGradientError, match=r"Embedding\.dW"):
        check_layer(Embedding(lambda g, index, dout: g.__setitem__(index, dout)), np.array([0, 2, 2]))


def test_a_layer_at_all_points_and_with_several_results():
    class Twice:
        def forward(self, x):
            return [2.0 * x, x * x]

        def backward(self, dout):
            return 2.0 * dout[0] + dout[1] * self.slope

    class Right(Twice):
        def forward(self, x):
            self.slope = 2.0 * x
            return super().forward(x)

    check_layer(Right(), X)
    assert check_layer(Right(), st.floats(-3.0, 3.0)).right > 50

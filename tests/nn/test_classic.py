"""The layers of the textbooks, driven by hand: forward and backward, on numbers, samples, batches and images."""

import numpy as np
import pytest

from autograd_lite import nn, optim
from autograd_lite.testing import check_layer

random = np.random.default_rng(0)


@pytest.mark.parametrize("layer", [nn.Relu(), nn.Sigmoid()])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2, 2)])
def test_entrywise_layers_keep_the_shape(layer, shape):
    x = random.normal(size=shape)
    y = layer.forward(x)
    dx = layer.backward(np.ones(shape))
    assert np.shape(y) == np.shape(dx) == shape
    check_layer(layer, x)


def test_relu_remembers_where_it_stops():
    layer = nn.Relu()
    x = np.array([[1.0, -0.5], [0.0, 3.0]])
    np.testing.assert_array_equal(layer.forward(x), [[1.0, 0.0], [0.0, 3.0]])
    np.testing.assert_array_equal(layer.mask, [[False, True], [True, False]])
    np.testing.assert_array_equal(layer.backward(np.full((2, 2), 7.0)), [[7.0, 0.0], [0.0, 7.0]])
    assert layer.forward(-2.0) == 0.0
    assert layer.mask is True
    assert layer.backward(3.0) == 0.0


def test_sigmoid_remembers_its_output():
    layer = nn.Sigmoid()
    y = layer.forward(np.array([0.0, 2.0]))
    assert layer.out is y
    np.testing.assert_allclose(layer.backward(np.array([1.0, 2.0])), np.array([1.0, 2.0]) * y * (1 - y))


@pytest.mark.parametrize("shape", [(6,), (5, 6), (5, 1, 2, 3)])
def test_affine(shape):
    weights, bias = random.normal(size=(6, 4)), random.normal(size=4)
    layer, x = nn.Affine(weights, bias), random.normal(size=shape)
    rows = x.reshape(-1, 6)
    y = layer.forward(x)
    np.testing.assert_allclose(y.reshape(-1, 4), rows @ weights + bias)
    dout = random.normal(size=y.shape)
    dx = layer.backward(dout)
    assert dx.shape == x.shape
    np.testing.assert_allclose(dx.reshape(-1, 6), dout.reshape(-1, 4) @ weights.T)
    np.testing.assert_allclose(layer.dW, rows.T @ dout.reshape(-1, 4))
    np.testing.assert_allclose(layer.db, dout.reshape(-1, 4).sum(0))
    check_layer(layer, x)
    assert layer.W is weights
    weights -= 0.5 * layer.dW  # the caller's own array: an update in place is seen
    np.testing.assert_allclose(layer.forward(x).reshape(-1, 4), rows @ weights + bias)


def test_softmax_with_loss_takes_indices_and_one_hot_vectors():
    layer, x, t = nn.SoftmaxWithLoss(), random.normal(size=(4, 3)), np.array([0, 2, 1, 1])
    loss = layer.forward(x, t)
    probabilities = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    np.testing.assert_allclose(layer.y, probabilities)
    assert loss == layer.loss == pytest.approx(-np.log(probabilities[np.arange(4), t]).mean())
    dx = layer.backward()
    np.testing.assert_allclose(dx, (probabilities - np.eye(3)[t]) / 4)
    np.testing.assert_allclose(layer.backward(2.0), 2.0 * dx)
    check_layer(layer, x, t)
    assert layer.forward(x, np.eye(3)[t]) == pytest.approx(loss)
    np.testing.assert_allclose(layer.backward(), dx)
    assert layer.t.shape == (4, 3)
    check_layer(layer, x, np.eye(3)[t])
    assert layer.forward(x[0], 0) == pytest.approx(-np.log(probabilities[0, 0]))
    assert layer.backward().shape == (3,)


def test_products_and_sums_of_numbers_and_arrays():
    check_layer(nn.MulLayer(), 3.0, -5.0)
    check_layer(nn.AddLayer(), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    layer = nn.MulLayer()
    layer.forward(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    dx, dy = layer.backward(np.ones(2))
    assert (dx.tolist(), dy.tolist()) == ([3.0, 4.0], [1.0, 2.0])


@pytest.mark.parametrize(
    "layer",
    [nn.MulLayer(), nn.AddLayer(), nn.Relu(), nn.Sigmoid(), nn.Affine(np.eye(2), np.zeros(2)), nn.SoftmaxWithLoss()],
)
def test_backward_needs_a_forward_first(layer):
    with pytest.raises(
        RuntimeError, match=rf"{type(layer).__name__}.backward\(\) needs the inputs: call forward first"
    ):
        layer.backward(np.ones((1, 2)))


def test_what_does_not_fit_is_refused():
    """A sample that is too wide would be a silent wrong number."""
    layer = nn.Affine(np.ones((3, 2)), np.zeros(2))
    for shape, width in (((2, 4), 4), ((2,), 2), ((5, 2, 2), 4)):
        with pytest.raises(ValueError, match=rf"Affine.forward\(x\) must have 3 numbers a sample.*not {width}"):
            layer.forward(np.ones(shape))
    for weights, bias in ((np.ones((3, 2)), np.zeros(3)), (np.ones(3), np.zeros(1))):
        with pytest.raises(ValueError, match=r"Affine needs W of shape \(n, m\) and b of length m"):
            nn.Affine(weights, bias).forward(np.ones(3))
    assert layer.forward(np.ones((0, 3))).shape == (0, 2)
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"Affine.backward\(dout\) must be an array of shape \(2, 2\)"):
        layer.backward(np.ones((3, 2)))
    for f, said in ((3, "must be a function, not 3"), (lambda x: 2 * x, "its result must be a real number")):
        with pytest.raises(TypeError, match=rf"numerical_gradient\(f\).*{said}"):
            nn.numerical_gradient(f, np.ones(2))


def test_numerical_gradient_changes_the_array_and_puts_it_back():
    w = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = w.copy()
    slopes = nn.numerical_gradient(lambda _: np.sum(w**3), w)  # reads w itself, as the textbooks' losses do
    np.testing.assert_allclose(slopes, 3 * w**2, rtol=1e-6)
    np.testing.assert_array_equal(w, before)
    with pytest.raises(TypeError, match="array of floats"):
        nn.numerical_gradient(lambda w: 0.0, np.array([1, 2]))


def test_a_network_driven_by_hand_trains_to_the_same_numbers_as_an_mlp():
    inputs, targets = random.normal(size=(6, 2)), [0, 1, 1, 0, 1, 0]
    model = nn.MLP(2, [3, 2], activation="relu", seed=1)
    params = {}
    for k, layer in enumerate(model.layers):
        params[f"W{k}"] = np.array([[w.data for w in neuron.w] for neuron in layer.neurons]).T
        params[f"b{k}"] = np.array([neuron.b.data for neuron in layer.neurons])
    first, relu, second = nn.Affine(params["W0"], params["b0"]), nn.Relu(), nn.Affine(params["W1"], params["b1"])
    last, optimizer = nn.SoftmaxWithLoss(), optim.SGD(model.parameters(), lr=0.5)
    for _ in range(10):
        by_hand = last.forward(second.forward(relu.forward(first.forward(inputs))), targets)
        first.backward(relu.backward(second.backward(last.backward())))
        for k, layer in enumerate((first, second)):
            params[f"W{k}"] -= 0.5 * layer.dW
            params[f"b{k}"] -= 0.5 * layer.db
        loss = nn.cross_entropy([model(x) for x in inputs.tolist()], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert by_hand == pytest.approx(loss.data, rel=1e-12)
    trained = np.array([[w.data for w in neuron.w] for neuron in model.layers[1].neurons]).T
    np.testing.assert_allclose(params["W1"], trained, rtol=1e-12)

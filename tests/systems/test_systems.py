"""The systems that courses build by hand, each in a few lines: the numbers are those of the hand-written code."""

import time

import pytest

from autograd_lite import Value, nn, no_gc, no_grad, optim


def test_the_shopping_example_by_hand_driven_layers_and_by_the_engine():
    """Two apples at 100, 10 % tax: 220, of which the tax owes 200 to its rate, the price 2.2 each, the count 110."""
    price, taxed = nn.MulLayer(), nn.MulLayer()
    assert taxed.forward(price.forward(100, 2), 1.1) == pytest.approx(220)
    d_price, d_tax = taxed.backward(1)
    assert (*price.backward(d_price), d_tax) == pytest.approx((2.2, 110, 200))

    apple, count, tax = Value(100), Value(2), Value(1.1)
    total = apple * count * tax
    total.backward()
    assert (total.data, apple.grad, count.grad, tax.grad) == pytest.approx((220, 2.2, 110, 200))


def test_the_shopping_example_with_oranges():
    apples, oranges, fruit, taxed = nn.MulLayer(), nn.MulLayer(), nn.AddLayer(), nn.MulLayer()
    total = taxed.forward(fruit.forward(apples.forward(100, 2), oranges.forward(150, 3)), 1.1)
    d_fruit, d_tax = taxed.backward(1)
    d_apples, d_oranges = fruit.backward(d_fruit)
    by_hand = [total, *apples.backward(d_apples), *oranges.backward(d_oranges), d_tax]
    assert by_hand == pytest.approx([715, 2.2, 110, 3.3, 165, 650])

    leaves = [Value(x) for x in (100, 2, 150, 3, 1.1)]
    a, n, o, m, t = leaves
    y = (a * n + o * m) * t
    y.backward()
    assert [y.data, *(leaf.grad for leaf in leaves)] == pytest.approx(by_hand)


def test_a_layer_driven_backward_again_gives_the_same_and_needs_a_forward_first():
    layer = nn.MulLayer()
    with pytest.raises(RuntimeError, match=r"MulLayer.backward\(\) needs the inputs: call forward first"):
        layer.backward(1.0)
    layer.forward(3.0, 4.0)
    assert layer.backward(2.0) == layer.backward(2.0) == (8.0, 6.0)


def test_a_sigmoid_network_learns_xor(capsys):
    inputs, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    model = nn.MLP(2, [4, 1], activation="sigmoid", output="sigmoid", seed=0)
    history = nn.fit(
        model, (inputs, targets), lambda ys, ts: nn.mse_loss(ys, ts, "sum"), optim.SGD(model.parameters(), lr=0.1),
        epochs=10_000, report=4_000, progress=False,
    )  # fmt: skip
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 4,000", "epoch 8,000"]
    assert [round(y.data) for y in model(inputs)] == targets
    assert history["loss"][-1] < 0.01 < history["loss"][0]


@pytest.mark.parametrize("kind", ["sigmoid, squared error", "relu, cross-entropy"])
def test_a_network_recognises_digits_it_has_not_seen(kind):
    datasets = pytest.importorskip("sklearn.datasets")
    images, digits = datasets.load_digits(return_X_y=True)
    images = images / 16.0
    held_out = len(digits) // 5
    if kind == "relu, cross-entropy":
        model, loss = nn.MLP(64, [32, 10], init="he", seed=0), nn.cross_entropy
    else:
        model = nn.MLP(64, [32, 10], activation="sigmoid", output="sigmoid", init="xavier", seed=0)

        def loss(ys, ts):
            return nn.mse_loss(ys, [[float(k == t) for k in range(10)] for t in ts])

    history = nn.fit(
        model, (images[held_out:], digits[held_out:]), loss, optim.Adam(model.parameters(), lr=0.03), epochs=4,
        batch_size=16, validation=(images[:held_out], digits[:held_out]), metrics={"accuracy": nn.accuracy},
        seed=0, stop=lambda history: history["val_accuracy"][-1] >= 0.9, progress=False,
    )  # fmt: skip
    assert history["val_accuracy"][-1] >= 0.9


def test_a_five_layer_network_fits_a_quadratic():
    inputs = [[-5.0 + i / 3] for i in range(31)]
    targets = [x * x + 2 * x - 3 for [x] in inputs]
    model = nn.MLP(1, [12, 12, 12, 12, 1], activation=["relu", "tanh", "sigmoid", "relu"], init="xavier", seed=0)
    nn.fit(
        model, (inputs, targets), nn.mse_loss, optim.Adam(model.parameters(), lr=optim.cosine(0.02, 800)),
        epochs=200, batch_size=8, seed=0, progress=False,
    )  # fmt: skip
    with no_grad():
        assert nn.mse_loss(model(inputs), targets).data < 0.1


def test_numerical_differentiation_gives_the_same_gradients_and_takes_longer():
    """Central differences of fourth order: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h."""
    model = nn.MLP(4, [16, 12, 2], activation="tanh", output="sigmoid", seed=0)
    inputs, targets = [[0.1, -0.4, 0.8, 0.3], [0.9, 0.2, -0.5, -0.7]], [[0.0, 1.0], [1.0, 0.0]]

    start = time.perf_counter()
    with no_gc():
        nn.mse_loss(model(inputs), targets).backward()
    backpropagation = time.perf_counter() - start

    def loss_with(p, x):
        before, p.data = p.data, x
        y = nn.mse_loss(model(inputs), targets).data
        p.data = before
        return y

    start = time.perf_counter()
    h = 2.0**-9
    with no_grad():
        numerical = []
        for p in model.parameters():
            near, far = (loss_with(p, p.data + s) - loss_with(p, p.data - s) for s in (h, 2 * h))
            numerical.append((8 * near - far) / (12 * h))
    differences = time.perf_counter() - start

    gradients = [p.grad for p in model.parameters()]
    print(
        f"{len(gradients)} gradients: {backpropagation * 1e3:.1f} ms backward, {differences * 1e3:.0f} ms numerically"
    )
    assert numerical == pytest.approx(gradients, rel=1e-7, abs=1e-12)

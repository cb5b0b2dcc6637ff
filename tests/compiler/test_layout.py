"""Which array operations the groups of a program become. That they give the right numbers is in `test_rolled.py`."""

import pytest

from autograd_lite import dot, jit, vmap

np = pytest.importorskip("numpy")


def kinds(f, *args):
    """The kinds of operations that f is laid out in, but for what brings operands together."""
    from autograd_lite.compiler.layout import Layout

    operations = Layout(jit(f).program(*args)).operations
    return [kind for kind, _, _ in operations if kind not in ("copy", "gather")]


def matrix(n, m):
    return np.random.default_rng(0).normal(size=(n, m)).tolist()


def products(ws, xs):
    return [sum(a * b for a, b in zip(w, x)) for w in ws for x in xs]


W, X = matrix(8, 5), matrix(9, 5)


def test_all_products_of_rows_are_a_matrix_product():
    assert kinds(products, W, X) == ["matmul"]
    assert kinds(lambda ws, xs: [dot(w, x) for w in ws for x in xs], W, X) == ["dots"]


def test_what_is_added_after_a_product_is_added_to_the_matrix():
    assert kinds(lambda ws, xs: [y + 2.0 * x[0] for x in xs for y in products(ws, [x])], W, X) == [
        "map",
        "matmul",
        "map",
    ]


def test_what_a_sum_begins_with_is_what_the_products_are_added_to():
    def neuron(bias, w, x):
        return sum((a * b for a, b in zip(w, x)), bias)

    def by_hand(bs, ws, xs):
        return [neuron(b, w, x) for b, w in zip(bs, ws) for x in xs]

    biases = [0.5 * i for i in range(8)]
    assert kinds(by_hand, biases, W, X) == ["matmul"]
    layer = vmap(lambda bs, ws, x: [neuron(b, w, x) for b, w in zip(bs, ws)], in_axes=(None, None, 0))
    assert kinds(layer, biases, W, X) == ["matmul"]


def test_rows_that_meet_other_columns_are_another_product():
    def f(ws, xs):
        return [products(ws[:4], xs[:5]), products(ws[4:], xs[5:]), products(ws[:1], xs[5:6])]

    assert kinds(f, W, X) == ["matmul", "matmul", "sums"]


def test_lanes_are_the_columns_of_a_product():
    def layer(ws, x):
        return [dot(w, x) + w[0] for w in ws]

    assert kinds(vmap(layer, in_axes=(None, 0)), W, X) == ["dots", "map"]


def test_few_single_numbers_stay_instructions():
    assert kinds(lambda x: (x * x + 1.0).tanh() / x, 2.0) == ["scalars"]

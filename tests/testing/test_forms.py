"""The forms in which people return a gradient or a Jacobian."""

import numpy as np
import pytest

from autograd_lite.testing import WrongGradientError, check_gradients

A = np.array([[1.0, 2.0], [3.0, 4.0]])
X = np.array([1.0, -2.0, 3.0])
P = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, -5.0])}
GRADIENTS = {  # of one function, in every form that people return it in
    "a list for an array": (lambda x: x[0] * x[1], (X[:2],), lambda x: [x[1], x[0]]),
    "a tuple for an array": (lambda x: x[0] * x[1], (X[:2],), lambda x: (x[1], x[0])),
    "an array for a tuple": (lambda x: x[0] * x[1], ((2.0, 3.0),), lambda x: np.array([x[1], x[0]])),
    "a list for two numbers": (lambda a, b: a * b, (2.0, 3.0), lambda a, b: [b, a]),
    "an array for two numbers": (lambda a, b: a * b, (2.0, 3.0), lambda a, b: np.array([b, a])),
    "one array for two": (lambda a, b: float(a @ b), (X, X[::-1].copy()), lambda a, b: np.array([b, a])),
    "one flat array for two": (lambda a, b: float(a.sum() * b), (X, 2.0), lambda a, b: np.array([b] * 3 + [a.sum()])),
    "a dict in another order": (lambda p: float(p["a"] @ p["b"]), (P,), lambda p: {"b": p["a"], "a": p["b"]}),
    "nothing for what is no number": (lambda mode, x: x * x, ("square", 3.0), lambda mode, x: 2 * x),
    "None for it": (lambda mode, x: x * x, ("square", 3.0), lambda mode, x: (None, 2 * x)),
}


@pytest.mark.parametrize("form", GRADIENTS)
def test_forms_of_a_gradient(form):
    f, args, grad = GRADIENTS[form]
    check_gradients(f, *args, grad=grad)


def test_a_dict_of_gradients_is_matched_by_its_keys():
    with pytest.raises(WrongGradientError, match=r"the gradients of p\['a'\] and p\['b'\] are swapped"):
        check_gradients(lambda p: float(p["a"] @ p["b"]), P, grad=lambda p: {"b": p["b"], "a": p["a"]})


def test_forms_of_a_jacobian():
    sparse = pytest.importorskip("scipy.sparse")
    product, blocks = lambda a, b: a * b, lambda a, b: [np.diag(b), np.diag(a)]
    for form in (blocks, lambda a, b: tuple(blocks(a, b)), lambda a, b: np.hstack(blocks(a, b))):
        check_gradients(product, X, X + 1.0, jac=form)
    n = 20_000
    many = sparse.diags(np.arange(1.0, n + 1.0)).tocoo()  # dense it would take 3 GB
    check_gradients(lambda x: many @ x, np.ones(n), jac=lambda x: many)
    with pytest.raises(WrongGradientError, match=r"df\[0\]/dx\[1\] got nan") as caught:
        check_gradients(lambda x: A @ x, X[:2], jac=lambda x: np.where(A == 2.0, np.nan, A))
    assert [p.verdict for p in caught.value.report.partials] == ["right", "wrong", "right", "right"]


def test_a_torch_function_that_returns_plain_numbers():
    torch = pytest.importorskip("torch")
    with pytest.raises(WrongGradientError, match="what f returns is connected to no input"):
        check_gradients(lambda x: float(x.detach().sum()), torch.ones(2, dtype=torch.float64))
    check_gradients(lambda layer, x: layer(x), torch.nn.Linear(2, 1), torch.ones(2))

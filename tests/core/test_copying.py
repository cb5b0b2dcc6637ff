"""Copies and pickles of nodes and graphs."""

import copy
import pickle

import pytest

from autograd_lite import Value, dot, grad, jit, primitive, tanh
from autograd_lite.compiler.tracer import TracingError
from autograd_lite.core import copying


@pytest.fixture
def graph():
    x, w = Value(0.5, label="x"), Value(-2.0, label="w")
    y = tanh(dot([w, x], [x, 3.0], 1.0)) ** 2 + x / w
    y.label = "y"
    return x, w, y


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_of_a_graph_computes_the_same_gradients_apart(graph, duplicate):
    x, w, y = graph
    x2, w2, y2 = duplicate([x, w, y])
    assert (y2.data, y2.label, x2.label) == (y.data, "y", "x")
    y2.backward()
    assert (x.grad, w.grad) == (0.0, 0.0)
    y.backward()
    assert (x2.grad, w2.grad) == (x.grad, w.grad)
    x2.data = 0.75
    assert y2.forward().data != y.data


def test_the_floats_of_the_recording_survive(graph):
    x, w, y = graph
    w.data = 100.0
    y2 = pickle.loads(pickle.dumps(y))
    y2.backward()
    y.backward()
    grads = {v.label: v.grad for v in y2.parents[1].parents}
    assert grads == {"x": x.grad, "w": w.grad}


def test_a_shallow_copy_shares_its_parents(graph):
    _, _, y = graph
    assert copy.copy(y).parents == y.parents


def test_a_user_s_attributes_are_copied(graph):
    x, _, _ = graph
    x.moments = [1.0, 2.0]
    for duplicate in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert duplicate.moments == [1.0, 2.0]
        assert duplicate.moments is not x.moments


def test_deep_chains_copy_and_pickle_without_recursion():
    x = v = Value(1.0)
    for _ in range(20_000):
        v = v + x
    assert copy.deepcopy(v).data == 20_001.0
    assert pickle.loads(pickle.dumps(v)).data == 20_001.0


def test_what_cannot_be_pickled_says_so():
    x = Value(2.0)
    with pytest.raises(TypeError, match="'local' was recorded by hand"):
        pickle.dumps(Value(4.0, (x,), (2.0,)))
    (x * x).backward(create_graph=True)
    with pytest.raises(TypeError, match="its grad is a graph"):
        pickle.dumps(x)


def test_a_gradient_graph_deep_copies_with_its_node():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    twin = copy.deepcopy(x)
    slope, twin.grad = twin.grad, 0.0
    slope.backward()
    assert twin.grad == 18.0


def test_a_user_s_primitive_must_be_declared_to_be_unpickled():
    triple = primitive("triple_for_pickle", lambda x: 3 * x, lambda g: (3 * g,), "3 * {}")
    data = pickle.dumps(triple(Value(2.0)))
    assert pickle.loads(data).data == 6.0
    from autograd_lite.core.primitives import PRIMITIVES

    del PRIMITIVES["triple_for_pickle"]
    with pytest.raises(ValueError, match=r"declare it with primitive\(\) first"):
        pickle.loads(data)


COPIES = [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_made_inside_a_transform_is_a_number_there(copied):
    w = Value(5.0)
    assert type(grad(lambda x: copied(x) * x)(3.0)) is type(grad(lambda x: copied(w) * x)(3.0)) is float


@pytest.mark.parametrize("copied", COPIES)
def test_copies_are_not_recorded(copied):
    """A copy would keep the number that the Value had at the recording."""
    w = Value(5.0)
    for f in (lambda x: copied(x) * x, lambda x: copied(w) * x):
        with pytest.raises(TracingError, match="copying or pickling a Value is not possible"):
            jit(f)(3.0)


def noted(y):
    z = y + 1.0
    z.was = y
    return z


@pytest.mark.parametrize(
    "step",
    [lambda y: y + 1.0, lambda y: y * y, lambda y: Value(y.data, (y,), (1.0,)), lambda y: copy.copy(y + 1.0), noted],
    ids=["sum", "square", "by hand", "copied", "attribute"],
)
def test_in_a_browser_a_graph_dies_node_by_node_and_not_one_within_the_other(monkeypatch, step):
    deep, deepest, died = 0, 0, 0

    def die(v):
        nonlocal deep, deepest, died
        deep, deepest, died = deep + 1, max(deepest, deep + 1), died + 1
        copying.release(v)
        deep -= 1

    monkeypatch.setattr(Value, "__del__", die, raising=False)
    y = Value(1.0)
    for _ in range(2_000):
        y = step(y)
    shared = y.parents[0]
    del y
    assert died >= 1
    assert shared.parents
    del shared
    assert died >= 2_001
    assert deepest == 2


def test_what_was_never_made_dies_in_silence(monkeypatch):
    monkeypatch.setattr(Value, "__del__", copying.release, raising=False)
    with pytest.raises(TypeError, match="real number"):
        Value("1")

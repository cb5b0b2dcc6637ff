"""Programs written for micrograd, for its lecture, and in the style of the 200-line GPT scripts, run unchanged."""

import math

import pytest

from autograd_lite import Value

PROGRAMS = {
    "sanity": """
        x = Value(-4.0)
        z = 2 * x + 2 + x
        q = z.relu() + z * x
        h = (z * z).relu()
        y = h + q + q * x
        y.backward()
        leaves = [x]
        """,
    "every operator": """
        a = Value(-4.0)
        b = Value(2.0)
        c = a + b
        d = a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + (b + a).relu()
        d += 3 * d + (b - a).relu()
        e = c - d
        f = e**2
        y = f / 2.0
        y += 10.0 / f
        y.backward()
        leaves = [a, b]
        """,
    "a walk over the graph": """
        a = Value(1.5)
        y = (a * a + 1).relu() ** 2
        seen = []
        def trace(v):
            seen.append(v._op)
            for child in v._prev:
                if child._prev:
                    trace(child)
        trace(y)
        y._op_names = sorted(seen)
        y.backward()
        leaves = [a]
        """,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_program_gives_the_same_numbers(program):
    micrograd = pytest.importorskip("micrograd.engine")
    ours, theirs = run(PROGRAMS[program], Value), run(PROGRAMS[program], micrograd.Value)
    assert ours["y"].data == pytest.approx(theirs["y"].data, rel=1e-12)
    assert [v.grad for v in ours["leaves"]] == pytest.approx([v.grad for v in theirs["leaves"]], rel=1e-12)
    assert ours.get("seen") == theirs.get("seen")


def run(program, value):
    names = {"Value": value}
    exec("\n".join(line[8:] for line in program.splitlines()), names)
    return names


def test_backpropagation_by_hand_one_node_at_a_time():
    x1, w1, b = Value(2.0, label="x1"), Value(-3.0, label="w1"), Value(6.88, label="b")
    x1w1 = x1 * w1
    n = x1w1 + b
    o = n.tanh()
    o.grad = 1.0
    o._backward()
    n._backward()
    x1w1._backward()
    b._backward()  # a leaf has nothing to push
    slope = 1 - math.tanh(0.88) ** 2
    assert n.grad == pytest.approx(slope)
    assert (x1.grad, w1.grad, b.grad) == pytest.approx((-3 * slope, 2 * slope, slope))


def test_a_lecture_style_operation_assigns_its_own_backward():
    def cube(x):
        out = Value(x.data**3, (x,), "cube")

        def _backward():
            x.grad += 3 * x.data**2 * out.grad

        out._backward = _backward
        return out

    x = Value(2.0)
    y = cube(x * 1.0) + x
    y.backward()
    y.backward()
    assert x.grad == 2 * (12.0 + 1.0)
    assert cube(x)._op == "cube"
    with pytest.raises(TypeError, match="'cube' was recorded by hand"):
        y.backward(create_graph=True)


def test_local_gradients_as_third_argument():
    a, b = Value(2.0), Value(-3.0)
    c = Value(a.data * b.data, (a, b), (b.data, a.data))
    (c * 10).backward()
    assert (a.grad, b.grad) == (-30.0, 20.0)


def test_the_spelling_of_operations():
    x = Value(2.0)
    assert [v._op for v in (x + 1, x * x, x.relu(), x**2, x**-1, x**0.5, x**x, x.tanh(), x)] == [
        "+", "*", "ReLU", "**2", "**-1", "**0.5", "**", "tanh", "",
    ]  # fmt: skip
    assert (x + 1).op == "+"
    assert x.relu().op == "relu"
    assert (x**2).op == "**"
    assert x._prev == set()
    assert (x * x)._prev == {x}


def test_the_names_of_the_gpt_scripts():
    a, b = Value(2.0), Value(-3.0)
    c = Value(-6.0, children=(a, b), local_grads=(-3.0, 2.0))
    assert (c._children, c._local_grads, a._children, a._local_grads) == ((a, b), (-3.0, 2.0), (), ())
    assert (a * b)._local_grads == (-3.0, 2.0)
    assert Value(1.0, (), ()).parents == ()
    (c * c).backward()
    assert (a.grad, b.grad) == (36.0, -24.0)


def test_a_node_whose_fields_are_assigned_one_by_one():
    x = Value(3.0)
    out = Value(9.0)
    out._prev = {x}
    out._op = "square"

    def push():
        x.grad += 2.0 * x.data * out.grad

    out._backward = push
    (out * 2.0).backward()
    assert (x.grad, out._op, out._prev) == (12.0, "square", {x})
    out.grad = 1.0
    out._backward()
    assert x.grad == 18.0


def test_a_push_that_divides_by_zero_raises_as_it_does_by_itself():
    a = Value(0.0)
    out = Value(1.0, (a,), "reciprocal")

    def push():
        a.grad += -1.0 / a.data**2 * out.grad

    out._backward = push
    with pytest.raises(ZeroDivisionError):
        out.backward()
    assert (a.grad, out.grad) == (0.0, 0.0)


def test_a_push_that_fails_leaves_the_gradients():
    x = Value(3.0)
    x.grad = 5.0
    y = Value(9.0, (x,), "square")

    def push():
        x.grad += 1.0
        raise RuntimeError("inside")

    y._backward = push
    with pytest.raises(RuntimeError, match="inside"):
        (y * 2.0).backward()
    assert (x.grad, y.grad) == (5.0, 0.0)

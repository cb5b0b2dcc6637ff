"""A user's own primitive: the same declaration as a row of the table."""

import math
from functools import lru_cache, partial
from threading import Lock

import pytest

from autograd_lite import Value, exp, grad, jit, primitive, value_and_grad, vmap


def test_a_primitive_works_eagerly_and_at_higher_order():
    softsquare = primitive("softsquare", lambda x: math.exp(-x * x), lambda g, y, x: (g * (-2 * x * y),))
    x = Value(0.5)
    y = softsquare(x)
    y.backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert y.data == math.exp(-0.25)
    assert slope.data == -y.data
    assert x.grad == pytest.approx((4 * 0.25 - 2) * y.data)
    assert x.softsquare().op == "softsquare"
    assert softsquare(0.0) == 1.0


def test_a_maker_of_closures_is_taken_too():
    scaled_exp = primitive("scaled_exp", lambda a, x: a * math.exp(x), lambda y, a, x: lambda g: (g * exp(x), g * y))
    a, x = Value(2.0), Value(0.0)
    scaled_exp(a, x).backward()
    assert (a.grad, x.grad) == (1.0, 2.0)


def test_a_pole_in_a_user_s_forward_follows_ieee():
    inverse = primitive("inverse", lambda x: 1 / x, lambda g, x: (-g / x**2,))
    x = Value(0.0)
    y = inverse(x)
    y.backward()
    assert (y.data, x.grad) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    ("vjp", "says"),
    [
        (lambda g, a, b: (g * b,), "must return a tuple of 2"),
        (lambda g, a, b: None, "must return a tuple of 2, one gradient for each operand, not None"),
        (lambda g, a, b: g * b, "must return a tuple of 2"),
        (lambda g, a, b: (g * b, "x"), "gradient 1 that the closure of 'pair' returns must be a real number"),
    ],
)
def test_a_wrong_closure_is_an_error_that_names_the_rule(vjp, says):
    pair = primitive("pair", lambda a, b: a * b, vjp)
    a, b = Value(2.0), Value(3.0)
    with pytest.raises(TypeError, match=says):
        pair(a, b).backward()
    assert (a.grad, b.grad) == (0.0, 0.0)


def test_wrong_declarations():
    ok = (lambda x: x, lambda g: (g,))
    with pytest.raises(ValueError, match="'exp' belongs to autograd_lite already"):
        primitive("exp", *ok)
    with pytest.raises(ValueError, match="'backward' belongs to autograd_lite already"):
        primitive("backward", *ok)
    with pytest.raises(TypeError, match="non-empty string, not 3"):
        primitive(3, *ok)
    with pytest.raises(TypeError, match=r"primitive\(vjp\) of 'p' must be a function, not None"):
        primitive("p", lambda x: x, None)
    with pytest.raises(ValueError, match=r"one \{\} for each of 1 operands"):
        primitive("p", *ok, form="p({}, {})")
    with pytest.raises(TypeError, match="the value that forward of 'p' returns must be a real number, not 'x'"):
        primitive("p", lambda x: "x", lambda g: (g,))(Value(1.0))


def test_a_declaration_may_be_repeated_as_a_notebook_cell_is():
    primitive("twice", lambda x: 2 * x, lambda g: (g,))
    twice = primitive("twice", lambda x: 2 * x, lambda g: (2 * g,))
    x = Value(1.0)
    twice(x).backward()
    assert x.grad == 2.0
    assert x.twice().data == 2.0


class Doubling:
    def __call__(self, x):
        return 2.0 * x

    def twice(self, x):
        return 2.0 * x


@lru_cache
def gamma(x):
    return 2.0 * x


def cached_inside():
    """A cached function that no name leads to, so that it cannot be pickled."""

    @lru_cache
    def double(x):
        return 2.0 * x

    return double


def holding(lock):
    """A function whose closure cannot be pickled."""

    def double(x):
        with lock:
            return 2.0 * x

    return double


def scaled(x, k=2.0):
    return k * x


PLAIN = {  # forward, vjp, what to declare beside them; each doubles its operand, 3.0
    "a lambda": (lambda x: 2.0 * x, lambda g, x: (2.0 * g,), {}),
    "nothing saved": (lambda x: 2.0 * x, lambda g: (2.0 * g,), {}),
    "an operand called y": (lambda y: y * y / 3.0 + 1.0 * y, lambda g, y: (g * y * (2.0 / 3.0),), {"saves": "x"}),
    "the output": (lambda x: 2.0 * x, lambda g, y: (g * y / 3.0,), {}),
    "the output by another name": (lambda x: 2.0 * x, lambda g, out: (g * out / 3.0,), {"saves": "y"}),
    "output and operand": (lambda x: 2.0 * x, lambda g, out, x: (g * out / x,), {}),
    "a default argument": (scaled, lambda g, x, k: (g * k, g * x), {}),
    "a parameter bound in the closure": (lambda x: 2.0 * x, lambda g, x, k=2.0: (g * k,), {"saves": "x"}),
    "a closure of any number": (lambda x: 2.0 * x, lambda g, *xs: (g * (2.0 * xs[0] / xs[0]),), {}),
    "a closure by a partial": (lambda x: 2.0 * x, partial(lambda k, g, x: (k * g,), 2.0), {}),
    "a gradient of another name": (lambda x: 2.0 * x, lambda upstream, x: (2.0 * upstream,), {}),
    "a maker": (lambda x: 2.0 * x, lambda ans, x: lambda g: (g * ans / x,), {}),
    "a maker of any number": (lambda x: 2.0 * x, lambda ans, *xs: lambda g: (g * ans / xs[0],), {}),
}
PYTHON_ONLY = {
    "a cached function": (gamma, lambda g: (2.0 * g,), {}),
    "a cached function inside another": (cached_inside(), lambda g: (2.0 * g,), {}),
    "a function that holds a lock": (holding(Lock()), lambda g: (2.0 * g,), {}),
    "a partial": (partial(lambda k, x: k * x, 2.0), lambda g: (2.0 * g,), {}),
    "a partial by name": (partial(scaled, k=2.0), lambda g: (2.0 * g,), {}),
    "a bound method": (Doubling().twice, lambda g: (2.0 * g,), {}),
    "a callable object": (Doubling(), lambda g: (2.0 * g,), {}),
    "a method of a number": ((2.0).__mul__, lambda g: (2.0 * g,), {}),
    "any number of operands": (lambda *xs: 2.0 * xs[0], lambda g, *xs: (2.0 * g,), {"form": "f({})"}),
    "what Numba has no types for": (lambda x: 2.0 * float(f"{x!r}"), lambda g: (2.0 * g,), {}),
}


@pytest.mark.parametrize("kind", PLAIN | PYTHON_ONLY)
def test_any_callable_works_in_every_mode(kind):
    """Eager, backward, recorded gradients, jitted, over lanes; what Numba cannot compile is run by Python."""
    forward, vjp, options = (PLAIN | PYTHON_ONLY)[kind]
    double = primitive("double", forward, vjp, **options)
    slope = 2.0
    assert double(3.0) == 6.0
    for create_graph in (False, True):
        x = Value(3.0)
        y = double(x)
        y.backward(create_graph=create_graph)
        assert (y.data, x.double().data) == (6.0, 6.0)
        assert getattr(x.grad, "data", x.grad) == pytest.approx(slope)
    for backend in ("python", None) if kind in PYTHON_ONLY else ("python",):
        assert jit(double, backend=backend)(3.0) == 6.0
        assert jit(value_and_grad(double), backend=backend)(3.0) == pytest.approx((6.0, slope))
        assert jit(vmap(grad(double)), backend=backend)([3.0, 3.0]) == pytest.approx([slope, slope])
    if kind in PYTHON_ONLY:
        pytest.importorskip("numba")
        assert jit(double, backend="numba")(3.0) == 6.0
    assert vmap(double)([3.0, 3.0]) == [6.0, 6.0]


def test_a_ufunc_of_numpy_is_a_forward_too():
    np = pytest.importorskip("numpy")
    root = primitive("root", np.sqrt, lambda g, y: (g / (2.0 * y),))
    assert value_and_grad(root)(4.0) == (2.0, 0.25)
    assert type(root(4.0)) is float
    assert jit(root)(4.0) == 2.0


def test_defaults_and_keywords_are_those_of_forward():
    scale = primitive("scale", scaled, lambda g, x, k: (g * k, g * x))
    x, k = Value(3.0), Value(5.0)
    assert scale(3.0) == scale(x=3.0) == scale(x).data == x.scale().data == 6.0
    assert scale(3.0, k=5.0) == x.scale(k=5.0).data == 15.0
    x.scale(k=k).backward()
    assert (x.grad, k.grad) == (5.0, 3.0)
    with pytest.raises(TypeError, match=r"scale\(x, k=2.0\): got an unexpected keyword argument 'm'"):
        scale(3.0, m=1.0)


@pytest.mark.parametrize(
    ("forward", "vjp", "options", "says"),
    [
        (lambda y: y, lambda g, y: (g,), {}, "'x' for 1 operand, 'y' for the output"),
        (lambda a, b: a, lambda g, a, b, c, d: (g, g), {}, "'x' for 2 operands"),
        (lambda a, b: a, lambda g, a, k=1.0: (g, g), {}, "what saves='...' declares"),
        (lambda a, b: a, lambda g, a: (g, g), {"saves": "x"}, "what saves='x' declares"),
        (lambda x: x, lambda: (1.0,), {}, "must take the gradient"),
        (lambda *xs: 1.0, lambda g: (g,), {}, "how many operands it takes: show them in its form"),
        (lambda: 1.0, lambda g: (), {}, "takes no operand"),
        (lambda x, *, k: x, lambda g: (g,), {}, "'k' has no default"),
        (lambda x, k=None: x, lambda g: (g, g), {}, "the default of 'k'"),
    ],
)  # fmt: skip
def test_what_a_closure_keeps_is_refused_if_it_cannot_be_told(forward, vjp, options, says):
    with pytest.raises(TypeError, match=says):
        primitive("untold", forward, vjp, **options)


@pytest.mark.parametrize("name", ["a|b", "<a>", "x.y", "1", "a b", "lambda", "_x", "__len__", "{}", "a'b", "\n"])
def test_a_name_that_python_could_not_give_a_function_is_refused(name):
    with pytest.raises(ValueError, match="must be a name that Python could give"):
        primitive(name, lambda x: x, lambda g: (g,))


@pytest.mark.parametrize("form", ["{} {z}", "{", "{0}", "{!r}", "{{}}", "{:3}", "{} {}"])
def test_a_form_with_other_braces_is_refused(form):
    with pytest.raises(ValueError, match="no other braces"):
        primitive("shown", lambda x: x, lambda g: (g,), form)

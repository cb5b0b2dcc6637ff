"""NumPy's functions on Values and on arrays of Values, beside NumPy's own numbers."""

import pytest

from autograd_lite import Value, grad
from autograd_lite.core.operators import COMPARISONS, FUNCTIONS

np = pytest.importorskip("numpy")
NO_OBJECTS = ("logaddexp", "float_power")  # NumPy knows none of these for arrays of objects
POINT = {1: (0.6,), 2: (0.6, 0.7)}


def operands(name):
    shift = 1.0 if name == "arccosh" else 0.0
    return tuple(x + shift for x in POINT[getattr(np, name).nin])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_numpy_takes_values(name):
    ufunc, xs = getattr(np, name), operands(name)
    values = [Value(x) for x in xs]
    y = ufunc(*values)
    assert isinstance(y, Value)
    assert y.data == pytest.approx(float(ufunc(*xs)), rel=1e-15)
    y.backward()
    h = 1e-6
    for i, x in enumerate(values):
        moved = [[z + sign * h * (k == i) for k, z in enumerate(xs)] for sign in (1, -1)]
        slope = (float(ufunc(*moved[0])) - float(ufunc(*moved[1]))) / (2 * h)
        assert x.grad == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in NO_OBJECTS])
def test_a_function_of_numpy_takes_arrays_of_values(name):
    ufunc, xs = getattr(np, name), operands(name)
    arrays = [np.array([Value(x), Value(x)]) for x in xs]
    result = ufunc(*arrays)
    expected = float(ufunc(*xs))
    assert [float(getattr(y, "data", y)) for y in result] == pytest.approx([expected] * 2, rel=1e-15)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if getattr(np, n).nin == 2])
def test_a_value_meets_an_array(name):
    ufunc, (a, b) = getattr(np, name), operands(name)
    for result in (ufunc(Value(a), np.array([b, b])), ufunc(np.array([a, a]), Value(b))):
        assert [y.data for y in result] == pytest.approx([float(ufunc(a, b))] * 2, rel=1e-15)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name):
    ufunc = getattr(np, name)
    assert ufunc(Value(1.0), 2.0) == ufunc(1.0, 2.0)
    assert ufunc(np.array([1.0, 3.0]), Value(2.0)).dtype == bool


def test_arithmetic_of_arrays_of_values_is_elementwise():
    w, x = np.array([Value(2.0), Value(3.0)]), np.array([4.0, 5.0])
    y = (w * x).sum() + np.float64(1.0) * w[0] + w[1] * np.float64(2.0) - np.array(1.0) * w[0]
    y.backward()
    assert (y.data, [v.grad for v in w]) == (29.0, [4.0, 7.0])
    assert (w @ x).data == 23.0


def test_an_array_of_values_takes_values_in_place_and_one_of_floats_says_why_not():
    v = Value(2.0)
    ws = same = np.array([v, v])
    ws += v
    ws *= np.array([1.0, 3.0])
    assert ws is same
    assert [w.data for w in ws] == [4.0, 12.0]
    floats = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"an array of plain numbers can hold no Values; write a = a \+ v"):
        floats += v
    assert list(floats) == [1.0, 2.0]
    with pytest.raises(TypeError, match=r"numpy\.add of Values is for plain calls"):
        np.add.at(floats, 0, v)


def test_it_differentiates_inside_the_transforms():
    assert grad(lambda x: np.exp2(x))(3.0) == pytest.approx(8.0 * np.log(2.0))
    assert grad(lambda x: np.deg2rad(x))(3.0) == pytest.approx(np.pi / 180.0)


def test_what_has_no_counterpart_says_so():
    with pytest.raises(TypeError, match=r"numpy.floor has no counterpart for a Value: use .data"):
        np.floor(Value(1.5))

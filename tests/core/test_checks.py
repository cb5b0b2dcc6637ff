"""Checks of arguments: what they let through, and what they say."""

from fractions import Fraction

import pytest

from autograd_lite.core.checks import as_float, as_list, check_choice, check_flag, check_number, check_size, shown


@pytest.mark.parametrize("x", [2, 2.0, True, Fraction(1, 2)])
def test_a_real_number_of_any_type_becomes_a_float(x):
    assert type(as_float(x, "x")) is float
    assert as_float(x, "x") == x


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    assert as_float(numpy.float32(0.5), "x") == as_float(numpy.array(0.5), "x") == 0.5
    assert type(check_size(numpy.int64(3), "n")) is int


def test_a_mask_is_not_ignored():
    ma = pytest.importorskip("numpy").ma
    for check, masked in ((as_float, ma.masked), (as_list, ma.array([1.0, 2.0], mask=[True, False]))):
        with pytest.raises(TypeError, match=r"x is a masked array, whose mask would be ignored: pass its \.filled"):
            check(masked, "x")


def test_a_tensor_is_told_how_to_become_a_number():
    class Tensor:
        shape, dtype, detach = (), "float32", None

        def __repr__(self):
            return "tensor(1.0)"

    with pytest.raises(TypeError, match=r"x must be a real number, not tensor.*use .data or .detach\(\)"):
        as_float(Tensor(), "x")


def test_a_number_beyond_the_range_is_named():
    with pytest.raises(ValueError, match="x is too large for a float: 1000"):
        as_float(10**400, "x")
    with pytest.raises(ValueError, match="x is too large for a float: <int that cannot be printed>"):
        as_float(10**5000, "x")


def test_bounds():
    assert check_number(1, "x", 0.0) == 1.0
    for x, says in ((-1.0, "at least 0 and below 2"), (2.0, "at least 0 and below 2"), (float("nan"), "finite")):
        with pytest.raises(ValueError, match=f"x must be (a )?{says}"):
            check_number(x, "x", 0.0, 2.0)
    for n in (0, True, 1.0, "1", None):
        with pytest.raises(ValueError, match="n must be a whole number of at least 1, not"):
            check_size(n, "n")


def test_flags_words_and_lists():
    assert check_flag(1, "f") is True
    assert check_flag(False, "f") is False
    assert check_choice("a", ["a", "b"], "w") == "a"
    assert as_list((x for x in (1, 2)), "xs") == [1, 2]
    for refused in (lambda: check_flag("no", "f"), lambda: check_flag(2, "f"), lambda: as_list({1}, "f")):
        with pytest.raises(TypeError, match="f must be"):
            refused()
    with pytest.raises(ValueError, match=r"w must be one of 'a', 'b', not \[\]"):
        check_choice([], ["a", "b"], "w")


def test_anything_can_be_shown():
    class Silent:
        def __repr__(self):
            raise AttributeError("no repr")

    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(Silent()) == "<Silent that cannot be printed>"
    assert shown(deep) == "<list that cannot be printed>"
    assert shown("x" * 100) == "'" + "x" * 58 + "…"

"""Formulas: what is printed means what was computed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite
from autograd_lite import Value, expression, primitive, tanh
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.core.value import topological_order
from autograd_lite.nn import MLP

NAMES = {name: f for name, f in vars(autograd_lite).items() if callable(f)} | {"pi": math.pi, "nan": math.nan}


def leaves():
    return Value(2.0, label="a"), Value(-3.0, label="b"), Value(0.5, label="c")


A, B, C = leaves()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (A * B + C, "a * b + c"),
        (A * (B + C), "a * (b + c)"),
        (A - (B - C), "a - (b - c)"),
        ((A - B) - C, "a - b - c"),
        (A / (B / C), "a / (b / c)"),
        (A / B / C, "a / b / c"),
        (-(A * B), "-(a * b)"),
        ((-A) ** 2, "(-a) ** 2"),
        (-(A**2), "-a ** 2"),
        (A ** (B**2), "a ** b ** 2"),
        ((A**B) ** 2, "(a ** b) ** 2"),
        (A * -B, "a * -b"),
        (A + -B, "a - b"),
        (A - -3, "a + 3"),
        (tanh(A * B + C) / 2, "tanh(a * b + c) / 2"),
        (autograd_lite.sum([A, B, C]), "sum(a, b, c)"),
        (A * 0.1, "a * 0.1"),
    ],
)
def test_brackets_stand_where_precedence_asks_for_them(value, text):
    assert str(expression(value)) == text


@pytest.mark.parametrize("value", [1 * A, A * 1.0, A + 0, 0 + A, A - 0, A / 1, A**1, sum([A])])
def test_factors_of_one_and_summands_of_zero_are_dropped(value):
    assert str(expression(value)) == "a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1 * A, "-a"),
        (A * -1.0, "-a"),
        (-1 * (A + B), "-(a + b)"),
        (C + -1 * A, "c - a"),
        (-(-1 * A), "a"),
        (-(A**2) * -1, "a ** 2"),
        (Value(-1.0) * A, "-1 * a"),
    ],
)
def test_a_factor_of_minus_one_is_a_sign_and_two_signs_cancel(value, text):
    assert str(expression(value)) == text


def test_only_constants_are_dropped_not_leaves_that_happen_to_be_one():
    assert str(expression(Value(1.0) * A)) == "1 * a"


@pytest.mark.parametrize(
    ("value", "latex"),
    [
        (A / B, r"\frac{a}{b}"),
        ((A / B) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
        (A ** (B + 1), "a^{b + 1}"),
        ((-A).exp(), "e^{-a}"),
        (A.exp() ** 2, r"\left(e^{a}\right)^{2}"),
        (A.sqrt() * -B, r"\sqrt{a} \cdot \left(-b\right)"),
        (abs(A - B), r"\left|a - b\right|"),
        (tanh(A) * 1e-17, r"\tanh\left(a\right) \cdot 1 \times 10^{-17}"),
        (Value(1.0, label="x_12") * Value(1.0, label="w3"), "x_{12} \\cdot w_{3}"),
        (Value(1.0, label="rate") + Value(1.0, label="学"), r"\mathrm{rate} + 学"),
        (Value(1.0, label="λ") + Value(1.0, label="a$b<c"), r"λ + \mathrm{a\$b\lt c}"),
    ],
)
def test_latex(value, latex):
    assert expression(value).latex == latex


def test_shows_as_latex_in_a_notebook_and_as_text_elsewhere():
    e = expression(A * B)
    assert e._repr_latex_() == r"$\displaystyle a \cdot b$"
    assert repr(e) == e.text == "a * b"


numbers = st.floats(-4.0, 4.0).map(lambda x: round(x, 2))
formulas = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, st.one_of(inner, numbers)).map(
            lambda t: {"+": t[1] + t[2], "-": t[1] - t[2], "*": t[1] * t[2], "/": t[1] / t[2]}[t[0]]
        ),
        st.tuples(inner, st.sampled_from([1, 2, 3, -1, 0])).map(lambda t: t[0] ** t[1]),
        st.tuples(numbers, inner).map(lambda t: t[0] * t[1]),
        inner.map(lambda v: -v),
        inner.map(tanh),
    ),
    max_leaves=12,
)


@given(formulas)
def test_python_reads_the_text_as_the_same_formula(value):
    interior, _ = topological_order(value)
    if value.parents and all(
        math.isfinite(v.data) and v.data != 0.0 for v in interior
    ):  # dropping 0 may change its sign
        read = eval(str(expression(value)), NAMES, {"a": A, "b": B, "c": C})
        assert read.data == value.data


@pytest.mark.parametrize("primitive", [r for r in PRIMITIVES.values() if r.form], ids=lambda r: r.name)
def test_every_row_of_the_table_prints(primitive):
    """What it prints, Python computes to the row's own value."""
    count = 2 if primitive.arity is None else primitive.arity
    values = dict(zip("abcd", [1.25, 1.5, 2.0, 3.0])) if primitive.name in ("acosh", "acosh'") else None
    values = values or dict(zip("abcd", [0.25, 0.5, 1.0, 0.0]))
    operands = [Value(values[name], label=name) for name in "abcd"[:count]]
    if primitive.name == "pow'":
        operands[2:] = [Value(1.0, label="c"), Value(0.0, label="d")]
    y = primitive(*operands)
    text, latex = expression(y).text, expression(y).latex
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert latex.count(r"\left") == latex.count(r"\right")
    defined = (
        NAMES
        | {r.name: r for r in PRIMITIVES.values() if r.arity is None}
        | {"normal_pdf": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)}
    )
    if "'" not in text and primitive.name != "relu'":
        of_floats = eval(text, defined, values)
        assert getattr(of_floats, "data", of_floats) == pytest.approx(y.data, rel=1e-12)


def test_slopes_of_powers_print_as_people_write_them():
    x, n = Value(3.0, label="x"), Value(2.0, label="n")
    slope = PRIMITIVES["pow'"]
    assert str(expression(slope(x, 2.0, 1.0, 0.0))) == "2 * x"
    assert str(expression(slope(x, n, 1.0, 0.0))) == "n * x ** (n - 1)"
    assert str(expression(slope(x, n, 0.0, 1.0))) == "x ** n * log(x)"


def test_a_users_own_form_is_used_whatever_its_notation():
    x = Value(3.0, label="x")
    factorial = primitive("twice_of", lambda x: 2 * x, lambda g, x: (2 * g,), "{}!")
    assert str(expression(factorial(x + 1) ** 2)) == "(x + 1)! ** 2"
    assert str(expression(Value(6.0, (x, x), "swirl") + 1)) == "swirl(x, x) + 1"


def test_unlabelled_leaves_print_as_numbers():
    assert str(expression(Value(2.5) * Value(-1.0) + Value(float("inf")))) == "2.5 * -1 + inf"


def test_a_model_prints_with_the_names_of_its_parameters():
    y = MLP(2, [1], seed=0, fused=False)([Value(1.0, label="x"), Value(2.0, label="y")])
    assert "layers.0.neurons.0.w.0 * x" in str(expression(y))


def test_what_is_behind_the_limit_is_an_ellipsis():
    y = A
    for _ in range(100_000):
        y = y * B + C
    assert str(expression(y, limit=3)) == "(… + c) * b + c"
    assert len(str(expression(y))) < 2000
    assert str(expression(A * B + C, limit=1)) == "… + c"


def test_shared_parts_do_not_explode():
    y = A
    for _ in range(200):
        y = y * y
    assert str(expression(y)).count("…") > 100


@pytest.mark.parametrize("value", [None, 1.0, "a", [A]])
def test_only_a_value_has_a_formula(value):
    with pytest.raises(TypeError, match="value"):
        expression(value)


@pytest.mark.parametrize("limit", [0, -1, 1.5, None, True])
def test_the_limit_is_a_whole_number(limit):
    with pytest.raises(ValueError, match="limit"):
        expression(A * B, limit=limit)


def test_a_label_that_is_an_expression_is_set_in_brackets_as_a_factor():
    total, word = Value(1.0, label="a+b"), Value(2.0, label="w.0")
    assert repr(expression(total * word)) == "(a+b) * w.0"
    assert expression(total * word).latex.startswith(r"\left(")
    assert repr(expression(total.exp())) == "exp(a+b)"


def test_a_deep_formula_is_put_together_once():
    x = Value(1.0, label="x")
    y = x
    for _ in range(5_000):
        y = y * x + 1.5
    text = expression(y, limit=10**6).text
    assert text.startswith("(((") and text.endswith(" * x + 1.5")  # noqa: PT018
    assert text.count("x") == 5_001

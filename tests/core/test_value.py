"""The engine: recording a graph, walking it backwards, and what Python may do with a node."""

import decimal
import fractions
import gc
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, exp, log, no_grad, primitive, relu, tanh
from autograd_lite.core.value import topological_order

# --- backward ---------------------------------------------------------------------------------------------------------


def test_the_chain_rule_on_a_small_expression():
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    y = tanh(a * b + c)
    y.backward()
    slope = 1 / math.cosh(4.0) ** 2
    assert (a.grad, b.grad, c.grad) == pytest.approx((-3 * slope, 2 * slope, slope))


def test_a_node_used_twice_receives_both_gradients():
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0


def test_parents_are_in_operand_order_with_one_entry_per_operand():
    a, b = Value(1.0), Value(2.0)
    assert (a - b).parents == (a, b)
    assert (a * a).parents == (a, a)
    assert (3.0 - a).parents[1] is a


@given(st.lists(st.tuples(st.sampled_from("+*-"), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9))
def test_gradients_sum_over_all_paths(program):
    """Shared nodes: the gradient is the sum, over every path from output to input, of the product of its slopes."""
    leaves = nodes = [Value(1.5), Value(-0.5)]
    for op, i, j in program:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        nodes = [*nodes, {"+": a + b, "*": a * b, "-": a - b}[op]]

    def along_paths(v, target):
        if v is target:
            return 1.0
        slopes = {"+": lambda a, b: (1, 1), "-": lambda a, b: (1, -1), "*": lambda a, b: (b.data, a.data)}
        if not v.parents:
            return 0.0
        return sum(s * along_paths(p, target) for s, p in zip(slopes[v.op](*v.parents), v.parents))

    nodes[-1].backward()
    for leaf in leaves:
        assert leaf.grad == pytest.approx(along_paths(nodes[-1], leaf), rel=1e-12, abs=1e-12)


def test_a_second_backward_adds_exactly_the_same_again():
    x = Value(0.1)
    y = exp(x) * x + x / 3
    y.backward()
    once, inner = x.grad, y.parents[0].grad
    y.backward()
    assert x.grad == once + once
    assert y.parents[0].grad == inner
    assert y.grad == 1.0


def test_backward_from_two_outputs_accumulates_in_the_leaves():
    x = Value(2.0)
    (x * 3).backward()
    (x * 4).backward()
    assert x.grad == 7.0


def test_backward_scales_with_the_gradient_it_is_given():
    x = Value(2.0)
    (x * 3).backward(10)
    assert x.grad == 30.0
    with pytest.raises(TypeError, match=r"backward\(gradient\) must be a real number, not 'x'"):
        (x * 3).backward("x")
    assert x.grad == 30.0


def test_a_leaf_is_its_own_derivative():
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0


def test_editing_data_after_recording_does_not_change_the_gradient():
    a, b = Value(2.0), Value(5.0)
    y = a * b
    a.data = b.data = 100.0
    y.backward()
    assert (a.grad, b.grad) == (5.0, 2.0)


def test_an_adjoint_of_zero_stops_there():
    x = Value(0.0)
    (log(x) * 0.0 + x).backward()
    assert x.grad == 1.0


def test_a_failing_closure_leaves_the_gradients_as_they_were():
    x = Value(2.0)
    x.grad = 7.0
    y = Value(1.0, (x,), "mystery") * 2
    with pytest.raises(ValueError, match="'mystery' was recorded without a local derivative"):
        y.backward()
    assert x.grad == 7.0


# --- higher orders ----------------------------------------------------------------------------------------------------


def test_create_graph_gives_gradients_that_can_be_differentiated_again():
    x = Value(2.0)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0, 120.0, 0.0):  # 5x^4, 20x^3, 60x^2, 120x, 120, 0
        y.backward(create_graph=True)
        y, x.grad = x.grad, 0.0
        assert y.data == expected


def test_mixed_second_derivatives_agree():
    a, b = Value(1.5), Value(0.7)
    y = (a**b) * tanh(a * b) / (a + exp(b))
    y.backward(create_graph=True)
    in_a, in_b = a.grad, b.grad
    a.grad = b.grad = 0.0
    in_a.backward()
    a_b, b.grad, a.grad = b.grad, 0.0, 0.0
    in_b.backward()
    assert a.grad == pytest.approx(a_b, rel=1e-13)


def test_a_gradient_that_is_zero_here_still_has_a_derivative():
    x = Value(0.0)
    (x * x * 1.0).backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert (slope.data, x.grad) == (0.0, 2.0)


def test_the_unselected_branch_does_not_poison_second_derivatives():
    x = Value(0.0)
    log(x).where(0.0, x).backward(create_graph=True)
    assert math.isfinite(x.grad.data)


# --- forward, detach, zero_grad, item ---------------------------------------------------------------------------------


def test_forward_recomputes_values_and_closures_after_an_edit():
    x, y = Value(2.0), Value(3.0)
    z = relu(x * y) + x
    x.data = -4.0
    assert z.forward().data == -4.0
    z.backward()
    assert (x.grad, y.grad) == (1.0, 0.0)


def test_forward_refuses_a_node_recorded_by_hand_before_changing_anything():
    x = Value(2.0)
    y = Value(8.0, (x * 2,), (12.0,))
    x.data = 5.0
    with pytest.raises(ValueError, match="recorded by hand"):
        y.forward()
    assert y.parents[0].data == 4.0


def test_detach_item_and_zero_grad():
    x = Value(3.0)
    y = x * 2
    leaf = y.detach()
    assert (leaf.item(), leaf.parents, y.item()) == (6.0, (), 6.0)
    y.backward()
    y.zero_grad()
    assert (x.grad, y.grad) == (0.0, 0.0)


# --- numbers, strings and errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True), np.array(2.0), fractions.Fraction(2)],
)
def test_any_real_number_is_data_and_an_operand_on_either_side(number):
    x = Value(4.0)
    assert type(Value(number).data) is float
    assert Value(number).data == float(number)
    assert isinstance(number - x, Value)
    assert (number - x).data == float(number) - 4.0
    assert (x / number).data == 4.0 / float(number)
    assert (x**number).data == 4.0 ** float(number)


@pytest.mark.parametrize("junk", ["2", None, [2.0], (2.0,), 2j, {"a": 1}, object(), np.array([1.0, 2.0]), Value(1.0)])
def test_data_that_is_no_real_number_is_a_type_error(junk):
    with pytest.raises(TypeError, match=r"Value\(data\) must be a real number"):
        Value(junk)


@pytest.mark.parametrize("junk", ["2", None, [2.0], 2j])
@pytest.mark.parametrize("use", [lambda x, j: x * j, lambda x, j: j + x, lambda x, j: x**j, lambda x, j: x.tanh() / j])
def test_an_operand_that_is_no_real_number_is_a_type_error(junk, use):
    with pytest.raises(TypeError, match="must be a real number"):
        use(Value(1.0), junk)


def test_arrays_of_values_work_elementwise():
    x, y = Value(2.0), Value(3.0)
    z = (np.array([x, y]) * np.array([1.0, 10.0]) + x).sum()
    z.backward()
    assert (z.data, x.grad, y.grad) == (36.0, 3.0, 10.0)


def test_math_functions_refuse_a_value_instead_of_losing_its_gradient():
    with pytest.raises(TypeError):
        math.exp(Value(1.0))


def test_comparisons_compare_data_and_equality_is_identity():
    a, b = Value(1.0), Value(1.0)
    assert a < 2 and a <= b and b >= 1 and not a > b  # noqa: PT018
    assert a != b
    assert len({a, b}) == 2
    assert not Value(0.0)
    with pytest.raises(TypeError):
        a < "x"  # noqa: B015


def test_repr_and_format():
    x = Value(2.0, label="x")
    assert repr(x) == "Value(data=2.0, grad=0.0, label='x')"
    assert repr(x * 1) == "Value(data=2.0, grad=0.0)"
    assert f"{x:.4f}" == "2.0000"
    assert f"{x}" == repr(x)


def test_users_may_attach_attributes_but_not_replace_parents():
    x = Value(1.0)
    x.momentum = 0.5
    assert x.momentum == 0.5
    with pytest.raises(AttributeError):
        x.parents = ()
    with pytest.raises(AttributeError):
        x.op = "+"


def test_two_names_of_one_argument_are_refused():
    x = Value(1.0)
    with pytest.raises(TypeError, match="_children and children, two names of one argument"):
        Value(1.0, (x,), (2.0,), children=(x,))
    with pytest.raises(TypeError, match="_op and local_grads"):
        Value(1.0, (x,), "+", local_grads=(2.0,))


def test_children_must_be_values_and_local_derivatives_must_match():
    x = Value(1.0)
    with pytest.raises(TypeError, match="must hold Values, not 3"):
        Value(1.0, (3,), "+")
    for wrong in [(1.0, 2.0), 5, None, lambda: None]:
        with pytest.raises(TypeError, match="tuple of 1 local derivatives"):
            Value(1.0, (x,), wrong)


@pytest.mark.parametrize("junk", ["2", None, [2.0], 2j, np.array([1.0, 2.0]), Value(1.0)])
def test_only_real_numbers_can_be_assigned_to_data(junk):
    x = Value(1.0)
    x.data = np.float32(0.5)
    assert type(x.data) is float
    with pytest.raises(TypeError, match=r"Value\.data must be a real number"):
        x.data = junk
    assert x.data == 0.5


def test_grad_takes_numbers_values_and_none():
    x = Value(2.0)
    x.grad = np.int64(3)
    assert type(x.grad) is float
    x.grad = slope = x * x
    assert x.grad is slope
    x.grad = None
    assert x.grad == 0.0
    (x * x).backward()
    assert x.grad == 4.0
    for junk in ("1", [1.0], 1j):
        with pytest.raises(TypeError, match=r"Value\.grad must be a real number"):
            x.grad = junk


def test_a_value_equals_its_number():
    x = Value(2.0)
    assert x == 2
    assert x == np.float64(2.0)
    assert x == fractions.Fraction(4, 2)
    assert np.float32(2.0) == x
    assert x == decimal.Decimal("2.0")
    assert x == 2 + 0j
    assert x != 3.0
    assert x != "2"
    assert x is not None


@pytest.mark.parametrize("use", [float, math.sin, math.sqrt, int, round, math.trunc, range, [1.0, 2.0].__getitem__])
def test_what_needs_a_plain_float_names_the_remedy(use):
    with pytest.raises(TypeError, match=r"v\.data"):
        use(Value(1.0))


def test_a_forward_pass_that_fails_leaves_the_graph_as_it_was():
    def forward(x):
        if x > 5.0:
            raise RuntimeError("too large")
        return x

    picky = primitive("picky_of_value_tests", forward, lambda g, x: (g,))
    x = Value(2.0)
    y = x * 3.0
    z = y + picky(x)
    x.data = 10.0
    with pytest.raises(RuntimeError, match="too large"):
        z.forward()
    assert (y.data, z.data) == (6.0, 8.0)
    z.backward()
    assert x.grad == 4.0


# --- depth, memory ----------------------------------------------------------------------------------------------------


def test_a_chain_of_100_000_nodes_needs_no_recursion():
    x = v = Value(1.0)
    for _ in range(100_000):
        v = v * 1.0
    v.backward(create_graph=True)
    assert x.grad.data == 1.0
    assert len(topological_order(v)[0]) == 100_000
    assert "data=1.0" in repr(v)
    v.zero_grad()
    v.forward()


def test_a_graph_dies_with_its_root():
    def alive():
        return sum(type(o) is Value for o in gc.get_objects())  # a weak reference that is dead has no class

    x = Value(1.0)
    gc.collect()
    gc.disable()
    try:
        before = alive()
        y = tanh(x * 2 + 1) / (exp(x) - 3)
        y.backward()
        y.forward()
        with no_grad():
            x * 2
        del y
        assert alive() == before
    finally:
        gc.enable()

"""A recorded function as a program: what is left out, computed once, folded and gathered."""

import math
import tracemalloc
from fractions import Fraction
from functools import reduce
from operator import add, mul

import pytest

from autograd_lite import Value, dot, grad, jit, log_softmax, mean, no_grad, softmax, sum, tanh, vmap, where
from autograd_lite.compiler.passes import record_program
from autograd_lite.compiler.tracer import Tracer, TracingError, tracing
from autograd_lite.core import table as table


def program(f, *args):
    return jit(f, backend="python").program(*args)


def test_listing_reads_beside_the_diagram():
    listing = str(program(lambda w, x, b: tanh(w * x + b), 1.0, 2.0, 3.0))
    assert listing.splitlines() == [
        "2 instructions, 3 inputs, 0 constants",
        "  r3 = w * x + b",
        "  r4 = tanh(r3)",
        "  return r4",
    ]


def test_equal_subexpressions_are_computed_once():
    assert program(lambda x, y: tanh(x * y) / tanh(y * x), 1.0, 2.0).counts() == {"*": 1, "tanh": 1, "/": 1}


@pytest.mark.parametrize("shares", [softmax, log_softmax])
def test_shares_of_one_softmax_are_computed_once_in_its_gradient(shares):
    counts = program(grad(lambda xs: dot(shares(xs), [1.0, 2.0, 3.0, 4.0, 5.0])), [0.1, 0.2, 0.3, 0.4, 0.5]).counts()
    assert (counts["softmax"], counts["1-softmax"]) == (5, 5)


def test_constants_are_folded():
    assert program(lambda x: x + tanh(Value(2.0) * 0.0) + 3.0 * 4.0, 1.0).counts() != {}
    assert program(lambda x: x * 1.0 - 0.0, 1.0).counts() == {}


def test_what_no_output_needs_is_left_out():
    def f(x):
        tanh(x)
        return x + 1.0

    assert program(f, 1.0).counts() == {"+": 1}


def test_a_chain_of_sums_of_products_is_one_instruction():
    def neuron(ws, xs, b):
        total = b
        for w, x in zip(ws, xs):
            total = total + w * x
        return total

    p = program(neuron, [1.0] * 50, [2.0] * 50, 3.0)
    assert p.counts() == {"sum of pairs": 1}
    assert len(p) == 1


def test_a_product_used_twice_stays_apart():
    assert program(lambda a, b, c: (a * b + c) / (a * b), 1.0, 2.0, 3.0).counts() == {"*": 1, "+": 1, "/": 1}


def test_equal_instructions_are_printed_as_a_loop():
    def layer(rows, biases, x):
        return [tanh(reduce(add, map(mul, row, x)) + b) for row, b in zip(rows, biases)]

    listing = str(program(layer, [[0.0] * 2] * 4, [0.0] * 4, [0.0] * 2))
    assert listing.splitlines() == [
        "8 instructions, 14 inputs, 0 constants",
        "  for i in 0..3: a[i] = rows[i][0] * x[0] + rows[i][1] * x[1] + biases[i]",
        "  for i in 0..3: b[i] = tanh(a[i])",
        "  return b[0..3]",
    ]


def test_a_dot_product_is_printed_as_a_sum():
    listing = str(program(lambda rows, x: [dot(row, x) for row in rows], [[0.0] * 32] * 8, [0.0] * 32))
    assert "  for i in 0..7: a[i] = sum over k in 0..31 of rows[i][k] * x[k]" in listing.splitlines()


def test_loops_are_found_within_loops_and_sums_within_sums():
    def images(ks, samples):
        return [[sum([dot(k, row) for row in sample]) for k in ks] for sample in samples]

    listing = str(program(images, [[0.0] * 5] * 3, [[[0.0] * 5] * 4] * 7))
    assert listing.splitlines()[1:] == [
        "  for i in 0..6, j in 0..2, l in 0..3: a[12 i + 4 j + l] = sum over k in 0..4 of ks[j][k] * samples[i][l][k]",
        "  for i in 0..20: b[i] = sum(a[4 i + k] for k in 0..3)",
        "  return b[0..20]",
    ]


def test_what_has_no_order_is_shown_without_its_places():
    listing = str(program(lambda x, y: [x[i * i % 11] * y[i] for i in range(9)], [0.0] * 11, [0.0] * 9))
    assert "  for i in 0..8: a[i] = x[..] * y[i]" in listing.splitlines()
    assert "sum over k" not in listing


def test_labels_name_results_and_parameters():
    w = Value(2.0, label="w")

    def f(x):
        h = w * x
        h.label = "h"
        return h.exp() + h

    assert str(program(f, 1.0)).splitlines()[1:] == ["  h = w * x", "  r3 = exp(h)", "  r4 = r3 + h", "  return r4"]


def test_names_that_are_not_clear_are_not_used():
    twins = Value(2.0, label="w"), Value(3.0, label="w")
    listing = str(program(lambda x: twins[0] * x + twins[1] / x, 1.0))
    assert listing.splitlines()[-3:] == ["  r3 = r2 / x", "  r4 = r1 * x + r3", "  return r4"]


def test_a_long_result_is_short_and_lines_are_of_a_length():
    listing = str(program(grad(lambda xs: sum([x**3 for x in xs[:300]])), [0.5] * 500))
    assert listing.splitlines()[-1] == "  return a[0..299], 0.0 (200 times)"
    irregular = str(program(lambda x: sum([x[i * i % 97] * x[i * 7 % 101] for i in range(90)]), [0.5] * 101))
    assert max(map(len, irregular.splitlines())) <= 120


def test_results_that_are_arguments_and_constants_are_printed_one_by_one():
    listing = str(program(lambda x, y: [x, y, 0.0, 0.0, x * y], 1.0, 2.0))
    assert listing.splitlines()[-2:] == ["  r3 = x * y", "  return x, y, 0.0, 0.0, r3"]


def test_every_pass_can_be_seen():
    seen = {name: p.counts() for name, p in jit(lambda x, y: (x * y + y * x).tanh() * 1.0).stages(1.0, 2.0).items()}
    assert seen == {
        "record": {"*": 3, "+": 1, "tanh": 1},
        "simplify": {"*": 1, "+": 1, "tanh": 1},
        "fuse": {"*": 1, "+": 1, "tanh": 1},
        "roll": {"*": 1, "+": 1, "tanh": 1},
    }


def test_what_is_done_for_each_lane_is_printed_apart():
    listing = str(program(lambda w: mean(vmap(lambda x: tanh(w * x))([1.0, 2.0, 4.0])), 0.5))
    assert listing.splitlines()[1:] == [
        "  for each of 3 lanes:",
        "    v4 = lanes(1.0, 2.0, 4.0)",
        "    v5 = w * v4",
        "    v6 = tanh(v5)",
        "    r7 = mean over lanes of v6",
        "  return r7",
    ]


def test_inputs_and_constants_can_be_outputs():
    x = Tracer()
    with tracing() as tape:
        outputs = [x, Value(2.0), table.identity(x)]
    p = record_program(tape, [x], outputs)
    assert len(p) == 0
    assert [value.data for value in p.captured] == [2.0]


REFUSED = {
    "an if": lambda x: x if x > 0 else -x,
    "and": lambda x: x and 1.0,
    "data": lambda x: x * x.data,
    "item": lambda x: x * x.item(),
    "format": lambda x: print(f"{x:.3f}") or x,
    "sorted": lambda x: sorted([x, x * 2.0])[0],
    "backward": lambda x: (x * x).backward() or x,
    "assignment": lambda x: setattr(x, "data", 1.0) or x,
    "assignment of a gradient": lambda x: setattr(x, "grad", 1.0) or x,
    "round": lambda x: round(x, 2) * x,
    "range": lambda x: sum([x for _ in range(x)]),
    "==": lambda x: x if x == 1.0 else -x,
    "== of a fraction": lambda x: x if x == Fraction(1, 2) else -x,
    "in": lambda x: x if x in (0.0, 1.0) else -x,
    "index": lambda x: [x, -x][x],
    "int": lambda x: int(x) * x,
    "math": lambda x: math.sin(x) * x,
    "detach": lambda x: x.detach() * x,
    "no_grad": lambda x: no_grad()(lambda: x * 2.0)() * x,
}


@pytest.mark.parametrize("f", REFUSED.values(), ids=REFUSED)
def test_what_needs_a_number_is_refused_and_the_line_shown(f):
    with pytest.raises(TracingError, match=r"test_ir\.py, line \d+: (.|\n)*Instead:"):
        jit(f)(1.0)


OUTSIDE = Value(2.0)


class Model:
    def __init__(self):
        self.layers = {"weights": [Value(3.0)]}

    def __call__(self, x):
        return x * OUTSIDE if self.layers["weights"][0].data > 0.0 else x


def in_a_global(x):
    return x * OUTSIDE if OUTSIDE > 0.0 else x


def in_a_default(x, w=Value(2.0)):  # noqa: B008
    return x * w.item()


def in_a_closure():
    w, model = Value(2.0), Model()
    return {
        "a closure": lambda x: x * w.data,
        "a model": lambda x: model(x),
        "a call": lambda x: in_a_global(x),
        "a gradient": grad(lambda x: x * w if w else x),
        "another jit": jit(lambda x: x * float(f"{w:.3f}")),
        "an assignment": lambda x: setattr(w, "data", 1.0) or x * w,
        "an assignment of a gradient": lambda x: setattr(w, "grad", 0.0) or x * w,
        "an index": lambda x: x * [1.0, 2.0, 3.0][w],
    }


@pytest.mark.parametrize("f", [in_a_global, in_a_default, *in_a_closure().values()])
def test_what_needs_a_number_of_the_outside_is_refused_too(f):
    with pytest.raises(TracingError, match=r"test_ir\.py, line \d+: (.|\n)*Instead:"):
        jit(f)(1.0)
    assert type(OUTSIDE) is Value
    assert OUTSIDE.data == 2.0


def test_a_comparison_with_the_outside_is_made_at_each_call():
    w = Value(1.0)
    f = jit(lambda x: where(w > 0.0, x, -x), backend="python")
    before = f(3.0).data
    w.data = -1.0
    assert (before, f(3.0).data) == (3.0, -3.0)


def test_code_that_lies_in_no_file_is_named_by_its_line_alone():
    f = eval(compile("\nlambda x: x if x > 0 else -x", "/tmp/ipykernel_1234/5678.py", "eval"))
    with pytest.raises(TracingError, match=r"^line 2: "):
        jit(f)(1.0)


def test_a_comparison_is_a_condition_for_where():
    larger = jit(lambda x, y: where(x > y, x, y) + where(x <= y, 10.0, 20.0), backend="python")
    assert (larger(1.0, 2.0), larger(3.0, 2.0)) == (12.0, 23.0)


def test_a_stand_in_that_escaped_says_so():
    kept = []
    jit(lambda x: kept.append(x) or x, backend="python")(1.0)
    with pytest.raises(TracingError, match="recorded by jit"):
        kept[0] * 2.0


def test_sum_of_one_number():
    """It is x + 0.0: the sum of -0.0 is 0.0."""
    assert program(lambda x: sum([x]), 1.0).counts() == {"+": 1}


def test_memory_of_recording_grows_in_proportion():
    def bytes_a_node(n):
        tracemalloc.start()
        instructions = len(program(lambda x: chain(x, n), 0.5))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert instructions == 2 * n
        return peak / (3 * n)

    def chain(x, n):
        for i in range(n):
            x = tanh(x * x + float(i))
        return x

    small, large = bytes_a_node(1_000), bytes_a_node(10_000)
    assert large < 1.3 * small
    assert large < 800.0

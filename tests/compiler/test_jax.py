"""Programs as functions of JAX: the numbers of eager, from array code, on one device, on eight, in two processes."""

import builtins
import math
import os
import socket
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, dot, grad, jit, mean, nn, to_jax, value_and_grad, vmap
from autograd_lite.core.value import as_data
from autograd_lite.testing.strategies import expressions
from autograd_lite.transforms.pytree import flatten

jax = pytest.importorskip("jax")


def agrees(f, *args, tolerance=1e-12):
    """Whether JAX computes what f does eagerly."""
    got = [float(x) for x in jax.tree.leaves(to_jax(value_and_grad(f), *args)(*args))]
    expected = [as_data(x) for x in flatten(value_and_grad(f)(*args))[0]]
    assert got == pytest.approx(expected, rel=tolerance, abs=tolerance)


@settings(max_examples=12)
@given(f=expressions(inputs=3), point=st.tuples(*[st.floats(0.25, 3.0) | st.floats(-3.0, -0.25)] * 3))
def test_random_programs_equal_eager(f, point):
    """Where terms cancel, what XLA's functions differ by in the last digit is seen beside the terms, not the result."""
    both = value_and_grad(f, argnums=(0, 1, 2))
    value, gradient = jit(both, backend="jax")(*point)
    expected, expected_gradient = both(*point)
    assert [value, *gradient] == pytest.approx([expected, *expected_gradient], rel=1e-12, abs=1e-12)


def test_subnormal_numbers_are_flushed_to_zero():
    smallest = sys.float_info.min
    assert jit(lambda x: x * 0.5, backend="jax")(smallest) == 0.0 != smallest * 0.5


def test_an_export_takes_and_gives_what_the_function_does():
    f = to_jax(lambda point, scale: {"sum": scale * (point["x"] + point["y"][0]), "y": point["y"]}, *ARGUMENTS)
    result = jax.jit(f)({"x": 2.0, "y": [3.0, 4.0]}, 10.0)
    assert float(result["sum"]) == 50.0
    assert [float(y) for y in result["y"]] == [3.0, 4.0]


ARGUMENTS = {"x": 0.0, "y": [0.0, 0.0]}, 1.0


def test_dicts_come_in_any_order_and_other_structures_are_refused():
    f = to_jax(lambda point, mode: point["x"] - point["a"], {"x": 0.0, "a": 0.0}, "fast")
    assert float(f({"a": 1.0, "x": 5.0}, "fast")) == 4.0
    assert float(jax.jit(f, static_argnums=1)({"x": 5.0, "a": 1.0}, "fast")) == 4.0
    for other in ([5.0, 1.0], {"x": 5.0}, {"x": 5.0, "a": jax.numpy.ones(2)}, {"x": 5.0, "a": [1.0]}):
        with pytest.raises(ValueError, match="recorded for a"):
            f(other, "fast")


def test_an_export_can_be_differentiated_and_mapped_by_jax():
    square = to_jax(lambda x: x * x, 0.0)
    assert float(jax.grad(square)(3.0)) == 6.0
    assert jax.vmap(square)(jax.numpy.arange(3.0)).tolist() == [0.0, 1.0, 4.0]


def test_an_export_has_the_numbers_that_captured_values_have():
    w = Value(2.0)
    f = to_jax(lambda x: w * x, 0.0)
    assert float(f(5.0)) == 10.0


def test_without_jax_it_says_how_to_install_it(monkeypatch):
    from autograd_lite.compiler import backends

    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'autograd_lite\[jax\]'"):
        to_jax(grad(lambda x: x), 1.0)


# --- array code ----------------------------------------------------------------------------------------------------


def equations(f, *args):
    """How many operations JAX is given for f."""
    return builtins.sum(1 for line in jax.jit(to_jax(f, *args)).lower(*args).as_text().splitlines() if " = " in line)


def test_what_is_done_to_many_numbers_is_a_few_operations():
    model = nn.MLP(3, [8, 8, 1], "tanh", seed=0)

    def loss(points):
        return mean([model(point) ** 2 for point in points])

    few, many = ([[0.1 * i, 0.2, -0.3] for i in range(n)] for n in (2, 12))
    assert equations(value_and_grad(loss), many) < 1.2 * equations(value_and_grad(loss), few) < 2000


def test_neurons_of_different_layers_samples_and_lengths():
    model = nn.MLP(3, [4, 2], "tanh", seed=0)

    def loss(points):
        outputs = [model(point) for point in points]
        return sum(ag.logsumexp(y) for y in outputs) + dot(outputs[0], outputs[1]) + ag.norm(points[0]) / 3.0

    agrees(loss, [[0.1, -0.2, 0.3], [1.0, 2.0, -0.5], [0.3, 0.3, 0.1]])


def test_lanes_and_single_numbers_meet():
    def loss(w, xs):
        ys = vmap(lambda x: (w[0] * x + w[1]) * ag.tanh(w[1] * w[1]))(xs)
        return mean(ys) + ys[1] * w[0] + sum(y * y for y in ys[:2])

    agrees(loss, [0.3, -0.4], [1.0, 2.0, 3.0, -1.0])


def test_a_sum_over_lanes_of_what_is_the_same_in_all():
    agrees(lambda w: mean(vmap(lambda x: w * 2.0 + 0.0 * x)([1.0, 2.0, 3.0])) * w, 1.5)


# --- branches ------------------------------------------------------------------------------------------------------


def without_source(text, name):
    namespace = {"math": math}
    exec(textwrap.dedent(text), namespace)
    return namespace[name]


def over_lanes(forward, vjp=lambda g, x: (g,), xs=(-3.0, -1.0, 0.0, 0.5, 2.0)):
    """What JAX gives for a forward function of a user's primitive, at several numbers at once."""
    bent = ag.primitive("bent", forward, vjp)
    return jit(vmap(bent), backend="jax")(list(xs)), [forward(x) for x in xs]


def test_each_number_takes_its_own_branch():
    got, expected = over_lanes(lambda x: x if x > 0.0 else 0.1 * x)
    assert got == pytest.approx(expected, rel=1e-15)


def test_a_branching_function_without_a_file():
    forward = without_source(
        """
        def forward(x):
            if x < -2.0 or x == 0.0:
                return -1.0
            steps = 0.0
            for k in range(3):
                if k < 2 and not x > 1.0:
                    steps += math.exp(x) if abs(x) < 0.75 else max(x, -0.5)
            return steps * (2.0 if -1.5 < x < 1.0 else 3.0)
        """,
        "forward",
    )
    got, expected = over_lanes(forward)
    assert got == pytest.approx(expected, rel=1e-14)


def test_a_primitive_that_calls_another_function_of_its_module():
    got, expected = over_lanes(helped)
    assert got == pytest.approx(expected, rel=1e-15)


def helper(x):
    return math.sqrt(x) if x >= 0.0 else math.nan if x != x else -1.0


def helped(x):
    return helper(x) + helper(2.0)


def test_what_jax_cannot_run_says_so():
    odd = ag.primitive("odd", lambda x: float(str(x)), lambda g, x: (g,))
    with pytest.raises(Exception, match=r"JAX|float|Number"):
        jit(odd, backend="jax")(2.0)


def test_users_primitives_over_lanes():
    bent = ag.primitive("bent", lambda x: x if x > 0.0 else 0.1 * x, lambda g, x: (g * ag.where(x > 0.0, 1.0, 0.1),))
    f = value_and_grad(lambda w: mean(vmap(lambda x: bent(w * x))([1.0, -2.0, 3.0])))
    assert jit(f, backend="jax")(2.0) == pytest.approx(jit(f, backend="python")(2.0), rel=1e-12)


# --- many devices, many machines -----------------------------------------------------------------------------------

SHARDED = """
    import sys
    import jax, numpy as np
    from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
    from autograd_lite import mean, to_jax, value_and_grad, vmap

    if len(sys.argv) > 1:
        address, number = sys.argv[1:]
        jax.distributed.initialize(address, num_processes=2, process_id=int(number))

    def loss(w, x, y):
        return ((w[0] * x[0] + w[1] * x[1]).tanh() - y) ** 2

    def total(w, xs, ys):
        return mean(vmap(loss, in_axes=(None, 0, 0))(w, xs, ys))

    rng = np.random.default_rng(0)
    w, xs, ys = np.array([0.3, -0.4]), rng.normal(size=(64, 2)), rng.normal(size=64)
    devices = Mesh(np.array(jax.devices()), ("batch",))
    share, whole = NamedSharding(devices, P("batch")), NamedSharding(devices, P())

    def place(x, sharding):
        return jax.make_array_from_callback(x.shape, sharding, lambda part: x[part])

    both = to_jax(value_and_grad(total), w, xs, ys)
    step = jax.jit(both, in_shardings=(whole, share, share), out_shardings=whole)
    arrays = place(w, whole), place(xs, share), place(ys, share)
    value, gradient = step(*arrays)
    value_here, gradient_here = value_and_grad(total)(w, xs, ys)
    np.testing.assert_allclose(float(value), value_here, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(gradient), gradient_here, rtol=1e-12)
    text = step.lower(*arrays).compile().as_text()
    print(len(jax.devices()), "all-reduce" in text, "all-gather" in text)
"""


def start(*arguments, devices):
    """A fresh Python process with so many devices."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SHARDED), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}", "JAX_PLATFORMS": "cpu"},
    )


def printed(process):
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out.split()[-3:]  # the processes tell each other hello before


def test_a_batch_sharded_over_eight_devices_gives_the_gradient_of_one_machine():
    assert printed(start(devices=8)) == ["8", "True", "False"]


def test_two_processes_with_two_devices_each_give_the_gradient_of_one_machine():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    processes = [start(address, str(number), devices=2) for number in range(2)]
    assert [printed(process) for process in processes] == [["4", "True", "False"]] * 2

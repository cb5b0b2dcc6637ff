"""The table beside PyTorch, JAX and HIPS autograd, where those are installed: they agree, but for a list of points.

The list is of points at which the peer's derivative is off by more than 10,000 ULP, or is 0, infinite or nan without
reason, while the table's is within 4 ULP of mpmath's.
"""

import math
from importlib.metadata import version

import peers
import pytest
import test_accuracy

from autograd_lite import Value
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.testing import ulp_distance

ORDINARY = {
    1: [(0.3,), (-0.7,), (1.9,), (-2.4,)],
    2: [(0.3, 1.7), (2.5, 0.4), (1.1, -2.0), (0.9, 0.8)],
}
SEEN = {"torch": "2.14", "jax": "0.10", "autograd": "1.9"}  # the versions that the list below is of
WRONG = [  # peer, function, operands, operand differentiated in
    ("torch", "expm1", (-37.0,), 0),
    ("torch", "tanh", (20.0,), 0),
    ("torch", "sigmoid", (37.0,), 0),
    ("torch", "silu", (-1.278464542761074,), 0),
    ("torch", "gelu", (-8.3,), 0),
    ("torch", "asinh", (1e160,), 0),
    ("torch", "acosh", (1e160,), 0),
    ("torch", "atan2", (1e-160, -1e-160), 0),
    ("jax", "tanh", (20.0,), 0),
    ("jax", "sigmoid", (37.0,), 0),
    ("jax", "silu", (-1.278464542761074,), 0),
    ("jax", "asinh", (1e160,), 0),
    ("jax", "acosh", (1e160,), 0),
    ("jax", "/", (1e-200, 1e-200), 1),
    ("jax", "/", (1e200, 1e200), 1),
    ("jax", "atan2", (1e-160, -1e-160), 0),
    ("jax", "hypot", (1e-200, 1e-200), 0),
    ("jax", "logaddexp", (-358277198616.51086, -358277198616.5108), 0),
    ("autograd", "expm1", (-37.0,), 0),
    ("autograd", "/", (1e-200, 1e-200), 1),
    ("autograd", "atan2", (1e-160, -1e-160), 0),
    ("autograd", "logaddexp", (-358277198616.51086, -358277198616.5108), 0),
]


def ours(name, xs, i):
    inputs = [Value(x) for x in xs]
    PRIMITIVES[name](*inputs).backward()
    return inputs[i].grad


@pytest.mark.parametrize("peer", peers.PEERS)
@pytest.mark.parametrize("name", peers.NAMES)
def test_ordinary_points_agree(peer, name):
    pytest.importorskip(peer)
    low, high = test_accuracy.DOMAINS.get(name, (-math.inf, math.inf))
    for xs in ORDINARY[PRIMITIVES[name].arity]:
        for i in range(len(xs)):
            mine = ours(name, xs, i)
            if low < xs[0] < high and math.isfinite(mine):
                theirs = peers.derivative(peer, name, xs, i)
                assert theirs is None or theirs == pytest.approx(mine, rel=1e-12), xs


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("peer", "name", "xs", "i"), WRONG)
def test_where_the_peer_is_wrong_the_table_is_right(peer, name, xs, i):
    expected = test_accuracy.truth(name, xs, (i,))
    assert ulp_distance(ours(name, xs, i), expected) <= 4.0
    pytest.importorskip(peer)
    if not f"{version(peer)}.".startswith(f"{SEEN[peer]}."):
        pytest.skip(f"the list is of {peer} {SEEN[peer]}, not {version(peer)}")
    assert ulp_distance(peers.derivative(peer, name, xs, i), expected) > 1e4, "mended: take it off the list"

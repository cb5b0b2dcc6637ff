"""Programs in JavaScript, run by node: the table's functions as they are in Python, random programs, modules."""

import json
import math
import random
import shutil
import subprocess
from array import array

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import autograd_lite
from autograd_lite import Value, grad, hessian, jit, mean, primitive, to_javascript, value_and_grad, vmap
from autograd_lite.compiler import backends
from autograd_lite.compiler.backends.javascript.loading import prelude, runnable
from autograd_lite.compiler.backends.javascript.node import evaluate
from autograd_lite.compiler.backends.javascript.translate import Library
from autograd_lite.compiler.ir import CannotRunError
from autograd_lite.core.primitives import PRIMITIVES
from autograd_lite.core.value import topological_order
from autograd_lite.nn import MLP
from autograd_lite.testing.strategies import DOMAINS, LANDMARKS, TAILS, expressions
from autograd_lite.testing.ulp import ulp_distance
from autograd_lite.transforms.pytree import flatten, unflatten

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
inf, nan = math.inf, math.nan


# --- the table -----------------------------------------------------------------------------------------------------

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, inf, -inf, nan, 5e-324, -5e-324, 2.3e-308, 1.7e308, -1.7e308)


def points(name, count):
    """1,000 points of every magnitude, near where the function is hard too, and the special values in all mixtures."""
    rng = random.Random(name)
    marks = (*LANDMARKS, *TAILS.get(name, ()))

    def number():
        mark = rng.choice(marks)
        wide = rng.choice((1.0, -1.0)) * 10.0 ** rng.uniform(-323.0, 308.0)
        near = (mark, math.nextafter(mark, inf), math.nextafter(mark, -inf))
        return rng.choice((rng.uniform(-4.0, 4.0), rng.uniform(-800.0, 800.0), wide, *near))

    drawn = [[number() for _ in range(count)] for _ in range(1000)]
    if name == "pow'":  # how often differentiated, in the base and in the exponent: up to twice in all
        orders = [(1.0, 0.0), (0.0, 1.0), (2.0, 0.0), (1.0, 1.0), (0.0, 2.0)]
        return [[abs(a), b, *rng.choice(orders)] for a, b, *_ in drawn]
    return drawn + [
        [x, *(rng.choice(SPECIAL) for _ in range(count - 1))] for x in SPECIAL for _ in range(count * count)
    ]


def translated(p, count):
    """The primitive in JavaScript, as a function from many points, one after the other, to its values there."""
    library = Library()
    name = library.name_of(p)
    call = f"{name}(x)" if p.arity is None else f"{name}(...x)"
    body = (
        f"for (let i = 0; i < xs.length; i += {count}) {{ const x = [...xs.slice(i, i + {count})]; ys.push({call}); }}"
    )
    return evaluate(
        f"(() => {{ 'use strict';\n{library.source()}\nreturn (xs) => {{ const ys = []; {body} return ys; }}; }})()"
    )


@needs_node
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_gives_what_it_gives_in_python(name):
    p = PRIMITIVES[name]
    count = p.arity or 3
    many = points(name, count)
    answers = translated(p, count)(array("d", [x for operands in many for x in operands]))
    for x, got in zip(many, answers):
        expected = float(p.evaluate(x))
        assert ulp_distance(got, expected) <= 5, f"{name} at {x}: {got!r} in JavaScript, {expected!r} in Python"


def test_domains_are_of_primitives_that_exist():
    assert DOMAINS.keys() <= PRIMITIVES.keys()


def ties():
    """Five terms each: a number, half its last place, a least one that decides, and two that may cancel."""
    rng = random.Random(5)
    for _ in range(3000):
        exponent = rng.choice((-1070, -1060, -1022, -600, 0, 600))
        number, half = math.ldexp(rng.uniform(1.0, 2.0), exponent), math.ldexp(rng.choice((1.0, -1.0)), exponent - 53)
        least = rng.choice((5e-324, -5e-324, 3e-310, half / 2.0, half * -1e-12))
        large = rng.choice((0.0, math.ldexp(number, 40)))
        yield rng.sample([number, half, least, large, -large], 5)


@needs_node
@pytest.mark.parametrize("name", ["fsum", "exact_sum"])
def test_halfway_between_two_numbers_the_smallest_term_decides(name):
    many = list(ties())
    each = f"return (xs) => xs.filter((_, i) => i % 5 === 0).map((_, i) => {name}(xs.slice(5 * i, 5 * i + 5)));"
    sums = evaluate(f"(() => {{ 'use strict';\n{Library().source([name])}\n{each} }})()")
    totals = sums(array("d", [x for terms in many for x in terms]))
    for xs, total in zip(many, totals, strict=True):
        assert total == math.fsum(xs), f"{name} of {xs}: {total!r}, not {math.fsum(xs)!r}"


# --- programs ------------------------------------------------------------------------------------------------------

ORDINARY = st.floats(0.25, 3.0) | st.floats(-3.0, -0.25)
POINT = st.tuples(*[ORDINARY] * 3)
EVERYTHING = (
    "+",
    "*",
    "-",
    "/",
    "neg",
    "tanh",
    "exp",
    "relu",
    "gelu",
    "sum",
    "dot",
    "softmax",
    "logsumexp",
    "where",
    "abs",
)
PROGRAM = expressions(inputs=3, rules=EVERYTHING)


PROGRAMS, BATCH = 2000, 100


def drawn(strategy):
    """So many examples of it."""
    found = []

    @settings(max_examples=PROGRAMS, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def keep(example):
        found.append(example)

    keep()
    return found


def in_javascript(programs):
    """What each function gives at its point: many are sent to node at once."""
    library, blocks = Library(), []
    for f, point in programs:
        program = jit(f).recording_for(point, {}, []).program
        numbers = ", ".join(map(repr, flatten(point)[0]))
        blocks.append(f"{{ {runnable(program, 'run', library)}\nfound.push(...run({numbers})); }}")
    lines = ["(() => { 'use strict';", *prelude(library), "const found = [];", *blocks, "return () => found; })()"]
    return evaluate("\n".join(lines))(array("d"))


def bounds(f, point):
    """What f gives eagerly, and how far from it 5 ULP in each of its operations may lead, to first order."""
    leaves, structure = flatten(point)
    for y in flatten(f(*unflatten(structure, [Value(x) for x in leaves])))[0]:
        y.backward()
        nodes, _ = topological_order(y)
        own = math.ulp(y.data)  # of what is done to constants alone, which is in no graph
        yield y.data, 5.0 * math.fsum([own, *(abs(v.grad) * math.ulp(v.data) for v in nodes)])


def agree(programs):
    for start in range(0, len(programs), BATCH):
        batch = programs[start : start + BATCH]
        answers = iter(in_javascript(batch))
        for f, point in batch:
            for expected, tolerance in bounds(f, point):
                got = next(answers)
                assert got == expected or (got != got and expected != expected) or abs(got - expected) <= tolerance, (
                    f"{f} at {point}: {got!r} in JavaScript, {expected!r} in Python, may differ by {tolerance:g}"
                )
        assert next(answers, None) is None


@needs_node
def test_random_programs_and_their_gradients_are_pythons_to_5_ulp_an_operation():
    agree([(value_and_grad(f, argnums=(0, 1, 2)), point) for f, point in drawn(st.tuples(PROGRAM, POINT))])


@needs_node
def test_so_are_they_over_lanes():
    def over_lanes(f):
        def batch(w, xs):
            return vmap(lambda w, x: f(w[0], w[1], x), in_axes=(None, 0))(w, xs)

        return lambda w, xs: (batch(w, xs), grad(lambda w, xs: mean(batch(w, xs)), argnums=(0, 1))(w, xs))

    lanes = st.lists(st.floats(0.25, 2.0), min_size=2, max_size=5)
    examples = drawn(st.tuples(PROGRAM, st.tuples(st.tuples(ORDINARY, ORDINARY), lanes)))
    agree([(over_lanes(f), point) for f, point in examples])


@needs_node
def test_zeros_stop_and_nan_and_inf_are_as_in_python():
    f = grad(lambda x: autograd_lite.sqrt(autograd_lite.relu(x)) + autograd_lite.log(x * 0.0))
    for x in (-1.0, 0.0, 2.0, inf, nan):
        assert jit(f, backend="javascript")(x) == pytest.approx(jit(f, backend="python")(x), nan_ok=True)


@needs_node
def test_values_get_their_gradient_from_javascript_too():
    x = Value(0.5)
    jit(lambda x: x.tanh() * x, backend="javascript")(x).backward()
    assert x.grad == pytest.approx(grad(lambda x: x.tanh() * x)(0.5), rel=1e-14)


@needs_node
def test_an_error_in_javascript_is_one_in_python():
    with pytest.raises(RuntimeError, match="no_such_name"):
        evaluate("no_such_name")


def test_in_a_browser_it_is_chosen_by_itself(monkeypatch):
    monkeypatch.setattr(backends, "IN_BROWSER", True)
    assert backends.default() == "javascript"


def test_without_node_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(backends, "which", lambda name: None)
    with pytest.raises(ImportError, match=r"nodejs\.org"):
        jit(abs, backend="javascript")


# --- primitives of one's own -----------------------------------------------------------------------------------------


def _collatz(x):
    """Words that mean something else in JavaScript, a loop, a list, a nan that is true."""
    new, var = [x], 0.0
    for delete in range(3, 0, -1):
        new = [*new, new[-1] / 2.0 if new[-1] % 2.0 == 0.0 else 3.0 * new[-1] + delete]
    while var < 2.0:
        var += 0.75
    return sum(y for y in new if y > 1.0) + (math.hypot(*new[1:]) if x - x else var**2)


MINE = {"collatz": _collatz, "cube": lambda x: x**3, "step": lambda x: 1.0 if 0 < x <= 2 or not x > -1 else float(x)}


@needs_node
@pytest.mark.parametrize("name", MINE)
def test_they_are_translated_from_their_source(name):
    p = primitive(f"{name}_in_javascript", MINE[name], lambda g, x: (g,))
    try:
        f = jit(lambda x: p(x), backend="javascript")
        for x in (0.5, 1.0, 2.0, 3.0, -1.5, nan):
            assert f(x) == pytest.approx(p(x), rel=1e-15, nan_ok=True)
    finally:
        del PRIMITIVES[f"{name}_in_javascript"]


def test_what_has_no_counterpart_is_an_error_that_names_it_and_a_browser_takes_python_instead(monkeypatch):
    p = primitive("lookup_in_javascript", lambda x: {1: 2.0}.get(x, x), lambda g, x: (g,))
    try:
        monkeypatch.setattr(backends, "IN_BROWSER", True)
        with pytest.raises(CannotRunError, match=r"\{1: 2.0\}.*backend='python'"):
            jit(lambda x: p(x), backend="javascript")(1.0)
        assert jit(lambda x: p(x))(1.0) == 2.0
    finally:
        del PRIMITIVES["lookup_in_javascript"]


def test_a_function_without_source_is_an_error():
    scope = {}
    exec("def nowhere(x):\n    return x * 2.0", scope)
    with pytest.raises(CannotRunError, match="no source of 'nowhere'"):
        Library().name_of(scope["nowhere"])


# --- modules ---------------------------------------------------------------------------------------------------------


def run(source, *args):
    """What the module's function returns: in a process of node of its own, as any user's page would run it."""
    code = (
        source.replace("export default function", "const f = function")
        + f"\nconsole.log(JSON.stringify(f(...{json.dumps(args)})))"
    )
    done = subprocess.run(["node", "--input-type=module", "-"], input=code, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_a_module_takes_and_returns_nested_arrays():
    def f(w, x):
        return {"y": w[0] * x["a"] + w[1], "both": (x["a"], [w[1]])}

    made = to_javascript(f, [0.0, 0.0], {"a": 0.0})
    assert run(made, [2.0, 1.0], {"a": 3.0}) == {"y": 7, "both": [3, [1]]}


@needs_node
@pytest.mark.parametrize("keys", [(2, 1), ("b", "a"), ("x", 0), ("10", "9")])
def test_a_module_takes_dicts_whatever_their_keys(keys):
    first, second = keys

    def f(p):
        return {second: p[first] - p[second], first: p[first] * 10.0}

    made, given = to_javascript(f, {first: 0.0, second: 0.0}), {first: 1.0, second: 5.0}
    expected = {str(second): -4.0, str(first): 10.0}
    assert run(made, given) == run(made, dict(reversed(given.items()))) == expected


def test_keys_that_are_one_in_javascript_are_refused():
    with pytest.raises(TypeError, match="differ as strings"):
        to_javascript(lambda p: p[1] - p["1"], {1: 1.0, "1": 2.0})


@needs_node
def test_gradients_models_and_arrays_become_modules():
    assert run(to_javascript(hessian(lambda x: x[0] ** 3 * x[1]), [1.0, 1.0]), [2.0, 5.0]) == [[60, 12], [12, 0]]
    model = MLP(2, [3, 1], seed=0)
    assert run(to_javascript(model, [0.0, 0.0]), [0.5, -1.0]) == pytest.approx(model([0.5, -1.0]).data, rel=1e-14)
    np = pytest.importorskip("numpy")
    double = to_javascript(lambda x: x * 2.0, np.zeros((2, 2)))
    assert run(double, [[1.0, 2.0], [3.0, 4.0]]) == [[2, 4], [6, 8]]


@needs_node
def test_a_wrong_argument_is_named():
    made = to_javascript(lambda x, w: x * w[1], 1.0, [1.0, 2.0])
    code = made.replace("export default function", "const f = function")
    for call, message in [
        ("f(1, [2])", "argument 1 must be an array of length 2"),
        ("f('1', [1, 2])", "argument 0 must be a number"),
    ]:
        done = subprocess.run(["node", "-"], input=f"{code}\n{call}", capture_output=True, text=True, timeout=60)
        assert message in done.stderr


def test_names_and_labels_are_never_code():
    def forward(x):
        return x * 2.0

    def f(x):
        return hostile(x) * Value(2.0, label="`); alert(1)//")

    forward.__name__ = f.__name__ = "*/ alert(1) /*"
    hostile = primitive("hostile_in_javascript", forward, lambda g, x: (g,))
    try:
        assert "alert(1)" not in to_javascript(f, 1.0)
    finally:
        del PRIMITIVES["hostile_in_javascript"]


@pytest.mark.parametrize("given", ["a", None])
def test_what_is_no_number_is_no_argument_of_a_module(given):
    with pytest.raises(TypeError, match=r"to_javascript\(args\) must be numbers"):
        to_javascript(lambda x, way: x, 1.0, given)


@pytest.mark.parametrize("f", [None, 1.0, "x * x"])
def test_only_a_function_becomes_a_module(f):
    with pytest.raises(TypeError, match=r"to_javascript\(f\)"):
        to_javascript(f, 1.0)

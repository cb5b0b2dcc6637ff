"""Modules: what they compute, how they name and keep their parameters, and that gradients are the matrix formulas."""

import abc
import copy
import dataclasses
import gc
import inspect
import math
import pickle
import random
from fractions import Fraction
from typing import Generic, TypeVar

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, grad, jit, nn, no_grad, optim

numbers = st.floats(-10, 10)
rows = st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=5)
mpmath.mp.dps = 60

# --- what they compute ---------------------------------------------------------------------------------------------


def test_a_neuron_is_a_weighted_sum_and_an_activation():
    neuron = nn.Neuron(2, activation="tanh")
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 0.5
    assert neuron([1.0, 0.5]).data == math.tanh(2.0 - 1.5 + 0.5)


def test_a_neuron_is_one_dot_node_and_its_activation():
    y = nn.Neuron(3)([1.0, 2.0, 3.0])
    assert (y.op, y.parents[0].op, len(y.parents[0].parents)) == ("relu", "dot", 7)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.floats(-1, 1))
def test_the_weighted_sum_is_within_4_ulp_also_where_its_terms_cancel(pairs, rest):
    w, x = zip(*pairs)
    neuron = nn.Neuron(len(w), "linear")
    for p, weight in zip(neuron.w, w):
        p.data = weight
    neuron.b.data = rest - sum(a * b for a, b in pairs)
    exact = sum(Fraction(a) * Fraction(b) for a, b in pairs) + Fraction(neuron.b.data)
    assert abs(Fraction(neuron(x).data) - exact) <= 4 * Fraction(math.ulp(float(exact)))


@given(st.lists(numbers, min_size=4, max_size=4), st.sampled_from(sorted(nn.ACTIVATIONS)))
def test_expanded_into_products_and_sums_the_gradients_are_the_same(x, activation):
    fused = nn.MLP(4, [3, 1], activation=activation, seed=1)
    expanded = nn.MLP(4, [3, 1], activation=activation, seed=1, fused=False)
    for model in (fused, expanded):
        model(x).backward()
    for p, q in zip(fused.parameters(), expanded.parameters(), strict=True):
        assert p.grad == pytest.approx(q.grad, rel=1e-9, abs=1e-12)


def test_the_last_layer_of_one_neuron_returns_a_scalar_others_a_list():
    assert isinstance(nn.MLP(2, [3, 1])([1, 2]), Value)
    assert [type(y) for y in nn.MLP(2, [3, 2])([1, 2])] == [Value, Value]
    assert isinstance(nn.Layer(2, 1)([1, 2]), Value)


def test_a_single_number_stands_for_a_list_of_one():
    assert nn.MLP(1, [1, 2, 1], seed=0)(0.5).data == nn.MLP(1, [1, 2, 1], seed=0)([0.5]).data


def test_a_batch_is_a_list_of_samples():
    model = nn.MLP(2, [3, 1], seed=0)
    batch = [[1.0, 2.0], [3.0, 4.0]]
    assert [y.data for y in model(batch)] == [model(x).data for x in batch]
    assert [y.data for y in nn.Neuron(2, seed=0)(batch)] == [nn.Neuron(2, seed=0)(x).data for x in batch]


def test_numpy_arrays_are_samples_and_batches_too():
    numpy = pytest.importorskip("numpy")
    model = nn.MLP(2, [3, 1], seed=0)
    batch = numpy.array([[1.0, 2.0], [3.0, 4.0]])
    assert [y.data for y in model(batch)] == [y.data for y in model(batch.tolist())]


def test_programs_written_for_micrograd_draw_the_same_weights_and_get_the_same_gradients():
    micrograd = pytest.importorskip("micrograd.nn")
    random.seed(1337)
    theirs = micrograd.MLP(2, [4, 4, 1])
    random.seed(1337)
    ours = nn.MLP(2, [4, 4, 1])
    for model in (theirs, ours):
        model.zero_grad()
        loss = sum((1 + -y * model(list(map(Value, x)) if model is ours else x)).relu() for x, y in SAMPLES)
        loss.backward()
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]
    assert [p.grad for p in ours.parameters()] == pytest.approx([p.grad for p in theirs.parameters()], rel=1e-12)


SAMPLES = [([1.0, 2.0], 1), ([-1.0, 0.5], -1), ([0.3, -0.2], 1)]

# --- gradients against the closed forms ----------------------------------------------------------------------------


@given(st.lists(numbers, min_size=3, max_size=3))
def test_a_relu_layer_passes_the_gradient_where_the_input_was_above_zero(x):
    inputs = [Value(c) for c in x]
    for y, upstream in zip(nn.Activation("relu")(inputs), (2.0, 3.0, 5.0)):
        y.backward(upstream)
    assert [v.grad for v in inputs] == [g if c > 0 else 0.0 for c, g in zip(x, (2.0, 3.0, 5.0))]


@given(numbers, numbers)
def test_a_sigmoid_layer_multiplies_the_gradient_by_y_times_one_minus_y(x, upstream):
    v = Value(x)
    [y] = nn.Activation("sigmoid")([v])
    y.backward(upstream)
    assert v.grad == pytest.approx(upstream * y.data * (1 - y.data), rel=1e-9, abs=1e-300)


@given(rows, st.randoms(use_true_random=False))
def test_an_affine_layer_over_a_batch_has_the_gradients_of_the_matrix_formulas(batch, rng):
    """Y = XW + B; for the gradient G at Y they are X'G for W, the column sums of G for B, GW' for X."""
    layer = nn.Layer(3, 2, "linear", seed=rng)
    inputs = [[Value(c) for c in row] for row in batch]
    upstream = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in batch]
    outputs = layer(inputs)
    weights = [[neuron.w[i].data for neuron in layer.neurons] for i in range(3)]
    for y_row, g_row in zip(outputs, upstream):
        for y, g in zip(y_row, g_row):
            y.backward(g)
    for j, neuron in enumerate(layer.neurons):
        assert neuron.b.grad == pytest.approx(sum(g[j] for g in upstream), abs=1e-12)
        for i in range(3):
            assert neuron.w[i].grad == pytest.approx(sum(x[i] * g[j] for x, g in zip(batch, upstream)), abs=1e-12)
    for row, g in zip(inputs, upstream):
        for i, x in enumerate(row):
            assert x.grad == pytest.approx(weights[i][0] * g[0] + weights[i][1] * g[1], abs=1e-12)
    for row, y_row in zip(batch, outputs):
        for j, y in enumerate(y_row):
            assert y.data == pytest.approx(
                sum(row[i] * weights[i][j] for i in range(3)) + layer.neurons[j].b.data, abs=1e-12
            )


@given(st.permutations(range(6)))
def test_the_order_of_a_batch_does_not_change_the_mean_gradient(order):
    rng = random.Random(7)
    samples = [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.uniform(-1, 1)) for _ in range(6)]
    gradients = []
    for batch in (samples, [samples[i] for i in order]):
        model = nn.MLP(2, [4, 1], activation="tanh", seed=3)
        nn.mse_loss(model([x for x, _ in batch]), [t for _, t in batch]).backward()
        gradients.append([p.grad for p in model.parameters()])
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-12, abs=1e-15)


EXACT = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else mpmath.mpf(0.01) * x,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
}


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
@given(st.floats(-30, 30).filter(lambda x: abs(x) > 1e-3))
def test_every_activation_agrees_with_high_precision(name, x):
    v = Value(x)
    y = nn.Activation(name)([v])[0]
    y.backward()
    exact = EXACT[name]
    assert y.data == pytest.approx(float(exact(mpmath.mpf(x))), rel=1e-14)
    assert v.grad == pytest.approx(float(mpmath.diff(exact, mpmath.mpf(x), h=mpmath.mpf(10) ** -25)), rel=1e-13)


# --- parameters ----------------------------------------------------------------------------------------------------


def test_parameters_have_dotted_names_which_are_their_labels():
    model = nn.MLP(2, [2, 1])
    names = [name for name, _ in model.named_parameters()]
    assert names[:3] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b"]
    assert names == [p.label for p in model.parameters()]
    assert len(names) == len(set(names)) == 9


class Tied(nn.Module):
    """Two neurons with one bias; and attributes that are no parameters."""

    def __init__(self):
        self.first, self.second = nn.Neuron(1), nn.Neuron(1)
        self.second.b = self.first.b
        self.extra = {"scale": Value(2.0)}
        self._cache = Value(9.0)
        self.product = self.first.b * 2.0
        self.itself = self

    def forward(self, x):
        return self.extra["scale"] * (self.first(x) + self.second(x))


def test_a_module_of_ones_own_finds_parameters_wherever_they_are_each_once():
    assert [name for name, _ in Tied().named_parameters()] == ["first.w.0", "first.b", "second.w.0", "extra.scale"]
    assert [name for name, _ in Tied().named_modules()] == ["", "first", "second"]


class Slotted(nn.Module):
    __slots__ = ("neuron", "slope")

    def __init__(self):
        self.slope, self.neuron, self.offset = Value(1.0), nn.Neuron(1), Value(2.0)


class Stack(list, nn.Module):
    """A list of modules that is a module, as PyTorch's ModuleList."""


@dataclasses.dataclass
class Line(nn.Module):
    slope: Value
    inner: nn.Neuron

    def forward(self, x):
        return self.slope * self.inner([x])


@dataclasses.dataclass(frozen=True, slots=True)
class Fixed(nn.Module):
    slope: Value

    def forward(self, x):
        return self.slope * x


T = TypeVar("T")


class Tagged:
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.tag = Value(3.0)


class Mixed(Tagged, nn.Module, Generic[T]):
    def __init__(self):
        super().__init__()
        self.own = Value(1.0)


class Ring(nn.Module):
    """Two modules that know each other, and containers that hold themselves."""

    def __init__(self, other=None):
        self.w, self.other = Value(1.0), other or Ring(self)
        self.list, self.dict = [], {}
        self.list.append(self.list)
        self.dict["itself"] = self.dict


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (Slotted, ["neuron.w.0", "neuron.b", "slope", "offset"]),
        (lambda: Stack([nn.Neuron(1), nn.Neuron(1)]), ["0.w.0", "0.b", "1.w.0", "1.b"]),
        (lambda: Line(Value(1.0), nn.Neuron(1)), ["slope", "inner.w.0", "inner.b"]),
        (lambda: Fixed(Value(1.0)), ["slope"]),
        (Mixed, ["tag", "own"]),
        (Ring, ["w", "other.w"]),
    ],
)
def test_parameters_are_found_however_a_class_is_written(make, names):
    model = make()
    assert [name for name, _ in model.named_parameters()] == names
    assert len(set(model.parameters())) == len(names)
    twin = copy.deepcopy(model)
    assert [name for name, _ in twin.named_parameters()] == names
    assert not set(twin.parameters()) & set(model.parameters())


@pytest.mark.parametrize("make", [Slotted, Mixed, lambda: Line(Value(1.0), nn.Neuron(1)), lambda: Fixed(Value(1.0))])
def test_parameters_are_labelled_however_a_class_is_written(make):
    assert all(p.label == name for name, p in make().named_parameters())


def test_arrays_of_values_hold_parameters_and_arrays_of_numbers_do_not():
    numpy = pytest.importorskip("numpy")

    class Matrix(nn.Module):
        def __init__(self):
            self.w = numpy.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
            self.scale, self.empty, self.one = numpy.ones((2, 2)), numpy.array([], dtype=object), numpy.float64(1.0)

        def forward(self, x):
            return list(self.w @ numpy.array(x))

    model = Matrix()
    names = ["w.0.0", "w.0.1", "w.1.0", "w.1.1"]
    assert [name for name, _ in model.named_parameters()] == names == [p.label for p in model.parameters()]
    assert [y.data for y in model([1.0, 2.0])] == [5.0, 11.0]
    assert model.state_dict() == dict(zip(names, [1.0, 2.0, 3.0, 4.0]))


def test_options_reach_forward_as_they_are():
    class Scaled(nn.Module):
        def forward(self, x, *, scale=1.0, name=None):
            return [x * scale, name]

    assert Scaled()(2.0, scale=3, name="y")[0].data == 6.0
    assert Scaled()(2.0, scale=3, name="y")[1] == "y"
    assert Scaled()(2.0, scale=Value(3.0))[0].scopes[0][1][1].data == 3.0


@pytest.mark.parametrize("fused", [True, False])
def test_a_weight_that_is_a_plain_number_is_fixed(fused):
    model = nn.MLP(2, [2, 1], "tanh", seed=0, fused=fused)
    twin = copy.deepcopy(model)
    for neuron in model.layers[0].neurons:
        neuron.w, neuron.b = [w.data for w in neuron.w], 0.0
    assert model([1.0, 2.0]).data == twin([1.0, 2.0]).data
    assert [name.split(".")[1] for name, _ in model.named_parameters()] == ["1", "1", "1"]
    slope = grad(lambda x: twin([x, 2.0]))(1.0).data
    assert grad(lambda x: model([x, 2.0]))(1.0).data == slope
    recorded = jit(grad(lambda x: model([x, 2.0])), backend="python")
    assert recorded(1.0).data == pytest.approx(slope, rel=1e-15)
    data = [[0.0, 1.0], [1.0, 2.0]], [1.0, -1.0]
    runs = []
    for compiled in (False, True):
        trained = copy.deepcopy(model)
        optimizer = optim.SGD(trained.parameters(), lr=0.1)
        nn.fit(trained, data, nn.mse_loss, optimizer, epochs=3, progress=False, jit=compiled)
        runs.append(trained.state_dict())
    assert runs[0] == pytest.approx(runs[1], rel=1e-12)


def test_an_activation_may_return_a_plain_number():
    assert nn.Layer(2, 2, lambda z: 0.5)([1.0, 2.0]) == [0.5, 0.5]


def test_zero_grad():
    model = nn.MLP(2, [2, 1])
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_state_dict_is_plain_floats_and_loads_into_another_model():
    model, twin = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1)
    twin.load_state_dict(model.state_dict())
    assert twin.state_dict() == model.state_dict()
    assert {type(x) for x in model.state_dict().values()} == {float}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda state: state.pop("layers.0.neurons.0.b"), ValueError, r"1 names \(layers.0.neurons.0.b\) missing"),
        (lambda state: state.update(alien=1.0), ValueError, r"1 names \(alien\) unknown"),
        (lambda state: state.update({"layers.1.neurons.0.b": "x"}), TypeError, "layers.1.neurons.0.b.*real number"),
    ],
)
def test_a_state_dict_that_does_not_fit_changes_nothing(change, error, message):
    model, state = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1).state_dict()
    before = model.state_dict()
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_repr_shows_the_structure_and_counts_the_parameters():
    assert repr(nn.Sequential(nn.Layer(2, 3), "tanh")).splitlines() == [
        "Sequential(): 9 parameters",
        "  layers.0 = Layer(nin=2, nout=3, activation='relu'): 9 parameters",
        "  layers.1 = Activation(activation='tanh'): 0 parameters",
    ]


def test_a_module_may_have_another_base_and_any_constructor():
    class Base(nn.Module, abc.ABC):
        def __init__(self, size):
            self.inner = nn.Neuron(size, seed=0)

        @abc.abstractmethod
        def forward(self, x): ...

    class Part(Base):
        def forward(self, x):
            return self.inner(x)

    class Whole(Part):
        def __init__(self):
            super().__init__(1)
            self.parts = []
            self.parts.append(Part(1))

    assert [p.label for p in Part(1).parameters()] == ["inner.w.0", "inner.b"]
    assert [p.label for p in Whole().parameters()] == ["inner.w.0", "inner.b", "parts.0.inner.w.0", "parts.0.inner.b"]
    with pytest.raises(TypeError, match="abstract"):
        Base(1)
    with pytest.raises(AttributeError, match="'Whole' object has no attribute 'foo'"):
        Whole().foo  # noqa: B018


def test_every_option_is_in_the_signature():
    for kind in (nn.Neuron, nn.Layer, nn.MLP):
        parameters = inspect.signature(kind).parameters.values()
        assert {"init", "seed", "fused"} <= {p.name for p in parameters}
        assert all(p.kind is not p.VAR_KEYWORD for p in parameters)
        assert all(f"`{p.name}`" in kind.__doc__ for p in parameters)


def test_two_parameters_of_one_name_are_refused():
    class Twice(nn.Module):
        def __init__(self):
            self.a = {"b": Value(1.0)}
            setattr(self, "a.b", Value(2.0))

    for use in (Twice().state_dict, lambda: Twice().load_state_dict({"a.b": 1.0})):
        with pytest.raises(ValueError, match=r"two parameters of this Twice are called 'a\.b'"):
            use()


def test_models_copy_and_pickle():
    model = nn.MLP(2, [3, 1], seed=0)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.state_dict() == model.state_dict()
        assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
        assert not set(twin.parameters()) & set(model.parameters())


def test_an_output_copies_and_pickles_with_its_graph():
    y = nn.MLP(2, [3, 1], seed=0)([1.0, 2.0])
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert twin.data == y.data
        assert [p.op for p in twin.parents] == [p.op for p in y.parents]


# --- initialisers --------------------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_weights_and_none_draws_from_pythons_generator():
    assert nn.MLP(2, [3, 1], seed=5).state_dict() == nn.MLP(2, [3, 1], seed=random.Random(5)).state_dict()
    assert nn.MLP(2, [3, 1], seed=5).state_dict() != nn.MLP(2, [3, 1], seed=6).state_dict()
    random.seed(5)
    assert nn.MLP(2, [3, 1]).state_dict() == nn.MLP(2, [3, 1], seed=5).state_dict()


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("uniform", 1 / math.sqrt(3)), ("xavier", math.sqrt(2 / (40 + 60))), ("he", math.sqrt(2 / 40))],
)
def test_initialisers_have_their_standard_deviation(init, deviation):
    layer = nn.Layer(40, 60, init=init, seed=0)
    weights = [w.data for neuron in layer.neurons for w in neuron.w]
    assert math.sqrt(sum(w * w for w in weights) / len(weights)) == pytest.approx(deviation, rel=0.05)
    assert {neuron.b.data for neuron in layer.neurons} == {0.0}


# --- scopes --------------------------------------------------------------------------------------------------------


def test_an_output_knows_the_modules_it_was_made_in_innermost_first():
    model = nn.MLP(2, [3, 1])
    x = [Value(1.0), Value(2.0)]
    y = model(x)
    assert [module for module, _ in y.scopes] == [model.layers[1].neurons[0], model.layers[1], model]
    assert y.scopes[-1][1] == tuple(x)
    hidden = y.scopes[0][1]
    assert [[module for module, _ in h.scopes] for h in hidden] == [
        [n, model.layers[0]] for n in model.layers[0].neurons
    ]


def test_over_a_batch_each_output_has_the_scopes_of_its_own_sample():
    model, batch = nn.MLP(2, [3, 1]), [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    for x, y in zip(batch, model(batch)):
        assert [module for module, _ in y.scopes] == [model.layers[1].neurons[0], model.layers[1], model]
        assert y.scopes[-1][1] == tuple(x)


def test_what_only_passes_through_keeps_its_scopes():
    x = Value(1.0) * 2.0
    assert nn.Activation("linear")([x]) == [x]
    assert not hasattr(x, "scopes")


def test_without_a_graph_there_are_no_scopes():
    with no_grad():
        y = nn.MLP(2, [3, 1])([1.0, 2.0])
    assert not hasattr(y, "scopes")


def test_a_graph_dies_with_its_root():
    model = nn.MLP(2, [3, 1])
    gc.collect()
    gc.disable()
    try:
        before = sum(issubclass(type(x), Value) for x in gc.get_objects())
        loss = nn.mse_loss(model([[1.0, 2.0], [3.0, 4.0]]), [1.0, 2.0])
        loss.backward()
        del loss
        assert sum(issubclass(type(x), Value) for x in gc.get_objects()) == before
    finally:
        gc.enable()


# --- bad input -----------------------------------------------------------------------------------------------------


def endless():
    xs = []
    xs.append(xs)
    return xs


def changed(module, **attributes):
    vars(module).update(attributes)
    return module


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Neuron(0), ValueError, "nin must be a whole number of at least 1, not 0"),
        (lambda: nn.Layer(2, 2.5), ValueError, "nout must be a whole number of at least 1, not 2.5"),
        (lambda: nn.MLP(2, 3), TypeError, r"MLP\(nouts\) must be a list of layer sizes"),
        (lambda: nn.MLP(2, []), TypeError, r"MLP\(nouts\) must be a list of layer sizes"),
        (lambda: nn.MLP(2, [3, 1], activation=["relu", "tanh"]), ValueError, "2 entries for 1 hidden layers"),
        (
            lambda: nn.MLP(2, [3, 1], activation="rleu"),
            ValueError,
            "activation must be .* one of linear, relu, .*'rleu'",
        ),
        (lambda: nn.Layer(2, 1, init="zeros"), ValueError, "init must be .* one of uniform, xavier, he; not 'zeros'"),
        (lambda: nn.Layer(2, 1, seed="x"), TypeError, "seed must be a whole number or a random.Random, not 'x'"),
        (lambda: nn.Sequential(nn.Layer(2, 1), 3), TypeError, "layer 1 is 3"),
        (lambda: nn.Sequential(nn.Layer), TypeError, "layer 0 is <class .*Layer"),
        (
            lambda: changed(nn.Neuron(2), b=None)([1, 2]),
            TypeError,
            "the bias of a Neuron must be a real number, not None",
        ),
        (lambda: changed(nn.Neuron(1), w=["a"])([1]), TypeError, "a weight of a Neuron must be a real number, not 'a'"),
        (lambda: nn.Layer(2, 3)([1, 2, 3]), ValueError, "Layer takes 2 inputs, got 3"),
        (lambda: nn.MLP(2, [3])([]), ValueError, "takes 2 inputs, got 0"),
        (lambda: nn.Neuron(2)(1.0), ValueError, "Neuron takes 2 inputs, got 1"),
        (lambda: nn.MLP(2, [3])("ab"), TypeError, "must be a real number, not 'ab'"),
        (lambda: nn.MLP(2, [3])([1, None]), TypeError, "must be a real number, not None"),
        (lambda: nn.MLP(2, [3])([[1, 2], [3]]), ValueError, "takes 2 inputs, got 1"),
        (lambda: nn.MLP(2, [1], activation="foo"), ValueError, "activation must be .* not 'foo'"),
        (lambda: nn.Neuron(2, []), ValueError, r"activation must be a function or one of linear, .* not \[\]"),
        (lambda: nn.Neuron(2, init={}), ValueError, "init must be a function or one of .* not {}"),
        (lambda: nn.Neuron(2, init=lambda *_: "x"), TypeError, "the weight that init draws must be a real number"),
        (lambda: nn.MLP(2, [3, 0]), ValueError, r"MLP\(nouts\)\[1\] must be a whole number of at least 1, not 0"),
        (lambda: nn.Neuron(2)([1.0, [2.0]]), ValueError, "a batch must hold samples of one kind, not lists beside"),
        (lambda: nn.Neuron(2)({1.0, 2.0}), TypeError, "the input of a module must be a list of numbers or Values"),
        (lambda: nn.Neuron(2)(endless()), ValueError, "nested too deeply: does a list contain itself"),
        (lambda: nn.Neuron(2).load_state_dict({3: 1.0}), ValueError, r"1 names \(3\) unknown"),
        (lambda: nn.Module()(1.0), NotImplementedError, r"Module must define forward"),
        (lambda: nn.Neuron(2).load_state_dict([1]), TypeError, r"must be a dict of names and numbers, not \[1\]"),
    ],
)
def test_bad_input_is_explained(make, error, message):
    with pytest.raises(error, match=message):
        make()

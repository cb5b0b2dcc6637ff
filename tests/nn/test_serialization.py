"""Models as files: what is saved is loaded, and what is wrong with a file is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, nn

activations = st.sampled_from(sorted(nn.ACTIVATIONS))
mlps = st.builds(
    lambda nin, nouts, activation, output, seed, fused: nn.MLP(nin, nouts, activation, output, seed=seed, fused=fused),
    st.integers(1, 3), st.lists(st.integers(1, 3), min_size=1, max_size=3), activations, activations,
    st.integers(0, 99), st.booleans(),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@given(mlps)
def test_a_saved_model_is_loaded_as_it_was(folder, model):
    twin = nn.load(nn.save(model, folder / "model.json"))
    assert repr(twin) == repr(model)
    assert twin.state_dict() == model.state_dict()
    x = [0.5] * model.options()["nin"]
    outputs = [y if isinstance(y, list) else [y] for y in (twin(x), model(x))]
    assert [y.data for y in outputs[0]] == [y.data for y in outputs[1]]


@pytest.mark.parametrize(
    "model",
    [
        nn.Neuron(2, "tanh"),
        nn.Layer(2, 3, "elu"),
        nn.Sequential(nn.Layer(2, 3, "linear"), "relu", nn.Sequential(nn.Neuron(3))),
    ],
)
def test_every_module_of_nn_is_loaded_from_its_file_alone(tmp_path, model):
    twin = nn.load(nn.save(model, tmp_path / "model.json"))
    assert (repr(twin), twin.state_dict()) == (repr(model), model.state_dict())


class Scale(nn.Module):
    def __init__(self):
        self.factor = Value(2.0)

    def forward(self, x):
        return self.factor * x


def test_a_module_of_ones_own_is_loaded_into_a_model(tmp_path):
    model = Scale()
    model.factor.data = 7.0
    path = nn.save(model, tmp_path / "model.json")
    twin = Scale()
    assert nn.load(path, twin) is twin
    assert twin.factor.data == 7.0
    with pytest.raises(ValueError, match=r"holds a 'Scale', which nn cannot build.*load\(path, model\)"):
        nn.load(path)


def test_a_function_as_activation_needs_a_model_to_load_into(tmp_path):
    path = nn.save(nn.Neuron(1, activation=lambda x: x * x, seed=0), tmp_path / "model.json")
    with pytest.raises(ValueError, match=r"does not say how to build a Neuron.*<lambda>.*load\(path, model\)"):
        nn.load(path)
    twin = nn.load(path, nn.Neuron(1, activation=lambda x: x * x, seed=1))
    assert twin.state_dict() == nn.Neuron(1, seed=0).state_dict()


def change(path, **entries):
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_text(path.read_text()[:-20]), "is not a whole JSON file.*cut short"),
        (lambda path: path.write_bytes(b"\x89PNG\xff\xfe"), "is not a whole JSON file"),
        (lambda path: path.write_text("[1, 2]"), "is not a model"),
        (lambda path: path.write_text('{"w": 1.0}'), "is not a model"),
        (lambda path: change(path, version=2), "has version 2 of the format, this package reads 1"),
        (lambda path: change(path, parameters=None), "has no parameters"),
        (lambda path: change(path, parameters={"w": 1.0}), "does not fit.*9 names .*missing.*1 names .w. unknown"),
        (lambda path: nn.save(nn.MLP(2, [3, 1]), path), "does not fit.*4 names"),
    ],
)
def test_a_wrong_file_is_explained_and_leaves_the_model_as_it_was(tmp_path, damage, message):
    model = nn.MLP(2, [2, 1], seed=0)
    before = model.state_dict()
    path = nn.save(nn.MLP(2, [2, 1], seed=1), tmp_path / "model.json")
    damage(path)
    with pytest.raises(ValueError, match=message):
        nn.load(path, model)
    assert model.state_dict() == before


def test_saving_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = nn.save(nn.Neuron(1, seed=0), tmp_path / "model.json")
    before = path.read_text()

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        nn.save(nn.Neuron(1, seed=1), path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_only_modules_are_saved(tmp_path):
    with pytest.raises(TypeError, match=r"save\(model\) must be a Module, not \[1\]"):
        nn.save([1], tmp_path / "model.json")

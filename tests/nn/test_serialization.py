"""Models as files: what is saved is loaded, and what is wrong with a file is said."""

import json
import math
import os
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, draw, nn, optim, steps

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
        (lambda path: path.write_text(path.read_text().replace('"version": 1', '"version": 1, "version": 1')), "twice"),
        (
            lambda path: path.write_text(path.read_text().replace("1.neurons.0.b", "1.neurons.0.w.0")),
            "w.0' is there twice",
        ),
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


def test_a_file_that_may_not_be_written_stays_as_it_is(tmp_path, monkeypatch):
    path = nn.save(nn.Neuron(1, seed=0), tmp_path / "model.json")
    before = path.read_text()
    path.chmod(0o444)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # as it is for all users but root
    with pytest.raises(PermissionError, match=r"model\.json"):
        nn.save(nn.Neuron(1, seed=1), path)
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"model": {"kind": []}}, r"holds a \[\], which nn cannot build"),
        ({"model": {"kind": {}}}, "holds a {}, which nn cannot build"),
        ({"model": []}, r"holds a \[\], which nn cannot build"),
        ({"model": "MLP"}, "holds a 'MLP', which nn cannot build"),
        ({"model": {"kind": "Module"}}, "holds a 'Module', which nn cannot build"),
        ({"model": {"kind": "Sequential"}}, "does not say how to build a Sequential.*must have a list of layers"),
        ({"model": {"kind": "Sequential", "layers": [1]}}, "holds a 1, which nn cannot build"),
        (
            {"model": {"kind": "Neuron", "nin": 10**9}},
            "does not fit: a Neuron .* 1,000,000,001 parameters, the file holds 9",
        ),
        (
            {"model": {"kind": "Layer", "nin": 9, "nout": 9}},
            "a Layer of these sizes has 90 parameters, the file holds 9",
        ),
        ({"model": {"kind": "MLP", "nin": 1, "nouts": [10**9, 10**9]}}, "the file holds 9"),
        ({"model": {"kind": "MLP", "nin": 2, "nouts": [2, "1"]}}, "a size must be a whole number"),
        ({"model": {"kind": "MLP", "nin": 2, "nouts": {}}}, "does not say how to build a MLP"),
        ({"model": {"kind": "Neuron", "nin": None}}, "a size must be a whole number of at least 1, not None"),
        ({"model": {"kind": "Neuron", "nin": 2, "colour": 3}}, "does not say how to build a Neuron.*colour"),
        ({"model": {"kind": "Neuron", "nin": 2, "activation": [[]]}}, "does not say how to build a Neuron"),
        ({"more": 1}, "must have the entries"),
        ({"parameters": {"w": None}}, "does not fit"),
    ],
)
def test_odd_documents_are_explained(tmp_path, entries, message):
    path = nn.save(nn.MLP(2, [2, 1], seed=1), tmp_path / "model.json")
    change(path, **entries)
    with pytest.raises(ValueError, match=message):
        nn.load(path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' + "9" * 5_000 + "}", '{"a": ' * 900 + "1" + "}" * 900])
def test_odd_json_is_explained(tmp_path, text):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"is not a whole JSON file|is not a model"):
        nn.load(path)


def test_a_number_beyond_the_range_is_explained(tmp_path):
    path = nn.save(nn.Neuron(1, seed=0), tmp_path / "model.json")
    change(path, parameters={"w.0": 10**400, "b": 0.0})
    with pytest.raises(ValueError, match=r"'w\.0' is too large for a float"):
        nn.load(path)


def test_a_flipped_digit_is_found_wherever_it_is(tmp_path):
    path = nn.save(nn.MLP(2, [2, 1], "tanh", seed=1), tmp_path / "model.json")
    whole = path.read_bytes()
    numbers, described = nn.load(path).state_dict(), repr(nn.load(path))
    found = 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
        try:
            twin = nn.load(path)
        except ValueError:
            found += 1
        else:  # no digit, or one beyond those that a float has
            assert (twin.state_dict(), repr(twin)) == (numbers, described)
    assert found > 0.8 * len(whole)


def test_a_file_changed_on_purpose_loads_without_its_checksum(tmp_path):
    path = nn.save(nn.Neuron(1, seed=0), tmp_path / "model.json")
    change(path, parameters={"w.0": 2.0, "b": 0.0})
    with pytest.raises(ValueError, match=r"its checksum does not fit\. If you changed it yourself, delete that line"):
        nn.load(path)
    document = json.loads(path.read_text())
    del document["checksum"]
    path.write_text(json.dumps(document))
    assert nn.load(path).state_dict() == {"w.0": 2.0, "b": 0.0}


class MLP(nn.MLP):
    """A class of one's own that goes by the name of one of nn's."""

    def forward(self, x):
        return super().forward(x) * 2.0


def changed(model, change):
    change(model)
    return model


@pytest.mark.parametrize(
    "model",
    [
        MLP(2, [3, 1]),
        nn.Sequential(nn.Layer(2, 1), MLP(1, [1])),
        nn.Sequential(nn.Layer(2, 1), abs),
        changed(nn.MLP(2, [3, 1]), lambda m: m.layers.append(abs)),
        changed(nn.MLP(2, [3, 1]), lambda m: m.layers.append("relu")),
        changed(nn.MLP(2, [3, 1]), lambda m: m.layers.__setitem__(0, nn.Sequential(nn.Layer(2, 3)))),
        changed(nn.MLP(2, [3, 1]), lambda m: m.layers.insert(1, nn.Activation("relu"))),
        changed(nn.MLP(2, [3, 1]), lambda m: setattr(m, "forward", abs)),
        changed(nn.MLP(2, [3, 1]), lambda m: setattr(m, "temperature", Value(1.0))),
        changed(nn.Layer(2, 2), lambda m: m.neurons.__setitem__(1, nn.Neuron(2, "tanh"))),
        changed(nn.Layer(2, 2), lambda m: m.neurons.__setitem__(1, m.neurons[0])),
        changed(nn.Neuron(2), lambda m: setattr(m, "_activate", abs)),
        changed(nn.Neuron(2), lambda m: setattr(m, "activation", "tanh")),
        changed(nn.Neuron(2), lambda m: setattr(m, "b", m.w[0])),
        changed(nn.Neuron(2), lambda m: setattr(m, "b", None)),
    ],
)
def test_what_is_not_nns_own_is_never_built_as_something_else(tmp_path, model):
    path = nn.save(model, tmp_path / "model.json")
    with pytest.raises(ValueError, match=r"load\(path, model\)"):
        nn.load(path)
    assert nn.load(path, model) is model


def test_a_changed_model_that_options_describe_is_built_anew(tmp_path):
    model = nn.MLP(2, [3, 3, 1])
    model.note = "trained on moons"
    model.layers[1] = nn.Layer(3, 3, "tanh")
    twin = nn.load(nn.save(model, tmp_path / "model.json"))
    assert (repr(twin), twin.state_dict()) == (repr(model), model.state_dict())


def test_saving_and_loading_draw_no_random_numbers(tmp_path):
    random.seed(1)
    state = random.getstate()
    nn.load(nn.save(nn.MLP(2, [2], seed=0), tmp_path / "model.json"))
    assert random.getstate() == state


def test_numbers_of_numpy(tmp_path):
    numpy = pytest.importorskip("numpy")
    model = nn.MLP(numpy.int64(2), [numpy.int32(3), numpy.int8(1)], seed=numpy.int64(3))
    model.layers[0].neurons[0].b.data = numpy.float32(0.5)
    model.layers[0].neurons[1].b.data = numpy.int64(2)
    twin = nn.load(nn.save(model, tmp_path / "model.json"))
    assert twin.state_dict() == model.state_dict()
    assert twin.layers[0].neurons[0].b.data == 0.5


# --- files ---------------------------------------------------------------------------------------------------------


def test_many_threads_save_and_load_one_path(tmp_path):
    models = [nn.MLP(2, [4, 1], seed=i) for i in range(4)]
    path = nn.save(models[0], tmp_path / "model.json")
    saved = [m.state_dict() for m in models]

    def work(model):
        for _ in range(50):
            nn.save(model, path)
            assert nn.load(path).state_dict() in saved

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, models))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="links and permissions are those of POSIX")
@pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (lambda path: nn.save(nn.Neuron(1), path), ".json"),
        (lambda path: draw(Value(1.0, label="x") * 2.0).save(path), ".dot"),
        (lambda path: steps(Value(1.0, label="x") * 2.0).save(path), ".html"),
    ],
)
def test_a_link_stays_a_link_and_a_file_keeps_its_permissions(tmp_path, write, suffix):
    target, link = tmp_path / "there" / f"target{suffix}", tmp_path / f"link{suffix}"
    target.parent.mkdir()
    link.symlink_to(target)
    write(link)  # to a file that is not there yet
    usual = target.stat().st_mode
    (tmp_path / "new").touch()
    assert usual == (tmp_path / "new").stat().st_mode
    target.chmod(0o640)
    target.write_text("")
    write(link)
    assert link.is_symlink()
    assert target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.rglob("*")) == sorted(["there", target.name, link.name, "new"])


@pytest.mark.skipif(os.name == "nt", reason="links are those of POSIX")
def test_links_in_a_circle_stay_links(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(link)
    with pytest.raises(OSError, match=r"link\.json"):
        nn.save(nn.Neuron(1), link)
    assert link.is_symlink()


@pytest.mark.parametrize("path", [None, 3, b"model.json", "", "a\0b", "a\ud800b", ["model.json"]])
def test_what_is_no_path_is_explained(path):
    for use in (lambda: nn.save(nn.Neuron(1), path), lambda: nn.load(path)):
        with pytest.raises((TypeError, ValueError), match=r"(save|load)\(path\) must"):
            use()


def test_a_name_may_have_any_letters_and_an_editor_may_leave_its_mark(tmp_path):
    model = nn.Neuron(1, seed=0)
    path = nn.save(model, tmp_path / "模型 é 😀.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert nn.load(path).state_dict() == model.state_dict()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_stays_a_pipe(tmp_path):
    model, pipe = nn.Neuron(1, seed=0), tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    with ThreadPoolExecutor(1) as pool:
        for path in (pipe, tmp_path / "link"):
            loaded = pool.submit(nn.load, pipe)
            nn.save(model, path)
            assert loaded.result(timeout=30).state_dict() == model.state_dict()
    read, write = os.pipe()  # as standard output may be, which has a name but no place in a folder
    if os.path.exists(name := f"/dev/fd/{write}"):
        nn.save(model, name)
        assert os.read(read, 9999).startswith(b'{\n "format"')
    os.close(read)
    os.close(write)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_folder_that_is_not_there_is_named_as_the_user_named_it(tmp_path):
    path = tmp_path / "nowhere" / "model.json"
    with pytest.raises(FileNotFoundError) as raised:
        nn.save(nn.Neuron(1), path)
    assert raised.value.filename == str(path)


def test_a_model_nested_too_deeply_to_be_described_is_loaded_into_a_model(tmp_path):
    model = nn.Neuron(1, seed=0)
    for _ in range(2000):
        inner, model = model, nn.Sequential()
        model.layers.append(inner)
    path = nn.save(model, tmp_path / "model.json")
    assert nn.load(path, model) is model
    with pytest.raises(ValueError, match=r"load\(path, model\)"):
        nn.load(path)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1])
def test_every_number_is_loaded_as_it_was(tmp_path, number):
    model = nn.Neuron(1, seed=0)
    model.b.data = number
    assert str(nn.load(nn.save(model, tmp_path / "model.json")).b.data) == str(number)


def test_a_run_goes_on_from_files_as_if_it_had_not_stopped(tmp_path):
    data = [[-1.0], [0.0], [1.0], [2.0]], [-1.0, 1.0, 3.0, 5.0]

    def train(model, optimizer, epochs, generator):
        options = {"epochs": epochs, "batch_size": 3, "seed": generator, "progress": False}
        return nn.fit(model, data, nn.mse_loss, optimizer, **options)["loss"]

    def prepared():
        model = nn.MLP(1, [3, 1], "tanh", seed=0)
        return model, optim.Adam(model.parameters(), lr=optim.warmup(optim.cosine(0.1, 10), 3)), random.Random(7)

    model, optimizer, generator = prepared()
    whole = train(model, optimizer, 6, generator)
    first, before, shuffler = prepared()
    train(first, before, 2, shuffler)
    path, state = nn.save(first, tmp_path / "model.json"), json.dumps(before.state_dict())
    second, after, _ = prepared()
    nn.load(path, second)
    after.load_state_dict(json.loads(state))
    everything = pickle.loads(pickle.dumps((first, before, shuffler)))
    assert train(second, after, 4, shuffler) == train(*everything[:2], 4, everything[2]) == whole[2:]
    assert second.state_dict() == everything[0].state_dict() == model.state_dict()
    assert after.state_dict() == everything[1].state_dict() == optimizer.state_dict()


def test_only_modules_are_saved(tmp_path):
    with pytest.raises(TypeError, match=r"save\(model\) must be a Module, not \[1\]"):
        nn.save([1], tmp_path / "model.json")

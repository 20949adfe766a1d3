"""A torch model in the hands of others: copies, weights from elsewhere, refusals."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from torch_comparing import agree, samples, shapes_in, weights_of

import convcalc
from contract import CONTRACT
from convcalc.errors import DataError, ShapeError, SpecError, UsageError
from convcalc.zoo.catalog import load_network

torch = pytest.importorskip("torch")
functional = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_model_can_be_traced_copied_pickled_and_trained():
    network, shape = load_network("resnet18"), (3, 32, 32)
    model = network.to_torch(shape, ("relu", "maxpool", "gap"))
    x = torch.from_numpy(samples(shape)).float()
    expected = model(x)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(expected, other(x))
        assert not other.training
        assert list(model.state_dict()) == list(other.state_dict())
    traced = torch.jit.trace(model, x[:1])
    torch.testing.assert_close(expected, traced(x), rtol=1e-4, atol=1e-4)
    fresh = network.to_torch(shape)
    fresh.load_state_dict(model.state_dict())
    assert torch.equal(expected, fresh(x))
    model.train()(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.graph.lint()


@pytest.mark.parametrize(
    "name", ["relu", "gelu", "avg_pool2d", "adaptive_avg_pool1d", "interpolate"]
)
def test_a_function_that_is_replaced_is_seen_to_be_called(monkeypatch, name):
    kind = {"interpolate": "upsample"}.get(name, name.replace("_", "").rstrip("12d"))
    row, own, seen = CONTRACT[kind], getattr(functional, name), []
    model = convcalc.parse(row.spec).to_torch(row.input, (kind,))
    monkeypatch.setattr(functional, name, lambda *a, **k: seen.append(name) or own(*a, **k))
    model(torch.ones(2, *row.input))
    assert [name] == seen


# Weights from elsewhere


def test_weights_are_taken_from_arrays_and_tensors():
    network = convcalc.parse("conv:4,k3 bn")
    given = weights_of(network, (3, 8, 8))
    read_only = given["0.weight"].copy()
    read_only.flags.writeable = False
    mixed = {
        **given,
        "0.weight": read_only,
        "0.bias": torch.from_numpy(given["0.bias"]),
        "1.weight": given["1.weight"].astype(">f8"),
        "1.num_batches_tracked": np.array(5),
    }
    state = network.to_torch((3, 8, 8), weights=mixed).state_dict()
    assert 5 == state.pop("1.num_batches_tracked")
    for name, tensor in state.items():
        assert (torch.float32, given[name].tolist()) == (tensor.dtype, tensor.tolist())


def test_weights_are_copied():
    network, own = convcalc.parse("pw:1,nobias"), torch.ones(1, 1, 1)
    model = network.to_torch((1, 1), weights={"0.weight": own})
    own += 1
    assert 1 == model.state_dict()["0.weight"].item()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, r"missing '0.weight' \(4x3x3x3\)"),
        ({"0.weight": np.ones((4, 3, 3))}, r"'0.weight' is 4x3x3, the network needs 4x3x3x3"),
        ({"7.weight": np.ones(4)}, "no layer has a weight '7.weight'"),
    ],
)
def test_weights_that_do_not_fit_are_named(change, message):
    network = convcalc.parse("conv:4,k3")
    given = {**weights_of(network, (3, 8, 8)), **change}
    given = {name: weight for name, weight in given.items() if weight is not None}
    with pytest.raises(DataError, match=message):
        network.to_torch((3, 8, 8), weights=given)


# Refusals


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("half=conv:2,k1", "'half': every module of torch has a 'half' of its own"),
        ("code=relu", "'code': every module of torch has a 'code' of its own"),
        ("class=relu", "'class': 'class' is a word of Python"),
        ("a=2xrelu a.0.0.b=relu", "'a.0.0.b': it lies in layer 'a.0.0'"),
        ("a.b=relu a=relu", "'a': other layers lie in it"),
        ("a=sep:2,k1 a.pointwise.b=relu", "'a.pointwise.b': it lies in layer 'a.pointwise'"),
    ],
)
def test_a_label_that_torch_cannot_have_is_refused(spec, why):
    with pytest.raises(UsageError) as caught:
        convcalc.parse(spec).to_torch((2, 3, 3))
    assert f"torch can have no layer called {why}; label it otherwise" == str(caught.value)


def test_a_label_matters_only_where_there_is_a_module():
    convcalc.parse("half=relu").to_torch((2, 3, 3), ("relu",))


def test_an_unknown_function_is_refused():
    with pytest.raises(UsageError, match="no kind or label is called 'rellu'; did you mean 'relu'"):
        convcalc.parse("relu").to_torch((1, 2), ("rellu",))


def test_a_layer_that_does_not_fit_is_refused_as_everywhere():
    with pytest.raises(SpecError, match="the kernel spans 9 elements"):
        convcalc.parse("conv:2,k9").to_torch((1, 3, 3))
    with pytest.raises(ShapeError, match="an input needs at least its channels"):
        convcalc.parse("relu").to_torch(())


def test_without_torch_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr("convcalc.export.find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"torch is not installed; pip install 'convcalc\[torch\]'"
    ):
        convcalc.parse("relu").to_torch((1, 2))


def test_a_join_with_weights_holds_its_branches():
    network = convcalc.parse("merge=bilinear:5{linear:4 | relu linear:6} relu")
    agree(network, (7, 3))
    model = network.to_torch((7, 3))
    assert network.tensor_shapes((7, 3)) == shapes_in(model)
    assert "Bilinear" == type(model.merge).__name__
    assert (5, 4, 6) == tuple(model.merge.weight.shape)
    assert ["0", "1"] == [name for name, _ in model.merge.named_children()]

"""The outputs of all layers, and part of a network."""

import weakref

import numpy as np
import pytest
from convolving import both, drawn
from running_networks import network, normal

import convcalc
from convcalc.errors import DataError, UsageError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import Conv

PARTS = "conv:4,k3,p1 residual{dw:k3,p1 bn relu} x=pw:5 @x maxpool:2 flatten linear:3 softmax"


def watched(spec, x, weights=None, **settings):
    """Every label with its output as it was when it was computed, and the result."""
    seen = {}

    def watch(label, array):
        assert label not in seen
        seen[label] = array.copy()

    chosen = Settings(**{"backend": "numpy", **settings})
    weights = drawn(0) if weights is None else weights
    return seen, run_network(convcalc.parse(spec), x, weights, chosen, watch)


@both
def test_every_output_is_seen_once_and_is_that_of_the_network_until_there(backend):
    x = normal(2, 3, 8, 6)
    seen, result = watched(PARTS, x, backend=backend)
    parsed = convcalc.parse(PARTS)
    assert [node.label for node in parsed.nodes] == list(seen)
    weights = drawn(0)(parsed, (3, 8, 6))
    for row in parsed.analyze((3, 8, 6)).layers:
        part = network(PARTS, x, weights, backend=backend, until=row.label)
        assert (2, *row.output_shape) == part.array.shape
        assert seen[row.label].tobytes() == part.array.tobytes()
    assert seen[parsed.nodes[-1].label].tobytes() == result.array.tobytes()


@both
def test_the_outputs_are_those_of_the_layers_one_by_one(backend):
    torch = pytest.importorskip("torch")
    x = normal(3, 8, 6)
    seen, _ = watched("conv:4,k3,p1 bn relu", x, backend=backend)
    weights = drawn(0)(convcalc.parse("conv:4,k3,p1 bn relu"), (3, 8, 6))
    modules = [torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules).eval()
    model.load_state_dict(
        {**model.state_dict(), **{name: torch.from_numpy(a) for name, a in weights.items()}}
    )
    value = torch.from_numpy(x)[None]
    for label, module in zip(("0", "1", "2"), model, strict=True):
        value = module(value)
        expected = value[0].detach().numpy()
        np.testing.assert_allclose(seen[label], expected, rtol=1e-5, atol=1e-6)


def test_only_what_leads_to_the_label_is_computed_and_counted(monkeypatch):
    computed = []
    real = Conv.run

    def spy(layer, ops, arrays, weights):
        computed.append(layer.out_channels)
        return real(layer, ops, arrays, weights)

    monkeypatch.setattr(Conv, "run", spy)
    spec = "a=conv:4,k1 conv:5,k1 conv:6,k1 @a conv:7,k1 conv:8,k1"
    parsed = convcalc.parse(spec)
    weights = drawn(0)(parsed, (3, 4, 4))
    result = network(spec, normal(3, 4, 4), weights, until=parsed.nodes[3].label)
    assert [4, 7] == computed
    assert 16 * (3 * 4 + 4 * 7) == result.report.totals.macs
    assert f"stopped after '{parsed.nodes[3].label}': 2 of 5 layers computed" in result.notes


def test_weights_of_layers_that_are_not_computed_may_be_there_or_not():
    spec, x = "a=conv:4,k1 bn b=conv:5,k1", normal(3, 4, 4)
    weights = drawn(0)(convcalc.parse(spec), (3, 4, 4))
    few = {name: array for name, array in weights.items() if name.startswith("a.")}
    assert network(spec, x, few, until="a").array.tolist() == (
        network(spec, x, weights, until="a").array.tolist()
    )
    with pytest.raises(DataError, match=r"no layer has a weight 'a\.wieght'"):
        network(spec, x, {**weights, "a.wieght": np.ones(3)}, until="a")
    with pytest.raises(DataError, match=r"no layer has a weight 'c\.bias'"):
        network(spec, x, {**weights, "c.bias": np.ones(3)}, until="a")
    with pytest.raises(DataError, match=r"missing 'a\.bias'"):
        network(spec, x, {"a.weight": weights["a.weight"]}, until="a")


def test_layers_behind_the_label_need_not_fit_the_input():
    assert (4, 2, 2) == network("conv:4,k3 conv:4,k9", normal(3, 4, 4), until="0").array.shape


def test_a_label_that_there_is_not_is_named():
    with pytest.raises(UsageError, match=r"no layer or block is called 'stme'; .* 'stem'\?"):
        network("stem=pw:2", normal(3, 4, 4), until="stme")


@pytest.mark.parametrize(
    ("spec", "until", "expected"),
    [
        ("conv:4,k3", None, (6, 5, 4)),
        ("conv:4,k3 flatten linear:7", None, (7,)),
        ("conv:4,k3 flatten linear:1", None, (1,)),
        ("gap", None, (1, 1, 3)),
        ("conv:4,k3 linear:9", None, (6, 9, 4)),
        ("conv:4,k3 flatten", "0", (6, 5, 4)),
    ],
)
def test_channels_come_last_where_there_are_other_axes(spec, until, expected):
    x = normal(8, 7, 3)
    assert expected == network(spec, x, channels_last=True, until=until).array.shape


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("flatten linear:1", (1,)), ("gap", (1, 1)), ("flatten", (56,)), ("flatten linear:4", (4,))],
)
def test_features_of_an_image_without_channels_keep_their_axis(spec, expected):
    assert expected == network(spec, normal(8, 7)).array.shape


@both
@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("float16", "float16"), ("float64", "float64"), ("bfloat16", "float32"), (None, "float32")],
)
def test_outputs_have_the_dtype_and_the_axes_of_the_result(backend, dtype, stored):
    seen, result = watched(
        "conv:4,k3 relu", normal(8, 7, 3), backend=backend, dtype=dtype, channels_last=True
    )
    assert {(stored, (6, 5, 4))} == {(a.dtype.name, a.shape) for a in seen.values()}
    assert seen["1"].tolist() == result.array.tolist()
    assert np.maximum(seen["0"], 0).tolist() == seen["1"].tolist()


def test_integers_within_the_network_may_be_larger_than_the_result():
    weights = {"0.weight": np.full((1, 1, 1, 1), 1000), "1.weight": np.zeros((1, 1, 1, 1), int)}
    seen, result = watched(
        "pw:1,nobias pw:1,nobias", np.ones((1, 2, 2), int), weights, dtype="int8"
    )
    assert ("int64", {1000}) == (seen["0"].dtype, set(seen["0"].ravel().tolist()))
    assert ("int8", {0}) == (result.array.dtype, set(result.array.ravel().tolist()))


def test_an_array_is_let_go_once_no_later_layer_reads_it(monkeypatch):
    class Counted(np.ndarray):
        """An array that can be seen to go."""

    kept, most = set(), []
    real = Conv.run

    def counted(layer, ops, arrays, weights):
        array = real(layer, ops, arrays, weights).view(Counted)
        kept.add(layer.out_channels)
        weakref.finalize(array, kept.discard, layer.out_channels)
        return array

    monkeypatch.setattr(Conv, "run", counted)
    # The first is read three times, the fourth by nobody.
    spec = "a=conv:1,k1 conv:2,k1 conv:3,k1 @a conv:4,k1 @a conv:5,k1 conv:6,k1"
    chosen = Settings(backend="numpy")

    def watch(label, array):
        most.append(set(kept))

    run_network(convcalc.parse(spec), normal(3, 4, 4), drawn(0), chosen, watch)
    # What a layer has just read is still there when its output is looked at.
    assert [{1}, {1, 2}, {1, 2, 3}, {1, 4}, {1, 5}, {5, 6}] == most

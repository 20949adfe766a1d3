"""Whole networks on arrays: shapes, weights by name, backends, and what is refused."""

import subprocess
import sys
import weakref
from collections import OrderedDict
from math import prod
from typing import NamedTuple

import numpy as np
import pytest
from convolving import BACKENDS, conv, drawn, run

import convcalc
from convcalc.errors import DataError, ResourceError, UsageError
from convcalc.execute import in_memory
from convcalc.execute.executor import open_backend
from convcalc.execute.in_memory import run_network
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.problem import Problem, problems_of
from convcalc.execute.settings import Settings
from convcalc.layers import KINDS, Conv
from convcalc.layers.convolution import Convolution
from convcalc.layers.stages import Staged
from convcalc.window import Window
from tolerances import TOLERANCES

both = pytest.mark.parametrize("backend", BACKENDS)

NETWORKS = [
    # kind, spec, input, output
    ("conv", "conv:6,k3,s2,p1,g2", (4, 9, 8), (6, 5, 4)),  # (9 + 2 - 3)//2 + 1, (8 + 2 - 3)//2 + 1
    ("conv", "conv:5,k3,same-upper,s2,nobias", (2, 3, 9, 8), (2, 5, 5, 4)),
    ("conv", "conv:4,k3,p2,reflect conv:2,k2,d2", (3, 6, 6), (2, 6, 6)),
    ("convt", "convt:6,k3,s2,p1,op1", (4, 5, 6), (6, 10, 12)),
    ("convt", "convt:6,k3x2,s2x3,g2,nobias", (2, 4, 3, 2), (2, 6, 7, 5)),
    ("convt", "convt:3,k4,s2,p1 convt:1,k3,same", (2, 4, 4), (1, 8, 8)),
    ("dw", "dw:k3,p1,m2", (3, 7, 7), (6, 7, 7)),
    ("dw", "dw:k3 pw:4", (3, 7, 7), (4, 5, 5)),
    ("pw", "pw:8,s2,g2", (4, 5, 6), (8, 3, 3)),
    ("sep", "sep:5,k3,p1,m2", (3, 4, 4), (5, 4, 4)),
    ("sep", "sep:5,k3 sep:7,k2,s2,nobias", (2, 3, 8, 8), (2, 7, 3, 3)),
]


def network(spec, x, weights=None, **settings):
    """The result of a network on numpy, with random weights of seed 0 if none are given."""
    chosen = Settings(**{"backend": "numpy", **settings})
    return run_network(convcalc.parse(spec), x, drawn(0) if weights is None else weights, chosen)


def normal(*shape, dtype="float32"):
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


def test_every_convolution_is_run_here():
    kinds = {name for name, kind in KINDS.items() if issubclass(kind, Convolution | Staged)}
    assert kinds == {kind for kind, *_ in NETWORKS}


@both
@pytest.mark.parametrize(("kind", "spec", "x", "expected"), NETWORKS)
def test_a_network_gives_the_shape_that_was_calculated(backend, kind, spec, x, expected):
    result = network(spec, normal(*x), backend=backend)
    sample = expected[-len(result.report.layers[-1].output_shape) :]
    assert (expected, sample) == (result.array.shape, result.report.layers[-1].output_shape)
    assert kind in {row.kind for row in result.report.layers}
    assert ("float32", backend, 0) == (result.array.dtype, result.backend, result.overflowed)
    assert np.count_nonzero(result.array) > 0.7 * result.array.size


@pytest.mark.parametrize(("kind", "spec", "x", "expected"), NETWORKS)
def test_both_backends_give_the_same_network(kind, spec, x, expected):
    pytest.importorskip("torch")
    one, other = (network(spec, normal(*x), backend=b).array for b in ("numpy", "torch"))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize(
    ("spec", "weight", "x", "expected"),
    [
        ("conv:1,k2,p1", (1, 1, 2), (1, 3), (1, 4)),
        ("dw:k2", (5, 1, 2, 2, 2), (2, 5, 3, 3, 3), (2, 5, 2, 2, 2)),
        ("pw:4", (4, 2, 1), (2, 9), (4, 9)),
    ],
)
def test_the_weights_tell_the_number_of_spatial_axes(backend, spec, weight, x, expected):
    weights = {"0.weight": np.ones(weight), "0.bias": np.ones(weight[0])}
    assert expected == network(spec, np.ones(x), weights, backend=backend).array.shape


def test_random_weights_are_for_images_unless_the_rank_is_told():
    assert (4, 5, 7) == network("conv:4,k3", normal(1, 7, 9)).array.shape
    assert (1, 4, 7) == network("conv:4,k3", normal(1, 7, 9), rank=1).array.shape


def test_an_image_without_channels_gets_them_and_loses_them():
    result = network("conv:1,k3", normal(7, 9))
    assert ((5, 7), ("the input 7x9 is read as (H, W)",)) == (result.array.shape, result.notes)
    assert (4, 5, 7) == network("conv:4,k3", normal(7, 9)).array.shape


def test_a_network_takes_channels_last():
    x = normal(2, 3, 7, 9)
    expected = np.moveaxis(network("dw:k3 pw:4", x).array, 1, -1)
    array = network("dw:k3 pw:4", np.moveaxis(x, 1, -1), channels_last=True).array
    assert expected.tolist() == array.tolist()


def test_two_layers_are_one_after_the_other():
    x = np.array([[[1, 2, 3, 4]]])
    weights = {"0.weight": np.array([[[1, 10]]]), "1.weight": np.array([[[1]], [[-2]]])}
    array = network("conv:1,k2,nobias pw:2,nobias", x, weights).array
    assert [[[21, 32, 43], [-42, -64, -86]]] == array.tolist()  # 1 + 10*2, ...; times 1 and -2


def test_integers_are_checked_in_every_layer():
    x, big = np.full((1, 1, 1), 2**31), np.full((1, 1, 1), 2**16)
    weights = {"0.weight": big, "1.weight": big}
    with pytest.raises(
        DataError, match="may reach 9,223,372,036,854,775,808"
    ):  # 2^31 * 2^16 * 2^16 = 2^63
        network("pw:1,nobias pw:1,nobias", x, weights)
    assert [[[2**62]]] == network("pw:1,nobias pw:1,nobias", x // 2, weights).array.tolist()


# --- the same network in torch


def torch_networks(nn):
    """(spec, input shape, the network built by hand)."""
    separable = OrderedDict(
        depthwise=nn.Conv2d(3, 6, 3, 1, 1, groups=3), pointwise=nn.Conv2d(6, 5, 1)
    )
    return {
        "dw:k3,p1,m2 pw:4": (nn.Conv2d(3, 6, 3, 1, 1, groups=3), nn.Conv2d(6, 4, 1)),
        "conv:9,k3x2,s2,p1,d1x2,g3,nobias conv:3,k1": (
            nn.Conv2d(3, 9, (3, 2), 2, 1, (1, 2), 3, bias=False),
            nn.Conv2d(9, 3, 1),
        ),
        "convt:6,k3,s2,p1,op1,g3 conv:2,k2,same": (
            nn.ConvTranspose2d(3, 6, 3, 2, 1, 1, 3),
            nn.Conv2d(6, 2, 2, padding="same"),
        ),
        "conv:4,k3,p2,circular conv:4,k3,p1,reflect conv:4,k3,p1,replicate": (
            nn.Conv2d(3, 4, 3, padding=2, padding_mode="circular"),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="replicate"),
        ),
        "sep:5,k3,p1,m2": (nn.Sequential(separable),),
    }


@both
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", range(5))
def test_the_weights_of_a_torch_sequential_load_as_they_are_named(backend, dtype, place):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    spec, layers = list(torch_networks(torch.nn).items())[place]
    module = torch.nn.Sequential(*layers).to(getattr(torch, dtype))
    x = normal(2, 3, 8, 7, dtype=dtype)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    array = network(spec, x, weights, backend=backend).array
    # |y| < 8 here, after sums of up to 54 products in each of up to three layers.
    assert (expected.shape, dtype) == (array.shape, array.dtype)
    assert abs(expected - array).max() <= TOLERANCES[dtype].bound(8)


# --- weights that do not fit


GOOD = {"0.weight": (4, 3, 3, 3), "0.bias": (4,)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"0.bias": None}, "missing '0.bias' (4)"),
        ({"0.weight": (4, 2, 3, 3)}, "'0.weight' is 4x2x3x3, the network needs 4x3x3x3"),
        ({"0.bias": (4, 1)}, "'0.bias' is 4x1, the network needs 4"),
        ({"0.weight": ()}, "'0.weight' is no axes, the network needs 4x3x3x3"),
        ({"0.bias": (0,)}, "'0.bias' is 0, the network needs 4"),
        ({"1.weight": (4,)}, "no layer has a weight '1.weight'"),
        ({"\x1b[31m": (4,)}, "no layer has a weight '\\x1b[31m'"),
        (
            {"0.bias": None, "0.bais": (4,)},
            "missing '0.bias' (4); did you mean '0.bais'?; no layer has a weight '0.bais'",
        ),
        (
            {"0.bias": None, "a": (1,), "b": (1,), "c": (1,), "d": (1,)},
            "missing '0.bias' (4); no layer has a weight 'a'; no layer has a weight 'b'; "
            "and 2 more",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(changes, expected):
    shapes = {**GOOD, **changes}
    weights = {name: np.ones(shape) for name, shape in shapes.items() if shape is not None}
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones((3, 5, 5)), weights)
    assert f"the weights do not fit: {expected}" == str(caught.value)


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("0.weights", "; did you mean '0.weight'?"),
        ("0.bias_", "; did you mean '0.bias'?"),
        ("1.gamma", ""),
    ],
)
def test_a_weight_too_many_is_named_with_its_nearest(unknown, hint):
    weights = {name: np.ones(shape) for name, shape in (*GOOD.items(), (unknown, (4,)))}
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones((3, 5, 5)), weights)
    assert str(caught.value) == (f"the weights do not fit: no layer has a weight '{unknown}'{hint}")


@pytest.mark.parametrize("shape", [(4,), (1, 1, 1, 1, 1, 1)])
def test_weights_of_an_impossible_rank_are_named(shape):
    with pytest.raises(DataError, match=r"the weights do not fit: missing '0\.weight'"):
        network("conv:4,k3", np.ones((3, 5, 5)), {"0.bias": np.ones(shape)})


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_a_weight_that_is_no_real_number_is_named(dtype):
    weights = {name: np.ones(shape) for name, shape in GOOD.items()}
    weights["0.bias"] = weights["0.bias"].astype(dtype)
    with pytest.raises(DataError, match=rf"^'0.bias' is of dtype {dtype}; "):
        network("conv:4,k3", np.ones((3, 5, 5)), weights)


def test_a_weight_of_another_dtype_promotes_and_is_named():
    weights = {name: np.ones(shape, "float32") for name, shape in GOOD.items()}
    weights["0.bias"] = weights["0.bias"].astype("float64")
    result = network("conv:4,k3", np.ones((1, 3, 5, 5), "float32"), weights)
    assert "float64" == result.array.dtype
    assert len(result.notes) == 1
    assert "float64 ('0.bias')" in result.notes[0]


# --- part of a network, and all of its outputs


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


# --- inputs that cannot be convolved


@pytest.mark.parametrize(
    ("x", "w", "b", "expected"),
    [
        ((0,), (3,), None, "the input is empty (0): there is nothing to convolve"),
        ((3, 0, 4), (3,), None, "the input is empty (3x0x4): there is nothing to convolve"),
        ((3,), (0,), None, "the kernel is empty (0): there is nothing to convolve"),
        ((3,), (3,), (0,), "the bias is empty (0): there is nothing to convolve"),
        ((), (3,), None, "the input is a single number; a convolution needs at least one axis"),
        ((3,), (), None, "the kernel is a single number; a convolution needs at least one axis"),
    ],
)
def test_empty_and_single_numbers_are_refused(x, w, b, expected):
    with pytest.raises(DataError) as caught:
        conv(np.ones(x), np.ones(w), None if b is None else np.ones(b))
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ((0, 5, 5), "the input is empty (0x5x5): there is nothing to convolve"),
        ((), "the input is a single number; a convolution needs at least one axis"),
        (
            (5,),
            "the input is 5, of 1 axes; a network of 2 spatial axes reads "
            "(H, W), (C, H, W), (N, C, H, W)",
        ),
        (
            (1, 1, 1, 5, 5),
            "the input is 1x1x1x5x5, of 5 axes; a network of 2 spatial axes reads "
            "(H, W), (C, H, W), (N, C, H, W)",
        ),
    ],
)
def test_an_input_that_no_network_reads_is_refused(x, expected):
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones(x))
    assert expected == str(caught.value)


@pytest.mark.parametrize("dtype", ["bool", "complex128"])
def test_an_input_of_no_real_numbers_is_refused(dtype):
    with pytest.raises(DataError, match=rf"^the input is of dtype {dtype}; "):
        network("conv:4,k3", np.ones((3, 5, 5), dtype))


def test_a_layer_that_does_not_fit_the_input_is_shown_in_its_text():
    with pytest.raises(DataError, match=r"dw:k3 conv:4,k9\n +\^{9}$"):
        network("dw:k3 conv:4,k9", np.ones((3, 5, 5)))


# --- memory


def test_too_little_memory_is_refused_with_what_is_needed(monkeypatch):
    # Of 4 bytes each: two more copies of 4x4 inputs, twice 3x3 results, and 4 weights:
    # 4*(32 + 18 + 4)
    x, w = np.ones((4, 4), "float32"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: 215)
    with pytest.raises(ResourceError) as caught:
        conv(x, w)
    assert str(caught.value).startswith(
        "computing needs about 216 bytes of memory, 215 are available"
    )


def test_an_input_that_must_be_converted_is_another_copy(monkeypatch):
    x, w = np.ones((4, 4), "float16"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: 279)
    with pytest.raises(ResourceError, match=r"needs about 280 bytes"):  # 4*(48 + 18 + 4)
        conv(x, w)


@pytest.mark.parametrize("available", [216, None])
def test_enough_or_unknown_memory_is_used(monkeypatch, available):
    x, w = np.ones((4, 4), "float32"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: available)
    assert np.full((3, 3), 4).tolist() == conv(x, w).tolist()


def test_the_largest_layer_and_the_batch_decide_the_memory(monkeypatch):
    monkeypatch.setattr(in_memory, "available_memory", lambda: 0)
    # The second layer: 8 * (3*5*9*4 + 2*5*2*4 + 2*9 + 2)
    with pytest.raises(ResourceError, match=r"needs about 5,120 bytes"):
        network("pw:9 pw:2", np.ones((5, 1, 2, 2), "float64"))


# --- backends


PROBLEM = Problem(1, 1, 1, 1, (3,), (Window(2),), (2,))


class Priced(NamedTuple):
    predicted_seconds: float


def with_work(monkeypatch, numpy, torch=0.0):
    """As if the backends needed this long."""
    predicted = {"numpy": numpy, "torch": torch}
    monkeypatch.setattr(open_backend, "seconds", lambda problems, backend: predicted[backend])


def test_small_work_is_numpys_and_torch_is_not_imported():
    program = """
import sys, numpy as np
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.problem import Problem, problems_of
from convcalc.execute.settings import Settings
from convcalc.execute.in_memory import run_network
from convcalc.execute.weights.random_weights import initial_weights
import convcalc
network = convcalc.parse("conv:8,k3,p1 pw:4")
weights = lambda network, shape: dict(initial_weights(network, shape, 0))
result = run_network(network, np.ones((3, 32, 32), "float32"), weights, Settings())
print(result.backend, "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "numpy False\n" == done.stdout


@pytest.mark.parametrize(
    ("loaded", "numpy", "torch", "expected"),
    [
        (False, 6.5, 0.5, "numpy"),  # no more than 0.5 + 2*3
        (False, 6.6, 0.5, "torch"),
        (True, 0.5, 0.5, "numpy"),
        (True, 0.6, 0.5, "torch"),
    ],
)
def test_torch_is_chosen_where_it_pays_for_its_import_twice(
    monkeypatch, loaded, numpy, torch, expected
):
    pytest.importorskip("torch")
    monkeypatch.setattr(open_backend, "this_machine", lambda: DEFAULT._replace(torch_import=3.0))
    monkeypatch.setattr(open_backend, "torch_is_loaded", lambda: loaded)
    with_work(monkeypatch, numpy, torch)
    assert expected == open_backend.choose_backend([PROBLEM])


def test_the_work_is_that_of_every_convolution(monkeypatch):
    monkeypatch.setattr(open_backend, "plan", lambda problem, *_: Priced(problem.macs))
    network = convcalc.parse("conv:64,k3,p1 relu sep:3,k3,p1 convt:2,k2,s2")
    problems = problems_of(network, 2, (4, 8, 8), "float32")
    # 64 cells: 64*4*9; 64*9 and 64*3; from 64 cells 3*2*4
    assert 2 * 64 * (2304 + 576 + 192 + 24) == open_backend.seconds(problems, "numpy")
    assert [False, False, False, True] == [problem.transposed for problem in problems]


def test_integers_stay_with_numpy_however_many(monkeypatch):
    with_work(monkeypatch, 1e9)
    assert "numpy" == run(Conv, np.ones(3, int), np.ones(2, int), backend="auto").backend


def test_without_torch_numpy_computes_all(monkeypatch):
    with_work(monkeypatch, 1e9)
    monkeypatch.setattr(open_backend, "find_spec", lambda name: None)
    assert "numpy" == run(Conv, np.ones(3), np.ones(2), backend="auto").backend


@pytest.mark.parametrize("settings", [{"backend": "torch"}, {"backend": "auto", "device": "cpu"}])
def test_torch_that_is_missing_is_named_with_its_extra(monkeypatch, settings):
    monkeypatch.setattr(open_backend, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        conv(np.ones(3), np.ones(2), **settings)
    assert "torch is not installed; pip install 'convcalc[torch]' brings it" == str(caught.value)


def test_numpy_has_no_device():
    with pytest.raises(UsageError) as caught:
        conv(np.ones(3), np.ones(2), device="cpu")
    expected = "--device belongs to torch; the numpy backend computes on the CPU"
    assert expected == str(caught.value)


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_a_device_is_torchs(backend):
    pytest.importorskip("torch")
    assert "torch" == run(Conv, np.ones(3), np.ones(2), backend=backend, device="cpu").backend


def test_an_unknown_device_is_refused():
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=r"^--device: expected cpu, cuda, .* got \'nonsense\'"):
        conv(np.ones(3), np.ones(2), backend="torch", device="nonsense")


@pytest.mark.parametrize("device", ["meta", "hpu"])
def test_a_device_that_cannot_compute_is_refused(device):
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=rf"^--device: .* got '{device}'"):
        conv(np.ones(3), np.ones(2), backend="torch", device=device)


def test_a_device_that_is_not_here_is_refused():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UsageError, match=r"^--device cuda: "):
        conv(np.ones(3), np.ones(2), backend="torch", device="cuda")


@both
def test_torch_computes_float32_in_full(backend):
    # 1 + 2^-12 needs 12 bits behind the point; TF32 would keep 10.
    x = np.full((1, 64, 8, 8), 1 + 2.0**-12, "float32")
    array = conv(x, np.ones((1, 64, 1, 1), "float32"), backend=backend)
    assert {64 + 2.0**-6} == set(array.ravel().tolist())


def test_the_products_of_a_report_are_those_of_the_shapes():
    report = run(Conv, np.ones((2, 3, 7, 9)), np.ones((4, 3, 3, 3))).report
    assert (2, prod((2, 4, 5, 7, 3, 3, 3))) == (report.batch, report.totals.macs)

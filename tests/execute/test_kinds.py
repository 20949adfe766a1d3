"""Every kind on both backends: the values of PyTorch's own modules, exact integers, refusals."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import DataError, LayerError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import (
    ELU,
    GELU,
    KINDS,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Identity,
    InstanceNorm,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool,
    Mish,
    Pad,
    PixelShuffle,
    PReLU,
    ReLU,
    ReLU6,
    Residual,
    Scale,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Tanh,
    Upsample,
)
from convcalc.network.graph import Network, Node

CASES = [
    # (layer, the input of one sample, PyTorch's module)
    (MaxPool(3), (2, 7, 8), "MaxPool2d(3)"),
    (MaxPool(3, 2, 1), (2, 7, 8), "MaxPool2d(3, 2, 1)"),
    (MaxPool((2, 3), (1, 2), dilation=(3, 1)), (2, 7, 8), "MaxPool2d((2,3), (1,2), 0, (3,1))"),
    (MaxPool(2, ceil_mode=True), (2, 7, 5), "MaxPool2d(2, ceil_mode=True)"),
    (MaxPool(3, 2, 1), (2, 9), "MaxPool1d(3, 2, 1)"),
    (MaxPool(2, 1, 1, dilation=2), (2, 3, 4, 5), "MaxPool3d(2, 1, 1, 2)"),
    (AvgPool(3, 2, 1), (2, 7, 8), "AvgPool2d(3, 2, 1)"),
    (AvgPool(3, 2, 1, count_include_pad=False), (2, 7, 8), "AvgPool2d(3, 2, 1, False, False)"),
    (AvgPool(3, 2, 1, ceil_mode=True), (2, 8, 6), "AvgPool2d(3, 2, 1, True)"),
    (AvgPool(3, 2, 1, True, False), (2, 8, 6), "AvgPool2d(3, 2, 1, True, False)"),
    (AvgPool(4), (2, 9), "AvgPool1d(4)"),
    (AvgPool(2), (2, 4, 5, 6), "AvgPool3d(2)"),
    (GlobalAvgPool(), (3, 5, 7), "AdaptiveAvgPool2d(1)"),
    (AdaptiveAvgPool(7), (3, 10, 5), "AdaptiveAvgPool2d(7)"),
    (AdaptiveAvgPool((3, 2)), (3, 9, 8), "AdaptiveAvgPool2d((3, 2))"),
    (AdaptiveMaxPool(7), (3, 10, 12), "AdaptiveMaxPool2d(7)"),
    (AdaptiveMaxPool(4), (3, 10), "AdaptiveMaxPool1d(4)"),
    (AdaptiveMaxPool((2, 3, 1)), (3, 3, 4, 5), "AdaptiveMaxPool3d((2, 3, 1))"),
    (Linear(5), (7,), "Linear(7, 5)"),
    (Linear(5, bias=False), (3, 4, 7), "Linear(7, 5, bias=False)"),
    (Flatten(), (3, 4, 5), "Flatten()"),
    (BatchNorm(), (3, 4, 5), "BatchNorm2d(3)"),
    (BatchNorm(eps=0.1), (3, 4), "BatchNorm1d(3, eps=0.1)"),
    (BatchNorm(), (3,), "BatchNorm1d(3)"),
    (BatchNorm(affine=False), (3, 4, 5), "BatchNorm2d(3, affine=False)"),
    (GroupNorm(2), (4, 3, 5), "GroupNorm(2, 4)"),
    (GroupNorm(4, eps=0.1), (4, 6), "GroupNorm(4, 4, eps=0.1)"),
    (GroupNorm(2, affine=False), (4, 3, 5), "GroupNorm(2, 4, affine=False)"),
    (InstanceNorm(), (4, 3, 5), "InstanceNorm2d(4)"),
    (InstanceNorm(affine=True), (4, 9), "InstanceNorm1d(4, affine=True)"),
    (LayerNorm(), (4,), "LayerNorm(4)"),
    (ReLU(), (3, 4, 5), "ReLU()"),
    (ReLU6(), (3, 4, 5), "ReLU6()"),
    (Hardtanh(), (3, 4, 5), "Hardtanh()"),
    (Hardtanh(-0.5, 2), (3, 4, 5), "Hardtanh(-0.5, 2.0)"),
    (LeakyReLU(), (3, 4, 5), "LeakyReLU()"),
    (LeakyReLU(0.3), (3, 4, 5), "LeakyReLU(0.3)"),
    (ELU(), (3, 4, 5), "ELU()"),
    (ELU(0.7), (3, 4, 5), "ELU(0.7)"),
    (GELU(), (3, 4, 5), "GELU()"),
    (SiLU(), (3, 4, 5), "SiLU()"),
    (Sigmoid(), (3, 4, 5), "Sigmoid()"),
    (Tanh(), (3, 4, 5), "Tanh()"),
    (Softplus(), (3, 4, 5), "Softplus()"),
    (Mish(), (3, 4, 5), "Mish()"),
    (Hardsigmoid(), (3, 4, 5), "Hardsigmoid()"),
    (Hardswish(), (3, 4, 5), "Hardswish()"),
    (PReLU(), (3, 4, 5), "PReLU()"),
    (PReLU(3), (3, 4, 5), "PReLU(3)"),
    (Softmax(), (3, 4, 5), "Softmax(1)"),
    (Pad(((1, 2), (0, 3))), (3, 4, 5), "ZeroPad2d((0, 3, 1, 2))"),
    (Pad(2, "reflect"), (3, 4, 5), "ReflectionPad2d(2)"),
    (Pad(((1, 4),), "replicate"), (3, 5), "ReplicationPad1d((1, 4))"),
    (Pad(3, "circular"), (3, 4, 5), "CircularPad2d(3)"),
    (Upsample(3), (3, 4, 5), "Upsample(scale_factor=3)"),
    (Upsample((2, 1)), (3, 4, 5), "Upsample(scale_factor=(2, 1))"),
    (Upsample(size=7), (3, 4, 5), "Upsample(size=7)"),
    (Upsample(2), (3, 4), "Upsample(scale_factor=2)"),
    (Upsample(2, mode="bilinear"), (3, 4), "Upsample(scale_factor=2, mode='linear')"),
    (Upsample(3, mode="bilinear"), (3, 4, 5), "Upsample(scale_factor=3, mode='bilinear')"),
    (Upsample(2, mode="bilinear"), (1, 2, 3, 4), "Upsample(scale_factor=2, mode='trilinear')"),
    (Upsample(size=(7, 3), mode="bilinear"), (3, 4, 5), "Upsample(size=(7, 3), mode='bilinear')"),
    (PixelShuffle(2), (8, 3, 4), "PixelShuffle(2)"),
    (ChannelShuffle(3), (12, 2, 3), "ChannelShuffle(3)"),
    (Dropout(), (3, 4), "Dropout()"),
    (Identity(), (3, 4), "Identity()"),
]
TESTED_ELSEWHERE = {
    "layerscale",
    "conv",
    "convt",
    "dw",
    "pw",
    "sep",
    "slice",
    "residual",
    "concat",
    "scale",
}


def backend_of(name):
    if name == "numpy":
        from convcalc.execute.backends.numpy_backend import NumpyBackend

        return NumpyBackend()
    from convcalc.execute.backends.torch_backend import TorchBackend

    return TorchBackend()


def run(layer, *arrays, backend="numpy", weights=None):
    """The result of one layer, as numpy's, in the dtype of the arrays."""
    ops = backend_of(backend)
    dtype = arrays[0].dtype.name
    loaded = [ops.load(array, dtype) for array in arrays]
    own = {name: ops.load(weight, dtype) for name, weight in (weights or {}).items()}
    return ops.unload(layer.run(ops, loaded, own))


def torch_module(text):
    """PyTorch's module in inference, its parameters and statistics drawn away from 0 and 1."""
    torch = pytest.importorskip("torch")
    module = eval(f"torch.nn.{text}", {"torch": torch}).eval()
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 2)
    return module


def numbers(shape, dtype="float64", seed=0):
    """Normal numbers, spread so that every branch of an activation is taken."""
    return (3 * np.random.default_rng(seed).standard_normal((2, *shape))).astype(dtype)


def agree(backend, layer, x, module, dtype):
    torch = pytest.importorskip("torch")
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    expected = module.to(getattr(torch, dtype))(torch.from_numpy(x)).detach().numpy()
    result = run(layer, x, backend=backend, weights=weights)
    assert (x.dtype, (2, *layer.out_shape(x.shape[1:]))) == (result.dtype, result.shape)
    tolerance = {"float32": 2e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(result, expected, rtol=4 * tolerance, atol=4 * tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layer", "shape", "text"), CASES, ids=[case[2] for case in CASES])
def test_a_kind_gives_what_torchs_module_gives(backend, dtype, layer, shape, text):
    agree(backend, layer, numbers(shape, dtype), torch_module(text), dtype)


def test_every_kind_is_compared_with_torch():
    assert set(KINDS) == {layer.kind for layer, _, _ in CASES} | TESTED_ELSEWHERE


@pytest.mark.parametrize(("layer", "shape", "text"), CASES, ids=[case[2] for case in CASES])
def test_parameters_and_buffers_have_torchs_names_and_shapes(layer, shape, text):
    module = torch_module(text)
    buffers = {name: tuple(t.shape) for name, t in module.named_buffers() if t.ndim}
    parameters = {name: tuple(t.shape) for name, t in module.named_parameters()}
    assert (parameters, buffers) == (layer.weight_shapes(shape), layer.buffer_shapes(shape))


@pytest.mark.parametrize("backend", BACKENDS)
def test_layer_norm_looks_at_the_channels_of_each_cell_alone(backend):
    torch = pytest.importorskip("torch")
    x, module = numbers((4, 3, 5)), torch_module("LayerNorm(4)").double()
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    last = module(torch.from_numpy(np.moveaxis(x, 1, -1))).detach().numpy()
    result = run(LayerNorm(), x, backend=backend, weights=weights)
    np.testing.assert_allclose(result, np.moveaxis(last, -1, 1), rtol=1e-13, atol=1e-13)


@st.composite
def pools(draw):
    """(shape, arguments of a maximum pooling) of one axis to three; many do not fit."""
    rank = draw(st.integers(1, 3))

    def axes(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    arguments = {
        "kernel_size": axes(1, 4),
        "stride": draw(st.none() | st.just(axes(1, 4))),
        "padding": axes(0, 2),
        "ceil_mode": draw(st.booleans()),
        "dilation": axes(1, 3),
    }
    return (draw(st.integers(1, 2)), *axes(1, 11)), arguments


def agree_on_pooling(layer_type, shape, arguments, name):
    """The same values as torch's module, or a refusal by both."""
    torch = pytest.importorskip("torch")
    x = numbers(shape, seed=sum(shape))
    module = getattr(torch.nn, f"{name}{len(shape) - 1}d")(**arguments)
    try:
        expected = module(torch.from_numpy(x)).numpy()
    except RuntimeError as error:
        if "input image" in str(error):
            return  # three axes only: the kernel is larger than the input without its padding
        with pytest.raises(LayerError):
            layer_type(**arguments).out_shape(shape)
        return
    layer = layer_type(**arguments)
    assert expected.shape[1:] == layer.out_shape(shape)
    for backend in AVAILABLE:
        result = run(layer, x, backend=backend)
        np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-14)


@settings(max_examples=700)
@given(pools())
def test_maximum_pooling_is_torchs_wherever_it_fits(drawn):
    agree_on_pooling(MaxPool, *drawn, "MaxPool")


@settings(max_examples=700)
@given(pools(), st.booleans())
def test_mean_pooling_is_torchs_wherever_it_fits(drawn, include):
    shape, arguments = drawn
    del arguments["dilation"]
    arguments["stride"] = arguments["stride"] or arguments["kernel_size"]
    agree_on_pooling(AvgPool, shape, {**arguments, "count_include_pad": include}, "AvgPool")


@settings(max_examples=100)
@given(st.tuples(st.integers(1, 2), st.integers(1, 14), st.integers(1, 14)), st.integers(1, 9))
def test_adaptive_pooling_is_torchs(shape, out):
    for layer, text in (
        (AdaptiveAvgPool(out), f"AdaptiveAvgPool2d({out})"),
        (AdaptiveMaxPool(out), f"AdaptiveMaxPool2d({out})"),
    ):
        for backend in AVAILABLE:
            agree(backend, layer, numbers(shape), torch_module(text), "float64")


@settings(max_examples=100)
@given(st.tuples(st.just(1), st.integers(1, 9), st.integers(1, 9)), st.integers(1, 20))
def test_linear_resizing_to_any_size_is_torchs(shape, out):
    module = torch_module(f"Upsample(size={out}, mode='bilinear')")
    for backend in AVAILABLE:
        agree(backend, Upsample(size=out, mode="bilinear"), numbers(shape), module, "float64")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # TensorFlow's SAME: 5 cells, kernel 2, stride 2: one cell is added at the end, which is
        # in no mean unless that is written.
        (AvgPool(2, 2, "same-upper"), [1.5, 3.5, 5.0]),
        (AvgPool(2, 2, "same-upper", count_include_pad=False), [1.5, 3.5, 5.0]),
        (AvgPool(2, 2, "same-upper", count_include_pad=True), [1.5, 3.5, 2.5]),
        (AvgPool(2, 2, "same-lower"), [1.0, 2.5, 4.5]),
        (AvgPool(2, 2, "same-lower", count_include_pad=True), [0.5, 2.5, 4.5]),
        (AvgPool(2, 1, "same"), [1.5, 2.5, 3.5, 4.5, 5.0]),
        # Padding in numbers counts, as in PyTorch: 0 1, 2 3, 4 5.
        (AvgPool(2, 2, 1), [0.5, 2.5, 4.5]),
        (AvgPool(2, 2, 1, count_include_pad=False), [1.0, 2.5, 4.5]),
        (MaxPool(2, 2, "same-lower"), [1, 3, 5]),
        (MaxPool(2, 1, "same"), [2, 3, 4, 5, 5]),
        (MaxPool(2, 2, ((1, 0),)), [1, 3, 5]),
    ],
)
def test_pooling_knows_the_words_of_padding(backend, layer, expected):
    x = np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]])
    assert expected == run(layer, x, backend=backend)[0, 0].tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        # 1 ... 16 in rows of four, one row and column of padding at the end: the means of
        # 1 2 3 5 6 7 9 10 11; 3 4 7 8 11 12; 9 10 11 13 14 15; 11 12 15 16.
        ("avgpool:3,s2,same-upper", [[6.0, 7.5], [12.0, 13.5]]),
        # The sums 54 45 72 54, each divided by 9.
        ("avgpool:3,s2,same-upper,include", [[6.0, 5.0], [8.0, 6.0]]),
        # One row and column before: 1 2 5 6; 2 3 4 6 7 8; 5 6 9 10 13 14; 6 7 8 10 11 12 14 15 16.
        ("avgpool:3,s2,same-lower", [[3.5, 5.0], [9.5, 11.0]]),
    ],
)
def test_the_mean_of_a_plane_leaves_the_padding_of_same_out(backend, spec, expected):
    (node,) = convcalc.parse(spec).nodes
    x = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)
    assert expected == run(node.layer, x, backend=backend)[0, 0].tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (MaxPool(3, 2, 1), [[[9, 9]]]),
        (AdaptiveMaxPool((1, 2)), [[[9, 9]]]),
        (ReLU(), [[[0, 0, 3], [0, 9, 0]]]),
        (ReLU6(), [[[0, 0, 3], [0, 6, 0]]]),
        (Flatten(), [-5, -1, 3, -7, 9, -2]),
        (Pad(((0, 0), (1, 0))), [[[0, -5, -1, 3], [0, -7, 9, -2]]]),
        (Upsample((1, 2)), [[[-5, -5, -1, -1, 3, 3], [-7, -7, 9, 9, -2, -2]]]),
        (Identity(), [[[-5, -1, 3], [-7, 9, -2]]]),
        (Slice((0, 1)), [[[-5, -1, 3], [-7, 9, -2]]]),
        (ChannelShuffle(1), [[[-5, -1, 3], [-7, 9, -2]]]),
    ],
)
def test_whole_numbers_stay_whole_and_exact(backend, layer, expected):
    x = np.array([[[[-5, -1, 3], [-7, 9, -2]]]])
    result = run(layer, x, backend=backend)
    assert (np.int64, expected) == (result.dtype, result[0].tolist())


@pytest.mark.parametrize("backend", BACKENDS)
def test_integers_of_a_linear_layer_are_exact(backend):
    x = np.array([[2**40 + 1, 3]])
    weights = {"weight": np.array([[2**20, 1]]), "bias": np.array([7])}
    assert [[2**60 + 2**20 + 10]] == run(Linear(1), x, backend=backend, weights=weights).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "arrays", "weights"),
    [
        (Residual(), ([[2**62]], [[2**62]]), {}),
        (Scale(), ([[2**40]], [[-(2**40)]]), {}),
        (Linear(1), ([[2**40]],), {"weight": [[2**40]], "bias": [0]}),
    ],
)
def test_integers_that_could_leave_int64_are_refused(backend, layer, arrays, weights):
    weights = {name: np.array(weight) for name, weight in weights.items()}
    with pytest.raises(DataError, match="the integers are too large: "):
        run(layer, *map(np.array, arrays), backend=backend, weights=weights)


def test_a_layer_that_makes_fractions_refuses_integers_before_anything_is_computed():
    network = convcalc.parse("relu avgpool:2 gelu")
    with pytest.raises(DataError, match=r"layer 1 \(avgpool:2\) makes fractions of whole numbers"):
        run_network(network, np.ones((1, 4, 4), np.int64), {}, Settings())


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_kind_that_takes_integers_gives_integers(kind, backend):
    cases = [(layer, shape) for layer, shape, _ in CASES if layer.kind == kind]
    for layer, shape in cases:
        if not layer.needs_floats:
            x = np.arange(np.prod((2, *shape))).reshape(2, *shape) - 20
            weights = {name: np.full(of, 2) for name, of in layer.weight_shapes(shape).items()}
            result = run(layer, x, backend=backend, weights=weights)
            floats = run(layer, x.astype(float), backend=backend, weights=weights)
            assert (np.int64, floats.tolist()) == (result.dtype, result.tolist())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_joins_sum_place_side_by_side_and_scale(backend, dtype):
    one, two, three = (
        np.random.default_rng(seed).integers(-9, 9, (2, 3, 4, 5)).astype(dtype) for seed in range(3)
    )
    branches = (one, two, three)
    assert (one + two + three).tolist() == run(Residual(), *branches, backend=backend).tolist()
    assert one.tolist() == run(Residual(), one, backend=backend).tolist()
    joined = np.concatenate([one, two[:, :1]], axis=1)
    assert joined.tolist() == run(Concat(), one, two[:, :1], backend=backend).tolist()
    for gate in (two, two[:, :, :1, :1], two[:, :1]):
        assert (one * gate).tolist() == run(Scale(), one, gate, backend=backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_slice_keeps_its_channels_in_order(backend):
    x = numbers((5, 2, 3))
    assert x[:, 1:3].tolist() == run(Slice((1, 3)), x, backend=backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("axes", [1, 3])
def test_pixel_shuffle_works_for_any_number_of_axes(backend, axes):
    # Channel a*2 + b of a block is its row a, column b: so counting on, block by block.
    x = np.arange(2**axes).reshape(1, 2**axes, *(1,) * axes)
    expected = np.arange(2**axes).reshape(1, 1, *(2,) * axes)
    assert expected.tolist() == run(PixelShuffle(2), x, backend=backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("layer", [MaxPool(3, 1, 1), AvgPool(3, 1, 1, count_include_pad=False)])
def test_a_nan_reaches_the_windows_that_hold_it_and_no_further(backend, layer):
    x = np.ones((1, 1, 7))
    x[0, 0, 3] = np.nan
    result = run(layer, x, backend=backend)[0, 0]
    assert [False, False, True, True, True, False, False] == np.isnan(result).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_window_of_padding_alone_has_no_largest_value(backend):
    # Taps at -1 and 1 of a single cell, as in PyTorch.
    result = run(MaxPool(2, 1, 1, dilation=2), np.zeros((1, 1, 1)), backend=backend)
    assert [[[-np.inf]]] == result.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Sigmoid(), [0, 1, np.nan]),
        (Tanh(), [-1, 1, np.nan]),
        (ReLU(), [0, np.inf, np.nan]),
        (ReLU6(), [0, 6, np.nan]),
        (LeakyReLU(), [-np.inf, np.inf, np.nan]),
        (ELU(), [-1, np.inf, np.nan]),
        (Softplus(), [0, np.inf, np.nan]),
        (Hardtanh(), [-1, 1, np.nan]),
        (Hardsigmoid(), [0, 1, np.nan]),
    ],
)
def test_activations_at_infinity_are_torchs(backend, layer, expected):
    x = np.array([[-np.inf, np.inf, np.nan]])
    np.testing.assert_array_equal(run(layer, x, backend=backend)[0], expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_softmax_of_large_values_does_not_overflow(backend):
    result = run(Softmax(), np.array([[1000.0, 1000.0, -1000.0]]), backend=backend)
    assert [[0.5, 0.5, 0.0]] == result.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_gelu_far_below_zero_keeps_its_digits(backend):
    # x * P(normal <= x) at -10 is -10 * 7.6198530241605e-24, by Abramowitz and Stegun's tables.
    result = run(GELU(), np.array([[-10.0]]), backend=backend)
    np.testing.assert_allclose(result, [[-7.6198530241605e-23]], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_network_of_many_kinds_runs_as_in_torch(backend):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    modules = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    model = nn.Sequential(*modules, nn.Linear(36, 5), nn.Softmax(1)).eval()
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    x = numbers((3, 8, 8), "float32")
    network = convcalc.parse("conv:4,k3 bn relu maxpool:2 flatten linear:5 softmax")
    result = run_network(network, x, weights, Settings(backend=backend)).array
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_bottleneck_adds_its_input_to_its_branch(backend):
    nodes = (
        Node(Conv(2, 3, padding=1), (-1,), "branch"),
        Node(Residual(), (0, -1), "sum"),
        Node(ReLU(), (1,), "end"),
    )
    network, x = Network(nodes), np.arange(-9, 9).reshape(1, 2, 3, 3)
    weights = {"branch.weight": np.zeros((2, 2, 3, 3), int), "branch.bias": np.array([1, 2])}
    result = run_network(network, x, weights, Settings(backend=backend)).array
    expected = np.maximum(x + np.array([1, 2]).reshape(2, 1, 1), 0)
    assert expected.tolist() == result.tolist()


def test_sums_of_branches_are_taken_in_their_order():
    # 1e16 + 1 is 1e16: only the order from the first branch on gives 0 here.
    branches = [np.full((1, 1), value) for value in (1e16, 1.0, -1e16)]
    assert reduce(np.add, branches).tolist() == run(Residual(), *branches).tolist() == [[0.0]]

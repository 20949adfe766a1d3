"""Every kind on both backends: the values of PyTorch's own modules, and their limits."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from convolving import BACKENDS
from running_kinds import CASES, agree, numbers, run, torch_module

import convcalc
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import (
    ELU,
    GELU,
    KINDS,
    AvgPool,
    Concat,
    Conv,
    Hardsigmoid,
    Hardtanh,
    LayerNorm,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    PixelShuffle,
    PixelUnshuffle,
    ReLU,
    ReLU6,
    Reshape,
    Residual,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    Softplus,
    Tanh,
)
from convcalc.network.graph import Network, Node

TESTED_ELSEWHERE = {
    *("lstm", "gru", "rnn", "embedding", "multiheadattention", "bilinear"),
    *("input", "parameter", "permute", "matmul", "attention", "elementwise", "reduce"),
    "layerscale",
    "conv",
    "convt",
    "dw",
    "pw",
    "sep",
    "reshape",
    "slice",
    "residual",
    "concat",
    "crop",
    "maxunpool",
    "scale",
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layer", "shape", "text"), CASES, ids=[case[2] for case in CASES])
def test_a_kind_gives_what_torchs_module_gives(backend, dtype, layer, shape, text):
    agree(backend, layer, numbers(shape, dtype), torch_module(text), dtype)


def test_every_kind_is_compared_with_torch():
    computed = {kind for kind, layer in KINDS.items() if layer.computable}
    assert computed == {layer.kind for layer, _, _ in CASES} | TESTED_ELSEWHERE


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
@pytest.mark.parametrize(
    ("size", "sums"),
    [
        (1, [1, 4, 9, 16]),
        (2, [1, 5, 13, 25]),  # the channel before: one half of the size, rounded down
        (3, [5, 14, 29, 25]),
        (4, [5, 14, 30, 29]),
        (9, [30, 30, 30, 30]),
        (10**9, [30, 30, 30, 30]),
    ],
)
def test_local_response_norm_divides_by_neighbouring_channels(backend, size, sums):
    layer = LocalResponseNorm(size, alpha=size, beta=1, k=2)
    x = np.array([[[1.0], [2.0], [3.0], [4.0]]])
    expected = [x / (2 + total) for x, total in zip([1, 2, 3, 4], sums, strict=True)]
    result = run(layer, x, backend=backend)[0, :, 0]
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_nan_reaches_its_neighbouring_channels_and_no_further(backend):
    x = np.ones((1, 5, 2))
    x[0, 1, 0] = np.nan
    result = np.isnan(run(LocalResponseNorm(3), x, backend=backend))
    assert [True, True, True, False, False] == result[0, :, 0].tolist()
    assert not result[0, :, 1].any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_slice_keeps_its_channels_in_order(backend):
    x = numbers((5, 2, 3))
    assert x[:, 1:3].tolist() == run(Slice((1, 3)), x, backend=backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("sizes", [(60,), (-1,), (5, 12), (-1, 4, 3), (2, 3, 2, 5), (3, 4, 5)])
def test_reshaping_keeps_every_element_in_its_order(backend, dtype, sizes):
    x = np.random.default_rng(0).integers(-9, 9, (2, 3, 4, 5)).astype(dtype)
    result = run(Reshape(sizes), x, backend=backend)
    assert (x.dtype, x.reshape(2, *sizes).tolist()) == (result.dtype, result.tolist())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("axes", [1, 3])
def test_pixel_shuffle_works_for_any_number_of_axes(backend, axes):
    # Channel a*2 + b of a block is its row a, column b: so counting on, block by block.
    x = np.arange(2**axes).reshape(1, 2**axes, *(1,) * axes)
    expected = np.arange(2**axes).reshape(1, 1, *(2,) * axes)
    assert expected.tolist() == run(PixelShuffle(2), x, backend=backend).tolist()
    assert x.tolist() == run(PixelUnshuffle(2), expected, backend=backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("sizes", [(4,), (4, 6), (2, 4, 6)])
def test_pixel_unshuffle_takes_back_what_pixel_shuffle_does(backend, sizes):
    x = np.random.default_rng(0).integers(-9, 9, (3, 5, *sizes))
    blocks = run(PixelUnshuffle(2), x, backend=backend)
    assert (3, 5 * 2 ** len(sizes), *(size // 2 for size in sizes)) == blocks.shape
    assert x.tolist() == run(PixelShuffle(2), blocks, backend=backend).tolist()


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

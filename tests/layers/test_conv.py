"""Convolutions, transposed or not: sizes, weights, costs, padding, and what torch says of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reports import Loops, report, seen

import convcalc
from convcalc.errors import ShapeError
from convcalc.layers import (
    Conv,
    ConvTranspose,
)
from convcalc.network.graph import Network
from convcalc.window import Window


@pytest.mark.parametrize(
    ("spec", "shape", "expected"),
    [
        # ResNet's first layer, with bias: 64*3*49 + 64; 64*112^2*147; 64*112^2
        ("conv:64,k7,s2,p3", (3, 224, 224), ((64, 112, 112), 9472, 118013952, 802816)),
        # MobileNets (2017), table 3: 462 M; 512*512*9, times 14^2
        ("conv:512,k3,p1,nobias", (512, 14, 14), ((512, 14, 14), 2359296, 462422016, 0)),
        # MobileNets (2017), table 3: 52.3 M and 0.27 M; 512*9 + 512*512, times 14^2
        ("sep:512,k3,p1,nobias", (512, 14, 14), ((512, 14, 14), 266752, 52283392, 0)),
        # Keras 3, SeparableConv2D(32, 3, padding="same") on 16 channels: 688 parameters.
        # 16*9 + 16*32, and 32 biases; times 8^2
        ("sep:32,k3,p1,nodwbias", (16, 8, 8), ((32, 8, 8), 688, 41984, 2048)),
        # 32*9, times 14^2
        ("dw:k3,p1,nobias", (32, 14, 14), ((32, 14, 14), 288, 56448, 0)),
        ("conv:32,k3,p1,g32,nobias", (32, 14, 14), ((32, 14, 14), 288, 56448, 0)),
        # 64*(32/4)*9, times 14^2
        ("conv:64,k3,p1,g4,nobias", (32, 14, 14), ((64, 14, 14), 4608, 903168, 0)),
        # 64*32*16, times the 8^2 input cells
        ("convt:32,k4,s2,p1,nobias", (64, 8, 8), ((32, 16, 16), 32768, 2097152, 0)),
        # 8*1*9, times 8^2
        ("convt:8,k3,s2,p1,op1,g8,nobias", (8, 8, 8), ((8, 16, 16), 72, 4608, 0)),
        # 6*(12/3)*4, times 8^2
        ("convt:12,k2,s2,g3,nobias", (6, 8, 8), ((12, 16, 16), 96, 6144, 0)),
        # 4*2*8, times 3*4*4
        ("convt:2,k2,s2,nobias", (4, 3, 4, 4), ((2, 6, 8, 8), 64, 3072, 0)),
        # 8*8*16, times 10^2
        ("conv:8,k4,same,nobias", (8, 10, 10), ((8, 10, 10), 1024, 102400, 0)),
        # 8*8*15, times 28*31
        ("conv:8,k3x5,same,d2x3,nobias", (8, 28, 31), ((8, 28, 31), 960, 833280, 0)),
        # Taps on padding count: 7^2 outputs * 9 = 441, of which 361 lie on the image
        ("conv:1,k3,p1,nobias", (1, 7, 7), ((1, 7, 7), 9, 441, 0)),
        # 1-D: 16*8*5 + 16; 16*50*8*5; 16*50
        ("conv:16,k5,s2,p2", (8, 100), ((16, 50), 656, 32000, 800)),
        # 3-D: 8*1*27 + 8; 8*4^3*27; 8*4^3
        ("conv:8,k3,s2,p1", (1, 8, 8, 8), ((8, 4, 4, 4), 224, 13824, 512)),
        # 1-D transposed: 4*2*4 + 2; 10*4*2*4; 2*20
        ("convt:2,k4,s2,p1", (4, 10), ((2, 20), 34, 320, 40)),
    ],
)
def test_known_layers(spec, shape, expected):
    row = report(spec, shape)
    assert expected == (row.output_shape, row.params, row.macs, row.bias_adds)


SAME_MODES = [
    # TensorFlow's SAME at stride 2: 111*2 + 3 - 224 = 1 cell in all
    ("conv:1,k3,s2,same-upper", 224, 112, (0, 1)),
    ("conv:1,k3,s2,same-lower", 224, 112, (1, 0)),
    ("conv:1,k3,s2,valid", 224, 111, (0, 0)),
    # 160*2 + 3 - 321 = 2: nothing odd
    ("conv:1,k3,s2,same-upper", 321, 161, (1, 1)),
    ("conv:1,k3,s2,same-lower", 321, 161, (1, 1)),
    # 111*2 + 7 - 224 = 5: TensorFlow's ResNet sees other cells than padding 3 does
    ("conv:1,k7,s2,same-upper", 224, 112, (2, 3)),
    ("conv:1,k7,s2,same-lower", 224, 112, (3, 2)),
    # PyTorch's `same`: e - 1 = 3 cells, the odd one at the end
    ("conv:1,k4,same", 10, 10, (1, 2)),
    ("conv:1,k4,same-upper", 10, 10, (1, 2)),
    ("conv:1,k4,same-lower", 10, 10, (2, 1)),
    ("conv:1,k2,d3,same", 10, 10, (1, 2)),
    ("conv:1,k1,s2,same-upper", 7, 4, (0, 0)),
    ("conv:1,k2,s4,same-upper", 6, 2, (0, 0)),
    # The output of a transposed SAME has i*s cells: e - s are cropped
    ("convt:1,k3,s2,same-upper", 8, 16, (0, 1)),
    ("convt:1,k3,s2,same-lower", 8, 16, (1, 0)),
    ("convt:1,k4,s2,same-upper", 8, 16, (1, 1)),
    ("convt:1,k5,s2,same-lower", 8, 16, (2, 1)),
    ("convt:1,k3,s2,d2,same-upper", 8, 16, (1, 2)),
    ("convt:1,k3,s2,op1,same-upper", 8, 16, (1, 1)),
    ("convt:1,k2,s3,same-upper", 8, 24, (0, 0)),
    ("convt:1,k2,s3,same-lower", 8, 24, (0, 0)),
    ("convt:1,k4,same", 8, 8, (1, 2)),
    ("convt:1,k3,s2,valid", 8, 17, (0, 0)),
]


@pytest.mark.parametrize(("spec", "size", "output", "ends"), SAME_MODES)
def test_padding_words_place_the_odd_cell(spec, size, output, ends):
    (node,) = convcalc.parse(spec).nodes
    (window,) = node.layer.windows((1, size))
    assert (1, output) == node.layer.out_shape((1, size))
    assert ends == (window.before, window.after)


@pytest.mark.parametrize(("axis", "start"), [(0, 0), (1, -1)])
def test_same_padding_is_resolved_for_every_axis_by_itself(axis, start):
    # 112*2 + 1 - 224 = 1 cell goes to the end; 160*2 + 3 - 321 = 2 go to both.
    row = report("conv:4,k3,s2,same-upper", (3, 224, 321))
    assert (4, 112, 161) == row.output_shape
    assert (3, 2, start) == seen(row)[axis]


@pytest.mark.parametrize(
    ("spec", "shape", "output"),
    [
        # The layer inverts a convolution whose stride drops cells: 7 and 8 cells both give 4.
        ("convt:1,k3,s2,p1,size7", (1, 4), (1, 7)),
        ("convt:1,k3,s2,p1,size8", (1, 4), (1, 8)),
        ("convt:1,k3,s2,p1,size=7x8", (1, 4, 4), (1, 7, 8)),
        ("convt:1,k3,s2,p1,output_size=8", (1, 4, 4), (1, 8, 8)),
        ("convt:1,k3,s2,size9", (1, 4), (1, 9)),
        ("convt:1,k3,s1,d2,size9", (1, 4), (1, 9)),  # 3 + 5 = 8, and 1 more is below the dilation
        ("convt:1,k2,s3,same-upper,size11", (1, 4), (1, 11)),  # 3*3 + 2
    ],
)
def test_output_size_decides_the_output_padding(spec, shape, output):
    assert output == report(spec, shape).output_shape


@pytest.mark.parametrize(
    ("spec", "shape", "unread"),
    [
        ("conv:1,k7,s2,p3", (1, 224, 224), (0, 0)),
        ("conv:1,k11,s4", (1, 224, 227), (1, 0)),  # 213 mod 4, 216 mod 4
        ("sep:1,k2,s3", (1, 10, 9), (2, 1)),
        ("dw:k2,s3", (1, 10), (2,)),
        ("pw:4,s4", (1, 9, 8), (0, 3)),
        ("convt:1,k2,s3", (1, 9, 8), (0, 0)),
    ],
)
def test_cells_that_no_window_reaches_are_reported(spec, shape, unread):
    assert unread == report(spec, shape).unread


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv(1, 2), [3, 5]),  # 1 + 2 and 2 + 3 of the cells 1, 2, 3
        (Conv(1, 2, padding="same"), [3, 5, 3]),
        (Conv(1, 2, padding="same-lower"), [1, 3, 5]),
        (Conv(1, 3, padding="full"), [1, 3, 6, 5, 3]),
        (Conv(1, 2, 3, padding="full", dilation=2), [1, 2]),  # 0 0 [1 2 3] 0 0: 0 + 1, 2 + 0
        (Conv(1, 3, padding=1, padding_mode="reflect"), [5, 6, 7]),  # 2 1 2 3 2
        (Conv(1, 3, padding=2, padding_mode="symmetric"), [4, 4, 6, 8, 8]),  # 2 1 1 2 3 3 2
        (Conv(1, 3, padding=1, padding_mode="replicate"), [4, 6, 8]),  # 1 1 2 3 3
        (Conv(1, 3, padding=1, padding_mode="circular"), [6, 6, 6]),  # 3 1 2 3 1
        (ConvTranspose(1, 2), [1, 3, 5, 3]),
        (ConvTranspose(1, 3, 2, 1, output_padding=1), [1, 3, 2, 5, 3, 3]),  # 1 1 3 2 5 3 3 cropped
        (ConvTranspose(1, 3, 2, padding="same-upper"), [1, 1, 3, 2, 5, 3]),
    ],
)
def test_running_hands_the_resolved_padding_to_the_backend(layer, expected):
    weights = {"weight": np.ones((1, 1, layer.kernel_size), int), "bias": np.array([0])}
    result = layer.run(Loops(), [np.array([[[1, 2, 3]]])], weights)
    assert expected == result[0, 0].tolist()


def test_same_padding_of_an_even_kernel_looks_to_the_end():
    image = np.array([[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]], float)
    weights = {"weight": np.array([[[[1.0, 0.0], [2.0, 1.0]]]]), "bias": np.array([-0.2050])}
    result = Conv(1, 2, padding="same").run(Loops(), [image[None, None]], weights)[0, 0]
    # First row: 1*4 + 2*4 + 1*4 - 0.205, ...; below the last row everything is 0.
    np.testing.assert_allclose([15.7950, 10.7950, 15.7950, 14.7950], result[0], rtol=1e-12)
    np.testing.assert_allclose([0.7950, -0.2050, 1.7950, 3.7950], result[3], rtol=1e-12)


@st.composite
def convolutions(draw, transposed):
    """(shape, arguments by PyTorch's names) of a layer that fits, one spatial axis to three."""
    rank, groups = draw(st.integers(1, 3)), draw(st.integers(1, 4))

    def axes(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    kernel, stride, dilation, padding = axes(1, 5), axes(1, 4), axes(1, 3), axes(0, 4)
    arguments = {
        "out_channels": groups * draw(st.integers(1, 3)),
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if transposed:
        limits = map(max, stride, dilation)
        arguments["output_padding"] = tuple(draw(st.integers(0, most - 1)) for most in limits)
    return (groups * draw(st.integers(1, 3)), *axes(1, 20)), arguments


def torch_answers(name, shape, arguments):
    """(output shape or None, weight shapes) of torch's module, which computes nothing."""
    torch = pytest.importorskip("torch")
    module_type = getattr(torch.nn, f"{name}{len(shape) - 1}d")
    module = module_type(shape[0], device="meta", **arguments)
    try:
        output = tuple(module(torch.empty(1, *shape, device="meta")).shape[1:])
    except RuntimeError:
        output = None
    return output, {key: tuple(weight.shape) for key, weight in module.named_parameters()}


@given(convolutions(transposed=False))
def test_shapes_and_params_are_torchs(drawn):
    shape, arguments = drawn
    output, weights = torch_answers("Conv", shape, arguments)
    network = Network.chain([Conv(**arguments)])
    if output is None or 0 in output:  # without data some releases of torch refuse no kernel
        with pytest.raises(ShapeError):
            network.analyze(shape)
        return
    (row,) = network.analyze(shape).layers
    assert (output, weights) == (row.output_shape, row.weights)


@given(convolutions(transposed=True))
def test_transposed_shapes_and_params_are_torchs(drawn):
    shape, arguments = drawn
    layer = ConvTranspose(**arguments)
    sizes = zip(layer.windows(shape), shape[1:], arguments["output_padding"], strict=True)
    assume(all(window.transposed_size(size, extra) > 0 for window, size, extra in sizes))
    (row,) = Network.chain([layer]).analyze(shape).layers
    assert torch_answers("ConvTranspose", shape, arguments) == (row.output_shape, row.weights)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(st.data())
def test_same_padding_keeps_the_size_as_in_torch(data):
    shape, arguments = data.draw(convolutions(transposed=False))
    arguments |= {"stride": (1,) * (len(shape) - 1), "padding": "same"}
    layer = Conv(**arguments)
    torch_output, _ = torch_answers("Conv", shape, arguments)
    assert torch_output == layer.out_shape(shape) == (layer.out_channels, *shape[1:])


@pytest.mark.parametrize(
    ("mode", "most"),
    [("reflect", 2), ("symmetric", 3), ("circular", 3), ("replicate", 50), ("zeros", 50)],
)
def test_padding_up_to_its_bound_is_accepted(mode, most):
    layer = Conv(8, 1, padding=most, padding_mode=mode)
    assert (8, 3 + 2 * most) == layer.out_shape((3, 3))


def test_the_windows_of_a_layer_are_one_per_axis():
    layer = Conv(8, (3, 5), (1, 2), ((0, 1), 2), (2, 1))
    assert (Window(3, 1, 0, 1, 2), Window(5, 2, 2, 2, 1)) == layer.windows((4, 9, 9))

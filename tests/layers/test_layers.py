"""Every kind of layer: shapes, weights, costs, fields, and what it refuses."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import convcalc
from contract import CONTRACT, HALF
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.layers import (
    KINDS,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv,
    ConvTranspose,
    Costs,
    Depthwise,
    Dropout,
    ElementOps,
    GlobalAvgPool,
    GroupNorm,
    Hardtanh,
    InstanceNorm,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool,
    Pad,
    PixelShuffle,
    Pointwise,
    PReLU,
    Residual,
    Scale,
    Separable,
    Slice,
    Upsample,
)
from convcalc.network.graph import Network
from convcalc.receptive import IDENTITY
from convcalc.window import Window
from oracles import naive_conv, naive_conv_transpose

SEEING_ALL = {"gap", "gn", "in", "linear", "flatten", "scale"}
NEED_SPATIAL_AXES = {
    "conv", "convt", "dw", "pw", "sep", "maxpool", "avgpool", "gap", "adaptiveavgpool",
    "adaptivemaxpool", "in", "pad", "upsample", "pixelshuffle",
}  # fmt: skip
WITH_BIAS = [kind for kind, layer in KINDS.items() if "bias" in layer.rules()]


def layer_of(kind):
    """The layer of a kind's row."""
    return convcalc.parse(CONTRACT[kind].spec).nodes[-1].layer


def report(spec, shape, batch=1):
    """The last layer of a spec."""
    return convcalc.parse(spec).analyze(shape, batch).layers[-1]


def seen(row):
    return tuple((f.size, f.effective_stride, f.start) for f in row.receptive_field)


def test_every_kind_has_a_row_here():
    assert set(CONTRACT) == set(KINDS)


@pytest.mark.parametrize("kind", CONTRACT)
def test_a_kind_answers_for_shapes_weights_costs_and_field(kind):
    expected, row = CONTRACT[kind], report(CONTRACT[kind].spec, CONTRACT[kind].input)
    assert (kind, expected.spec.partition("{")[0]) == (row.kind, row.spec)
    assert (expected.output, expected.weights) == (row.output_shape, row.weights)
    assert list(expected.weights) == list(row.weights)
    assert (expected.params, expected.macs, 2 * expected.macs) == (row.params, row.macs, row.flops)
    assert (expected.bias_adds, expected.elements.total) == (row.bias_adds, row.element_ops)
    assert expected.elements == layer_of(kind).costs(*row.input_shapes).elements
    assert expected.field == seen(row)
    assert {kind in SEEING_ALL} == {field.whole for field in row.receptive_field}


@pytest.mark.parametrize("kind", WITH_BIAS)
def test_without_bias_nothing_else_changes(kind):
    expected, row = CONTRACT[kind], report(CONTRACT[kind].spec + ",nobias", CONTRACT[kind].input)
    weights = {name: shape for name, shape in expected.weights.items() if "bias" not in name}
    assert (expected.output, weights) == (row.output_shape, row.weights)
    assert (expected.macs, 0) == (row.macs, row.bias_adds)


@pytest.mark.parametrize("kind", CONTRACT)
def test_batch_multiplies_costs_and_not_params(kind):
    spec, shape = CONTRACT[kind].spec, CONTRACT[kind].input
    one, many = report(spec, shape), report(spec, shape, batch=7)
    for name in ("macs", "flops", "bias_adds", "element_ops", "activations"):
        assert 7 * getattr(one, name) == getattr(many, name)
    assert (one.params, one.output_shape) == (many.params, many.output_shape)


@pytest.mark.parametrize(
    ("spec", "shape", "expected"),
    [
        # ResNet's first layer, with bias: 64*3*49 + 64; 64*112^2*147; 64*112^2
        ("conv:64,k7,s2,p3", (3, 224, 224), ((64, 112, 112), 9472, 118013952, 802816)),
        # MobileNets (2017), table 3: 462 M; 512*512*9, times 14^2
        ("conv:512,k3,p1,nobias", (512, 14, 14), ((512, 14, 14), 2359296, 462422016, 0)),
        # MobileNets (2017), table 3: 52.3 M and 0.27 M; 512*9 + 512*512, times 14^2
        ("sep:512,k3,p1,nobias", (512, 14, 14), ((512, 14, 14), 266752, 52283392, 0)),
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


def test_depthwise_takes_its_channels_from_the_input():
    assert report("dw:k3", (5, 4, 4)).weights == {"weight": (5, 1, 3, 3), "bias": (5,)}
    assert Depthwise(3).stages(5) == {"": Conv(5, 3, groups=5)}


def test_pointwise_is_a_convolution_of_one_tap():
    assert Pointwise(8, 2, 2).stages(4) == {"": Conv(8, 1, 2, groups=2)}


def test_separable_keeps_every_spatial_parameter_in_its_first_stage():
    layer = Separable(3, 2, 1, 2, 4, False, "reflect", out_channels=7)
    first = Conv(20, 3, 2, 1, 2, 5, False, "reflect")
    assert {"depthwise.": first, "pointwise.": Conv(7, 1, bias=False)} == layer.stages(5)


def test_totals_are_the_sums_over_the_layers():
    totals = convcalc.parse("conv:4,k3 dw:k3 pw:2").analyze((3, 6, 6), batch=2).totals
    assert 162 == totals.params  # (4*27 + 4) + (4*9 + 4) + (2*4 + 2)
    assert 3808 == totals.macs  # 2*(16*4*27 + 4*4*9 + 4*2*4)
    assert 7616 == totals.flops
    assert 176 == totals.bias_adds  # 2*(16*4 + 4*4 + 4*2)
    assert 176 == totals.activations
    assert 0 == totals.element_ops


def test_costs_add_column_by_column():
    one = Costs(1, 2, ElementOps(3, 4, 5, 6, 7))
    other = Costs(10, 20, ElementOps(30, 40, 50, 60, 70))
    assert Costs(11, 22, ElementOps(33, 44, 55, 66, 77)) == one + other
    assert 275 == (one + other).elements.total


def test_weights_are_named_by_the_label_of_their_layer():
    network = convcalc.parse("dw:k3,nobias sep:2,k1")
    expected = {
        "0.weight": (3, 1, 3, 3),
        "1.depthwise.weight": (3, 1, 1, 1),
        "1.depthwise.bias": (3,),
        "1.pointwise.weight": (2, 3, 1, 1),
        "1.pointwise.bias": (2,),
    }
    assert expected == network.weight_shapes((3, 4, 4))


class Loops(NumpyBackend):
    """A backend that convolves in plain loops, to see what the layers ask for."""

    def conv(self, array, weight, bias, windows, groups, padding_mode):
        return naive_conv(
            array,
            weight,
            bias,
            stride=[w.stride for w in windows],
            pads=[(w.before, w.after) for w in windows],
            dilation=[w.dilation for w in windows],
            groups=groups,
            mode=padding_mode,
        )

    def conv_transpose(self, array, weight, bias, windows, groups, out_sizes):
        return naive_conv_transpose(
            array,
            weight,
            bias,
            stride=[w.stride for w in windows],
            pads=[(w.before, w.after) for w in windows],
            dilation=[w.dilation for w in windows],
            groups=groups,
            output_sizes=out_sizes,
        )


@pytest.mark.parametrize("kind", CONTRACT)
def test_running_gives_the_promised_shape(kind):
    spec, shape = CONTRACT[kind].spec, CONTRACT[kind].input
    layer, inputs = layer_of(kind), report(spec, shape).input_shapes
    weights = {name: np.ones(of) for name, of in layer.tensor_shapes(*inputs).items()}
    arrays = [np.ones((2, *of)) for of in inputs]
    assert (2, *CONTRACT[kind].output) == layer.run(Loops(), arrays, weights).shape


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv(1, 2), [3, 5]),  # 1 + 2 and 2 + 3 of the cells 1, 2, 3
        (Conv(1, 2, padding="same"), [3, 5, 3]),
        (Conv(1, 2, padding="same-lower"), [1, 3, 5]),
        (Conv(1, 3, padding=1, padding_mode="reflect"), [5, 6, 7]),  # 2 1 2 3 2
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


def test_running_a_separable_layer_hands_each_stage_its_own_weights():
    weights = {
        "depthwise.weight": np.array([[[2]], [[3]]]),
        "depthwise.bias": np.array([1, 1]),
        "pointwise.weight": np.array([[[10], [1]]]),
        "pointwise.bias": np.array([5]),
    }
    result = Separable(1, out_channels=1).run(Loops(), [np.array([[[1, 2], [3, 4]]])], weights)
    assert [[[45, 68]]] == result.tolist()  # 10*(2x + 1) + (3y + 1) + 5


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
    if output is None:
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
    ("build", "parameter", "message"),
    [
        (lambda: Conv(0, 3), "out_channels", "must be at least 1, got 0"),
        (lambda: Conv(-4, 3), "out_channels", "must be at least 1, got -4"),
        (lambda: Conv(8.0, 3), "out_channels", "expected a whole number, got 8.0"),
        (lambda: Conv(True, 3), "out_channels", "expected a whole number, got True"),
        (lambda: Conv("8", 3), "out_channels", "expected a whole number, got '8'"),
        (lambda: Conv(None, 3), "out_channels", "expected a whole number, got None"),
        (lambda: Conv((8, 8), 3), "out_channels", "expected a whole number, got (8, 8)"),
        (lambda: Conv(2**31, 3), "out_channels", "must be at most 2147483647"),
        (lambda: Conv(-(10**5000), 3), "out_channels", "must be at least 1"),
        (lambda: Conv(8, 0), "kernel_size", "must be at least 1, got 0"),
        (lambda: Conv(8, (3, 0)), "kernel_size", "must be at least 1, got 0"),
        (lambda: Conv(8, ()), "kernel_size", "one value for each of 1 to 3 axes, got 0"),
        (lambda: Conv(8, (3,) * 4), "kernel_size", "one value for each of 1 to 3 axes, got 4"),
        (lambda: Conv(8, 2.5), "kernel_size", "a whole number or one per axis, as 3 or 3x5"),
        (lambda: Conv(8, ((3, 3),)), "kernel_size", "expected a whole number, got (3, 3)"),
        (lambda: Conv(8, 3, 0), "stride", "must be at least 1, got 0"),
        (lambda: Conv(8, 3, dilation=0), "dilation", "must be at least 1, got 0"),
        (lambda: Conv(8, 3, groups=0), "groups", "must be at least 1, got 0"),
        (lambda: Conv(8, 3, padding=-1), "padding", "must be at least 0, got -1"),
        (lambda: Conv(8, 3, padding=((0, -1),)), "padding", "must be at least 0, got -1"),
        (lambda: Conv(8, 3, padding=((0, 1, 2),)), "padding", "begin:end for an axis, got 3"),
        (lambda: Conv(8, 3, padding=()), "padding", "1 to 3 axes, got 0"),
        (
            lambda: Conv(8, 3, padding=1.0),
            "padding",
            "or one of valid, same, same-upper, same-lower",
        ),
        (lambda: Conv(8, 3, padding="sane"), "padding", "did you mean 'same'?"),
        (lambda: Conv(8, 3, 2, "same"), "padding", "use 'same-upper'"),
        (lambda: Conv(8, 3, (1, 2), "same"), "padding", "goes with stride 1 only"),
        (lambda: ConvTranspose(8, 3, 2, "same"), "padding", "goes with stride 1 only"),
        (lambda: Depthwise(3, 2, "same"), "padding", "goes with stride 1 only"),
        (lambda: Separable(3, 2, "same", out_channels=8), "padding", "goes with stride 1 only"),
        (lambda: Conv(8, 3, bias=1), "bias", "expected true or false, got 1"),
        (lambda: Conv(8, 3, bias="maybe"), "bias", "expected true or false, got 'maybe'"),
        (lambda: Conv(8, 3, padding_mode="mirror"), "padding_mode", "zeros, reflect, replicate"),
        (lambda: Conv(8, 3, padding_mode=0), "padding_mode", "expected one of zeros, reflect"),
        (lambda: Depthwise(3, multiplier=0), "multiplier", "must be at least 1, got 0"),
        (lambda: Separable(3, out_channels=0), "out_channels", "must be at least 1, got 0"),
        (lambda: ConvTranspose(8, 3, output_padding=-1), "output_padding", "at least 0, got -1"),
        (lambda: ConvTranspose(8, 3, output_size=0), "output_size", "at least 1, got 0"),
        (lambda: MaxPool(0), "kernel_size", "must be at least 1, got 0"),
        (lambda: MaxPool(2, padding="same"), "padding", "goes with stride 1 only"),
        (lambda: AvgPool(2, ceil_mode=2), "ceil_mode", "expected true or false, got 2"),
        (lambda: AdaptiveAvgPool(0), "output_size", "must be at least 1, got 0"),
        (lambda: Linear(0), "out_features", "must be at least 1, got 0"),
        (lambda: BatchNorm(eps=-1), "eps", "must be at least 0, got -1"),
        (lambda: BatchNorm(eps=float("nan")), "eps", "expected a finite number, got nan"),
        (lambda: LeakyReLU("0.1"), "negative_slope", "expected a number, got '0.1'"),
        (lambda: LeakyReLU(True), "negative_slope", "expected a number, got True"),
        (lambda: LeakyReLU(10**400), "negative_slope", "expected a finite number, got inf"),
        (lambda: Dropout(1.5), "p", "must be at most 1, got 1.5"),
        (lambda: Hardtanh(2, 1), "max_val", "must be above min_val=2, got 1"),
        (
            lambda: Pad("same"),
            "padding",
            "expected elements, as 3, 1x2 (per axis), 0:1 (begin:end)",
        ),
        (lambda: Pad(-1), "padding", "must be at least 0, got -1"),
        (Upsample, "scale_factor", "give either a scale_factor or a size"),
        (lambda: Upsample(2, size=4), "scale_factor", "give either a scale_factor or a size"),
        (lambda: Upsample(2, mode="cubic"), "mode", "expected one of nearest, bilinear"),
        (lambda: Slice(3), "channels", "expected begin:end, as 0:32, got 3"),
        (lambda: Slice((3, 3)), "channels", "the end must lie behind the begin, got 3:3"),
        (lambda: Slice((-1, 3)), "channels", "must be at least 0, got -1"),
        (
            lambda: ConvTranspose(8, 3, 2, output_padding=1, output_size=9),
            "output_size",
            "only one of the two can be given",
        ),
    ],
)
def test_an_impossible_parameter_is_refused_by_name(build, parameter, message):
    with pytest.raises(ParameterError) as caught:
        build()
    assert parameter == caught.value.parameter
    assert str(caught.value).startswith(f"{parameter}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["padding", "padding_mode", "bias", "kernel_size"])
def test_a_refusal_shows_no_character_that_commands_a_terminal(name):
    with pytest.raises(ParameterError) as caught:
        Conv(**{"out_channels": 8, "kernel_size": 3, name: "\x1b[31m"})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("layer", "shape", "parameter", "message"),
    [
        (
            Conv(8, (3, 3)),
            (3, 9),
            "kernel_size",
            "2 values given, but the input has 1 spatial axis",
        ),
        (
            Conv(8, (3, 3)),
            (3, 9, 9, 9),
            "kernel_size",
            "2 values given, but the input has 3 spatial",
        ),
        (Conv(8, 3, (1, 2)), (3, 9), "stride", "2 values given"),
        (Conv(8, 3, dilation=(1, 2)), (3, 9), "dilation", "2 values given"),
        (Conv(8, 3, padding=(1, 2)), (3, 9), "padding", "2 values given"),
        (Conv(8, 3, padding=(1, (2, 3))), (3, 9, 9, 9), "padding", "2 values given"),
        (Depthwise((3, 3)), (3, 9), "kernel_size", "2 values given"),
        (Pointwise(8, (1, 2)), (3, 9), "stride", "2 values given"),
        (ConvTranspose(8, 3, output_padding=(0, 0)), (3, 9), "output_padding", "2 values given"),
        (ConvTranspose(8, 3, output_size=(9, 9)), (3, 9), "output_size", "2 values given"),
        (MaxPool(3, padding=2), (3, 9), "padding", "at most half the kernel, 1 for kernel size 3"),
        (AvgPool(1, padding=1), (3, 9), "padding", "at most half the kernel, 0 for kernel size 1"),
        (MaxPool((4, 2), padding=(2, 2)), (3, 9, 9), "padding", "kernel size 2, got 2"),
        (AvgPool(2, padding=((0, 2),)), (3, 9), "padding", "1 for kernel size 2, got 2"),
        (MaxPool(3, dilation=(1, 2)), (3, 9), "dilation", "2 values given"),
        (AdaptiveAvgPool((1, 1)), (3, 9), "output_size", "2 values given"),
        (Upsample((2, 2)), (3, 9), "scale_factor", "2 values given"),
        (
            ConvTranspose(8, 3, 2, output_padding=2),
            (3, 9),
            "output_padding",
            "smaller than the stride or the dilation, got 2 with stride 2 and dilation 1",
        ),
        (
            ConvTranspose(8, 3, (3, 1), dilation=(1, 2), output_padding=2),
            (3, 9, 9),
            "output_padding",
            "got 2 with stride 1 and dilation 2",
        ),
    ],
)
def test_a_parameter_that_this_input_makes_impossible_is_refused(layer, shape, parameter, message):
    with pytest.raises(ParameterError) as caught:
        Network.chain([layer]).analyze(shape)
    assert parameter == caught.value.parameter
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (
            Conv(8, 5),
            (3, 4, 9),
            "spans 5 elements, the padded input 4 (4 + 0 + 0) in 3x4x9; 1 more element ",
        ),
        (Conv(8, 5, dilation=3), (3, 4), "spans 13 elements (5 taps, dilation 3)"),
        (
            Conv(8, 7, padding=((1, 2),)),
            (3, 2),
            "the padded input 5 (2 + 1 + 2) in 3x2; 2 more elements",
        ),
        (Depthwise(5), (3, 4), "the kernel spans 5 elements"),
        (Separable(5, out_channels=2), (3, 4), "the kernel spans 5 elements"),
        (Conv(8, 3, groups=3), (4, 9), "4 input channels do not divide by groups=3"),
        (Conv(8, 3, groups=3), (6, 9), "8 output channels do not divide by groups=3"),
        (Conv(8, 3, groups=8), (12, 9), "12 and 8 channels allow groups 1, 2, 4"),
        (Conv(360, 3, groups=7), (720, 9), "allow groups 1, 2, 3, 4, 5, 6, 8, ... 360"),
        (ConvTranspose(8, 3, groups=3), (4, 9), "4 input channels do not divide by groups=3"),
        (ConvTranspose(8, 3, groups=3), (6, 9), "8 output channels do not divide by groups=3"),
        (Pointwise(8, groups=3), (6, 9), "8 output channels do not divide by groups=3"),
        (ConvTranspose(8, 3, padding=2), (3, 2), "padding 2 leaves an output of 0 elements"),
        (
            ConvTranspose(8, 3, padding=5),
            (3, 2, 9),
            "leaves an output of -6x1 elements; every axis",
        ),
        (ConvTranspose(8, 2, 2**31 - 1), (3, 3), "an output axis longer than 2147483647 elements"),
        (Conv(8, 1, padding=2**31 - 1), (3, 3), "an output axis longer than 2147483647 elements"),
        (ConvTranspose(8, 3, 2, output_size=8), (3, 4), "8 cannot come from 3x4; 9 to 10 can"),
        (ConvTranspose(8, 3, 2, output_size=11), (3, 4), "11 cannot come from 3x4; 9 to 10 can"),
        (
            ConvTranspose(8, 3, 2, output_size=(9, 8)),
            (3, 4, 4),
            "output_size 9x8 cannot come from 3x4x4; 9x9 to 10x10 can",
        ),
        (
            Conv(8, 1, padding=3, padding_mode="reflect"),
            (3, 3),
            "padding of 3 on an axis of 3 elements",
        ),
        (Conv(8, 1, padding=((0, 3),), padding_mode="reflect"), (3, 3), "at most 2 fit"),
        (Conv(8, 1, padding=4, padding_mode="circular"), (3, 3), "at most 3 fit"),
        (Depthwise(1, padding=((4, 0),), padding_mode="circular"), (3, 3), "at most 3 fit"),
        (MaxPool(5), (3, 4, 9), "the kernel spans 5 elements, the padded input 4 (4 + 0 + 0)"),
        (AvgPool(5, 3, 1), (3, 2), "the padded input 4 (2 + 1 + 1) in 3x2; 1 more element "),
        (GroupNorm(3), (4, 9), "4 channels do not divide by num_groups=3; the input is 4x9"),
        (InstanceNorm(), (4, 1, 1), "needs more than one element in each channel, got 4x1x1"),
        (PReLU(3), (4, 9), "num_parameters=3 on 4x9; 1 or 4 fit"),
        (Pad(3, "reflect"), (3, 3), "at most 2 fit"),
        (Upsample(2**31 - 1), (3, 3), "an output axis longer than 2147483647 elements"),
        (
            PixelShuffle(2),
            (6, 4, 4),
            "6 channels do not divide by 4, the elements of a block of 2x2",
        ),
        (ChannelShuffle(3), (4, 9), "4 channels do not divide by groups=3; the input is 4x9"),
        (Slice((0, 5)), (4, 9), "channels 0:5 of 4x9, which has 4; an end of at most 4 fits"),
        (Conv(8, 3), (3,), "channels and 1 to 3 spatial sizes, as 3x224x224; got 3"),
        (Conv(8, 3), (3, 9, 9, 9, 9), "1 to 3 spatial sizes, as 3x224x224; got 3x9x9x9x9"),
        (Conv(8, 3), (), "an input needs at least its channels"),
    ],
)
def test_a_layer_that_does_not_fit_says_why(layer, shape, message):
    with pytest.raises(ShapeError) as caught:
        Network.chain([layer]).analyze(shape)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (
            Residual(),
            [(64, 56, 56), (256, 56, 56)],
            "branch 0 gives 64x56x56, branch 1 gives 256x56x56: a sum needs equal shapes; branch 1 "
            "would have to give 64x56x56; pw:64 at the end of branch 1 would "
            "(an empty branch is the input)",
        ),
        (
            Residual(),
            [(8, 4, 4), (8, 4, 4), (8, 2, 4)],
            "branch 0 gives 8x4x4, branch 2 gives 8x2x4: a sum needs equal shapes; branch 2 would "
            "have to give 8x4x4",
        ),
        (
            Residual(),
            [(8, 4, 4), (4, 2, 2)],
            "a sum needs equal shapes; branch 1 would have to give 8x4x4",
        ),
        (Residual(), [(8, 4, 4), (8,)], "branch 1 would have to give 8x4x4"),
        (
            Concat(),
            [(8, 28, 28), (4, 14, 14)],
            "branch 0 gives 8x28x28, branch 1 gives 4x14x14: a concatenation needs equal spatial "
            "sizes; branch 1 would have to give 4x28x28",
        ),
        (Concat(), [(8, 4), (4,)], "branch 1 would have to give 4x4"),
        (
            Scale(),
            [(8, 4, 5), (4, 1, 1)],
            "the input is 8x4x5, the gate gives 4x1x1: a gate has the input's size or 1 along each "
            "axis; it would have to give 8x1x1 or 8x4x5 or 1x4x5",
        ),
        (Scale(), [(8, 4, 5), (8,)], "it would have to give 8x1x1 or 8x4x5 or 1x4x5"),
        (Scale(), [(8, 4, 5)], "needs an input and one gate, got 1 inputs"),
    ],
)
def test_branches_that_do_not_fit_together_say_what_would_have_to_change(layer, shapes, message):
    with pytest.raises(ShapeError) as caught:
        layer.out_shape(*shapes)
    assert str(caught.value).endswith(message)


@given(st.integers(1, 12), st.integers(1, 12))
def test_resized_axes_see_the_cells_that_their_values_come_from(size, out):
    ratio = Fraction(size, out)
    for layer, cells in [
        (AdaptiveAvgPool(out), lambda u: (floor(u * ratio), ceil((u + 1) * ratio) - 1)),
        (Upsample(size=out), lambda u: (floor(u * ratio),) * 2),
        (
            Upsample(size=out, mode="bilinear"),
            lambda u: (floor((u + HALF) * ratio - HALF), ceil((u + HALF) * ratio - HALF)),
        ),
    ]:
        (field,) = layer.field(((IDENTITY,),), ((1, size),))
        assert ratio == field.effective_stride
        for u in range(len(field.phases)):
            runs = field.phases[u]
            assert cells(u) == (runs[0][0], runs[-1][1])


@pytest.mark.parametrize("layer", [MaxPool(2), GlobalAvgPool(), AdaptiveMaxPool(1), Linear(4)])
def test_what_sees_the_whole_axis_says_so(layer):
    whole = {field.whole for field in layer.field(((IDENTITY,),), ((3, 5),))}
    assert {not isinstance(layer, MaxPool)} == whole


def test_a_gate_of_a_single_cell_lets_every_output_see_all():
    row = report("conv:4,k3,p1 scale{gap pw:4 sigmoid}", (3, 8, 8))
    assert ((3, 1, -1), (3, 1, -1)) == seen(row)
    assert all(field.whole for field in row.receptive_field)


@pytest.mark.parametrize(
    ("spec", "shape", "output"),
    [
        ("maxpool:3,s2,p1", (64, 112, 112), (64, 56, 56)),  # ResNet's
        ("maxpool:k3,s2,p1", (64, 112, 112), (64, 56, 56)),
        ("maxpool:3,s2,ceil", (64, 112, 112), (64, 56, 56)),  # GoogLeNet's: 109/2 up + 1
        ("maxpool:2,s2,same-upper", (8, 7, 6), (8, 4, 3)),
        ("avgpool:2x3", (8, 7, 6), (8, 3, 2)),
        ("avgpool:3,s1,same", (8, 7), (8, 7)),
        ("maxpool:3,s2,ceil", (1, 2), (1, 1)),  # a window larger than its input hangs over
        ("maxpool:2,s3,p1,ceil", (1, 2), (1, 1)),  # the second would start at 2, behind the input
    ],
)
def test_pooling_sizes(spec, shape, output):
    assert output == report(spec, shape).output_shape


@pytest.mark.parametrize(
    ("layer", "spec"),
    [
        (MaxPool(3, 2, 1, True), "maxpool:3,s2,p1,ceil"),
        (AvgPool((2, 3), count_include_pad=False), "avgpool:2x3,noinclude"),
        (AvgPool(3, 1, 1, count_include_pad=True), "avgpool:3,s1,p1"),
        (AvgPool(3, 1, "same-upper", count_include_pad=False), "avgpool:3,s1,same-upper"),
        (AvgPool(3, 1, "same-upper", count_include_pad=True), "avgpool:3,s1,same-upper,include"),
        (BatchNorm(eps=0.001, affine=False), "bn:eps0.001,noaffine"),
        (InstanceNorm(affine=True), "in:affine"),
        (LeakyReLU(0.2), "leakyrelu:0.2"),
        (LeakyReLU(2), "leakyrelu:2"),
        (Hardtanh(-2, 0.5), "hardtanh:min-2,max0.5"),
        (Slice((0, 32)), "slice:0:32"),
        (Upsample(size=(7, 9), mode="bilinear"), "upsample:size7x9,bilinear"),
        (Pad(((0, 1), 2), "reflect"), "pad:0:1x2,reflect"),
    ],
)
def test_a_layer_writes_itself_in_the_spec_language(layer, spec):
    assert spec == layer.spec()


@pytest.mark.parametrize(
    ("mode", "most"), [("reflect", 2), ("circular", 3), ("replicate", 50), ("zeros", 50)]
)
def test_padding_up_to_its_bound_is_accepted(mode, most):
    layer = Conv(8, 1, padding=most, padding_mode=mode)
    assert (8, 3 + 2 * most) == layer.out_shape((3, 3))


@pytest.mark.parametrize("kind", sorted(NEED_SPATIAL_AXES))
@pytest.mark.parametrize("shape", [(12,), (12, 9, 9, 9, 9)])
def test_kinds_with_windows_refuse_what_has_no_spatial_axes_or_too_many(kind, shape):
    with pytest.raises(ShapeError, match="1 to 3 spatial sizes"):
        Network.chain([layer_of(kind)]).weight_shapes(shape)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - NEED_SPATIAL_AXES - {"slice"}))
def test_other_kinds_work_on_features_alone(kind):
    layer = layer_of(kind)
    shapes = ((2,),) * (2 if layer.joins else 1)
    assert 1 == len(layer.out_shape(*shapes))
    assert (IDENTITY,) == tuple(
        dataclasses.replace(field, whole=False)
        for field in layer.field(((IDENTITY,),) * len(shapes), shapes)
    )


def test_a_misfit_names_its_layer():
    with pytest.raises(ShapeError) as caught:
        Network.chain([Conv(8, 3), Conv(8, 9)]).analyze((3, 4, 4))
    assert str(caught.value).startswith("layer 1 (conv:8,k9): the kernel spans 9 elements, ")


@pytest.mark.parametrize(
    ("shape", "batch", "parameter"),
    [((0, 4, 4), 1, "input"), ((3, -1), 1, "input"), ((3, 4.0), 1, "input")]
    + [((3, 9), batch, "batch") for batch in (0, -1, 1.0, True, None)],
)
def test_sizes_and_batch_are_whole_numbers_of_at_least_one(shape, batch, parameter):
    with pytest.raises(ParameterError) as caught:
        convcalc.parse("conv:8,k1").analyze(shape, batch)
    assert parameter == caught.value.parameter


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Conv(8, 3), Conv(8, (3,))),
        (Conv(8, 3), Conv(np.int64(8), np.int32(3))),
        (Conv(8, (3, 5)), Conv(8, [3, 5])),
        (Conv(8, 3, padding=(1, 2)), Conv(8, 3, padding=((1, 1), (2, 2)))),
        (Conv(8, 3, padding=1), Conv(8, 3, padding=((1, 1),))),
        (Conv(8, 3, padding="Same_Upper"), Conv(8, 3, padding="same-upper")),
        (Conv(8, 3, padding_mode="REFLECT"), Conv(8, 3, padding_mode="reflect")),
        (Conv(8, 3, bias="False"), Conv(8, 3, bias=False)),
        (Network.chain([Conv(8, 3)]), convcalc.parse(" conv:8,k3 ")),
    ],
)
def test_equal_ways_of_writing_are_equal_and_hash_alike(one, other):
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Conv(8, 3), Conv(8, (3, 3))),  # the second only fits two axes
        (Conv(8, 3), ConvTranspose(8, 3)),
        (Conv(8, 3), Conv(8, 3, bias=False)),
        (Conv(8, 3, padding=((0, 1),)), Conv(8, 3, padding=((1, 0),))),
        (Conv(8, 3, padding=1), Conv(8, 3, padding="same")),
    ],
)
def test_different_layers_are_unequal(one, other):
    assert one != other


def test_parameters_are_plain_integers_whatever_they_were_given_as():
    layer = Conv(np.int64(8), [np.int16(3), 5], padding=(np.uint8(1), (0, np.int64(2))))
    values = (layer.out_channels, *layer.kernel_size, layer.padding[0], *layer.padding[1])
    assert {int} == {type(value) for value in values}


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_cannot_be_changed(kind):
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer_of(kind).bias = False


@pytest.mark.parametrize("kind", KINDS)
def test_two_kinds_cannot_share_a_name(kind):
    before = dict(KINDS)
    with pytest.raises(TypeError, match=f"two kinds are called '{kind}'"):
        type("Again", (Layer,), {"kind": kind})
    assert before == KINDS


def test_a_layer_read_from_a_text_is_refused_with_its_place():
    with pytest.raises(SpecError, match=r"(?m)^  conv:8,k3 conv:8,k9\n            \^{9}$"):
        convcalc.parse("conv:8,k3 conv:8,k9").analyze((3, 4, 4))


def test_the_windows_of_a_layer_are_one_per_axis():
    layer = Conv(8, (3, 5), (1, 2), ((0, 1), 2), (2, 1))
    assert (Window(3, 1, 0, 1, 2), Window(5, 2, 2, 2, 1)) == layer.windows((4, 9, 9))

"""Layers that do not fit their input: what is said of them, and where."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.layers import (
    AdaptiveAvgPool,
    AvgPool,
    ChannelShuffle,
    Conv,
    ConvTranspose,
    Depthwise,
    GroupNorm,
    InstanceNorm,
    MaxPool,
    Pad,
    PixelShuffle,
    PixelUnshuffle,
    Pointwise,
    PReLU,
    Reshape,
    Separable,
    Slice,
    Unflatten,
    Upsample,
)
from convcalc.network.graph import Network


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
        (Conv(8, 1, padding=4, padding_mode="symmetric"), (3, 3), "at most 3 fit"),
        (Pad(((-2, -1),)), (3, 3), "padding -2:-1 cuts off all 3 elements of an axis of 3x3"),
        (Pad(((-4, 9),)), (3, 3), "padding -4:9 cuts off all 3 elements"),
        (Pad(((-1, 3),), "circular"), (3, 3), "at most 2 fit"),
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
        (PixelUnshuffle(4), (6, 8, 6), "sizes 8x6 do not divide by downscale_factor=4; the input"),
        (Reshape((4, 4)), (3, 5), "4x4 holds 16 elements, the input 3x5 has 15"),
        (Reshape((-1, 4)), (3, 5), "-1x4 holds a multiple of 4 elements, the input 3x5 has 15"),
        (Unflatten((2, 3)), (4, 9), "2x3 holds 6 elements, axis 1 of 4x9 has 4"),
        (Unflatten((2, -1), -1), (4, 9), "a multiple of 2 elements, axis -1 of 4x9 has 9"),
        (Unflatten((2, 2), 3), (4, 9), "dim=3 is no axis of 4x9"),
        (Unflatten((2, 2), -3), (4, 9), "dim=-3 is no axis of 4x9"),
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


def test_a_layer_read_from_a_text_is_refused_with_its_place():
    with pytest.raises(SpecError, match=r"(?m)^  conv:8,k3 conv:8,k9\n            \^{9}$"):
        convcalc.parse("conv:8,k3 conv:8,k9").analyze((3, 4, 4))

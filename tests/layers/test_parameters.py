"""What parameters may be, and the one form that each of them takes."""

from __future__ import annotations

import numpy as np
import pytest

import convcalc
from convcalc.errors import ParameterError
from convcalc.layers import (
    AdaptiveAvgPool,
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Depthwise,
    Dropout,
    Hardtanh,
    LeakyReLU,
    Linear,
    LPPool,
    MaxPool,
    Pad,
    Reshape,
    Separable,
    Slice,
    Unflatten,
    Upsample,
)
from convcalc.network.graph import Network


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
            "or one of valid, same, same-upper, same-lower, full",
        ),
        (lambda: Conv(8, 3, padding="sane"), "padding", "did you mean 'same'?"),
        (lambda: Conv(8, 3, 2, "same"), "padding", "use 'same-upper'"),
        (lambda: Conv(8, 3, (1, 2), "same"), "padding", "goes with stride 1 only"),
        (lambda: ConvTranspose(8, 3, 2, "same"), "padding", "goes with stride 1 only"),
        (lambda: Depthwise(3, 2, "same"), "padding", "goes with stride 1 only"),
        (lambda: Separable(3, 2, "same", out_channels=8), "padding", "goes with stride 1 only"),
        (lambda: Conv(8, 3, bias=1), "bias", "expected true or false, got 1"),
        (lambda: Conv(8, 3, bias="maybe"), "bias", "expected true or false, got 'maybe'"),
        (lambda: Conv(8, 3, padding_mode="around"), "padding_mode", "zeros, reflect, symmetric"),
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
        (lambda: LPPool(2, norm_type=0), "norm_type", "must be above 0"),
        (lambda: LPPool(2, norm_type=-1), "norm_type", "must be at least 0, got -1"),
        (lambda: Conv(8, 3, padding=-1), "padding", "must be at least 0, got -1"),
        (lambda: Pad(1, "wrap", 2), "value", "in the place of zeros, not of mode 'circular'"),
        (lambda: Pad(1, value=float("inf")), "value", "expected a finite number, got inf"),
        (lambda: Pad(-(2**31)), "padding", "must be at least -2147483647, got"),
        (lambda: Reshape((4, -1, -1)), "sizes", "only one size can be -1"),
        (lambda: Reshape((1,) * 9), "sizes", "expected 1 to 8 sizes, as 16x4x4, got 9"),
        (lambda: Reshape((4, 0)), "sizes", "must be at least 1, got 0"),
        (lambda: Unflatten((4, 2.5)), "unflattened_size", "expected a whole number, got 2.5"),
        (lambda: Unflatten((4, 4), 0), "dim", "0 is the batch"),
        (Upsample, "scale_factor", "give either a scale_factor or a size"),
        (lambda: Upsample(2, size=4), "scale_factor", "give either a scale_factor or a size"),
        (lambda: Upsample(2, align_corners=True), "align_corners", "goes with mode bilinear"),
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

"""Products of real cells, against published counts and convolutions of ones with ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis.conventions.real_taps import real_taps
from convcalc.errors import LayerError, ParameterError, SpecError
from oracles import naive_conv, naive_conv_transpose


def one(spec, size, batch=1):
    (found,) = real_taps(convcalc.parse(spec), size, batch)
    return found


# Derived by hand: along 7 cells with one cell of padding, 3*7 - 2 = 19 pairs are real; 19^2 = 361.
@pytest.mark.parametrize(
    ("spec", "size", "macs", "real"),
    [
        ("conv:1,k3,p1", (1, 7, 7), 441, 361),
        ("conv:1,k3", (1, 7, 7), 225, 225),
        ("conv:4,k3,p1,g2", (2, 7, 7), 1764, 1444),
        ("conv:1,k3,p1,reflect", (1, 7, 7), 441, 441),
        ("conv:1,k3,same,d4", (1, 7), 21, 13),
        ("conv:1,k1,p2", (1, 3), 7, 3),
        ("dw:k3,p1", (5, 7, 7), 2205, 1805),
        ("sep:2,k3,p1", (5, 7, 7), 2695, 2295),
        ("linear:4", (3, 5), 60, 60),
        ("relu", (3, 5), 0, 0),
        ("residual{}", (3, 5), 0, 0),
    ],
)
def test_real_macs(spec, size, macs, real):
    assert macs == convcalc.parse(spec).analyze(size).totals.macs
    assert (real, None) == one(spec, size)
    assert (3 * real, None) == one(spec, size, 3)


# A kernel of 4 with stride 2 from 8 to 16 cells crops one cell at each end: 2 of 32 products.
@pytest.mark.parametrize(
    ("spec", "size", "figures"),
    [
        ("convt:1,k4,s2,p1", (1, 8), (32, 30, 64)),
        ("convt:32,k4,s2,p1", (64, 8, 8), (2_097_152, 1_843_200, 8_388_608)),
        ("convt:1,k2,s2", (1, 5), (10, 10, 20)),
        ("convt:6,k3,s2,p1,op1,g3", (3, 4), (72, 66, 144)),
    ],
)
def test_the_three_figures_of_a_transposed_convolution(spec, size, figures):
    macs, real, zero_insertion = figures
    assert macs == convcalc.parse(spec).analyze(size).totals.macs
    assert (real, zero_insertion) == one(spec, size)


@pytest.mark.parametrize("batch", [0, -1, 2.5])
def test_the_batch_is_at_least_one_whole_sample(batch):
    with pytest.raises(ParameterError, match="batch"):
        real_taps(convcalc.parse("conv:1,k3"), (1, 7, 7), batch)


small = st.integers(1, 4)


@given(st.integers(1, 9), st.integers(1, 9), small, small, small, small, small)
def test_ones_with_ones_sum_to_the_real_products(height, width, k, s, before, after, d):
    spec = f"conv:2,k{k}x{k + 1},s{s},p{before}:{after},d{d},nobias"
    try:
        (found,) = real_taps(convcalc.parse(spec), (3, height, width))
    except (LayerError, SpecError):
        assume(False)
    padding = [(before, after), (before, after)]
    x, weight = np.ones((1, 3, height, width)), np.ones((2, 3, k, k + 1))
    assert naive_conv(x, weight, stride=(s, s), pads=padding, dilation=(d, d)).sum() == found.real


@given(st.integers(1, 6), small, small, st.integers(0, 2), st.integers(0, 2), small)
def test_what_survives_the_crop(size, k, s, before, after, d):
    spec = f"convt:2,k{k},s{s},p{before}:{after},d{d},nobias"
    try:
        (found,) = real_taps(convcalc.parse(spec), (3, size))
    except (LayerError, SpecError):
        assume(False)
    x, weight = np.ones((1, 3, size)), np.ones((3, 2, k))
    (out,) = convcalc.parse(spec).analyze((3, size)).layers[0].output_shape[1:]
    result = naive_conv_transpose(
        x, weight, stride=(s,), pads=[(before, after)], dilation=(d,), output_sizes=(out,)
    )
    assert result.sum() == found.real

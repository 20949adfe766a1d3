"""Poolings and resizing: sizes, and the cells that outputs see."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import report

from contract_rows import HALF
from convcalc.layers import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    GlobalAvgPool,
    Linear,
    MaxPool,
    Upsample,
)
from convcalc.receptive import IDENTITY


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


@given(st.integers(1, 12), st.integers(1, 12))
def test_aligned_corners_see_the_cells_that_their_values_come_from(size, out):
    layer = Upsample(size=out, mode="bilinear", align_corners=True)
    (field,) = layer.field(((IDENTITY,),), ((1, size),))
    several = size > 1 < out  # else everything is the first cell
    ratio = Fraction(size - 1, out - 1) if several else Fraction(size, out)
    assert ratio == field.effective_stride
    for u, runs in enumerate(field.phases):
        place = u * ratio if several else 0
        assert (floor(place), ceil(place)) == (runs[0][0], runs[-1][1])


@pytest.mark.parametrize("layer", [MaxPool(2), GlobalAvgPool(), AdaptiveMaxPool(1), Linear(4)])
def test_what_sees_the_whole_axis_says_so(layer):
    whole = {field.whole for field in layer.field(((IDENTITY,),), ((3, 5),))}
    assert {not isinstance(layer, MaxPool)} == whole


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

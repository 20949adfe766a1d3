"""Pooling and resizing on both backends: PyTorch's values wherever PyTorch has them."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS
from hypothesis import given, settings
from hypothesis import strategies as st
from running_kinds import agree, numbers, run, torch_module

import convcalc
from convcalc.errors import LayerError
from convcalc.layers import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    LPPool,
    MaxPool,
    Upsample,
)


@st.composite
def pools(draw):
    """(shape, arguments of a maximum pooling) of one axis to three; many do not fit."""
    spatial_dims = draw(st.integers(1, 3))

    def axes(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * spatial_dims))

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


@given(pools())
def test_maximum_pooling_is_torchs_wherever_it_fits(drawn):
    agree_on_pooling(MaxPool, *drawn, "MaxPool")


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
    for align in (False, True):
        layer = Upsample(size=out, mode="bilinear", align_corners=align)
        module = torch_module(f"Upsample(size={out}, mode='bilinear', align_corners={align})")
        for backend in AVAILABLE:
            agree(backend, layer, numbers(shape), module, "float64")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (LPPool(2), [5, 13]),
        (LPPool(2, norm_type=1), [7, -17]),  # the sum, without magnitudes
        (LPPool(2, norm_type=3), [91 ** (1 / 3), np.nan]),  # a negative sum has no root
        (LPPool(2, norm_type=0.5), [(3**0.5 + 2) ** 2, np.nan]),  # nor -5 a power of 1/2
        # The last window is the 8 alone, and counts as 8 8: in torch its mean times its size.
        (LPPool(2, ceil_mode=True), [5, 13, 8 * 2**0.5]),
        (LPPool(2, 2, 1), [3, 41**0.5, 208**0.5]),  # 0 3, 4 -5, -12 8
        # 0 3 4, 4 -5 -12, and -12 8, which counts as one and a half times as much
        (LPPool(3, 2, ((1, 0),), ceil_mode=True), [5, 185**0.5, 312**0.5]),
    ],
)
def test_power_pooling_by_hand(backend, layer, expected):
    x = np.array([[[3.0, 4.0, -5.0, -12.0, 8.0]]])
    with np.errstate(invalid="ignore"):
        result = run(layer, x, backend=backend)
    np.testing.assert_allclose(result[0, 0], expected, rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("out", "align", "expected"),
    [
        (4, True, [0, 1, 2, 3]),  # 0, 3 and what lies between them
        (7, True, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (3, True, [0, 1.5, 3]),
        (1, True, [0]),  # the first element
        (8, False, [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]),
        (1, False, [1.5]),  # the middle
    ],
)
def test_aligned_corners_keep_the_first_and_the_last_element(backend, out, align, expected):
    layer = Upsample(size=out, mode="bilinear", align_corners=align)
    assert [[expected]] == run(layer, np.arange(4.0).reshape(1, 1, 4), backend=backend).tolist()


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

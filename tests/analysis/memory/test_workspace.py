"""Scratch memory of convolutions, beside arrays that are really made."""

import itertools

import numpy as np
import pytest

import convcalc
from convcalc.analysis.memory.workspace import workspace
from oracles import naive_conv, naive_conv_transpose


def layer_of(spec):
    return convcalc.parse(spec).nodes[0].layer


@pytest.mark.parametrize(
    ("spec", "shape", "im2col", "fft"),
    [
        # 3*7*7 rows, 112*112 columns; 224 + 7 - 1 = 230; 230 * 116 frequencies, 3 + 64 + 3*64 maps
        ("conv:64,k7,s2,p3", (3, 224, 224), 147 * 12544, 26680 * 259),
        # The input is the column matrix; 64 * (64 // 2 + 1) frequencies
        ("conv:8,k1", (4, 64, 64), 0, 64 * 33 * (4 + 8 + 32)),
        ("pw:8", (4, 64, 64), 0, 64 * 33 * (4 + 8 + 32)),
        # ... but not where cells are left out or added.
        ("conv:8,k1,s2", (4, 64, 64), 4 * 1024, 64 * 33 * (4 + 8 + 32)),
        ("conv:8,k1,p1", (4, 64, 64), 4 * 66 * 66, 64 * 33 * (4 + 8 + 32)),
        # Groups share out the rows: C/g * 9 in each of g; 10 * 6 frequencies of 4 + 8 + 8*4/2 maps
        ("conv:8,k3,g2,p1", (4, 8, 8), 4 * 9 * 64, 60 * (4 + 8 + 16)),
        ("dw:k3,p1", (4, 8, 8), 4 * 9 * 64, 60 * (4 + 4 + 4)),
        # A dilated kernel spans 5 cells and has 3 taps: 12 * 7 frequencies
        ("conv:8,k3,d2,p2", (4, 8, 8), 4 * 9 * 64, 84 * (4 + 8 + 32)),
        # Reflected cells are laid out before the transform: 8 + 2 + 3 - 1 = 12
        ("conv:8,k3,p1,reflect", (4, 8, 8), 4 * 9 * 64, 84 * (4 + 8 + 32)),
        # The larger of two: depthwise columns 4 * 9 * 64, none for the pointwise; 60 * 12
        # frequencies against 8 * 5 * (4 + 16 + 64)
        ("sep:16,k3,p1", (4, 8, 8), 4 * 9 * 64, 40 * 84),
        # O * 16 products of each of 8*8 cells; (8 - 1)*2 + 1 + 4 - 1 = 18, 18 * 10 frequencies
        ("convt:3,k4,s2,p1", (4, 8, 8), 3 * 16 * 64, 180 * (4 + 3 + 12)),
        ("convt:3,k1", (4, 8, 8), 0, 40 * (4 + 3 + 12)),
        ("convt:3,k1,d2,op1", (4, 8, 8), 3 * 64, 40 * (4 + 3 + 12)),
        ("convt:3,k1,s2", (4, 8, 8), 3 * 64, 15 * 8 * (4 + 3 + 12)),
        ("conv:8,k5", (2, 20), 2 * 5 * 16, 13 * (2 + 8 + 16)),
        ("conv:8,k3", (2, 4, 5, 6), 2 * 27 * 2 * 3 * 4, 6 * 7 * 5 * (2 + 8 + 16)),
    ],
)
def test_scratch_memory_by_hand(spec, shape, im2col, fft):
    assert (4 * im2col, 8 * fft) == workspace(layer_of(spec), shape)


def test_columns_have_the_dtype_and_spectra_are_complex_float32():
    columns, spectra = 4 * 9 * 64, 60 * (4 + 8 + 32)
    found = [workspace(layer_of("conv:8,k3,p1"), (4, 8, 8), dtype) for dtype in ("int8", "int4")]
    assert [(columns, 8 * spectra), (columns // 2, 8 * spectra)] == found


@pytest.mark.parametrize("spec", ["relu", "linear:3", "maxpool:2", "bn", "flatten"])
def test_other_kinds_have_none(spec):
    assert workspace(layer_of(spec), (4, 8, 8)) is None


CONVOLUTIONS = [
    ("conv:3,k3,p1", (4, 6, 5)),
    ("conv:6,k3x2,s2,p2x1,d2x1,g2", (4, 9, 8)),
    ("conv:4,k5,p0:3,g4", (4, 7)),
    ("conv:3,k2,p5", (2, 4)),
    ("conv:3,k3,same-upper,s2", (2, 7, 6)),
    ("conv:2,k2,p1", (2, 3, 4, 3)),
]


@pytest.mark.parametrize(("spec", "shape"), CONVOLUTIONS)
def test_a_column_matrix_that_is_made_has_this_size_and_does_its_work(spec, shape):
    layer = layer_of(spec)
    windows, out = layer.windows(shape), layer.out_shape(shape)
    x, w = arrays(layer, shape)
    padded = np.pad(x, [(0, 0), *((v.before, v.after) for v in windows)])
    cells = itertools.product(*(range(size) for size in out[1:]))
    columns = np.stack([padded[places(cell, windows)].ravel() for cell in cells], axis=1)
    blocks = zip(
        w.reshape(layer.groups, out[0] // layer.groups, -1),
        columns.reshape(layer.groups, -1, columns.shape[1]),
        strict=True,
    )
    result = np.concatenate([one @ other for one, other in blocks]).reshape(out)
    np.testing.assert_allclose(result, direct(layer, x, w), rtol=1e-9, atol=1e-9)
    assert columns.astype("f4").nbytes == workspace(layer, shape).im2col


@pytest.mark.parametrize(("spec", "shape"), CONVOLUTIONS)
def test_spectra_that_are_made_have_this_size_and_do_their_work(spec, shape):
    layer = layer_of(spec)
    windows, out = layer.windows(shape), layer.out_shape(shape)
    x, w = arrays(layer, shape)
    flipped = np.zeros((*w.shape[:2], *(v.extent for v in windows)))
    flipped[(..., *(slice(None, None, v.dilation) for v in windows))] = w
    flipped = np.flip(flipped, axis=tuple(range(2, flipped.ndim)))
    full, spectra = convolved(x, flipped, layer.groups)
    # Cell u*s of the padded cross-correlation is cell u*s + k_eff - 1 - pb of the full one.
    result = full
    for axis, (v, size) in enumerate(zip(windows, out[1:], strict=True), start=1):
        cells = [u * v.stride + v.extent - 1 - v.before for u in range(size)]
        inside = [0 <= cell < full.shape[axis] for cell in cells]
        taken = result.take([max(0, min(c, full.shape[axis] - 1)) for c in cells], axis)
        result = taken * np.reshape(inside, (-1, *(1,) * (full.ndim - 1 - axis)))
    np.testing.assert_allclose(result, direct(layer, x, w), rtol=1e-9, atol=1e-9)
    assert 8 * spectra == workspace(layer, shape).fft


@pytest.mark.parametrize(
    ("spec", "shape"), [("convt:3,k4,s2,p1", (4, 5, 6)), ("convt:6,k3,s3,g2,op1", (4, 5))]
)
def test_a_transposed_convolution_scatters_columns_and_spreads_its_input(spec, shape):
    layer = layer_of(spec)
    windows, out = layer.windows(shape), layer.out_shape(shape)
    x, w = arrays(layer, shape)
    cells = x.reshape(layer.groups, shape[0] // layer.groups, -1)
    kernels = w.reshape(layer.groups, shape[0] // layer.groups, -1)
    columns = np.einsum("gck,gci->gki", kernels, cells)
    assert columns.astype("f4").nbytes == workspace(layer, shape).im2col
    sizes = [(n - 1) * v.stride + 1 for n, v in zip(shape[1:], windows, strict=True)]
    spread = np.zeros((shape[0], *sizes))
    spread[(slice(None), *(slice(None, None, v.stride) for v in windows))] = x
    by_output = np.concatenate(np.split(w, layer.groups), axis=1).swapaxes(0, 1)
    full, spectra = convolved(spread, by_output, layer.groups)
    full = np.pad(
        full, [(0, 0), *((0, v.before + n) for v, n in zip(windows, out[1:], strict=True))]
    )
    crop = (slice(v.before, v.before + n) for v, n in zip(windows, out[1:], strict=True))
    expected = naive_conv_transpose(
        x[None],
        w,
        stride=[v.stride for v in windows],
        pads=[(v.before, v.after) for v in windows],
        dilation=[v.dilation for v in windows],
        groups=layer.groups,
        output_sizes=out[1:],
    )
    np.testing.assert_allclose(full[(slice(None), *crop)], expected[0], rtol=1e-9, atol=1e-9)
    assert 8 * spectra == workspace(layer, shape).fft


def arrays(layer, shape):
    """An input of one sample and a kernel, drawn at random."""
    rng = np.random.default_rng(1)
    return rng.random(shape), rng.random(layer.weight_shapes(shape)["weight"])


def places(cell, windows):
    """The index of what one window reads."""
    axes = (
        range(u * v.stride, u * v.stride + v.extent, v.dilation)
        for u, v in zip(cell, windows, strict=True)
    )
    return (slice(None), *np.ix_(*axes))


def convolved(x, w, groups):
    """The full convolution of x (C, ...) with w (O, C/groups, ...), and its complex numbers."""
    sizes = [n + k - 1 for n, k in zip(x.shape[1:], w.shape[2:], strict=True)]
    axes = tuple(range(-len(sizes), 0))
    inputs, kernels = np.fft.rfftn(x, sizes, axes), np.fft.rfftn(w, sizes, axes)
    parts = zip(np.split(kernels, groups), np.split(inputs, groups), strict=True)
    outputs = np.concatenate([(one * other).sum(axis=1) for one, other in parts])
    return np.fft.irfftn(outputs, sizes, axes), inputs.size + kernels.size + outputs.size


def direct(layer, x, w):
    windows = layer.windows(x.shape)
    return naive_conv(
        x[None],
        w,
        stride=[v.stride for v in windows],
        pads=[(v.before, v.after) for v in windows],
        dilation=[v.dilation for v in windows],
        groups=layer.groups,
    )[0]

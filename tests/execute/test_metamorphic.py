"""What must hold between two convolutions, whatever their numbers; in whole numbers, so exactly."""

import numpy as np
import pytest
from convolving import cases, conv, run, transposed_cases
from hypothesis import given, settings

from convcalc.layers import ConvTranspose

PAD_MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "symmetric": "symmetric",
    "replicate": "edge",
    "circular": "wrap",
}
FEW = settings(max_examples=100)


def plain(case):
    """The same convolution without padding."""
    return case._replace(pads=((0, 0),) * case.spatial_dims, mode="zeros")


def same(expected, array):
    return (expected.shape, expected.tolist()) == (array.shape, array.tolist())


@FEW
@given(case=cases() | transposed_cases())
def test_it_is_linear_in_the_input(case):
    x, w, _ = case.numbers()
    other = np.flip(x) + 7
    expected = 3 * case.run(x, w).array - 2 * case.run(other, w).array
    assert same(expected, case.run(3 * x - 2 * other, w).array)


@FEW
@given(case=cases() | transposed_cases())
def test_it_is_linear_in_the_kernel(case):
    x, w, _ = case.numbers()
    other = np.flip(w) + 7
    expected = 3 * case.run(x, w).array - 2 * case.run(x, other).array
    assert same(expected, case.run(x, 3 * w - 2 * other).array)


@FEW
@given(case=cases() | transposed_cases())
def test_the_bias_is_a_number_added_to_each_map(case):
    x, w, _ = case.numbers()
    without = case.run(x, w).array
    b = np.arange(without.shape[1]) * 10 + 5
    expected = without + b.reshape(1, -1, *[1] * case.spatial_dims)
    assert same(expected, case.run(x, w, b).array)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2])
@FEW
@given(case=cases())
def test_a_kernel_of_a_single_one_is_the_identity(kernel, dilation, case):
    x, _, _ = case.numbers()
    channels, spatial_dims = x.shape[1], case.spatial_dims
    for tap in range(kernel):
        w = np.zeros((channels, channels, *[kernel] * spatial_dims), int)
        w[(range(channels), range(channels), *[tap] * spatial_dims)] = 1
        pads = ((dilation * tap, dilation * (kernel - 1 - tap)),) * spatial_dims
        parameters = {"padding": pads, "dilation": dilation}
        assert same(x, conv(x, w, spatial_dims=spatial_dims, parameters=parameters))


@FEW
@given(case=cases())
def test_groups_are_a_dense_kernel_with_zeros_outside_its_blocks(case):
    x, w, b = case.numbers()
    maps, in_channels_per_group = case.w[0] // case.groups, case.w[1]
    dense = np.zeros((case.w[0], case.x[1], *case.w[2:]), int)
    for g in range(case.groups):
        rows, columns = (
            slice(g * maps, (g + 1) * maps),
            slice(g * in_channels_per_group, (g + 1) * in_channels_per_group),
        )
        dense[rows, columns] = w[rows]
    expected = case.run(x, w, b).array
    assert same(expected, case._replace(groups=1).run(x, dense, b).array)


@FEW
@given(case=transposed_cases())
def test_transposed_groups_are_a_dense_kernel_with_zeros_outside_its_blocks(case):
    x, w, b = case.numbers()
    in_channels_per_group, maps = case.w[0] // case.groups, case.w[1]
    dense = np.zeros((case.w[0], case.groups * maps, *case.w[2:]), int)
    for g in range(case.groups):
        rows = slice(g * in_channels_per_group, (g + 1) * in_channels_per_group)
        dense[rows, g * maps : (g + 1) * maps] = w[rows]
    expected = case.run(x, w, b).array
    assert same(expected, case._replace(groups=1).run(x, dense, b).array)


@FEW
@given(case=cases())
def test_a_stride_keeps_every_so_many_outputs_of_stride_1(case):
    x, w, b = case.numbers()
    every = case._replace(stride=(1,) * case.spatial_dims).run(x, w, b).array
    expected = every[(..., *(slice(None, None, s) for s in case.stride))]
    assert same(expected, case.run(x, w, b).array)


@FEW
@given(case=cases() | transposed_cases())
def test_dilation_is_a_kernel_with_zeros_between_its_taps(case):
    x, w, b = case.numbers()
    extents = (d * (k - 1) + 1 for d, k in zip(case.dilation, case.w[2:], strict=True))
    stuffed = np.zeros((*case.w[:2], *extents), int)
    stuffed[(..., *(slice(None, None, d) for d in case.dilation))] = w
    expected = case.run(x, w, b).array
    dense = case._replace(dilation=(1,) * case.spatial_dims)
    if case.kind is ConvTranspose:
        # Output padding may reach the dilation only where there is one: its cells are cut instead.
        uncut = dense._replace(extra=tuple(min(op, s - 1) for op, s in _extras(case)))
        shorter = uncut.run(x, stuffed, b).array if min(uncut.transposed_sizes()) > 0 else None
        if shorter is not None:
            kept = tuple(slice(n) for n in shorter.shape)
            assert same(expected[kept], shorter)
        return
    assert same(expected, dense.run(x, stuffed, b).array)


def _extras(case):
    return zip(case.extra, case.stride, strict=True)


@pytest.mark.parametrize("mode", PAD_MODES)
@FEW
@given(data=cases())
def test_padding_is_that_of_numpy_written_into_the_input(mode, data):
    most = {"reflect": -1, "symmetric": 0, "circular": 0}.get(mode, 9)
    pads = tuple(
        (min(before, size + most), min(after, size + most))
        for (before, after), size in zip(data.pads, data.x[2:], strict=True)
    )
    fits = all(
        size + sum(ends) > d * (k - 1)
        for size, ends, d, k in zip(data.x[2:], pads, data.dilation, data.w[2:], strict=True)
    )
    case = data._replace(pads=pads, mode=mode)
    if not fits:
        case = case._replace(w=(*data.w[:2], *[1] * data.spatial_dims))
    x, w, b = case.numbers()
    padded = np.pad(x, ((0, 0), (0, 0), *pads), PAD_MODES[mode])
    expected = plain(case).run(padded, w, b).array
    assert same(expected, case.run(x, w, b).array)


@FEW
@given(case=cases(modes=("zeros",)))
def test_the_transposed_convolution_is_the_adjoint(case):
    x, w, _ = case.numbers()
    there = case.run(x, w).array
    y = np.random.default_rng(case.seed + 1).integers(-9, 10, there.shape)
    parameters = {**case.parameters, "output_size": case.x[2:]}
    del parameters["padding_mode"]
    options = {**case.options, "parameters": parameters}
    back = run(ConvTranspose, y, w, **options).array
    assert x.shape == back.shape
    assert (there * y).sum() == (x * back).sum()  # <Ax, y> = <x, A'y>


@FEW
@given(case=cases() | transposed_cases())
def test_a_batch_is_its_samples_one_by_one(case):
    x, w, b = case._replace(x=(3, *case.x[1:])).numbers()
    expected = np.concatenate([case.run(x[n : n + 1], w, b).array for n in range(3)])
    assert same(expected, case.run(x, w, b).array)


@FEW
@given(case=cases())
def test_the_order_of_the_maps_is_that_of_the_kernels(case):
    case = case._replace(groups=1, x=(case.x[0], case.w[1], *case.x[2:]))
    x, w, b = case.numbers()
    expected = case.run(x, w, b).array[:, ::-1]
    assert same(expected, case.run(x, w[::-1], None if b is None else b[::-1]).array)


@FEW
@given(case=cases())
def test_circular_padding_moves_the_output_with_the_input(case):
    pads = tuple((0, d * (k - 1)) for d, k in zip(case.dilation, case.w[2:], strict=True))
    sizes = tuple(max(size, after) for size, (_, after) in zip(case.x[2:], pads, strict=True))
    case = case._replace(
        x=(*case.x[:2], *sizes), pads=pads, mode="circular", stride=(1,) * case.spatial_dims
    )
    x, w, b = case.numbers()
    axes = tuple(range(2, 2 + case.spatial_dims))
    expected = np.roll(case.run(x, w, b).array, 1, axes)
    assert same(expected, case.run(np.roll(x, 1, axes), w, b).array)

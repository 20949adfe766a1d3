"""Which axes an array has: every rank of input and kernel, layouts, groups, and what is refused."""

import numpy as np
import pytest
from convolving import BACKENDS, conv, convt, run

from convcalc.errors import DataError
from convcalc.layers import Conv, ConvTranspose

both = pytest.mark.parametrize("backend", BACKENDS)


def input_as(shape, names):
    return f"the input {shape} is read as ({names})"


def kernel_as(shape, full):
    return f"the kernel {shape} is read as {full}"


def first(shape):
    return f"the kernel {shape} is (O, C/groups, kh, kw), not (kh, kw, C/groups, O)"


READINGS = [
    # one spatial axis
    ((9,), (3,), (7,), (input_as("9", "L"), kernel_as("3", "1x1x3"))),
    ((1, 9), (3,), (1, 7), (input_as("1x9", "C, L"), kernel_as("3", "1x1x3"))),
    ((2, 1, 9), (3,), (2, 1, 7), (kernel_as("3", "1x1x3"),)),
    ((9,), (1, 3), (7,), (input_as("9", "L"), kernel_as("1x3", "1x1x3"))),
    ((2, 5, 9), (5, 3), (2, 1, 7), (input_as("2x5x9", "N, C, L"), kernel_as("5x3", "1x5x3"))),
    ((9,), (1, 1, 3), (7,), (input_as("9", "L"),)),
    ((9,), (4, 1, 3), (4, 7), (input_as("9", "L"),)),
    ((5, 9), (4, 5, 3), (4, 7), (input_as("5x9", "C, L"),)),
    ((2, 5, 9), (4, 5, 3), (2, 4, 7), (input_as("2x5x9", "N, C, L"),)),
    # two
    ((7, 9), (3, 3), (5, 7), (input_as("7x9", "H, W"), kernel_as("3x3", "1x1x3x3"))),
    ((1, 7, 9), (3, 3), (1, 5, 7), (input_as("1x7x9", "C, H, W"), kernel_as("3x3", "1x1x3x3"))),
    ((2, 1, 7, 9), (3, 3), (2, 1, 5, 7), (kernel_as("3x3", "1x1x3x3"),)),
    ((7, 9), (1, 3, 3), (5, 7), (input_as("7x9", "H, W"), kernel_as("1x3x3", "1x1x3x3"))),
    (
        (3, 7, 9),
        (3, 2, 3),
        (1, 6, 7),
        (input_as("3x7x9", "C, H, W"), kernel_as("3x2x3", "1x3x2x3")),
    ),
    ((2, 3, 7, 9), (3, 2, 3), (2, 1, 6, 7), (kernel_as("3x2x3", "1x3x2x3"),)),
    ((7, 9), (1, 1, 3, 3), (5, 7), (input_as("7x9", "H, W"),)),
    ((7, 9), (4, 1, 3, 3), (4, 5, 7), (input_as("7x9", "H, W"),)),
    ((3, 7, 9), (4, 3, 3, 3), (4, 5, 7), (input_as("3x7x9", "C, H, W"),)),
    ((1, 3, 7, 9), (1, 3, 3, 3), (1, 1, 5, 7), ()),
    ((2, 3, 7, 9), (4, 3, 3, 3), (2, 4, 5, 7), ()),
    # three
    (
        (5, 6, 7),
        (2, 3, 3),
        (4, 4, 5),
        (input_as("5x6x7", "D, H, W"), kernel_as("2x3x3", "1x1x2x3x3")),
    ),
    (
        (1, 5, 6, 7),
        (2, 3, 3),
        (1, 4, 4, 5),
        (input_as("1x5x6x7", "C, D, H, W"), kernel_as("2x3x3", "1x1x2x3x3")),
    ),
    ((2, 1, 5, 6, 7), (2, 3, 3), (2, 1, 4, 4, 5), (kernel_as("2x3x3", "1x1x2x3x3"),)),
    (
        (3, 5, 6, 7),
        (3, 2, 2, 2),
        (1, 4, 5, 6),
        (input_as("3x5x6x7", "C, D, H, W"), kernel_as("3x2x2x2", "1x3x2x2x2")),
    ),
    ((2, 3, 5, 6, 7), (3, 2, 2, 2), (2, 1, 4, 5, 6), (kernel_as("3x2x2x2", "1x3x2x2x2"),)),
    ((5, 6, 7), (4, 1, 2, 2, 2), (4, 4, 5, 6), (input_as("5x6x7", "D, H, W"),)),
    ((3, 5, 6, 7), (4, 3, 2, 2, 2), (4, 4, 5, 6), (input_as("3x5x6x7", "C, D, H, W"),)),
    ((2, 3, 5, 6, 7), (4, 3, 2, 2, 2), (2, 4, 4, 5, 6), ()),
    # where two readings fit, the one with more spatial axes: an image, not five channels
    ((5, 9), (5, 3), (1, 7), (input_as("5x9", "H, W"), kernel_as("5x3", "1x1x5x3"))),
]


@both
@pytest.mark.parametrize(("x", "w", "expected", "notes"), READINGS)
def test_missing_axes_are_added_and_taken_away_again(backend, x, w, expected, notes):
    result = run(Conv, np.ones(x), np.ones(w), backend=backend)
    assert (expected, notes) == (result.array.shape, result.notes)


@both
@pytest.mark.parametrize(("x", "w", "expected", "notes"), READINGS)
def test_fewer_axes_give_the_numbers_of_the_full_ones(backend, x, w, expected, notes):
    draw = np.random.default_rng(0)
    x, w = draw.integers(-9, 9, x), draw.integers(-9, 9, w)
    report = run(Conv, x, w).report
    (row,) = report.layers
    full = conv(
        x.reshape(report.batch, *row.input_shapes[0]),
        w.reshape(row.weights["weight"]),
        backend=backend,
    )
    assert full.ravel().tolist() == conv(x, w, backend=backend).ravel().tolist()


@pytest.mark.parametrize(
    ("x", "w", "spatial_dims", "expected", "note"),
    [
        ((5, 9), (5, 3), 1, (1, 7), input_as("5x9", "C, L")),
        ((5, 9), (5, 3), 2, (1, 7), input_as("5x9", "H, W")),
        ((3, 7, 9), (3, 3, 3), 2, (1, 5, 7), input_as("3x7x9", "C, H, W")),
        ((3, 7, 9), (3, 3, 3), 3, (1, 5, 7), input_as("3x7x9", "D, H, W")),
        ((4, 7, 9), (4, 7, 3), 1, (4, 4, 7), None),
    ],
)
def test_the_number_of_spatial_axes_can_be_told(x, w, spatial_dims, expected, note):
    result = run(Conv, np.ones(x), np.ones(w), spatial_dims=spatial_dims)
    assert (expected, note) == (result.array.shape, next(iter(result.notes), None))


@both
@pytest.mark.parametrize(
    ("x", "w", "groups", "expected"),
    [
        ((9,), (3,), 1, (11,)),
        ((7, 9), (3, 3), 1, (9, 11)),
        ((4, 7, 9), (4, 2, 3, 3), 1, (2, 9, 11)),
        ((4, 7, 9), (4, 2, 3, 3), 2, (4, 9, 11)),
        ((4, 7, 9), (4, 2, 3, 3), 4, (8, 9, 11)),
        ((2, 4, 9), (4, 2, 3), 1, (2, 2, 11)),
        ((7, 9), (1, 2, 3, 3), 1, (2, 9, 11)),
        ((1, 7, 9), (2, 3, 3), 1, (2, 9, 11)),
        ((2, 4, 5, 6, 7), (4, 3, 2, 2, 2), 2, (2, 6, 6, 7, 8)),
    ],
)
def test_a_transposed_kernel_has_its_input_channels_first(backend, x, w, groups, expected):
    array = convt(np.ones(x), np.ones(w), groups=groups, backend=backend)
    assert expected == array.shape


@both
@pytest.mark.parametrize(
    ("x", "w", "groups", "expected"),
    [
        ((4, 7, 9), (6, 2, 3, 3), 2, (6, 5, 7)),
        ((4, 7, 9), (4, 1, 3, 3), 4, (4, 5, 7)),
        ((4, 7, 9), (8, 1, 3, 3), 4, (8, 5, 7)),
        ((4, 9), (4, 1, 3), 4, (4, 7)),
        ((2, 4, 9), (2, 2, 3), 2, (2, 2, 7)),
    ],
)
def test_groups_multiply_the_channels_of_the_kernel(backend, x, w, groups, expected):
    assert expected == conv(np.ones(x), np.ones(w), groups=groups, backend=backend).shape


@both
@pytest.mark.parametrize(
    ("kind", "x", "w"),
    [
        (Conv, (2, 3, 7, 9), (4, 3, 3, 2)),
        (Conv, (3, 7, 9), (4, 3, 3, 2)),
        (Conv, (3, 7, 9), (1, 3, 3, 2)),
        (Conv, (2, 5, 9), (4, 5, 3)),
        (Conv, (2, 3, 5, 6, 7), (4, 3, 2, 2, 2)),
        (ConvTranspose, (2, 3, 5, 6), (3, 4, 3, 2)),
    ],
)
def test_channels_last_is_channels_first_with_the_axes_moved(backend, kind, x, w):
    draw = np.random.default_rng(0)
    x, w = draw.integers(-9, 9, x), draw.integers(-9, 9, w)
    channel = 1 - w.ndim  # counted from the end: before all spatial axes
    expected = np.moveaxis(run(kind, x, w, backend=backend).array, channel + 0, -1)
    last = np.moveaxis(x, channel, -1)
    array = run(kind, last, w, backend=backend, channels_last=True).array
    assert (expected.shape, expected.tolist()) == (array.shape, array.tolist())


@pytest.mark.parametrize(
    ("x", "w", "expected", "notes"),
    [
        ((7, 9), (1, 1, 3, 3), (5, 7), (input_as("7x9", "H, W"),)),
        ((7, 9), (4, 1, 3, 3), (5, 7, 4), (input_as("7x9", "H, W"),)),
        ((7, 9, 3), (4, 3, 3, 2), (5, 8, 4), (input_as("7x9x3", "H, W, C"), first("4x3x3x2"))),
        ((7, 9, 3), (1, 3, 3, 3), (5, 7, 1), (input_as("7x9x3", "H, W, C"), first("1x3x3x3"))),
        ((7, 9, 3), (4, 3, 2, 3), (6, 7, 4), (input_as("7x9x3", "H, W, C"),)),
        (
            (9, 5),
            (4, 5, 3),
            (7, 4),
            (
                input_as("9x5", "L, C"),
                "the kernel 4x5x3 is (O, C/groups, k), not (k, C/groups, O)",
            ),
        ),
        ((5, 6, 7, 3), (4, 3, 2, 2, 2), (4, 5, 6, 4), (input_as("5x6x7x3", "D, H, W, C"),)),
        ((2, 7, 9, 3), (4, 3, 2, 3), (2, 6, 7, 4), ()),
        ((2, 7, 9, 3), (4, 3, 3, 3), (2, 5, 7, 4), (first("4x3x3x3"),)),
    ],
)
def test_channels_stay_last_where_they_came_last(x, w, expected, notes):
    result = run(Conv, np.ones(x), np.ones(w), channels_last=True)
    assert (expected, notes) == (result.array.shape, result.notes)


@pytest.mark.parametrize(
    ("x", "w", "options", "expected"),
    [
        (
            (4, 7, 9),
            (2, 3, 2, 2),
            {},
            "the input 4x7x9 has 4 channels, the kernel 2x3x2x2 reads 3; "
            "a kernel (O, C/groups, *k) of 2x4x2x2 would fit",
        ),
        (
            (7, 9),
            (2, 3, 2, 2),
            {},
            "the input 7x9 has 1 channel, the kernel 2x3x2x2 reads 3; "
            "a kernel (O, C/groups, *k) of 2x1x2x2 would fit",
        ),
        (
            (4, 7, 9),
            (6, 4, 3, 3),
            {"groups": 2},
            "the input 4x7x9 has 4 channels, the kernel 6x4x3x3 reads 8; "
            "a kernel (O, C/groups, *k) of 6x2x3x3 would fit",
        ),
        (
            (5, 7, 9),
            (6, 2, 3, 3),
            {"groups": 2},
            "the input 5x7x9 has 5 channels, the kernel 6x2x3x3 reads 4; "
            "5 do not divide by groups=2",
        ),
        (
            (7, 9, 3),
            (4, 3, 3, 3),
            {},
            "the input 7x9x3 has 7 channels, the kernel 4x3x3x3 reads 3; "
            "if the channels come last, --layout nhwc says so",
        ),
        (
            (3, 7, 9),
            (4, 3, 3, 3),
            {"channels_last": True},
            "the input 3x7x9 has 9 channels, the kernel 4x3x3x3 reads 3; "
            "a kernel (O, C/groups, *k) of 4x9x3x3 would fit",
        ),
        (
            (2, 3, 4, 5, 6, 7),
            (3, 3),
            {},
            "the input is 2x3x4x5x6x7 and the kernel 3x3; a kernel of 2 axes is 2-D, so that the "
            "input must have 2 to 4 axes",
        ),
        (
            (9,),
            (1, 1, 2, 2),
            {},
            "the input is 9 and the kernel 1x1x2x2; a kernel of 4 axes is 2-D, so that the input "
            "must have 2 to 4 axes",
        ),
        (
            (9, 9),
            (2, 2, 2, 2, 2, 2),
            {},
            "the input is 9x9 and the kernel 2x2x2x2x2x2; a kernel has 1 to 5 axes: "
            "(O, C/groups, kh, kw) or just (kh, kw)",
        ),
        (
            (9,),
            (3,),
            {"spatial_dims": 3},
            "the input is 9 and the kernel 3; 3 spatial axes need 3 to 5 axes in each",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_both_shapes_and_what_would_fit(x, w, options, expected):
    with pytest.raises(DataError) as caught:
        conv(np.ones(x), np.ones(w), **options)
    assert expected == str(caught.value)


def test_a_transposed_kernel_that_does_not_fit_is_refused():
    with pytest.raises(DataError) as caught:
        convt(np.ones((1, 4, 7, 9)), np.ones((3, 2, 3, 3)), spatial_dims=2)
    assert str(caught.value) == (
        "the input 1x4x7x9 has 4 channels, the kernel 3x2x3x3 reads 3; "
        "a kernel (C, O/groups, *k) of 4x2x3x3 would fit"
    )


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({}, "2 more elements of padding or input would fit"),
        ({"padding": ((0, 1), 0)}, "1 more element of padding or input would fit"),
        ({"padding": 9, "padding_mode": "reflect"}, "at most 2 fit"),
        ({"padding": 9, "padding_mode": "circular"}, "at most 3 fit"),
    ],
)
def test_a_window_that_does_not_fit_is_the_datas_fault(parameters, reason):
    with pytest.raises(DataError, match=reason):
        conv(np.ones((3, 3)), np.ones((5, 1)), parameters=parameters)


@both
@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (None, [[2, 2], [2, 2]]),
        (10, [[12, 12], [12, 12]]),  # one number for all
        ([10, 20], [[12, 12], [22, 22]]),
    ],
)
def test_a_bias_is_one_number_or_one_per_map(backend, b, expected):
    bias = None if b is None else np.array(b)
    array = conv(np.array([1, 1, 1]), np.ones((2, 1, 2), int), bias, backend=backend)
    assert expected == array.tolist()


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ((3,), "the bias is 3, the kernel makes 2 output channels; a bias of 2 would fit"),
        ((1,), "the bias is 1, the kernel makes 2 output channels; a bias of 2 would fit"),
        ((2, 1), "the bias is 2x1, the kernel makes 2 output channels; a bias of 2 would fit"),
    ],
)
def test_a_bias_that_does_not_fit_is_refused(b, expected):
    with pytest.raises(DataError) as caught:
        conv(np.ones(3), np.ones((2, 1, 2)), np.ones(b))
    assert expected == str(caught.value)


@both
@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
@pytest.mark.parametrize("spatial", [(9,), (5, 6), (4, 5, 3)])
def test_flip_turns_the_kernel_round_in_every_spatial_axis(backend, kind, spatial):
    draw = np.random.default_rng(0)
    x, w = draw.integers(-9, 9, (2, 4, *spatial)), draw.integers(-9, 9, (4, 2, *[2] * len(spatial)))
    turned = w[(..., *[slice(None, None, -1)] * len(spatial))]
    expected = run(kind, x, turned, groups=2, backend=backend).array
    array = run(kind, x, w, groups=2, flip=True, backend=backend).array
    assert expected.tolist() == array.tolist()
    assert expected.tolist() != run(kind, x, w, groups=2, backend=backend).array.tolist()


@both
@pytest.mark.parametrize(("padding", "mode"), [(0, "valid"), ("same-lower", "same"), (2, "full")])
def test_flip_is_the_convolution_of_mathematics(backend, padding, mode):
    signal = pytest.importorskip("scipy.signal")
    draw = np.random.default_rng(0)
    x, w = draw.integers(-9, 9, (6, 7)), draw.integers(-9, 9, (3, 3))
    expected = signal.convolve2d(x, w, mode)
    array = conv(x, w, flip=True, backend=backend, parameters={"padding": padding})
    assert expected.tolist() == array.tolist()

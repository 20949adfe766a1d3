"""How many spatial axes: the reading that comes first, what is said of others, what is asked."""

import numpy as np
import pytest
from convolving import BACKENDS, conv, run

import convcalc
from convcalc.errors import DataError, UsageError
from convcalc.layers import Conv, ConvTranspose

both = pytest.mark.parametrize("backend", BACKENDS)

IMAGE = np.arange(6 * 7 * 3).reshape(6, 7, 3)  # (H, W, C)


def refusal(x, w, kind=Conv, **options):
    with pytest.raises(DataError) as caught:
        run(kind, np.ones(x), np.ones(w), **options)
    return str(caught.value)


@both
def test_an_image_with_its_channels_last_has_two_axes_and_not_one(backend):
    """Of the numbers 0, 1, 2 ... a window of ones sums 27, around the one in its middle.

    The middle of the first window is (1, 1, 1), number 21 + 3 + 1 = 25; a step to the right is 3
    further, a step down 21.
    """
    result = run(Conv, IMAGE, np.ones((3, 3, 3), int), channels_last=True, backend=backend)
    assert (4, 5, 1) == result.array.shape
    assert [675, 756, 837, 918, 999] == result.array[0, :, 0].tolist()
    assert [675, 1242, 1809, 2376] == result.array[:, 0, 0].tolist()
    assert result.notes == (
        "the input 6x7x3 is read as (H, W, C)",
        "the kernel 3x3x3 is read as 1x3x3x3",
        "the kernel 3x3x3 is (C/groups, kh, kw), not (kh, kw, C/groups)",
        "--dims 1 would read it as (N, L, C)",
    )


@both
def test_the_kernel_of_such_an_image_keeps_its_channels_first(backend):
    """A kernel that is 1 at channel 2, row 0, column 1: number 3*1 + 2 of the image, plus steps."""
    kernel = np.zeros((3, 3, 3), int)
    kernel[2, 0, 1] = 1
    array = conv(IMAGE, kernel, channels_last=True, backend=backend)
    assert [[5, 8, 11, 14, 17], [26, 29, 32, 35, 38]] == array[:2, :, 0].tolist()


@pytest.mark.parametrize(
    ("spatial_dims", "expected", "note"),
    [
        # (N, L, C): 9 numbers of three cells and channels, 0 + ... + 8 = 36, for each of 3 outputs
        (1, ((6, 5, 3), 36), "the kernel 3x3x3 is (O, C/groups, k), not (k, C/groups, O)"),
        (2, ((4, 5, 1), 675), "the input 6x7x3 is read as (H, W, C)"),
        (3, ((4, 5, 1), 675), "the input 6x7x3 is read as (D, H, W)"),
    ],
)
def test_an_image_is_read_with_the_axes_that_are_told(spatial_dims, expected, note):
    result = run(
        Conv, IMAGE, np.ones((3, 3, 3), int), channels_last=True, spatial_dims=spatial_dims
    )
    assert (*expected, note) == (result.array.shape, result.array.flat[0], result.notes[0])


@pytest.mark.parametrize(
    ("x", "w", "options", "notes"),
    [
        # channels last: a volume whose channels are as many as the outputs of an image's kernel
        ((6, 7, 8, 3), (3, 3, 2, 2), {}, ["--dims 3 would read it as (D, H, W, C)"]),
        ((6, 7, 8, 3), (4, 3, 2, 2), {}, []),
        # no image fits, so that it is rows of three channels
        ((6, 7, 3), (3, 3), {}, ["the input 6x7x3 is read as (N, L, C)"]),
        (
            (6, 7, 5),
            (4, 5, 3),
            {},
            ["the input 6x7x5 is read as (N, L, C)", "--dims 3 would read it as (D, H, W)"],
        ),
        # channels first
        ((8, 5, 9), (4, 5, 3), {"channels_last": False}, ["the input 8x5x9 is read as (N, C, L)"]),
        (
            (8, 6, 9),
            (4, 6, 3),
            {"channels_last": False},
            ["the input 8x6x9 is read as (N, C, L)"],
        ),
        ((3, 7, 9), (3, 2, 2), {"channels_last": False}, ["the input 3x7x9 is read as (C, H, W)"]),
        ((5, 6, 7), (2, 3, 3), {"channels_last": False}, ["the input 5x6x7 is read as (D, H, W)"]),
        ((2, 3, 7, 9), (2, 3, 2, 2), {"channels_last": False}, []),
    ],
)
def test_fewer_axes_than_could_be_are_said(x, w, options, notes):
    found = run(Conv, np.ones(x), np.ones(w), **{"channels_last": True, **options}).notes
    assert notes == [note for note in found if not note.startswith("the kernel")]


@pytest.mark.parametrize(
    ("x", "w", "kind", "readings"),
    [
        (
            (3, 3, 9),
            (3, 3, 3),
            Conv,
            "(N, C, L) and (O, C/groups, k) or (C, H, W) and (C/groups, kh, kw)",
        ),
        (
            (4, 5, 9),
            (4, 5, 3),
            Conv,
            "(N, C, L) and (O, C/groups, k) or (C, H, W) and (C/groups, kh, kw)",
        ),
        ((5, 9), (1, 5, 3), Conv, "(C, L) and (O, C/groups, k) or (H, W) and (C/groups, kh, kw)"),
        (
            (1, 4, 9),
            (4, 5, 3),
            ConvTranspose,
            "(N, C, L) and (C, O/groups, k) or (C, H, W) and (O/groups, kh, kw)",
        ),
    ],
)
def test_where_two_readings_fit_the_user_is_asked(x, w, kind, readings):
    sizes = ("x".join(map(str, shape)) for shape in (x, w))
    both = "the input {} and the kernel {}".format(*sizes)
    expected = f"{both} may be {readings}; --dims 1 takes the first reading, --dims 2 the other"
    assert expected == refusal(x, w, kind)


@both
@pytest.mark.parametrize(
    ("spatial_dims", "expected"), [(1, (3, 3, 7)), (2, (1, 1, 7)), (3, (1, 1, 7)), (None, None)]
)
def test_the_answer_settles_it(backend, spatial_dims, expected):
    x, w = np.ones((3, 3, 9), int), np.ones((3, 3, 3), int)
    if spatial_dims is None:
        assert "--dims 1 takes" in refusal(x.shape, w.shape, backend=backend)
        return
    array = conv(x, w, spatial_dims=spatial_dims, backend=backend)
    terms = 9 if spatial_dims == 1 else 27
    assert (expected, {terms}) == (array.shape, set(array.ravel().tolist()))


def test_a_kernel_with_its_channels_last_is_not_taken_for_a_volume():
    expected = (
        "the input 7x9x3 and the kernel 5x5x3 may be (D, H, W) and (kd, kh, kw), which --dims 3 "
        "says, or (H, W, C) and a kernel with its channels last; a kernel (kh, kw, C/groups) is "
        "given as (C/groups, kh, kw): kernel.transpose(2, 0, 1)"
    )
    assert expected == refusal((7, 9, 3), (5, 5, 3), channels_last=True)
    assert (3, 5, 1) == conv(
        np.ones((7, 9, 3)), np.ones((5, 5, 3)), channels_last=True, spatial_dims=3
    ).shape


@pytest.mark.parametrize(
    ("x", "w", "advice"),
    [
        (
            (7, 9, 3),
            (5, 5, 3, 8),
            "reads 5; a kernel (kh, kw, C/groups, O) is given as (O, C/groups, kh, kw): "
            "kernel.transpose(3, 2, 0, 1)",
        ),
        (
            (2, 7, 9, 3),
            (5, 5, 3),
            "reads 5; a kernel (kh, kw, C/groups) is given as (C/groups, kh, kw): "
            "kernel.transpose(2, 0, 1)",
        ),
    ],
)
def test_a_kernel_with_its_channels_last_is_told_how_to_turn(x, w, advice):
    assert refusal(x, w, channels_last=True).endswith(advice)


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize(
    ("dims", "expected"), [(None, (3, 3, 7)), (1, (3, 3, 7)), (2, (1, 1, 7)), (3, (1, 1, 7))]
)
@pytest.mark.parametrize("tensors", [False, True])
def test_the_library_takes_what_may_be_complete_for_complete(dims, expected, threads, tensors):
    x, w = np.ones((3, 3, 9)), np.ones((3, 3, 3))
    if tensors:
        torch = pytest.importorskip("torch")
        x, w = torch.from_numpy(x), torch.from_numpy(w)
    y = convcalc.convolve(x, w, dims=dims, threads=threads)
    terms = 27 if dims in (2, 3) else 9
    assert (expected, {terms}) == (tuple(y.shape), set(y.flatten().tolist()))


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize("dims", [0, 4, "2", -1])
def test_an_impossible_number_of_axes_is_refused(dims, threads):
    told = rf"^dims: expected 1, 2 or 3 spatial axes; got {dims!r}$"
    with pytest.raises(UsageError, match=told):
        convcalc.convolve(np.ones(9), np.ones(3), dims=dims, threads=threads)
    with pytest.raises(DataError, match=r"; 3 spatial axes need 3 to 5 axes in each$"):
        convcalc.convolve(np.ones(9), np.ones(3), dims=3, threads=threads)

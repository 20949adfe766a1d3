"""The size rules of one axis, against enumeration and published cases."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc.window import Window, same_padding

WINDOWS = st.builds(
    Window,
    kernel=st.integers(1, 6),
    stride=st.integers(1, 7),
    before=st.integers(0, 6),
    after=st.integers(0, 6),
    dilation=st.integers(1, 4),
)
SIZES = st.integers(1, 24)


def positions(window, size):
    """First padded cell of every place at which all taps lie on padded cells."""
    padded = size + window.before + window.after
    last_tap = window.dilation * (window.kernel - 1)
    return [u for u in range(0, padded, window.stride) if u + last_tap < padded]


@given(WINDOWS, SIZES)
def test_the_size_is_the_number_of_places_at_which_the_window_fits(window, size):
    assert len(positions(window, size)) == max(0, window.out_size(size))


@pytest.mark.parametrize(
    ("expected", "size", "window"),
    [
        (112, 224, Window(7, 2, 3, 3)),  # (224 + 6 - 7)//2 + 1: ResNet's first layer
        (55, 227, Window(11, 4)),  # (227 - 11)//4 + 1: AlexNet's first layer
        (54, 224, Window(11, 4)),  # (224 - 11)//4 + 1, 213 = 53*4 + 1
        (224, 224, Window(3, 1, 1, 1)),
        (3, 5, Window(3)),  # Dumoulin and Visin, relation 1
        (3, 6, Window(3, 2, 1, 1)),  # Dumoulin and Visin, figure 2.7: (6 + 2 - 3)//2 + 1
        (3, 7, Window(3, 1, 0, 0, 2)),  # Dumoulin and Visin, figure 5.1: extent 5
        (1, 1, Window(3, 2, 1, 1)),
        (112, 224, Window(3, 2, 0, 1)),  # (224 + 1 - 3)//2 + 1: TensorFlow's SAME
        (0, 2, Window(3)),
        (-1, 1, Window(3)),
    ],
)
def test_the_size_of_published_layers(expected, size, window):
    assert expected == window.out_size(size)


@pytest.mark.parametrize(
    ("expected", "kernel", "dilation"), [(1, 1, 9), (3, 3, 1), (5, 3, 2), (13, 5, 3), (4, 2, 3)]
)
def test_the_extent_counts_the_holes(expected, kernel, dilation):
    assert expected == Window(kernel, dilation=dilation).extent


@given(WINDOWS, SIZES)
def test_unread_cells_are_those_of_the_input_behind_the_last_window(window, size):
    places = positions(window, size)
    assume(places)
    end = places[-1] + window.dilation * (window.kernel - 1)
    behind = [cell for cell in range(size) if cell + window.before > end]
    assert len(behind) == window.dropped_input(size)


@pytest.mark.parametrize(
    ("expected", "size", "window"),
    [
        (0, 224, Window(7, 2, 3, 3)),  # (224 + 6 - 7) mod 2 = 1, and it is padding
        (1, 224, Window(11, 4)),  # 213 mod 4
        (2, 10, Window(2, 3)),  # windows end at cells 1, 4, 7
        (0, 10, Window(2, 3, 0, 2)),  # the windows that start at 0, 3, 6, 9 read all of it
        (4, 5, Window(1, 9)),  # only cell 0 is read
        (3, 3, Window(1, 100, 5, 0)),  # the only window reads padding: 3 cells of the input remain
    ],
)
def test_unread_cells_of_single_axes(expected, size, window):
    assert expected == window.dropped_input(size)


@given(WINDOWS, SIZES)
def test_a_transposed_window_gives_the_size_back(window, size):
    assume(positions(window, size))
    lost = (size + window.before + window.after - window.extent) % window.stride
    assert size == window.transposed_size(window.out_size(size), lost)


@given(WINDOWS, SIZES, st.integers(0, 6))
def test_the_transposed_size_is_what_the_spread_kernels_cover(window, size, extra):
    taps = range(window.kernel)
    covered = {j * window.stride + window.dilation * t for j in range(size) for t in taps}
    cropped = max(covered) + 1 - window.before - window.after
    assert cropped + extra == window.transposed_size(size, extra)


@pytest.mark.parametrize(
    ("expected", "size", "window", "extra"),
    [
        (16, 8, Window(4, 2, 1, 1), 0),  # 7*2 - 2 + 4: DCGAN's doubling
        (16, 8, Window(3, 2, 1, 1), 1),  # 7*2 - 2 + 3 + 1
        (15, 8, Window(3, 2, 1, 1), 0),
        (448, 224, Window(2, 2), 0),  # 223*2 + 2: U-Net's doubling
        (11, 4, Window(3, 2, 0, 0, 2), 0),  # 3*2 + 5
        (0, 1, Window(2, 1, 1, 1), 0),
    ],
)
def test_the_transposed_size_of_known_layers(expected, size, window, extra):
    assert expected == window.transposed_size(size, extra)


@pytest.mark.parametrize(
    ("expected", "size", "kernel", "stride", "dilation"),
    [
        (5, 224, 7, 2, 1),  # 111*2 + 7 - 224
        (1, 224, 3, 2, 1),  # 111*2 + 3 - 224: one cell, not torch's two
        (2, 321, 3, 2, 1),  # 160*2 + 3 - 321
        (2, 13, 3, 2, 1),  # 6*2 + 3 - 13
        (3, 10, 4, 1, 1),  # 9 + 4 - 10: odd
        (4, 28, 3, 1, 2),  # extent 5
        (12, 31, 5, 1, 3),  # extent 13
        (3, 6, 2, 1, 3),  # extent 4: odd
        (0, 6, 2, 4, 1),  # 4 + 2 - 6
        (0, 4, 1, 2, 1),  # 2 + 1 - 4 is negative: nothing is added
        (0, 7, 1, 1, 5),
        (2, 1, 3, 5, 1),  # 0 + 3 - 1
    ],
)
def test_same_padding_is_tensorflows(expected, size, kernel, stride, dilation):
    assert expected == same_padding(size, kernel, stride, dilation)


@given(WINDOWS, SIZES)
def test_same_padding_is_the_least_that_gives_one_output_per_stride(window, size):
    kernel, stride, _, _, dilation = window
    total = same_padding(size, kernel, stride, dilation)
    fewest = [t for t in range(total + 1) if _outputs(size + t, window) * stride >= size]
    assert total == fewest[0]
    assert -(-size // stride) == _outputs(size + total, window) or total == 0


def _outputs(padded, window):
    return len(positions(Window(window.kernel, window.stride, 0, 0, window.dilation), padded))

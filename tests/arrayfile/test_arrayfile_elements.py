"""Parts of an array in a file, read and written: what NumPy's own slices of the whole are."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changing import truncated
from convcalc.arrayfile.elements import Elements, span, steps
from convcalc.arrayfile.growing import grow_array
from convcalc.arrayfile.stored import open_npy
from convcalc.errors import DataError


@st.composite
def boxes(draw):
    """(shape, a slice per axis)."""
    shape = tuple(draw(st.lists(st.integers(1, 7), min_size=1, max_size=4)))
    ends = [sorted(draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in shape]
    return shape, tuple(slice(*pair) for pair in ends)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("elements") / "x.npy"


@given(
    boxes(),
    st.sampled_from(["<f4", ">f4", "<i2", ">f8", "|i1", ">i8", "<f2"]),
    st.sampled_from("CF"),
    st.sampled_from([1, 3, 20, 10_000]),
    st.integers(0, 10**6),
)
def test_parts_are_those_of_the_whole(path, box, dtype, order, limit, seed):
    shape, index = box
    rng = np.random.default_rng(seed)
    whole = np.asarray(rng.integers(-99, 99, shape), dtype, order=order)
    np.save(path, whole)
    with open_npy(str(path)).opened() as elements:
        elements._limit = limit
        part = elements.read(index)
        places = tuple(rng.integers(0, n, (3, 1, 2)) for n in shape)
        single = elements.take(places)
    np.testing.assert_array_equal(whole[index], part)
    np.testing.assert_array_equal(whole[places], single)
    assert part.flags.c_contiguous
    assert part.dtype == single.dtype == np.dtype(dtype).newbyteorder("=")


@settings(max_examples=100)
@given(boxes(), st.sampled_from([1, 3, 20, 10_000]), st.sampled_from("CF"))
def test_what_lies_beside_a_part_that_is_written_stays(path, box, limit, order):
    shape, index = box
    whole = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    expected = whole.copy()
    expected[index] = values = np.asarray(-1 - whole[index], order=order)

    def fill(elements):
        elements._limit = limit
        elements.write((slice(None),) * len(shape), whole)
        elements.write(index, values)

    grow_array(str(path), shape, whole.dtype, fill)
    np.testing.assert_array_equal(expected, np.load(path))


def test_booleans_are_0_or_1(path):
    np.save(path, np.array([True, False, True]))
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x07")
    with open_npy(str(path)).opened() as elements:
        assert [0, 1] == elements.read((slice(1, 3),)).view("u1").tolist()
        assert [1] == elements.take([np.array([2])]).view("u1").tolist()


def test_a_single_number_has_no_axes(path):
    np.save(path, np.array(7.5))
    with open_npy(str(path)).opened() as elements:
        assert 7.5 == elements.read(())


@pytest.mark.parametrize(("fortran", "expected"), [(False, (15, 5, 1)), (True, (1, 2, 6))])
def test_steps_of_an_array_in_a_file(fortran, expected):
    assert expected == steps((2, 3, 5), fortran=fortran)
    # The first two along every axis: 1 + 15 + 5 + 1 of 30 elements, or 1 + 1 + 2 + 6.
    assert (22 if not fortran else 10) == span((2, 2, 2), expected)
    # The last of (2, 3, 4): 1 + 15 + 10 + 3, or 1 + 1 + 4 + 18.
    assert (29 if not fortran else 24) == span((2, 3, 4), expected)


def counted(monkeypatch):
    """The number of elements of each reading."""
    sizes = []
    fill = Elements._fill
    monkeypatch.setattr(
        Elements,
        "_fill",
        lambda self, flat, start: (sizes.append(flat.size), fill(self, flat, start)),
    )
    return sizes


def test_lines_side_by_side_are_read_at_once_and_far_ones_apart(path, monkeypatch):
    sizes = counted(monkeypatch)
    np.save(path, np.zeros((100, 1000), "i1"))
    with open_npy(str(path)).opened() as elements:
        elements.read((slice(10, 20), slice(None)))  # whole lines: one stretch
        elements.read((slice(0, 100), slice(10)))  # 64 KiB hold 66 lines, the last one cut
        elements._limit = 500
        elements.read((slice(0, 3), slice(400, 403)))
    assert [10_000, 65_010, 33_010, 3, 3, 3] == sizes


def test_a_file_that_is_cut_while_it_is_open_is_told(path):
    np.save(path, np.zeros((100, 1000)))
    with open_npy(str(path)).opened() as elements:
        truncated(path)
        assert 0 == elements.read((slice(0, 1), slice(None))).sum()
        with pytest.raises(
            DataError, match=r"x.npy' has changed since the work began; run it again"
        ):
            elements.read((slice(99, 100), slice(None)))
        with pytest.raises(DataError, match="has changed"):
            elements.take([np.array([99]), np.array([3])])

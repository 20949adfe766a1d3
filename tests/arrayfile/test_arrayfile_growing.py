"""A file that is filled piece by piece: complete under its name, or not there at all."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.arrayfile import grow_array, read_array
from convcalc.arrayfile.growing import release
from convcalc.errors import OutputError, UsageError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_pieces_become_the_file(tmp_path):
    path = tmp_path / "out.npy"

    def fill(array, flush):
        assert not path.exists()
        assert not array.any()
        for row in range(2):
            array[row] = row + 1
            flush()

    grow_array(str(path), (2, 3, 5), np.dtype("float32"), fill)
    expected = np.ones((2, 3, 5), np.float32)
    expected[1] = 2
    np.testing.assert_array_equal(expected, np.load(path))
    np.testing.assert_array_equal(expected, read_array(str(path)))
    assert ["out.npy"] == names(tmp_path)


@pytest.mark.parametrize("shape", [(3, 4), (12,), (1, 12), (12, 1)])
def test_the_file_is_that_of_a_whole_array(tmp_path, shape):
    values = np.arange(12, dtype="int64").reshape(shape)

    def fill(array, flush):
        array[:] = values

    grow_array(str(tmp_path / "a.npy"), shape, values.dtype, fill)
    np.save(tmp_path / "b.npy", values)
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_what_is_not_finished_leaves_nothing(tmp_path, failure):
    path = tmp_path / "out.npy"
    path.write_text("old")

    def fill(array, flush):
        array[:] = 1
        raise failure

    with pytest.raises(failure):
        grow_array(str(path), (4,), np.dtype("int8"), fill)
    assert ["out.npy"] == names(tmp_path)
    assert "old" == path.read_text()


def test_an_old_file_keeps_its_mode(tmp_path):
    path = tmp_path / "out.npy"
    path.write_text("old")
    path.chmod(0o640)
    grow_array(str(path), (4,), np.dtype("int8"), lambda array, flush: None)
    assert 0o640 == path.stat().st_mode & 0o777
    np.testing.assert_array_equal(np.zeros(4, np.int8), np.load(path))


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(OutputError, match="there is no folder"):
        grow_array(str(tmp_path / "no" / "out.npy"), (4,), np.dtype("int8"), print)


def test_a_stream_is_no_file():
    with pytest.raises(UsageError, match="is no file that could grow"):
        grow_array("/dev/null", (4,), np.dtype("int8"), print)


def test_pages_of_a_mapped_array_are_released_and_come_back(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10_000))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    view = mapped.reshape(100, 100)[1:]
    assert 4950 + 100 * 100 == view[0].sum()
    release(view)
    assert 4950 + 100 * 100 == view[0].sum()
    release(np.zeros(3))

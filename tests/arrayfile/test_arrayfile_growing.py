"""A file that is filled piece by piece: complete under its name, or not there at all."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.arrayfile import grow_array, read_array
from convcalc.errors import OutputError, UsageError
from unix import unix_files

WHOLE = (slice(None),) * 3


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_pieces_become_the_file(tmp_path):
    path = tmp_path / "out.npy"

    def fill(elements):
        assert not path.exists()
        assert not elements.read(WHOLE).any()
        for row in range(2):
            elements.write((slice(row, row + 1), *WHOLE[1:]), np.full((1, 3, 5), row + 1))
        assert [1, 2] == elements.read(WHOLE)[:, 0, 0].tolist()

    grow_array(str(path), (2, 3, 5), np.dtype("float32"), fill)
    expected = np.ones((2, 3, 5), np.float32)
    expected[1] = 2
    np.testing.assert_array_equal(expected, np.load(path))
    np.testing.assert_array_equal(expected, read_array(str(path)))
    assert ["out.npy"] == names(tmp_path)


@pytest.mark.parametrize("shape", [(3, 4), (12,), (1, 12), (12, 1)])
def test_the_file_is_that_of_a_whole_array(tmp_path, shape):
    values = np.arange(12, dtype="int64").reshape(shape)

    def fill(elements):
        elements.write(WHOLE[: len(shape)], values)

    grow_array(str(tmp_path / "a.npy"), shape, values.dtype, fill)
    np.save(tmp_path / "b.npy", values)
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_what_is_not_finished_leaves_nothing(tmp_path, failure):
    path = tmp_path / "out.npy"
    path.write_text("old")

    def fill(elements):
        elements.write(WHOLE[:1], np.ones(4))
        raise failure

    with pytest.raises(failure):
        grow_array(str(path), (4,), np.dtype("int8"), fill)
    assert ["out.npy"] == names(tmp_path)
    assert "old" == path.read_text()


@unix_files
def test_an_old_file_keeps_its_mode(tmp_path):
    path = tmp_path / "out.npy"
    path.write_text("old")
    path.chmod(0o640)
    grow_array(str(path), (4,), np.dtype("int8"), lambda elements: None)
    assert 0o640 == path.stat().st_mode & 0o777
    np.testing.assert_array_equal(np.zeros(4, np.int8), np.load(path))


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(OutputError, match="there is no folder"):
        grow_array(str(tmp_path / "no" / "out.npy"), (4,), np.dtype("int8"), print)


@unix_files
def test_a_stream_is_no_file():
    with pytest.raises(UsageError, match="is no file that could grow"):
        grow_array("/dev/null", (4,), np.dtype("int8"), print)

"""Whether a file is still the one that it was."""

from __future__ import annotations

import os

import pytest

from changing import appended, replaced, touched, truncated, written_into
from convcalc.arrayfile.identity import FileIdentity
from convcalc.errors import DataError
from unix import unix_files


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"some bytes")
    return path


def test_it_is_made_of_four_numbers(path):
    os.utime(path, ns=(0, 1_700_000_000_123_456_700))
    status = path.stat()
    expected = (status.st_dev, status.st_ino, 10, 1_700_000_000_123_456_700)
    assert expected == FileIdentity.at(str(path)) == FileIdentity.of(status)


@pytest.mark.parametrize("change", [appended, replaced, touched, truncated, written_into])
def test_whatever_becomes_of_a_file_is_noticed(path, change):
    before = FileIdentity.at(str(path))
    before.check(FileIdentity.at(str(path)), "'x'")
    change(path)
    with pytest.raises(DataError, match=r"^'x' has changed since the work began; run it again$"):
        before.check(FileIdentity.at(str(path)), "'x'")


@unix_files
def test_a_change_of_mode_and_another_name_are_no_change(path):
    before = FileIdentity.at(str(path))
    path.chmod(0o400)
    os.link(path, path.with_name("y"))
    before.check(FileIdentity.at(str(path)), "'x'")


def test_machines_have_their_own_numbers_for_devices(path):
    here = FileIdentity.at(str(path))
    there = here._replace(device=here.device + 1)
    here.check(there, "'x'", elsewhere=True)
    with pytest.raises(DataError, match="has changed"):
        here.check(there, "'x'")
    with pytest.raises(DataError, match="has changed"):
        here.check(there._replace(inode=here.inode + 1), "'x'", elsewhere=True)


def test_what_is_no_file_any_more_is_told(path):
    path.unlink()
    with pytest.raises(DataError, match=r"cannot read '.*x': No such file or directory"):
        FileIdentity.at(str(path))
    os.mkfifo(path)
    with pytest.raises(DataError, match=r"it is a named pipe"):
        FileIdentity.at(str(path))

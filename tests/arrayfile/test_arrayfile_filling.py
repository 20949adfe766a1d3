"""Several files of one folder: all of them or none, whatever fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from disks import Full, tree

from convcalc.arrayfile import filled_folder, write_array
from convcalc.errors import OutputError, ResourceError
from unix import WINDOWS, unix_files

APPEARED = "it was made by somebody else during the work; add --force to replace it"


NAMES = ["0.npy", "1.npy", "2.npy"]


def fill(*, force, appear=lambda: None, path="maps"):
    with filled_folder(path, NAMES, force=force) as made:
        for number, name in enumerate(NAMES):
            write_array(os.path.join(made, name), np.full(4, number), force=False)
            if number == 1:
                appear()


def values(path="maps"):
    return [np.load(f"{path}/{name}").tolist() for name in NAMES]


ONE = os.path.join("maps", "1.npy")
FULL = [[0] * 4, [1] * 4, [2] * 4]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("path", ["maps", "maps/", "./maps"])
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_of_files_is_filled(path, there):
    if there:
        os.mkdir("maps")
        Path("maps/other").write_bytes(b"theirs")
    fill(force=False, path=path)
    assert FULL == values()
    assert {*NAMES, "other"} >= set(os.listdir("maps"))
    assert {"maps"} == set(os.listdir())


@unix_files
@pytest.mark.usefixtures("system")
def test_a_link_to_a_folder_stays_one():
    os.mkdir("maps")
    os.symlink("maps", "link")
    fill(force=False, path="link")
    assert FULL == values()
    assert {"maps", "link"} == set(os.listdir())
    assert os.path.islink("link")


@unix_files
def test_an_array_that_replaces_another_keeps_its_mode():
    os.mkdir("maps")
    Path("maps/1.npy").write_bytes(b"old")
    os.chmod("maps/1.npy", 0o600)
    fill(force=True)
    assert FULL == values()
    assert [0o644, 0o600, 0o644] == [os.stat(f"maps/{n}").st_mode & 0o777 for n in NAMES]
    assert {"maps"} == set(os.listdir())


@pytest.mark.usefixtures("system")
def test_a_file_that_appears_in_the_folder_stays_and_no_other_is_left():
    os.mkdir("maps")
    with pytest.raises(OutputError) as caught:
        fill(force=False, appear=lambda: Path("maps/1.npy").write_bytes(b"theirs"))
    assert f"cannot write '{ONE}': {APPEARED}" == str(caught.value)
    assert {"maps": None, "maps/1.npy": b"theirs"} == tree()


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_appears_stays_or_is_filled(force):
    try:
        fill(force=force, appear=lambda: os.mkdir("maps"))
    except OutputError as error:
        assert f"cannot write 'maps': {APPEARED}" == str(error)
        assert {"maps": None} == tree()
        assert not force
    else:
        assert FULL == values()
        assert force


OLD = {f"maps/{name}": b"old" for name in NAMES}


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("before", ["none", "empty", "full"])
@pytest.mark.parametrize("force", [False, True])
def test_wherever_the_room_ends_a_folder_has_all_of_its_files_or_those_before(
    monkeypatch, before, force
):
    if (before, force) == ("full", False):
        return  # refused before
    failures = 0
    for failing in range(1, 99):
        if before != "none":
            os.makedirs("maps", exist_ok=True)
        for name in OLD if before == "full" else ():
            Path(name).write_bytes(b"old")
        was = tree()
        with monkeypatch.context() as patched:
            faults = Full(patched, failing)
            try:
                fill(force=force)
            except ResourceError as error:
                assert "No space left on device" in str(error)
                assert was == tree()
                failures += 1
            else:
                assert FULL == values()
                assert {"maps", *OLD} == set(tree())
                shutil.rmtree("maps")
        if faults.calls < failing:
            break
    # Of each file: reservation, header, numbers, mode, fsync, a folder that is not synchronised
    # is no failure, the name in the hidden folder and that in the real one.
    assert failures >= (12 if WINDOWS else 3 * 5 + 2)


@pytest.fixture
def disk(folder):
    """A file system of 64 KiB."""
    (folder / "disk").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder / "disk")]
    try:
        mounted = os.geteuid() == 0 and not subprocess.call(command, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs to be allowed to mount a file system")
    yield folder / "disk"
    os.chdir(folder)
    subprocess.run(["umount", str(folder / "disk")], check=True)


@pytest.mark.parametrize("there", [False, True])
def test_a_real_disk_that_is_too_small_for_all_files_gets_none(disk, monkeypatch, there):
    monkeypatch.chdir(disk)
    if there:
        os.mkdir("maps")
    was = tree()
    # Two of 24 KiB fit, three do not.
    with (
        pytest.raises(ResourceError, match="No space left on device"),
        filled_folder("maps", NAMES, force=False) as made,
    ):
        for name in NAMES:
            write_array(os.path.join(made, name), np.zeros(24 << 10, "u1"))
    assert was == tree()
    with filled_folder("maps", NAMES[:2], force=False) as made:
        for name in NAMES[:2]:
            write_array(os.path.join(made, name), np.zeros(24 << 10, "u1"))
    assert NAMES[:2] == sorted(os.listdir("maps"))

"""Where no array can be written is told before anything is computed."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from written import ARRAY, run, saved

from convcalc.arrayfile import check_output, target, write_array
from convcalc.errors import OutputError, UsageError
from privileges import NOBODY, is_root, unprivileged
from unix import pty, unix_files


@pytest.fixture
def own_folder(monkeypatch):
    """A folder that belongs to the unprivileged user and holds `y.npy`."""
    path = Path(tempfile.mkdtemp())
    (path / "y.npy").write_bytes(b"old")
    if is_root():
        os.chown(path, NOBODY, NOBODY)
        os.chown(path / "y.npy", NOBODY, NOBODY)
    monkeypatch.chdir(path)
    yield path
    monkeypatch.undo()  # Windows keeps the current folder
    path.chmod(0o700)
    shutil.rmtree(path)


@unix_files
def test_a_new_file_and_a_device_need_no_force():
    check_output("y.npy", force=False)
    check_output("/dev/null", force=False)
    assert os.listdir() == []


def test_a_file_that_exists_needs_force():
    Path("y.npy").touch()
    with pytest.raises(OutputError, match=r"^cannot write 'y.npy': it exists; add --force to rep"):
        check_output("y.npy", force=False, inputs=["x.npy"])
    check_output("y.npy", force=True)


@unix_files
@pytest.mark.parametrize("name", ["y.npz", "./y.npz", "link", "y.npz:w"])
def test_a_file_that_is_also_an_input_needs_force(name):
    Path("y.npz").touch()
    os.symlink("y.npz", "link")
    with pytest.raises(OutputError, match=r"'y.npz': it is also an input; add --force to replace"):
        check_output("y.npz", force=False, inputs=["x.npy", "-", name])
    check_output("y.npz", force=True, inputs=[name])


def unusable():
    os.mkdir("folder")
    Path("file").touch()
    os.symlink("loop", "loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it names a folder; name a file in it"),
        ("folder", "it is a folder; name a file in it"),
        ("new/", "it names a folder; name a file in it"),
        ("socket", "it is a socket; name a file or a pipe"),
        ("no/y.npy", "there is no folder 'no'; make it first"),
        ("file/y.npy", "Not a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("a\0b", "embedded null byte"),
        ("y" * 256, "File name too long"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused_early_and_late(name, why):
    unusable()
    before = sorted(os.listdir())
    for refuse in (lambda: check_output(name, force=True), lambda: write_array(name, ARRAY)):
        with pytest.raises(OutputError, match=r"^cannot write '.*': [^\n]+$") as caught:
            refuse()
        assert str(caught.value).endswith(why)
    assert sorted(os.listdir()) == before


@unix_files
@pytest.mark.usefixtures("own_folder")
def test_a_read_only_file_is_refused_though_it_could_be_replaced():
    os.chmod("y.npy", 0o444)
    with unprivileged():
        for refuse in (
            lambda: check_output("y.npy", force=True),
            lambda: write_array("y.npy", ARRAY),
        ):
            with pytest.raises(OutputError, match=r"'y.npy': it is read-only; change its mode or"):
                refuse()
    assert Path("y.npy").read_bytes() == b"old"


@unix_files
def test_a_folder_that_cannot_be_written_to_is_refused(own_folder):
    own_folder.chmod(0o555)
    with unprivileged():
        for name in ("new.npy", "y.npy"):
            with pytest.raises(
                OutputError, match=r"the folder '.' is not writable; choose another"
            ):
                check_output(name, force=True)


@pytest.mark.usefixtures("own_folder")
def test_an_ordinary_user_may_write_into_a_folder_of_their_own():
    with unprivileged():
        check_output("y.npy", force=True)
        write_array("y.npy", ARRAY)
    assert Path("y.npy").read_bytes() == saved(ARRAY)


@pytest.fixture
def terminal():
    """The name of a terminal, and its descriptor."""
    ends = pty.openpty()
    yield os.ttyname(ends[1]), ends[1]
    for end in ends:
        os.close(end)


@unix_files
def test_a_terminal_is_refused_by_every_name_it_has(terminal):
    name, descriptor = terminal
    os.symlink(name, "link")
    for each in (name, "link", f"/dev/fd/{descriptor}", f"/proc/self/fd/{descriptor}"):
        with pytest.raises(UsageError, match=r"is a terminal and the output is binary; use -o FIL"):
            check_output(each, force=True)


@unix_files
@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_a_terminal_as_standard_output_is_refused(terminal, name):
    done = run(f"check_output({name!r}, force=True)", terminal[1])
    assert "UsageError: " in done.stderr
    assert "is a terminal and the output is binary; use -o FILE or redirect it" in done.stderr


def test_standard_output_that_is_no_terminal_is_accepted(monkeypatch):
    monkeypatch.setattr(target.os, "isatty", lambda descriptor: False)
    check_output("-", force=False)

"""Outputs that cannot be written: told before the work, and what was there stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from cli_support import COMMAND, UNCOMPILED, environment, limited, listing
from refusals import RUN, check

from privileges import is_root
from unix import resource, unix_files

NOBODY = 65534

BAD_OUTPUTS = [
    ("old.npy", ["old.npy", "exists", "--force"]),
    ("image.npy", ["image.npy", "input", "--force"]),
    ("link.npy", ["link.npy", "input", "--force"]),
    ("missing/y.npy", ["missing", "no folder"]),
    (".", ["'.'", "folder"]),
    ("new/", ["new/", "folder"]),
    ("image.npy/y.npy", ["image.npy"]),
    ("y" * 300 + ".npy", ["too long"]),
]


@unix_files
@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("output", "words"), BAD_OUTPUTS)
def test_an_impossible_output_is_refused_before_the_work(inside, folder, output, words):
    (folder / "old.npy").write_bytes(b"old")
    (folder / "link.npy").symlink_to("image.npy")
    (folder / "image.npy").with_name("kernel.npy").write_bytes(b"never looked at")
    before = listing()
    done = inside(*RUN.split(), "-o", output)
    check(done, 4, words)
    assert before == listing()


@pytest.mark.usefixtures("image")
def test_a_full_disk_leaves_the_old_output(convcalc, folder, save):
    save("image.npy", np.ones((64, 64)))
    (folder / "y.npy").write_bytes(b"old")
    before = listing()
    limit = limited(resource.RLIMIT_FSIZE, 1024)
    arguments = [*RUN.split(), "-q", "-o", "y.npy", "--force"]
    done = convcalc(*arguments, preexec_fn=limit, env=UNCOMPILED)
    check(done, 4, ["y.npy", "File too large"])
    assert before == listing()


@unix_files
@pytest.mark.usefixtures("image")
def test_a_full_device_is_told(convcalc):
    check(convcalc(*RUN.split(), "-q", "-o", "/dev/full"), 4, ["/dev/full", "No space left"])


@pytest.fixture
def foreign_folder(monkeypatch):
    """A folder that belongs to root, seen by somebody else."""
    if not is_root():
        pytest.skip("needs root, to become somebody else")
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    monkeypatch.chdir(path)
    yield path
    os.seteuid(0)
    shutil.rmtree(path)


def unprivileged(inside, *arguments):
    """The command as somebody whom modes apply to; what it imports is loaded before."""

    inside("shape", "--bad")
    inside(*RUN.split())
    os.seteuid(NOBODY)
    try:
        return inside(*arguments)
    finally:
        os.seteuid(0)


def test_an_unwritable_folder_is_told(inside, foreign_folder):
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    before = listing()
    done = unprivileged(inside, *RUN.split(), "-o", "y.npy")
    check(done, 4, ["y.npy", "not writable"])
    assert before == listing()


@unix_files
def test_a_read_only_output_is_left_alone(inside, foreign_folder):
    foreign_folder.chmod(0o777)
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    (foreign_folder / "y.npy").write_bytes(b"old")
    done = unprivileged(inside, *RUN.split(), "-o", "y.npy", "--force")
    check(done, 4, ["y.npy", "read-only"])
    assert b"old" == (foreign_folder / "y.npy").read_bytes()


@unix_files
def test_an_unreadable_input_is_told(inside, foreign_folder):
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    (foreign_folder / "image.npy").chmod(0o600)
    done = unprivileged(inside, *RUN.split())
    check(done, 3, ["image.npy", "Permission denied"])


def test_several_writers_never_share_a_temporary_file(folder, save):
    save("image.npy", np.ones((400, 400)))
    save("kernel.npy", np.ones((3, 3)))
    command = [*COMMAND, *RUN.split(), "-q", "-f", "-o", "y.npy"]
    running = [subprocess.Popen(command, env=environment()) for _ in range(3)]
    assert [0, 0, 0] == [process.wait(timeout=60) for process in running]
    assert (398, 398) == np.load("y.npy").shape
    assert {"image.npy", "kernel.npy", "y.npy"} == set(os.listdir())

"""What `write_array` leaves on the disk: bytes, names, modes, streams and devices."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from written import ARRAY, run, saved

from convcalc.arrayfile import check_output, read_array, whole_file, write_array, writing
from convcalc.errors import OutputError, ResourceError
from privileges import NOBODY, is_root
from unix import unix_files, unix_replacing


@contextlib.contextmanager
def umask(mask):
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# What is written.

LAYOUTS = {
    "c": ARRAY,
    "fortran": np.asfortranarray(ARRAY),
    "both": ARRAY[:, :1, :1],
    "steps": ARRAY[:, ::2, ::3],
    "reversed": ARRAY[::-1, :, ::-1],
    "transposed": ARRAY.transpose(1, 0, 2),
    "broadcast": np.broadcast_to(ARRAY, (3, 2, 3, 4)),
    "scalar": np.array(2.5),
    "empty": np.zeros((3, 0, 2)),
    "big-endian": ARRAY.astype(">f8"),
    "big-endian-steps": ARRAY.astype(">i4")[..., ::2],
    "bool": ARRAY > 5,
    "half": ARRAY.astype("f2"),
    "complex": ARRAY.astype("c8"),
}


@pytest.mark.parametrize("array", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("chunk", [16, 16 << 20])
def test_every_layout_gives_the_bytes_that_numpy_gives(monkeypatch, array, chunk):
    for module in (writing, whole_file):
        monkeypatch.setattr(module, "WRITE_CHUNK", chunk)
    write_array("y.npy", array)
    assert Path("y.npy").read_bytes() == saved(array)
    assert np.array_equal(read_array("y.npy"), array)


def test_the_first_bytes_are_those_of_format_1():
    write_array("y.npy", np.zeros((2, 3), "<i2"))
    header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"
    assert Path("y.npy").read_bytes() == (
        b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117).encode() + b"\n" + b"\0" * 12
    )


def test_notes_on_a_dtype_are_not_written():
    write_array("y.npy", np.zeros(2, np.dtype("f4", metadata={"unit": "m"})))
    assert Path("y.npy").read_bytes() == saved(np.zeros(2, "f4"))


@pytest.mark.parametrize("dtype", ["O", "S3", "M8[s]", "V2", "g"])
def test_what_could_not_be_read_back_is_a_mistake_of_the_caller(dtype):
    with pytest.raises(TypeError, match="cannot be written"):
        write_array("y.npy", np.zeros(1, dtype))
    assert os.listdir() == []


def test_no_ending_is_added_to_the_name():
    write_array("y", ARRAY)
    assert os.listdir() == ["y"]


def test_chunks_are_of_16_mebibytes():
    assert writing.WRITE_CHUNK == 16_777_216


# Names and modes.


@unix_files
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(mask, mode):
    with umask(mask):
        write_array("y.npy", ARRAY)
        assert os.umask(mask) == mask
    assert mode_of("y.npy") == mode


@unix_files
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_replaced_file_keeps_its_mode(mode):
    Path("y.npy").touch()
    os.chmod("y.npy", mode)
    write_array("y.npy", ARRAY)
    assert mode_of("y.npy") == mode


@pytest.mark.skipif(not is_root(), reason="only root may give files away")
def test_a_file_that_root_replaces_keeps_its_owner():
    Path("y.npy").touch()
    os.chown("y.npy", NOBODY, NOBODY)
    write_array("y.npy", ARRAY)
    assert (os.stat("y.npy").st_uid, os.stat("y.npy").st_gid) == (NOBODY, NOBODY)


@unix_files
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_a_link(exists):
    os.mkdir("there")
    os.symlink("there/real.npy", "link.npy")
    if exists:
        Path("there/real.npy").write_bytes(b"old")
    write_array("link.npy", ARRAY)
    assert os.readlink("link.npy") == "there/real.npy"
    assert Path("there/real.npy").read_bytes() == saved(ARRAY)
    assert os.listdir("there") == ["real.npy"]


def test_a_file_may_have_the_longest_name_there_is():
    write_array("y" * 255, ARRAY)
    assert os.listdir() == ["y" * 255]


@unix_replacing
def test_an_array_may_replace_the_file_that_it_is_mapped_from(monkeypatch):
    monkeypatch.setattr(whole_file, "WRITE_CHUNK", 8)
    write_array("y.npy", ARRAY)
    mapped = np.load("y.npy", mmap_mode="r")
    write_array("y.npy", mapped[::-1])
    assert np.array_equal(read_array("y.npy"), ARRAY[::-1])
    assert np.array_equal(mapped, ARRAY)


@unix_replacing
def test_two_writers_of_one_file_do_not_mix():
    def write(value):
        for _ in range(20):
            write_array("y.npy", np.full(5000, value))

    threads = [threading.Thread(target=write, args=(value,)) for value in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_array("y.npy").tolist()) in ({1}, {2})
    assert os.listdir() == ["y.npy"]


# Standard output, pipes and devices.


def test_standard_output_gets_the_bytes_and_nothing_else(capfdbinary):
    write_array("-", ARRAY)
    assert capfdbinary.readouterr() == (saved(ARRAY), b"")


@unix_files
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_goes_on_after_what_was_there_and_what_was_printed(name, unbuffered):
    Path("all").write_bytes(b"before ")
    with open("all", "ab") as stdout:
        code = f"print('printed', end=' '); write_array({name!r}, np.arange(3))"
        done = run(code, stdout, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("all").read_bytes() == b"before printed " + saved(np.arange(3))


@unix_files
def test_a_full_device_is_reported_and_exits_with_a_failure():
    with open("/dev/full", "wb") as stdout:
        done = run("write_array('-', np.zeros(10**6))", stdout, PYTHONUNBUFFERED="1")
    assert done.returncode != 0
    assert "ResourceError: cannot write standard output: No space left on device" in done.stderr


@unix_files
def test_a_device_is_written_in_place():
    write_array("/dev/null", ARRAY)
    with pytest.raises(ResourceError, match=r"cannot write '/dev/full': No space left on device"):
        write_array("/dev/full", ARRAY)


@unix_files
def test_a_named_pipe_is_written_in_place():
    os.mkfifo("p")
    received = []
    reader = threading.Thread(target=lambda: received.append(Path("p").read_bytes()))
    reader.start()
    write_array("p", ARRAY)
    reader.join()
    assert received == [saved(ARRAY)]
    assert stat.S_ISFIFO(os.stat("p").st_mode)


@contextlib.contextmanager
def pipe():
    """The names of both ends of a pipe, as descriptors."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)


@unix_files
def test_a_reader_that_goes_away_is_an_error_because_data_was_lost():
    with pipe() as (reading, end):
        os.close(reading)
        with pytest.raises(OutputError, match=r"cannot write '/dev/fd/\d+': Broken pipe"):
            write_array(f"/dev/fd/{end}", ARRAY)


@unix_files
def test_a_full_pipe_that_does_not_block_is_waited_for():
    large = np.arange(100_000)
    with pipe() as (reading, end):
        os.set_blocking(end, False)
        received = []
        reader = threading.Thread(
            target=lambda: received.extend(iter(lambda: os.read(reading, 4096), b""))
        )
        reader.start()
        write_array(f"/dev/fd/{end}", large)
        os.close(end)
        reader.join()
    assert b"".join(received) == saved(large)


@unix_files
def test_a_descriptor_that_is_not_open_is_refused():
    for refuse in (lambda name: write_array(name, ARRAY), lambda n: check_output(n, force=True)):
        with pytest.raises(OutputError, match=r"cannot write '/dev/fd/987': Bad file descriptor"):
            refuse("/dev/fd/987")

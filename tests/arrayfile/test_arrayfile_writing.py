"""What `write_array` leaves on the disk, above all when something fails, and what is refused."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from convcalc.arrayfile import check_output, read_array, target, write_array, writing
from convcalc.errors import OutputError, ResourceError, UsageError

ARRAY = np.arange(24, dtype="f4").reshape(2, 3, 4)
NOBODY = 65534


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in an empty folder of its own, which it may look into."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextlib.contextmanager
def unprivileged():
    """Act as a user whom modes apply to; root is above them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def own_folder(monkeypatch):
    """A folder that belongs to the unprivileged user and holds `y.npy`."""
    path = Path(tempfile.mkdtemp())
    (path / "y.npy").write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
        os.chown(path / "y.npy", NOBODY, NOBODY)
    monkeypatch.chdir(path)
    yield path
    path.chmod(0o700)
    shutil.rmtree(path)


@contextlib.contextmanager
def umask(mask):
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def saved(array):
    """The bytes that NumPy itself would write."""
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


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
    monkeypatch.setattr(writing, "WRITE_CHUNK", chunk)
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


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(mask, mode):
    with umask(mask):
        write_array("y.npy", ARRAY)
        assert os.umask(mask) == mask
    assert mode_of("y.npy") == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_replaced_file_keeps_its_mode(mode):
    Path("y.npy").touch()
    os.chmod("y.npy", mode)
    write_array("y.npy", ARRAY)
    assert mode_of("y.npy") == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_root_replaces_keeps_its_owner():
    Path("y.npy").touch()
    os.chown("y.npy", NOBODY, NOBODY)
    write_array("y.npy", ARRAY)
    assert (os.stat("y.npy").st_uid, os.stat("y.npy").st_gid) == (NOBODY, NOBODY)


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


def test_an_array_may_replace_the_file_that_it_is_mapped_from(monkeypatch):
    monkeypatch.setattr(writing, "WRITE_CHUNK", 8)
    write_array("y.npy", ARRAY)
    mapped = np.load("y.npy", mmap_mode="r")
    write_array("y.npy", mapped[::-1])
    assert np.array_equal(read_array("y.npy"), ARRAY[::-1])
    assert np.array_equal(mapped, ARRAY)


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


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_goes_on_after_what_was_there_and_what_was_printed(name, unbuffered):
    Path("all").write_bytes(b"before ")
    with open("all", "ab") as stdout:
        code = f"print('printed', end=' '); write_array({name!r}, np.arange(3))"
        done = run(code, stdout, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("all").read_bytes() == b"before printed " + saved(np.arange(3))


def test_a_full_device_is_reported_and_exits_with_a_failure():
    with open("/dev/full", "wb") as stdout:
        done = run("write_array('-', np.zeros(10**6))", stdout, PYTHONUNBUFFERED="1")
    assert done.returncode != 0
    assert "ResourceError: cannot write standard output: No space left on device" in done.stderr


def test_a_device_is_written_in_place():
    write_array("/dev/null", ARRAY)
    with pytest.raises(ResourceError, match=r"cannot write '/dev/full': No space left on device"):
        write_array("/dev/full", ARRAY)


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


def test_a_reader_that_goes_away_is_an_error_because_data_was_lost():
    with pipe() as (reading, end):
        os.close(reading)
        with pytest.raises(OutputError, match=r"cannot write '/dev/fd/\d+': Broken pipe"):
            write_array(f"/dev/fd/{end}", ARRAY)


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


def test_a_descriptor_that_is_not_open_is_refused():
    for refuse in (lambda name: write_array(name, ARRAY), lambda n: check_output(n, force=True)):
        with pytest.raises(OutputError, match=r"cannot write '/dev/fd/987': Bad file descriptor"):
            refuse("/dev/fd/987")


# When something fails.

STEPS = ["write", "fsync", "replace", "posix_fallocate", "fchmod", "close"]


class Faults:
    """The functions of `os` that writing needs, of which call number `failing` fails."""

    def __init__(self, monkeypatch, failing, error):
        self.calls = 0
        self.error = error
        self.failing = failing
        for name in STEPS:
            monkeypatch.setattr(os, name, self.wrapped(name, getattr(os, name)))

    def wrapped(self, name, real):
        def call(*arguments):
            self.calls += 1
            if self.calls == self.failing:
                if name == "close":
                    real(*arguments)
                raise self.error
            return real(*arguments)

        return call


@pytest.mark.parametrize("error", [OSError(28, "x"), OSError(5, "x")])
def test_whatever_fails_the_old_file_is_untouched_and_no_other_is_left(monkeypatch, error):
    monkeypatch.setattr(writing, "WRITE_CHUNK", 64)
    outcomes = []
    for failing in range(1, 99):
        Path("y.npy").write_bytes(b"old")
        with monkeypatch.context() as patched:
            faults = Faults(patched, failing, error)
            try:
                write_array("y.npy", ARRAY)
            except OutputError as caught:
                message = str(caught)
            else:
                message = "written"
        assert Path("y.npy").read_bytes() == (saved(ARRAY) if message == "written" else b"old")
        assert os.listdir() == ["y.npy"]
        outcomes.append(message)
        if faults.calls < failing:
            break
    failures = [message for message in outcomes if message != "written"]
    # A reservation, 2 writes of the header and 2 of the data, mode, fsync, close, replace.
    assert len(failures) == 9
    assert all("cannot write 'y.npy': " in message for message in failures)
    assert outcomes[-1] == "written"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit(143)])
def test_an_interrupt_leaves_nothing_behind(monkeypatch, error):
    # A reservation, the header, the data, mode, fsync, close, replace.
    for failing in range(1, 8):
        with monkeypatch.context() as patched:
            Faults(patched, failing, error)
            with pytest.raises(BaseException) as caught:
                write_array("y.npy", ARRAY)
        assert isinstance(caught.value, KeyboardInterrupt | SystemExit)
        assert os.listdir() == []


def test_memory_that_runs_out_is_reported(monkeypatch):
    def refuse(_):
        raise MemoryError

    Path("y.npy").write_bytes(b"old")
    monkeypatch.setattr(writing.np, "ascontiguousarray", refuse)
    with pytest.raises(ResourceError, match=r"cannot write 'y.npy': not enough memory"):
        write_array("y.npy", ARRAY[..., ::2])
    assert Path("y.npy").read_bytes() == b"old"
    assert os.listdir() == ["y.npy"]


def test_a_folder_that_cannot_be_synchronised_is_no_failure(monkeypatch):
    Faults(monkeypatch, 8, OSError(22, "x"))  # the second fsync, after the file is in its place
    write_array("y.npy", ARRAY)
    assert Path("y.npy").read_bytes() == saved(ARRAY)


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (28, ResourceError, "No space left on device"),
        (122, ResourceError, "Disk quota exceeded"),
        (27, ResourceError, "File too large"),
        (5, OutputError, "Input/output error"),
        (30, OutputError, "Read-only file system"),
    ],
)
def test_the_reason_of_the_system_is_passed_on(monkeypatch, number, kind, reason):
    Faults(monkeypatch, 1, OSError(number, "x"))
    with pytest.raises(OutputError) as caught:
        write_array("y.npy", ARRAY)
    assert type(caught.value) is kind
    assert str(caught.value) == f"cannot write 'y.npy': {reason}"


def test_a_reservation_that_the_system_does_not_know_is_done_without(monkeypatch):
    for number in (95, 22, 38):
        with monkeypatch.context() as patched:
            Faults(patched, 1, OSError(number, "x"))
            write_array("y.npy", ARRAY)
        assert Path("y.npy").read_bytes() == saved(ARRAY)


def test_nothing_is_lost_when_the_system_writes_less_than_it_is_given(monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda end, data: write(end, data[: len(data) // 2 + 1]))
    write_array("y.npy", ARRAY)
    assert Path("y.npy").read_bytes() == saved(ARRAY)


def test_a_file_beyond_the_limit_of_the_process_is_refused():
    Path("y.npy").write_bytes(b"old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    done = run(
        "import resource, sys; sys.dont_write_bytecode = True\n"  # half a module would stay
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_array('y.npy', np.zeros(10_000))"
    )
    assert limit == resource.getrlimit(resource.RLIMIT_FSIZE)
    assert "ResourceError: cannot write 'y.npy': File too large" in done.stderr
    assert Path("y.npy").read_bytes() == b"old"
    assert os.listdir() == ["y.npy"]


# What is refused before anything is computed.


def test_a_new_file_and_a_device_need_no_force():
    check_output("y.npy", force=False)
    check_output("/dev/null", force=False)
    assert os.listdir() == []


def test_a_file_that_exists_needs_force():
    Path("y.npy").touch()
    with pytest.raises(OutputError, match=r"^cannot write 'y.npy': it exists; add --force to rep"):
        check_output("y.npy", force=False, inputs=["x.npy"])
    check_output("y.npy", force=True)


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


def test_a_terminal_is_refused_by_every_name_it_has(terminal):
    name, descriptor = terminal
    os.symlink(name, "link")
    for each in (name, "link", f"/dev/fd/{descriptor}", f"/proc/self/fd/{descriptor}"):
        with pytest.raises(UsageError, match=r"is a terminal and the output is binary; use -o FIL"):
            check_output(each, force=True)


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_a_terminal_as_standard_output_is_refused(terminal, name):
    done = run(f"check_output({name!r}, force=True)", terminal[1])
    assert "UsageError: " in done.stderr
    assert "is a terminal and the output is binary; use -o FILE or redirect it" in done.stderr


def test_standard_output_that_is_no_terminal_is_accepted(monkeypatch):
    monkeypatch.setattr(target.os, "isatty", lambda descriptor: False)
    check_output("-", force=False)


def run(code, stdout=None, **environment):
    """Run a line in a Python of its own."""
    prelude = "import numpy as np\nfrom convcalc.arrayfile import *\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + code],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )

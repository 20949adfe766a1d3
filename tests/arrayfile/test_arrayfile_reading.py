"""What `read_array` accepts, what it refuses, and the sentence it refuses it with."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import struct

import numpy as np
import pytest

from changing import appended, removed, replaced, touched, truncated, written_into
from convcalc.arrayfile import npy, read_array, source
from convcalc.errors import DataError, ResourceError, UsageError
from unix import pty, unix_files, unix_replacing


def npy_bytes(descr="'<f4'", shape="(2,)", data=b"\0" * 8, order="False", version=(1, 0)):
    """A `.npy` file whose header says exactly what is asked for, right or wrong."""
    return wrapped(
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}", data, version
    )


def wrapped(header, data=b"", version=(1, 0)):
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


@pytest.fixture
def file(tmp_path):
    """A function that puts bytes into `x.npy` and returns its name."""

    def make(content, name="x.npy"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return make


@pytest.fixture
def piped(monkeypatch):
    """A function that puts bytes into standard input."""

    def make(content):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return make


# What is accepted.

NUMBERS = ["f2", "f4", "f8", "c8", "c16", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("order", "CF")
def test_every_kind_of_number_is_read_in_native_byte_order(tmp_path, dtype, endian, order):
    saved = np.array([[1, 2, 3], [4, 5, 6]], endian + dtype, order=order)
    np.save(tmp_path / "x.npy", saved)
    array = read_array(str(tmp_path / "x.npy"))
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert np.dtype(dtype) == array.dtype
    assert array.dtype.isnative
    assert (order == "F") == array.flags.f_contiguous


def test_a_small_array_may_be_written_to(file):
    array = read_array(file(npy_bytes()))
    array[0] = 7
    assert array.tolist() == [7, 0]


def test_a_scalar_and_an_array_without_elements_are_read(file):
    assert read_array(file(npy_bytes(shape="()", data=b"\0" * 4))).shape == ()
    assert read_array(file(npy_bytes(shape="(0, 3)", data=b""))).shape == (0, 3)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(file, version):
    assert read_array(file(npy_bytes(data=b"\0\0\x80\x3f" * 2, version=version))).tolist() == [1, 1]


def test_a_header_written_by_python_2_is_read(file):
    assert read_array(file(npy_bytes(shape="(2L,)"))).shape == (2,)


def test_any_byte_but_0_is_true(file):
    array = read_array(file(npy_bytes("'|b1'", "(4,)", b"\0\1\2\xff")))
    assert array.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_a_large_file_is_read_and_not_mapped(tmp_path):
    # A mapped file that somebody truncates kills the process at the next look.
    np.save(tmp_path / "x.npy", np.arange(2**23 + 1, dtype="f8"))  # 64 MiB and 8 bytes
    array = read_array(str(tmp_path / "x.npy"))
    os.truncate(tmp_path / "x.npy", 1000)
    assert array.flags.writeable
    assert (0, 2**23, 2**22 * (2**23 + 1)) == (array[0], array[-1], array.sum())


def test_a_file_longer_than_one_read_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "READ_CHUNK", 7)
    np.save(tmp_path / "x.npy", np.arange(100))
    assert list(range(100)) == read_array(str(tmp_path / "x.npy")).tolist()


# Standard input.


def test_standard_input_is_read_like_a_file(piped):
    piped(npy_bytes("'>i2'", "(2, 2)", b"\0\1\0\2\0\3\0\4", order="True"))
    array = read_array("-")
    assert array.tolist() == [[1, 3], [2, 4]]
    assert array.dtype.isnative
    array[0, 0] = 9  # and is the caller's own


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "standard input is empty, expected a .npy array"),
        (b"1 2 3\n", "standard input is text"),
        (npy_bytes(data=b"\0" * 7), "standard input is truncated: shape (2,) of float32 needs 8"),
        (npy_bytes(data=b"\0" * 9), "standard input has 1 bytes after the array"),
        (npy_bytes("'|O'"), "standard input holds Python objects"),
    ],
)
def test_standard_input_is_checked_like_a_file(piped, content, part):
    piped(content)
    with pytest.raises(DataError) as caught:
        read_array("-")
    assert part in str(caught.value)


def test_standard_input_is_read_no_further_than_the_memory_limit(piped):
    piped(npy_bytes(shape="(1000,)", data=b"\0" * 4000))
    with pytest.raises(ResourceError, match=r"standard input needs .* but 1,000 are free"):
        read_array("-", memory_limit=1000)


def test_elements_that_lie_askew_in_standard_input_are_aligned(piped):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"
    for spaces in range(4):
        piped(wrapped(header + " " * spaces, b"\0\0\x80\x3f" * 2))
        assert read_array("-").flags.aligned


def test_a_terminal_is_refused_at_once(monkeypatch):
    controller, terminal = pty.openpty()
    try:
        with open(terminal, encoding="utf-8") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            with pytest.raises(UsageError, match=r"standard input is a terminal; give a file or"):
                read_array("-")
    finally:
        os.close(controller)


@pytest.mark.parametrize("closed", [None, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")])
def test_a_closed_standard_input_is_refused(monkeypatch, closed):
    if closed is not None:
        closed.close()
    monkeypatch.setattr("sys.stdin", closed)
    with pytest.raises(DataError, match=r"cannot read standard input: it is closed"):
        read_array("-")


# What is refused.

FLOAT4 = "{'descr': '<f4', 'fortran_order': False, 'shape': "

BAD_FILES = {
    "empty": (b"", "is empty, expected a .npy array; save the array with numpy.save"),
    "zip": (b"PK\x03\x04" + b"\0" * 30, "is a zip archive, expected a .npy array; name one of its"),
    "gzip": (gzip.compress(b"x"), "is gzip-compressed, expected a .npy array; unpack it first"),
    "pickle": (pickle.dumps([1, 2]), "is a pickle, expected"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 9, "is an HDF5 file, expected"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 9, "is a PNG image, expected"),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 9, "is a JPEG image, expected"),
    "gif": (b"GIF89a" + b"\0" * 9, "is a GIF image, expected"),
    "matlab": (b"MATLAB 5.0 MAT-file", "is a MATLAB file, expected"),
    "text": (b"1,2,3\r\n4,5,6\r\n", "is text, expected"),
    "text-cut-character": ("0123456789\N{SNOWMAN}".encode()[:12], "is text, expected"),
    "text-bom": (b"\xef\xbb\xbf1,2,3", "is text, expected"),
    "text-utf16": ("1,2".encode("utf-16"), "is text, expected"),
    "recoded": (npy_bytes().decode("latin-1").encode(), "damaged by a conversion of text"),
    "unknown": (b"\0\1\2\3\4\5\6\7\x08\x0e\x0f", "is of an unknown type, expected"),
    "magic-cut": (b"\x93NUM", "is truncated inside its header, at byte 4"),
    "version-cut": (b"\x93NUMPY\1", "is truncated inside its header, at byte 7"),
    "length-cut": (b"\x93NUMPY\1\0v", "is truncated inside its header"),
    "version": (npy_bytes(version=(4, 0)), "has version 4.0 of the .npy format, expected 1.0"),
    "long-header": (wrapped(" " * 10_001), "has a header of 10,001 bytes, expected at most 10,000"),
    "4-gib-header": (
        b"\x93NUMPY\2\0\xff\xff\xff\xff" + b" " * 150,
        "has a header of 4,294,967,295 bytes",
    ),
    "header-cut": (npy_bytes()[:40], "is truncated inside its header, at byte 40"),
    "no-header": (wrapped(""), "has an invalid header: "),
    "not-a-dict": (wrapped("[1, 2]"), "has an invalid header: Header is not a dictionary"),
    "no-shape": (wrapped("{'descr': '<f4'}"), "has an invalid header: Header does not contain"),
    "not-a-literal": (wrapped("__import__('os')"), "has an invalid header: "),
    "deep-minus": (wrapped("-" * 5000 + "1"), "has an invalid header: "),
    "deep-list": (wrapped("[" * 4000 + "]" * 4000), "has an invalid header: "),
    "open-bracket": (wrapped("(" * 4000), "has an invalid header: "),
    "not-utf8": (wrapped(b"\xff\xfe\xfd" * 9), "has an invalid header: "),
    "bad-dtype": (npy_bytes("'<q9'"), "has an invalid header: "),
    "no-dtype": (npy_bytes("None"), "has an invalid header: "),
    "bad-order": (npy_bytes(order="2"), "has an invalid header: "),
    "list-shape": (npy_bytes(shape="[2]"), "has an invalid header: shape is not valid: [2]"),
    "objects": (npy_bytes("'|O'"), "holds Python objects (dtype object), expected numbers"),
    "records": (npy_bytes("[('a', '<f4')]"), "holds records (dtype [('a', '<f4')]), expected"),
    "nested": (npy_bytes("('<f4', (2,))", "(1,)"), "holds nested arrays (dtype ('<f4', (2,)))"),
    "bytes": (npy_bytes("'|S4'"), "holds byte strings (dtype |S4), expected numbers"),
    "unicode": (npy_bytes("'<U1'"), "holds text (dtype <U1), expected numbers"),
    "dates": (npy_bytes("'<M8[ns]'", "(1,)"), "holds dates (dtype datetime64[ns]), expected"),
    "spans": (npy_bytes("'<m8[s]'", "(1,)"), "holds time spans (dtype timedelta64[s]), expected"),
    "void": (npy_bytes("'|V4'"), "holds raw bytes (dtype |V4), expected numbers; convert it"),
    "bfloat16": (npy_bytes("'|V2'", "(4,)"), "if it is bfloat16, save it as float32"),
    "bool-size": (npy_bytes(shape="(True, 2)"), "declares the shape (True, 2), expected whole"),
    "negative-size": (npy_bytes(shape="(-1,)"), "declares the shape (-1,), expected sizes of at"),
    "very-negative": (npy_bytes(shape=f"(-{9**999},)"), "declares a dimension beyond 2^63"),
    "huge-size": (npy_bytes(shape=f"({2**63},)"), "declares a dimension beyond 2^63"),
    "endless-digits": (npy_bytes(shape="(0x" + "f" * 9000 + ",)"), "a dimension beyond 2^63"),
    "wrapping-product": (npy_bytes(shape=f"({2**32}, {2**32})"), ", 2^63 bytes or more"),
    "empty-overflow": (npy_bytes(shape=f"(0, {10**12}, {10**12})"), ", 2^63 bytes or more"),
    "33-dimensions": (npy_bytes(shape="(" + "1," * 33 + ")"), "has 33 dimensions, expected at mo"),
    "truncated": (
        npy_bytes(shape="(5,)"),
        "is truncated: shape (5,) of float32 needs 20 bytes, found 8; copy it again",
    ),
    "no-data": (npy_bytes(data=b""), "shape (2,) of float32 needs 8 bytes, found 0"),
    "trailing": (
        npy_bytes(data=b"\0" * 11),
        "has 3 bytes after the array: shape (2,) of float32 needs 8, found 11; copy it again",
    ),
    "crlf": (npy_bytes().replace(b"\0\0\0\0", b"\r\n\r\n\r\n"), "has 4 bytes after the array"),
    "long-double": (npy_bytes("'<f16'", "(1,)"), "holds long doubles (dtype float128)"),
    "long-complex": (npy_bytes("'<c32'", "(1,)"), "save it as complex128"),
    "long-double of another machine": (
        npy_bytes("'<f12'", "(1,)"),
        "holds long doubles (dtype float96), which differ between machines; save it as float64",
    ),
}


@pytest.mark.parametrize(("content", "part"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_in_one_line_that_names_it(file, content, part):
    with pytest.raises(DataError) as caught:
        read_array(file(content))
    message = str(caught.value)
    assert part in message
    assert "x.npy' " in message
    assert message.isprintable()
    assert len(message) < 500


@unix_files
def test_the_name_of_the_file_cannot_harm_a_terminal(file):
    with pytest.raises(DataError, match=r"\\x1b\[31mred\\u202e\.npy' is empty"):
        read_array(file(b"", "\x1b[31mred\u202e.npy"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such/x.npy", "cannot read 'no/such/x.npy': No such file or directory"),
        ("", "cannot read '': No such file or directory"),
        pytest.param(
            "/etc/passwd/x.npy",
            "cannot read '/etc/passwd/x.npy': Not a directory",
            marks=unix_files,
        ),
        (".", "cannot read '.': it is a folder, expected a regular file"),
        pytest.param(
            "/dev/null",
            "cannot read '/dev/null': it is a device, expected a regular file",
            marks=unix_files,
        ),
        pytest.param("a\0b", r"cannot read 'a\x00b': embedded null byte", marks=unix_files),
        ("no/such/x.npz:w", "cannot read 'no/such/x.npz': No such file or directory"),
    ],
)
def test_a_name_without_a_file_is_refused_with_the_reason(name, message):
    with pytest.raises(DataError) as caught:
        read_array(name)
    assert message == str(caught.value)


def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "p")
    with pytest.raises(DataError, match=r"it is a named pipe, .*; use - for standard input"):
        read_array(str(tmp_path / "p"))


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        with pytest.raises(DataError, match=r"cannot read 's': it is a socket"):
            read_array("s")


def test_a_name_that_turns_into_a_pipe_before_it_is_opened_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "p")
    (tmp_path / "file").write_bytes(b"")
    regular = os.stat(tmp_path / "file")
    monkeypatch.setattr(source.os, "stat", lambda path: regular)
    with pytest.raises(DataError, match=r"it is a named pipe"):
        read_array(str(tmp_path / "p"))


def test_a_read_that_fails_is_reported_with_its_reason(file, monkeypatch):
    def fail(self, buffer):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(source.BoundedFile, "readinto", fail, raising=False)
    with pytest.raises(DataError, match=r"cannot read '.*x.npy': Input/output error"):
        read_array(file(npy_bytes()))


def test_a_file_that_shrinks_while_it_is_read_is_refused(file, monkeypatch):
    fill = source.Source.fill
    monkeypatch.setattr(source.Source, "fill", lambda self, to: min(fill(self, to), 72))
    with pytest.raises(DataError, match=r"ended while it was read: expected 80 bytes of data, fou"):
        read_array(file(npy_bytes(shape="(20,)", data=b"\0" * 80)))


@unix_replacing
@pytest.mark.parametrize("where", ["x.npy", "x.npz", "x.npz:a"])
@pytest.mark.parametrize("change", [replaced, truncated, appended, touched, written_into, removed])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, where, change):
    path = tmp_path / where.removesuffix(":a")
    if path.suffix == ".npz":
        np.savez(path, a=np.arange(100))
    else:
        np.save(path, np.arange(100))
    fill = source.Source.fill

    def changing(self, buffer):
        if len(buffer) == 800:  # the elements
            change(path)
            monkeypatch.setattr(source.Source, "fill", fill)
        return fill(self, buffer)

    monkeypatch.setattr(source.Source, "fill", changing)
    with pytest.raises(DataError, match=r"has changed|ended while|is damaged|No such file"):
        read_array(str(tmp_path / where))


def test_the_memory_limit_is_checked_before_memory_is_taken(file, monkeypatch):
    monkeypatch.setattr(npy.np, "empty", None)
    with pytest.raises(ResourceError, match=r"x.npy' needs 8 bytes of memory, but 7 are free; use"):
        read_array(file(npy_bytes()), memory_limit=7)


def test_the_memory_limit_itself_may_be_used(file):
    assert read_array(file(npy_bytes()), memory_limit=8).shape == (2,)


def test_memory_that_the_system_refuses_is_reported(file, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(npy.np, "empty", refuse)
    with pytest.raises(ResourceError, match=r"x.npy' needs 8 bytes of memory"):
        read_array(file(npy_bytes()))


@unix_files
def test_no_descriptor_is_left_open(file):
    before = len(os.listdir("/proc/self/fd"))
    for content in (npy_bytes(), npy_bytes("'|O'"), b""):
        try:
            read_array(file(content))
        except DataError:
            continue
    assert before == len(os.listdir("/proc/self/fd"))

"""What is read out of a `.npz`, and what is refused before it can do harm."""

from __future__ import annotations

import io
import os
import struct
import zipfile

import numpy as np
import pytest

from convcalc.arrayfile import archive, read_archive, read_array
from convcalc.errors import DataError, ResourceError, UsageError
from unix import unix_files


def npy_bytes(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


ONES = npy_bytes(np.ones(4, "f4"))  # 128 bytes of header and 16 of data


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A function that makes `x.npz`, in the current folder, of members and returns its name."""
    monkeypatch.chdir(tmp_path)

    def make(members, method=zipfile.ZIP_STORED, damage=lambda content: content):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", method) as target:
            for name, data in members.items():
                target.writestr(name, data)
        (tmp_path / "x.npz").write_bytes(damage(content.getvalue()))
        return "x.npz"

    return make


def swapped(old, new):
    """A damage: every `old` becomes `new`, and there is at least one."""

    def damage(content):
        assert old in content
        return content.replace(old, new)

    return damage


def in_directory(offset, layout, value):
    """A damage: one number of the first entry of the directory is another one."""

    def damage(content):
        changed = bytearray(content)
        struct.pack_into(layout, changed, content.index(b"PK\x01\x02") + offset, value)
        return bytes(changed)

    return damage


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_is_read_by_the_names_it_was_saved_under(tmp_path, save):
    save(tmp_path / "x.npz", w=np.arange(3), b=np.array([[1.5, 2.5]], ">f4", order="F"))
    arrays = read_archive(str(tmp_path / "x.npz"))
    assert {k: a.tolist() for k, a in arrays.items()} == {"w": [0, 1, 2], "b": [[1.5, 2.5]]}
    assert arrays["b"].dtype == np.float32


@pytest.mark.parametrize("name", ["x.npz:w", "x.npz:w.npy"])
def test_one_member_is_chosen_by_its_name(packed, name):
    packed({"w.npy": ONES, "b.npy": npy_bytes(np.zeros(2))})
    assert read_array(name).tolist() == [1, 1, 1, 1]


def test_the_only_member_needs_no_name(packed):
    packed({"w.npy": ONES})
    assert read_array("x.npz").tolist() == [1, 1, 1, 1]


def test_the_ending_of_an_archive_may_be_in_capitals(packed):
    os.rename(packed({"w.npy": ONES}), "X.NPZ")
    assert read_array("X.NPZ:w").tolist() == [1, 1, 1, 1]


def test_a_file_with_a_colon_in_its_name_comes_before_a_member(packed):
    packed({"w.npy": ONES})
    np.save("x.npz:w.npy", [5])
    assert read_array("x.npz:w.npy").tolist() == [5]


def test_a_colon_may_be_part_of_a_key(packed):
    packed({"conv1:0.npy": ONES, "b.npy": ONES})
    assert read_array("x.npz:conv1:0").shape == (4,)


@pytest.mark.parametrize("key", ["../../evil", "/absolute", "a/b/c", "C:\\x"])
def test_a_name_is_a_key_and_never_a_path(packed, key):
    packed({key + ".npy": ONES})
    assert [key.replace(os.sep, "/")] == list(read_archive("x.npz"))  # as zipfile writes it
    assert os.listdir() == ["x.npz"]


def test_a_member_that_is_not_asked_for_may_be_anything(packed):
    packed({"w.npy": ONES, "readme.txt": b"hello", "big.npy": b"\0" * 9999})
    assert read_array("x.npz:w", memory_limit=200).shape == (4,)


BAD_ARCHIVES = {
    "empty": ({}, {}, "'x.npz' is not one array; it is empty", "x.npz"),
    "several": (
        {"w.npy": ONES, "b.npy": ONES},
        {},
        "'x.npz' is not one array; it holds 'w', 'b'; name one as 'x.npz:NAME'",
        "x.npz",
    ),
    "missing": (
        {"conv1.npy": ONES, "b.npy": ONES},
        {},
        "'x.npz' has no array 'conv'; it holds 'conv1', 'b'; did you mean 'conv1'?",
        "x.npz:conv",
    ),
    "many-names": ({f"{i}.npy": ONES for i in range(13)}, {}, "'8', '9' and 3 more", "x.npz:w"),
    "escape": ({"\x1b[1m.npy": ONES}, {}, r"it holds '\x1b[1m'", "x.npz:w"),
    "not-npy": ({"w.txt": b"hello"}, {}, "'x.npz:w.txt' is not a .npy array", "x.npz"),
    "folder": ({"w/": b""}, {}, "'x.npz:w/' is not a .npy array", "x.npz"),
    "bad-npy": ({"w.npy": b"hello"}, {}, "'x.npz:w' is text, expected a .npy array", "x.npz"),
    "no-npy": ({"w.npy": b""}, {}, "'x.npz:w' is empty, expected a .npy array", "x.npz"),
    "cut-npy": ({"w.npy": ONES[:-1]}, {}, "'x.npz:w' is truncated: shape (4,) of", "x.npz"),
    "long-npy": ({"w.npy": ONES + b"\0"}, {}, "'x.npz:w' has 1 bytes after the array", "x.npz"),
    "objects": (
        {"w.npy": npy_bytes(np.zeros(1, "S4"))},
        {},
        "'x.npz:w' holds byte strings (dtype |S4), expected numbers",
        "x.npz",
    ),
    "collision": ({"w": ONES, "w.npy": ONES}, {}, "'x.npz' has two members called 'w'", "x.npz:w"),
    "10001": (
        {f"{i}.npy": b"" for i in range(10_001)},
        {},
        "'x.npz' has 10,001 members, expected at most 10,000",
        "x.npz:1",
    ),
    "bzip2": (
        {"w.npy": ONES},
        {"method": zipfile.ZIP_BZIP2},
        "'x.npz:w.npy' is compressed by method 12, expected 0 (stored) or 8 (deflated)",
        "x.npz",
    ),
    "encrypted": (
        {"w.npy": ONES},
        {"damage": in_directory(8, "<H", 1)},
        "'x.npz:w.npy' is encrypted; save the archive without a password",
        "x.npz",
    ),
    "crc": (
        {"w.npy": ONES},
        {"damage": swapped(b"\0\0\x80\x3f", b"\0\0\x80\x40")},
        "'x.npz:w' is damaged: Bad CRC-32 for file 'w.npy'; copy it again",
        "x.npz",
    ),
    "declares-less": (
        {"w.npy": ONES},
        {"damage": in_directory(24, "<I", 140)},
        "'x.npz:w' is damaged: Bad CRC-32 for file 'w.npy'; copy it again",
        "x.npz",
    ),
    "declares-more": (
        {"w.npy": npy_bytes(np.ones(4, "f4")).replace(b"(4,)", b"(5,)")},
        {"damage": in_directory(24, "<I", 148)},
        "'x.npz:w' ended while it was read: expected 20 bytes of data, found 16",
        "x.npz",
    ),
    "two-names": (
        {"w.npy": ONES},
        {"damage": lambda content: content.replace(b"w.npy", b"v.npy", 1)},
        "'x.npz:w' is damaged: File name in directory 'w.npy' and header b'v.npy' differ.",
        "x.npz",
    ),
    "no-directory": (
        {"w.npy": ONES},
        {"damage": lambda content: content[:-1]},
        "'x.npz' is damaged: File is not a zip file; copy it again",
        "x.npz",
    ),
    "npy": (
        {},
        {"damage": lambda content: ONES},
        "'x.npz' is a .npy array, expected a .npz archive; give its name the ending .npy",
        "x.npz",
    ),
    "png": (
        {},
        {"damage": lambda content: b"\x89PNG\r\n\x1a\n"},
        "'x.npz' is a PNG image, expected a .npz archive",
        "x.npz",
    ),
    "not-a-zip": ({}, {"damage": lambda content: b""}, "'x.npz' is empty, expected", "x.npz:w"),
}


@pytest.mark.parametrize(
    ("members", "how", "part", "name"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES
)
def test_a_bad_archive_is_refused_in_one_line_that_names_it(packed, members, how, part, name):
    packed(members, **how)
    with pytest.raises(DataError) as caught:
        read_array(name)
    assert part in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_whole_archive_is_refused_for_one_bad_member(packed):
    packed({"w.npy": ONES, "readme.txt": b"hello"})
    with pytest.raises(DataError, match=r"'x\.npz:readme\.txt' is not a \.npy array"):
        read_archive("x.npz")


def test_a_damaged_member_is_refused_where_it_is_deflated_too(packed):
    data = npy_bytes(np.arange(1000))
    packed({"w.npy": data}, zipfile.ZIP_DEFLATED, lambda c: c[:200] + b"\xff" * 9 + c[209:])
    with pytest.raises(DataError, match=r"'x.npz:w' is damaged: Error -3 while decompressing"):
        read_archive("x.npz")


def test_a_bomb_is_refused_before_it_is_unpacked(packed, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FREE", 1_000_000)
    packed({"w.npy": npy_bytes(np.zeros(8_000_000, "u1"))}, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(DataError, match=r"bytes to 8,000,128, more than 1000 times as many"):
        read_archive("x.npz")


def test_members_that_share_their_bytes_count_them_once(packed, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_FREE", 100)
    monkeypatch.setattr(archive, "MAX_RATIO", 2)
    packed({f"{i}.npy": ONES for i in range(9)})

    class Overlapping(zipfile.ZipFile):
        def infolist(self):
            for entry in super().infolist():
                entry.file_size = entry.compress_size = 10_000
            return super().infolist()

    monkeypatch.setattr(zipfile, "ZipFile", Overlapping)
    with pytest.raises(DataError, match=r"bytes to 90,000, more than 2 times"):
        read_archive("x.npz")


def test_small_archives_may_be_packed_by_any_ratio(packed):
    packed({"w.npy": npy_bytes(np.zeros(4_000_000, "u1"))}, zipfile.ZIP_DEFLATED)
    assert read_array("x.npz").shape == (4_000_000,)


def test_the_limits_are_those_that_are_documented():
    assert archive.MAX_MEMBERS == 10_000
    assert archive.MAX_RATIO == 1000
    assert archive.RATIO_FREE == 100_000_000


def test_the_memory_limit_holds_for_all_members_together(packed):
    packed({"w.npy": ONES, "b.npy": ONES})
    assert read_array("x.npz:w", memory_limit=200).shape == (4,)
    with pytest.raises(ResourceError, match=r"'x.npz' needs 288 bytes of memory, but 200 are free"):
        read_archive("x.npz", memory_limit=200)


def test_a_directory_of_many_megabytes_is_not_read(packed):
    def commented(content):
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(big, "w") as new:
            for entry in old.infolist():
                entry.comment = b"x" * 65_000
                new.writestr(entry, old.read(entry))
        return big.getvalue()

    big = io.BytesIO()
    packed({f"{i}.npy": ONES for i in range(20)}, damage=commented)
    with pytest.raises(
        DataError, match=r"'x.npz' is damaged: its directory has more than 1,048,576"
    ):
        read_archive("x.npz")


def test_an_archive_is_not_read_from_standard_input():
    with pytest.raises(UsageError, match=r"cannot be read from standard input; give a file"):
        read_archive("-")


def test_a_missing_archive_is_reported_like_a_missing_file():
    with pytest.raises(DataError, match=r"cannot read '/no/x.npz': No such file or directory"):
        read_archive("/no/x.npz")


@unix_files
def test_no_descriptor_is_left_open(packed):
    packed({"w.npy": ONES, "b.txt": b""})
    before = len(os.listdir("/proc/self/fd"))
    read_array("x.npz:w")
    with pytest.raises(DataError):
        read_archive("x.npz")
    assert before == len(os.listdir("/proc/self/fd"))

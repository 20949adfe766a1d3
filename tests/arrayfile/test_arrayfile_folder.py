"""Files of one folder: safe names, and what is refused before the first of them is written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.arrayfile import check_folder, filled_folder, write_array
from convcalc.arrayfile.folder import file_name
from convcalc.errors import OutputError
from unix import unix_files


def check(path="maps", names=("0.npy", "1.npy"), *, force=False, inputs=()):
    check_folder(path, names, force=force, inputs=inputs)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("layer1.0.0-a_b", "layer1.0.0-a_b.npy"),
        ("a/b", "a%2Fb.npy"),
        ("..", "%2E..npy"),
        (".hidden", "%2Ehidden.npy"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.npy"),
        ("100%", "100%25.npy"),
        ("\x1b[2J", "%1B%5B2J.npy"),
        ("\u00fc", "%C3%BC.npy"),
        ("a\udcffb", "a%ED%B3%BFb.npy"),
        ("", ".npy"),
    ],
)
def test_a_label_becomes_a_plain_name(label, name):
    assert name == file_name(label)


@given(st.text(max_size=9), st.text(max_size=9))
def test_labels_that_differ_have_names_that_differ(one, other):
    assert (one == other) == (file_name(one) == file_name(other))
    assert os.path.basename(file_name(one)) == file_name(one)
    assert file_name(one).isascii()


def test_a_new_folder_and_an_empty_one_are_accepted():
    check()
    os.mkdir("maps")
    check()
    check("maps/")
    check("new/")


def test_a_file_that_exists_needs_force():
    os.mkdir("maps")
    Path("maps/1.npy").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"cannot write 'maps.1\.npy': it exists; add --force"):
        check()
    check(force=True)
    check(names=["0.npy"])


def test_a_file_that_is_an_input_is_said_to_be():
    os.mkdir("maps")
    Path("maps/1.npy").write_bytes(b"old")
    with pytest.raises(OutputError, match="it is also an input"):
        check(inputs=["maps/1.npy"])


@unix_files
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("file", "cannot write 'file': it is not a folder"),
        ("link", "cannot write 'link': it is a link to nothing; remove it first"),
        ("there/is/none", "cannot write 'there/is/none': there is no folder 'there/is'; make it"),
        ("file/in", "cannot write 'file/in': Not a directory"),
        ("a\0b", r"cannot write 'a\\x00b': "),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_is_no_folder_is_refused(path, why):
    Path("file").write_bytes(b"")
    os.symlink("nowhere", "link")
    with pytest.raises(OutputError, match=why):
        check(path)


@pytest.mark.parametrize("there", [False, True])
def test_a_name_that_is_too_long_is_refused_before_the_work(there):
    if there:
        os.mkdir("maps")
    longest = "x" * 251 + ".npy"  # 255 bytes are what the systems have in common
    check(names=[longest])
    with pytest.raises(OutputError) as caught:
        check(names=["0.npy", "x" + longest])
    assert "its name has 256 bytes, at most 255 are possible; give the layer a shorter" in str(
        caught.value
    )
    # Three bytes for each byte that is no plain character: 252 and the four of .npy are too many.
    check(names=[file_name("\u00fc" * 41)])
    with pytest.raises(OutputError, match="its name has 256 bytes"):
        check(names=[file_name("\u00fc" * 42)])


def test_the_longest_name_can_be_written():
    longest = "x" * 251 + ".npy"
    with filled_folder("maps", [longest], force=False) as made:
        write_array(os.path.join(made, longest), np.zeros(1))
    assert [longest] == os.listdir("maps")


@unix_files
def test_names_that_differ_in_the_case_of_letters_are_two_files_where_they_are():
    with filled_folder("maps", ["A.npy", "a.npy"], force=False) as made:
        for name in ("A.npy", "a.npy"):
            write_array(os.path.join(made, name), np.zeros(1), force=False)
    assert ["A.npy", "a.npy"] == sorted(os.listdir("maps"))


def test_and_are_refused_where_they_are_one(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda path: path.endswith("MADE"))
    with (
        pytest.raises(OutputError, match=r"'maps.a\.npy': here it is the same file as 'A\.npy'"),
        filled_folder("maps", ["A.npy", "0.npy", "a.npy"], force=False),
    ):
        raise AssertionError("nothing is computed")
    assert [] == os.listdir()


@unix_files
@pytest.mark.parametrize(
    "make", [lambda: os.symlink("x", "maps/0.npy"), lambda: os.mkfifo("maps/0.npy")]
)
def test_a_name_that_is_no_plain_file_is_refused(make):
    os.mkdir("maps")
    make()
    with pytest.raises(OutputError, match=r"'maps/0\.npy': it is a link or a device; remove it"):
        check(force=True)


def test_a_folder_that_cannot_be_made_is_reported():
    Path("file").write_bytes(b"")
    for path in ("file", "file/maps"):
        with (
            pytest.raises(OutputError, match=rf"cannot write '{path}': "),
            filled_folder(path, ["0.npy"], force=False) as made,
        ):
            write_array(os.path.join(made, "0.npy"), np.zeros(1))
    assert ["file"] == os.listdir()

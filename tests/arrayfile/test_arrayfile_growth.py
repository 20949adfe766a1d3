"""Hostile files: whatever a reader is given, twice the file is at most twice the work.

The growth of texts is held in tests/language/test_growth.py.
"""

from __future__ import annotations

import io
import sys

import pytest
from hostile_archives import ARCHIVES, archive, fields, inside, member

from convcalc.arrayfile import read_archive
from convcalc.arrayfile.header import read_header
from convcalc.arrayfile.source import Source
from convcalc.errors import DataError
from growth import check, filled, work

EVERYWHERE = ""
"""Lines are counted in NumPy and zipfile too."""

SHAPE = "{'descr': '<f4', 'fortran_order': False, 'shape': ("
FIELDS = "{'fortran_order': False, 'shape': (), 'descr': "

HEADERS = {
    "nothing": ("", " ", ""),
    "lines": ("", "\n", ""),
    "returns": ("", "\r", ""),
    "tabs": ("", "\t", ""),
    "nulls": ("", "\0", ""),
    "brackets": ("", "(", ""),
    "square brackets": ("", "[", ""),
    "braces": ("", "{", ""),
    "brackets that close": ("", ")", ""),
    "lists": ("", "[1,", ""),
    "nested dictionaries": ("", "{'a':", ""),
    "a nested shape": (SHAPE, "(", ")}"),
    "a nested dtype": (FIELDS, "[('a',", "]}"),
    "a long shape": (SHAPE, "1,", ")}"),
    "a shape of Python 2": (SHAPE, "1L,", ")}"),
    "a shape of zeros": (SHAPE, "0,", ")}"),
    "a shape of texts": (SHAPE, "'a',", ")}"),
    "a shape of truths": (SHAPE, "True,", ")}"),
    "digits": (SHAPE, "1", ",)}"),
    "digits of Python 2": (SHAPE, "1", "L,)}"),
    "hexadecimal digits": (SHAPE + "0x", "f", ",)}"),
    "decimals": (SHAPE + "1.", "1", ",)}"),
    "an exponent": (SHAPE + "1e", "9", ",)}"),
    "signs": (SHAPE, "-", "1,)}"),
    "sums": (SHAPE, "1+", "1,)}"),
    "complex sums": (SHAPE, "1+1j,", ")}"),
    "powers": (SHAPE, "9**", "9,)}"),
    "not": (SHAPE, "not ", "1,)}"),
    "stars": (SHAPE, "*(1,),", ")}"),
    "blanks in a shape": (SHAPE + "1,", " ", ")}"),
    "a comment": ("#", "a", ""),
    "comments": ("", "#\n", ""),
    "a long word": ("", "a", ""),
    "words": ("", "a ", ""),
    "words in lines": ("", "a\n", ""),
    "deeper and deeper": ("if a:\n", " a\n", ""),
    "lines that go on": ("", "\\\n", ""),
    "an open string": ("'", "a", ""),
    "an open string of lines": ("'''", "a\n", ""),
    "a string of lines that go on": ("'", "a\\\n", ""),
    "strings": ("", "'a' ", ""),
    "escapes": ("{'", "\\x41", "': 1}"),
    "escapes of names": ("{'", "\\N{DIGIT ONE}", "': 1}"),
    "bytes": ("", "b'a' ", ""),
    "the same key": ("{", "'descr':1,", "}"),
    "a long key": ("{'", "a", "': 1}"),
    "a long dtype": (FIELDS + "'", "<", "f4'}"),
    "a dtype of digits": (FIELDS + "'<f", "4", "'}"),
    "a dtype of commas": (FIELDS + "'", "i4,", "i4'}"),
    "a dtype of brackets": (FIELDS + "'", "(1)", "i4'}"),
    "equal fields": (FIELDS + "[", "('a','<f4'),", "]}"),
    "fields without names": (FIELDS + "[", "('','<f4'),", "]}"),
    "a field with a long name": (FIELDS + "[('", "a", "','<f4')]}"),
    "a field of a long shape": (FIELDS + "[('a','<f4',(", "1,", "))]}"),
    "characters of two bytes": ("{'", "é", "': 1}"),
    "no characters": ("", "\xff", ""),
    "marks of direction": ("{'", "\u202e", "': 1}"),
}
"""Beginning, what is repeated, end."""

TOKENS_COPY_LINES = (3, 12) <= sys.version_info < (3, 12, 4)
"""Whether every token of a line is given a copy of the line: python/cpython#119118."""

TOKENIZED = ("brackets that close", "a shape of Python 2")
"""What NumPy takes for a header by Python 2 and repairs token by token."""


def patterns():
    """Each of the headers, less what this Python's own tokenizer copies over and over."""
    skipped = pytest.mark.skipif(TOKENS_COPY_LINES, reason="each token is given a copy of its line")
    return [
        pytest.param(pattern, id=name, marks=skipped if name in TOKENIZED else ())
        for name, pattern in HEADERS.items()
    ]


BYTES = (1700, 3400)
"""Of a header."""

MOST_BYTES = (4450, 8900)
"""Below the bound of 10,000, and both above the digits that Python converts, which are 4300."""


def npy(pattern, size):
    """A `.npy` with a header of a pattern, and nothing after it."""
    text = filled(pattern, size)
    return b"\x93NUMPY\x02\x00" + len(text).to_bytes(4, "little") + text


def header(content):
    return read_header(Source(io.BytesIO(content), "x.npy", len(content)))


@pytest.mark.parametrize("pattern", patterns())
def test_a_header_is_read_in_linear_time(pattern):
    check(header, [npy(pattern, size) for size in BYTES], EVERYWHERE)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", patterns())
def test_a_long_header_is_read_in_linear_time(pattern):
    check(header, [npy(pattern, size) for size in MOST_BYTES], EVERYWHERE)


@pytest.mark.parametrize("pattern", HEADERS.values(), ids=HEADERS)
def test_a_longer_header_is_refused_whatever_is_in_it(pattern):
    contents = [npy(pattern, size) for size in (2**14, 2**20)]
    with pytest.raises(DataError, match=r"bytes, expected at most 10,000"):
        header(contents[1])
    small, large = (work(lambda content=content: header(content), "") for content in contents)
    assert small.lines == large.lines
    assert large.peak < 20_000


def test_a_header_of_many_lines_is_refused():
    with pytest.raises(DataError, match=r"x.npy has a header of more than 100 lines; save"):
        header(npy(("'''", "a\n", ""), 300))


@pytest.fixture
def read(tmp_path):
    """A function that reads an archive of these bytes."""
    path = tmp_path / "x.npz"

    def everything(content):
        path.write_bytes(content)
        return read_archive(str(path), memory_limit=10**9)

    return everything


@pytest.mark.parametrize("made", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_is_read_in_linear_time(read, made):
    check(read, [made(30), made(60)], EVERYWHERE)


@pytest.mark.slow
@pytest.mark.parametrize("made", ARCHIVES.values(), ids=ARCHIVES)
def test_a_large_archive_is_read_in_linear_time(read, made):
    check(read, [made(200), made(400)], EVERYWHERE)


def test_members_beyond_the_bound_are_refused_before_they_are_looked_into(read):
    content = archive([member(f"{i}.npy") for i in range(10_001)])
    with pytest.raises(DataError, match=r"has 10,001 members, expected at most 10,000"):
        read(content)


def test_extra_fields_beyond_the_bound_are_refused_at_once(read):
    """Each of them made a copy of those after it: 64 kB made 512 MB."""
    contents = [archive([member("a.npy", extra=fields(n))]) for n in (257, 16_000)]
    with pytest.raises(DataError, match=r"a member has 64,000 bytes of extra fields, over 1,024"):
        read(contents[1])
    small, large = (work(lambda content=content: read(content), "") for content in contents)
    assert small.lines == large.lines
    assert large.made < 2_000_000


def test_extra_fields_within_the_bound_are_read(read):
    assert read(archive([member("a.npy", extra=fields(256))]))["a"].shape == (4,)


def test_a_member_in_another_is_refused(read):
    with pytest.raises(DataError, match=r"x.npz:0' overlaps the member after it; save"):
        read(inside(2))

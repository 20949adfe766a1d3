"""Hostile calibrations: twice the file is at most twice the work, up to the bound of 64 KiB."""

from __future__ import annotations

import json

import pytest

from convcalc.execute.planning.kept_rates import MAX_FILE_BYTES, KeptRatesError, read_kept
from convcalc.execute.planning.machine import DEFAULT, as_data, complaint, forget
from growth import check, filled, work

GOOD = json.dumps(as_data(DEFAULT))
BEFORE, AFTER = GOOD[:-1] + ', "more": ', "}"
NUMPY = '{"version": 3, "numpy": {"products": '

PATTERNS = {
    "blanks": (GOOD, " ", ""),
    "blanks before": ("", " ", GOOD),
    "lines": ("", "\n", GOOD),
    "nothing but blanks": ("", " ", ""),
    "nulls": ("", "\0", ""),
    "calibrations": ("", GOOD, ""),
    "calibrations in lines": ("", GOOD + "\n", ""),
    "lists": ("", "[", ""),
    "objects": ("", '{"a":', ""),
    "lists and objects": ("", '[{"a":', ""),
    "closings": ("", "]", ""),
    "closings of objects": (GOOD, "}", ""),
    "lists in lists": (BEFORE, "[],", "0" + AFTER),
    "a list of lists": (BEFORE + "[", "[],", "0]" + AFTER),
    "a list of numbers": (BEFORE + "[", "1,", "0]" + AFTER),
    "a list of objects": (BEFORE + "[", '{"a":1},', "0]" + AFTER),
    "a list of texts": (BEFORE + "[", '"a",', "0]" + AFTER),
    "a list of truths": (BEFORE + "[", "true,", "0]" + AFTER),
    "a list without commas": (BEFORE + "[", "1 ", "]" + AFTER),
    "commas": (BEFORE + "[", ",", "]" + AFTER),
    "digits": (BEFORE, "9", AFTER),
    "digits of a rate": (NUMPY, "9", "}}"),
    "decimals of a rate": (NUMPY + "1.", "1", "}}"),
    "an exponent": (NUMPY + "1e", "9", "}}"),
    "a small exponent": (NUMPY + "1e-", "9", "}}"),
    "signs": (NUMPY, "-", "1}}"),
    "zeros": (NUMPY, "0", "}}"),
    "digits of the version": ('{"version": ', "3", "}"),
    "zeros behind the version": ('{"version": 3.', "0", "}"),
    "a rate that is a text": (NUMPY + '"', "a", '"}}'),
    "a rate that is a text of signs": (NUMPY + '"', "\x7f", '"}}'),
    "a rate that is a list": (NUMPY + "[", "1,", "0]}}"),
    "a rate that is an object": (NUMPY + "{", '"a":1,', '"b":1}}}'),
    "a rate that is many lists": (NUMPY + "[" * 100, "[],", "0" + "]" * 100 + "}}"),
    "a long key": (BEFORE + '{"', "a", '":1}' + AFTER),
    "a long text": (BEFORE + '"', "a", '"' + AFTER),
    "a text that stays open": (BEFORE + '"', "a", ""),
    "lines in a text": (BEFORE + '"', "\n", '"' + AFTER),
    "escapes": (BEFORE + '"', "\\n", '"' + AFTER),
    "escapes of signs": (BEFORE + '"', "\\u0041", '"' + AFTER),
    "halves of pairs": (BEFORE + '"', "\\ud800", '"' + AFTER),
    "backslashes": (BEFORE + '"', "\\\\", '"' + AFTER),
    "quotes": (BEFORE + '"', '"', '"' + AFTER),
    "characters of two bytes": (BEFORE + '"', "é", '"' + AFTER),
    "marks of direction": (NUMPY + '"', "\u202e", '"}}'),
    "the same key": ('{"version": 3,', '"numpy":1,', '"torch":1}'),
    "keys without values": ('{"version": 3,', '"a",', '"b"}'),
    "words": ("", "a ", ""),
    "not a number": (BEFORE + "[", "NaN,", "0]" + AFTER),
    "comments": ("", "// a\n", GOOD),
}
"""Beginning, what is repeated, end."""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A function that keeps such a file and says what is wrong with it, or nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "convcalc").mkdir()

    def complained(content):
        (tmp_path / "convcalc" / "machine.json").write_bytes(content)
        forget()
        return complaint()

    yield complained
    forget()


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_a_kept_calibration_is_read_in_linear_time(read, pattern):
    check(read, [filled(pattern, size) for size in (2**15, 2**16)], "")


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_a_larger_file_is_passed_over_whatever_is_in_it(read, pattern):
    contents = [filled(pattern, size) for size in (2**17, 2**21)]
    assert "it has more than 65,536 bytes" in read(contents[0])
    small, large = (work(lambda content=content: read(content), "") for content in contents)
    assert large.lines < small.lines + 50  # sixteen times the size, and no line for it
    assert large.peak < 500_000


def test_every_pattern_comes_near_the_bound():
    for pattern in PATTERNS.values():
        assert MAX_FILE_BYTES - 2000 < len(filled(pattern, 2**16)) <= MAX_FILE_BYTES


def test_a_number_of_many_digits_is_no_json(tmp_path):
    (tmp_path / "x.json").write_bytes(filled(PATTERNS["digits"], 2**16))
    with pytest.raises(KeptRatesError, match="it is no JSON"):
        read_kept(tmp_path / "x.json")

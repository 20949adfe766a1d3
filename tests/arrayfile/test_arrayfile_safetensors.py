"""Arrays of `.safetensors` files, whose headers are believed in nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from convcalc.arrayfile import read_safetensors
from convcalc.arrayfile.safetensors import safetensors_entries
from convcalc.errors import DataError, ResourceError


def packed(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """The bytes of a file; a text is a header as it is."""
    text = header if isinstance(header, str) else json.dumps(header)
    size = len(text.encode()) if length is None else length
    return size.to_bytes(8, "little") + text.encode() + data


def entry(dtype: object = "F32", shape: object = (2,), place: object = (0, 8)) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


def test_arrays_are_read_by_their_names():
    first, second = np.arange(6, dtype="<f4").reshape(2, 3), np.array([-1, 2], "<i8")
    header = {
        "__metadata__": {"format": "pt"},
        "b": entry("I64", [2], [24, 40]),
        "a.weight": entry("F32", [2, 3], [0, 24]),
        "none": entry("F16", [0, 4], [40, 40]),
        "one": entry("U8", [], [40, 41]),
    }
    Path("w.safetensors").write_bytes(packed(header, first.tobytes() + second.tobytes() + b"\x07"))
    arrays = read_safetensors("w.safetensors")
    assert {
        "a.weight": [[0, 1, 2], [3, 4, 5]],
        "b": [-1, 2],
        "none": [],
        "one": 7,
    } == {name: array.tolist() for name, array in arrays.items()}
    assert ["float32", "int64", "float16", "uint8"] == [
        arrays[name].dtype.name for name in ("a.weight", "b", "none", "one")
    ]
    names = [one.name for one in safetensors_entries("w.safetensors")]
    assert ["a.weight", "b", "none", "one"] == names


def test_bfloat16_becomes_float32_exactly():
    bits = np.array([0x3F80, 0xC040, 0x7F80, 0x0001], "<u2")  # 1, -3, infinity, 2^-133
    Path("w").write_bytes(packed({"w": entry("BF16", [4], [0, 8])}, bits.tobytes()))
    array = read_safetensors("w")["w"]
    assert ("float32", [1.0, -3.0, np.inf, 2.0**-133]) == (array.dtype.name, array.tolist())


def test_a_boolean_is_0_or_1_and_an_archive_may_be_empty():
    Path("w").write_bytes(packed({"w": entry("BOOL", [3], [0, 3])}, b"\x00\x01\xff"))
    assert [False, True, True] == read_safetensors("w")["w"].tolist()
    assert [0, 1, 1] == read_safetensors("w")["w"].view("u1").tolist()
    Path("w").write_bytes(packed("{} "))
    assert {} == read_safetensors("w")


def test_more_than_the_memory_is_refused_before_it_is_read():
    Path("w").write_bytes(packed({"w": entry("BF16", [4], [0, 8])}, bytes(8)))
    with pytest.raises(ResourceError, match="'w' needs 16 bytes of memory, but 15 are free"):
        read_safetensors("w", memory_limit=15)
    assert [4] == [array.size for array in read_safetensors("w", memory_limit=16).values()]


GOOD = entry()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "'w' is truncated, or no .safetensors file: its first 8 bytes declare"),
        (b"\x02\0\0", "the file has 3; copy it again"),
        (b"\xff" * 7 + b"\x7f{}", "declare a header of 9,223,372,036,854,775,807, the file has 10"),
        (b"\xff" * 8 + b"{}", "declare a header of 18,446,744,073,709,551,615"),
        (packed({"w": GOOD}, bytes(8))[:30], "'w' is truncated, or no .safetensors file"),
        (packed({"w": GOOD}, bytes(7)), "truncated: its arrays need 8 bytes, found 7; copy"),
        (packed({"w": GOOD}, bytes(9)), "'w' has 1 bytes after its arrays"),
        (packed("[]"), "invalid .safetensors header: it is no JSON object"),
        (packed("{"), "invalid .safetensors header: Expecting"),
        (packed('{"w":1' + "0" * 5000 + "}"), "invalid .safetensors header: Exceeds the limit"),
        (packed("[" * 100_000), "invalid .safetensors header: "),
        (packed('{"a":{},"a":{}}'), "invalid .safetensors header: the name 'a' is there twice"),
        (packed('{"a":{"dtype":"F32","dtype":"F64"}}'), "the name 'dtype' is there twice"),
        (packed({"w": 1}), "declares 'w' without a dtype, a shape and data_offsets of whole"),
        (packed({"w": entry(shape=[True])}), "declares 'w' without a dtype"),
        (packed({"w": entry(shape=[2.0])}), "declares 'w' without a dtype"),
        (packed({"w": entry(shape=[-1])}), "declares 'w' without a dtype"),
        (packed({"w": entry(shape=[2**63])}), "declares 'w' without a dtype"),
        (packed({"w": entry(shape=[2**62, 2**62])}), "2^63 bytes or more"),
        (packed({"w": entry(shape=[1] * 33)}), "has 33 dimensions, expected at most 32"),
        (packed({"w": entry(place=[8])}), "[2] of F32 at bytes [8], which do not agree"),
        (packed({"w": entry(place=[0, 2**62])}), "which do not agree; save it again"),
        (packed({"w": entry("F8_E4M3", [8])}, bytes(8)), "of dtype F8_E4M3, which is not read"),
        (packed({"w": entry("\x1b[31m")}), "of dtype \\x1b[31m, which is not read"),
        (packed({"w": entry(place=[1, 9])}, bytes(9)), "'w' at byte 1 of its data, expected 0"),
        (
            packed({"a": GOOD, "b": entry(place=[4, 12])}, bytes(12)),
            "'b' at byte 4 of its data, expected 8: arrays lie side by side",
        ),
    ],
)
def test_a_file_that_lies_is_refused_in_one_line(content, expected):
    Path("w").write_bytes(content)
    for read in (read_safetensors, safetensors_entries):
        with pytest.raises(DataError) as caught:
            read("w")
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_header_that_is_too_long_and_too_many_arrays_are_refused():
    with open("w", "wb") as file:
        file.write(packed("", length=(4 << 20) + 1))
        os.truncate("w", 5 << 20)
    with pytest.raises(DataError, match="a header of 4,194,305 bytes, expected at most 4,194,304"):
        read_safetensors("w")
    many = {f"{number}": entry(shape=[0], place=[0, 0]) for number in range(10_001)}
    Path("w").write_bytes(packed(many))
    with pytest.raises(DataError, match="'w' has 10,001 arrays, expected at most 10,000"):
        read_safetensors("w")


def test_a_folder_and_a_missing_file_are_named():
    os.mkdir("w")
    with pytest.raises(DataError, match="cannot read 'w': it is a folder"):
        read_safetensors("w")
    with pytest.raises(DataError, match="cannot read 'x': No such file"):
        read_safetensors("x")

"""The bytes of ONNX files without their large arrays: what is copied, and what never is."""

from __future__ import annotations

import tracemalloc

import pytest

pytest.importorskip("onnx")

import onnx

from convcalc.errors import DataError
from convcalc.importers.onnx_model import network_of
from convcalc.importers.onnx_wire import MAX_COPIED, light_bytes
from onnx_files import floats, model, node, saved


def varint(value):
    """A number as a protocol buffer has it."""
    out = []
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def with_hole(path, made, dims, length):
    """A file whose initialiser 'w' has a hole of so many bytes in the place of its elements."""
    head = onnx.TensorProto(dims=dims, data_type=1, name="w").SerializeToString()
    head += b"\x4a" + varint(length)  # field 9, raw_data
    graph = made.graph.SerializeToString()
    made.ClearField("graph")
    tensor = b"\x2a" + varint(len(head) + length) + head  # field 5 of a graph
    body = b"\x3a" + varint(len(graph) + len(tensor) + length) + graph + tensor
    with path.open("wb") as file:
        file.write(made.SerializeToString() + body)
        file.seek(length, 1)
        file.truncate()


def test_weights_of_half_a_gigabyte_are_passed_over(tmp_path):
    path = tmp_path / "large.onnx"
    with_hole(
        path, model(node("Conv", "x w", "y"), x=(1, 5000, 9, 9)), [5000, 5000, 5, 1], 5 * 10**8
    )
    assert 5 * 10**8 < path.stat().st_size
    tracemalloc.start()
    try:
        light = light_bytes(str(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(light) < 500
    assert peak < 2**20
    report = network_of(str(path)).analyze((5000, 9, 9))
    assert (125_000_000, 125_000_000 * 45) == (report.totals.params, report.totals.macs)


def test_an_array_with_a_hole_of_the_wrong_size_is_refused(tmp_path):
    path = tmp_path / "short.onnx"
    with_hole(path, model(node("Add", "x w", "y")), [100, 100], 39_996)
    with pytest.raises(DataError) as caught:
        light_bytes(str(path))
    told = f"'{path}' has 'w' of 100x100 with 39,996 bytes, expected 40,000"
    assert told == str(caught.value)


@pytest.mark.parametrize("numbers", ["float_data", "int64_data", "double_data"])
def test_elements_in_any_form_are_counted_and_left_out(tmp_path, numbers):
    kinds = {"float_data": 1, "int64_data": 7, "double_data": 11}
    made = model(node("Identity", "x", "y"))
    for count in (9_000, 8_999):
        tensor = onnx.TensorProto(dims=[9_000], data_type=kinds[numbers], name="w")
        getattr(tensor, numbers).extend([300] * count)
        del made.graph.initializer[:]
        made.graph.initializer.append(tensor)
        path = saved(tmp_path, made)
        if count == 9_000:
            assert len(light_bytes(path)) < 500
        else:
            with pytest.raises(DataError, match="with 8,999 elements, expected 9,000"):
                light_bytes(path)


def test_all_else_is_copied_as_it_is(tmp_path):
    made = model(node("Add", "x w", "y"), weights={"w": floats(3, 8, 8)})
    assert 3 * 8 * 8 * 4 < MAX_COPIED
    assert made == onnx.ModelProto.FromString(light_bytes(saved(tmp_path, made)))

"""Poolings of ONNX in ceil mode: no window begins behind the input and the padding before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.onnx_types import shape_of

if TYPE_CHECKING:
    from onnx import TypeProto

    from convcalc.importers.onnx_calls import Call

POOLS = ("MaxPool", "AveragePool", "LpPool")


def leave_out_outside(call: Call, type_: TypeProto) -> None:
    """Takes a window that would begin behind its input out of a shape that was inferred.

    ONNX ignores such windows (AveragePool-22, "sliding windows that would start in the right padded
    region are ignored"), and so does what runs its files; inference has them for AveragePool before
    version 22, and for LpPool.

    Args:
        call: A node, its results not known yet.
        type_: The type of its result, which is changed.
    """
    found = shape_of(type_)
    if call.op not in POOLS or not call("ceil_mode", 0) or found is None or call.x.shape is None:
        return
    sizes = call.x.shape[2:]
    strides, pads = call("strides", [1] * len(sizes)), call("pads", [0] * 2 * len(sizes))
    for axis, size in enumerate(sizes):
        dim = type_.tensor_type.shape.dim[axis + 2]
        if (dim.dim_value - 1) * strides[axis] >= size + pads[axis] and dim.dim_value > 1:
            dim.dim_value -= 1

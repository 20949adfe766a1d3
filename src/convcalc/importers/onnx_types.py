"""Types, shapes and stored elements of ONNX's tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, numpy_helper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import TypeProto

    from convcalc.importers.onnx_calls import Tensor
    from convcalc.layers import Shape

MOST = 1024
"""The most elements of an array that is computed."""

EXTERNAL = 1
DATA = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")

FLOATS = frozenset(
    getattr(TensorProto, name)
    for name in TensorProto.DataType.keys()  # noqa: SIM118 - it is no mapping
    if name.startswith(("FLOAT", "BFLOAT", "DOUBLE"))
)
"""Types of elements that are floats."""

PARAMETER_TYPES = FLOATS | {
    TensorProto.INT8,
    TensorProto.UINT8,
    TensorProto.INT4,
    TensorProto.UINT4,
}
"""Types of elements that are learned; whole numbers of 16 bits and more are sizes and indices."""


def left_out(tensor: TensorProto) -> bool:
    """Whether the elements of a tensor were not read: they are many, or in another file."""
    return tensor.data_location == EXTERNAL or not (
        any(getattr(tensor, name) for name in DATA) or tensor.string_data or 0 in tensor.dims
    )


def small_array(tensor: TensorProto) -> NDArray[np.generic] | None:
    """The elements of a tensor, if they are few and were read; else None."""
    if left_out(tensor) or count_of(tuple(tensor.dims)) > MOST:
        return None
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):
        return None


def shape_of(type_: TypeProto) -> Shape | None:
    """The shape that a type says; None where an axis is not known."""
    if not type_.HasField("tensor_type") or not type_.tensor_type.HasField("shape"):
        return None
    dims = type_.tensor_type.shape.dim
    if any(not dim.HasField("dim_value") or dim.dim_value < 0 for dim in dims):
        return None
    return tuple(dim.dim_value for dim in dims)


def count_of(shape: Shape) -> int:
    """How many elements a shape has."""
    count = 1
    for size in shape:
        count *= size
    return count


def is_float(tensor: Tensor) -> bool:
    """Whether a tensor is of floats, as far as that is known."""
    return tensor.type.tensor_type.elem_type in FLOATS

"""Small models of TFLite, written by the builders of the package tflite."""

from __future__ import annotations

from typing import NamedTuple

import flatbuffers
import tflite


class Tensor(NamedTuple):
    """A tensor; `data` are the bytes of a constant."""

    shape: tuple[int, ...]
    data: bytes | None = None
    type: int = tflite.TensorType.FLOAT32


class Operator(NamedTuple):
    """An operator: its code, what it reads and gives, and its options by name."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: str | None = None
    values: dict | None = None
    custom: str | None = None


def weights(*shape):
    """A constant of floats, all 0."""
    size = 4
    for number in shape:
        size *= number
    return Tensor(shape, bytes(size))


def integers(*numbers):
    """A constant of whole numbers."""
    data = b"".join(number.to_bytes(4, "little", signed=True) for number in numbers)
    return Tensor((len(numbers),), data, tflite.TensorType.INT32)


def numbers_of(builder, start, values):
    start(builder, len(values))
    for value in reversed(values):
        builder.PrependInt32(value)
    return builder.EndVector()


def tables_of(builder, start, offsets):
    start(builder, len(offsets))
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def options_of(builder, operator):
    if operator.options is None:
        return 0, 0
    name = operator.options
    getattr(tflite, f"{name}Start")(builder)
    for field, value in (operator.values or {}).items():
        getattr(tflite, f"{name}Add{field}")(builder, value)
    return getattr(tflite.BuiltinOptions, name), getattr(tflite, f"{name}End")(builder)


def operator_of(builder, operator, place):
    kind, options = options_of(builder, operator)
    inputs = numbers_of(builder, tflite.OperatorStartInputsVector, operator.inputs)
    outputs = numbers_of(builder, tflite.OperatorStartOutputsVector, operator.outputs)
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, place)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if kind:
        tflite.OperatorAddBuiltinOptionsType(builder, kind)
        tflite.OperatorAddBuiltinOptions(builder, options)
    return tflite.OperatorEnd(builder)


def code_of(builder, operator):
    custom = None if operator.custom is None else builder.CreateString(operator.custom)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(operator.code, 127))
    tflite.OperatorCodeAddBuiltinCode(builder, operator.code)
    if custom is not None:
        tflite.OperatorCodeAddCustomCode(builder, custom)
    return tflite.OperatorCodeEnd(builder)


def tensor_of(builder, tensor, place):
    shape = numbers_of(builder, tflite.TensorStartShapeVector, tensor.shape)
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tensor.type)
    tflite.TensorAddBuffer(builder, 0 if tensor.data is None else place + 1)
    return tflite.TensorEnd(builder)


def buffer_of(builder, data):
    offset = None if not data else builder.CreateByteVector(data)
    tflite.BufferStart(builder)
    if offset is not None:
        tflite.BufferAddData(builder, offset)
    return tflite.BufferEnd(builder)


def model_of(tensors, operators, inputs, outputs):
    """The bytes of a model of one graph."""
    builder = flatbuffers.Builder(1024)
    buffers = [buffer_of(builder, data) for data in (None, *(one.data for one in tensors))]
    codes = [code_of(builder, one) for one in operators]
    own = [tensor_of(builder, one, place) for place, one in enumerate(tensors)]
    steps = [operator_of(builder, one, place) for place, one in enumerate(operators)]
    parts = (
        tables_of(builder, tflite.SubGraphStartTensorsVector, own),
        numbers_of(builder, tflite.SubGraphStartInputsVector, inputs),
        numbers_of(builder, tflite.SubGraphStartOutputsVector, outputs),
        tables_of(builder, tflite.SubGraphStartOperatorsVector, steps),
    )
    tflite.SubGraphStart(builder)
    names = ("Tensors", "Inputs", "Outputs", "Operators")
    for name, part in zip(names, parts, strict=True):
        getattr(tflite, f"SubGraphAdd{name}")(builder, part)
    graph = tflite.SubGraphEnd(builder)
    graphs = tables_of(builder, tflite.ModelStartSubgraphsVector, [graph])
    listed = tables_of(builder, tflite.ModelStartOperatorCodesVector, codes)
    kept = tables_of(builder, tflite.ModelStartBuffersVector, buffers)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, listed)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, kept)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())

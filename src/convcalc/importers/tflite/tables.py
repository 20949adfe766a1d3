"""What is asked of the tables of a TFLite file; the package tflite, which reads them, has no types.

Its methods are made of the schema, whose names they have. A table that the file leaves out is None,
a list has its length and its items by their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class BufferTable(Protocol):
    """The elements of a tensor."""

    DataLength: Callable[[], int]
    Data: Callable[[int], int]
    Offset: Callable[[], int]


class TensorTable(Protocol):
    """A tensor."""

    ShapeLength: Callable[[], int]
    Shape: Callable[[int], int]
    Type: Callable[[], int]
    Buffer: Callable[[], int]
    Name: Callable[[], bytes | None]


class OptionsTable(Protocol):
    """The options of an operator, of whatever class: where they begin."""

    Bytes: bytes
    Pos: int


class OperatorTable(Protocol):
    """An operator."""

    OpcodeIndex: Callable[[], int]
    InputsLength: Callable[[], int]
    Inputs: Callable[[int], int]
    OutputsLength: Callable[[], int]
    Outputs: Callable[[int], int]
    BuiltinOptionsType: Callable[[], int]
    BuiltinOptions: Callable[[], OptionsTable | None]


class CodeTable(Protocol):
    """What an operator is."""

    DeprecatedBuiltinCode: Callable[[], int]
    BuiltinCode: Callable[[], int]
    CustomCode: Callable[[], bytes | None]


class GraphTable(Protocol):
    """A graph."""

    TensorsLength: Callable[[], int]
    Tensors: Callable[[int], TensorTable]
    OperatorsLength: Callable[[], int]
    Operators: Callable[[int], OperatorTable]
    InputsLength: Callable[[], int]
    Inputs: Callable[[int], int]
    OutputsLength: Callable[[], int]
    Outputs: Callable[[int], int]


class ModelTable(Protocol):
    """The model."""

    SubgraphsLength: Callable[[], int]
    Subgraphs: Callable[[int], GraphTable]
    BuffersLength: Callable[[], int]
    Buffers: Callable[[int], BufferTable]
    OperatorCodes: Callable[[int], CodeTable]

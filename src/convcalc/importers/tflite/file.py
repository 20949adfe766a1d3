"""What a TFLite file says: its tensors and operators, looked at once and without trust."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from convcalc.arrayfile.wording import reason
from convcalc.errors import DataError, UsageError, printable
from convcalc.opening import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from convcalc.importers.tflite.tables import ModelTable, OperatorTable, TensorTable
    from convcalc.layers import Shape

T = TypeVar("T")

MAX_BYTES = 2**31 - 1
"""A flatbuffer is never larger: its offsets have 31 bits."""

MAX_ITEMS = 1_000_000
"""Items of all lists together: lists may share their bytes, so that the file bounds each alone."""

MAX_NUMBERS = 64
"""Elements of a constant whose values are read: sizes, axes and padding."""

INTEGERS = {"INT32": 4, "INT64": 8}


@dataclass(frozen=True)
class Tensor:
    """A tensor of the model.

    Attributes:
        name: Its name.
        shape: All of its sizes.
        type: The type of its elements, as FLOAT32.
        is_constant: Whether the file holds its elements.
        numbers: Its elements, of a small constant of whole numbers.
    """

    name: str
    shape: Shape
    type: str
    is_constant: bool
    numbers: Sequence[int] | None


@dataclass(frozen=True)
class Operator:
    """An operator of the model.

    Attributes:
        name: What it is, as CONV_2D; of a custom one its own name.
        is_custom: Whether it is none of TFLite's own.
        inputs: The tensors that it reads, -1 for one that is left out.
        outputs: The tensors that it gives.
        options: Its parameters, as its class in the package tflite has them; None without any.
    """

    name: str
    is_custom: bool
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: object


@dataclass(frozen=True)
class Content:
    """The main graph of a model."""

    tensors: Sequence[Tensor]
    operators: Sequence[Operator]
    inputs: Sequence[int]
    outputs: Sequence[int]
    graphs: int


def content_of(path: str) -> Content:
    """What a file holds.

    Raises:
        UsageError: the package tflite is not installed.
        DataError: it is damaged, or too large.
    """
    try:
        import tflite
    except ImportError:
        raise UsageError(
            "a TFLite model needs the package tflite; pip install 'convcalc[tflite]' brings it"
        ) from None
    shown = printable(path)
    try:
        with open(open_regular(path, f"'{shown}'"), "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise DataError(f"'{shown}' is larger than a TFLite model can be")
            data = file.read(MAX_BYTES)
        return _Reader(tflite, data).content()
    except OSError as error:
        raise DataError(f"cannot read '{shown}': {reason(error)}") from None
    except DataError:
        raise
    except Exception as error:  # the package has no error of its own: struct, index, type, ...
        what = printable(f"{type(error).__name__}: {error}")
        raise DataError(f"'{shown}' is a damaged TFLite model ({what}); copy it again") from None


class _Reader:
    """Reads a flatbuffer by the classes that were made of its schema."""

    def __init__(self, tflite: ModuleType, data: bytes) -> None:
        self._tflite = tflite
        self._size = len(data)
        self._left = MAX_ITEMS
        self._model: ModelTable = tflite.Model.GetRootAsModel(data, 0)
        self._types = _names(tflite.TensorType)
        self._operators = _names(tflite.BuiltinOperator)
        self._options = _names(tflite.BuiltinOptions)

    def content(self) -> Content:
        graphs = self._length(self._model.SubgraphsLength)
        if not graphs:
            raise DataError("the file is a TFLite model without a graph")
        graph = self._model.Subgraphs(0)
        return Content(
            [self._tensor(one) for one in self._each(graph.TensorsLength, graph.Tensors)],
            [self._operator(one) for one in self._each(graph.OperatorsLength, graph.Operators)],
            self._numbers(graph.InputsLength, graph.Inputs),
            self._numbers(graph.OutputsLength, graph.Outputs),
            graphs,
        )

    def _length(self, length: Callable[[], int]) -> int:
        """How long a list is, which takes four bytes of the file for each item."""
        found = int(length())
        self._left -= found
        if found > self._size // 4 or self._left < 0:
            raise DataError(f"the file is a damaged TFLite model: a list of {found:,} items")
        return found

    def _each(self, length: Callable[[], int], item: Callable[[int], T]) -> Iterator[T]:
        return (item(place) for place in range(self._length(length)))

    def _numbers(self, length: Callable[[], int], item: Callable[[int], int]) -> list[int]:
        return [int(number) for number in self._each(length, item)]

    def _tensor(self, tensor: TensorTable) -> Tensor:
        shape = tuple(self._numbers(tensor.ShapeLength, tensor.Shape))
        if any(not 0 <= size < 2**31 for size in shape):
            raise DataError("the file is a damaged TFLite model: a size below 0")
        kind = self._types.get(int(tensor.Type()), "?")
        place = int(tensor.Buffer())
        if not 0 <= place < int(self._model.BuffersLength()):
            raise DataError("the file is a damaged TFLite model: a tensor without a buffer")
        buffer = self._model.Buffers(place)
        size = int(buffer.DataLength())
        is_constant = place > 0 and (size > 0 or int(buffer.Offset()) > 1)
        numbers = None
        if kind in INTEGERS and 0 < size <= MAX_NUMBERS * INTEGERS[kind]:
            numbers = _integers(bytes(buffer.Data(n) for n in range(size)), INTEGERS[kind])
        return Tensor(_text(tensor.Name()), shape, kind, is_constant, numbers)

    def _operator(self, operator: OperatorTable) -> Operator:
        code = self._model.OperatorCodes(int(operator.OpcodeIndex()))
        # Codes above 127 are in a field of their own; old files have the first alone.
        number = max(int(code.DeprecatedBuiltinCode()), int(code.BuiltinCode()))
        name = self._operators.get(number, f"operator_{number}")
        is_custom = name in ("CUSTOM", "DELEGATE") or number not in self._operators
        own = _text(code.CustomCode()) if is_custom else ""
        inputs = self._numbers(operator.InputsLength, operator.Inputs)
        outputs = self._numbers(operator.OutputsLength, operator.Outputs)
        return Operator(own or name, is_custom, inputs, outputs, self._options_of(operator))

    def _options_of(self, operator: OperatorTable) -> object:
        table = operator.BuiltinOptions()
        kind = self._options.get(int(operator.BuiltinOptionsType()))
        if table is None or kind is None or not hasattr(self._tflite, kind):
            return None
        options = getattr(self._tflite, kind)()
        options.Init(table.Bytes, table.Pos)
        return options


def _names(kind: type) -> dict[int, str]:
    """The names of an enumeration by their numbers."""
    return {value: name for name, value in vars(kind).items() if isinstance(value, int)}


def _text(text: bytes | None) -> str:
    return (text or b"").decode("utf-8", "replace")


def _integers(data: bytes, width: int) -> list[int]:
    parts = (data[at : at + width] for at in range(0, len(data), width))
    return [int.from_bytes(part, "little", signed=True) for part in parts]

"""Operators of TFLite as layers of ours, by their options and the shapes of their weights.

A rule says what the layer is; whether it is right is held against the shape in the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc import layers
from convcalc.importers.channels_last import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.channels_last import Value
    from convcalc.importers.tflite.file import Operator, Tensor
    from convcalc.layers import Layer, Shape
    from convcalc.layers.parameters import PerAxis


@dataclass(frozen=True)
class Use:
    """An operator with what it reads.

    Attributes:
        operator: The operator.
        values: What arrives from other operators.
        constants: The tensors that the file holds, by the place of the input.
        tensors: Every input by its place; None for one that is left out.
        out: The shape of its first result, without the batch.
    """

    operator: Operator
    values: Sequence[Value]
    constants: Mapping[int, Tensor]
    tensors: Sequence[Tensor | None]
    out: Shape

    def option(self, name: str, default: float = 0) -> float:
        """One of its options: a number, or whether something is so.

        Raises:
            ValueError: it lies beyond the end of the file, or is something else.
        """
        read = getattr(self.operator.options, name, None)
        if read is None:
            return default
        try:
            found = read()
        except struct.error:
            raise ValueError("options beyond the end of the file") from None
        if not isinstance(found, int | float):
            raise ValueError(f"the option {name} is no number")
        return found

    def weight(self, place: int = 1) -> Shape:
        """The shape of a constant that it reads."""
        return self.constants[place].shape

    def has(self, place: int) -> bool:
        """Whether it has an input there."""
        return place < len(self.tensors) and self.tensors[place] is not None

    def numbers(self, place: int) -> Sequence[int]:
        """The elements of a constant of whole numbers."""
        found = self.constants[place].numbers
        if found is None:
            raise KeyError(place)
        return found

    def axes(self, place: int = 1) -> list[int]:
        """Axes that a constant names, the first behind the batch as 0."""
        rank = len(self.values[0].shape)
        return [axis - 1 if axis > 0 else axis + rank for axis in self.numbers(place)]


class Plan(NamedTuple):
    """What an operator is.

    Attributes:
        layer: The layer.
        moved: Whether its channels have to be in front; None is either.
        macs: Its products, for where it is no such layer.
    """

    layer: Layer | None
    moved: bool | None = None
    macs: int = 0


def _padding(use: Use) -> str | int:
    """SAME is 0, VALID 1."""
    return "same-upper" if use.option("Padding") == 0 else 0


def _steps(use: Use, word: str, axes: str = "HW") -> list[int]:
    """One of the options that have a value for each axis."""
    return [max(1, int(use.option(word.replace("*", axis), 1))) for axis in axes]


def _strides(use: Use) -> PerAxis:
    return folded(_steps(use, "Stride*"))


def _dilations(use: Use) -> PerAxis:
    return folded(_steps(use, "Dilation*Factor"))


def _conv(use: Use) -> Plan:
    """Weights (O, kh, kw, C/groups)."""
    out, high, wide, depth = use.weight()
    groups = use.values[0].shape[-1] // depth
    layer = layers.Conv(
        out, folded((high, wide)), _strides(use), _padding(use), _dilations(use), groups, use.has(2)
    )
    return Plan(layer, True, prod(use.out) * high * wide * depth)


def _depthwise(use: Use) -> Plan:
    """Weights (1, kh, kw, C * multiplier)."""
    _, high, wide, out = use.weight()
    times = out // use.values[0].shape[-1]
    layer = layers.Depthwise(
        folded((high, wide)), _strides(use), _padding(use), _dilations(use), times, use.has(2)
    )
    return Plan(layer, True, prod(use.out) * high * wide)


def _transposed(use: Use) -> Plan:
    """Inputs: the shape of the result, weights (O, kh, kw, C), what is read, and a bias."""
    out, high, wide, _ = use.weight()
    if len(use.values) > 1:
        raise ValueError("the shape of the result is computed")
    ends, extra = [], []
    for kernel, stride in zip((high, wide), _steps(use, "Stride*"), strict=True):
        cut = max(kernel - stride, 0) if _padding(use) else 0
        ends.append((cut // 2, cut - cut // 2))
        extra.append(max(stride - kernel, 0))
    layer = layers.ConvTranspose(
        out,
        folded((high, wide)),
        _strides(use),
        tuple(ends) if any(map(any, ends)) else 0,
        bias=use.has(3),
        output_padding=folded(extra),
    )
    return Plan(layer, True, prod(use.values[0].shape) * high * wide * out)


def _conv_3d(use: Use) -> Plan:
    """Weights (kd, kh, kw, C, O)."""
    deep, high, wide, depth, out = use.weight()
    layer = layers.Conv(
        out,
        folded((deep, high, wide)),
        folded(_steps(use, "Stride*", "DHW")),
        _padding(use),
        folded(_steps(use, "Dilation*Factor", "DHW")),
        bias=use.has(2),
    )
    return Plan(layer, True, prod(use.out) * deep * high * wide * depth)


def _linear(use: Use) -> Plan:
    """Weights (O, I), or computed ones."""
    tensor = use.tensors[1]
    assert tensor is not None
    out, features = tensor.shape
    macs = prod(use.out) * features
    if 1 not in use.constants:
        return Plan(None, False, macs)
    return Plan(layers.Linear(out, use.has(2)), False, macs)


def _batch_matmul(use: Use) -> Plan:
    """Products of the last two axes, either factor transposed."""
    shape = use.values[0].shape
    inner = shape[-2] if use.option("AdjX") else shape[-1]
    plain = not use.option("AdjX") and not use.option("AdjY") and len(use.values) == 2
    return Plan(layers.MatMul() if plain else None, False, prod(use.out) * inner)


def _pool(kind: Callable[..., Layer]) -> Callable[[Use], Plan]:
    def write(use: Use) -> Plan:
        size: PerAxis = folded(
            [int(use.option(f"Filter{side}", 1)) for side in ("Height", "Width")]
        )
        return Plan(kind(size, _strides(use), _padding(use)), True)

    return write


def _sequence(use: Use) -> Plan:
    """Every matrix once a step: of shapes alone it cannot be said which gates there are."""
    steps = use.values[0].shape[0] if len(use.values[0].shape) > 1 else 1
    matrices = [one for one in use.constants.values() if len(one.shape) == 2]
    return Plan(None, False, steps * sum(prod(one.shape) for one in matrices))


def _plain(kind: Callable[[], Layer]) -> Callable[[Use], Plan]:
    return lambda use: Plan(kind())  # noqa: ARG005


def _leaky(use: Use) -> Plan:
    return Plan(layers.LeakyReLU(float(use.option("Alpha", 0.0))))


def _gelu(use: Use) -> Plan:
    return Plan(layers.GELU("tanh" if use.option("Approximate", False) else "none"))


def _prelu(use: Use) -> Plan:
    return Plan(layers.PReLU(prod(use.weight())), True)


def _over_features(kind: Callable[[int], Layer]) -> Callable[[Use], Plan]:
    """Over the last axis."""
    return lambda use: Plan(kind(use.values[0].dim(len(use.values[0].shape) - 1)))


def _resize(mode: str) -> Callable[[Use], Plan]:
    def write(use: Use) -> Plan:
        """Pixels by their centres, or the corners upon each other; other ways are no kind."""
        corners = bool(use.option("AlignCorners", False))
        half = bool(use.option("HalfPixelCenters", False))
        if mode == "nearest" and not corners:
            return Plan(layers.Upsample(size=use.out[:2]), True)
        if mode == "bilinear" and (corners or half):
            return Plan(layers.Upsample(size=use.out[:2], mode=mode, align_corners=corners), True)
        return Plan(layers.View("resize", (use.out[-1], *use.out[:-1])), True)

    return write


def _pad(mode: str) -> Callable[[Use], Plan]:
    def write(use: Use) -> Plan:
        numbers = list(use.numbers(1))
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if any(pairs[0]) or any(pairs[-1]):
            raise ValueError("the batch or the channels are padded")
        return Plan(layers.Pad(tuple(pairs[1:-1]), mode), True)

    return write


def _mirror_pad(use: Use) -> Plan:
    return _pad("symmetric" if use.option("Mode") else "reflect")(use)


def _concat(use: Use) -> Plan:
    rank = len(use.values[0].shape)
    axis = int(use.option("Axis"))
    axis = axis - 1 if axis > 0 else axis + rank
    if use.constants:
        raise ValueError("not of arrays alone")
    moved = use.values[0].moved
    return Plan(layers.Concat(use.values[0].dim(axis)), moved)


def _reduce(name: str) -> Callable[[Use], Plan]:
    def write(use: Use) -> Plan:
        value, keep = use.values[0], bool(use.option("KeepDims", False))
        axes, rank = use.axes(), len(value.shape)
        if keep and value.moved and name == "mean" and sorted(axes) == [*range(rank - 1)]:
            return Plan(layers.GlobalAvgPool(), True)
        return Plan(layers.Reduce(name, tuple(sorted(axes)), keep), False)

    return write


def _transpose(use: Use) -> Plan:
    first, *order = use.numbers(1)
    if first:
        raise ValueError("the batch is moved")
    return Plan(layers.Permute(tuple(axis - 1 for axis in order)), False)


RULES: Mapping[str, Callable[[Use], Plan]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "CONV_3D": _conv_3d,
    "FULLY_CONNECTED": _linear,
    "BATCH_MATMUL": _batch_matmul,
    "MAX_POOL_2D": _pool(layers.MaxPool),
    "AVERAGE_POOL_2D": _pool(layers.AvgPool),
    **dict.fromkeys(
        (
            *("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "LSTM", "RNN"),
            *("UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN", "SVDF"),
        ),
        _sequence,
    ),
    "RELU": _plain(layers.ReLU),
    "RELU6": _plain(layers.ReLU6),
    "RELU_N1_TO_1": _plain(layers.Hardtanh),
    "RELU_0_TO_1": _plain(lambda: layers.Hardtanh(0.0, 1.0)),
    "LOGISTIC": _plain(layers.Sigmoid),
    "TANH": _plain(layers.Tanh),
    "ELU": _plain(layers.ELU),
    "HARD_SWISH": _plain(layers.Hardswish),
    "LEAKY_RELU": _leaky,
    "GELU": _gelu,
    "PRELU": _prelu,
    "SOFTMAX": _over_features(layers.Softmax),
    "LOG_SOFTMAX": _over_features(layers.LogSoftmax),
    "RESIZE_BILINEAR": _resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "PAD": _pad("zeros"),
    "MIRROR_PAD": _mirror_pad,
    "CONCATENATION": _concat,
    "MEAN": _reduce("mean"),
    "SUM": _reduce("sum"),
    "REDUCE_MAX": _reduce("max"),
    "REDUCE_MIN": _reduce("min"),
    "REDUCE_PROD": _reduce("prod"),
    "TRANSPOSE": _transpose,
}
"""What operators are layers of ours."""

FUSED = {1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
"""Activations inside an operator, by their number in the schema."""

ELEMENTWISE = {
    **{
        name: name.lower()
        for name in (
            *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "EXP", "LOG", "SQRT"),
            *("RSQRT", "ABS", "NEG", "SQUARE", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "SIGN"),
            *("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT", "ATAN2"),
        )
    },
    "SELECT": "where",
    "SELECT_V2": "where",
    "EQUAL": "eq",
    "NOT_EQUAL": "ne",
    "LESS": "lt",
    "LESS_EQUAL": "le",
    "GREATER": "gt",
    "GREATER_EQUAL": "ge",
    "FLOOR_DIV": "floor_divide",
    "FLOOR_MOD": "remainder",
    "SQUARED_DIFFERENCE": "squared_difference",
    "ADD_N": "add_n",
    "L2_NORMALIZATION": "l2_normalization",
    "LOCAL_RESPONSE_NORMALIZATION": "local_response_normalization",
    "CUMSUM": "cumsum",
}
"""Operators of each element, and ours; those without one are known by their name alone."""

SHAPED = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
"""Operators that give the elements that arrive in their order, on other axes."""

PASSED = ("QUANTIZE", "DEQUANTIZE", "CAST", "FAKE_QUANT")
"""Operators that give the numbers that they were given, of another type."""

VIEWS = (
    *("SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "PACK", "UNPACK", "GATHER", "GATHER_ND"),
    *("TILE", "BROADCAST_TO", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH", "BATCH_TO_SPACE_ND"),
    *("SPACE_TO_BATCH_ND", "REVERSE_V2", "PAD", "PADV2", "MIRROR_PAD", "CONCATENATION"),
    *("TRANSPOSE", "ZEROS_LIKE", "ONE_HOT", "EMBEDDING_LOOKUP", "SCATTER_ND", "FILL", "TOPK_V2"),
    *("ARG_MAX", "ARG_MIN", "SHAPE", "RANGE", "DYNAMIC_UPDATE_SLICE", "MEAN", "SUM", "L2_POOL_2D"),
    *("REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"),
)
"""Operators without products, known by their name where they are no layer of ours."""

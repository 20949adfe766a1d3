"""Memory traffic of each layer in bytes, with all the reuse there can be and with none.

Layers are computed one by one: each reads its inputs from memory and writes its result there, and
nothing stays in a cache from one layer to the next. Two figures bound what one layer moves.

*Ideal*: every distinct number of the inputs and weights that takes part is read once, every number
of the result is written once; the misses of a cache that holds everything from its first use on,
and that no smaller one gets below. Cells that a stride skips are not read; an input that arrives
twice is read once; weights are read once for the whole batch.

*Without reuse*: every multiply-accumulate reads both its operands, and every other operation the
numbers of the inputs and weights that it works on; only the partial result, and the element whose
function is being computed, stay in registers. Per layer, with n numbers in the result:

    conv, convt, dw, pw, linear    2 reads per MAC, 1 per bias addition; n writes
    sep                            the same, as `dw` and then `pw`
    maxpool, avgpool, gap, ...     1 read per cell of each window; n writes
    gn, ln, in                     3n + 2n for a scale and shift; 2n writes: x for the mean,
                                   x for x - mean, which is written, that once more for the result
    softmax                        3n; 2n writes: x for the maximum, x for exp(x - max), which is
                                   written, that once more for the quotient
    bn                             n + 2n: x*a + c; n writes
    prelu, layerscale              n + n; n writes
    residual, scale                n per input; n writes
    upsample                       nearest n, bilinear 2^axes * n; n writes
    pad                            1 read per cell that is not a zero; n writes
    activations, concat, ...       n; n writes

Views (`flatten`, `slice`, `dropout`, `identity`) move nothing in either figure. `sep` is two
convolutions, so that the numbers between them are written and read. `bn` reads two numbers per
channel, a = weight / sqrt(var + eps) and c = bias - mean*a, which are put together beforehand, with
and without `affine`. Taps on padding count where they count as MACs.

Source: derived. The first figure is the traffic of compulsory misses alone, in the words of
Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
Architectures" (Communications of the ACM, 2009), "Tying the 3Cs to Operational Intensity".
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, NamedTuple, cast

from convcalc.analysis.precision import size_in_bytes
from convcalc.layers.kinds import KINDS
from convcalc.layers.stages import Staged
from convcalc.network import INPUT
from convcalc.reading import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.analysis.report import LayerReport, Report
    from convcalc.layers import Conv, Layer, Pad, Shape
    from convcalc.layers.pooling import Pool
    from convcalc.window import Window

WINDOWED = ("conv", "dw", "pw", "sep", "maxpool", "avgpool")
"""Kinds whose windows may leave cells out."""

PASSES = {
    **dict.fromkeys(("gn", "ln", "in"), (3, 2, 2)),
    "softmax": (3, 0, 2),
    "bn": (1, 2, 1),
    "prelu": (1, 1, 1),
    "layerscale": (1, 1, 1),
}
"""Reads of the inputs, reads of weights if there are any, and writes, per number of the result."""


class Traffic(NamedTuple):
    """Bytes between memory and one layer, or several, for the whole batch.

    Attributes:
        inputs: Bytes read of the numbers that arrive, results between two passes included.
        weights: Bytes read of weights and other fixed numbers.
        outputs: Bytes written.
    """

    inputs: int = 0
    weights: int = 0
    outputs: int = 0

    @property
    def total(self) -> int:
        """All bytes, read and written."""
        return sum(self)

    def __add__(self, other: Traffic) -> Traffic:  # type: ignore[override]
        """The traffic of both, part by part."""
        return Traffic(*(mine + its for mine, its in zip(self, other, strict=True)))


class LayerTraffic(NamedTuple):
    """What one layer, or several one after the other, move.

    Attributes:
        operations: 2 per multiply-accumulate and 1 per operation on single elements. A bias is
            where a sum starts: 2*k operations are k products and k additions onto it.
        ideal: Traffic with all the reuse there can be within a layer, in bytes.
        without_reuse: Traffic where every operand comes from memory, in bytes.
    """

    operations: int
    ideal: Traffic
    without_reuse: Traffic

    @property
    def intensity(self) -> Fraction | None:
        """Operations per byte of ideal traffic; None where nothing is moved.

        Source: the "operational intensity" of Williams, Waterman and Patterson (2009).
        """
        return Fraction(self.operations, self.ideal.total) if self.ideal.total else None

    def __add__(self, other: LayerTraffic) -> LayerTraffic:  # type: ignore[override]
        """Both, one after the other."""
        return LayerTraffic(
            self.operations + other.operations,
            self.ideal + other.ideal,
            self.without_reuse + other.without_reuse,
        )


NOTHING = LayerTraffic(0, Traffic(), Traffic())


class ReportTraffic(NamedTuple):
    """The traffic of every layer of a report, and the sum over them: layer by layer execution.

    Of a layer whose costs are not known it is not known either: None, and in no sum.
    """

    layers: tuple[LayerTraffic | None, ...]
    totals: LayerTraffic


def report_traffic(report: Report, dtype: str = "float32") -> ReportTraffic:
    """The traffic of every layer, and the totals.

    Args:
        report: As `convcalc.analysis.analyze` gives it; its batch counts.
        dtype: A name in `precision.BITS`, of all numbers alike.

    Example:
        >>> import convcalc
        >>> report = convcalc.parse("conv:512,k3,p1,nobias").analyze((512, 14, 14))
        >>> report_traffic(report).totals.ideal  # 4 * (512*14*14, 512*512*3*3, 512*14*14)
        Traffic(inputs=401408, weights=9437184, outputs=401408)
    """
    origins = _origins(report.layers)
    layers = tuple(layer_traffic(row, report.batch, dtype, origins) for row in report.layers)
    return ReportTraffic(layers, sum(filter(None, layers), NOTHING))


def layer_traffic(
    row: LayerReport,
    batch: int = 1,
    dtype: str = "float32",
    origins: Mapping[int, int] | None = None,
) -> LayerTraffic | None:
    """The traffic of one layer; None if its costs are not known, for then nor is what it reads.

    Args:
        row: What is known of the layer.
        batch: The samples that `row` was counted for.
        dtype: A name in `precision.BITS`, of all numbers alike.
        origins: Of inputs that are views of a whole result, the index of the layer that made it.
    """
    if not row.counted:
        return None
    operations = row.flops + row.element_ops
    if KINDS[row.kind].view:
        return LayerTraffic(operations, Traffic(), Traffic())
    return LayerTraffic(
        operations,
        _ideal(row, batch, dtype, origins or {}),
        Traffic(*(size_in_bytes(part, dtype) for part in _numbers_without_reuse(row, batch))),
    )


def _origins(rows: Sequence[LayerReport]) -> dict[int, int]:
    """The index of the layer in whose result each result lies, where it is all of it."""
    origins = {INPUT: INPUT}
    for row in rows:
        whole = KINDS[row.kind].view and prod(row.output_shape) == prod(row.input_shapes[0])
        origins[row.index] = origins.get(row.inputs[0], row.inputs[0]) if whole else row.index
    return origins


def _ideal(row: LayerReport, batch: int, dtype: str, origins: Mapping[int, int]) -> Traffic:
    """Each array of the whole batch is one piece, of whole bytes."""
    arriving = {
        origins.get(source, source): shape
        for source, shape in zip(row.inputs, row.input_shapes, strict=True)
    }
    between = size_in_bytes(_between(row, batch), dtype)
    inputs = sum(
        size_in_bytes(batch * _cells_read(row, shape), dtype) for shape in arriving.values()
    )
    weights = sum(size_in_bytes(prod(shape), dtype) for shape in _fixed(row))
    return Traffic(inputs + between, weights, size_in_bytes(row.activations, dtype) + between)


def _fixed(row: LayerReport) -> list[Shape]:
    """The shapes of what is read beside the inputs: the weights, of `bn` a and c."""
    if row.kind == "bn":
        return [row.output_shape[:1]] * 2
    return list(row.weights.values())


def _between(row: LayerReport, batch: int) -> int:
    """Numbers that the first half of `sep` leaves for the second."""
    if row.kind != "sep":
        return 0
    return batch * row.weights["depthwise.weight"][0] * prod(row.output_shape[1:])


def _cells_read(row: LayerReport, shape: Shape) -> int:
    """Numbers of an input (channels, *spatial) that take part in the result."""
    if row.kind in WINDOWED:
        windows = zip(_windows(row.spec, shape), shape[1:], strict=True)
        return shape[0] * prod(window.cells_read(size) for window, size in windows)
    if row.kind == "upsample":
        # A smaller output reads the nearest cell of each output, or the two around it.
        around = 2 if row.element_ops else 1
        sizes = zip(shape[1:], row.output_shape[1:], strict=True)
        return shape[0] * prod(min(size, around * out) for size, out in sizes)
    return prod(shape)


@lru_cache(maxsize=256)
def _layer(spec: str) -> Layer:
    """The layer that a row's spec says."""
    return cast("Layer", parse(spec).nodes[0].layer)


def _windows(spec: str, shape: Shape) -> tuple[Window, ...]:
    """The windows that lie on the input; of `dw`, `pw` and `sep` those of the first stage."""
    layer = _layer(spec)
    if isinstance(layer, Staged):
        layer = next(iter(layer.stages(shape[0]).values()))
    return cast("Conv | Pool", layer).windows(shape)


def _numbers_without_reuse(row: LayerReport, batch: int) -> tuple[int, int, int]:
    """(read of inputs, read of weights, written) where nothing is kept; see the module."""
    numbers = row.activations
    if row.macs:
        return row.macs, row.macs + row.bias_adds, numbers + _between(row, batch)
    if row.kind in PASSES:
        inputs, weights, outputs = PASSES[row.kind]
        return inputs * numbers, weights * numbers if _fixed(row) else 0, outputs * numbers
    return _fetched(row, batch), 0, numbers


def _fetched(row: LayerReport, batch: int) -> int:
    """Numbers of the inputs that the operations of a layer without weights ask for."""
    match row.kind:
        case "maxpool" | "adaptivemaxpool":
            return row.element_ops
        case "avgpool" | "adaptiveavgpool" | "gap":
            return row.element_ops - row.activations  # a division asks for none
        case "upsample" if row.element_ops:
            return cast("int", 2 ** (len(row.output_shape) - 1)) * row.activations
        case "pad" if cast("Pad", _layer(row.spec)).padding_mode == "zeros":
            return batch * prod(row.input_shapes[0])
        case "residual" | "scale":
            return len(row.inputs) * row.activations
        case _:
            return row.activations

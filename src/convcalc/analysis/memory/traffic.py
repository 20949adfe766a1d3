"""Memory traffic of each layer in bytes, with all the reuse there can be and with none.

Layers are computed one by one: each reads its inputs from memory and writes its result there, and
nothing stays in a cache from one layer to the next. Two figures bound what one layer moves.

*Ideal*: every distinct number of the inputs and weights that takes part is read once, every number
of the result is written once; the misses of a cache that holds everything from its first use on,
and that no smaller one gets below. Elements that a stride skips are not read; those that a border
repeats are, once. An input that arrives twice is read once, as are elements that several views of
one result share. Weights are read once for the whole batch.

*Without reuse*: every multiply-accumulate reads both its operands, and every other operation the
elements of the inputs and weights that it works on; only the partial result, and the element whose
function is being computed, stay in registers. Per layer, with n elements in the result:

    conv, convt, dw, pw, linear    2 reads per MAC, 1 per bias addition; n writes
    sep                            the same, as `dw` and then `pw`
    maxpool, avgpool, lppool, gap  1 read per element of each window; n writes
    lstm, gru, rnn                 the same; states and gates are partial results
    multiheadattention             the same, one product after the other
    gn, ln, in                     3n + 2n for a scale and shift; 2n writes: x for the mean,
                                   x for x - mean, which is written, that once more for the result
    softmax                        3n; 2n writes: x for the maximum, x for exp(x - max), which is
                                   written, that once more for the quotient; softmin alike
    logsoftmax                     the same: x - max is written, and read again for the result
    bn                             n + 2n: x*a + c; n writes
    prelu, layerscale, embedding   n + n; n writes
    residual, scale                n per input; n writes
    elementwise, reduce            each input once; n writes
    glu                            2n, the channels and their gates; n writes
    maxunpool                      each input once; n writes
    upsample                       nearest n, bilinear 2^axes * n; n writes
    pad                            1 read per element that is not a zero; n writes
    lrn                            (size + 1) * n: the squares of each sum, and x; n writes
    activations, concat, ...       n; n writes

Views (`flatten`, `crop`, `slice`, `dropout`, ...) move nothing in either figure. `sep` is two
convolutions, so that the elements between them are written and read, as are those between the
layers of `lstm`, `gru` and `rnn`, and between the products of `multiheadattention`. `bn` reads two
elements per channel, a = weight / sqrt(var + eps) and c = bias - mean*a, which are put together
beforehand, with and without `affine`. Taps on padding count where they count as MACs.

Source: derived. The first figure is the traffic of compulsory misses alone, in the words of
Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
Architectures" (Communications of the ACM, 2009), "Tying the 3Cs to Operational Intensity".
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, NamedTuple, cast

from convcalc.analysis.dtypes import size_in_bytes
from convcalc.borders import elements_read, united
from convcalc.layers.kinds import KINDS, row_of
from convcalc.layers.stages import Staged
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.analysis.report import LayerReport, Report
    from convcalc.layers import Conv, Layer, LocalResponseNorm, Pad, Shape, Slice, Upsample
    from convcalc.layers.pooling import Pool
    from convcalc.window import Window

WINDOWED = dict.fromkeys(("conv", "Staged", "Pool"), True)
"""Kinds whose windows may leave elements out."""

PASSES = {
    "Measured": (3, 2, 2),
    **dict.fromkeys(("softmax", "softmin", "logsoftmax"), (3, 0, 2)),
    "bn": (1, 2, 1),
    "prelu": (1, 1, 1),
    "layerscale": (1, 1, 1),
    "embedding": (1, 1, 1),
    "parameter": (0, 0, 0),  # whoever reads it
}
"""Reads of the inputs, reads of weights if there are any, and writes, per number of the result."""


class Traffic(NamedTuple):
    """Bytes between memory and one layer, or several, for the whole batch.

    Attributes:
        inputs: Bytes read of the elements that arrive, results between two passes included.
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


class Part(NamedTuple):
    """A run of the elements of a sample.

    Attributes:
        origin: The layer in whose result they lie; -1 is the caller's input.
        begin: The place of the first one in it.
    """

    origin: int
    begin: int


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
        dtype: A name in `precision.BITS`, of all elements alike.

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
    origins: Mapping[int, Part] | None = None,
) -> LayerTraffic | None:
    """The traffic of one layer; None if its costs are not known, for then nor is what it reads.

    Args:
        row: What is known of the layer.
        batch: The samples that `row` was counted for.
        dtype: A name in `precision.BITS`, of all elements alike.
        origins: Of inputs that are views, the part of a result that each one is.
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


def _origins(rows: Sequence[LayerReport]) -> dict[int, Part]:
    """Where the elements of each result lie: a view is a part of what its input is a part of.

    Channels come first and neighbouring axes are flattened in order, so that a slice is a run of
    the elements of a sample, whatever was flattened before it. What a crop leaves is none, and
    counts by itself.
    """
    origins = {INPUT: Part(INPUT, 0)}
    for row in rows:
        source = row.inputs[0]
        origins[row.index] = Part(row.index, 0)
        if KINDS[row.kind].view and row.layer.reads and not row.layer.scatters(row.input_shapes[0]):
            origin, begin = origins.get(source, Part(source, 0))
            origins[row.index] = Part(origin, begin + _skipped(row))
    return origins


def _skipped(row: LayerReport) -> int:
    """Elements of a sample before the first one of a view."""
    if row.kind != "slice":
        return 0
    begin, _ = cast("Slice", row.layer).channels[0]
    return begin * prod(row.output_shape[1:])


def _ideal(row: LayerReport, batch: int, dtype: str, origins: Mapping[int, Part]) -> Traffic:
    """Each array of the whole batch is one piece, of whole bytes."""
    between = size_in_bytes(_between(row, batch), dtype)
    inputs = sum(
        size_in_bytes(batch * elements, dtype)
        for elements in _elements_of_sources(row, origins).values()
    )
    weights = sum(size_in_bytes(prod(shape), dtype) for shape in _fixed(row))
    return Traffic(inputs + between, weights, size_in_bytes(row.activations, dtype) + between)


def _elements_of_sources(row: LayerReport, origins: Mapping[int, Part]) -> dict[int, int]:
    """Elements of a sample that a layer reads of each result before it, every element once."""
    if len(row.inputs) == 1:
        return {row.inputs[0]: _elements_read(row, row.input_shapes[0])}
    runs: dict[int, list[tuple[int, int]]] = {}
    for source, shape in zip(row.inputs, row.input_shapes, strict=True):
        origin, begin = origins.get(source, Part(source, 0))
        runs.setdefault(origin, []).append((begin, begin + prod(shape)))
    return {origin: united(parts) for origin, parts in runs.items()}


def _fixed(row: LayerReport) -> list[Shape]:
    """The shapes of what is read beside the inputs: weights, of `bn` a and c, rows of a table."""
    if row.kind == "bn":
        return [row.output_shape[:1]] * 2
    if row.kind == "embedding":  # a row for each index, if all are different
        rows, features = row.weights["weight"]
        return [(min(rows, row.activations // features), features)]
    return list(row.weights.values())


def _between(row: LayerReport, batch: int) -> int:
    """Elements that a layer of several stages leaves between them, as `sep` does."""
    return batch * row.layer.between(*row.input_shapes)


def _elements_read(row: LayerReport, shape: Shape) -> int:
    """Elements of an input (channels, *spatial) that take part in the result."""
    if row.kind == "pad" or row_of(WINDOWED, KINDS[row.kind]):
        windows, mode = _windows(row.layer, shape)
        if row.kind == "pad" and mode == "circular":
            mode = "zeros"  # a circle goes round what a crop has left, and reads nothing new
        axes = zip(windows, shape[1:], strict=True)
        return shape[0] * prod(elements_read(window, size, mode) for window, size in axes)
    if row.kind == "upsample":
        return cast("Upsample", row.layer).elements_read(shape)
    return prod(shape)


def _windows(layer: Layer, shape: Shape) -> tuple[tuple[Window, ...], str]:
    """The windows that lie on the input, and what their border is made of.

    Of `dw`, `pw` and `sep` those of the first stage; the border of a pooling is of no elements.
    """
    if isinstance(layer, Staged):
        layer = next(iter(layer.stages(shape[0]).values()))
    windows = cast("Conv | Pad | Pool", layer).windows(shape)
    return windows, getattr(layer, "padding_mode", "zeros")


def _numbers_without_reuse(row: LayerReport, batch: int) -> tuple[int, int, int]:
    """(read of inputs, read of weights, written) where nothing is kept; see the module."""
    elements = row.activations
    if row.macs:
        return row.macs, row.macs + row.bias_adds, elements + _between(row, batch)
    passes = row_of(PASSES, KINDS[row.kind])
    if passes is not None:
        inputs, weights, outputs = passes
        return inputs * elements, weights * elements if _fixed(row) else 0, outputs * elements
    fetched = row_of(FETCHED, KINDS[row.kind]) or _each_once
    return fetched(row), 0, elements


def _each_once(row: LayerReport) -> int:
    return row.activations


def _compared(row: LayerReport) -> int:
    return row.element_ops


def _summed(row: LayerReport) -> int:
    return row.element_ops - row.activations  # a division, or a root, asks for none


def _summed_powers(row: LayerReport) -> int:
    batch = row.activations // prod(row.output_shape)
    return _summed(row) - batch * prod(row.input_shapes[0])


def _around(row: LayerReport) -> int:
    if not row.element_ops:
        return row.activations
    return cast("int", 2 ** (len(row.output_shape) - 1)) * row.activations


def _padded(row: LayerReport) -> int:
    """One for each number of the result that is not a zero of the padding."""
    if cast("Pad", row.layer).padding_mode != "zeros":
        return row.activations
    return row.activations // prod(row.output_shape) * _elements_read(row, row.input_shapes[0])


def _neighbours(row: LayerReport) -> int:
    """The channels of each sum, those that do not exist too, and the element itself."""
    return (cast("LocalResponseNorm", row.layer).size + 1) * row.activations


def _both_halves(row: LayerReport) -> int:
    return 2 * row.activations


def _all_arriving(row: LayerReport) -> int:
    batch = row.activations // prod(row.output_shape)
    return batch * sum(map(prod, row.input_shapes))


def _all_inputs(row: LayerReport) -> int:
    return len(row.inputs) * row.activations


FETCHED: dict[str, Callable[[LayerReport], int]] = {
    **dict.fromkeys(("maxpool", "adaptivemaxpool"), _compared),
    **dict.fromkeys(("avgpool", "AdaptiveMean"), _summed),
    **dict.fromkeys(("residual", "scale"), _all_inputs),
    **dict.fromkeys(("Activation", "Rearrangement", "concat"), _each_once),
    "lppool": _summed_powers,
    "lrn": _neighbours,
    "glu": _both_halves,
    **dict.fromkeys(("elementwise", "reduce"), _all_arriving),
    "view": _each_once,
    "maxunpool": _all_arriving,
    "upsample": _around,
    "pad": _padded,
}
"""Elements of the inputs that the operations of a layer without weights ask for."""

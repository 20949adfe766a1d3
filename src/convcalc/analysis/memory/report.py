"""The memory of a network in bytes: weights, activations alive at once, scratch space, training.

Everything takes the same dtype, and everything is exact: no allocator's rounding, no libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.dtypes import BITS, size_in_bytes
from convcalc.analysis.memory.lifetimes import placed
from convcalc.analysis.memory.saved import saved_tensors
from convcalc.analysis.memory.traffic import report_traffic
from convcalc.analysis.memory.workspace import workspace
from convcalc.analysis.report import analyze
from convcalc.analysis.tabular import Layered
from convcalc.collecting import gc_paused
from convcalc.errors import ParameterError
from convcalc.layers.arguments import checked_switch, checked_word
from convcalc.layers.parameters import read_shape
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcalc.analysis.memory.lifetimes import Placement
    from convcalc.analysis.memory.saved import SavedTensors
    from convcalc.analysis.memory.traffic import LayerTraffic
    from convcalc.analysis.memory.workspace import Workspace
    from convcalc.analysis.report import LayerReport, Report
    from convcalc.analysis.tabular import Row
    from convcalc.layers import Shape
    from convcalc.network.graph import Network, Step

STATE = {"adam": 2, "adamw": 2, "momentum": 1, "sgd": 0}
"""Elements that an optimiser keeps for each weight: two moments, or a velocity, or nothing.

Source: Kingma and Ba, "Adam" (2015), algorithm 1; Loshchilov and Hutter, "Decoupled Weight Decay
Regularization" (2019), algorithm 2; Sutskever et al., "On the Importance of Initialization and
Momentum in Deep Learning" (2013), section 2.
"""

TRAINABLE = ("float32", "float16", "bfloat16")
"""Dtypes that have gradients."""

INPUT_LABEL = "input"


@dataclass(frozen=True, repr=False)
class LayerMemory:
    """One layer; every figure is in bytes, activations and traffic of the whole batch.

    Attributes:
        layer: Shapes, counts and the rest.
        weights: Its parameters.
        buffers: What is stored beside them, as the running statistics of `bn`.
        activations: Its result.
        stored: Memory that its result takes anew: 0 for a view and for what is written in place.
        live: Everything that is alive while it is computed, workspaces apart; None at a layer of
            unknown cost, of which nobody knows what it keeps, and while its result is there,
            which may be a view of what it read.
        workspace: Scratch memory of a convolution; None for other kinds.
        saved: What it is the first to keep for the backward pass; None if the dtype has none, or
            if it is not known of its kind.
        traffic: What it reads and writes; None if it is not known.
    """

    layer: LayerReport
    weights: int
    buffers: int
    activations: int
    stored: int
    live: int | None
    workspace: Workspace | None
    saved: int | None
    traffic: LayerTraffic | None

    def __repr__(self) -> str:
        live = "what is alive not known" if self.live is None else f"{self.live:,} alive"
        return (
            f"<memory of {self.layer.label} ({self.layer.spec}): {self.weights:,} bytes of "
            f"weights, {self.activations:,} of its result, {live}>"
        )

    def flat(self) -> Row:
        """Its figures in bytes as a flat row; None for what is not known or does not apply."""
        layer, space, moved = self.layer, self.workspace, self.traffic
        return {
            "index": layer.index,
            "label": layer.label,
            "kind": layer.kind,
            "spec": layer.spec,
            "output_shape": layer.output_shape,
            "weight_bytes": self.weights,
            "buffer_bytes": self.buffers,
            "activation_bytes": self.activations,
            "stored_bytes": self.stored,
            "live_bytes": self.live,
            "im2col_bytes": space and space.im2col,
            "fft_bytes": space and space.fft,
            "saved_bytes": self.saved,
            "traffic_bytes": moved and moved.ideal.total,
            "traffic_bytes_without_reuse": moved and moved.without_reuse.total,
        }


@dataclass(frozen=True)
class LiveTensor:
    """A tensor that is alive at the peak.

    Attributes:
        index: The layer that wrote it last; -1 is the caller's input.
        label: That layer's label, or "input".
        shape: (channels, *spatial) of one sample.
        bytes: Its size, of the whole batch.
    """

    index: int
    label: str
    shape: Shape
    bytes: int


@dataclass(frozen=True)
class Peak:
    """The layer at which most is alive, the first if there are several.

    Attributes:
        layer: That layer.
        bytes: What is alive while it is computed.
        tensors: What that is, in the order in which it was stored.
    """

    layer: LayerReport
    bytes: int
    tensors: tuple[LiveTensor, ...]


@dataclass(frozen=True)
class TrainingMemory:
    """What one step of training needs at once, in bytes.

    Attributes:
        optimizer: A name in `STATE`.
        weights: The parameters.
        buffers: Running statistics.
        gradients: As much as the parameters.
        state: What the optimiser keeps.
        saved: What the forward pass leaves for the backward pass.
        unknown: Kinds of layers whose part in `saved` is not known and not in it.
    """

    optimizer: str
    weights: int
    buffers: int
    gradients: int
    state: int
    saved: int
    unknown: tuple[str, ...]

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return self.weights + self.buffers + self.gradients + self.state + self.saved


@dataclass(frozen=True, repr=False)
class MemoryReport(Layered):
    """The memory of a network on one input; every figure is in bytes.

    `found["layer1"]` are all layers of that label or block.

    Attributes:
        report: Shapes and counts.
        dtype: Of weights and activations, a name in `precision.BITS`.
        in_place: Whether layers write over their inputs where they can.
        layers: Each layer.
        input: The caller's input.
        peak: Where most activations are alive; None where that of a layer is not known.
        training: One step of training; None for a dtype that has no gradients.
        traffic: Reads and writes of all layers of which they are known.
    """

    report: Report
    dtype: str
    in_place: bool
    layers: tuple[LayerMemory, ...]
    input: int
    peak: Peak | None
    training: TrainingMemory | None
    traffic: LayerTraffic

    @property
    def weights(self) -> int:
        """All parameters."""
        return sum(row.weights for row in self.layers)

    @property
    def buffers(self) -> int:
        """All that is stored beside the parameters."""
        return sum(row.buffers for row in self.layers)

    @property
    def activations(self) -> int:
        """The results of all layers together, whether or not they are alive at the same time."""
        return sum(row.activations for row in self.layers)

    @property
    def peak_bytes(self) -> int | None:
        """Bytes of the activations that are alive at the peak; None where that is not known."""
        return None if self.peak is None else self.peak.bytes

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each layer."""
        return self.report.labels

    def rows(self) -> list[Row]:
        """A flat row of bytes for each layer, of the whole batch."""
        return [row.flat() for row in self.layers]

    def __getitem__(self, path: str) -> tuple[LayerMemory, ...]:
        """The layers of a label or block.

        Raises:
            UnknownLayerError: there are none; it is a KeyError, too.
        """
        return tuple(self.layers[place] for place in self.places(path))


def analyze_memory(
    network: Network,
    input_shape: Sequence[int],
    batch: int = 1,
    *,
    dtype: str = "float32",
    in_place: bool = False,
    optimizer: str = "adam",
) -> MemoryReport:
    """The memory of a network on one input shape.

    Args:
        network: The layers, as `convcalc.parse` gives them.
        input_shape: (channels, *spatial sizes) of one sample.
        batch: Samples; it multiplies activations, not parameters.
        dtype: Of weights and activations, a name in `precision.BITS`.
        in_place: Let activations, normalisations and sums write over their inputs at inference;
            `convcalc.analysis.memory.lifetimes` has the rule. What training keeps does not
            depend on it.
        optimizer: A name in `STATE`.

    Raises:
        ParameterError: the dtype or the optimiser is unknown, a size is impossible, or there are
            no layers.
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.

    Example:
        >>> import convcalc
        >>> found = analyze_memory(convcalc.parse("conv:8,k3,p1 relu"), (3, 4, 4))
        >>> found.peak and (found.peak.bytes, [tensor.label for tensor in found.peak.tensors])
        (1024, ['0', '1'])
        >>> [row.live for row in found.layers]  # 3*16 + 8*16 elements, then twice 8*16
        [704, 1024]
    """
    checked_word("dtype", dtype, BITS)
    checked_word("optimizer", optimizer, STATE)
    checked_switch("in_place", in_place)
    if not network.nodes:
        raise ParameterError("network", "has no layers, which take no memory")
    report = analyze(network, read_shape("input", input_shape), batch)
    with gc_paused():
        return _memory(network, report, dtype, optimizer, in_place=in_place)


def _memory(
    network: Network, report: Report, dtype: str, optimizer: str, *, in_place: bool
) -> MemoryReport:
    """The memory of a network that has been reported on."""
    steps, end = list(network.walk(report.input)), network.output
    placement = placed(steps, report.input, report.batch, in_place=in_place, output=end)
    sizes = [size_in_bytes(storage.elements, dtype) for storage in placement.storages]
    live = _live(report, placement, sizes)
    saved = _saved(report, steps, dtype, end)
    traffic = report_traffic(report, dtype)
    layers = tuple(
        LayerMemory(
            layer=row,
            weights=own.weights,
            buffers=own.buffers,
            activations=size_in_bytes(row.activations, dtype),
            stored=placement.stored(row.index, sizes),
            live=live[row.index],
            workspace=own.workspace,
            saved=None if saved is None else saved.layers[row.index],
            traffic=traffic.layers[row.index],
        )
        for row, own in zip(report.layers, _fixed(report, steps, dtype), strict=True)
    )
    return MemoryReport(
        report=report,
        dtype=dtype,
        in_place=in_place,
        layers=layers,
        input=sizes[0],
        peak=_peak(report, placement, live, sizes),
        training=None if saved is None else _training(layers, saved, optimizer),
        traffic=traffic.totals,
    )


def _saved(report: Report, steps: Sequence[Step], dtype: str, end: int) -> SavedTensors | None:
    """What training keeps; None in dtypes that are not trained in."""
    if dtype not in TRAINABLE:
        return None
    return saved_tensors(steps, report.input, report.batch, dtype, output=end)


class _Fixed(NamedTuple):
    """What a layer needs whatever its place in the network."""

    weights: int
    buffers: int
    workspace: Workspace | None


def _fixed(report: Report, steps: Sequence[Step], dtype: str) -> Iterator[_Fixed]:
    """What is fixed of each layer; equal layers on equal shapes are asked once."""
    known: dict[tuple[int, tuple[Shape, ...]], _Fixed] = {}
    for row, step in zip(report.layers, steps, strict=True):
        key = (id(step.layer), step.arriving)
        if key not in known:
            buffers = step.layer.buffer_shapes(*step.arriving)
            known[key] = _Fixed(
                _stored(row.weights.values(), dtype),
                _stored(buffers.values(), dtype),
                workspace(step.layer, step.arriving[0], dtype),
            )
        yield known[key]


def _stored(shapes: Iterable[Shape], dtype: str) -> int:
    """Bytes of several arrays, each of whole bytes."""
    return sum(size_in_bytes(prod(shape), dtype) for shape in shapes)


def _live(report: Report, placement: Placement, sizes: list[int]) -> list[int | None]:
    """What is alive at each layer; None wherever a layer of unknown cost has a part in it."""
    live: list[int | None] = [*placement.live(sizes)]
    for row in report.layers:
        if not row.counted:
            last = placement.storages[placement.home(row.index)].last
            until = min(last + 1, len(live))
            live[row.index : until] = [None] * (until - row.index)
    return live


def _peak(
    report: Report, placement: Placement, live: list[int | None], sizes: list[int]
) -> Peak | None:
    """The first layer at which most is alive, and what is alive there; None if not known."""
    known = [size for size in live if size is not None]
    if len(known) < len(live):
        return None
    at = known.index(max(known))
    tensors = []
    for storage, size in zip(placement.storages, sizes, strict=True):
        if size and storage.first <= at <= storage.last:  # a learned array is no activation
            held = storage.held(at)
            row = None if held == INPUT else report.layers[held]
            label, shape = (row.label, row.output_shape) if row else (INPUT_LABEL, report.input)
            tensors.append(LiveTensor(held, label, shape, size))
    return Peak(report.layers[at], known[at], tuple(tensors))


def _training(layers: Sequence[LayerMemory], saved: SavedTensors, optimizer: str) -> TrainingMemory:
    weights = sum(row.weights for row in layers)
    return TrainingMemory(
        optimizer=optimizer,
        weights=weights,
        buffers=sum(row.buffers for row in layers),
        gradients=weights,
        state=STATE[optimizer] * weights,
        saved=sum(filter(None, saved.layers)),
        unknown=saved.unknown,
    )

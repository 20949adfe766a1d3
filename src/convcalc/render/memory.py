"""The memory of a network: a row of bytes for each layer, and what they come to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.render.documents import (
    OUTPUT,
    called,
    heading,
    layer_table,
    report_data,
    report_remarks,
)
from convcalc.render.folding import largest, summed
from convcalc.render.table import Cell, Column, Document, Json, Ratio, plain, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.memory.report import (
        LayerMemory,
        LiveTensor,
        MemoryReport,
        TrainingMemory,
    )
    from convcalc.analysis.memory.traffic import LayerTraffic
    from convcalc.render.schemas.reports import Peak, Training
    from convcalc.render.table import Folding, JsonObject

MB, MIB = 10**6, 2**20
UNITS = "1 MB = 10^6 bytes, 1 MiB = 2^20 bytes"

MOST_TENSORS = 8
"""Tensors of the peak that a screen lists; JSON has them all."""


def _bytes(key: str, title: str, of_block: Folding, optional: int = 0) -> Column:
    return Column(key, title, numeric=True, optional=optional, exact=True, of_block=of_block)


COLUMNS = [
    OUTPUT._replace(optional=1),
    _bytes("weight_bytes", "weights", summed),
    _bytes("activation_bytes", "activations", summed),
    _bytes("live_bytes", "live", largest),
    _bytes("im2col_bytes", "im2col", largest, 2),
    _bytes("saved_bytes", "saved", summed, 3),
    _bytes("traffic_bytes", "traffic", summed, 4),
    Column("intensity", "op/byte", numeric=True, optional=5, of_block=summed),
    _bytes("traffic_bytes_without_reuse", "no reuse", summed, 6),
    _bytes("fft_bytes", "fft", largest, 7),
    _bytes("buffer_bytes", "buffers", summed, 8),
]


def memory_document(found: MemoryReport) -> Document:
    """Weights, activations, what is alive, scratch space, what training keeps, and traffic."""
    cells = ([row.layer.output_shape, *_figures(row).values()] for row in found.layers)
    table = layer_table(found.report, COLUMNS, cells, _total(found))
    unknown = report_remarks(found.report)
    remarks = [*_sums(found), "", *_peak_lines(found), "", *unknown, *_legend(found)]
    return Document(partial(_data, found), table, _heading(found), remarks)


def _figures(row: LayerMemory) -> dict[str, Cell]:
    """The cells of one layer after its shape, by the names of their columns."""
    space = row.workspace
    return {
        "weight_bytes": row.weights,
        "activation_bytes": row.activations,
        "live_bytes": row.live,
        "im2col_bytes": space and space.im2col,
        "saved_bytes": row.saved,
        **_moved(row.traffic),
        "fft_bytes": space and space.fft,
        "buffer_bytes": row.buffers,
    }


def _moved(traffic: LayerTraffic | None) -> dict[str, Cell]:
    if traffic is None:
        return dict.fromkeys(("traffic_bytes", "intensity", "traffic_bytes_without_reuse"))
    return {
        "traffic_bytes": traffic.ideal.total,
        "intensity": Ratio(traffic.operations, traffic.ideal.total),
        "traffic_bytes_without_reuse": traffic.without_reuse.total,
    }


def _total(found: MemoryReport) -> list[Cell]:
    """Sums; what is alive and scratch space do not add up over layers."""
    training = found.training
    figures: dict[str, Cell] = {
        "weight_bytes": found.weights,
        "activation_bytes": found.activations,
        "saved_bytes": None if training is None else training.saved,
        **_moved(found.traffic),
        "buffer_bytes": found.buffers,
    }
    return [figures.get(column.key, "") for column in COLUMNS]


def _heading(found: MemoryReport) -> list[str]:
    in_place = ["in place"] if found.in_place else []
    return heading(found.report, found.dtype, *in_place)


def _sums(found: MemoryReport) -> list[str]:
    """What the layers come to, each in bytes, MB and MiB."""
    peak = found.peak
    figures: list[tuple[str, int | str | None]] = [
        ("weights", found.weights),
        ("buffers", found.buffers),
        ("all activations", found.activations),
        ("peak of live activations", "-" if peak is None else peak.bytes),
    ]
    training = found.training
    if training is not None:
        figures += [
            (f"training with {training.optimizer}", None),
            ("  gradients", training.gradients),
            ("  optimiser state", training.state),
            ("  saved for backward", training.saved),
            ("  with weights and buffers", training.total),
        ]
    rows = [("", "bytes", "MB", "MiB"), *(_sum(*figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])]).rstrip()
        for name, *numbers in rows
    )
    return [*lines, *_remarks(training)]


def _sum(name: str, size: int | str | None) -> tuple[str, str, str, str]:
    """A figure in three units; a word in their place, or nothing."""
    if not isinstance(size, int):
        return name, *(3 * (size or "",))
    return name, f"{size:,}", f"{size / MB:,.3f}", f"{size / MIB:,.3f}"


def _remarks(training: TrainingMemory | None) -> list[str]:
    if training is None:
        return ["no training: integers have no gradients"]
    if not training.unknown:
        return []
    return [f"saved for backward: not known of {', '.join(training.unknown)}, and not counted"]


def _peak_lines(found: MemoryReport) -> list[str]:
    """Where the peak is, and the tensors that make it, the largest first."""
    peak = found.peak
    if peak is None:
        return [f"peak: not known, as what is alive is not known of {_named(found)}"]
    place = f"layer {peak.layer.index}, {peak.layer.label} ({peak.layer.spec})"
    largest = sorted(peak.tensors, key=lambda tensor: -tensor.bytes)
    shown, rest = largest[:MOST_TENSORS], largest[MOST_TENSORS:]
    lines = [f"peak at {place}:", *_tensor_lines(shown)]
    if rest:
        more = sum(tensor.bytes for tensor in rest)
        lines.append(f"  and {len(rest)} more of {more:,} bytes; --format json lists them all")
    return lines


def _named(found: MemoryReport) -> str:
    """The layers of unknown cost, which nobody knows to keep what they read or to let it go."""
    return ", ".join(called(row for row in found.report.layers if not row.counted))


def _tensor_lines(tensors: Sequence[LiveTensor]) -> list[str]:
    sizes = [f"{tensor.bytes:,}" for tensor in tensors]
    shapes = [written(tensor.shape) for tensor in tensors]
    wide, long = max(map(len, sizes)), max(map(len, shapes))
    return [
        f"  {size:>{wide}}  {shape:<{long}}  {tensor.label}"
        for size, shape, tensor in zip(sizes, shapes, tensors, strict=True)
    ]


ASSUMES = "assumes that everything, biases and statistics too, has this dtype"
"""What the figures take for granted; quantised models often keep these at 32 bits."""


def _legend(found: MemoryReport) -> list[str]:
    """What the columns mean, as far as there is something in them."""
    size = f"{BITS[found.dtype] // 8} bytes" if BITS[found.dtype] > 8 else "1 byte"
    lines = [f"{UNITS}; an element takes {size if BITS[found.dtype] >= 8 else 'half a byte'}"]
    lines.append(ASSUMES)
    lines.append("live: what the layer reads and writes, and what later layers read")
    if any(row.workspace for row in found.layers):
        lines.append("im2col, fft: scratch memory of one sample")
    if found.training is not None:
        lines.append("saved: kept for the backward pass, where it is first kept, as in PyTorch")
    return [*lines, "traffic: every element once; no reuse: every operand of every operation"]


def _data(found: MemoryReport) -> JsonObject:
    """The JSON document: the report, with the memory of each layer and of all."""
    data = report_data("memory", found.report)
    training = found.training
    data["dtype"] = found.dtype
    if training and training.unknown:
        data["status"] = "partial"
    data["layers"] = [
        layer
        | _plain(_figures(row))
        | {
            "stored_bytes": row.stored,
            "operations": None if row.traffic is None else row.traffic.operations,
        }
        for layer, row in zip(data["layers"], found.layers, strict=True)
    ]
    data["memory"] = {
        "assumes": ASSUMES,
        "in_place": found.in_place,
        "input_bytes": found.input,
        "weight_bytes": found.weights,
        "buffer_bytes": found.buffers,
        "activation_bytes": found.activations,
        **_plain(_moved(found.traffic)),
        "operations": found.traffic.operations,
        "peak": _peak_data(found),
        "training": training and _training_data(training),
    }
    return data


def _plain(figures: dict[str, Cell]) -> dict[str, Json]:
    return {name: plain(figure) for name, figure in figures.items()}


def _peak_data(found: MemoryReport) -> Peak:
    peak = found.peak
    if peak is None:
        return {"bytes": None, "index": None, "label": None, "tensors": []}
    return {
        "bytes": peak.bytes,
        "index": peak.layer.index,
        "label": peak.layer.label,
        "tensors": [
            {
                "index": tensor.index,
                "label": tensor.label,
                "shape": list(tensor.shape),
                "bytes": tensor.bytes,
            }
            for tensor in peak.tensors
        ],
    }


def _training_data(training: TrainingMemory) -> Training:
    return {
        "optimizer": training.optimizer,
        "weight_bytes": training.weights,
        "buffer_bytes": training.buffers,
        "gradient_bytes": training.gradients,
        "state_bytes": training.state,
        "saved_bytes": training.saved,
        "total_bytes": training.total,
        "unknown": list(training.unknown),
    }

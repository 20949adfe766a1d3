"""A network on a machine: the least time of each layer; and the machines that have names."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.roofline.devices import DEVICES
from convcalc.render.documents import (
    SCHEMA_VERSION,
    heading,
    layer_table,
    number,
    report_data,
    report_remarks,
)
from convcalc.render.folding import agreed, summed, summed_if_known
from convcalc.render.lettering import ALMOST
from convcalc.render.table import (
    Cell,
    Column,
    Document,
    Ratio,
    Share,
    Shown,
    Table,
    four_digits,
)

if TYPE_CHECKING:
    from convcalc.analysis.memory.traffic import LayerTraffic
    from convcalc.analysis.roofline.devices import Device
    from convcalc.analysis.roofline.model import LayerRoofline, Roofline, RooflineMachine
    from convcalc.render.schemas.reference import Device as DeviceData
    from convcalc.render.schemas.reports import Machine
    from convcalc.render.table import Json, JsonObject

COLUMNS = [
    Column("operations", "ops", numeric=True, optional=2, of_block=summed),
    Column("bytes", "bytes", numeric=True, optional=3, of_block=summed),
    Column("intensity", "ops/byte", numeric=True, optional=1, of_block=summed),
    Column("bound", "bound", of_block=agreed),
    Column("seconds", "time", numeric=True, unit="s", of_block=summed_if_known),
    Column("share", "share", numeric=True, of_block=summed),
]

RATE_UNITS = (("E", 10**18), ("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 1000))
ASSUMES = "assumes no fusion: layers that are fused can be faster than this"
"""What the least time takes for granted."""


def roofline_document(roofline: Roofline) -> Document:
    """Operations, bytes, what is the limit, and the least time of each layer."""
    cells = [_cells(layer, roofline.seconds) for layer in roofline.layers]
    moved = roofline.totals
    total: list[Cell] = [
        moved.operations,
        moved.ideal.total,
        Ratio(moved.operations, moved.ideal.total),
        "",
        _float(roofline.seconds),
        "",
    ]
    return Document(
        partial(_roofline_data, roofline),
        layer_table(roofline.report, COLUMNS, cells, total),
        _heading(roofline),
        _remarks(roofline),
    )


def devices_document() -> Document:
    """The devices with their peaks in each dtype, their bandwidth and its source."""
    columns = [
        Column("name", "name"),
        Column("bandwidth", "bandwidth", numeric=True),
        *(Column(dtype, dtype, numeric=True) for dtype in BITS),
        Column("source", "source", optional=1, wraps=True),
    ]
    rows: list[list[Cell]] = [
        [
            name,
            Shown(_rate(device.bandwidth, "B/s"), device.bandwidth),
            *(_peak(device.peaks.get(dtype)) for dtype in BITS),
            device.source,
        ]
        for name, device in DEVICES.items()
    ]
    data = {
        "schema_version": SCHEMA_VERSION,
        "command": "devices",
        "devices": [_device_data(name, device) for name, device in DEVICES.items()],
    }
    remarks = [
        "peaks: operations per second (1 MAC = 2), dense; float32 is not TF32",
        "from the maker's data sheets; figures given there with sparsity are halved",
    ]
    return Document(data, Table(columns, rows), [], remarks)


def _cells(layer: LayerRoofline, all_seconds: Fraction | None) -> list[Cell]:
    if layer.traffic is None or layer.seconds is None:
        return [None] * len(COLUMNS)
    share = layer.seconds / all_seconds if all_seconds else Fraction(0)
    return [
        layer.traffic.operations,
        layer.traffic.ideal.total,
        Ratio(layer.traffic.operations, layer.traffic.ideal.total),
        layer.bound,
        float(layer.seconds),
        None if all_seconds is None else Share(share.numerator, share.denominator),
    ]


def _heading(roofline: Roofline) -> list[str]:
    report, machine = roofline.report, roofline.machine
    name = machine.name or "machine"
    rates = f"{_rate(machine.peak, _unit(roofline.dtype))}, {_rate(machine.bandwidth, 'B/s')}"
    source = [f"({machine.source})"] if machine.source else []
    return [*heading(report, roofline.dtype), f"{name}: {rates}", *source]


def _remarks(roofline: Roofline) -> list[str]:
    ridge = four_digits(float(roofline.machine.ridge))
    return [
        *report_remarks(roofline.report),
        f"below {ridge} ops per byte memory is the limit, from there on arithmetic",
        "ops: 2 per MAC, 1 per element operation; bytes: each element moved once",
        f"time: at least ops / peak and bytes / bandwidth, layer by layer{_of_peak(roofline)}",
        ASSUMES,
    ]


def _of_peak(roofline: Roofline) -> str:
    """How much of the peak is used, or why nobody can say."""
    if roofline.peak_fraction is None:
        return "; not known of all"
    return f" ({float(100 * roofline.peak_fraction):.3g} % of peak)"


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _roofline_data(roofline: Roofline) -> JsonObject:
    data = report_data("roofline", roofline.report)
    layers = [
        own
        | _traffic_data(layer.traffic)
        | {
            "bound": layer.bound,
            "seconds": _float(layer.seconds),
        }
        for own, layer in zip(data["layers"], roofline.layers, strict=True)
    ]
    totals = data["totals"] | _traffic_data(roofline.totals)
    totals |= {
        "seconds": _float(roofline.seconds),
        "peak_fraction": _float(roofline.peak_fraction),
    }
    return data | {
        "dtype": roofline.dtype,
        "assumes": ASSUMES,
        "machine": _machine_data(roofline.machine),
        "layers": layers,
        "totals": totals,
    }


def _traffic_data(traffic: LayerTraffic | None) -> dict[str, Json]:
    if traffic is None:
        return dict.fromkeys(("operations", "bytes", "bytes_without_reuse", "intensity"))
    return {
        "operations": traffic.operations,
        "bytes": traffic.ideal._asdict() | {"total": traffic.ideal.total},
        "bytes_without_reuse": traffic.without_reuse._asdict()
        | {"total": traffic.without_reuse.total},
        "intensity": None if traffic.intensity is None else float(traffic.intensity),
    }


def _machine_data(machine: RooflineMachine) -> Machine:
    return {
        "name": machine.name or None,
        "peak": number(machine.peak),
        "bandwidth": number(machine.bandwidth),
        "ridge": float(machine.ridge),
        "source": machine.source or None,
    }


def _device_data(name: str, device: Device) -> DeviceData:
    return {
        "name": name,
        "title": device.title,
        "bandwidth": device.bandwidth,
        "peaks": dict(device.peaks),
        "source": device.source,
    }


def _unit(dtype: str) -> str:
    return "OP/s" if dtype.startswith("int") else "FLOP/s"


def _peak(rate: int | None) -> Shown:
    return Shown("-", None) if rate is None else Shown(_rate(rate, ""), rate)


def _rate(rate: Fraction | int, unit: str) -> str:
    """A rate in four digits: 19.5 TFLOP/s."""
    value = float(rate)
    for prefix, size in RATE_UNITS:
        if value >= size * ALMOST:
            return f"{value / size:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}"

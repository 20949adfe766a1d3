"""Which backend computes, when the user leaves it open.

Importing torch costs seconds, numpy a fraction of one; so numpy computes whatever it finishes
before torch would have started. The two rates below are those of one ordinary processor with two
cores: for kernels of 3 to 7 taps a side they foretell the time within a factor of three.
"""

from __future__ import annotations

from importlib.util import find_spec
from math import prod
from typing import TYPE_CHECKING

from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.analysis import LayerReport, Report
    from convcalc.execute.numpy_backend import NumpyBackend
    from convcalc.execute.torch_backend import TorchBackend

BACKENDS = ("auto", "numpy", "torch")

TORCH_IMPORT_SECONDS = 2.5
NUMPY_MACS_PER_SECOND = 20e9
NUMPY_CELLS_PER_SECOND = 0.5e9


def open_backend(
    name: str, device: str | None, report: Report, compute: str
) -> NumpyBackend | TorchBackend:
    """The backend of that name, or for "auto" the one that should finish first.

    Raises:
        UsageError: torch was asked for and is not installed, or the device is not torch's.
    """
    if name == "numpy" and device is not None:
        raise UsageError("--device belongs to torch; the numpy backend computes on the CPU")
    if name == "auto" and device is None and not _pays_for_torch(report, compute):
        name = "numpy"
    if name == "numpy":
        from convcalc.execute.numpy_backend import NumpyBackend

        return NumpyBackend()
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")
    from convcalc.execute.torch_backend import TorchBackend

    return TorchBackend(device or "cpu")


def numpy_seconds(report: Report) -> float:
    """About how long numpy takes: the products, and per tap a pass over both sides' channels."""
    passes = sum(
        _taps(row)
        * max(prod(row.output_shape[1:]), prod(row.input_shapes[0][1:]))
        * (row.input_shapes[0][0] + row.output_shape[0])
        for row in report.layers
    )
    seconds = report.totals.macs / NUMPY_MACS_PER_SECOND
    return seconds + report.batch * passes / NUMPY_CELLS_PER_SECOND


def _taps(row: LayerReport) -> int:
    return sum(prod(shape[2:]) for shape in row.weights.values() if len(shape) > 2)


def _pays_for_torch(report: Report, compute: str) -> bool:
    if not compute.startswith("float") or find_spec("torch") is None:
        return False
    return numpy_seconds(report) > 2 * TORCH_IMPORT_SECONDS

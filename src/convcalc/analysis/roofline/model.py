"""The least time that a machine needs for each layer, by its arithmetic and by its memory.

A layer of F operations that moves Q bytes cannot take less than F / peak seconds, because the
machine does not compute faster, nor less than Q / bandwidth, because its memory does not deliver
faster. The two meet at the ridge, F / Q = peak / bandwidth: layers of a smaller arithmetic
intensity F / Q are bound by memory, the others by arithmetic. F and Q are counted by
`analysis/memory/traffic.py`; Q is the ideal traffic, which no execution from memory to memory gets
below.

Layers are taken one after the other, each from memory to memory, as they run without fusion: the
time of a network is the sum over its layers. What can be faster: layers that are fused or small
enough for a cache to carry elements from one to the next, and algorithms that need fewer operations
than the direct sums, as Winograd's or an FFT.

Source: Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for
Multicore Architectures" (Communications of the ACM, 2009): attainable rate = min(peak, bandwidth *
intensity), of which F over that rate is the time here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcalc.analysis.memory.traffic import report_traffic
from convcalc.analysis.tabular import Layered

if TYPE_CHECKING:
    from convcalc.analysis.memory.traffic import LayerTraffic
    from convcalc.analysis.report import LayerReport, Report
    from convcalc.analysis.tabular import Row

Bound: TypeAlias = Literal["compute", "memory"]


class RooflineMachine(NamedTuple):
    """A processor and its memory.

    Attributes:
        peak: Operations per second, 2 per multiply-accumulate (FLOP/s of a float dtype).
        bandwidth: Bytes per second between processor and memory.
        name: What it is called, if it has a name.
        source: Where the two figures are from, if it is known.
    """

    peak: Fraction
    bandwidth: Fraction
    name: str = ""
    source: str = ""

    @property
    def ridge(self) -> Fraction:
        """Operations per byte from which on arithmetic is the limit: peak / bandwidth."""
        return self.peak / self.bandwidth


class LayerRoofline(NamedTuple):
    """One layer on a machine.

    Attributes:
        row: The layer.
        traffic: Its operations, and the bytes it moves; None if they are not known.
        seconds: The least time it takes, exact: max(operations / peak, bytes / bandwidth); None if
            it is not known.
        bound: What that time is for: "compute" from the ridge on, else "memory"; None for a layer
            that neither computes nor moves anything.
    """

    row: LayerReport
    traffic: LayerTraffic | None
    seconds: Fraction | None
    bound: Bound | None

    def __repr__(self) -> str:
        time = "time not known" if self.seconds is None else f"{float(self.seconds):.4g} s"
        bound = f", bound by {self.bound}" if self.bound else ""
        return f"<least time of {self.row.label} ({self.row.spec}): {time}{bound}>"

    def flat(self) -> Row:
        """Its figures as a flat row, seconds as a float; None for what is not known."""
        moved = self.traffic
        intensity = None if moved is None else moved.intensity
        return {
            "index": self.row.index,
            "label": self.row.label,
            "kind": self.row.kind,
            "spec": self.row.spec,
            "output_shape": self.row.output_shape,
            "operations": moved and moved.operations,
            "bytes": moved and moved.ideal.total,
            "intensity": None if intensity is None else float(intensity),
            "bound": self.bound,
            "seconds": None if self.seconds is None else float(self.seconds),
        }


@dataclass(frozen=True, repr=False)
class Roofline(Layered):
    """Every layer of a network on a machine.

    `found["layer1"]` are all layers of that label or block.

    Attributes:
        report: The network; its batch counts.
        machine: The processor and its memory.
        dtype: The dtype of all elements.
        layers: The layers in order.
        totals: Operations and traffic of all layers, one after the other.
        seconds: The least time of all layers, one after the other, exact; None where that of one is
            not known.
    """

    report: Report
    machine: RooflineMachine
    dtype: str
    layers: tuple[LayerRoofline, ...]
    totals: LayerTraffic
    seconds: Fraction | None

    @property
    def peak_fraction(self) -> Fraction | None:
        """The share of the peak rate that is used in that time, from 0 to 1; None if not known."""
        if self.seconds is None:
            return None
        if not self.seconds:
            return Fraction(0)
        return self.totals.operations / (self.machine.peak * self.seconds)

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each layer."""
        return self.report.labels

    def rows(self) -> list[Row]:
        """A flat row for each layer: operations, bytes, seconds and what they are for."""
        return [layer.flat() for layer in self.layers]

    def __getitem__(self, path: str) -> tuple[LayerRoofline, ...]:
        """The layers of a label or block.

        Raises:
            UnknownLayerError: there are none; it is a KeyError, too.
        """
        return tuple(self.layers[place] for place in self.places(path))


def report_roofline(report: Report, machine: RooflineMachine, dtype: str = "float32") -> Roofline:
    """The least time of every layer and of the network.

    Args:
        report: As `convcalc.analysis.analyze` gives it; its batch counts.
        machine: Its peak must be that of `dtype`.
        dtype: A name in `precision.BITS`, of all elements alike.

    Example:
        >>> import convcalc
        >>> report = convcalc.parse("conv:512,k3,p1,nobias").analyze((512, 14, 14))
        >>> a100 = RooflineMachine(Fraction(19_500 * 10**9), Fraction(1_555 * 10**9))
        >>> layer = report_roofline(report, a100).layers[0]
        >>> layer.bound, float(layer.seconds)  # 924,844,032 / 19.5e12
        ('compute', 4.742789907692308e-05)
    """
    traffic = report_traffic(report, dtype)
    layers = tuple(
        _on(machine, row, moved) for row, moved in zip(report.layers, traffic.layers, strict=True)
    )
    known = [layer.seconds for layer in layers if layer.seconds is not None]
    seconds = sum(known, Fraction(0)) if len(known) == len(layers) else None
    return Roofline(report, machine, dtype, layers, traffic.totals, seconds)


def _on(machine: RooflineMachine, row: LayerReport, traffic: LayerTraffic | None) -> LayerRoofline:
    if traffic is None:
        return LayerRoofline(row, None, None, None)
    computing = traffic.operations / machine.peak
    moving = traffic.ideal.total / machine.bandwidth
    seconds = max(computing, moving)
    bound: Bound | None = "compute" if computing >= moving else "memory"
    return LayerRoofline(row, traffic, seconds, bound if seconds else None)

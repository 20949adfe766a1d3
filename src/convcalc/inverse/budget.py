"""Whether a network keeps to its limits, by how much, and which layers cost most."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.analysis.dtypes import size_in_bytes
from convcalc.analysis.report import analyze
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcalc.analysis import LayerReport, MemoryReport, Report
    from convcalc.analysis.roofline.model import Roofline, RooflineMachine
    from convcalc.inverse.limits import Limit
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

Dearest: TypeAlias = "tuple[tuple[str, Fraction | int], ...]"
"""The layers that have most of a figure: label and amount, the largest first."""

Amounts: TypeAlias = "tuple[Fraction | int | None, Dearest]"
"""The value of a figure, None where it is not known, and the layers that have most of it."""

MOST_DEAREST = 3


class Check(NamedTuple):
    """One limit, held against a network.

    Attributes:
        limit: The limit.
        value: What the network has, in elements, bytes or seconds; None where it is not known.
        dearest: The layers that have most of it.
    """

    limit: Limit
    value: Fraction | int | None
    dearest: Dearest

    @property
    def holds(self) -> bool:
        """Whether the limit is kept; what is not known keeps to none."""
        return self.value is not None and self.limit.holds(self.value)

    @property
    def margin(self) -> Fraction | None:
        """How much is left up to the limit; below 0 by how much it is missed."""
        if self.value is None:
            return None
        left = self.limit.bound - self.value
        if self.limit.sign == "==":
            return -abs(left)
        return -left if self.limit.sign in (">=", ">") else left


def check_budget(
    network: Network,
    input_shape: Shape,
    limits: Sequence[Limit],
    batch: int = 1,
    dtype: str = "float32",
    machine: RooflineMachine | None = None,
) -> tuple[Check, ...]:
    """Every limit held against a network.

    Args:
        network: The layers.
        input_shape: (channels, *sizes) of one sample.
        limits: The limits.
        batch: Samples.
        dtype: Of weights and activations, a name in `analysis.dtypes.BITS`.
        machine: What a limit of time is for.

    Raises:
        UsageError: there is a limit of time and no machine, or one of the field and no axes.
        ShapeError, SpecError: a layer does not fit.

    Example:
        >>> import convcalc
        >>> from convcalc.inverse.limits import read_limits
        >>> limits = read_limits("params", "<= 200")
        >>> check = check_budget(convcalc.parse("conv:8,k3"), (3, 8, 8), limits)[0]
        >>> check.value, int(check.margin), check.holds  # 8*3*9 + 8
        (224, -24, False)
    """
    asked = _Asked(network, input_shape, batch, dtype, machine)
    return tuple(Check(limit, *asked.figure(limit.figure.name)) for limit in limits)


class _Asked:
    """The reports of one network, each made when it is first needed."""

    def __init__(
        self,
        network: Network,
        input_shape: Shape,
        batch: int,
        dtype: str,
        machine: RooflineMachine | None,
    ) -> None:
        self._question = (network, input_shape, batch)
        self._dtype = dtype
        self._machine = machine
        self._report: Report = analyze(network, input_shape, batch)
        self._memory: MemoryReport | None = None
        self._roofline: Roofline | None = None

    def figure(self, name: str) -> Amounts:
        """The value of a figure, and the layers that have most of it.

        Of a model whose run ended early all parameters are known, and nothing else.
        """
        trace = self._question[0].trace
        if trace is not None and trace.stop is not None and name not in ("params", "weight-memory"):
            return None, ()
        ways = {"peak-memory": self._peak, "field": self._field, "time": self._time}
        if name in ways:
            return ways[name]()
        rows, totals = self._report.layers, self._report.totals
        known = all(row.counted for row in rows)
        if name == "weight-memory":
            sizes = [(row.label, size_in_bytes(row.params, self._dtype)) for row in rows]
            return sum(size for _, size in sizes), _dearest(sizes)
        if name in ("params", "activations"):
            known = True  # shapes of weights and of results are always known
        amounts = [(row.label, getattr(row, name)) for row in rows]
        return getattr(totals, name) if known else None, _dearest(amounts)

    def _peak(self) -> Amounts:
        """Bytes that are alive at once, and the largest tensors among them; None if not known."""
        if self._memory is None:
            from convcalc.analysis.memory.report import analyze_memory

            network, shape, batch = self._question
            self._memory = analyze_memory(network, shape, batch, dtype=self._dtype)
        peak = self._memory.peak
        if peak is None:
            return None, ()
        return peak.bytes, _dearest((one.label, one.bytes) for one in peak.tensors)

    def _field(self) -> Amounts:
        """The smallest field of an axis, and the layers that widen it most; None if not known."""
        if len(self._report.input) < 2:
            raise UsageError("field: an input without spatial axes has no receptive field")
        rows = self._report.layers
        before = {-1: 1} | {row.index: _smallest(row) for row in rows}
        growth = [(row.label, _growth(before, row)) for row in rows]
        return before[self._report.output], _dearest(growth)

    def _time(self) -> Amounts:
        """The least time on the machine, and the layers that take most of it."""
        if self._machine is None:
            raise UsageError("time: say on what, as --device t4; convcalc devices lists them")
        if self._roofline is None:
            from convcalc.analysis.roofline.model import report_roofline

            self._roofline = report_roofline(self._report, self._machine, self._dtype)
        layers = self._roofline.layers
        amounts = [(layer.row.label, layer.seconds or Fraction(0)) for layer in layers]
        return self._roofline.seconds, _dearest(amounts)


def _smallest(row: LayerReport) -> int | None:
    if row.receptive_field is None:
        return None
    return min((field.size for field in row.receptive_field), default=1)


def _growth(smallest: Mapping[int, int | None], row: LayerReport) -> int:
    """By how much a layer widens the field; 0 where that is not known."""
    own = smallest[row.index]
    before = [size for one in row.inputs if (size := smallest[one]) is not None]
    return 0 if own is None else own - max(before, default=1)


def _dearest(amounts: Iterable[tuple[str, Fraction | int]]) -> Dearest:
    """The few largest amounts."""
    most = sorted(amounts, key=lambda one: -one[1])[:MOST_DEAREST]
    return tuple(one for one in most if one[1] > 0)

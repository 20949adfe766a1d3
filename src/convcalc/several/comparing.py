"""Networks side by side: a row of figures for each, sorted, with those that none is better than."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.memory.report import analyze_memory
from convcalc.analysis.report import analyze
from convcalc.analysis.roofline.devices import device_machine
from convcalc.analysis.roofline.model import RooflineMachine, report_roofline
from convcalc.analysis.tabular import Tabular
from convcalc.errors import ConvcalcError, ParameterError
from convcalc.inverse.front import Front, read_goals, read_order
from convcalc.layers.arguments import checked_text
from convcalc.network.graph import INPUT
from convcalc.network.usual_input import asked_input
from convcalc.several.meant import named_networks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from convcalc.analysis.report import Report
    from convcalc.analysis.tabular import Row
    from convcalc.inverse.values import Figure
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

FIGURES = ("params", "macs", "activations", "memory", "time", "field")
"""What networks can be sorted by, and what a front can be of."""


class NetworkFigures(NamedTuple):
    """One network on its input.

    Attributes:
        name: What it is called.
        input: (channels, *sizes) of one sample; None if it is not known.
        params: Elements of all weights.
        macs: Multiply-accumulates of the batch; None if they are not known of every layer.
        activations: Elements that leave the layers, of the batch.
        memory: Bytes of activations that are alive at once, of the batch.
        time: The least seconds on the machine; None without one, or if it is not known.
        field: The size of the output's receptive field along each axis.
        failure: Why there are no figures; None where there are.
    """

    name: str
    input: Shape | None = None
    params: int | None = None
    macs: int | None = None
    activations: int | None = None
    memory: int | None = None
    time: Fraction | None = None
    field: tuple[int, ...] | None = None
    failure: ConvcalcError | None = None

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The values of `FIGURES`, in their order."""
        return tuple(getattr(self, name) for name in FIGURES)

    def flat(self) -> Row:
        """Its figures as a flat row."""
        return {
            "name": self.name,
            "input_shape": self.input,
            "params": self.params,
            "macs": self.macs,
            "activations": self.activations,
            "peak_memory_bytes": self.memory,
            "seconds": None if self.time is None else float(self.time),
            "field_size": self.field,
            "failure": None if self.failure is None else reason(self.failure),
        }


@dataclass(frozen=True, repr=False)
class NetworkComparison(Tabular):
    """Networks side by side.

    Attributes:
        networks: A row for each, in the order that was asked for.
        batch: Samples.
        dtype: Of weights and activations.
        machine: What the time is for; None if it was not asked for.
        pareto: The two figures of the front that is marked, as "macs,field"; None without one.
    """

    networks: tuple[NetworkFigures, ...]
    batch: int = 1
    dtype: str = "float32"
    machine: RooflineMachine | None = None
    pareto: str | None = None

    @property
    def on_front(self) -> tuple[bool, ...]:
        """Whether each network is on the front: none is as good in both figures, better in one."""
        if self.pareto is None:
            return (False,) * len(self.networks)
        front = Front(read_goals(self.pareto, FIGURES, "pareto"))
        for one in self.networks:
            front.add(one.figures)
        return tuple(front.holds(one.figures) for one in self.networks)

    def rows(self) -> list[Row]:
        """A flat row for each network; `front` is there where a front was asked for."""
        marks = zip(self.networks, self.on_front, strict=True)
        marked = self.pareto is not None
        return [one.flat() | ({"front": mark} if marked else {}) for one, mark in marks]


def compare(
    *networks: Network | str | Mapping[str, Network | str],
    input_shape: Sequence[int] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    device: str | RooflineMachine | None = None,
    sort: str | None = None,
    pareto: str | None = None,
) -> NetworkComparison:
    """The figures of several networks, each on the input that it is meant for.

    A network that cannot be analysed keeps its row, with the reason as its `failure`.

    Args:
        networks: Networks; the names of reference networks, or layers as text; or a mapping, which
            says what each of its networks is called.
        input_shape: (channels, *sizes) of one sample for all of them; None is each one's own.
        batch: Samples.
        dtype: Of weights and activations: float32, float16, bfloat16, int8 or int4.
        device: What the least time is for: a name of `convcalc devices`, or a machine.
        sort: By which figure, smallest first: params, macs, activations, memory, time or field;
            a minus before it puts the largest first.
        pareto: Two figures whose front is marked, as "macs,field".

    Raises:
        ParameterError: an argument is none of these.
        UsageError: there is no such figure.

    Example:
        >>> import convcalc
        >>> found = convcalc.compare("resnet18", "mobilenet_v2", sort="macs")
        >>> [(one.name, one.macs) for one in found.networks]
        [('mobilenet_v2', 300774272), ('resnet18', 1814073344)]
    """
    for option, text in (("sort", sort), ("pareto", pareto)):
        if text is not None:
            checked_text(option, text, f"figures, some of {', '.join(FIGURES)}")
    if not networks:
        raise ParameterError("networks", "expected one or more, got none")
    machine = machine_of(device, dtype)
    rows = []
    for name, network in named_networks(networks):
        if isinstance(network, ConvcalcError):
            rows.append(NetworkFigures(name, failure=network))
        else:
            rows.append(figures_of(name, network, input_shape, batch, dtype, machine))
    return compared(rows, batch, dtype, machine, sort, pareto)


def compared(
    rows: Sequence[NetworkFigures],
    batch: int,
    dtype: str,
    machine: RooflineMachine | None,
    sort: str | None,
    pareto: str | None,
    options: tuple[str, str] = ("sort", "pareto"),
) -> NetworkComparison:
    """The rows in order, with what they are for.

    Args:
        rows: A row for each network.
        batch: Samples.
        dtype: Of weights and activations.
        machine: What the time is for.
        sort: By which figure.
        pareto: The figures of the front.
        options: What messages call the last two.

    Raises:
        UsageError: there is no such figure, or one of time and no machine.
    """
    asked = [] if sort is None else [read_order(sort, FIGURES, options[0])]
    asked += [] if pareto is None else read_goals(pareto, FIGURES, options[1])
    if machine is None and any(goal.name == "time" for goal in asked):
        raise ParameterError("device", "time needs a machine: name one, as t4")
    ordered = list(rows)
    if sort is not None:
        order = asked[0]
        costs = [(order.cost(row.figures), row) for row in rows]
        known = [(cost, row) for cost, row in costs if cost is not None]
        known.sort(key=lambda pair: pair[0])
        ordered = [row for _, row in known] + [row for cost, row in costs if cost is None]
    return NetworkComparison(tuple(ordered), batch, dtype, machine, pareto)


def machine_of(device: str | RooflineMachine | None, dtype: str) -> RooflineMachine | None:
    """The machine that a caller names, if one is named.

    Raises:
        ParameterError: there is none of that name, or none of that dtype.
    """
    if device is None or isinstance(device, RooflineMachine):
        return device
    return device_machine(device, dtype)


def figures_of(
    name: str,
    network: Network,
    input_shape: Sequence[int] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    machine: RooflineMachine | None = None,
) -> NetworkFigures:
    """The figures of one network, or why there are none.

    Args:
        name: What it is called.
        network: The layers.
        input_shape: (channels, *sizes) of one sample; None is the network's own.
        batch: Samples.
        dtype: Of weights and activations.
        machine: What the time is for; None leaves it out.

    Raises:
        ParameterError: the batch, the dtype or the input is none, whatever the network.
    """
    shape = asked_input(network, input_shape)
    try:
        report = analyze(network, shape, batch)
        memory = analyze_memory(network, shape, batch, dtype=dtype).peak_bytes
    except ParameterError as error:
        if error.parameter in ("batch", "dtype", "input"):
            raise
        return NetworkFigures(name, shape, failure=error)
    except ConvcalcError as error:
        return NetworkFigures(name, shape, failure=error)
    known = all(row.counted for row in report.layers)
    return NetworkFigures(
        name=name,
        input=shape,
        params=report.totals.params,
        macs=report.totals.macs if known else None,
        activations=report.totals.activations,
        memory=memory,
        time=None if machine is None else report_roofline(report, machine, dtype).seconds,
        field=_field(report),
    )


def _field(report: Report) -> tuple[int, ...] | None:
    """The size of the output's receptive field along each axis; None where it is not known."""
    if report.output == INPUT:
        return (1,) * (len(report.input) - 1)
    fields = report.layers[report.output].receptive_field
    return None if fields is None else tuple(axis.size for axis in fields)


def reason(error: ConvcalcError) -> str:
    """Why a network has no figures, in one line."""
    return str(error).partition("\n")[0]

"""`roofline` and `devices`: the least time of each layer on a machine, and machines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.report import analyze
from convcalc.analysis.roofline.devices import device_machine
from convcalc.analysis.roofline.model import RooflineMachine, report_roofline
from convcalc.cli.commands.answers import document_of, with_flag_names
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.rates import BYTES, OPERATIONS, rate_of
from convcalc.cli.parsing.values import choice_of, flag, text_of
from convcalc.errors import UsageError
from convcalc.render.roofline import devices_document, roofline_document

if TYPE_CHECKING:
    from convcalc.analysis import Report
    from convcalc.cli.parsing.requests import DocumentRequest, RooflineRequest
    from convcalc.render.table import Document

WAYS = (("device",), ("peak", "bandwidth"), ("measure",))
"""The three ways to say what machine is meant."""


def roofline(given: RooflineRequest) -> Document:
    """`convcalc roofline`; a machine that is to be measured is measured last.

    Raises:
        UsageError: no machine is named, or more than one.
    """
    dtype = choice_of("dtype", given["dtype"], tuple(BITS))
    machine = _named(given, dtype)
    if machine is None:
        from convcalc.execute.planning.measure_peak import check_measurable

        check_measurable(dtype)
    network, input_shape, batch = network_and_input(given)

    def draw(report: Report) -> Document:
        return roofline_document(report_roofline(report, machine or _measured(dtype), dtype))

    return document_of(analyze, draw, network, input_shape, batch)


def devices(given: DocumentRequest) -> Document:
    """`convcalc devices`: the machines that are known by name."""
    del given
    return devices_document()


def _named(given: RooflineRequest, dtype: str) -> RooflineMachine | None:
    """The machine that the options describe; None if it is to be measured."""
    ways = [names for names in WAYS if any(given.get(name) is not None for name in names)]
    if not ways:
        raise UsageError(
            "say which machine: --device NAME (convcalc devices lists them), "
            "--peak 19.5T and --bandwidth 1.5T, or --measure for this one"
        )
    if len(ways) > 1:
        both = [next(flag(name) for name in names if given.get(name) is not None) for names in ways]
        raise UsageError(f"{both[0]} and {both[1]} both say which machine; give one of them")
    if given["measure"] is not None:
        return None
    if given["device"] is not None:
        name = text_of("device", given["device"])
        return with_flag_names(device_machine, name, dtype)
    peak, bandwidth = given["peak"], given["bandwidth"]
    if peak is None or bandwidth is None:
        other, name = WAYS[1] if bandwidth is None else WAYS[1][::-1]
        raise UsageError(f"{flag(other)} needs {flag(name)} beside it")
    operations = rate_of("peak", peak, OPERATIONS)
    return RooflineMachine(operations, rate_of("bandwidth", bandwidth, BYTES))


def _measured(dtype: str) -> RooflineMachine:
    from convcalc.execute.planning.measure_peak import measure

    return measure(dtype)

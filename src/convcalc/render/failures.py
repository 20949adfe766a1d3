"""Documents of networks of which one layer does not fit, or that could not be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import DataError
from convcalc.render.table import Json, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.errors import ConvcalcError
    from convcalc.layers import Shape
    from convcalc.network.trace import Decision, Gap, Trace
    from convcalc.render.table import Document


def ended_early(document: Document, failure: ConvcalcError, fitting: Sequence[Shape]) -> Document:
    """The document of the layers before one that does not fit, which says so.

    Args:
        document: Of those layers alone; it is changed.
        failure: Why the next one does not fit.
        fitting: Inputs near the given one that all layers fit.
    """
    document.failure = failure
    _cut_off(document)
    document.data["failure"] = str(failure).splitlines()[0]
    remark = "only the layers before the one at fault; totals are theirs"
    if fitting:
        document.data["inputs_that_fit"] = [list(shape) for shape in fitting]
        shapes = " and ".join(map(written, fitting))
        remark += f"\nevery layer fits an input of {shapes}"
    document.remarks.insert(0, remark)
    return document


def left_open(document: Document, trace: Trace) -> Document:
    """The document of a model that was run, with the calls of unknown cost and where it ended.

    Args:
        document: Of what was recorded; it is changed.
        trace: What the run left open.
    """
    if trace.stop is not None:
        _cut_off(document)
        document.remarks.insert(0, _stop_remark(trace))
        if trace.failed:
            document.failure = DataError(trace.ending)
    document.remarks += _open_remarks(trace)
    if found := _open_data(trace):
        document.data.update(found)
    return document


def left_open_beside(document: Document, name: str, trace: Trace) -> None:
    """Says in a document of two networks, A and B, what the run of one of them left open."""
    document.remarks += [f"in {name}: {remark}" for remark in _open_remarks(trace)]
    if trace.stop is not None:
        document.remarks.insert(0, f"of {name} {_stop_remark(trace)}")
    if trace.failed:
        document.failure = DataError(trace.ending)
    if found := _open_data(trace):
        document.data["status"] = found.pop("status")
        document.data[name.lower()].update(found)


def _open_data(trace: Trace) -> dict[str, Json]:
    """What a run left open, by the names of the JSON document."""
    if not trace.is_partial:
        return {}
    data: dict[str, Json] = {"status": "partial"}
    if trace.gaps:
        data["unknown"] = [_gap_data(gap) for gap in trace.gaps]
    if trace.decisions:
        data["decisions"] = [one._asdict() for one in trace.decisions]
    if trace.stop is not None:
        data["stopped"] = trace.stop._asdict()
        data["failure"] = f"{trace.stop.place}: {trace.stop.reason}"
    return data


def _open_remarks(trace: Trace) -> list[str]:
    """The calls of unknown cost, and the lines that decided by values, the first few of many."""
    remarks = [_gap_remark(gap) for gap in trace.gaps[:MOST_GAPS]]
    if (more := len(trace.gaps) - MOST_GAPS) > 0:
        remarks.append(f"... {more} more calls of unknown cost")
    return [*remarks, *_decision_remarks(trace.decisions)]


def _stop_remark(trace: Trace) -> str:
    return f"only the calls before; totals are theirs\n{trace.ending}"


MOST_DECISIONS = 4
"""Lines that decided by values that are shown below a table; JSON has all of them."""

MOST_GAPS = 8
"""Calls of unknown cost that are named below a table; JSON has all of them."""


def _decision_remarks(decisions: Sequence[Decision]) -> list[str]:
    """The lines that may do another thing with another input, the first few of many."""
    shown = [
        f"partial: {one.place}{f' in {one.module}' if one.module else ''} decided by values of "
        f"zeros: {one.code}"
        for one in decisions[:MOST_DECISIONS]
    ]
    more = len(decisions) - MOST_DECISIONS
    return [*shown, *([f"... {more} more such lines"] if more > 0 else [])]


def _gap_remark(gap: Gap) -> str:
    module = f" in {gap.module}" if gap.module else ""
    times = f" ({gap.times} times)" if gap.times > 1 else ""
    shape = written(gap.output_shape)
    return f"not known: {gap.name}{module}, {gap.place}, gives {shape}: {gap.why}{times}"


def _gap_data(gap: Gap) -> dict[str, Json]:
    return gap._asdict() | {"output_shape": list(gap.output_shape)}


def _cut_off(document: Document) -> None:
    """Marks a document as that of a part."""
    document.data["status"] = "partial"
    if "output_layer" in document.data:
        document.data["output_layer"] = None
    if document.table.total is not None:
        document.table.total = [
            "total so far" if cell == "total" else cell for cell in document.table.total
        ]

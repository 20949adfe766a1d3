"""Documents of networks of which one layer does not fit, or that could not be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import DataError
from convcalc.render.table import Json, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.errors import ConvcalcError
    from convcalc.layers import Shape
    from convcalc.network.trace import Gap, Trace
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
    if trace.gaps:
        document.data["unknown"] = [_gap_data(gap) for gap in trace.gaps]
        document.remarks += [_gap_remark(gap) for gap in trace.gaps[:MOST_GAPS]]
        if more := len(trace.gaps) - MOST_GAPS:
            document.remarks += [f"... {more} more calls of unknown cost"] * (more > 0)
    if trace.stop is None:
        return document
    stop = trace.stop
    _cut_off(document)
    document.data["stopped"] = stop._asdict()
    document.data["failure"] = f"{stop.place}: {stop.reason}"
    told = trace.ending
    document.remarks.insert(0, f"only the calls before; totals are theirs\n{told}")
    if trace.failed:
        document.failure = DataError(told)
    return document


MOST_GAPS = 8
"""Calls of unknown cost that are named below a table; JSON has all of them."""


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

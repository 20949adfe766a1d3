"""Documents of networks of which one layer does not fit, or is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.render.table import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.errors import ConvcalcError
    from convcalc.layers import Shape
    from convcalc.render.table import Document


def ended_early(document: Document, failure: ConvcalcError, fitting: Sequence[Shape]) -> Document:
    """The document of the layers before one that does not fit, which says so.

    Args:
        document: Of those layers alone; it is changed.
        failure: Why the next one does not fit.
        fitting: Inputs near the given one that all layers fit.
    """
    document.failure = failure
    document.data |= {"status": "partial", "failure": str(failure).splitlines()[0]}
    if "output_layer" in document.data:
        document.data["output_layer"] = None
    if document.table.total is not None:
        document.table.total = [
            "total so far" if cell == "total" else cell for cell in document.table.total
        ]
    remark = "only the layers before the one at fault; totals are theirs"
    if fitting:
        document.data["inputs_that_fit"] = [list(shape) for shape in fitting]
        shapes = " and ".join(map(written, fitting))
        remark += f"\nevery layer fits an input of {shapes}"
    document.remarks.insert(0, remark)
    return document

"""The options that choose, fold and order the rows of a table of layers, alike for all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.cli.parsing.option_types import Options, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping


_text = partial(text_option, group="View")

VIEW: Options = {
    "layer": _text(
        "--layer",
        metavar="LABEL",
        about="Only these, as layer1.0 (with all in it), or 'layer*.0,head'.",
    ),
    "kind": _text("--kind", metavar="KIND", about="Only layers of this kind, as conv or conv,dw."),
    "depth": _text("--depth", metavar="N", about="Fold blocks below this depth of their names."),
    "sort": _text(
        "--sort",
        metavar="COLUMN",
        about="The smallest first; -macs or macs:desc has the largest first.",
    ),
    "top": _text("--top", metavar="N", about="Only the first N rows, after --sort."),
    "columns": _text(
        "--columns",
        metavar="LIST",
        about="Only these columns, by their names in CSV, as label,macs.",
    ),
}


def asks_for_view(given: Mapping[str, object]) -> bool:
    """Whether a command line says anything about the rows of its table."""
    return VIEW.keys() <= given.keys() and any(given[name] is not None for name in VIEW)

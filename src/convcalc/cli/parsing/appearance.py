"""The options about the form of what a command prints."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.option_types import Options, switch_option, text_option

_text = partial(text_option, group="Output")
_switch = partial(switch_option, group="Output")

APPEARANCE: Options = {
    "format": _text(
        "--format", metavar="FORMAT", about="table (default), json, jsonl, csv, md, html or latex."
    ),
    "width": _text(
        "--width", metavar="N", about="Columns that a table may take; the terminal's by default."
    ),
    "color": _text("--color", metavar="WHEN", about="auto (default), always or never."),
    "no_color": _switch("--no-color", about="The same as --color never."),
    "no_pager": _switch(
        "--no-pager", about="Print what is longer than the terminal without a pager."
    ),
    "quiet": _switch("--quiet", "-q", about="No notes on standard error."),
}

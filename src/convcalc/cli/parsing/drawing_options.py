"""The options of `graph` and `schema`."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Argument, Options, text_option
from convcalc.cli.parsing.options import INPUT, READING, SPECS
from convcalc.cli.parsing.view_options import VIEW

_text = partial(text_option, group="Output")

GRAPH: Options = {
    **SPECS,
    **INPUT,
    "depth": VIEW["depth"],
    "output": _text(
        "--output", "-o", metavar="FILE", about="net.svg, net.png, net.dot or net.mmd."
    ),
    "to": _text(
        "--to", metavar="FORM", about="dot (default), mermaid, svg or png, whatever its name."
    ),
    "force": DOCUMENT_FILE["force"],
    **READING,
    "quiet": APPEARANCE["quiet"],
}

SCHEMA: Options = {
    "name": Argument("COMMAND", "A command, as summary.", required=True),
}

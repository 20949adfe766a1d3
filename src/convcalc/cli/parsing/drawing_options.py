"""The options of `graph` and `schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Options
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.options import INPUT, READING, SPECS
from convcalc.cli.parsing.view_options import VIEW

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
    "name": Annotated[str, typer.Argument(metavar="COMMAND", help="A command, as summary.")],
}

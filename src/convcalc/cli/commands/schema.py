"""`schema`: what the JSON of a command holds, as a JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from convcalc.cli.terminal.streams import write_out
from convcalc.errors import UsageError, nearest, printable
from convcalc.render.schemas.commands import DOCUMENTS, ROWS, schema_for

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import SchemaRequest


def schema(given: SchemaRequest) -> None:
    """`convcalc schema`: the schema on standard output.

    Raises:
        UsageError: there is no such command, or it prints no JSON.
    """
    known = sorted({**DOCUMENTS, **ROWS})
    name = given["name"].lower()
    if name not in known:
        hint = nearest(name, known) or f"; those that do are {', '.join(known)}"
        raise UsageError(f"no command '{printable(name, 60)}' prints JSON{hint}")
    write_out(json.dumps(schema_for(name), indent=2) + "\n")

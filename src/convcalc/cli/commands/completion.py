"""`convcalc completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.completion.answer import script_of
from convcalc.cli.completion.values import SHELLS
from convcalc.cli.parsing.values import choice_of
from convcalc.cli.terminal.streams import write_out

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import CompletionRequest


def completion(given: CompletionRequest) -> None:
    """Prints the script by which a shell completes command lines of convcalc."""
    write_out(script_of(choice_of("shell", given["shell"], SHELLS)))

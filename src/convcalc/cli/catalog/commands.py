"""All commands by their names, in the order of the help."""

from __future__ import annotations

from convcalc.cli.catalog.calculator import CALCULATOR_COMMANDS
from convcalc.cli.catalog.computing import COMPUTING_COMMANDS
from convcalc.cli.catalog.inverse import INVERSE_COMMANDS
from convcalc.cli.catalog.reference import REFERENCE_COMMANDS

COMMANDS = {
    **CALCULATOR_COMMANDS,
    **INVERSE_COMMANDS,
    **REFERENCE_COMMANDS,
    **COMPUTING_COMMANDS,
}

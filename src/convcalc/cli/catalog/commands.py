"""All commands by their names, in the order of the help; each is declared when it is asked for.

Declaring the options of all of them takes twice as long as those of one, at every start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from convcalc.cli.catalog.command import Command

FILES = {
    "calculator": ("shape", "flops", "rf", "memory", "summary", "compare", "diff", "roofline"),
    "inverse": ("solve", "sizes", "check", "sweep"),
    "reference": (
        *("devices", "layers", "networks", "fmt"),
        *("convert", "graph", "schema", "completion"),
    ),
    "computing": ("calibrate", "run", "explain", "weights", "demo"),
}
"""The commands of each file of this folder, which has them in a table called `COMMANDS`."""

FILE_OF = {name: file for file, names in FILES.items() for name in names}


class Commands(Mapping[str, Command]):
    """Every command by its name."""

    def __getitem__(self, name: str) -> Command:
        table: dict[str, Command]
        table = import_module(f"convcalc.cli.catalog.{FILE_OF[name]}").COMMANDS
        return table[name]

    def __contains__(self, name: object) -> bool:
        return name in FILE_OF

    def __iter__(self) -> Iterator[str]:
        return iter(FILE_OF)

    def __len__(self) -> int:
        return len(FILE_OF)


COMMANDS = Commands()

"""The text of a spec: what is written where, and nothing about what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.language.parser import read_constant, read_tree, read_value
from convcalc.language.printer import write_file, write_line
from convcalc.language.tree import (
    Argument,
    Axes,
    Block,
    Call,
    Definition,
    Ends,
    Item,
    Jump,
    Repeat,
    Value,
)

if TYPE_CHECKING:
    from convcalc.language.building import chained

__all__ = [
    "Argument",
    "Axes",
    "Block",
    "Call",
    "Definition",
    "Ends",
    "Item",
    "Jump",
    "Repeat",
    "Value",
    "chained",
    "read_constant",
    "read_tree",
    "read_value",
    "write_file",
    "write_line",
]


def __getattr__(name: str) -> object:
    """What `>>` needs, loaded when it is first used."""
    if name != "chained":
        raise AttributeError(f"module 'convcalc.language' has no attribute {name!r}")
    from convcalc.language import building

    return building.chained

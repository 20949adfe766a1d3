"""The text of a spec: what is written where, and nothing about what it means."""

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
    "read_constant",
    "read_tree",
    "read_value",
    "write_file",
    "write_line",
]

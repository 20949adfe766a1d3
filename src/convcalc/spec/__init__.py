"""The text of a spec: what is written where, and nothing about what it means."""

from convcalc.spec.parser import read_constant, read_tree, read_value
from convcalc.spec.tree import (
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
from convcalc.spec.writer import write_file, write_line

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

"""What a terminal says of itself: whether it draws pictures in pixels, and the size of a character.

Sources: kitty, "Terminal graphics protocol", how support is found out; xterm, "Control Sequences",
Primary Device Attributes, where 4 stands for sixel graphics.
"""

from __future__ import annotations

import os
import re
import select
import sys
from time import monotonic
from typing import TYPE_CHECKING

from convcalc.cli.terminal.streams import is_terminal, write_out
from convcalc.cli.terminal.unix_keys import can_be_set, key_by_key, pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.render.terminal_graphics import Protocol

QUESTION = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
"""Kitty's question, which others pass over, then one that every terminal answers."""

KITTY = re.compile(rb"\x1b_Gi=31;OK")
ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")

PATIENCE = 1.0
"""Seconds for an answer, which comes at once but over slow connections."""

USUAL_SIZE = (8, 16)
"""Pixels of a character, where the terminal does not say."""


def graphics_of(environment: Mapping[str, str]) -> Protocol | None:
    """How the terminal can draw pictures, as it says when it is asked; None if it cannot."""
    if environment.get("TERM", "dumb") in ("dumb", "unknown", "linux"):
        return None
    if not is_terminal(sys.stdout) or not is_terminal(sys.stdin):
        return None
    answer = _answer()
    if KITTY.search(answer):
        return "kitty"
    found = ATTRIBUTES.search(answer)
    return "sixel" if found and b"4" in found[1].split(b";") else None


def _answer() -> bytes:
    """What the terminal answers; nothing where it cannot be asked."""
    descriptor = sys.stdin.fileno()
    if not can_be_set(descriptor):
        return b""
    with key_by_key(descriptor):
        write_out(QUESTION, drawn=True)
        return _read(descriptor)


def _read(descriptor: int) -> bytes:
    """What comes until the last answer is complete, or for as long as there is patience."""
    read, end = b"", monotonic() + PATIENCE
    while not ATTRIBUTES.search(read):
        ready, _, _ = select.select([descriptor], [], [], max(0, end - monotonic()))
        piece = os.read(descriptor, 1024) if ready else b""
        if not piece:
            break
        read += piece
    return read


def character_size() -> tuple[int, int]:
    """Width and height of a character in pixels."""
    try:
        said = pixels(sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a descriptor
        return USUAL_SIZE
    rows, columns, width, height = said or (0, 0, 0, 0)
    if not (rows and columns and width >= columns and height >= rows):
        return USUAL_SIZE
    return width // columns, height // rows

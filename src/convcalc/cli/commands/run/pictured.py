"""`run -o out.png`, `--range` and `--show`: the result as a picture."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from convcalc.arrayfile.picture_writing import check_picture, write_picture
from convcalc.arrayfile.pictures import is_picture, picture_levels
from convcalc.cli.parsing.values import choice_of, text_of
from convcalc.cli.terminal.graphics import character_size, graphics_of
from convcalc.cli.terminal.streams import (
    draws_lines,
    is_terminal,
    terminal_width,
    wants_colour,
    write_out,
)
from convcalc.errors import UsageError, printable
from convcalc.execute.arrays.levels import levels_of, range_of
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest

COLOURS = ("auto", "always", "never")

PLAIN_WIDTH = 80
"""Columns of a drawing that nobody looks at."""


def check_pictured(request: RunRequest) -> None:
    """Whether the options for pictures have a picture, before anything is read.

    Raises:
        UsageError: they have not, one is impossible, or Pillow is not installed.
    """
    picture = request.writes_picture
    if request.range is not None and not (picture or request.show):
        raise UsageError("--range goes with -o out.png or --show: an array keeps its values")
    range_of(None if request.range is None else text_of("range", request.range))
    if request.show:
        for name, given in (("--format", request.format), ("--save-all", request.save_all)):
            if given is not None:
                raise UsageError(f"--show and {name} exclude each other")
        if not request.in_memory or request.dry_run or request.to_stdout:
            raise UsageError("--show draws a result that is in memory, on standard output")
    if picture:
        check_picture(request.output or "")


def write_pictured(request: RunRequest, result: np.ndarray) -> str:
    """Writes the result as a picture; what was written, in words.

    Raises:
        DataError: the result is no picture.
        OutputError: it cannot be written.
    """
    path = request.output or ""
    largest = picture_levels(request.array) if is_picture(request.array) else 255
    if largest > 255 and not path.lower().endswith(".png"):
        largest = 255  # JPEG has no more; a PPM of 16 bits few can read
    found = levels_of(result, range_of(request.range), largest)
    write_picture(path, found.array, force=bool(request.force))
    size = f"{format_shape(found.array.shape)} {found.array.dtype.name}"
    cut = f", {found.cut:,} values beyond it" if found.cut else ""
    return f"wrote {printable(path)} ({size}; black is {found.low:g}, white {found.high:g}{cut})"


def show_pictured(request: RunRequest, result: np.ndarray, color: str | None) -> None:
    """Draws the result on standard output: in pixels where the terminal says that it can.

    Raises:
        DataError: the result is no picture.
    """
    from convcalc.render.half_blocks import drawn

    found = levels_of(result, range_of(request.range))
    colour = wants_colour(choice_of("color", color, COLOURS), sys.stdout, os.environ)
    width = terminal_width(os.environ) if is_terminal(sys.stdout) else PLAIN_WIDTH
    protocol = graphics_of(os.environ) if colour else None
    if protocol is not None:
        from convcalc.render.terminal_graphics import PixelRoom, graphics

        text = graphics(found.array, PixelRoom(width, character_size()), protocol)
    else:
        text = drawn(found.array, width, colour=colour and draws_lines(sys.stdout))
    write_out(text + "\n", drawn=True)

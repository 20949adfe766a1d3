"""`explain --step`: from output to output by the keys of the keyboard."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.cli.terminal.keyboard import draw, keys, screen_size
from convcalc.errors import UsageError, harmless
from convcalc.layers.base import format_shape
from convcalc.render.walk_grid import coloured_lines, plain_lines
from convcalc.render.walk_sums import Room, place_text
from convcalc.render.walks import walk_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.explain.walk.data import Place
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.layers import Shape

MOVES = {
    "left": (-1, -1),
    "right": (-1, 1),
    "up": (-2, -1),
    "down": (-2, 1),
    "c": (0, 1),
    "C": (0, -1),
}
"""The axis that a key moves along, and which way."""

HELP = "arrows: row, column; space: next; c: channel; q: end"

ROOMS = ((3, 12), (2, 12), (1, 12), (1, 7), (1, 5), (1, 3))
"""Channels and rows of grids, from the most to the least that is shown."""

NARROWEST = 40
"""Columns that a walk needs at least."""


def step_through(
    walk: Callable[[Place], list[WalkedLayer]], shape: Shape, place: Place, *, colour: bool
) -> None:
    """Draws the walk of one output, and of another one for every key, until q.

    Args:
        walk: The walk of an output.
        shape: The shape of the outputs.
        place: The output to begin with.
        colour: Whether the terminal shows colours.

    Raises:
        UsageError: the terminal is too small for it.
    """
    columns, rows = screen_size()
    text, needed = fitted(walk(place), columns, rows - 2, colour=colour)
    if text is None:
        raise UsageError(
            f"--step: this walk needs a terminal of {max(columns, NARROWEST)} columns and "
            f"{needed + 2} rows; this one has {columns} and {rows}"
        )
    with keys() as pressed:
        draw(_screen(text, place, shape))
        for key in pressed:
            if key == "q":
                return
            place = moved(place, shape, key)
            columns, rows = screen_size()
            text, needed = fitted(walk(place), columns, rows - 2, colour=colour)
            small = f"too small: {max(columns, NARROWEST)} columns and {needed + 2} rows are needed"
            draw(_screen(small if text is None else text, place, shape))


def fitted(
    walked: Sequence[WalkedLayer], columns: int, rows: int, *, colour: bool = False
) -> tuple[str | None, int]:
    """The fullest text that fits, and the rows of the shortest one; None where none fits.

    All layers if there is room for them, else the last one; of each as many channels as fit, and
    of grids that are still too high the rows around the window.
    """
    width = max(columns, NARROWEST)
    needed = 0
    for layers in (walked, walked[-1:]):
        for channels, height in ROOMS:
            lines = walk_lines(layers, Room(width, channels, height))
            needed = len(lines)
            if needed <= rows and columns >= NARROWEST:
                return coloured_lines(lines) if colour else harmless(plain_lines(lines)), needed
    return None, needed


def moved(place: Place, shape: Shape, key: str) -> Place:
    """The output that a key leads to; at an end it stays, and behind the last comes the first."""
    if key == "space":
        return next_place(place, shape)
    axis, by = MOVES.get(key, (0, 0))
    if axis == -2 and len(place) < 3:  # there are no rows
        return place
    at = [*place]
    at[axis] = min(max(at[axis] + by, 0), shape[axis] - 1)
    return tuple(at)


def next_place(place: Place, shape: Shape) -> Place:
    """The output behind this one, row by row and channel by channel."""
    number = 0
    for at, size in zip(place, shape, strict=True):
        number = number * size + at
    number = (number + 1) % prod(shape)
    found: list[int] = []
    for size in reversed(shape):
        number, at = divmod(number, size)
        found.append(at)
    return tuple(reversed(found))


def _screen(text: str, place: Place, shape: Shape) -> str:
    return f"{text}\n\noutput {place_text(place)} of {format_shape(shape)}  {HELP}"

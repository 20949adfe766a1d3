"""A picture in a terminal: two rows of it in each line of half blocks, or grey as letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

UPPER = "\u2580"
RESET = "\x1b[0m"
SHADES = " .:-=+*#%@"
"""From black to white, where there are no colours."""


def drawn(levels: np.ndarray, width: int, *, colour: bool) -> str:
    """The lines of a picture, at most `width` columns wide and its proportions kept.

    A character is about twice as high as wide: in colour it shows two rows, else one of every two.

    Args:
        levels: uint8 (H, W) or (C, H, W); of two or four channels the last one is not drawn.
        width: Columns.
        colour: Whether the terminal shows colours.
    """
    planes = levels if levels.ndim == 3 else levels[None]
    rows, columns = planes.shape[1:]
    across = min(width, columns)
    down = max(1, round(rows * across / columns))
    if colour:
        small = _resized(planes, down + down % 2, across)
        return "\n".join(_blocks(small, row) for row in range(0, small.shape[1], 2))
    small = _resized(planes, max(1, down // 2), across)
    grey = small[: 3 if len(small) > 2 else 1].mean(axis=0)
    return "\n".join(
        "".join(SHADES[int(value) * len(SHADES) // 256] for value in row) for row in grey
    )


def _resized(planes: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The element in the middle of each of so many rows and columns."""
    import numpy as np

    own = [
        (2 * np.arange(count) + 1) * size // (2 * count)
        for count, size in ((rows, planes.shape[1]), (columns, planes.shape[2]))
    ]
    return planes[:, own[0][:, None], own[1]]


def _blocks(planes: np.ndarray, row: int) -> str:
    """Two rows in a line: the upper in the colour of the letter, the lower in that behind it."""
    pairs = zip(_colours(planes, row), _colours(planes, row + 1), strict=True)
    return "".join(f"\x1b[38;2;{one};48;2;{other}m{UPPER}" for one, other in pairs) + RESET


def _colours(planes: np.ndarray, row: int) -> list[str]:
    shown = planes[:3] if len(planes) > 2 else planes[[0, 0, 0]]
    return [";".join(map(str, spot)) for spot in shown[:, row].T.tolist()]

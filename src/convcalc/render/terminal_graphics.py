"""A picture in a terminal's own pixels: in kitty's graphics protocol, or as sixels.

Sources: kitty, "Terminal graphics protocol"; DEC STD 070, chapter 9, "Sixel Graphics".
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

Protocol: TypeAlias = Literal["kitty", "sixel"]

CHUNK = 4096
"""Characters of base64 in one of kitty's commands, the most that it takes."""

LEVELS = (6, 7, 6)
"""Levels of red, green and blue: together 252 of the 256 colours that sixels have."""

GREYS = 101
"""Levels of grey: sixels know a colour by its percentages."""

DITHER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))
"""In which order neighbours are rounded up, of 16 (Bayer, 1973): no bands where colours are few."""


class PixelRoom(NamedTuple):
    """Where a picture is drawn: columns of the terminal, and the pixels of one character."""

    columns: int
    character: tuple[int, int]


def graphics(levels: np.ndarray, room: PixelRoom, protocol: Protocol) -> str:
    """What draws a picture where the cursor is, and leaves it below.

    An element becomes one column of the terminal at most, as with half blocks, and its proportions
    are kept.

    Args:
        levels: uint8 (H, W) or (C, H, W); of two or four channels the last one is not drawn.
        room: The terminal.
        protocol: How.
    """
    import numpy as np

    planes = levels if levels.ndim == 3 else levels[None]
    shown = planes[:3] if len(planes) > 2 else planes[:1]
    rows, columns = shown.shape[1:]
    width = min(room.columns, columns) * room.character[0]
    height = max(1, round(rows * width / columns))
    places = [
        (2 * np.arange(count) + 1) * size // (2 * count)
        for count, size in ((height, rows), (width, columns))
    ]
    pixels = shown[:, places[0][:, None], places[1]]
    return _kitty(pixels) if protocol == "kitty" else _sixels(pixels)


def _kitty(pixels: np.ndarray) -> str:
    """The pixels as RGB, compressed, in commands that no terminal answers."""
    import numpy as np

    channels, height, width = pixels.shape
    colours = pixels if channels == 3 else np.repeat(pixels, 3, axis=0)
    packed = zlib.compress(np.ascontiguousarray(colours.transpose(1, 2, 0)).tobytes())
    data = base64.standard_b64encode(packed).decode()
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    commands = []
    for number, chunk in enumerate(chunks):
        first = f"a=T,f=24,o=z,q=2,s={width},v={height}," if number == 0 else ""
        more = int(number + 1 < len(chunks))
        commands.append(f"\x1b_G{first}m={more};{chunk}\x1b\\")
    return "".join(commands)


def _sixels(pixels: np.ndarray) -> str:
    """The pixels in bands of six rows, and in each of them colour by colour."""
    indices, palette = _indexed(pixels)
    height, width = indices.shape
    colours = "".join(
        f"#{number};2;{';'.join(map(str, colour))}" for number, colour in enumerate(palette)
    )
    bands = (_band(indices[top : top + 6]) for top in range(0, height, 6))
    return f'\x1bP0;1q"1;1;{width};{height}{colours}{"-".join(bands)}\x1b\\'


def _indexed(pixels: np.ndarray) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Which colour each pixel has, and the percentages of red, green and blue of each colour."""
    import numpy as np

    channels, height, width = pixels.shape
    counts = (GREYS,) if channels == 1 else LEVELS
    thresholds = (np.array(DITHER) + 0.5) / 16
    tiles = np.tile(thresholds, (height // 4 + 1, width // 4 + 1))[:height, :width]
    index = np.zeros((height, width), dtype=np.intp)
    for plane, count in zip(pixels, counts, strict=True):
        level = np.floor(plane * ((count - 1) / 255) + tiles).astype(np.intp)
        index = index * count + level
    steps = [np.unravel_index(number, counts) for number in range(int(np.prod(counts)))]
    palette = [
        tuple(round(100 * int(own) / (count - 1)) for own, count in zip(one, counts, strict=True))
        for one in steps
    ]
    return index, [one * 3 if channels == 1 else one for one in palette]


def _band(rows: np.ndarray) -> str:
    """Up to six rows: of each colour a character for each column, its bits the rows from above."""
    import numpy as np

    weights = 1 << np.arange(len(rows))[:, None]
    parts = []
    for colour in np.unique(rows):
        bits = ((rows == colour) * weights).sum(axis=0)
        parts.append(f"#{colour}{''.join(_runs(bits))}")
    return "$".join(parts)


def _runs(bits: np.ndarray) -> Iterator[str]:
    """Characters, more than three alike as !COUNT and the character."""
    import numpy as np

    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    lengths = np.diff(starts, append=len(bits))
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        character = chr(63 + int(bits[start]))
        yield character * length if length < 4 else f"!{length}{character}"

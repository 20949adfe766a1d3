"""How many columns of a screen a text takes, and lines that break only where they may."""

from __future__ import annotations

import re

PIECES = re.compile(r"(?<=[,\s])(?=[^,\s])")
"""Where a line may end: behind commas and blanks."""

PARTS = re.compile(r"(?<=\.)(?=[^.])")
"""Where a label may: behind its dots."""

WORDS = re.compile(r"(?<=\s)(?=\S)")
"""Where a sentence may: behind blanks alone."""


def display_width(text: str) -> int:
    """Columns that a text takes: two for wide characters, as of Chinese, none for marks on others.

    Source: Unicode Standard Annex #11, "East Asian Width"; what is ambiguous is narrow, as it is
    outside of East Asian encodings.
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # most texts do without

    return sum(
        0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in ("W", "F") else 1
        for c in text
    )


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks behind it, or before it, up to a width in columns."""
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def longest_piece(text: str, places: re.Pattern[str] = PIECES) -> int:
    """Columns of the longest part that is never broken."""
    return max(display_width(piece.rstrip()) for piece in places.split(text))


def broken(text: str, width: int, places: re.Pattern[str] = PIECES, indent: str = "") -> list[str]:
    """Lines of at most `width` columns; a piece that is longer has a line of its own.

    Args:
        text: One line.
        width: Columns.
        places: Where it may be broken.
        indent: What the lines after the first begin with.

    Example:
        >>> broken("conv:64,k7,s2,p3,nobias", 18)
        ['conv:64,k7,s2,p3,', 'nobias']
    """
    if display_width(text) <= width:
        return [text]
    lines = [""]
    for piece in places.split(text):
        if lines[-1].strip() and display_width(lines[-1] + piece.rstrip()) > width:
            lines.append(indent)
        lines[-1] += piece
    return [line.rstrip() for line in lines]

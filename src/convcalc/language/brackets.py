"""Where brackets close, and the signs outside them, in one word of a text."""

from __future__ import annotations

import re

LONGEST_HEAD = 10_000
"""Characters between the brackets of a definition or a count."""

_DIGITS = re.compile(r"\d+", re.ASCII)


def closing(text: str, opening: int, end: int | None = None) -> int | None:
    """The place of the bracket that closes the one at `opening`, before the next brace."""
    depth = 0
    for place in range(opening, min(len(text) if end is None else end, opening + LONGEST_HEAD)):
        sign = text[place]
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return place
        if sign in "{}":
            return None
    return None


def comma_after(text: str, start: int, end: int) -> int:
    """The place of the next comma outside brackets, or else the end."""
    comma = text.find(",", start, end)
    opening = text.find("(", start, comma)
    if comma >= 0 <= opening:
        bracket = closing(text, opening, end)
        comma = comma if bracket is None else text.find(",", bracket, end)
    return comma if comma >= 0 else end


def count_end(text: str, start: int, end: int) -> int | None:
    """The place of the sign x after a count, 3x or ($n-1)x; None if the word has no count."""
    if text.startswith("(", start):
        bracket = closing(text, start, end)
        sign = end if bracket is None else bracket + 1
    else:
        number = _DIGITS.match(text, start, end)
        sign = end if number is None else number.end()
    return sign if sign < end and text[sign] == "x" else None

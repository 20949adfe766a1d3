"""Signs as keyboards of other scripts have them, and names in any script."""

from __future__ import annotations

import re

_WIDE = re.compile("[#\uff03][^\n]*|[\uff01-\uff5e\u3000\u00d7]")
"""Comments, which stay as they are, and what stands for a sign of ASCII."""

_SPECIAL = {"\u3000": " ", "\u00d7": "x"}
"""The blank of those scripts, and the sign for multiplication."""

_FULL_WIDTH = 0xFEE0
"""How far full-width characters are from those of ASCII: Unicode has them in the same order."""

_SEPARATOR = re.compile(r"[.-]")


def narrowed(text: str) -> str:
    r"""The text with full-width signs as those of ASCII, each character in its place.

    Example:
        >>> narrowed("conv\uff1a64\uff0ck3\u3000maxpool\uff1a2")
        'conv:64,k3 maxpool:2'
    """
    return text if text.isascii() else _WIDE.sub(lambda found: _narrow(found[0]), text)


def _narrow(sign: str) -> str:
    if sign[0] == "#":
        return sign
    first = _SPECIAL.get(sign[0]) or chr(ord(sign[0]) - _FULL_WIDTH)
    return first + sign[1:]


def is_label(text: str) -> bool:
    """Whether a text is the name of a layer: words of letters, digits and '_' in any script.

    A point or a hyphen may stand between words. Which characters belong to a word is what Python
    allows in its names, so that marks above and below letters do.
    """
    return all(word and f"_{word}".isidentifier() for word in _SEPARATOR.split(text))

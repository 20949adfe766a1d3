"""Texts that source text makes of others, as the names of layers are."""

from __future__ import annotations

import ast
import re

MAX_TEXT = 1000
"""Characters of a text that is worked out."""

_PLACES = re.compile(r"%[sd%]")
_BRACES = re.compile(r"\{(\d?)\}")


def text_of(value: object) -> str | None:
    """A number or a text as Python shows it in another; None of others."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else None
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else None


def joined_text(sign: type[ast.operator], text: str, other: object) -> str | None:
    """What `+` or `%` makes of a text; None where it is not worked out.

    Example:
        >>> joined_text(ast.Mod, "conv%d_%s", (3, "a")), joined_text(ast.Add, "conv", "_1")
        ('conv3_a', 'conv_1')
    """
    if sign is ast.Add and isinstance(other, str):
        return _short(text + other)
    if sign is not ast.Mod or "%" in _PLACES.sub("", text):
        return None
    given = [text_of(one) for one in (other if type(other) is tuple else (other,))]
    left = iter(given)
    places = [place for place in _PLACES.findall(text) if place != "%%"]
    if len(places) != len(given) or None in given:
        return None
    return _short(_PLACES.sub(lambda at: "%" if at[0] == "%%" else next(left) or "", text))


def formatted(text: str, given: list[object]) -> str | None:
    """What `text.format(...)` makes of plain braces; None where it is not worked out.

    Example:
        >>> formatted("conv{}_{}", [2, "a"]), formatted("{1}{0}", [2, "a"])
        ('conv2_a', 'a2')
    """
    told = [text_of(one) for one in given]
    if re.search(r"[{}]", _BRACES.sub("", text)):
        return None
    places = _BRACES.findall(text)
    numbers = [int(at) if at else number for number, at in enumerate(places)]
    if any(number >= len(told) or told[number] is None for number in numbers):
        return None
    left = iter(numbers)
    return _short(_BRACES.sub(lambda _: told[next(left)] or "", text))


def _short(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None

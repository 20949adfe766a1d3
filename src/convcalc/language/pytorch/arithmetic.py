"""What source text calculates with whole numbers, as `64 * 4 * 4`, and words that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import Diagnostic, printable

if TYPE_CHECKING:
    from collections.abc import Callable

NO_NUMBER = " is a name without one whole number in the text; write the number in its place"

NO_MODULE = (
    " is a name without one module in the text, or of one with parameters that is used twice; "
    "write the module in its place"
)


class Word(str):
    """A word without quotes, which stands for something."""

    __slots__ = ()


def without_number(word: str) -> str:
    """Why a word is no number."""
    return f"'{printable(word, 60)}'{NO_NUMBER}"


def without_module(word: str) -> str:
    """Why a word is no module."""
    return f"'{printable(word, 60)}'{NO_MODULE}"


def one_for_all_words(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Problems, with one in the place of all about words that are no numbers, or no modules."""
    for said in (NO_NUMBER, NO_MODULE):
        about = [one for one in problems if one.message.endswith(said)]
        others = list(dict.fromkeys(one.message.removesuffix(said) for one in about))[1:]
        also = ", ".join(others[:6]) + (", ..." if len(others) > 6 else "")
        if len(about) > 1:
            message = about[0].message + (f", and in that of {also}" if others else "")
            rest = [one for one in problems if not one.message.endswith(said)]
            problems = [about[0]._replace(message=message), *rest]
    return problems


LARGEST = 10**18
"""Whole numbers that are worked out are smaller."""

_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": int.__floordiv__,
    "//": int.__floordiv__,
    "%": int.__mod__,
    "**": int.__pow__,
}


def calculated(sign: str, one: int, other: int) -> int | None:
    """What an operation gives; None if that is no whole number, or too large a one.

    Example:
        >>> calculated("/", 64, 2), calculated("/", 10, 4)
        (32, None)
    """
    if max(abs(one), abs(other)) >= LARGEST or not _is_whole(sign, one, other):
        return None
    result = _OPERATIONS[sign](one, other)
    return result if abs(result) < LARGEST else None


def _is_whole(sign: str, one: int, other: int) -> bool:
    """Whether an operation gives a whole number, and can be worked out at once."""
    if sign == "**":
        return 0 <= other < 60
    if sign in ("/", "//", "%"):
        return bool(other) and (sign != "/" or one % other == 0)
    return True

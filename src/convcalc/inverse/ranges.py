"""Ranges as they are typed: 7, 1,2, 3..7, 3..11:2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RANGE = re.compile(r"([0-9]{1,10})\.\.([0-9]{1,10})(?::([0-9]{1,10}))?")
_ENDLESS = re.compile(r"[0-9]*\.\.[0-9]*(:.*)?")

MOST_VALUES = 100_000
"""Values of one parameter of one layer; more of them is a typing error."""


def read_range(text: str) -> range | None:
    """The numbers of a range `first..last` or `first..last:step`, both ends included.

    Returns:
        None where the text has no `..` in it.

    Raises:
        ValueError: the range has no end, no number in it, or no step.

    Example:
        >>> list(read_range("3..11:4"))
        [3, 7, 11]
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        if ".." not in text:
            return None
        if _ENDLESS.fullmatch(text):
            raise ValueError("a range needs both ends, as 3..7")
        raise ValueError("a range is first..last or first..last:step, as 3..11:2")
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if step < 1:
        raise ValueError("the step of a range must be at least 1")
    if last < first:
        raise ValueError(f"the range is empty: {first} is above {last}; write {last}..{first}")
    return range(first, last + 1, step)


def read_numbers(text: str, minimum: int) -> tuple[int, ...]:
    """The whole numbers that a text lists, in rising order: 7, or 1,2, or 3..7.

    Raises:
        ValueError: a part of it is no number and no range, is too small, or there are too many.

    Example:
        >>> read_numbers("1,3..7:2", 1)
        (1, 3, 5, 7)
    """
    found: set[int] = set()
    for part in text.split(","):
        numbers = read_range(part.strip())
        if numbers is None:
            numbers = _one(part.strip())
        if numbers[0] < minimum:
            raise ValueError(f"must be at least {minimum}, got {numbers[0]}")
        if len(numbers) + len(found) > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES:,} values")
        found.update(numbers)
    return tuple(sorted(found))


def _one(text: str) -> range:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        shown = printable(text, 60)
        raise ValueError(f"expected numbers or a range, as 7 or 1,2 or 3..7, got '{shown}'")
    return range(int(text), int(text) + 1)


def written_numbers(numbers: Iterable[int]) -> str:
    """Numbers in rising order, neighbours as a range.

    Example:
        >>> written_numbers([1, 3, 4, 5, 9])
        '1, 3..5, 9'
    """
    return ", ".join(
        str(first) if first == last else f"{first}..{last}" for first, last in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of neighbours; a pair of them is two runs."""
    run: list[int] = []
    for number in [*numbers, None]:
        if run and number != run[-1] + 1:
            ends = [(run[0], run[-1])] if len(run) != 2 else [(one, one) for one in run]
            yield from ends
            run = []
        if number is not None:
            run.append(number)

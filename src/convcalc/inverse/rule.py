"""Which whole numbers a set holds, as a rule: multiples of 16; every size from 33 on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.inverse.ranges import written_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MOST_RESIDUES = 8
"""Remainders that a rule in words lists; with more of them the sizes themselves are shown."""

MOST_LISTED = 24
"""Sizes that are listed one by one."""


@dataclass(frozen=True)
class SizeRule:
    """The sizes of a range that are in a set.

    From `start` on a size is in it if the remainder of its division by `period` is one of
    `residues`; below `start` just those in `exceptions` are.

    Attributes:
        first: The range that the rule is about: its first size.
        last: Its last size.
        period: The smallest one that repeats at least twice within the range.
        residues: Remainders, in rising order.
        start: Where the repetition begins.
        exceptions: Sizes before that.
    """

    first: int
    last: int
    period: int
    residues: tuple[int, ...]
    start: int
    exceptions: tuple[int, ...] = ()

    def __contains__(self, size: int) -> bool:
        """Whether the rule says that the size is in the set; it knows of its range alone."""
        if not self.first <= size <= self.last:
            return False
        if size < self.start:
            return size in self.exceptions
        return size % self.period in self.residues

    def sizes(self) -> list[int]:
        """Every size of the range that is in the set."""
        return [size for size in range(self.first, self.last + 1) if size in self]

    def __str__(self) -> str:
        """The rule in words.

        Example:
            >>> str(rule_of([16, 32, 48, 64, 80, 96], 1, 100))
            'multiples of 16'
            >>> str(rule_of(range(33, 101), 1, 100))
            'every size from 33 on'
        """
        sizes = self.sizes()
        if not sizes:
            return "no size"
        if len(sizes) == 1:
            return f"{sizes[0]} alone"
        repeated = self._repeated(sizes)
        if repeated is None:
            return _listed(sizes)
        more = f"{_listed(self.exceptions)}, and " if self.exceptions else ""
        return more + repeated

    def _repeated(self, sizes: Sequence[int]) -> str | None:
        """What repeats, in words; None where a list of sizes says it better."""
        repeating = [size for size in sizes if size >= self.start]
        if not repeating or len(self.residues) > MOST_RESIDUES:
            return None
        first = repeating[0]
        earlier = range(self.first, first)
        follows = any(size % self.period in self.residues for size in earlier)
        starts = f" from {first} on" if follows else ""
        if self.period == 1:
            return f"every size{starts}"
        if self.residues == (0,):
            return f"multiples of {self.period}{starts}"
        if len(self.residues) == 1:
            return f"multiples of {self.period} plus {self.residues[0]}{starts}"
        remainders = written_numbers(self.residues)
        return f"sizes that leave {remainders} when divided by {self.period}{starts}"


def rule_of(members: Collection[int], first: int, last: int) -> SizeRule:
    """The shortest rule for the sizes of a range that are in a set.

    Membership is a row of zeros and ones. For a period m the row repeats from behind the last
    place at which it differs from itself moved on by m. Of all periods that are seen twice from
    there on, the one with the fewest places to describe, start and period together, is taken.

    Args:
        members: The set; every one from `first` to `last` that is in it.
        first: First size of the range.
        last: Last size of the range.

    Source: derived; membership is eventually periodic for every network of windows, because each
    maps i to floor((i + c) / s), which moves on by whole steps with the product of the strides.
    """
    held = set(members)
    row = bytes(size in held for size in range(first, last + 1))
    best = (len(row) + 1, 1, len(row))
    for period in range(1, len(row) // 2 + 1):
        if period >= best[0]:
            break
        start = _last_difference(row, period) + 1
        if start + 2 * period <= len(row):
            best = min(best, (start + period, period, start))
    _, period, start = best
    residues = sorted({size % period for size in held if size >= first + start})
    before = [size for size in sorted(held) if size < first + start]
    return SizeRule(first, last, period, tuple(residues), first + start, tuple(before))


def _last_difference(row: bytes, period: int) -> int:
    """The last place at which a row differs from itself moved on by a period; -1 if none."""
    here = int.from_bytes(row[:-period], "little")
    there = int.from_bytes(row[period:], "little")
    return ((here ^ there).bit_length() + 7) // 8 - 1


def _listed(sizes: Sequence[int]) -> str:
    """Sizes one by one, neighbours as a range; of many the first ones and the last."""
    text = written_numbers(sizes)
    parts = text.split(", ")
    if len(parts) <= MOST_LISTED:
        return text
    return f"{', '.join(parts[:MOST_LISTED])}, ... {parts[-1]} ({len(sizes)} sizes)"

"""The Pareto front of two figures: what no other is at least as good as, and better in one."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import UsageError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.inverse.values import Figure, Number

LARGER_IS_BETTER = ("field", "out")
"""Figures of which more is wanted unless the opposite is said; of all others less is."""


class Goal(NamedTuple):
    """A figure, and which way is better.

    Attributes:
        name: The figure.
        place: Where a row has it.
        largest: Whether more is better.
    """

    name: str
    place: int
    largest: bool

    def cost(self, row: Sequence[Figure]) -> Number | None:
        """What is to be as small as can be; None where it is not known.

        Where a figure differs between axes or the two ends of one, its worst counts.
        """
        value = row[self.place]
        if isinstance(value, tuple):
            numbers = list(_numbers(value))
            value = (min(numbers) if self.largest else max(numbers)) if numbers else None
        if value is None or isinstance(value, str):
            return None
        return -value if self.largest else value


def _numbers(values: tuple[Figure, ...]) -> Iterator[Number]:
    """The numbers of all axes, and of both ends where an axis has a pair."""
    for value in values:
        if isinstance(value, tuple):
            yield from _numbers(value)
        elif value is not None and not isinstance(value, str):
            yield value


def read_goals(text: str, names: Sequence[str], option: str) -> tuple[Goal, Goal]:
    """The two figures of "macs,field"; "macs:max" says which way is better.

    Args:
        text: The figures.
        names: What each place of a row holds.
        option: What messages call the text.

    Raises:
        UsageError: there are not two, or one of them is unknown.
    """
    found = [_goal(part.strip(), names, option) for part in text.split(",")]
    if len(found) != 2 or found[0].name == found[1].name:
        raise UsageError(
            f"{option}: expected two figures, as macs,field; got '{printable(text, 60)}'"
        )
    return found[0], found[1]


def read_order(text: str, names: Sequence[str], option: str) -> Goal:
    """What rows are sorted by; a minus in front of it puts the largest first.

    Args:
        text: The figure.
        names: What each place of a row holds.
        option: What messages call the text.

    Raises:
        UsageError: there is no such figure.
    """
    name = _known(text.removeprefix("-"), names, option)
    return Goal(name, list(names).index(name), largest=text.startswith("-"))


def _known(name: str, names: Sequence[str], option: str) -> str:
    """A figure, if it is one.

    Raises:
        UsageError: there is no such figure.
    """
    known = [one for one in names if one not in ("spec", "input", "output")]
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(known)}"
        raise UsageError(f"{option}: no figure is called '{printable(name, 40)}'{hint}")
    return name


def _goal(text: str, names: Sequence[str], option: str) -> Goal:
    name, colon, way = text.partition(":")
    _known(name, names, option)
    if colon and way not in ("min", "max"):
        raise UsageError(f"{option}: expected {name}:min or {name}:max, got '{printable(text)}'")
    largest = way == "max" if colon else name in LARGER_IS_BETTER
    return Goal(name, list(names).index(name), largest)


class Front:
    """The points that no other is better than, of those that were added: their costs, both small.

    They are kept sorted by the first cost, so that the second one falls from each to the next; a
    point is added in the time of a search for its place.
    """

    def __init__(self, goals: tuple[Goal, Goal]) -> None:
        self.goals = goals
        self._first: list[Number] = []
        self._second: list[Number] = []

    def add(self, row: Sequence[Figure]) -> None:
        """One more row; what it is better than leaves the front."""
        one, other = self.costs(row)
        if one is None or other is None:
            return
        place = bisect_right(self._first, one)
        # The point before has the smallest second cost of all whose first one is no larger.
        if place and self._second[place - 1] <= other:
            return
        begin = place - 1 if place and self._first[place - 1] == one else place
        end = place
        while end < len(self._first) and self._second[end] >= other:
            end += 1
        self._first[begin:end], self._second[begin:end] = [one], [other]

    def holds(self, row: Sequence[Figure]) -> bool:
        """Whether a row that was added is on the front; equal rows all are."""
        one, other = self.costs(row)
        if one is None or other is None:
            return False
        place = bisect_right(self._first, one) - 1
        return place >= 0 and (self._first[place], self._second[place]) == (one, other)

    def costs(self, row: Sequence[Figure]) -> tuple[Number | None, Number | None]:
        """Both costs of a row."""
        return self.goals[0].cost(row), self.goals[1].cost(row)

    def points(self) -> list[tuple[Number, Number]]:
        """The figures of the front, from the best of the first one on."""
        signs = [-1 if goal.largest else 1 for goal in self.goals]
        return [
            (signs[0] * one, signs[1] * other)
            for one, other in zip(self._first, self._second, strict=True)
        ]

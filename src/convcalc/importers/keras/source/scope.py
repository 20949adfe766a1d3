"""What is known at one line of source text: its names, and how it is written."""

from __future__ import annotations

import contextlib
from collections import ChainMap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import Fault, Names, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.importers.keras.source.objects import Function, Place

MOST_STEPS = 100_000
"""Expressions and values of lists that are worked out, beside one for each character."""


def _top() -> ChainMap[str, object]:
    return ChainMap({"__name__": "__main__"})


@dataclass
class Scope:
    """What the lines so far have told.

    Attributes:
        values: What names stand for, those of the function that is followed first.
        aliases: What `from keras.layers import Conv2D as C` calls C.
        functions: The functions that the text defines.
        classes: The functions of its classes, by what is said of a class, and whether they are
            all that it has beside those of Keras.
        data_format: The order of axes that layers have unless they are given one.
        is_old: Whether the text is one of Keras 1, by its names.
        notes: What is assumed.
        made: The names of layers so far.
        depth: How many functions are followed within each other.
        place: Where the statement stands that is followed.
        steps: What may be worked out from here on, in expressions and values of lists.
    """

    values: ChainMap[str, object] = field(default_factory=_top)
    aliases: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    classes: dict[Unknown, tuple[list[Function], bool]] = field(default_factory=dict)
    data_format: str = "channels_last"
    is_old: bool = False
    notes: list[str] = field(default_factory=list)
    made: Names = field(default_factory=Names)
    depth: int = 0
    place: Place = (0, 1)
    steps: int = MOST_STEPS

    def note(self, text: str) -> None:
        """Keeps what is to be said, once."""
        if text not in self.notes:
            self.notes.append(text)

    def spend(self, steps: int = 1) -> None:
        """Counts what is worked out.

        Raises:
            Fault: it is too much.
        """
        self.steps -= steps
        if self.steps < 0:
            reason = "the text makes more work than is followed: its loops and functions are large"
            raise Fault(Unknown(reason, self.place))

    @contextlib.contextmanager
    def inside(self, names: ChainMap[str, object]) -> Iterator[None]:
        """Names of a function, while its lines are followed."""
        before = self.values, self.aliases, self.place
        self.values, self.aliases = names, dict(self.aliases)
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            self.values, self.aliases, self.place = before

"""Where a network and its nodes stand in a text of the spec language."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.language import write_line
from convcalc.language.bind import argument_of, canonical_items

if TYPE_CHECKING:
    from convcalc.language import Call, Item


class CallOrigin(NamedTuple):
    """The call of a text that a node was read from."""

    text: str
    call: Call

    def place_of(self, parameter: str | None) -> tuple[int, int]:
        """Where one of its parameters is written, or else the call: begin and end."""
        argument = None if parameter is None else argument_of(self.call, parameter)
        place = argument.place if argument else self.call.place
        return place.start, place.end


class TreeSource(NamedTuple):
    """The tree of a whole network."""

    items: tuple[Item, ...]

    def line(self) -> str:
        """All of it in the spec language, canonical and in one line."""
        return write_line(canonical_items(self.items))

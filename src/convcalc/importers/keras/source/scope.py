"""What is known at one line of source text: its names, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from convcalc.importers.keras.source.objects import Names


@dataclass
class Scope:
    """What the lines so far have told.

    Attributes:
        values: What names stand for.
        aliases: What `from keras.layers import Conv2D as C` calls C.
        functions: The functions that the text defines.
        data_format: The order of axes that layers have unless they are given one.
        is_old: Whether the text is one of Keras 1, by its names.
        notes: What is assumed.
        made: The names of layers so far.
    """

    values: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    aliases: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    data_format: str = "channels_last"
    is_old: bool = False
    notes: list[str] = field(default_factory=list)
    made: Names = field(default_factory=Names)

    def note(self, text: str) -> None:
        """Keeps what is to be said, once."""
        if text not in self.notes:
            self.notes.append(text)

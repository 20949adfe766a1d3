"""What names mean inside one sequence of a spec: labels, definitions and their parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from convcalc.errors import nearest, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.language import Definition, Value


@dataclass
class Scope:
    """What a name means inside one sequence: its own labels and definitions, then those around."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    outer: Scope | None = None
    labels: dict[str, int] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    beside: Mapping[str, int] = field(default_factory=dict)
    """The labels of the branches before this one, which parameters may name."""
    defining: Scope | None = field(init=False)
    """The nearest scope around it with definitions, which gets no others while this one lives."""

    def __post_init__(self) -> None:
        outer = self.outer
        self.defining = outer if outer is None or outer.definitions else outer.defining

    def label(self, name: str) -> int | None:
        """The node whose label is `name`, looked for from the inside out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.labels:
                return scope.labels[name]
            scope = scope.outer
        return None

    def node_of(self, name: str) -> int:
        """The node of a label that a parameter names: those of earlier branches are seen, too.

        Raises:
            ValueError: there is none.
        """
        node = self.label(name)
        scope: Scope | None = self
        while node is None and scope is not None:
            node, scope = scope.beside.get(name), scope.outer
        if node is None:
            raise ValueError(self.unknown(name))
        return node

    def unknown(self, name: str) -> str:
        """What is said of a label that is not set."""
        names = self.names()
        known = f"; the labels so far are {', '.join(names)}" if names else "; none is set yet"
        hint = nearest(name, names) or printable(known)
        return f"no label '{printable(name, 60)}' is set before this place{hint}"

    def definition(self, name: str) -> Definition | None:
        """The definition of `name`, looked for from the inside out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.definitions:
                return scope.definitions[name]
            scope = scope.defining
        return None

    def names(self) -> list[str]:
        """Every label that can be seen from here."""
        return [*self.labels, *(self.outer.names() if self.outer else ())]

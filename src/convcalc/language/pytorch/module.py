"""A module as its text has it: its name, its arguments, and the modules printed inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.errors import Diagnostic
    from convcalc.language.tree import Place


class Given(NamedTuple):
    """One argument: its key if it has one, its value as Python's own type, and its place."""

    key: str | None
    value: object
    place: Place


class Child(NamedTuple):
    """A printed module inside another: its name, and how many times over it is there."""

    name: str
    times: int | None
    module: Module
    place: Place


@dataclass(frozen=True)
class Module:
    """A module: its name without `torch.nn.`, its arguments, and the modules printed inside it.

    `head` is the place of its name; `unread` is the first thing in its arguments that could not be
    understood.
    """

    name: str
    arguments: tuple[Given, ...]
    children: tuple[Child, ...]
    place: Place
    head: Place
    unread: Diagnostic | None = None


GIVEN_BACK = ("int", "weight_norm", "spectral_norm", "utils.weight_norm", "utils.spectral_norm")
"""Functions whose result is what they are given, to shapes and counts."""


def given_back(call: Module) -> object:
    """What a call of one of these functions is: its whole number or module, or else the call."""
    given = [one.value for one in call.arguments if one.key is None]
    if call.name == "int":
        return given[0] if len(given) == 1 and isinstance(given[0], int) else call
    return given[0] if given and isinstance(given[0], Module) else call

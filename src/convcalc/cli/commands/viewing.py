"""What the view options mean, and the view of a document that they ask for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import count_of, flag, text_of
from convcalc.errors import UsageError, printable
from convcalc.layers import KINDS
from convcalc.layers.other_names import kind_hint
from convcalc.render.views import Sorting, View, viewed

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import ViewRequest
    from convcalc.render.table import Document

DIRECTIONS = {"asc": False, "desc": True}


def view_of(given: ViewRequest) -> Callable[[Document], Document]:
    """What makes of a document the view that a command line asks for.

    Raises:
        UsageError: an option has an impossible value.
    """
    view = View(
        layers=_words("layer", given["layer"]),
        kinds=_kinds(given["kind"]),
        depth=_count("depth", given["depth"]),
        order=None if given["sort"] is None else _order(given["sort"]),
        top=_count("top", given["top"]),
        columns=_words("columns", given["columns"]),
    )
    return partial(viewed, view=view)


def _count(name: str, text: str | None) -> int | None:
    return None if text is None else count_of(name, text)


def _words(name: str, text: str | None) -> tuple[str, ...]:
    """Words with commas between them.

    Raises:
        UsageError: one is missing.
    """
    if text is None:
        return ()
    words = tuple(word.strip() for word in text_of(name, text).split(","))
    if "" in words:
        raise UsageError(f"{flag(name)}: a name is missing in '{printable(text, 60)}'")
    return words


def _kinds(text: str | None) -> tuple[str, ...]:
    words = tuple(word.lower() for word in _words("kind", text))
    for word in words:
        if word not in KINDS:
            hint = kind_hint(word)
            raise UsageError(
                f"--kind: no kind '{printable(word, 60)}'{hint}; convcalc layers lists them"
            )
    return words


def _order(text: str) -> Sorting:
    """A column, with a minus before it or :desc behind it where the largest comes first.

    Raises:
        UsageError: the direction is something else.
    """
    name, colon, direction = text_of("sort", text).partition(":")
    if colon and direction not in DIRECTIONS:
        raise UsageError(
            f"--sort: expected asc or desc behind the ':'; got '{printable(direction, 60)}'"
        )
    if name.startswith("-"):
        return Sorting(name[1:], descending=True)
    return Sorting(name, DIRECTIONS.get(direction, False))

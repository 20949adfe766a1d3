"""How an option is declared: a text that our own parsers read, or a switch.

Both are lists, so that an option that is given again is heard of.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def text_option(*names: str, metavar: str, about: str, group: str | None = None) -> Any:
    """An option with a value.

    Args:
        names: How it is typed, with its dashes.
        metavar: What stands for its value in the help.
        about: Its line of help.
        group: The part of the help that it stands in; None is that of all the others.
    """
    option = typer.Option(*names, metavar=metavar, help=about, rich_help_panel=group)
    return Annotated[list[str] | None, option]


def switch_option(*names: str, about: str, group: str | None = None) -> Any:
    """An option without a value, by its names, with its line of help and its group."""
    option = typer.Option(*names, help=about, show_default=False, rich_help_panel=group)
    return Annotated[list[bool] | None, option]

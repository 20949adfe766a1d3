"""How an option is declared: a text that our own parsers read, or a switch.

Both are lists, so that an option that is given again is heard of.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def text_option(*names: str, metavar: str, about: str) -> Any:
    """An option with a value.

    Args:
        names: How it is typed, with its dashes.
        metavar: What stands for its value in the help.
        about: Its line of help.
    """
    return Annotated[list[str] | None, typer.Option(*names, metavar=metavar, help=about)]


def switch_option(*names: str, about: str) -> Any:
    """An option without a value, by its names, with its line of help."""
    return Annotated[list[bool] | None, typer.Option(*names, help=about, show_default=False)]

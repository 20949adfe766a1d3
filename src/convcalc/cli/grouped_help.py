"""Typer's options, made of ours, and the help of a command with its options in groups."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from convcalc.cli.parsing.option_types import GROUPS, Argument, Option

ARGUMENTS, LAST = "Arguments", GROUPS[-1]


@cache
def annotation(option: Option | Argument) -> object:
    """The annotated type by which Typer knows an option.

    Every option is a list, so that one that is given again is heard of: `parsing/repeats.py`.
    """
    if isinstance(option, Argument):
        declared = typer.Argument(metavar=option.metavar, help=option.about)
        if option.several:
            return Annotated[list[str] if option.required else list[str] | None, declared]
        return Annotated[str if option.required else str | None, declared]
    declared = typer.Option(
        *option.names,
        metavar=option.metavar,
        help=option.about,
        show_default=False,
        rich_help_panel=option.group,
    )
    return Annotated[(list[bool] if option.metavar is None else list[str]) | None, declared]


class GroupedCommand(TyperCommand):
    """A command whose help has a part for each group of options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, and each group under its name; the last has -h, too.

        Args:
            ctx: The command line that help is asked for.
            formatter: What the help is written to.
        """
        parts: dict[str, list[tuple[str, str]]] = {name: [] for name in (ARGUMENTS, *GROUPS)}
        for one in self.get_params(ctx):
            if (record := one.get_help_record(ctx)) is not None:
                others = ARGUMENTS if one.param_type_name == "argument" else LAST
                parts[getattr(one, "rich_help_panel", None) or others].append(record)
        for name, records in parts.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

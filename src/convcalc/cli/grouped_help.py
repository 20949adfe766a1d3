"""The help of a command, its options in groups."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class GroupedCommand(TyperCommand):
    """A command whose help has a part for each group of options, the form last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, the options without a group, and each group under its name.

        Args:
            ctx: The command line that help is asked for.
            formatter: What the help is written to.
        """
        parts: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for one in self.get_params(ctx):
            if (record := one.get_help_record(ctx)) is not None:
                others = "Arguments" if one.param_type_name == "argument" else "Options"
                name = getattr(one, "rich_help_panel", None) or others
                parts.setdefault(name, []).append(record)
        last = parts.pop("Output", [])
        for name, records in {**parts, "Output": last}.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

"""The commands and their help, put together from the tables of options."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.catalog.program import EXAMPLES, EXIT_CODES, LAYERS, SUMMARY, TRACEBACK
from convcalc.cli.grouped_help import GroupedCommand, annotation
from convcalc.cli.limits import check_room_for_numpy, limit_threads, use_threads_to_be_had
from convcalc.cli.parsing.document_file import DRAWN, document_file
from convcalc.cli.parsing.repeats import one_value_each
from convcalc.cli.parsing.view_options import asks_for_view
from convcalc.cli.terminal.output import check_appearance, check_complete, show
from convcalc.cli.terminal.progress import ProgressLine, shows_progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.cli.catalog.command import Command
    from convcalc.cli.parsing.requests import Appearance

CONTEXT = {"help_option_names": ["-h", "--help"]}

VIEWING = "convcalc.cli.commands.viewing"
"""What reads the options about the rows of a table."""


def build(names: Iterable[str]) -> typer.Typer:
    """The application with these of its commands."""
    app = typer.Typer(
        name="convcalc",
        help=f"{SUMMARY}\n\n{LAYERS}\n\n{_as_written('Examples:', EXAMPLES)}",
        epilog=_exit_codes(),
        context_settings=CONTEXT,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_program)
    for name in names:
        _register(app, name)
    # Answered by main.run, as every request for help is; here so that the help lists it.
    app.command("help", help="The help of a command.", context_settings=CONTEXT)(_help)
    return app


def _as_written(title: str, lines: Iterable[str]) -> str:
    """Lines that no help breaks anew, under a title."""
    return "\n  ".join([f"\b\n{title}", *lines])


def _exit_codes() -> str:
    """The exit codes, and how a failure shows where it arose."""
    codes = "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
    return f"Exit codes: {codes}.\n\n{TRACEBACK}"


def _program(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="The version, and nothing else.")
    ] = False,
) -> None:
    if version:
        from convcalc import __version__
        from convcalc.cli.terminal.streams import write_out

        write_out(f"convcalc {__version__}\n")
        raise typer.Exit


def _help(
    command: Annotated[str | None, typer.Argument(metavar="[COMMAND]")] = None,
) -> None:
    del command


def _signature(listed: Command) -> inspect.Signature:
    """Every option of a command as a parameter by its name, as typer reads them."""
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation(option),
                default=inspect.Parameter.empty if getattr(option, "required", False) else None,
            )
            for name, option in listed.options.items()
        ]
    )


def _register(app: typer.Typer, name: str) -> None:
    """One command with the signature that its table of options describes."""
    listed = COMMANDS[name]

    def command(**typed: Any) -> None:
        given = one_value_each(typed)
        appearance = cast("Appearance", given)
        if "format" in given:
            given["document_file"] = document_file(name, given)
            check_appearance(appearance, drawn=name in DRAWN)
        if given.get("threads") is not None:
            given["threads"] = limit_threads(given["threads"], quiet=bool(given["quiet"]))
        if listed.imports_numpy:
            use_threads_to_be_had()
            check_room_for_numpy()
        view = import_module(VIEWING).view_of(given) if asks_for_view(given) else None
        with ProgressLine(wanted=shows_progress(given), about=f"convcalc {name}"):
            document = getattr(import_module(listed.module), listed.function)(given)
        if document is not None:
            show(view(document) if view else document, appearance)
            check_complete(document, strict=bool(given.get("strict")))

    signature = _signature(listed)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    examples = _as_written("Examples:", listed.examples)
    app.command(
        name,
        help=f"{listed.about}\n\n{examples}\n\n{listed.details}".strip(),
        short_help=listed.about,
        context_settings=CONTEXT,
        cls=GroupedCommand,
    )(command)

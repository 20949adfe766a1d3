"""One run of the command line: every outcome becomes an exit code and at most a few lines."""

from __future__ import annotations

import os
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import typer

from convcalc.cli.signals import raise_heard
from convcalc.cli.terminal.streams import PROGRAM, wants_colour, write_error, write_out
from convcalc.errors import ConvcalcError, OutputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from typer.core import TyperGroup


class Parameter(Protocol):
    """An option or an argument, as Typer has it."""

    @property
    def opts(self) -> list[str]:
        """The words by which it is given."""


class Parametrised(Protocol):
    """A command, as Typer has it."""

    @property
    def params(self) -> Sequence[Parameter]:
        """Its options and arguments."""


CommandLineError: type[Exception] = typer.BadParameter.__mro__[2]
"""The class above Typer's usage errors, which it does not export by name."""

INTERRUPTED = 130
NO_ROOM = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory")
"""What the system's loader says where a library does not fit into memory."""

COMPLETION = "_CONVCALC_COMPLETE"
"""The variable by which shells ask Typer for completions; this program has its own."""


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command line `arguments`."""
    warnings.showwarning = _show_warning
    try:
        return _answer(arguments)
    except Exception as error:
        raise_heard()
        code, message = _outcome(error, arguments)
        if isinstance(error, UsageError | CommandLineError):
            message += _files_like_options(arguments)
        return _failed(error, message, code, arguments)


def _outcome(error: Exception, arguments: Sequence[str]) -> tuple[int, str]:
    """The exit code that an error ends with, and what is said of it."""
    match error:
        case ConvcalcError():
            return error.exit_code, str(error)
        case CommandLineError():
            return UsageError.exit_code, _usage_message(error, arguments)
        case ImportError() if any(words in str(error) for words in NO_ROOM):
            said = next(line for line in str(error).splitlines() if line.strip())
            return OutputError.exit_code, f"not enough memory to load a library: {printable(said)}"
        case MemoryError():
            return OutputError.exit_code, f"not enough memory: {error}"
        case OSError():
            reason = os.strerror(error.errno) if error.errno else str(error)
            return OutputError.exit_code, f"{printable(str(error.filename or PROGRAM))}: {reason}"
        case _:
            return ConvcalcError.exit_code, _bug_message(error)


def _answer(arguments: Sequence[str]) -> int:
    from convcalc.cli.mistaken import with_command

    arguments = with_command(arguments)
    command = _command(_named(arguments))
    if not arguments or _asks_for_help(arguments):
        write_out(_help_text(command, arguments))
        return 0 if arguments else UsageError.exit_code
    _refuse_completion()
    _refuse_unknown(arguments[0], command.commands)
    words = _models_of_input(_completed(arguments), command.commands.get(arguments[0]))
    code = command.main(words, prog_name=PROGRAM, standalone_mode=False)
    if code == INTERRUPTED:
        raise KeyboardInterrupt  # Typer makes a quiet exit of it
    return code if isinstance(code, int) else 0


def _named(arguments: Sequence[str]) -> str | None:
    """The command that the arguments begin with; None where others may have to be told of."""
    from convcalc.cli.catalog.commands import COMMANDS

    named = arguments[1:2] if arguments[:1] == ["help"] else arguments[:1]
    return named[0] if named and named[0] in COMMANDS else None


@cache
def _command(name: str | None) -> TyperGroup:
    """The program with the command of that name, or with all of them.

    Typer takes longer to read the options of all commands (10 ms) than most of them compute.
    """
    from convcalc.cli.app import build
    from convcalc.cli.catalog.commands import COMMANDS

    found = typer.main.get_command(build(COMMANDS if name is None else [name]))
    assert isinstance(found, typer.core.TyperGroup)
    return found


def _refuse_completion() -> None:
    """Typer itself would end with 1 and say nothing.

    Raises:
        UsageError: the environment asks for completions.
    """
    if value := os.environ.get(COMPLETION):
        raise UsageError(
            f"{COMPLETION}='{printable(value, 60)}' asks for Typer's completions; unset it: "
            f"convcalc completion bash prints ours"
        )


def _refuse_unknown(word: str, commands: Container[str]) -> None:
    """Typer itself would not know of networks.

    Raises:
        UsageError: there is no such command.
    """
    if not word.startswith("-") and word not in commands:
        from convcalc.cli.mistaken import unknown_command

        raise UsageError(f"{unknown_command(word)}\nsee '{PROGRAM} --help'")


def _completed(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a value after every option that may do without: Typer knows no such."""
    from convcalc.cli.parsing.option_types import OPTIONAL_VALUES

    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    for place in range(end - 1, -1, -1):
        default, form = OPTIONAL_VALUES.get(words[place], (None, None))
        following = words[place + 1] if place + 1 < end else ""
        if default is not None and form is not None and not form.fullmatch(following):
            words.insert(place + 1, default)
    return words


def _models_of_input(words: Sequence[str], command: Parametrised | None) -> list[str]:
    """The arguments, where `-:NAME`, a model of standard input, is no option for Typer."""
    from convcalc.cli.parsing.values import STANDARD_INPUT

    options = command.params if command else ()
    valued = {name for one in options if not getattr(one, "is_flag", False) for name in one.opts}
    end = words.index("--") if "--" in words else len(words)
    return [
        f"{STANDARD_INPUT}{word[1:]}"
        if word.startswith("-:")
        and len(word) > 2
        and place < end
        and words[place - 1] not in valued
        else word
        for place, word in enumerate(words)
    ]


def _asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for anywhere: it is given whatever else is wrong."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return arguments[0] == "help" or any(word in ("-h", "--help") for word in options)


def _help_text(command: TyperGroup, arguments: Sequence[str]) -> str:
    """The help of the first command that the arguments name, or of the program.

    It is written by us and not by Typer, whose buffers lose errors of the stream.

    Raises:
        UsageError: `help` is asked about a command that there is not.
    """
    words = [word for word in arguments if not word.startswith("-")]
    asked = words[1:2] if words[:1] == ["help"] else words[:1]
    context = command.make_context(PROGRAM, [], resilient_parsing=True)
    if not asked or (asked[0] not in command.commands and words[0] != "help"):
        return f"{command.get_help(context)}\n"
    if asked[0] not in command.commands:
        from convcalc.cli.mistaken import unknown_command

        raise UsageError(unknown_command(asked[0]))
    wanted = command.commands[asked[0]]
    inner = wanted.make_context(asked[0], [], parent=context, resilient_parsing=True)
    return f"{wanted.get_help(inner)}\n"


def _failed(error: Exception, message: str, code: int, arguments: Sequence[str]) -> int:
    if os.environ.get("CONVCALC_TRACEBACK"):
        import traceback

        write_error("".join(traceback.format_exception(error)).rstrip())
    coloured = wants_colour(_colour_of(arguments), sys.stderr, os.environ)
    write_error(f"{PROGRAM}: error: {message}", red="error:" * coloured)
    return code


def _colour_of(arguments: Sequence[str]) -> str:
    """What the arguments say of colours, as far as can be told before they are read."""
    for place, word in enumerate(arguments):
        if word == "--no-color":
            return "never"
        name, equals, value = word.partition("=")
        if name == "--color":
            return (value if equals else "".join(arguments[place + 1 : place + 2])).lower()
    return "auto"


def _usage_message(error: Any, arguments: Sequence[str]) -> str:
    """Typer's own message in one line, and where to read on."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else _called(arguments)
    text = " ".join(error.format_message().split())
    text = text.replace("('(Possible", "(Possible").replace(")',)", ")")  # as Typer 0.26 has it
    if text.startswith("No such option: -") and text[17:].lstrip("-")[:1].isdigit():
        text += " (a value that begins with '-' comes after '--')"
    elif (unknown := getattr(error, "option_name", None)) and "No such option" in text:
        from convcalc.cli.mistaken import elsewhere

        if told := elsewhere(getattr(context, "info_name", ""), unknown):
            text = text.partition("(Possible options")[0].rstrip(" ('") + told
    return f"{printable(text, 400)}\nsee '{command} --help'"


def _called(arguments: Sequence[str]) -> str:
    """The program, and its command where the arguments begin with one."""
    from convcalc.cli.catalog.commands import COMMANDS

    return " ".join((PROGRAM, *(word for word in arguments[:1] if word in COMMANDS)))


def _files_like_options(arguments: Sequence[str]) -> str:
    """How to name a file that was taken for an option, if one may have been meant."""
    for word in arguments:
        if word == "--":
            break
        if len(word) > 1 and word.startswith("-") and os.path.isfile(word):
            shown = printable(word, 60)
            return f"\nthe file '{shown}' is './{shown}', or stands after '--'"
    return ""


def _bug_message(error: Exception) -> str:
    what = printable(f"{type(error).__name__}: {error}")
    return (
        f"this is a bug in convcalc ({what})\n"
        "CONVCALC_TRACEBACK=1 shows where; please report it with the command line"
    )


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    write_error(f"{PROGRAM}: warning: {printable(' '.join(str(message).split()), 400)}")

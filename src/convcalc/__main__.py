"""The entry point: it imports next to nothing before interrupts are taken care of."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """The exit code of this process's command line."""
    gc.disable()  # one command makes few cycles, and looking for them slows every import
    try:
        from convcalc.cli import signals

        signals.leave_on_signals()
        if sys.platform == "win32":
            from convcalc.cli.terminal.windows_streams import prepare_streams

            prepare_streams()
        try:
            return _answer()
        finally:
            signals.ignore_signals()
    except KeyboardInterrupt:
        from convcalc.cli import signals

        signals.ignore_signals()
        from convcalc.cli.terminal.streams import write_error

        write_error("convcalc: interrupted")
        signals.end_now(130)


def _answer() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        return _version()
    if sys.argv[1:2] == ["__complete"]:
        from convcalc.cli.completion.answer import answer

        return answer(sys.argv[2:])
    from convcalc.cli.main import run

    return run(sys.argv[1:])


def _version() -> int:
    """The version alone needs neither Typer nor anything else."""
    from convcalc import __version__
    from convcalc.cli.terminal.streams import write_error, write_out
    from convcalc.errors import OutputError

    try:
        write_out(f"convcalc {__version__}\n")
    except OutputError as error:
        write_error(f"convcalc: error: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    # `python -m` puts the current folder first, where a file called rich.py would be run.
    if sys.path and sys.path[0] == __import__("os").getcwd():
        del sys.path[0]
    sys.exit(main())

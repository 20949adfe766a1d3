"""How the messages of this package name a file, and the reason the system gave."""

from __future__ import annotations

import os

from convcalc.errors import DataError, OutputError, ResourceError, is_shortage, printable


def quoted(name: str) -> str:
    """A file name for a message: in single quotes, harmless on a terminal."""
    return f"'{printable(name)}'"


def reason(error: Exception) -> str:
    """What the system says went wrong, as one short phrase."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    if isinstance(error, ValueError) and "embedded null" in str(error):
        return "embedded null byte"  # from Python 3.14 on, some functions word it otherwise
    return printable(str(error)) or type(error).__name__


def unreadable(label: str, error: Exception) -> DataError | ResourceError:
    """The failure of opening or reading an input; the input is not at fault where files run out."""
    kind = ResourceError if is_shortage(error) else DataError
    return kind(f"cannot read {label}: {reason(error)}")


def unwritable(label: str, why: str) -> OutputError:
    """The failure of writing an output."""
    return OutputError(f"cannot write {label}: {why}")


def changed(label: str) -> DataError:
    """The refusal of an array that is another one than when the work began."""
    return DataError(f"{label} has changed since the work began; run it again")


def too_large(label: str, needed: int, available: int | None) -> ResourceError:
    """The refusal of an input that memory does not hold; `available` is None where unknown."""
    found = "which is more than there are" if available is None else f"but {available:,} are free"
    return ResourceError(
        f"{label} needs {needed:,} bytes of memory, {found}; "
        "use a smaller array or raise the memory limit"
    )

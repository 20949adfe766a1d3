"""What is complete takes its name: in one step, and over nothing that may not be replaced."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from convcalc.arrayfile.wording import unwritable

if TYPE_CHECKING:
    from convcalc.errors import OutputError


def appeared(label: str) -> OutputError:
    """The refusal of a name that was free when the work began, and is taken now."""
    return unwritable(
        label, "it was made by somebody else during the work; add --force to replace it"
    )


def place_file(temporary: str, path: str, label: str, *, force: bool) -> None:
    """Gives a complete file its name.

    Args:
        temporary: The file, in the same folder or at least on the same file system.
        path: The name; nothing that is there is followed.
        label: What messages call it.
        force: Whether a file of that name may be replaced.

    Raises:
        OutputError: the name is taken and `force` is not given; the temporary file stays.
        OSError: it cannot be done.
    """
    if force:
        _replace(temporary, path, label)
        return
    try:
        os.link(temporary, path)  # unlike a renaming, it never replaces
    except FileExistsError:
        raise appeared(label) from None
    except OSError:  # not every file system has second names for a file
        _claim(temporary, path, label)
        return
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _replace(temporary: str, path: str, label: str) -> None:
    try:
        os.replace(temporary, path)
    except PermissionError:
        if sys.platform == "win32":  # which does not give the name of an open file away
            raise unwritable(
                label, "a program has it open; close it or choose another name"
            ) from None
        raise


def _claim(temporary: str, path: str, label: str) -> None:
    """Claims a name where files have one name only: an empty file takes it for an instant."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise appeared(label) from None
    try:
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise


def place_folder(made: str, path: str, label: str) -> None:
    """Gives a complete folder a name that must be free.

    Renaming alone would replace an empty folder, so that one of our own takes the name first; on
    Windows it replaces nothing.

    Raises:
        OutputError: the name is taken; the folder stays where it was made.
        OSError: it cannot be done.
    """
    try:
        _rename_to_free(made, path)
    except FileExistsError:
        raise appeared(label) from None


def _rename_to_free(made: str, path: str) -> None:
    """Renames a folder; a name that is taken is FileExistsError."""
    if sys.platform == "win32":
        os.rename(made, path)
    else:
        os.mkdir(path)
        try:
            os.rename(made, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.rmdir(path)
            raise

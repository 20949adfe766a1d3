"""A folder that is filled in the making and takes its name when it is complete."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from secrets import token_hex
from typing import TYPE_CHECKING

from convcalc.arrayfile.placing import place_folder
from convcalc.arrayfile.target import check_parent
from convcalc.arrayfile.whole_file import failure
from convcalc.arrayfile.wording import quoted, reason, unwritable
from convcalc.file_names import without_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKS = ("zarr.json", ".zarray", ".zgroup")
"""What lies in every Zarr folder, and tells it from one that somebody else made."""


def check_new_folder(path: str, *, force: bool, inputs: Sequence[str] = ()) -> None:
    """Refuse a Zarr folder that could not, or should not, be written.

    Args:
        path: The folder.
        force: Whether an existing one may be replaced.
        inputs: The names of the inputs.

    Raises:
        OutputError: It cannot be written, or exists and `force` is not given.
    """
    label, plain = quoted(path), without_end(path)
    try:
        check_parent(label, plain)
        status = os.lstat(plain)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unwritable(label, reason(error)) from None
    if not stat.S_ISDIR(status.st_mode):
        raise unwritable(label, "it is there and no folder; remove it or choose another name")
    if not any(os.path.exists(os.path.join(plain, mark)) for mark in _MARKS):
        raise unwritable(label, "the folder holds no Zarr array; choose another name")
    if force:
        return
    if any(os.path.exists(name) and os.path.samefile(plain, name) for name in inputs):
        raise unwritable(label, "it is also an input; add --force to replace it by the result")
    raise unwritable(label, "it exists; add --force to replace it")


@contextlib.contextmanager
def scratch_folder(path: str) -> Iterator[str]:
    """An empty folder beside `path`, taken away at the end whatever happens.

    Raises:
        OutputError: it cannot be made.
    """
    made = _hidden_folder(path)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def put_aside(path: str) -> Iterator[str]:
    """An empty folder beside `path` for what is replaced, taken away with it when that is done.

    After a failure it is taken away only if all that was in it is back in its place.

    Raises:
        OutputError: it cannot be made.
    """
    made = _hidden_folder(path)
    try:
        yield made
    except BaseException:
        with contextlib.suppress(OSError):
            os.rmdir(made)
        raise
    shutil.rmtree(made, ignore_errors=True)


def _hidden_folder(path: str) -> str:
    parent = os.path.dirname(os.path.abspath(without_end(path)))
    try:
        # Not by mkdtemp: on Windows its folders are for their owner alone, under any later name.
        made = os.path.join(parent, f".convcalc-{token_hex(8)}.tmp")
        os.mkdir(made)
    except OSError as error:
        raise failure(quoted(path), error) from None
    return made


def rename_folder(made: str, path: str, *, force: bool) -> None:
    """Gives a complete folder its name; with `force`, the Zarr folder of that name is taken away.

    Raises:
        OutputError: it cannot be done, or may not. What was there is as it was.
    """
    plain = without_end(path)
    try:
        if force and os.path.lexists(plain):
            check_new_folder(path, force=True)  # it may be another one than when the work began
            _replace_folder(made, plain, quoted(path))
        else:
            place_folder(made, plain, quoted(path))
    except OSError as error:
        raise failure(quoted(path), error) from None


def _replace_folder(made: str, path: str, label: str) -> None:
    with put_aside(path) as aside:
        old = os.path.join(aside, "old")
        try:
            os.rename(path, old)
            place_folder(made, path, label)
        except BaseException:
            if os.path.lexists(old):
                os.rename(old, path)
            raise

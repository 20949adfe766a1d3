"""Several arrays become the files of one folder: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import stat
import string
from typing import TYPE_CHECKING

from convcalc.arrayfile.new_folder import put_aside, scratch_folder
from convcalc.arrayfile.placing import place_file, place_folder
from convcalc.arrayfile.target import check_output, check_parent
from convcalc.arrayfile.whole_file import dress, failure
from convcalc.arrayfile.wording import quoted, reason, unwritable
from convcalc.file_names import without_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SAFE = frozenset(string.ascii_letters + string.digits + "_.-")


def file_name(label: str) -> str:
    """The name of the `.npy` of a label: itself, what is not a plain character as %20.

    Different labels have different names, none of them a hidden file or a place elsewhere.
    """
    plain = "".join(
        c if c in _SAFE else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogatepass"))
        for c in label
    )
    return f"{'%2E' + plain[1:] if plain.startswith('.') else plain}.npy"


def check_folder(path: str, names: Sequence[str], *, force: bool, inputs: Sequence[str]) -> None:
    """Refuse a folder in which files of these names could not, or should not, be written.

    Args:
        path: The folder, which may be new.
        names: Of the files.
        force: Whether existing files may be replaced.
        inputs: The names of the inputs, as `read_array` takes them.

    Raises:
        OutputError: One cannot be written, or exists and `force` is not given.
    """
    label = quoted(path)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):  # making a folder of that name would fail
            raise unwritable(label, "it is a link to nothing; remove it first") from None
        check_parent(label, without_end(path))
        _check_lengths(path, names, os.path.dirname(os.path.abspath(path)))
        return
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unwritable(label, reason(error)) from None
    if not stat.S_ISDIR(status.st_mode):
        raise unwritable(label, "it is not a folder")
    _check_lengths(path, names, path)
    for name in names:
        place = os.path.join(path, name)
        check_output(place, force=force, inputs=inputs)
        if os.path.lexists(place) and not stat.S_ISREG(os.lstat(place).st_mode):
            raise unwritable(quoted(place), "it is a link or a device; remove it first")


def _check_lengths(path: str, names: Sequence[str], there: str) -> None:
    """Refuse names that are too long for the file system of a folder that is there."""
    most = os.pathconf(there, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    for name in names:
        if len(os.fsencode(name)) > most:
            raise unwritable(
                quoted(os.path.join(path, name)),
                f"its name has {len(os.fsencode(name)):,} bytes, at most {most} are possible; "
                f"give the layer a shorter label",
            )


@contextlib.contextmanager
def filled_folder(path: str, names: Sequence[str], *, force: bool) -> Iterator[str]:
    """A hidden folder for the files of a folder, which get there together at the end.

    A new folder takes its name in one step. Into one that is there the files are moved one by one:
    what they replace is put aside, and comes back if one of them cannot be moved. Left by an error
    or an interrupt, everything is as it was.

    Args:
        path: The folder.
        names: Of its files, all of which are in the hidden folder at the end.
        force: Whether files that are there are replaced.

    Raises:
        OutputError: Something cannot be written, or is there and `force` is not given.
    """
    there = os.path.isdir(path)
    # Inside a folder that is there: it may be a file system of its own.
    with scratch_folder(os.path.join(path, "beside") if there else path) as scratch:
        made = os.path.join(scratch, "made")
        with _failing(path):
            os.mkdir(made)
        _check_letters(path, names, made)
        yield made
        with _failing(path):
            if there or (force and os.path.isdir(path)):
                _move(made, path, names, force=force)
            else:
                place_folder(made, os.path.abspath(path), quoted(path))


@contextlib.contextmanager
def _failing(path: str) -> Iterator[None]:
    """An error of the system means that the folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise failure(quoted(path), error) from None


def _check_letters(path: str, names: Sequence[str], made: str) -> None:
    """Refuse names that the file system of a folder called "made" takes for the same."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name and os.path.exists(os.path.join(os.path.dirname(made), "MADE")):
            raise unwritable(
                quoted(os.path.join(path, name)),
                f"here it is the same file as {quoted(other)}; give the layers other labels",
            )


def _move(made: str, path: str, names: Sequence[str], *, force: bool) -> None:
    """Moves files into a folder: all, or none."""
    with put_aside(os.path.join(path, "beside")) as aside:
        moved: list[str] = []
        try:
            for name in names:
                moved.append(name)
                place, new = os.path.join(path, name), os.path.join(made, name)
                if force:
                    _keep(place, os.path.join(aside, name), new)
                place_file(new, place, quoted(place), force=force)
        except BaseException:
            _move_back(moved, made, aside, path)
            raise


def _keep(place: str, aside: str, new: str) -> None:
    """Keeps what is to be replaced under a second name, and gives its mode to the new file."""
    try:
        status = os.stat(place)
    except FileNotFoundError:
        return
    descriptor = os.open(new, os.O_RDONLY)
    try:
        dress(descriptor, status)
    finally:
        os.close(descriptor)
    try:
        os.link(place, aside)
    except OSError:  # not every file system has second names for a file
        os.rename(place, aside)


def _move_back(moved: Sequence[str], made: str, aside: str, path: str) -> None:
    """Makes a folder what it was; the last of the files may not have been moved."""
    for name in reversed(moved):
        place, new, old = (os.path.join(folder, name) for folder in (path, made, aside))
        with contextlib.suppress(OSError):
            if _are_one(old, place):
                os.unlink(old)  # a renaming would leave both names
            elif os.path.lexists(old):
                os.replace(old, place)
            elif _are_one(new, place) or not os.path.lexists(new):
                os.unlink(place)


def _are_one(one: str, other: str) -> bool:
    """Whether two names are of the same file."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:
        return False

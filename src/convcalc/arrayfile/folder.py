"""Several arrays become the files of one folder: what can be known before the first is written."""

from __future__ import annotations

import os
import stat
import string
from typing import TYPE_CHECKING

from convcalc.arrayfile.target import check_output, check_parent
from convcalc.arrayfile.wording import quoted, reason, unwritable

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        check_parent(label, path.rstrip(os.sep))
        return
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unwritable(label, reason(error)) from None
    if not stat.S_ISDIR(status.st_mode):
        raise unwritable(label, "it is not a folder")
    for name in names:
        check_output(os.path.join(path, name), force=force, inputs=inputs)


def make_folder(path: str) -> bool:
    """Make a folder; False if it is there already.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        os.mkdir(path)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(quoted(path), reason(error)) from None
    return True

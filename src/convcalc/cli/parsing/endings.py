"""Outputs named as files of another kind: refused, for their bytes would be those of NumPy."""

from __future__ import annotations

import os
import stat

from convcalc.cli.parsing.values import flag
from convcalc.errors import UsageError, printable
from convcalc.file_names import without_end

FILES = (
    *(".npy", ".npz", ".zarr", ".h5", ".mat", ".csv", ".txt", ".json", ".pt"),
    *(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm"),
)
"""Endings that no folder of feature maps is meant to have."""


def check_ending(name: str, path: str, written: tuple[str, ...]) -> None:
    """An output is named as what is written, or without an ending.

    Standard output, pipes and devices take the bytes whatever they are called.

    Args:
        name: Of the option.
        path: Its value.
        written: The endings that mean what is written, the usual one first.

    Raises:
        UsageError: it has another ending.
    """
    stem, ending = os.path.splitext(path)
    if ending.lower() in ("", ".", *written) or _flows_away(path):
        return
    raise UsageError(
        f"{flag(name)}: '{printable(ending, 60)}' is not written; the result is one array, "
        f"{' or '.join(written)}: name it '{printable(stem)}{written[0]}'"
    )


def check_folder_name(name: str, path: str) -> None:
    """A new folder is not named as a file.

    Raises:
        UsageError: it is.
    """
    ending = os.path.splitext(without_end(path))[1]
    if ending.lower() in FILES and not os.path.exists(path):
        raise UsageError(
            f"{flag(name)}: expected a folder, got '{printable(path)}'; it gets a .npy per layer"
        )


def _flows_away(path: str) -> bool:
    """Whether there is something at a path that is neither a file nor a folder."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # ValueError: a name with a NUL byte
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)

"""`FILE.npz:MEMBER` and `FOLDER.zarr:NAME`: the name of one array among several."""

from __future__ import annotations

import os

from convcalc.file_names import without_end

ARCHIVE = ".npz"
ZARR = ".zarr"


def split_member(path: str) -> tuple[str, str | None]:
    """The file and the member of `FILE.npz:MEMBER`; no member for every other name.

    A file that has the whole name comes first: colons are legal in file names.
    """
    cut = path.lower().find(ARCHIVE + ":")
    if cut < 0 or os.path.lexists(path):
        return path, None
    cut += len(ARCHIVE)
    return path[:cut], path[cut + 1 :]


def is_zarr(path: str) -> bool:
    """Whether a name stands for a zarr folder, or for an array in one: by its ending alone."""
    return split_array(path)[0].lower().endswith(ZARR)


def split_array(path: str) -> tuple[str, str | None]:
    """The folder and the array of `FOLDER.zarr:NAME`; no array for every other name.

    A folder that has the whole name comes first: colons are legal in file names.
    """
    cut = path.lower().find(f"{ZARR}:")
    if cut < 0 or os.path.lexists(path):
        return without_end(path) or path, None
    cut += len(ZARR)
    return path[:cut], path[cut + 1 :]

"""`FILE.npz:MEMBER`: the name of one array in an archive."""

from __future__ import annotations

import os

ARCHIVE = ".npz"


def split_member(path: str) -> tuple[str, str | None]:
    """The file and the member of `FILE.npz:MEMBER`; no member for every other name.

    A file that has the whole name comes first: colons are legal in file names.
    """
    cut = path.lower().find(ARCHIVE + ":")
    if cut < 0 or os.path.lexists(path):
        return path, None
    cut += len(ARCHIVE)
    return path[:cut], path[cut + 1 :]

"""Arrays become the members of a `.npz`: a whole archive, or none."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

from convcalc.arrayfile.target import resolve
from convcalc.arrayfile.whole_file import WRITE_CHUNK, failing, make_file, write_all
from convcalc.arrayfile.wording import unwritable
from convcalc.arrayfile.writing import header_bytes, pieces

if TYPE_CHECKING:
    from collections.abc import Buffer, Iterable  # type: ignore[attr-defined]

    from convcalc.arrayfile.npy import Array

_DAY = (1980, 1, 1, 0, 0, 0)
"""The first day that a zip archive can name: the same arrays always give the same bytes."""


def write_archive(
    path: str, arrays: Iterable[tuple[str, Array]], nbytes: int, *, force: bool = True
) -> None:
    """Write arrays as `.npz`, not compressed, one after the other as they come.

    A file is replaced as a whole, as by `write_array`.

    Args:
        path: The file, taken as it is (no ending is added).
        arrays: The name and contents of each member.
        nbytes: Of all arrays together, for which room is made beforehand.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        OutputError: It cannot be written, or is no file. A file that was there is as it was.
        ResourceError: There is no room on the disk, or no memory.
    """
    target = resolve(path)
    if not target.is_file:
        raise unwritable(target.label, "an archive is written to a file only; name one")
    with failing(target.label):
        make_file(target, nbytes, lambda end: _pack(end, arrays), force=force)


def _pack(descriptor: int, arrays: Iterable[tuple[str, Array]]) -> None:
    with zipfile.ZipFile(_Sink(descriptor), "w") as archive:
        for name, array in arrays:
            entry = zipfile.ZipInfo(f"{name}.npy", _DAY)
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as member:
                member.write(header_bytes(array))
                for piece in pieces(array):
                    data = piece.view("u1").data
                    for begin in range(0, len(data), WRITE_CHUNK):
                        member.write(data[begin : begin + WRITE_CHUNK])


class _Sink(io.RawIOBase):
    """A descriptor as a file object that writes everything or fails: nothing waits in a buffer."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR)

    def write(self, data: Buffer) -> int:
        view = memoryview(data)
        write_all(self._descriptor, view)
        return len(view)

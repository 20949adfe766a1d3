"""`run --save-all`: the output of every layer becomes a file as soon as it is computed."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from convcalc.arrayfile import check_folder, make_folder, write_array
from convcalc.arrayfile.folder import file_name
from convcalc.cli.endings import check_folder_name
from convcalc.errors import UsageError, printable
from convcalc.render.results import MapRow, key_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


class SavedMaps:
    """The folder, and a row for each feature map that is in it.

    Raises:
        UsageError: the name of the folder means standard output, or a file.
    """

    def __init__(self, folder: str) -> None:
        if folder == "-":
            raise UsageError("--save-all: expected a folder, got '-'")
        check_folder_name("save_all", folder)
        self.folder = folder
        self.rows: list[MapRow] = []
        self.bytes = 0

    def check(self, labels: Sequence[str], *, force: bool, inputs: Sequence[str]) -> None:
        """Refuse before the work is done what could not, or should not, be written.

        Raises:
            OutputError: a file exists and `force` is not given, or cannot be written.
        """
        names = [file_name(label) for label in labels]
        check_folder(self.folder, names, force=force, inputs=inputs)

    def save(self, label: str, array: np.ndarray) -> None:
        """Write one map, and remember its figures and not its numbers.

        Raises:
            OutputError: it cannot be written; a folder that was made for it is gone again.
        """
        made = make_folder(self.folder)
        path = os.path.join(self.folder, file_name(label))
        try:
            write_array(path, array)
        except BaseException:
            if made:
                with contextlib.suppress(OSError):
                    os.rmdir(self.folder)
            raise
        self.bytes += array.nbytes
        self.rows.append(MapRow(label, path, array.shape, array.dtype.name, key_figures(array)))

    def summary(self) -> str:
        """What was written, in one line."""
        number = len(self.rows)
        return (
            f"wrote {number:,} feature map{'s' * (number != 1)} to {printable(self.folder)} "
            f"({self.bytes:,} bytes)"
        )

"""`run --save-all`: the output of every layer becomes a file; all of them, or none."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from convcalc.arrayfile import check_folder, filled_folder, write_array
from convcalc.arrayfile.folder import file_name
from convcalc.cli.parsing.endings import check_folder_name
from convcalc.errors import UsageError, printable
from convcalc.render.results import MapRow, key_figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        self._names: list[str] = []
        self._force = False
        self._made = folder
        self.bytes = 0

    def check(
        self,
        labels: Sequence[str],
        output: str | None,
        *,
        force: bool,
        inputs: Sequence[str],
    ) -> None:
        """Refuse before the work is done what could not, or should not, be written.

        Args:
            labels: Of all layers that are computed.
            output: The file for the result, if there is one.
            force: Whether existing files may be replaced.
            inputs: The names of the inputs.

        Raises:
            OutputError: a file exists and `force` is not given, or cannot be written.
            UsageError: the result is to be one of the maps.
        """
        self._names = [file_name(label) for label in labels]
        self._force = force
        check_folder(self.folder, self._names, force=force, inputs=inputs)
        own = {os.path.join(os.path.realpath(self.folder), name) for name in self._names}
        if output is not None and os.path.realpath(output) in own:
            raise UsageError(
                f"--output: '{printable(output)}' is one of the files of --save-all; name another"
            )

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Maps that are saved in it are in their folder at the end, and nothing after a failure.

        Raises:
            OutputError: they cannot be written.
        """
        with filled_folder(self.folder, self._names, force=self._force) as self._made:
            yield

    def save(self, label: str, array: np.ndarray) -> None:
        """Write one map, and remember its figures and not its elements.

        Raises:
            OutputError: it cannot be written.
        """
        name = file_name(label)
        path = os.path.join(self.folder, name)
        write_array(os.path.join(self._made, name), array, force=False, label=path)
        self.bytes += array.nbytes
        self.rows.append(MapRow(label, path, array.shape, array.dtype.name, key_figures(array)))

    def summary(self) -> str:
        """What was written, in one line."""
        number = len(self.rows)
        return (
            f"wrote {number:,} feature map{'s' * (number != 1)} to {printable(self.folder)} "
            f"({self.bytes:,} bytes)"
        )

"""Models that other programs have saved, recognised by what is in their files."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError, ParameterError
from convcalc.opening import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network

SIGN_BYTES = 8
HDF5_SIGN = b"\x89HDF\r\n\x1a\n"
TFLITE_SIGN = b"TFL3"
ZIP_SIGN = b"PK\x03\x04"

SCRIPT_MEMBER = "constants.pkl"
"""A member of what torch.jit.save writes, in a folder, and of nothing else."""

EXPORTED = {"models/model.json", "serialized_exported_program.json"}
"""Members of what torch.export saves, without the folder that newer versions put them in."""


def is_model_file(path: str) -> bool:
    """Whether a file begins as those that hold one model do."""
    head = _head(path)
    return head is not None and (
        head.startswith(ZIP_SIGN) or head == HDF5_SIGN or head[4:8] == TFLITE_SIGN
    )


def _head(path: str) -> bytes | None:
    """The first bytes of a file; None where it cannot be read, which is left to whoever does."""
    if path == "-" or not os.path.isfile(path):
        return None
    try:
        with open(open_regular(path, path), "rb") as file:
            return file.read(SIGN_BYTES)
    except (OSError, ValueError):
        return None


def read_model_file(path: str, given: Sequence[GivenInput] = ()) -> Network | None:
    """The network of a model in a file; None where the file is of no such kind.

    Args:
        path: The file.
        given: The inputs that it is asked about, in its order.

    Raises:
        DataError: the file is damaged, or has what cannot be read.
        UsageError: a library is missing, or the model takes another input.
        ParameterError: an input has a name.
    """
    kind = kind_of_model(path)
    if kind is None:
        return None
    shapes = shapes_of(given)
    return DOORS[kind](path, shapes[0] if shapes else None, shapes[1:])


def shapes_of(given: Sequence[GivenInput]) -> list[Shape]:
    """The shapes of inputs that have no names.

    Raises:
        ParameterError: one has.
    """
    for one in given:
        if one.name:
            raise ParameterError(one.name, "inputs of this file are told by their places alone")
    return [one.shape for one in given]


def kind_of_model(path: str) -> str | None:
    """What wrote a file, by its content: a name of `DOORS`; None where it is no such model.

    Raises:
        DataError: it is a damaged archive.
    """
    head = _head(path)
    if head is None:
        return None
    if head.startswith(ZIP_SIGN):
        return _kind_of_zip(path)
    if head == HDF5_SIGN:
        return "hdf5"
    return "tflite" if head[4:8] == TFLITE_SIGN else None


def _kind_of_zip(path: str) -> str | None:
    """A model of Keras or of torch.export; other archives are none."""
    from convcalc.arrayfile.archive import opened_zip

    with opened_zip(path, "a zip archive") as (_, archive):
        names = set(archive.namelist())
    if "config.json" in names and names & {"metadata.json", "model.weights.h5"}:
        return "keras"
    inside = {*names, *(name.partition("/")[2] for name in names)}
    return "pt2" if inside & EXPORTED else None


def is_script(path: str) -> bool:
    """Whether a file is a program of TorchScript; what cannot be read is left to whoever does."""
    try:
        with open(open_regular(path, path), "rb") as file:
            if not file.read(SIGN_BYTES).startswith(ZIP_SIGN):
                return False
        with zipfile.ZipFile(path) as archive:
            return any(name.partition("/")[2] == SCRIPT_MEMBER for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, ConvcalcError):
        return False


def _read_hdf5(path: str, shape: Shape | None, further: Sequence[Shape]) -> Network:
    from convcalc.importers.keras.file import config_of_hdf5
    from convcalc.importers.keras.model import network_of

    return network_of(config_of_hdf5(path), shape, path, further)


def _read_tflite(path: str, shape: Shape | None, further: Sequence[Shape]) -> Network:
    from convcalc.importers.tflite.model import network_of

    return network_of(path, shape, further)


def _read_keras(path: str, shape: Shape | None, further: Sequence[Shape]) -> Network:
    from convcalc.importers.keras.file import config_of
    from convcalc.importers.keras.model import network_of

    return network_of(config_of(path), shape, path, further)


def _read_exported(path: str, shape: Shape | None, further: Sequence[Shape]) -> Network:
    from convcalc.importers.pt2.model import network_of

    return network_of(path, shape, further)


DOORS: dict[str, Callable[[str, Shape | None, Sequence[Shape]], Network]] = {
    "keras": _read_keras,
    "hdf5": _read_hdf5,
    "pt2": _read_exported,
    "tflite": _read_tflite,
}
"""What reads each kind of file."""

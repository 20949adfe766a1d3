"""The configuration of a model in a file of Keras: `.keras`, a zip archive, or `.h5`."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Protocol

from convcalc.arrayfile.archive import member_bytes
from convcalc.errors import DataError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BytesIO

    import numpy as np

    from convcalc.importers.keras.graph import Config

MAX_CONFIG = 64 * 2**20
"""Bytes of a configuration: those of large models have less than 2 MB."""

NO_WEIGHTS = ("optimizer", "optimizer_weights")
"""Groups of an HDF5 file of Keras that belong to training."""


class Dataset(Protocol):
    """An array in an HDF5 file, which h5py reads when numpy asks for it."""

    @property
    def size(self) -> int:
        """Its elements."""

    @property
    def dtype(self) -> np.dtype:
        """The type of each."""

    @property
    def external(self) -> object:
        """The files beside this one that hold it; None if it lies here."""

    @property
    def is_virtual(self) -> bool:
        """Whether it is put together of arrays elsewhere."""

    def __array__(self) -> np.ndarray: ...


class Group(Protocol):
    """A group of an HDF5 file, or the file: datasets and further groups by their names."""

    @property
    def attrs(self) -> Mapping[str, object]:
        """What is said of it."""

    def get(self, name: str, *, getlink: bool) -> object:
        """A member, or the link that leads to it."""

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, name: str) -> object: ...


def config_of(path: str) -> Config:
    """The model's configuration in a `.keras` file.

    Raises:
        DataError: the archive is damaged, or has no configuration.
    """
    text = member_bytes(path, "config.json", MAX_CONFIG, "a .keras file")
    return _parsed(text, path)


def config_of_hdf5(path: str) -> Config:
    """The model's configuration in an `.h5` file.

    Raises:
        UsageError: h5py is not installed.
        DataError: it cannot be read, or holds weights alone.
    """
    try:
        import h5py
    except ImportError:
        raise UsageError(
            "an .h5 model of Keras needs h5py; pip install 'convcalc[keras]' brings it"
        ) from None
    shown = printable(path)
    arrays: list[int] = []

    def count(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and name.partition("/")[0] not in NO_WEIGHTS:
            arrays.append(int(item.size or 0))

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            if text is None:
                file.visititems(count)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise DataError(f"cannot read '{shown}' as HDF5: {reason}") from None
    if text is None:
        raise DataError(
            f"'{shown}' is HDF5 without an architecture: {sum(arrays):,} numbers in "
            f"{len(arrays):,} arrays; Keras writes both with model.save"
        )
    return _parsed(text if isinstance(text, bytes) else str(text), path)


@contextlib.contextmanager
def opened(path: str, data: BytesIO | None = None) -> Iterator[Group]:
    """An HDF5 file, or one in memory that was read from it.

    Raises:
        UsageError: h5py is not installed.
        DataError: it is damaged.
    """
    try:
        import h5py
    except ImportError:
        raise UsageError(
            "the weights of a model of Keras need h5py; pip install 'convcalc[keras]' brings it"
        ) from None
    try:
        with h5py.File(path if data is None else data, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise DataError(f"cannot read '{printable(path)}' as HDF5: {reason}") from None


def group_in(group: Group, name: str) -> Group | None:
    """The group of that name in a group; None where there is none, or a link leads elsewhere."""
    import h5py

    found = _member(group, name)
    return found if isinstance(found, h5py.Group) else None


def array_in(group: Group, name: str) -> Dataset | None:
    """The array of that name in a group; None where there is none, or a link leads elsewhere."""
    import h5py

    found = _member(group, name)
    return found if isinstance(found, h5py.Dataset) else None


def _member(group: Group, name: str) -> object:
    """A member of a group that lies in the file itself; None for a link to what lies elsewhere."""
    import h5py

    return group[name] if isinstance(group.get(name, getlink=True), h5py.HardLink) else None


def _parsed(text: str | bytes, path: str) -> Config:
    shown = printable(path)
    if len(text) > MAX_CONFIG:
        raise DataError(f"the configuration in '{shown}' has over {MAX_CONFIG:,} bytes")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"the configuration in '{shown}' is no JSON, or damaged") from None
    if not isinstance(config, dict):
        raise DataError(f"the configuration in '{shown}' describes no model")
    return config

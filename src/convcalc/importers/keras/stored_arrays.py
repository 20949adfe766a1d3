"""The arrays in a file of Keras by the paths of their layers, as HDF5 holds them."""

from __future__ import annotations

import contextlib
import io
from itertools import count, takewhile
from typing import TYPE_CHECKING

from convcalc.arrayfile.archive import member_bytes, opened_zip
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.wording import quoted, too_large
from convcalc.errors import DataError, printable
from convcalc.importers.keras.file import array_in, group_in, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcalc.importers.keras.file import Dataset, Group

INSIDE = "model.weights.h5"


@contextlib.contextmanager
def stored_arrays(path: str, wanted: set[str]) -> Iterator[Mapping[str, Sequence[Dataset]]]:
    """The arrays of each layer by its path, not read yet, in Keras's order; the file stays open.

    Args:
        path: A `.keras` or an `.h5`.
        wanted: The paths of layers.

    Raises:
        DataError: the file is damaged, or an array lies elsewhere.
        ResourceError: there is not enough memory for the arrays.
    """
    zipped, label = is_zip(path), quoted(path)
    with _opened(path, zipped=zipped) as file:
        stored = dict(_of_groups(file, "") if zipped else _of_lists(file, wanted, label))
        _check([one for own in stored.values() for one in own], label)
        yield stored


def is_zip(path: str) -> bool:
    """Whether a file is a `.keras`, and no HDF5 by itself."""
    with open(path, "rb") as file:
        return file.read(2) == b"PK"


@contextlib.contextmanager
def _opened(path: str, *, zipped: bool) -> Iterator[Group]:
    """The HDF5 file with the arrays; of a `.keras` it is read into memory.

    Raises:
        ResourceError: there is not enough memory.
        DataError: it is damaged.
    """
    if not zipped:
        with opened(path) as file:
            yield file
        return
    with opened_zip(path, "a .keras file") as (_, archive):
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    if INSIDE not in sizes:
        raise DataError(f"{quoted(path)} has no {INSIDE}: it holds no weights")
    limit = available_memory()
    if limit is not None and 2 * sizes[INSIDE] > limit:
        raise too_large(quoted(path), 2 * sizes[INSIDE], limit)
    data = member_bytes(path, INSIDE, sizes[INSIDE], "a .keras file")
    with opened(path, io.BytesIO(data)) as file:
        yield file


def _of_groups(group: Group, path: str) -> Iterator[tuple[str, list[Dataset]]]:
    """The arrays of every layer by its path, in the groups of a `.keras` file."""
    for layer in _groups_in(group_in(group, "layers")).values():
        variables = group_in(layer, "vars")
        name = "" if variables is None else str(variables.attrs.get("name", ""))
        own = f"{path}.{name}".removeprefix(".")
        yield from _of_groups(layer, own)
        yield own, list(_arrays_in(layer))


def _arrays_in(group: Group) -> Iterator[Dataset]:
    """The arrays of a layer, then those of the layers that are its parts."""
    variables = group_in(group, "vars")
    if variables is not None:
        arrays = [array_in(variables, name) for name in sorted(variables, key=_place)]
        yield from (array for array in arrays if array is not None)
    for name, part in _groups_in(group).items():
        if name not in ("vars", "layers"):
            yield from _arrays_in(part)


def _place(name: str) -> tuple[int, str]:
    """Where an array comes among those of its layer, which are called 0, 1, ..., 10."""
    return (len(name), name) if name.isdecimal() else (0, "")


def _groups_in(group: Group | None) -> dict[str, Group]:
    """The groups in a group by their names, of none none; links to others are not followed."""
    if group is None:
        return {}
    found = {name: group_in(group, name) for name in group}
    return {name: one for name, one in found.items() if one is not None}


def _of_lists(file: Group, wanted: set[str], label: str) -> Iterator[tuple[str, list[Dataset]]]:
    """The arrays of every layer by its path, as an `.h5` file lists them."""
    found: dict[str, list[Dataset]] = {}
    for name, group in _groups_in(group_in(file, "model_weights")).items():
        for text in _listed(group):
            words = text.split("/")[:-1]
            words = words if words[:1] == [name] else [name, *words]
            paths = [".".join(words[:end]) for end in range(len(words), 0, -1)]
            path = next((one for one in paths if one in wanted), None)
            if path is None:
                continue
            array = _array_at(group, text)
            if array is None:
                raise DataError(f"{label} lists '{printable(text, 60)}', and does not hold it")
            found.setdefault(path, []).append(array)
    yield from found.items()


def _listed(group: Group) -> list[str]:
    """The names of its arrays that a group lists, in their order; many are in several lists.

    Source: Keras 3, src/legacy/saving/legacy_h5_format.py, save_attributes_to_hdf5_group.
    """
    import numpy as np

    parts = (f"weight_names{number}" for number in count())
    several = list(takewhile(lambda name: name in group.attrs, parts))
    given = [group.attrs[name] for name in ("weight_names", *several) if name in group.attrs]
    names = [one for names in given for one in np.array(names, dtype=object).reshape(-1)]
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in names]


def _array_at(group: Group, path: str) -> Dataset | None:
    """The array of a path such as dense/kernel:0; None where there is none in the file itself."""
    *groups, name = path.split("/")
    found: Group | None = group
    for one in groups:
        found = None if found is None else group_in(found, one)
    return None if found is None else array_in(found, name)


def _check(arrays: Sequence[Dataset], label: str) -> None:
    """Refuses arrays that lie elsewhere, and more than there is memory for."""
    if any(one.external or one.is_virtual for one in arrays):
        raise DataError(f"{label} has arrays in other files, which are not read")
    needed = 3 * sum(int(one.size) * one.dtype.itemsize for one in arrays)
    limit = available_memory()
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)

"""The arrays in a file of Keras by the paths of their layers, as HDF5 holds them."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

from convcalc.arrayfile.archive import member_bytes, opened_zip
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.wording import quoted, too_large
from convcalc.errors import DataError, printable
from convcalc.importers.keras.file import is_hard_link, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INSIDE = "model.weights.h5"


@contextlib.contextmanager
def stored_arrays(path: str, wanted: set[str]) -> Iterator[Mapping[str, Sequence[Any]]]:
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
def _opened(path: str, *, zipped: bool) -> Iterator[Any]:
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


def _of_groups(group: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """The arrays of every layer by its path, in the groups of a `.keras` file."""
    for layer in _own_items(group.get("layers", {})).values():
        variables = layer.get("vars")
        name = "" if variables is None else str(variables.attrs.get("name", ""))
        own = f"{path}.{name}".removeprefix(".")
        inner = layer.get("layers")
        if inner is not None:
            yield from _of_groups(layer, own)
        yield own, list(_arrays_in(layer))


def _arrays_in(group: Any) -> Iterator[Any]:
    """The arrays of a layer, then those of the layers that are its parts."""
    items = _own_items(group)
    variables = _own_items(items.get("vars", {}))
    for name in sorted(variables, key=lambda one: int(one) if one.isdigit() else -1):
        yield variables[name]
    for name, item in items.items():
        if name not in ("vars", "layers") and hasattr(item, "keys"):
            yield from _arrays_in(item)


def _own_items(group: Any) -> dict[str, Any]:
    """The members of a group that lie in the file itself: links to others are not followed."""
    if not hasattr(group, "keys"):
        return {}
    return {str(name): group[name] for name in group if is_hard_link(group, name)}


def _of_lists(file: Any, wanted: set[str], label: str) -> Iterator[tuple[str, list[Any]]]:
    """The arrays of every layer by its path, as an `.h5` file lists them."""
    found: dict[str, list[Any]] = {}
    for name, group in _own_items(_own_items(file).get("model_weights")).items():
        for entry in group.attrs.get("weight_names", ()):
            text = entry.decode() if isinstance(entry, bytes) else str(entry)
            words = text.split("/")[:-1]
            words = words if words[:1] == [name] else [name, *words]
            paths = [".".join(words[:end]) for end in range(len(words), 0, -1)]
            path = next((one for one in paths if one in wanted), None)
            if path is None:
                continue
            if text not in group:
                raise DataError(f"{label} lists '{printable(text, 60)}', and does not hold it")
            found.setdefault(path, []).append(group[text])
    yield from found.items()


def _check(arrays: Sequence[Any], label: str) -> None:
    """Refuses arrays that lie elsewhere, and more than there is memory for."""
    if any(one.external or one.is_virtual for one in arrays):
        raise DataError(f"{label} has arrays in other files, which are not read")
    needed = 3 * sum(int(one.size) * one.dtype.itemsize for one in arrays)
    limit = available_memory()
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)

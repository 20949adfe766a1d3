"""What a zarr folder declares, checked before zarr, or any codec that it names, is run.

A zarr array is a folder: a small JSON text (`zarr.json`, in version 2 `.zarray`) beside its chunks.
The text names codecs, some of which unpickle what they read; so only those that numbers need are
let in.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from convcalc.arrayfile.source import open_file
from convcalc.arrayfile.wording import quoted, reason, unreadable
from convcalc.errors import ConvcalcError, DataError, nearest, printable
from convcalc.file_names import without_end

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = ".zarr"

MAX_METADATA = 1 << 20
"""Bytes of a JSON text."""

MAX_CHUNK = 1 << 31
"""Bytes of a chunk: one declared larger would be asked of the memory at its first element."""

MAX_DIMENSIONS = 32
MAX_BYTES = 2**63
MAX_DEPTH = 8
MAX_NODES = 1000
"""Folders of a group that are looked into, and how far down."""

DTYPES = re.compile(r"(?:bool|(?:u?int(?:8|16|32|64))|float(?:16|32|64))")
OLD_DTYPES = re.compile(r"[<>|=](?:b1|[iu][1248]|f[248])")
CODECS = frozenset(
    {
        *("adler32", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta", "endian", "gzip", "lz4"),
        *("lzma", "sharding_indexed", "shuffle", "transpose", "zlib", "zstd"),
    }
)
"""Codecs from numbers to bytes and back, without the prefix of those that numcodecs brings."""

_LISTED = 10


class Layout(NamedTuple):
    """A zarr array as it is declared.

    Attributes:
        folder: Where its metadata is.
        version: 2 or 3, of the format.
        shape: Of the array.
        chunks: Of each chunk.
        dtype: Of the elements, in native byte order.
        label: The array's name for messages.
    """

    folder: str
    version: int
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[np.generic]
    label: str

    @property
    def metadata(self) -> str:
        """The JSON text in its folder."""
        return os.path.join(self.folder, "zarr.json" if self.version == 3 else ".zarray")

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the elements of a chunk."""
        return math.prod(self.chunks) * self.dtype.itemsize


def is_zarr(path: str) -> bool:
    """Whether a name stands for a zarr folder, or for an array in one: by its ending alone."""
    return split_array(path)[0].lower().endswith(ENDING)


def split_array(path: str) -> tuple[str, str | None]:
    """The folder and the array of `FOLDER.zarr:NAME`; no array for every other name.

    A folder that has the whole name comes first: colons are legal in file names.
    """
    cut = path.lower().find(f"{ENDING}:")
    if cut < 0 or os.path.lexists(path):
        return without_end(path) or path, None
    cut += len(ENDING)
    return path[:cut], path[cut + 1 :]


def read_layout(path: str) -> Layout:
    """The one array that `FOLDER.zarr`, or `FOLDER.zarr:NAME`, stands for.

    Raises:
        DataError: there is none, or there are several, or what it declares cannot be used.
    """
    folder, name = split_array(path)
    label = quoted(folder)
    try:
        status = os.stat(folder)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unreadable(label, error) from None
    if not stat.S_ISDIR(status.st_mode):
        raise DataError(f"cannot read {label}: it is a file, expected a zarr folder")
    found = dict(_arrays(folder))
    if name is None:
        name = _only(label, path, found)
    elif name not in found:
        hint = printable(nearest(name, list(found)))
        raise DataError(f"{label} has no array {quoted(name)}; {_contents(found)}{hint}")
    return _layout(found[name], label if not name else quoted(f"{folder}:{name}"))


def _only(label: str, path: str, found: dict[str, str]) -> str:
    """The name of the only array, empty for the folder itself."""
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise DataError(
            f"{label} holds no zarr array: no zarr.json and no .zarray; save one with "
            "zarr.save_array"
        )
    raise DataError(
        f"{label} is not one array; {_contents(found)}; name one as {quoted(f'{path}:NAME')}"
    )


def _contents(found: dict[str, str]) -> str:
    """The names of the arrays, the first few if there are many."""
    if list(found) == [""]:
        return "it is one array itself"
    names = [quoted(name) for name in found]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"it holds {', '.join(names[:_LISTED])}{more}"


def _arrays(folder: str) -> Iterator[tuple[str, str]]:
    """(name, folder) of every array of a group, or of the array that the folder is."""
    nodes = [("", folder)]
    seen = 0
    while nodes:
        name, place = nodes.pop(0)
        seen += 1
        if seen > MAX_NODES:
            raise DataError(f"{quoted(folder)} has more than {MAX_NODES:,} folders; name an array")
        kind = _kind(place)
        if kind == "array":
            yield name, place
        elif kind == "group" and name.count("/") < MAX_DEPTH:
            nodes += [
                (f"{name}/{child}".lstrip("/"), f"{place}/{child}") for child in _below(place)
            ]


def _below(folder: str) -> list[str]:
    """The folders in a folder; links are not followed, which could lead round in circles."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        raise unreadable(quoted(folder), error) from None


def _kind(folder: str) -> str | None:
    """Whether a folder is an "array" or a "group"; None for any other."""
    if os.path.isfile(os.path.join(folder, "zarr.json")):
        return str(_metadata(os.path.join(folder, "zarr.json")).get("node_type"))
    if os.path.isfile(os.path.join(folder, ".zarray")):
        return "array"
    return "group" if os.path.isfile(os.path.join(folder, ".zgroup")) else None


def _metadata(path: str) -> dict[str, Any]:
    """A JSON text of bounded size, which must be an object."""
    source = open_file(path)
    with source.stream:
        if source.size > MAX_METADATA:
            raise DataError(
                f"{source.label} has {source.size:,} bytes, expected at most {MAX_METADATA:,}"
            )
        try:
            data = json.loads(source.take(source.size))
        except OSError as error:
            raise unreadable(source.label, error) from None
        except (ValueError, RecursionError) as error:
            raise DataError(f"{source.label} is no JSON: {reason(error)}; copy it again") from None
    if not isinstance(data, dict):
        raise DataError(f"{source.label} is no JSON object; copy it again")
    return data


def _layout(folder: str, label: str) -> Layout:
    """The declaration of one array, checked."""
    new = os.path.join(folder, "zarr.json")
    try:
        if os.path.isfile(new):
            return _new_layout(_metadata(new), folder, label)
        return _old_layout(_metadata(os.path.join(folder, ".zarray")), folder, label)
    except ConvcalcError:
        raise
    except Exception as error:
        # What is missing, or of another type, shows itself in as many ways as JSON has.
        raise DataError(f"{label} has invalid metadata ({reason(error)}); save it again") from None


def _new_layout(data: dict[str, Any], folder: str, label: str) -> Layout:
    """The layout that metadata of version 3 describes."""
    _check_dtype(label, data["data_type"], DTYPES)
    dtype = np.dtype(data["data_type"])
    grid = data["chunk_grid"]
    if grid["name"] != "regular":
        raise DataError(
            f"{label} has chunks in a {printable(str(grid['name']))} grid, not a regular"
        )
    chunks = grid["configuration"]["chunk_shape"]
    shape, chunks = _check_sizes(label, data["shape"], chunks, dtype.itemsize)
    _check_codecs(label, data["codecs"], "name")
    return Layout(folder, 3, shape, chunks, dtype, label)


def _old_layout(data: dict[str, Any], folder: str, label: str) -> Layout:
    """The layout that metadata of version 2 describes."""
    _check_dtype(label, data["dtype"], OLD_DTYPES)
    dtype = np.dtype(data["dtype"]).newbyteorder("=")
    shape, chunks = _check_sizes(label, data["shape"], data["chunks"], dtype.itemsize)
    compressor = data.get("compressor")
    codecs = [*(data.get("filters") or []), *([compressor] if compressor else [])]
    _check_codecs(label, codecs, "id")
    return Layout(folder, 2, shape, chunks, dtype, label)


def _check_dtype(label: str, declared: object, known: re.Pattern[str]) -> None:
    if not isinstance(declared, str) or not known.fullmatch(declared):
        raise DataError(
            f"{label} is of dtype {printable(str(declared), 80)}, expected booleans, integers or "
            "floats of at most 64 bits; convert it before saving"
        )


def _check_sizes(
    label: str, shape: object, chunks: object, itemsize: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Refuse what is no shape, and every shape that memory could not even be asked for."""
    if not _are_sizes(shape, 0) or not _are_sizes(chunks, 1) or len(shape) != len(chunks):
        raise DataError(
            f"{label} declares the shape {printable(str(shape))} in chunks of "
            f"{printable(str(chunks))}, expected as many whole numbers in both"
        )
    if math.prod(max(1, n) for n in shape) * itemsize >= MAX_BYTES:
        raise DataError(f"{label} declares the shape {printable(str(shape))}, 2^63 bytes or more")
    size = math.prod(chunks) * itemsize
    if size > MAX_CHUNK:
        raise DataError(
            f"{label} has chunks of {size:,} bytes, expected at most {MAX_CHUNK:,}; save it again "
            "in smaller chunks"
        )
    return tuple(shape), tuple(chunks)


def _are_sizes(sizes: object, least: int) -> TypeGuard[list[int]]:
    return (
        isinstance(sizes, list)
        and len(sizes) <= MAX_DIMENSIONS
        and all(type(n) is int and least <= n < MAX_BYTES for n in sizes)
    )


def _check_codecs(label: str, codecs: list[dict[str, Any]], key: str) -> None:
    """Refuse every codec but those that turn numbers into bytes, and those in shards likewise."""
    for codec in codecs:
        name = codec[key]
        if str(name).removeprefix("numcodecs.") not in CODECS:
            raise DataError(
                f"{label} is stored with the codec {quoted(str(name))}, expected one of "
                f"{', '.join(sorted(CODECS))}; save it with one of these"
            )
        more = codec.get("configuration") or {}
        for inner in ("codecs", "index_codecs"):
            _check_codecs(label, more.get(inner) or [], key)

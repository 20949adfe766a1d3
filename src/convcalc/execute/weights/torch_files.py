"""The tensors of a file of torch.save. It is a pickle: one that wants more than tensors is refused.

`torch.load(weights_only=True)` reads it, which knows tensors and containers and calls nothing else.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile.archive import opened_zip
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.source import Source, open_file
from convcalc.arrayfile.torch_pickle import WRAPPERS
from convcalc.arrayfile.wording import quoted, too_large, unreadable
from convcalc.errors import ConvcalcError, DataError, UsageError, printable
from convcalc.execute.arrays.dtypes import FLOATS, INTEGERS
from convcalc.opening import open_regular

if TYPE_CHECKING:
    import numpy as np
    import torch

_GLOBAL = re.compile(r"GLOBAL\s+([\w.]+)")
_CAUSE = re.compile("WeightsUnpickler error:")
_SAVE = "save the weights alone: torch.save(model.state_dict(), 'weights.pth')"
_BYTES = 8
"""The most bytes that an element takes here."""


class TorchWeights(NamedTuple):
    """Arrays by name, how many of them were bfloat16, and what was done."""

    arrays: dict[str, np.ndarray]
    widened: int
    notes: tuple[str, ...]


def read_torch(path: str) -> TorchWeights:
    """The tensors of a file as arrays by name, those of bfloat16 as float32.

    Raises:
        UsageError: torch is not installed.
        DataError: the file is not of torch.save, is damaged, wants code, or holds no weights.
        ResourceError: the arrays need more memory than is available.
    """
    if find_spec("torch") is None:
        raise UsageError(
            "torch, which reads .pth, .pt, .ckpt and .bin files, is not installed; "
            "pip install 'convcalc[torch]' brings it"
        )
    label = quoted(path)
    _check_archive(path)
    tensors, notes = _named(label, _loaded(path, label))
    limit = available_memory()
    needed = sum(tensor.numel() for tensor in tensors.values()) * _BYTES
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)
    arrays = {name: _array(label, name, tensor) for name, tensor in tensors.items()}
    widened = sum(_dtype(tensor) == "bfloat16" for tensor in tensors.values())
    return TorchWeights(arrays, widened, notes)


def _check_archive(path: str) -> None:
    """Refuse programs of torch, and archives that unpack to more than they are.

    torch.save stores what it writes; files from before PyTorch 1.6 are no archives.
    """
    source, limit = open_file(path), available_memory()
    with source.stream:
        head = source.take(4)
    if limit is not None and source.size > limit:
        raise too_large(source.label, source.size, limit)
    if head.startswith(b"\x80\x02"):
        return
    if not head.startswith(b"PK"):
        what = "is a pickle, but" if head.startswith(b"\x80") else "is" if head else "is empty,"
        raise DataError(f"{source.label} {what} not of torch.save; {_SAVE}")
    with opened_zip(path, "a file of torch.save") as (source, archive):
        entries = archive.infolist()
        _check_members(source, entries)


def _check_members(source: Source, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename.partition("/")[2] for entry in entries]
    if "constants.pkl" in names:
        raise DataError(f"{source.label} is a TorchScript program, not weights; {_SAVE}")
    if "data.pkl" not in names:
        raise DataError(f"{source.label} is a zip archive, but not of torch.save; {_SAVE}")
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > source.size:
        raise DataError(f"{source.label} is compressed, which torch.save does not; {_SAVE}")


def _loaded(path: str, label: str) -> object:
    """What the pickle comes to, without calling anything."""
    import torch

    try:
        with warnings.catch_warnings(), open(open_regular(path, label), "rb") as file:
            warnings.simplefilter("ignore")
            return torch.load(file, map_location="cpu", weights_only=True)
    except ConvcalcError:
        raise
    except OSError as error:
        raise unreadable(label, error) from None
    except Exception as error:
        # torch has many ways to fail on a file (UnpicklingError, RuntimeError, EOFError, ...).
        raise _refusal(label, error) from None


def _refusal(label: str, error: Exception) -> DataError:
    """Why a pickle was not read: for what it wants to call, or because it is none."""
    wanted = _GLOBAL.search(str(error))
    if wanted is not None:
        name = printable(wanted[1], 60)
        return DataError(
            f"{label} is a pickle that wants code of Python, '{name}', which is not run; {_SAVE}"
        )
    why = printable(_CAUSE.split(str(error))[-1].strip().partition("\n")[0], 100)
    why = why or type(error).__name__
    return DataError(f"{label} is damaged, or not written by torch.save: {why}")


def _named(label: str, found: object) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """The tensors of what was loaded by their names, and what was done to find them."""
    import torch

    notes = []
    if isinstance(found, dict):
        for key in WRAPPERS:
            if isinstance(found.get(key), dict):
                notes.append(f"the weights are those that the file has under '{key}'")
                found = found[key]
                break
    if not isinstance(found, dict):
        kind = printable(type(found).__name__, 40)
        raise DataError(f"{label} holds a {kind}, expected tensors by name; {_SAVE}")
    tensors = {str(name): one for name, one in found.items() if isinstance(one, torch.Tensor)}
    if not tensors:
        keys = ", ".join(f"'{printable(str(name), 40)}'" for name in list(found)[:5])
        raise DataError(f"{label} holds no tensors by name, but {keys or 'nothing'}; {_SAVE}")
    others = [printable(str(name), 40) for name in found if str(name) not in tensors]
    if others:
        notes.append(
            f"no tensor, so left out: {', '.join(others[:5])}{', ...' * (len(others) > 5)}"
        )
    return tensors, tuple(notes)


def _array(label: str, name: str, tensor: torch.Tensor) -> np.ndarray:
    """The elements of a tensor.

    Raises:
        DataError: numpy has nothing like it.
    """
    import torch

    shown = f"{label} has '{printable(name, 60)}'"
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise DataError(f"{shown} as a tensor that is sparse, quantized or without elements")
    dtype = _dtype(tensor)
    if dtype == "bfloat16":
        tensor = tensor.to(torch.float32)
    elif dtype not in (*FLOATS, *INTEGERS, "bool"):
        raise DataError(f"{shown} of dtype {dtype}, which is not read; save it as float32")
    array: np.ndarray = tensor.detach().numpy()
    return array


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

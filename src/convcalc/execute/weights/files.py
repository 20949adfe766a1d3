"""The weights of a network from a file: an archive of numpy, safetensors, or one of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile import read_archive, read_safetensors
from convcalc.arrayfile.safetensors import safetensors_entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

SAFETENSORS = (".safetensors",)
TORCH = (".pth", ".pt", ".ckpt", ".bin")
"""Endings of what torch.save writes; every other name is that of a `.npz`."""


class FileWeights(NamedTuple):
    """Arrays by the names of a file.

    Attributes:
        arrays: The arrays.
        notes: What was done to them.
        in_order: Whether the file keeps them in the order of the layers.
    """

    arrays: Mapping[str, np.ndarray]
    notes: tuple[str, ...] = ()
    in_order: bool = True


def read_weights(path: str) -> FileWeights:
    """The arrays of a file, whose kind its ending tells; no code in it is run.

    Integers and floats keep their dtypes, except bfloat16: it becomes float32, exactly.

    Raises:
        UsageError: it is PyTorch's, and torch is not installed.
        DataError: the file cannot be used.
        ResourceError: the arrays need more memory than is available.
    """
    if path.lower().endswith(SAFETENSORS):
        arrays = read_safetensors(path)
        widened = sum(entry.dtype == "BF16" for entry in safetensors_entries(path))
        return FileWeights(arrays, notes_of(widened), in_order=False)
    if path.lower().endswith(TORCH):
        from convcalc.execute.weights.torch_files import read_torch

        arrays, widened, notes = read_torch(path)
        return FileWeights(arrays, (*notes, *notes_of(widened)))
    return FileWeights(read_archive(path))


def notes_of(widened: int) -> tuple[str, ...]:
    """That arrays of bfloat16 have become float32, if any have."""
    if not widened:
        return ()
    one = widened == 1
    arrays = "1 array of bfloat16 is" if one else f"{widened:,} arrays of bfloat16 are"
    return (f"{arrays} read as float32, which holds {'it' if one else 'them'} exactly",)

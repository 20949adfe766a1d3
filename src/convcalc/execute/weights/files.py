"""The weights of a network from a file: numpy's, PyTorch's, safetensors, an ONNX model."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile import read_archive, read_safetensors
from convcalc.arrayfile.safetensors import safetensors_entries
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

SAFETENSORS = (".safetensors",)
ONNX = (".onnx",)
ANY_SIZE = 224
"""The size of what an ONNX model leaves open: its weights do not depend on it."""

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
        UsageError: what reads it, torch or onnx, is not installed.
        DataError: the file cannot be used.
        ResourceError: the arrays need more memory than is available.
    """
    if path.lower().endswith(SAFETENSORS):
        arrays = read_safetensors(path)
        widened = sum(entry.dtype == "BF16" for entry in safetensors_entries(path))
        return FileWeights(arrays, notes_of(widened), in_order=False)
    if path.lower().endswith(ONNX):
        return _of_onnx(path)
    if path.lower().endswith(TORCH):
        from convcalc.execute.weights.torch_files import read_torch

        arrays, widened, notes = read_torch(path)
        return FileWeights(arrays, (*notes, *notes_of(widened)))
    return FileWeights(read_archive(path))


def _of_onnx(path: str) -> FileWeights:
    """The weights of an ONNX model by the names that its layers have as a network of ours."""
    if find_spec("onnx") is None:
        raise UsageError("an ONNX model needs onnx; pip install 'convcalc[onnx]' brings it")
    from convcalc.importers.onnx_model import imported
    from convcalc.importers.onnx_weights import arrays_of

    return FileWeights(arrays_of(path, imported(path, assumed=ANY_SIZE)))


def notes_of(widened: int) -> tuple[str, ...]:
    """That arrays of bfloat16 have become float32, if any have."""
    if not widened:
        return ()
    one = widened == 1
    arrays = "1 array of bfloat16 is" if one else f"{widened:,} arrays of bfloat16 are"
    return (f"{arrays} read as float32, which holds {'it' if one else 'them'} exactly",)

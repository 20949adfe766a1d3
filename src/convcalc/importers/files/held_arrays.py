"""Files of arrays that are given as a network: how many parameters they hold, by their headers."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from convcalc.arrayfile.archive import archive_headers, opened_zip
from convcalc.arrayfile.safetensors import safetensors_entries
from convcalc.arrayfile.torch_pickle import torch_contents
from convcalc.errors import DataError, printable
from convcalc.importers.files.file_kinds import EXPORTED, KERAS, NETWORK, PRINT, SAVED, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zipfile import ZipFile

    from convcalc.layers import Shape

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Last words of the names of arrays that are no parameters."""

KERAS_MEMBERS = {"metadata.json", "model.weights.h5"}
"""Members of what Keras saves, of which one is beside its configuration."""

EXPORTED_MEMBERS = {"archive_format", "models/model.json", "serialized_exported_program.json"}
"""Members of what torch.export saves, without the folder that newer versions put them in."""


def safetensors_told(path: str) -> str:
    """What a `.safetensors` file is, and what to give beside it.

    Raises:
        DataError: it is damaged.
    """
    return _weights_told(path, {entry.name: entry.shape for entry in safetensors_entries(path)})


def zip_told(path: str) -> str:
    """What a zip archive is, and what to give in its place or beside it.

    Raises:
        DataError: it is damaged.
    """
    with opened_zip(path, "a zip archive") as (_, archive):
        names = archive.namelist()
        inside = {name.partition("/")[2] for name in names}
        if "constants.pkl" in inside:
            return SCRIPT.told()
        if not EXPORTED_MEMBERS.isdisjoint({*names, *inside}):
            return EXPORTED.told()
        if "data.pkl" in inside:
            return _saved_told(path, archive)
    if "config.json" in names and KERAS_MEMBERS & set(names):
        return KERAS.told()
    if names and all(name.endswith(".npy") for name in names):
        headers = archive_headers(path)
        return _weights_told(path, {name: header.shape for name, header in headers.items()})
    return f"a zip archive of {len(names):,} file{'s' * (len(names) != 1)}; {NETWORK}"


def _saved_told(path: str, archive: ZipFile) -> str:
    """What a file of torch.save is, whose pickle is looked through and not run."""
    try:
        tensors, code = torch_contents(archive)
    except DataError:
        return SAVED.told()
    if code is not None:
        return f"{SAVED.name} that wants code of Python, '{printable(code, 60)}'; {PRINT}"
    if not tensors:
        return f"{SAVED.name} without weights by name; {NETWORK}"
    return _weights_told(path, tensors)


def _weights_told(path: str, shapes: Mapping[str, Shape]) -> str:
    """How many parameters arrays have, by their shapes, and what to give beside them."""
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    aside = [name for name in sizes if name.rpartition(".")[2] in STATISTICS]
    others = sum(sizes[name] for name in aside)
    number = len(sizes) - len(aside)
    arrays = "1 array" if number == 1 else f"{number:,} arrays"
    total = sum(sizes.values()) - others
    counted = f"{total:,} parameter{'s' * (total != 1)} in {arrays}"
    if aside:
        counted += f" (and {others:,} elements of statistics in {len(aside):,})"
    command = f"convcalc run INPUT.npy --network NET --weights {shlex.quote(printable(path))}"
    return f"weights without an architecture: {counted}; give the network beside them: {command}"

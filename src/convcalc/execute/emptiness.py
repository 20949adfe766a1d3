"""A batch of no samples: everything is checked, nothing is computed, and the result is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile import write_array
from convcalc.arrayfile.member_names import is_zarr
from convcalc.execute.job import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from convcalc.analysis import Report
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.layers import Shape
    from convcalc.network.graph import Network, Step

EMPTY = "the batch is empty: nothing is computed"


def report_of(network: Network, shape: Shape, batch: int) -> Report:
    """The report of any number of samples, none among them, of which every cost is 0.

    Raises:
        DataError: a layer does not fit the shape.
    """
    if batch:
        return fitting(network.analyze, shape, batch)
    from convcalc.analysis import Report, layer_reports, totals_of

    rows = fitting(lambda: tuple(layer_reports(network, shape, 0)))
    return Report(tuple(shape), 0, rows, totals_of(rows))


def empty_outputs(
    steps: Iterable[Step],
    shape: Shape,
    dtypes: DtypePlan,
    watch: Callable[[str, np.ndarray], None] | None,
) -> np.ndarray:
    """The result of no samples, (0, *sizes); `watch` is shown the output of every layer."""
    result = np.zeros((0, *shape), dtypes.compute)
    for step in steps:
        result = np.zeros((0, *step.leaving), dtypes.compute)
        if watch is not None:
            watch(step.node.label, result)
    return result.astype(dtypes.stored)


def write_empty(output: str, array: np.ndarray, *, force: bool) -> None:
    """An array without elements as a `.npy` file or a zarr folder.

    Args:
        output: The name of the file or folder.
        array: The array.
        force: Whether what is there, or appears meanwhile, is replaced.

    Raises:
        OutputError: it cannot be written.
    """
    if not is_zarr(output):
        write_array(output, array, force=force)
        return
    import os

    from convcalc.arrayfile.new_folder import rename_folder, scratch_folder
    from convcalc.arrayfile.zarr_folder import make_zarr

    with scratch_folder(output) as folder:
        made = os.path.join(folder, "result")
        os.mkdir(made)
        make_zarr(made, output, array.shape, tuple(max(1, n) for n in array.shape), array.dtype)
        rename_folder(made, output, force=force)

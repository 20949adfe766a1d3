"""The weights inside a file of a model, for a network that was read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.execute.job import fitting
from convcalc.importers.files.model_files import kind_of_model
from convcalc.network.weight_names import of_modules

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.layers import Shape
    from convcalc.network.graph import Network


def weights_inside(path: str) -> Callable[[Network, Shape], dict[str, np.ndarray]] | None:
    """What gives the weights of a network, or a part of it; None of a file that holds none.

    Args:
        path: What names the network, a file or not.

    Raises:
        DataError: the file is a damaged archive.
    """
    kind = kind_of_model(path)
    return None if kind not in READERS else READERS[kind](path)


def _exported(path: str) -> Callable[[Network, Shape], dict[str, np.ndarray]]:
    def read(part: Network, shape: Shape) -> dict[str, np.ndarray]:
        from convcalc.importers.pt2.weights import arrays_of

        return fitting(of_modules, arrays_of(path), part, shape)[0]

    return read


def _keras(path: str) -> Callable[[Network, Shape], dict[str, np.ndarray]]:
    def read(part: Network, shape: Shape) -> dict[str, np.ndarray]:
        from convcalc.importers.keras.weights import arrays_of

        return fitting(arrays_of, path, part, shape)

    return read


READERS = {"pt2": _exported, "keras": _keras, "hdf5": _keras}
"""What reads the weights of each kind of file."""

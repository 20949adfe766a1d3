"""The arrays of a network's inputs beside the first one, held against the samples of the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import DataError, UsageError, printable
from convcalc.layers.base import format_shape
from convcalc.network.inputs import further_inputs, input_names, missing_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from convcalc.network.graph import Network


def samples_of(
    network: Network, others: Mapping[str, np.ndarray], batch: int
) -> dict[str, np.ndarray]:
    """The array of each input beside the first, with a batch in front, by its label.

    Args:
        network: The network that is run; inputs that it does without are left out.
        others: The arrays by the labels of inputs, with a batch in front, or without one.
        batch: The samples of the first input.

    Raises:
        UsageError: one is missing.
        DataError: one has another shape, or other samples than the first.
    """
    found = {}
    for label, shape in further_inputs(network):
        if label not in others:
            raise UsageError(missing_input(input_names(network), label))
        array = others[label]
        if 0 in shape or 0 in array.shape[1:]:
            raise DataError(f"the input '{printable(label, 60)}' is empty")
        single = batch == 1 and array.shape == shape
        flat = shape == (1,) and array.shape == (batch,)
        if not single and not flat and array.shape != (batch, *shape):
            raise DataError(
                f"the input '{printable(label, 60)}' is {format_shape(array.shape)}; beside "
                f"{batch} sample{'s' * (batch != 1)} of the first input it has to be "
                f"{format_shape((batch, *shape))}"
            )
        found[label] = array.reshape(batch, *shape)
    return found

"""A model of PyTorch that is run: followed on a sample of the array that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.parsing.network_argument import read_source
from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.settings import Settings
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


def network_made_for(word: str, shapes: Sequence[Shape], settings: Settings) -> Network:
    """A model of PyTorch, run on the first shape of a sample that it takes.

    Raises:
        DataError: it takes none of them, or does what is not known without values.
    """
    failures = []
    for shape in shapes:
        try:
            network = read_source([word], input_shape=shape)
            _check_followed(network, settings)
        except DataError as error:
            failures.append(error)
        else:
            return network
    raise failures[0]


def _check_followed(network: Network, settings: Settings) -> None:
    """A model must have been followed up to its result, or to the layer that is asked for.

    Raises:
        DataError: its layers behind some call are not known, or were chosen for an input of zeros.
    """
    trace = network.trace
    if trace is not None and trace.on_zeros:
        raise DataError(
            "the model decides by the values of tensors, so that its layers for this input are "
            "not known: what it does with zeros alone was seen"
        )
    if trace is not None and trace.stop is not None and settings.until is None:
        ended, _, code = trace.ending.partition("\n")
        last = printable(network.nodes[-1].label, 60)
        raise DataError(
            f"{ended}; --until computes a layer before that, up to {last}\n{code}".rstrip()
        )


def sample_shapes(shape: Shape, settings: Settings) -> list[Shape]:
    """What one sample may be of an array: all of it, or all but its first axis.

    Three axes are taken for a sample first, as of an image; two for a batch of vectors. What the
    options say of axes decides.
    """
    if settings.channels_last and len(shape) > 1:
        *others, channels = shape
        batch = others[: len(others) - (settings.spatial_dims or min(2, len(others)))]
        return [(channels, *others[len(batch) :])]
    if settings.spatial_dims is not None:
        return [shape[-settings.spatial_dims - 1 :]]
    if len(shape) in (1, 3):
        return [shape, *([shape[1:]] if len(shape) > 1 else [])]
    return [shape[1:], shape]

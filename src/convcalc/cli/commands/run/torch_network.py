"""A model of PyTorch that is run: followed on a sample of the array that it is given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.cli.parsing.network_argument import read_source
from convcalc.errors import DataError, printable
from convcalc.importers.whole_operation import CONSTANT, Operation
from convcalc.network.given_inputs import GivenInput
from convcalc.network.subgraph import as_computed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from convcalc.cli.commands.run.onnx_network import ReadInput
    from convcalc.execute.settings import Settings
    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


SHOWN = 6
"""Functions that a note names."""

WHOLE = ("int32", "int64")
"""Dtypes of arrays that may be the numbers of rows, as of tokens."""


def network_made_for(word: str, arrays: Sequence[ReadInput], settings: Settings) -> Network:
    """A model of PyTorch, run on the first reading of its inputs that it takes.

    Raises:
        DataError: it takes none of them, or does what is not known without values.
    """
    failures = []
    for given in _readings(arrays, settings):
        try:
            network = read_source([word], input_shape=given[0].shape, given=given)
            _check_followed(network, settings)
        except DataError as error:
            failures.append(error)
        else:
            return _with_note(as_computed(network, settings.until))
    raise failures[0]


def _with_note(network: Network) -> Network:
    """The network, and in its notes what of it no layer of ours computes."""
    layers = (node.layer for node in network.nodes)
    names = [one.name for one in layers if isinstance(one, Operation) and one.name != CONSTANT]
    if not names:
        return network
    calls = "1 call is" if len(names) == 1 else f"{len(names):,} calls are"
    different = list(dict.fromkeys(names))
    shown = printable(", ".join(different[:SHOWN]), 200)
    more = f", ... {len(different) - SHOWN} more" if len(different) > SHOWN else ""
    told = f"{calls} computed by torch itself: {shown}{more}"
    return replace(network, notes=(*network.notes, told))


def _readings(arrays: Sequence[ReadInput], settings: Settings) -> Iterator[list[GivenInput]]:
    """What the samples of some arrays may be; whole numbers as they are, or as the parameters."""
    shapes = [_sample_shapes(array.shape, settings) for _, array in arrays]
    if len(arrays) > 1:
        shapes = [
            [array.shape[1:], array.shape] if array.ndim else [array.shape] for _, array in arrays
        ]
    dtypes = [array.dtype.name if array.dtype.name in WHOLE else "" for _, array in arrays]
    names = [name for name, _ in arrays]
    kinds = [[""] * len(arrays), dtypes] if len(arrays) == 1 else [dtypes, [""] * len(arrays)]
    for kind in kinds if any(dtypes) else kinds[:1]:
        for sample in zip(*shapes, strict=False):
            yield [GivenInput(*one) for one in zip(sample, kind, names, strict=True)]


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


def _sample_shapes(shape: Shape, settings: Settings) -> list[Shape]:
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


def leaves_of(network: Network) -> dict[str, str]:
    """The names in the model of the arrays of what it computes by its own functions.

    They are by the names that they have in the network.
    """
    return {
        f"{node.label}.{own}": kept
        for node in network.nodes
        if isinstance(node.layer, Operation) and node.stored is not None
        for own, kept in node.stored.names.items()
    }


def with_buffers(
    arrays: Mapping[str, np.ndarray], network: Network, target: Target
) -> dict[str, np.ndarray]:
    """The arrays of a model with those buffers that no `state_dict` holds."""
    missing = {kept for kept in leaves_of(network).values() if kept not in arrays}
    if not missing:
        return dict(arrays)
    from convcalc.importers.torch_weights import buffers_of

    return {**buffers_of(target, missing), **arrays}


def drawn_again(
    drawn: Mapping[str, np.ndarray], network: Network, target: Target, seed: int
) -> dict[str, np.ndarray]:
    """Drawn weights as a model has them: of what is used twice the same, and its own constants."""
    found = dict(drawn)
    first: dict[str, str] = {}
    for node in network.nodes:
        for own, kept in () if node.stored is None else node.stored.names.items():
            name = f"{node.label}.{own}"
            one = first.setdefault(kept, name)
            if name in found and one in found:
                found[name] = found[one].reshape(found[name].shape)
    leaves = leaves_of(network)
    if leaves:
        from convcalc.importers.torch_weights import parameters_and_buffers

        made = parameters_and_buffers(target, set(leaves.values()), seed)
        found |= {name: made[kept].reshape(found[name].shape) for name, kept in leaves.items()}
    return found

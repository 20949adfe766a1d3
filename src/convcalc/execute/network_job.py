"""A whole network that is to be computed, with arrays and weights that fit it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, printable
from convcalc.execute.arrays.axes import batch_first, read_input_axes
from convcalc.execute.arrays.biases import with_full_biases
from convcalc.execute.further_inputs import samples_of
from convcalc.execute.job import Work, check_content, fitting
from convcalc.layers.base import Layer
from convcalc.layers.kinds import KINDS
from convcalc.network.subgraph import part_until, without_idle
from convcalc.network.weight_names import check_weights, of_layers, without_counters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from convcalc.execute.job import Weights
    from convcalc.execute.settings import Settings
    from convcalc.network.graph import Network, Node


def network_work(
    network: Network,
    array: np.ndarray,
    weights: Weights,
    settings: Settings,
    others: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Work:
    """A whole network on `array`, or the part of it that the settings ask for.

    Args:
        weights: The arrays by name, or a function that gives them from the network that is run
            and the shape of one sample.
        others: The arrays of its inputs beside the first, by their labels.

    Raises:
        UsageError: no layer has the label to stop after, a layer cannot be run, or an input is
            missing.
        DataError: the input does not fit the network, or the weights are not those it needs.
    """
    check_content({"the input": array})
    spatial_dims = settings.spatial_dims
    if spatial_dims is None and _reads_features(network, array.ndim):
        spatial_dims = 0
    if spatial_dims is None and not callable(weights):
        spatial_dims = _dims_of_weights(network, weights)
    if spatial_dims is None:
        spatial_dims = _dims_of_kinds(network)
    axes = read_input_axes(array, spatial_dims, channels_last=settings.channels_last)
    check_content({"the input": array}, axes.added)
    batch, *sizes = batch_first(array, axes).shape
    shape = tuple(sizes)
    whole = network
    if settings.until is not None:
        network = fitting(part_until, network, shape, settings.until)
    else:
        network = fitting(without_idle, network, shape)
    _check_computable(network)
    needed = fitting(network.tensor_shapes, shape)
    if callable(weights):
        given = weights(network, shape)
    else:
        given = of_layers(without_counters(weights), network, whole)
    given = with_full_biases(given, needed)
    check_weights(given, needed)
    further = samples_of(network, others, batch)
    named = {
        "the input": array,
        **{f"the input '{label}'": own for label, own in further.items()},
        **{f"'{name}'": weight for name, weight in given.items()},
    }
    return Work(network, axes, given, named, further)


def _check_computable(network: Network) -> None:
    """Raises where layers cannot be run, before anything is computed; the first ones are named."""
    found = [
        f"{node.label} ({node.layer.called if isinstance(node.layer, Layer) else node.layer.kind})"
        for node in network.nodes
        if not _known(node).computable
    ]
    if not found:
        _check_whole(network)
        return
    more = f", ... {len(found) - 6} more" if len(found) > 6 else ""
    shown = printable(", ".join(found[:6]), 400) + more
    if len(found) == 1:
        what = "what it computes is not known; --until stops before it"
        raise UsageError(f"layer {shown} cannot be run: {what}")
    what = "as what they compute is not known"
    raise UsageError(f"{len(found)} layers cannot be run, {what}: {shown}")


def _check_whole(network: Network) -> None:
    """Raises where a layer is less than what the model that it was read from computes there."""
    for node in network.nodes:
        if node.stored is not None and node.stored.refusal:
            kind = node.layer.called if isinstance(node.layer, Layer) else node.layer.kind
            shown = f"{printable(node.label, 60)} ({kind})"
            raise UsageError(
                f"layer {shown} cannot be run as the model runs it: {node.stored.refusal}; "
                "--until stops before it"
            )


def _known(node: Node) -> Layer | type[Layer]:
    """The layer of a node, or its kind where its parameters wait for shapes."""
    return node.layer if isinstance(node.layer, Layer) else KINDS[node.layer.kind]


def _reads_features(network: Network, axes: int) -> bool:
    """Whether an array of so many axes is features, (F) or (N, F), to the first layers.

    (N, F) is to a fully connected layer what (H, W) is, but not to a norm behind it; what reads
    sequences has the steps before the features.
    """
    kinds = [node.layer.kind for node in network.nodes if not KINDS[node.layer.kind].in_place]
    if any(KINDS[kind].spatial_axes == 1 for kind in kinds):
        return False
    return (*kinds[:1], axes) in (("linear", 1), ("linear", 2), ("flatten", 1))


def _dims_of_kinds(network: Network) -> int:
    """The spatial axes that the first layers ask for; 2 where they ask for no number."""
    for node in network.nodes:
        kind = KINDS[node.layer.kind]
        if kind.spatial_axes is not None or not kind.in_place:
            return 2 if kind.spatial_axes is None else kind.spatial_axes
    return 2


def _dims_of_weights(network: Network, weights: Mapping[str, np.ndarray]) -> int | None:
    """The spatial axes that the kernels among the weights have; None where there is none."""
    labels = tuple(f"{node.label}." for node in network.nodes)
    return spatial_dims_of_kernels(
        weight for name, weight in weights.items() if name.startswith(labels)
    )


def spatial_dims_of_kernels(weights: Iterable[np.ndarray]) -> int | None:
    """The most spatial axes that weights have which may be kernels; None where none may."""
    dims = [weight.ndim - 2 for weight in weights]
    return max((spatial_dims for spatial_dims in dims if 1 <= spatial_dims <= 3), default=None)

"""What is to be computed: arrays and layers that fit each other, and what messages call them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import numpy as np

from convcalc.errors import DataError, LayerError, SpecError, UsageError, printable
from convcalc.execute.arrays.axes import batch_first, full_kernel, read_axes, read_input_axes
from convcalc.execute.arrays.biases import full_bias, with_full_biases
from convcalc.execute.further_inputs import samples_of
from convcalc.layers.base import Layer, format_shape
from convcalc.layers.kinds import KINDS
from convcalc.network.graph import Network, Node
from convcalc.network.subgraph import part_until, without_idle
from convcalc.network.weight_names import check_weights, of_layers, without_counters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.settings import Settings
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose

    Weights: TypeAlias = (
        Mapping[str, np.ndarray] | Callable[[Network, Shape], Mapping[str, np.ndarray]]
    )

T = TypeVar("T")


class Work(NamedTuple):
    """What is to be computed, before anything is prepared that depends on how.

    Attributes:
        network: The layers; a convolution with a kernel of its own is a network of one.
        axes: How the input is read.
        weights: The weights of the layers by name.
        named: All arrays as they were given, by the names that messages call them; the input is
            "the input".
        others: The inputs of the network beside the first, (N, *sizes), by their labels.
    """

    network: Network
    axes: Axes
    weights: Mapping[str, np.ndarray]
    named: Mapping[str, np.ndarray]
    others: Mapping[str, np.ndarray] = MappingProxyType({})


def kernel_work(
    array: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    make_layer: Callable[[int, Shape], Conv | ConvTranspose],
    settings: Settings,
    *,
    transposed: bool,
    groups: int,
    flip: bool,
) -> Work:
    """One convolution of `array` with `kernel`.

    Args:
        array: (N, C, *spatial), leading axes optional.
        kernel: (O, C/groups, *k), transposed (C, O/groups, *k); leading axes optional.
        bias: (O), or one number, or None.
        make_layer: The layer for an output channel count and a kernel size.
        settings: How the axes are read.
        transposed: Whether the convolution is.
        groups: Blocks of channels that do not mix.
        flip: Turn the kernel round in every spatial axis: the convolution of mathematics.

    Raises:
        DataError: the arrays do not fit each other.
    """
    named = {"the input": array, "the kernel": kernel}
    if bias is not None:
        named["the bias"] = bias
    axes = _axes_of_both(named, settings, transposed=transposed, groups=groups)
    kernel = full_kernel(kernel, axes.spatial_dims)
    channels = kernel.shape[1] * groups if transposed else kernel.shape[0]
    layer = make_layer(channels, kernel.shape[2:])
    weights = {"0.weight": np.flip(kernel, tuple(range(2, kernel.ndim))) if flip else kernel}
    if bias is not None:
        weights["0.bias"] = full_bias(bias, channels)
    return Work(Network.chain([layer]), axes, weights, named)


def _axes_of_both(
    named: Mapping[str, np.ndarray], settings: Settings, *, transposed: bool, groups: int
) -> Axes:
    """How the input is read beside the kernel.

    Raises:
        DataError: they do not fit each other, or an array has no elements.
    """
    _check_content(named)
    axes = read_axes(
        named["the input"],
        named["the kernel"],
        groups=groups,
        transposed=transposed,
        channels_last=settings.channels_last,
        spatial_dims=settings.spatial_dims,
    )
    _check_content(named, axes.added)
    return axes


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
    _check_content({"the input": array})
    spatial_dims = settings.spatial_dims
    if spatial_dims is None and _reads_features(network, array.ndim):
        spatial_dims = 0
    if spatial_dims is None and not callable(weights):
        spatial_dims = _dims_of_weights(network, weights)
    if spatial_dims is None:
        spatial_dims = _dims_of_kinds(network)
    axes = read_input_axes(array, spatial_dims, channels_last=settings.channels_last)
    _check_content({"the input": array}, axes.added)
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


def _check_content(arrays: Mapping[str, np.ndarray], added: int | None = None) -> None:
    """Raises where there are no elements; a batch of no samples is one all the same.

    Args:
        added: Axes that the input lacks, the samples among them; None before it is known.
    """
    for name, array in arrays.items():
        if array.ndim == 0 and name != "the bias":
            raise DataError(f"{name} is a single number; a convolution needs at least one axis")
        batched = name == "the input" and array.ndim > 2 and not added
        if 0 in array.shape[batched:]:
            raise DataError(
                f"{name} is empty ({format_shape(array.shape)}): there is nothing to convolve"
            )


def fitting(question: Callable[..., T], *arguments: object) -> T:
    """The answer of the network; a shape that does not fit is the data's fault here."""
    try:
        return question(*arguments)
    except (LayerError, SpecError) as error:
        raise DataError(str(error)) from None

"""The network of a run, and its arrays and weights, read and put together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from convcalc.arrayfile import read_array
from convcalc.cli.commands.run.onnx_network import (
    OnnxNetwork,
    ReadInput,
    onnx_network,
    read_inputs,
)
from convcalc.cli.commands.run.request import WEIGHTS_BY
from convcalc.cli.commands.run.stored_weights import weights_inside
from convcalc.cli.commands.run.torch_network import drawn_again, network_made_for, with_buffers
from convcalc.cli.parsing.network_argument import model_target, read_source
from convcalc.cli.parsing.values import choice_of, flag, text_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError, printable
from convcalc.execute.job import fitting
from convcalc.execute.network_job import spatial_dims_of_kernels
from convcalc.execute.weights.files import read_weights
from convcalc.execute.weights.random_weights import initial_weights
from convcalc.layers.base import format_shape
from convcalc.network.inputs import by_name, input_names
from convcalc.network.subgraph import as_computed, last_node, needed_nodes
from convcalc.network.torchvision_names import without_torchvision_names
from convcalc.network.weight_names import (
    in_order,
    of_layers,
    of_modules,
    without_counters,
    without_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.cli.commands.run.save_all import SavedMaps
    from convcalc.execute.job import Weights
    from convcalc.execute.settings import Settings
    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

T = TypeVar("T")


def _network(
    request: RunRequest,
    settings: Settings,
    read: Callable[[str], np.ndarray],
    own: OnnxNetwork | None,
) -> tuple[Network, list[ReadInput] | None, Settings]:
    """The network that --network names, and settings for what is known of axes.

    What was assumed is said aloud. A model of PyTorch is made for the inputs, which are read for
    it; of others the inputs are None, and read later.
    """
    word = text_of("network", request.network or "")
    if own is not None:
        _say(request, own.network.notes)
        return own.network, own.arrays, settings
    if model_target(word) is None:
        network = as_computed(read_source([word], in_order=bool(request.in_order)), settings.until)
        _say(request, network.notes)
        return network, None, settings
    arrays = read_inputs(request, read)
    network = network_made_for(word, arrays, settings)
    _say(request, network.notes)
    axes = len(network.input_shape or ()) - 1
    return network, arrays, replace(settings, spatial_dims=max(axes, 0))


def _say(request: RunRequest, notes: Iterable[str | None]) -> None:
    """Notes on standard error, unless they are not wanted."""
    for text in () if request.quiet else filter(None, notes):
        note(text)


def _check_maps(request: RunRequest, maps: SavedMaps, network: Network, last: int | None) -> None:
    """The outputs that are kept can be written: of all layers, or of those that one needs."""
    every: Sequence[int] = range(len(network.nodes))
    computed = every if last is None else needed_nodes(network, last)
    labels = [network.nodes[index].label for index in computed]
    force, inputs = bool(request.force), request.inputs()
    maps.check(labels, request.output, force=force, inputs=inputs)


def read_network(
    request: RunRequest,
    settings: Settings,
    work: Callable[..., T],
    maps: SavedMaps | None = None,
    read: Callable[[str], np.ndarray] = read_array,
) -> T:
    """Work done on the network that is asked for and its arrays.

    Args:
        request: The command line.
        settings: How to compute.
        work: What is done, of the network, the input, the weights and the settings.
        maps: What keeps the output of every layer, if that is asked for.
        read: Reads an array by its name.

    Raises:
        UsageError: options do not go together, or weights are missing.
    """
    flags = request.layer_flags()
    flags |= {name: True for name in ("flip", "each_channel") if request.given(name)}
    if flags:
        names = ", ".join(map(flag, flags))
        raise UsageError(f"{names} belongs to --kernel; write it into the layers of --network")
    own = onnx_network(request, settings, read)
    network, given_arrays, settings = _network(request, settings, read, own)
    last = last_node(network, settings.until)
    if maps is not None:
        part = None if settings.until is None else last
        _check_maps(request, maps, network, part)
    arrays = read_inputs(request, read) if given_arrays is None else given_arrays
    others = by_name(input_names(network), arrays)
    array = others.pop(input_names(network)[0])
    done = partial(_watched, maps, partial(work, others=others), network, array)
    if (others or own is not None) and network.input_shape is not None:
        settings = replace(settings, spatial_dims=len(network.input_shape) - 1)
    seed = request.seed()
    target = model_target(request.network or "")
    if seed is None and request.weights is None:
        inside = weights_inside(request.network or "") if target is None else None
        of_model = inside if target is None else _own_weights(request, target)
        stored = of_model or _no_weights if own is None else own.weights
        return done(stored, settings)
    if seed is None:
        given, settings = _read_weights(request, network, settings)
        return done(given, settings)
    declared = network.input_shape
    if settings.spatial_dims is None and declared is not None and len(declared) > 1:
        settings = replace(settings, spatial_dims=len(declared) - 1)
    return done(partial(_drawn, whole=network, seed=seed, target=target), settings)


def _drawn(
    part: Network, shape: Shape, *, whole: Network, seed: int, target: Target | None
) -> dict[str, np.ndarray]:
    """Random weights of a part of a network, as the model of its own draws them if there is one."""
    found = dict(initial_weights(part, shape, seed, whole=whole))
    return found if target is None else drawn_again(found, part, target, seed)


def _read_weights(
    request: RunRequest, network: Network, settings: Settings
) -> tuple[Weights, Settings]:
    """The weights of a file by name, or in its order, and settings for what they tell of axes.

    Raises:
        UsageError: arrays are to be taken in order from a file that has none.
    """
    by = choice_of("weights_by", request.weights_by, WEIGHTS_BY)
    found = read_weights(request.weights or "")
    arrays, prefix = without_prefix(found.arrays, network)
    of_model = by == "name" and model_target(request.network or "") is not None
    named = None
    if by == "name" and not of_model:
        arrays, named = without_torchvision_names(arrays, network)
    _say(request, (*found.notes, prefix, named))
    if of_model:
        return _of_model(request, arrays), settings
    if by == "name":
        return arrays, settings
    if not found.in_order:
        raise UsageError(
            "--weights-by order: a .safetensors file has no order, its arrays are sorted; "
            "name them as the network does, or save them as .npz"
        )

    def ordered(part: Network, shape: Shape) -> dict[str, np.ndarray]:
        placed = in_order(arrays, fitting(network.tensor_shapes, shape))
        if placed and not request.quiet:
            note(_order_note(list(without_counters(arrays)), list(placed)))
        return of_layers(placed, part, network)

    dims = settings.spatial_dims or spatial_dims_of_kernels(arrays.values())
    return ordered, replace(settings, spatial_dims=dims)


def _own_weights(request: RunRequest, target: Target) -> Weights | None:
    """The weights of a model that is there; None of a class or function that makes one."""
    from convcalc.importers.torch_weights import own_weights

    arrays = own_weights(target)
    return None if arrays is None else _of_model(request, arrays, told=False)


def _of_model(
    request: RunRequest, arrays: Mapping[str, np.ndarray], *, told: bool = True
) -> Callable[[Network, Shape], dict[str, np.ndarray]]:
    """The arrays of a model's `state_dict`; those that nothing computed reads are named."""

    def named(part: Network, shape: Shape) -> dict[str, np.ndarray]:
        target = model_target(request.network or "")
        own = arrays if target is None else with_buffers(arrays, part, target)
        found, unused = fitting(of_modules, own, part, shape)
        if unused and told:
            some = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
            _say(request, [f"{len(unused):,} arrays are read by no layer: {printable(some)}"])
        return found

    return named


def _order_note(given: Sequence[str], named: Sequence[str]) -> str:
    """Which array has become which, the first and the last."""
    ends = f"the first, '{printable(given[0], 60)}', is '{named[0]}'"
    if len(named) > 1:
        ends += f", the last, '{printable(given[-1], 60)}', is '{named[-1]}'"
    return f"{len(named):,} arrays are taken in the order of the file, by their shapes: {ends}"


def _watched(maps: SavedMaps | None, work: Callable[..., T], *arguments: object) -> T:
    """The work done, and every feature map saved that is wanted."""
    if maps is None:
        return work(*arguments)
    with maps.collected():
        return work(*arguments, watch=maps.save)


def _no_weights(network: Network, shape: Shape) -> dict[str, np.ndarray]:
    needed = network.tensor_shapes(shape)
    if not needed:
        return {}
    names = ", ".join(f"{name} {format_shape(shape)}" for name, shape in list(needed.items())[:8])
    more = f", ... {len(needed) - 8} more" if len(needed) > 8 else ""
    raise UsageError(
        f"--network needs --weights FILE or --random-weights SEED; its weights are {names}{more}"
    )

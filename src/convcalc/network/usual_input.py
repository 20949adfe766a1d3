"""The input that a network is asked about where none is given: what its text says, a usual size."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.parameters import read_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Expected, Network

DEFAULT_INPUT = (3, 224, 224)
"""Where nothing is said: a picture in colour, of the size that ImageNet is classified in."""

SIDES = (224, 32, 28, 64, 128, 256, 96, 299, 227, 48, 112, 384, 416, 512, 572, 608, 640)

USUAL_SIZES: dict[int, tuple[tuple[int, ...], ...]] = {
    0: ((),),
    1: ((1024,), (128,), (100,), (256,), (512,), (2048,), (4096,), (16000,)),
    2: tuple((side, side) for side in SIDES),
    3: ((16, 112, 112), (32, 32, 32), (64, 64, 64), (128, 128, 128), (16, 224, 224)),
}
"""Spatial sizes that data sets have, by the number of axes; the first is taken if it fits."""

STEPS = (128, 100, 64, 50, 32, 20, 16, 10, 200, 256, 300, 400, 500, 512, 1000, 1024)
"""Lengths of sequences, of features or of indices; the first is taken if it fits."""

MOST_NODES = 20_000
"""Nodes of a network that is tried on several sizes."""


class UsualInput(NamedTuple):
    """An input shape, and what decided it: empty where nothing of the network did."""

    shape: Shape
    reason: str


def usual_input(network: Network) -> UsualInput:
    """The input of a network that says what channels, features or axes it takes.

    Returns:
        The channels (or features) of the first module that names them, with the first usual sizes
        that all layers fit; (steps) of one that begins with indices, (steps, features) of one that
        begins with a sequence, one position where a transposed convolution of stride 1 is first;
        `DEFAULT_INPUT` of a network that names none.
    """
    said = [node.expects for node in network.nodes if node.expects is not None]
    first = network.nodes[0].layer if network.nodes else None
    if first is not None and first.kind == "embedding":
        shape = _first_that_fits(network, [(steps,) for steps in STEPS])
        return UsualInput(shape, f"{shape[0]} indices")
    shapes = list(_candidates(said))
    if first is not None and first.kind == "convt" and _is_seeded(first):
        channels, *sizes = shapes[0]
        shapes.insert(0, (channels, *(1 for _ in sizes)))
    if not shapes:
        return UsualInput(DEFAULT_INPUT, "")
    shape = _first_that_fits(network, shapes)
    return UsualInput(shape, "" if shape == DEFAULT_INPUT else _reason(said, shape))


def asked_input(network: Network, given: object = None) -> Shape:
    """The input that is asked about: what is given, what the network names, or a usual one.

    Args:
        network: The layers.
        given: (channels, *spatial sizes) of one sample, or None.

    Raises:
        ParameterError: it is no shape.
    """
    if given is not None:
        return read_shape("input", given)
    return network.input_shape or usual_input(network).shape


def _is_seeded(layer: object) -> bool:
    """Whether a transposed convolution makes sizes of one position, as first in a generator."""
    strides = getattr(layer, "stride", None)
    return set(strides if isinstance(strides, tuple) else (strides,)) == {1}


def _first_that_fits(network: Network, shapes: Sequence[Shape]) -> Shape:
    """The first shape that every layer fits, or else the first."""
    tried = shapes if len(network.nodes) <= MOST_NODES else ()
    return next((shape for shape in tried if fits(network, shape)), shapes[0])


def _reason(said: list[Expected], shape: Shape) -> str:
    """What decided a shape, in words."""
    channels, *sizes = shape
    named = next((one for one in said if one.channels is not None), None)
    if named is not None and named.features and len(shape) == 2:
        return f"{shape[0]} steps of {shape[1]} features as in the text"
    reasons = []
    if named is not None:
        what = "channel" if sizes else "feature"
        reasons.append(f"{channels} {what}{'s' * (channels > 1)} as in the text")
    if set(sizes) == {1}:
        reasons.append("one position, as a generator starts from")
    elif tuple(sizes) != USUAL_SIZES[len(sizes)][0]:
        reasons.append("the first usual size that fits")
    return ", ".join(reasons) or f"{len(sizes)} spatial axes as in the text"


def _candidates(said: list[Expected]) -> Iterator[Shape]:
    """Shapes in the order in which they are tried, by what the first modules say."""
    named = next((one for one in said if one.channels is not None), None)
    axes = next((one.axes for one in said if one.axes), None)
    if named is None and axes is None:
        return
    channels = named.channels if named and named.channels else DEFAULT_INPUT[0]
    if named is not None and named.features:
        if named.axes != (1,):
            yield (channels,)
        yield from ((steps, channels) for steps in STEPS)
    for count in axes or (2,):
        for sizes in USUAL_SIZES.get(count, ()):
            yield (channels, *sizes)


def fits(network: Network, shape: Shape) -> bool:
    """Whether every layer takes what arrives at it."""
    try:
        deque(network.walk(shape), maxlen=0)
    except ConvcalcError:
        return False
    return True

"""Layers that move elements: which element of the input stands at a place of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from convcalc.borders import element_at
from convcalc.explain.walk.data import Copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.explain.walk.data import Number, Place
    from convcalc.layers import Layer, Shape
    from convcalc.layers.crop import Crop
    from convcalc.layers.pad import Pad
    from convcalc.layers.pixelshuffle import PixelShuffle, PixelUnshuffle
    from convcalc.layers.rearranging import Permute
    from convcalc.layers.shuffle import ChannelShuffle
    from convcalc.layers.slice import Slice
    from convcalc.layers.upsample import Upsample


def copies(layer: Layer) -> bool:
    """Whether every output of a layer is an element of its input, or a number that it adds."""
    if layer.kind == "upsample":
        return not layer.needs_floats
    return layer.kind in SOURCES


def copied(layer: Layer, shape: Shape, place: Place, result: Number) -> Copied:
    """An output of a layer that moves elements.

    Args:
        layer: The layer.
        shape: The shape of its input.
        place: The output.
        result: What stands there.
    """
    return Copied(place, SOURCES[layer.kind](layer, shape, place), result)


def _flattened(layer: Any, shape: Shape, place: Place) -> Place:
    """The elements keep their order."""
    return unravelled(ravelled(place, layer.out_shape(shape)), shape)


def ravelled(place: Place, shape: Shape) -> int:
    """The number of an element, counted along the last axis first."""
    number = 0
    for at, size in zip(place, shape, strict=True):
        number = number * size + at
    return number


def unravelled(number: int, shape: Shape) -> Place:
    """The place of the element of a number."""
    place = []
    for size in reversed(shape):
        number, at = divmod(number, size)
        place.append(at)
    return tuple(reversed(place))


def _padded(layer: Pad, shape: Shape, place: Place) -> Place | None:
    """The element at u - pb, or the one that the border repeats there."""
    found = [place[0]]
    for window, size, at in zip(layer.windows(shape), shape[1:], place[1:], strict=True):
        element = _repeated(at - window.before, size, (window.before, window.after), layer)
        if element is None:
            return None
        found.append(element)
    return tuple(found)


def _repeated(place: int, size: int, ends: tuple[int, int], layer: Pad) -> int | None:
    """A circle goes round what a crop has left; every other border looks at the whole axis."""
    first, last = (max(0, -end) for end in ends)
    if layer.padding_mode != "circular":
        return element_at(place, size, layer.padding_mode)
    own = element_at(place - first, size - first - last, "circular")
    return None if own is None else own + first


def _nearest(layer: Upsample, shape: Shape, place: Place) -> Place:
    """The element floor(u*i/o) of each axis."""
    axes = zip(place, shape, layer.out_shape(shape), strict=True)
    return tuple(at * size // out for at, size, out in axes)


def _permuted(layer: Permute, _: Shape, place: Place) -> Place:
    pairs = zip(layer.order, place, strict=True)
    return tuple(at for _, at in sorted(pairs))


def _sliced(layer: Slice, _: Shape, place: Place) -> Place:
    return (place[0] + layer.channels[0][0], *place[1:])


def _cropped(layer: Crop, shape: Shape, place: Place) -> Place:
    begins = layer.begins(shape)
    return (place[0], *(at + begin for at, begin in zip(place[1:], begins, strict=True)))


def _shuffled(layer: ChannelShuffle, shape: Shape, place: Place) -> Place:
    """Channel j*g + i is channel j of group i."""
    at, group = divmod(place[0], layer.groups)
    return (group * (shape[0] // layer.groups) + at, *place[1:])


def _spread(layer: PixelShuffle, shape: Shape, place: Place) -> Place:
    """Element u of an axis is that of position floor(u/r), in the channel that u mod r says."""
    factor = layer.upscale_factor
    pairs = [divmod(at, factor) for at in place[1:]]
    offset = ravelled(tuple(rest for _, rest in pairs), (factor,) * len(pairs))
    block = factor ** (len(shape) - 1)
    return (place[0] * block + offset, *(at for at, _ in pairs))


def _gathered(layer: PixelUnshuffle, shape: Shape, place: Place) -> Place:
    """The channel says which element of a block of r elements along each axis."""
    factor, axes = layer.downscale_factor, len(shape) - 1
    channel, offset = divmod(place[0], factor**axes)
    rests = unravelled(offset, (factor,) * axes)
    return (channel, *(at * factor + rest for at, rest in zip(place[1:], rests, strict=True)))


def _same(_layer: Layer, _shape: Shape, place: Place) -> Place:
    return place


Source: TypeAlias = "Callable[[Any, Shape, Place], Place | None]"

SOURCES: Final[dict[str, Source]] = {
    "identity": _same,
    "dropout": _same,
    "flatten": _flattened,
    "reshape": _flattened,
    "unflatten": _flattened,
    "pad": _padded,
    "upsample": _nearest,
    "permute": _permuted,
    "slice": _sliced,
    "crop": _cropped,
    "shuffle": _shuffled,
    "pixelshuffle": _spread,
    "pixelunshuffle": _gathered,
}
"""The element that stands at a place of the output, by kind; None where the layer adds a number."""

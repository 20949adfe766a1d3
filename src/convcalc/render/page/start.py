"""What a page starts with: one convolution of rows and columns with its numbers, as plain data."""

from __future__ import annotations

from math import isfinite, prod
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from convcalc.errors import DataError, UsageError
from convcalc.layers.base import format_shape
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Layer, Shape

MOST_SQUARES = 5000
"""Squares of inputs and outputs on a page, which draws all of them at every step."""

MOST_NUMBERS = 3500
"""Numbers that a page holds: of 20 digits each they are half of its 150 kB."""

LARGEST_WHOLE = 2**53
"""From here on JavaScript's numbers leave out whole numbers."""

Pair: TypeAlias = tuple[int, int]
Plane: TypeAlias = list[list["Number"]]


class PageLayer(TypedDict):
    """A convolution as the page's scripts know it; pairs are of rows and columns."""

    transposed: bool
    channels: int
    outChannels: int
    groups: int
    mode: str
    bias: bool
    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    after: Pair
    extra: Pair


class PageStart(TypedDict):
    """What the page's scripts read: a layer, an output of it, and its numbers.

    Attributes:
        name: The layer in the language of specs.
        layer: Its parameters.
        place: The output to begin with: channel, row, column.
        input: The numbers of each channel.
        weight: Of each output channel the kernel of each input channel that it reads.
        bias: Of each output channel; None without a bias.
    """

    name: str
    layer: PageLayer
    place: tuple[int, int, int]
    input: list[Plane]
    weight: list[list[Plane]]
    bias: list[Number] | None


def page_layer(layers: Sequence[Layer], shape: Shape) -> PageLayer:
    """The one convolution of a network.

    Args:
        layers: All layers of the network.
        shape: The network's input.

    Raises:
        UsageError: there are more, it is of another kind or of three axes, or too large.
    """
    if len(layers) != 1:
        raise UsageError(
            f"--html: a page shows one convolution, and these are {len(layers)} layers"
        )
    layer = _convolution(layers[0], shape)
    if len(shape) not in (2, 3):
        raise UsageError(
            f"--html: a page shows one or two axes; the input {format_shape(shape)} has "
            f"{len(shape) - 1}"
        )
    out = layer.out_shape(shape)
    known = _parameters(layer, shape, out)
    weights = layer.weight_shapes(shape).values()
    _check_size(known, out, prod(shape) + sum(map(prod, weights)))
    return known


def _parameters(layer: Conv | ConvTranspose, shape: Shape, out: Shape) -> PageLayer:
    windows = layer.windows(shape)
    if any(w.before < 0 or w.after < 0 for w in windows):
        raise UsageError("--html: a page shows no negative padding")
    transposed = isinstance(layer, ConvTranspose)
    axes = zip(windows, shape[1:], out[1:], strict=True)
    extra = [reached - w.transposed_size(size) if transposed else 0 for w, size, reached in axes]
    return {
        "transposed": transposed,
        "channels": shape[0],
        "outChannels": out[0],
        "groups": layer.groups,
        "mode": layer.padding_mode if isinstance(layer, Conv) else "zeros",
        "bias": layer.bias,
        "size": _pair(shape[1:], 1),
        "kernel": _pair([w.kernel for w in windows], 1),
        "stride": _pair([w.stride for w in windows], 1),
        "dilation": _pair([w.dilation for w in windows], 1),
        "before": _pair([w.before for w in windows], 0),
        "after": _pair([w.after for w in windows], 0),
        "extra": _pair(extra, 0),
    }


def page_start(
    name: str, layer: PageLayer, values: Values, weights: Mapping[str, Values], place: Place
) -> PageStart:
    """The numbers of a convolution, and the output to begin with.

    Raises:
        DataError: a number is not finite, or sums may be whole numbers that JavaScript has not.
    """
    own = {key.rpartition(".")[2]: array for key, array in weights.items()}
    channel, *position = place
    start: PageStart = {
        "name": name,
        "layer": layer,
        "place": (channel, *_pair(position, 0)),
        "input": [_plane(values, (n,), layer["size"]) for n in range(layer["channels"])],
        "weight": [_kernels(layer, own["weight"], out) for out in range(layer["outChannels"])],
        "bias": None,
    }
    if layer["bias"]:
        start["bias"] = [own["bias"][out,] for out in range(layer["outChannels"])]
    _check_numbers(start)
    return start


def _convolution(layer: Layer, shape: Shape) -> Conv | ConvTranspose:
    if isinstance(layer, Conv | ConvTranspose):
        return layer
    stages = list(layer.walk(shape)) if isinstance(layer, Staged) else []
    if len(stages) == 1:
        return stages[0][1]
    raise UsageError(
        f"--html: a page shows conv, convt, dw or pw; '{layer.spec()}' is none of them"
    )


def _check_size(layer: PageLayer, out: Shape, numbers: int) -> None:
    squares = squares_of(layer, out)
    if squares > MOST_SQUARES:
        raise UsageError(
            f"--html: input and output are {squares:,} squares with padding and zeros put in; "
            f"a page draws at most {MOST_SQUARES:,}"
        )
    if numbers > MOST_NUMBERS:
        raise UsageError(
            f"--html: input, weight and bias have {numbers:,} numbers; "
            f"a page holds at most {MOST_NUMBERS:,}"
        )


def squares_of(layer: PageLayer, out: Shape) -> int:
    """The squares of all inputs, with padding or zeros put in, and of all outputs."""
    sides = []
    for axis, own in enumerate(_pair(out[1:], 1)):
        before, size = layer["before"][axis], layer["size"][axis]
        side = size + before + layer["after"][axis]
        if layer["transposed"]:  # as placesOf of convolution.mjs
            extent = layer["dilation"][axis] * (layer["kernel"][axis] - 1) + 1
            length = (size - 1) * layer["stride"][axis] + 1
            side = max(length, own + before) - min(before - extent + 1, 0)
        sides.append(side)
    return layer["channels"] * prod(sides) + prod(out)


def _pair(axes: Sequence[int], row: int) -> Pair:
    """Rows and columns; a sequence is one row."""
    rows, columns = (row, *axes) if len(axes) == 1 else axes
    return rows, columns


def _plane(values: Values, leading: Place, sizes: Pair) -> Plane:
    """The rows of one channel, of an array of one axis or two."""
    rows, columns = sizes
    flat = len(values.shape) == len(leading) + 1
    return [
        [values[*leading, x] if flat else values[*leading, y, x] for x in range(columns)]
        for y in range(rows)
    ]


def _kernels(layer: PageLayer, weight: Values, out: int) -> list[Plane]:
    """The kernels of one output channel, of a weight (O, C/g, *k) or transposed (C, O/g, *k)."""
    depth = layer["channels"] // layer["groups"]
    width = layer["outChannels"] // layer["groups"]
    first = out // width * depth
    places = [(first + n, out % width) if layer["transposed"] else (out, n) for n in range(depth)]
    return [_plane(weight, place, layer["kernel"]) for place in places]


def _check_numbers(start: PageStart) -> None:
    kernels = [plane for kernels in start["weight"] for plane in kernels]
    values = [value for plane in start["input"] for row in plane for value in row]
    weights = [value for plane in kernels for row in plane for value in row]
    numbers = [*values, *weights, *(start["bias"] or [])]
    if not all(map(isfinite, numbers)):
        raise DataError("--html: a page computes with finite numbers, and one is not")
    if all(isinstance(number, int) for number in numbers):
        most = max(map(abs, values)) * sum(map(abs, weights)) + max(map(abs, start["bias"] or [0]))
        if most >= LARGEST_WHOLE:
            raise DataError(
                "--html: sums may reach 2^53, and JavaScript has not every whole number from there "
                "on; give --dtype float64"
            )

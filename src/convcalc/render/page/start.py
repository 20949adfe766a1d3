"""What a page starts with: layers over rows and columns with their numbers, as plain data."""

from __future__ import annotations

from math import isfinite, prod
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from convcalc.errors import DataError, UsageError
from convcalc.explain.walk.functions import WEIGHTS
from convcalc.layers.base import format_shape
from convcalc.render.page.layers import pair, triple
from convcalc.render.page.nodes import end_of, placed_nodes, squares_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.page.layers import PageConvolution, PageMatrix, Pair, Triple
    from convcalc.render.page.nodes import PageNode, Placed

MOST_SQUARES = 5000
"""Squares of inputs and outputs on a page, which draws all of them at every step."""

MOST_NUMBERS = 2500
"""Numbers that a page holds: with 20 digits each they are less than half of its 170 kB."""

LARGEST_WHOLE = 2**53
"""From here on JavaScript's numbers leave out whole numbers."""

Plane: TypeAlias = list[list["Number"]]


class PageWeights(TypedDict):
    """The numbers of a layer.

    Attributes:
        weight: Of each output channel the kernel of each input channel that it reads; of a matrix
            each row as a kernel of one row.
        bias: Of each output channel.
        own: Those of a function by the words of its formula: one, or one for each channel.
    """

    weight: list[list[Plane]] | None
    bias: list[Number] | None
    own: dict[str, list[Number]] | None


class PageStart(TypedDict):
    """What the page's scripts read: layers, an output of the last, and all numbers.

    Attributes:
        name: The network in the language of specs.
        shape: The shape of its input, as after -i; a sequence has no rows in it.
        nodes: The layers in order.
        end: The node whose result is the network's.
        place: The output to begin with: channel, row, column.
        input: The numbers of each channel.
        weights: Those of each node.
    """

    name: str
    shape: str
    nodes: list[PageNode]
    end: int
    place: tuple[int, int, int]
    input: list[Plane]
    weights: list[PageWeights]


def page_start(
    network: Network, values: Values, weights: Mapping[str, Values], place: Place
) -> PageStart:
    """What the page of a network starts with.

    Args:
        network: The layers.
        values: The input of one sample.
        weights: All weights by name, LABEL.NAME.
        place: The output to begin with.

    Raises:
        UsageError: a page cannot show a layer, or not so many squares or numbers.
        DataError: a number is not finite, or sums may be whole numbers that JavaScript has not.
    """
    placed = placed_nodes(network, values.shape)
    _check_size(placed, values.shape, weights)
    start: PageStart = {
        "name": network_name(network, values.shape),
        "shape": format_shape(values.shape),
        "nodes": [one["node"] for one in placed],
        "end": end_of(network, placed),
        "place": _place(place),
        "input": _planes(values),
        "weights": [_weights(one, weights) for one in placed],
    }
    _check_numbers(start)
    return start


def network_name(network: Network, shape: Shape) -> str:
    """The network as it was read, else its layers in a row."""
    if network.source is not None:
        return network.source.line()
    return " ".join(step.layer.spec() for step in network.walk(shape))


def _check_size(placed: Sequence[Placed], shape: Shape, weights: Mapping[str, Values]) -> None:
    squares = squares_of(placed)
    if squares > MOST_SQUARES:
        raise UsageError(
            f"--html: inputs and outputs are {squares:,} squares with padding and zeros put in; "
            f"a page draws at most {MOST_SQUARES:,}"
        )
    numbers = prod(shape) + sum(prod(own.shape) for own in weights.values())
    if numbers > MOST_NUMBERS:
        raise UsageError(
            f"--html: input, weights and biases have {numbers:,} numbers; "
            f"a page holds at most {MOST_NUMBERS:,}"
        )


def _place(place: Place) -> Triple:
    """A place as channel, row and column."""
    if len(place) == 1:
        return 0, 0, place[0]
    return place[0], *pair(place[1:], 0)


def _planes(values: Values) -> list[Plane]:
    """The numbers of an input, channel by channel; features are one row."""
    shape = values.shape
    if len(shape) == 1:
        return [_plane(values, (), triple(shape)[1:])]
    return [_plane(values, (n,), triple(shape)[1:]) for n in range(shape[0])]


def _weights(one: Placed, weights: Mapping[str, Values]) -> PageWeights:
    """The numbers of a node."""
    prefix, layer = one["prefix"], one["node"]["layer"]
    own: PageWeights = {"weight": None, "bias": None, "own": None}
    if layer["op"] == "convolution" or layer["op"] == "matrix":
        weight = weights[f"{prefix}weight"]
        outputs = layer["outChannels"] if layer["op"] == "convolution" else layer["outFeatures"]
        own["weight"] = [_kernels(layer, weight, out) for out in range(outputs)]
        if layer["bias"]:
            own["bias"] = _vector(weights[f"{prefix}bias"])
    elif layer["op"] == "function":
        found = {word: weights.get(f"{prefix}{name}") for name, word in WEIGHTS.items()}
        own["own"] = {word: _vector(own) for word, own in found.items() if own is not None}
    return own


def _vector(values: Values) -> list[Number]:
    return [values[n,] for n in range(values.shape[0])]


def _plane(values: Values, leading: Place, sizes: Pair) -> Plane:
    """The rows of one channel, of an array of one axis or two."""
    rows, columns = sizes
    flat = len(values.shape) == len(leading) + 1
    return [
        [values[*leading, x] if flat else values[*leading, y, x] for x in range(columns)]
        for y in range(rows)
    ]


def _kernels(layer: PageConvolution | PageMatrix, weight: Values, out: int) -> list[Plane]:
    """The kernels of one output channel, of a weight (O, C/g, *k) or transposed (C, O/g, *k).

    Of a matrix (O, features) the one kernel is a row of it.
    """
    if layer["op"] == "matrix":
        return [_plane(weight, (out,), (1, layer["size"][1]))]
    depth = layer["channels"] // layer["groups"]
    width = layer["outChannels"] // layer["groups"]
    first = out // width * depth
    places = [(first + n, out % width) if layer["transposed"] else (out, n) for n in range(depth)]
    return [_plane(weight, place, layer["kernel"]) for place in places]


def _check_numbers(start: PageStart) -> None:
    """Whether JavaScript can compute with all numbers, and exactly with whole ones."""
    values = list(_numbers(start["input"]))
    own = [[one["weight"], one["bias"], *(one["own"] or {}).values()] for one in start["weights"]]
    everything = [*values, *_numbers(own)]
    if not all(map(isfinite, everything)):
        raise DataError("--html: a page computes with finite numbers, and one is not")
    whole = all(isinstance(number, int) for number in everything)
    if whole and _most(start, max(map(abs, values))) >= LARGEST_WHOLE:
        raise DataError(
            "--html: sums may reach 2^53, and JavaScript has not every whole number from there "
            "on; give --dtype float64"
        )


def _most(start: PageStart, most: Number) -> Number:
    """A bound on the magnitude of all results; of a convolution by the heaviest kernels."""
    bounds: list[Number] = [most]
    for node, own in zip(start["nodes"], start["weights"], strict=True):
        arriving = [bounds[source + 1] for source in node["sources"]]
        if own["weight"] is not None:
            kernels = [sum(map(abs, _numbers(kernel))) for kernel in own["weight"]]
            added = max(map(abs, own["bias"] or [0]))
            bounds.append(arriving[0] * max(kernels) + added)
        elif node["layer"]["op"] == "join":
            product = node["layer"]["how"] == "product"
            bounds.append(prod(arriving) if product else sum(arriving))
        elif node["layer"]["op"] == "pad":
            bounds.append(max(arriving[0], abs(node["layer"]["value"])))
        elif own["own"]:
            bounds.append(arriving[0] * max(1, *map(abs, _numbers(list(own["own"].values())))))
        else:
            bounds.append(arriving[0])
    return max(bounds)


Nested: TypeAlias = "Number | Sequence[Nested] | None"


def _numbers(nested: Nested) -> Iterator[Number]:
    """All numbers of nested lists."""
    if isinstance(nested, int | float):
        yield nested
    elif nested is not None:
        for one in nested:
            yield from _numbers(one)

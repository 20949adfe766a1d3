"""The layers that a page computes, as its scripts know them: plain data over rows and columns."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypedDict

from convcalc.errors import UsageError
from convcalc.layers.activations import (
    Hardsigmoid,
    Hardswish,
    LeakyReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Tanh,
)
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.base import format_shape
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.dims import place_of
from convcalc.layers.identity import Dropout, Identity
from convcalc.layers.joins import Concat, Residual, Scale
from convcalc.layers.normalisation import BatchNorm
from convcalc.layers.pooling import LPPool, Pool
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Network, Step

Pair: TypeAlias = tuple[int, int]


class PageConvolution(TypedDict):
    """A convolution; pairs are of rows and columns.

    `multiplier` is that of a first stage, whose groups and channels follow its input; else None.
    """

    op: Literal["convolution"]
    transposed: bool
    channels: int
    outChannels: int
    groups: int
    mode: str
    bias: bool
    multiplier: int | None
    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    after: Pair
    extra: Pair


class PagePooling(TypedDict):
    """A pooling; `how` is "max", "mean" or "norm", `exponent` that of a norm."""

    op: Literal["pooling"]
    how: str
    exponent: float
    ceil: bool
    include: bool
    channels: int
    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    after: Pair


class PageAdaptive(TypedDict):
    """A pooling whose windows follow from the size of its output, `reached`."""

    op: Literal["adaptive"]
    how: str
    channels: int
    size: Pair
    reached: Pair


class PageFunction(TypedDict):
    """A function of each element: its name, and for some a number."""

    op: Literal["function"]
    how: str
    number: float


class PageJoin(TypedDict):
    """Branches put together: by "sum", "product" or "choice"."""

    op: Literal["join"]
    how: str


PageLayer: TypeAlias = PageConvolution | PagePooling | PageAdaptive | PageFunction | PageJoin


class PageNode(TypedDict):
    """A layer with its place in the network.

    Attributes:
        label: Its name.
        spec: It in the language of specs.
        sources: The nodes that it reads, -1 for the input.
        layer: Its parameters.
    """

    label: str
    spec: str
    sources: list[int]
    layer: PageLayer


class Placed(TypedDict):
    """A node with the names of its weights and the shapes around it."""

    node: PageNode
    prefix: str
    arriving: tuple[Shape, ...]
    leaving: Shape


FUNCTIONS: Final[dict[type[Layer], str]] = {
    Identity: "identity",
    Dropout: "identity",
    ReLU: "relu",
    ReLU6: "relu6",
    LeakyReLU: "leakyrelu",
    Sigmoid: "sigmoid",
    Tanh: "tanh",
    SiLU: "silu",
    Hardsigmoid: "hardsigmoid",
    Hardswish: "hardswish",
    BatchNorm: "affine",
}
"""Functions of single elements that the page's scripts know."""


def placed_nodes(network: Network, shape: Shape) -> list[Placed]:
    """Every layer of a network in order; a separable convolution is two of them.

    Raises:
        UsageError: a page cannot show one of them, or the input has no rows or columns.
    """
    if len(shape) not in (2, 3):
        raise UsageError(
            f"--html: a page shows one or two axes; the input {format_shape(shape)} has "
            f"{len(shape) - 1}"
        )
    placed: list[Placed] = []
    ends: dict[int, int] = {-1: -1}
    for index, step in enumerate(network.walk(shape)):
        sources = [ends[source] for source in step.node.inputs]
        placed.extend(_nodes(step, sources, len(placed)))
        ends[index] = len(placed) - 1
    return placed


def end_of(network: Network, placed: Sequence[Placed]) -> int:
    """Which of the page's nodes has the network's result."""
    label = network.nodes[network.output].label
    return max(at for at, one in enumerate(placed) if one["node"]["label"] == label)


def _nodes(step: Step, sources: list[int], at: int) -> list[Placed]:
    """One node, or of a separable convolution one for each of its stages."""
    if not isinstance(step.layer, Staged):
        known = _known(step.layer, step.arriving)
        return [_placed(step, known, sources, step.leaving)]
    stages = list(step.layer.walk(step.arriving[0]))
    placed = []
    for number, (prefix, stage, arriving) in enumerate(stages):
        known = _convolution(stage, arriving)
        if number == 0 and len(stages) > 1:
            known["multiplier"] = stage.out_channels // arriving[0]
        own = sources if number == 0 else [at + number - 1]
        one = _placed(step, known, own, stage.out_shape(arriving))
        placed.append(one | {"prefix": one["prefix"] + prefix, "arriving": (arriving,)})
    return placed


def _placed(step: Step, layer: PageLayer, sources: list[int], leaving: Shape) -> Placed:
    label = step.node.label
    node: PageNode = {
        "label": label,
        "spec": step.layer.spec(),
        "sources": sources,
        "layer": layer,
    }
    return {"node": node, "prefix": f"{label}.", "arriving": step.arriving, "leaving": leaving}


def _known(layer: Layer, arriving: tuple[Shape, ...]) -> PageLayer:
    """A layer as one of the page's operations.

    Raises:
        UsageError: it is none of them.
    """
    shape = arriving[0]
    found: PageLayer | None = None
    match layer:
        case Conv() | ConvTranspose():
            found = _convolution(layer, shape)
        case Pool():
            found = _pooling(layer, shape)
        case Adaptive():
            found = _adaptive(layer, shape)
        case Residual() | Scale():
            found = {"op": "join", "how": "sum" if isinstance(layer, Residual) else "product"}
        case Concat() if place_of(layer.dim, shape) == 0:
            found = {"op": "join", "how": "choice"}
        case _ if type(layer) in FUNCTIONS:
            number = layer.negative_slope if isinstance(layer, LeakyReLU) else 0
            found = {"op": "function", "how": FUNCTIONS[type(layer)], "number": number}
    if found is None:
        raise UsageError(
            "--html: a page shows convolutions, poolings, joins of branches and simple "
            f"activations, and '{layer.spec()}' is none of them; without --html it is told in text"
        )
    return found


def _adaptive(layer: Adaptive, shape: Shape) -> PageAdaptive:
    return {
        "op": "adaptive",
        "how": "max" if layer.how == "max" else "mean",
        "channels": shape[0],
        "size": pair(shape[1:], 1),
        "reached": pair(layer.sizes(shape), 1),
    }


def _convolution(layer: Conv | ConvTranspose, shape: Shape) -> PageConvolution:
    out, windows = layer.out_shape(shape), layer.windows(shape)
    if any(w.before < 0 or w.after < 0 for w in windows):
        raise UsageError("--html: a page shows no negative padding")
    transposed = isinstance(layer, ConvTranspose)
    axes = zip(windows, shape[1:], out[1:], strict=True)
    extra = [reached - w.transposed_size(size) if transposed else 0 for w, size, reached in axes]
    return {
        "op": "convolution",
        "transposed": transposed,
        "channels": shape[0],
        "outChannels": out[0],
        "groups": layer.groups,
        "mode": layer.padding_mode if isinstance(layer, Conv) else "zeros",
        "bias": layer.bias,
        "multiplier": None,
        "size": pair(shape[1:], 1),
        "kernel": pair([w.kernel for w in windows], 1),
        "stride": pair([w.stride for w in windows], 1),
        "dilation": pair([w.dilation for w in windows], 1),
        "before": pair([w.before for w in windows], 0),
        "after": pair([w.after for w in windows], 0),
        "extra": pair(extra, 0),
    }


def _pooling(layer: Pool, shape: Shape) -> PagePooling:
    windows = layer.explicit_windows(shape)
    if any(not 0 <= end <= w.kernel // 2 for w in windows for end in (w.before, w.after)):
        raise UsageError("--html: a page shows padding of a pooling up to half its window")
    return {
        "op": "pooling",
        "how": {"maxpool": "max", "avgpool": "mean"}.get(layer.kind, "norm"),
        "exponent": layer.norm_type if isinstance(layer, LPPool) else 1,
        "ceil": layer.ceil_mode,
        "include": bool(getattr(layer, "count_include_pad", True)),
        "channels": shape[0],
        "size": pair(shape[1:], 1),
        "kernel": pair([w.kernel for w in windows], 1),
        "stride": pair([w.stride for w in windows], 1),
        "dilation": pair([w.dilation for w in windows], 1),
        "before": pair([w.before for w in windows], 0),
        "after": pair([w.after for w in windows], 0),
    }


def pair(axes: Sequence[int], row: int) -> Pair:
    """Rows and columns; a sequence is one row."""
    rows, columns = (row, *axes) if len(axes) == 1 else axes
    return rows, columns


def squares_of(placed: Sequence[Placed]) -> int:
    """The squares of all inputs, with padding or zeros put in, and of all outputs."""
    return sum(map(_squares, placed))


def _squares(one: Placed) -> int:
    out, layer = one["leaving"], one["node"]["layer"]
    if layer["op"] == "convolution" or layer["op"] == "pooling":
        sides = [_side(layer, axis, own) for axis, own in enumerate(pair(out[1:], 1))]
        return layer["channels"] * prod(sides) + prod(out)
    return sum(map(prod, one["arriving"])) + prod(out)


def _side(layer: PageConvolution | PagePooling, axis: int, own: int) -> int:
    """Places of an axis that windows lie on, as `placesOf` of the page's scripts have it."""
    size, stride, before = layer["size"][axis], layer["stride"][axis], layer["before"][axis]
    extent = layer["dilation"][axis] * (layer["kernel"][axis] - 1) + 1
    padded = size + before + layer["after"][axis]
    if layer["op"] == "pooling":  # in ceil mode the last window may hang over
        return max(padded, (own - 1) * stride + extent)
    if not layer["transposed"]:
        return padded
    return max((size - 1) * stride + 1, own + before) - min(before - extent + 1, 0)

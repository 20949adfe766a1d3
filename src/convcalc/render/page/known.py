"""Layers as the operations that a page's scripts know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from convcalc.errors import UsageError
from convcalc.explain.walk.functions import case_of, pieces_of
from convcalc.explain.walk.shares import SHARES
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.dims import place_of
from convcalc.layers.joins import Concat, Residual, Scale
from convcalc.layers.linear import Linear
from convcalc.layers.pad import Pad
from convcalc.layers.placing import spread
from convcalc.layers.pooling import LPPool, Pool
from convcalc.layers.softmax import Shares
from convcalc.layers.upsample import Upsample
from convcalc.render.page.layers import axis_of, pair, triple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.layers import Layer, Shape
    from convcalc.render.page.layers import (
        PageAdaptive,
        PageConvolution,
        PageFunction,
        PageJoin,
        PageLayer,
        PageMatrix,
        PagePad,
        PagePooling,
        PageResize,
        PageShare,
    )

Moved: TypeAlias = "dict[str, int | Sequence[int] | None]"


def known_layer(layer: Layer, arriving: tuple[Shape, ...]) -> PageLayer:
    """A layer as one of the page's operations.

    Raises:
        UsageError: it is none of them.
    """
    shape = arriving[0]
    for kind, make in KNOWN.items():
        if isinstance(layer, kind):
            return make(layer, shape)
    if pieces_of(layer):
        return _function(layer, shape)
    if layer.kind in MOVES:
        numbers = MOVES[layer.kind](layer, shape)
        return {"op": "move", "how": layer.kind, "numbers": numbers}
    raise UsageError(
        "--html: a page shows convolutions, matrices, poolings, joins of branches, functions and "
        f"moves of elements, and '{layer.spec()}' is none of them; without --html it is told in "
        "text"
    )


def convolution(layer: Conv | ConvTranspose, shape: Shape) -> PageConvolution:
    """A convolution, plain or transposed.

    Raises:
        UsageError: its padding is negative.
    """
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


def _matrix(layer: Linear, shape: Shape) -> PageMatrix:
    channels, *size = triple(shape)
    return {
        "op": "matrix",
        "outFeatures": layer.out_features,
        "bias": layer.bias,
        "channels": channels,
        "size": pair(size, 1),
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


def _adaptive(layer: Adaptive, shape: Shape) -> PageAdaptive:
    return {
        "op": "adaptive",
        "how": "max" if layer.how == "max" else "mean",
        "channels": shape[0],
        "size": pair(shape[1:], 1),
        "reached": pair(layer.sizes(shape), 1),
    }


def _pad(layer: Pad, shape: Shape) -> PagePad:
    windows = layer.windows(shape)
    return {
        "op": "pad",
        "mode": layer.padding_mode,
        "value": layer.value,
        "channels": shape[0],
        "size": pair(shape[1:], 1),
        "before": pair([w.before for w in windows], 0),
        "after": pair([w.after for w in windows], 0),
    }


def _resize(layer: Upsample, shape: Shape) -> PageResize:
    axes = len(shape) - 1
    factor, size = layer.scale_factor, layer.size
    return {
        "op": "resize",
        "mode": "aligned" if layer.align_corners else layer.mode,
        "channels": shape[0],
        "size": pair(shape[1:], 1),
        "scale": None if factor is None else pair(spread("scale_factor", factor, axes), 1),
        "reached": None if size is None else pair(spread("size", size, axes), 1),
    }


def _join(layer: Residual | Scale | Concat, shape: Shape) -> PageJoin:
    if isinstance(layer, Concat):
        axis = axis_of(place_of(layer.dim, shape), len(shape))
        return {"op": "join", "how": "choice", "axis": axis}
    return {"op": "join", "how": "sum" if isinstance(layer, Residual) else "product", "axis": 0}


def _function(layer: Layer, shape: Shape) -> PageFunction:
    pieces = pieces_of(layer)
    return {
        "op": "function",
        "how": layer.kind,
        "numbers": dict(vars(layer)),
        "along": axis_of(0, len(shape)),
        "pieces": [
            {
                "text": piece.text,
                "case": case_of(pieces, number),
                "bound": piece.bound if number < len(pieces) - 1 else None,
                "strict": piece.strict,
            }
            for number, piece in enumerate(pieces)
        ],
    }


def _share(layer: Shares, shape: Shape) -> PageShare:
    axis = axis_of(place_of(layer.dim, shape), len(shape))
    formula, text, term = SHARES[layer.kind]
    return {
        "op": "share",
        "how": layer.kind,
        "axis": axis,
        "formula": formula,
        "text": text,
        "term": term,
    }


def _pixels(layer: Any, shape: Shape) -> Moved:
    (factor,) = vars(layer).values()
    return {"factors": pair((factor,) * (len(shape) - 1), 1)}


def _cropped(layer: Any, shape: Shape) -> Moved:
    offset = None if layer.offset is None else pair(layer.begins(shape), 0)
    return {"sizes": pair(layer.out_shape(shape)[1:], 1), "offset": offset}


def _permuted(layer: Any, shape: Shape) -> Moved:
    rank = len(shape)
    order = {axis_of(at, rank): axis_of(own, rank) for at, own in enumerate(layer.order)}
    return {"order": [order.get(axis, axis) for axis in range(3)]}


def _regrouped(layer: Any, shape: Shape) -> Moved:
    return {"to": triple(layer.out_shape(shape))}


def _channels(name: str) -> Callable[[Any, Shape], Moved]:
    def numbers(layer: Any, shape: Shape) -> Moved:
        own = vars(layer)[name]
        value = own if isinstance(own, int) else list(own[0])
        return {name: value, "axis": axis_of(0, len(shape))}

    return numbers


MOVES: Final[dict[str, Callable[[Any, Shape], Moved]]] = {
    "identity": lambda _layer, _shape: {},
    "dropout": lambda _layer, _shape: {},
    "flatten": lambda _layer, _shape: {},
    "reshape": _regrouped,
    "unflatten": _regrouped,
    "permute": _permuted,
    "slice": _channels("channels"),
    "crop": _cropped,
    "shuffle": _channels("groups"),
    "pixelshuffle": _pixels,
    "pixelunshuffle": _pixels,
}
"""The numbers of each move that the page's scripts know."""

KNOWN: Final[dict[type[Layer], Callable[[Any, Shape], PageLayer]]] = {
    Conv: convolution,
    ConvTranspose: convolution,
    Linear: _matrix,
    Pool: _pooling,
    Adaptive: _adaptive,
    Pad: _pad,
    Upsample: _resize,
    Shares: _share,
    Residual: _join,
    Scale: _join,
    Concat: _join,
}
"""How each family becomes one of the page's operations."""

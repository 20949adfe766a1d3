"""Convolutions and poolings of ONNX as layers of our kinds.

Strides are 1 unless they are said, pads are those before all axes and then those behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.errors import DataError, printable
from convcalc.importers.onnx_plans import Plan, Recipe, folded, need, need_batch

if TYPE_CHECKING:
    from convcalc.importers.onnx_calls import Call
    from convcalc.layers.parameters import Padding

SAME = {"SAME_UPPER": "same-upper", "SAME_LOWER": "same-lower"}


def conv(call: Call) -> Plan:
    """A convolution whose weight no input has reached."""
    weight, bias = call.weight(1), call.given(2)
    dims = len(weight.known) - 2
    need_batch(call, dims)
    _check_channels(call, weight.known[1] * call("group", 1))
    weights = {"weight": Recipe.of(weight)}
    if bias is not None:
        weights["bias"] = Recipe.of(call.weight(2))
    layer = layers.Conv(
        weight.known[0],
        folded(weight.known[2:]),
        folded(call("strides", [1] * dims)),
        _padding(call, dims),
        folded(call("dilations", [1] * dims)),
        call("group", 1),
        bias is not None,
    )
    return Plan(layer, weights=weights)


def conv_transpose(call: Call) -> Plan:
    """A transposed convolution; an output shape decides its padding."""
    weight, bias, groups = call.weight(1), call.given(2), call("group", 1)
    dims = len(weight.known) - 2
    need_batch(call, dims)
    _check_channels(call, weight.known[0])
    weights = {"weight": Recipe.of(weight)}
    if bias is not None:
        weights["bias"] = Recipe.of(call.weight(2))
    padding, extra = _padding(call, dims), call("output_padding", [0] * dims)
    if call("output_shape"):
        padding, extra = _padding_of_output(call, extra)
    layer = layers.ConvTranspose(
        weight.known[1] * groups,
        folded(weight.known[2:]),
        folded(call("strides", [1] * dims)),
        padding,
        folded(call("dilations", [1] * dims)),
        groups,
        bias is not None,
        output_padding=folded(extra),
    )
    return Plan(layer, weights=weights)


def _check_channels(call: Call, wanted: int) -> None:
    """The channels that arrive have to be those of the weight.

    Raises:
        DataError: they are others.
    """
    channels = call.x.known[1]
    if channels != wanted:
        name = printable(call.node.name or call.node.output[0], 60)
        raise DataError(
            f"the {call.op} '{name}' reads {channels} channels, its weight takes {wanted}"
        )


def _padding(call: Call, dims: int) -> Padding:
    """The padding of each end, or the word that stands for it."""
    word = call("auto_pad", "NOTSET")
    if word in SAME:
        return SAME[word]
    pads = [0] * 2 * dims if word == "VALID" else call("pads", [0] * 2 * dims)
    need(len(pads) == 2 * dims and min(pads) >= 0)
    return tuple(zip(pads[:dims], pads[dims:], strict=True)) if len(set(pads)) > 1 else pads[0]


def _padding_of_output(call: Call, extra: list[int]) -> tuple[Padding, list[int]]:
    """What has to be cut off for the output to have its size: s*(i - 1) + op + e - o in all.

    The odd element is cut off at the end for SAME_UPPER, and else at the beginning. Where that is
    below 0, elements are added at the end.

    Source: ONNX, ConvTranspose, output_shape.
    """
    dims = len(extra)
    sizes, kernels = call("output_shape")[-dims:], call.tensor(1).known[2:]
    strides, dilations = call("strides", [1] * dims), call("dilations", [1] * dims)
    ends, added = [], []
    for axis, size in enumerate(call.x.known[2:]):
        extent = dilations[axis] * (kernels[axis] - 1) + 1
        total = strides[axis] * (size - 1) + extra[axis] + extent - sizes[axis]
        added.append(extra[axis] + max(0, -total))
        total = max(0, total)
        small, large = total // 2, total - total // 2
        upper = call("auto_pad", "NOTSET") == "SAME_UPPER"
        ends.append((small, large) if upper else (large, small))
    return tuple(ends), added


def max_pool(call: Call) -> Plan:
    """The largest of each window."""
    kernel = call("kernel_shape")
    need_batch(call, len(kernel))
    layer = layers.MaxPool(
        folded(kernel),
        folded(call("strides", [1] * len(kernel))),
        _padding(call, len(kernel)),
        bool(call("ceil_mode", 0)),
        folded(call("dilations", [1] * len(kernel))),
    )
    return Plan(layer)


def average_pool(call: Call) -> Plan:
    """The mean of each window, without the padding unless it is to count."""
    kernel = call("kernel_shape")
    need_batch(call, len(kernel))
    need(set(call("dilations", [1])) == {1})
    padding = _padding(call, len(kernel))
    layer = layers.AvgPool(
        folded(kernel),
        folded(call("strides", [1] * len(kernel))),
        padding,
        bool(call("ceil_mode", 0)),
        bool(call("count_include_pad", 0)),
    )
    return Plan(layer)


def lp_pool(call: Call) -> Plan:
    """The root of the sum of squares; ONNX takes magnitudes, which even powers need not."""
    kernel, power = call("kernel_shape"), call("p", 2)
    need_batch(call, len(kernel))
    need(power % 2 == 0 and set(call("dilations", [1])) == {1} and not call("ceil_mode", 0))
    strides = folded(call("strides", [1] * len(kernel)))
    padding = _padding(call, len(kernel))
    return Plan(layers.LPPool(folded(kernel), strides, padding, norm_type=float(power)))


def global_average(call: Call) -> Plan:
    """The mean of each channel."""
    need_batch(call)
    return Plan(layers.GlobalAvgPool())


def reduced(call: Call) -> Plan:
    """One number in the place of all elements along some axes; of all spatial ones it is `gap`."""
    rank, batch = len(call.x.known), int(call.x.has_batch)
    given = call.whole_numbers(1, "axes") if call.op in REDUCTIONS else [call("axis", 0)]
    need(bool(given) or not call("noop_with_empty_axes", 0))
    axes = sorted(axis % rank for axis in (given or range(rank)))
    keep = bool(call("keepdims", 1))
    if keep and batch and rank > 2 and axes == list(range(2, rank)) and call.op == "ReduceMean":
        return Plan(layers.GlobalAvgPool())
    need(not batch or axes[0] > 0 or len(axes) == rank)
    places = tuple(axis - batch for axis in axes if axis >= batch)
    return Plan(layers.Reduce({**REDUCTIONS, **PLACES}[call.op], places, keep))


REDUCTIONS = {
    "ReduceMean": "mean",
    "ReduceSum": "sum",
    "ReduceMax": "max",
    "ReduceMin": "min",
    "ReduceProd": "prod",
    "ReduceL2": "norm",
    "ReduceLogSumExp": "logsumexp",
}
PLACES = {"ArgMax": "argmax", "ArgMin": "argmin"}


def global_max(call: Call) -> Plan:
    """The largest of each channel."""
    need_batch(call)
    return Plan(layers.AdaptiveMaxPool(1))

"""Poolings of ONNX that no kind of ours is: much padding, spaced windows, magnitudes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.importers.onnx_plans import Plan, need_batch
from convcalc.importers.whole_operation import Operation
from convcalc.layers import Costs, ElementOps
from convcalc.window import Window, same_padding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.onnx_calls import Call
    from convcalc.layers.operations import A, Operations


def pool(call: Call) -> Plan:
    """The largest, the mean or the norm of each window, whatever its padding and spacing."""
    kernel = call("kernel_shape")
    need_batch(call, len(kernel))
    windows = _windows(call)
    out, taps = call.out.sample, prod(kernel)
    if call.op == "MaxPool":
        name, function = "max_pool", _largest(windows)
        cost = ElementOps(compare=prod(out) * taps)
    elif call.op == "AveragePool":
        name, function = "average_pool", _mean(call, windows)
        cost = ElementOps(add=prod(out) * taps, divide=prod(out))
    else:
        name, function = "lp_pool", _norm(call("p", 2), windows)
        cost = ElementOps(add=prod(out) * taps, exponent=prod(call.x.sample) + prod(out))
    return Plan(Operation(name, out, Costs(elements=cost), function, windows=windows))


def _largest(windows: list[Window]) -> Callable[..., object]:
    def function(ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:  # noqa: ARG001 - there are none
        return ops.pool(arrays[0], windows, "max")

    return function


def _norm(power: int, windows: list[Window]) -> Callable[..., object]:
    def function(ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:  # noqa: ARG001 - there are none
        powers = ops.apply("abs", arrays[0]) ** power
        return ops.pool(powers, windows, "sum") ** (1 / power)

    return function


def _windows(call: Call) -> list[Window]:
    """The window of each axis; `after` also holds what hangs over in ceil mode."""
    kernel = call("kernel_shape")
    dims, sizes = len(kernel), call.x.known[2:]
    strides, dilations = call("strides", [1] * dims), call("dilations", [1] * dims)
    word = call("auto_pad", "NOTSET")
    pads = call("pads", [0] * 2 * dims) if word == "NOTSET" else [0] * 2 * dims
    found = []
    for axis, size in enumerate(sizes):
        before, after = pads[axis], pads[axis + dims]
        if word in ("SAME_UPPER", "SAME_LOWER"):
            total = same_padding(size, kernel[axis], strides[axis], dilations[axis])
            small, large = total // 2, total - total // 2
            before, after = (small, large) if word == "SAME_UPPER" else (large, small)
        window = Window(kernel[axis], strides[axis], before, after, dilations[axis])
        found.append(window.ceiled(size) if call("ceil_mode", 0) else window)
    return found


def _mean(call: Call, windows: list[Window]) -> Callable[..., object]:
    """The sums over how many elements each has: of the input, or of the padding, too."""
    dims = len(windows)
    pads = call("pads", [0] * 2 * dims)
    included = call("count_include_pad", 0)
    counts = []
    for axis, (window, size) in enumerate(zip(windows, call.x.known[2:], strict=True)):
        extra = pads[axis + dims] if call("auto_pad", "NOTSET") == "NOTSET" else window.after
        low, high = (-window.before, size + extra) if included else (0, size)
        taps = range(0, window.kernel * window.dilation, window.dilation)
        starts = range(-window.before, -window.before + call.out.known[axis + 2] * window.stride)
        counts.append(
            [
                max(1, sum(low <= start + tap < high for tap in taps))
                for start in starts[:: window.stride]
            ]
        )

    def function(ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:  # noqa: ARG001 - there are none
        total = ops.pool(arrays[0], windows, "sum")
        divisor: A | float = 1
        for axis, each in enumerate(counts):
            divisor = ops.vector(each, total).reshape(-1, *(1,) * (dims - 1 - axis)) * divisor
        return total / divisor

    return function

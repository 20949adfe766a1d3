"""Standard convolution beside its depthwise separable replacement.

A k x k kernel from m to n channels costs k*k*m*n*h'*w' multiply-accumulates. Depthwise and then
pointwise costs k*k*m*h'*w' + m*n*h'*w', so the ratio is

    (k*k*m + m*n) / (k*k*m*n)  =  1/n + 1/(k*k)

for one group and whatever stride, padding and dilation. A grouped convolution costs one g-th of
that, so that the ratio is g times as large; with a kernel that is not square, k*k is the product
of its sides.

Source: derived; Howard et al., "MobileNets" (2017), section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from convcalc.analysis.report import LayerReport, analyze
from convcalc.errors import UsageError
from convcalc.layers import Conv, Separable
from convcalc.network import Network

if TYPE_CHECKING:
    from convcalc.analysis.report import Report
    from convcalc.layers import Layer, Shape


@dataclass(frozen=True)
class Comparison:
    """One standard convolution and its replacement on the same input.

    Attributes:
        standard: The convolution as it was given.
        separable: Depthwise and pointwise in its place.
        ratio: Multiply-accumulates of the replacement per multiply-accumulate of the original.
        formula: 1/n + 1/k^2 with its numbers, or None where it does not apply.
        formula_value: The value of `formula`.
        note: Why the formula does not apply, or nothing.
    """

    standard: LayerReport
    separable: LayerReport
    ratio: Fraction
    formula: str | None
    formula_value: Fraction | None
    note: str


@dataclass(frozen=True)
class SeparableComparison:
    """Two whole networks, and the layers in which they differ."""

    standard: Report
    separable: Report
    layers: tuple[Comparison, ...]


def compare_separable(network: Network, input_shape: Shape, batch: int = 1) -> SeparableComparison:
    """Every `conv` of a network beside its replacement by depthwise + pointwise.

    Raises:
        UsageError: the network has no `conv` that could be replaced.
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.
    """
    steps = list(network.walk(input_shape))
    if not any(isinstance(step.layer, Conv) for step in steps):
        kinds = ", ".join(dict.fromkeys(step.layer.kind for step in steps))
        raise UsageError(
            f"nothing to compare: 'separable' replaces conv layers, found only {kinds}"
        )
    replaced = Network(tuple(replace(step.node, layer=_replacement(step.layer)) for step in steps))
    standard = analyze(network, input_shape, batch)
    separable = analyze(replaced, input_shape, batch)
    pairs = zip(steps, standard.layers, separable.layers, strict=True)
    layers = tuple(
        _comparison(step.layer, before, after)
        for step, before, after in pairs
        if isinstance(step.layer, Conv)
    )
    return SeparableComparison(standard, separable, layers)


def _replacement(layer: Layer) -> Layer:
    """Depthwise + pointwise for a `conv`; any other layer as it is."""
    if not isinstance(layer, Conv):
        return layer
    return Separable(
        out_channels=layer.out_channels,
        kernel_size=layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        bias=layer.bias,
        padding_mode=layer.padding_mode,
    )


def _comparison(layer: Conv, standard: LayerReport, separable: LayerReport) -> Comparison:
    ratio = Fraction(separable.macs, standard.macs)
    kernel = standard.weights["weight"][2:]
    taps = layer.taps(standard.input_shapes[0])
    n = layer.out_channels
    sides = "*".join(map(str, kernel))
    general = f"1/{n} + 1/({sides})" if len(kernel) > 1 else f"1/{n} + 1/{sides}"
    value = Fraction(1, n) + Fraction(1, taps)
    if layer.groups > 1:
        note = (
            f"1/n + 1/k^2 does not apply: the convolution has groups={layer.groups}, which "
            f"already divide its cost; the ratio is {layer.groups} x ({general})"
        )
        return Comparison(standard, separable, ratio, None, None, note)
    if len(set(kernel)) > 1:
        note = (
            f"1/n + 1/k^2 does not apply: the kernel is not square; "
            f"with the product of its sides the ratio is {general}"
        )
        return Comparison(standard, separable, ratio, None, None, note)
    return Comparison(standard, separable, ratio, general, value, "")

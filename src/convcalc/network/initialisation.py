"""What the weights of an untrained network start from: a rule for each, from shapes alone."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers import KINDS, ConvTranspose, Linear
from convcalc.layers.convolution import Convolution
from convcalc.layers.stages import Staged
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from convcalc.language.bind import Waiting
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Network

PRELU_SLOPE = 0.25
"""He et al. (2015), section 2.1; PyTorch's default."""

HALVING = ("relu", "relu6", "gelu", "silu", "mish", "hardswish")
"""Activations that keep about half of the mean square of their input."""

ONES = ("running_var", "weight")


class Initial(NamedTuple):
    """How one array starts: every number alike, or drawn evenly from -bound to bound.

    Attributes:
        shape: Of the array.
        value: Of every number, where `bound` is 0.
        bound: The largest magnitude of a number that is drawn.
        is_parameter: Whether training changes it; statistics are stored beside the parameters.
    """

    shape: Shape
    value: float = 0.0
    bound: float = 0.0
    is_parameter: bool = True

    @property
    def is_drawn(self) -> bool:
        """Whether its numbers depend on a seed."""
        return self.bound > 0

    def value_with(self, seed: int | None) -> float:
        """The value where nothing is drawn; without a seed, all parameters are 0."""
        return 0.0 if seed is None and self.is_parameter else self.value


def initial_rules(
    network: Network, input_shape: Shape, whole: Network | None = None
) -> dict[str, Initial]:
    """The rule of everything that running needs, by name, in the order of the layers.

    Of a part of a network, with the rules that it has as a part of the `whole` one.

    - A kernel or matrix is drawn evenly within sqrt(3 * gain / fan), which has the variance
      gain / fan: sums of `fan` products then keep the mean square of their inputs, times the gain.
      It is 2 where an activation follows that halves it again, as relu does, 2 / (1 + slope^2)
      before one with a slope below 0, and 1 elsewhere. Source: He et al., "Delving Deep into
      Rectifiers" (2015), relations 10 and 15.
    - Biases and running means are 0; the factors of normalisation, running variances and the
      factors of `layerscale` are 1; the slopes of `prelu` are 0.25.

    No rule depends on the spatial size of the input, unless the shapes themselves do.

    Raises:
        ShapeError, SpecError: a layer does not fit the input.
    """
    gains = _gains(network if whole is None else whole)
    return {
        f"{step.node.label}.{name}": rule
        for step in network.walk(input_shape)
        for name, rule in _layer_rules(step.layer, step.arriving, gains[step.node.label]).items()
    }


def _layer_rules(layer: Layer, arriving: tuple[Shape, ...], gain: float) -> dict[str, Initial]:
    if isinstance(layer, Staged):
        stages = list(layer.walk(arriving[0]))
        return {
            prefix + name: rule
            for place, (prefix, stage, shape) in enumerate(stages, start=1)
            # Nothing stands between the stages.
            for name, rule in _layer_rules(
                stage, (shape,), gain if place == len(stages) else 1.0
            ).items()
        }
    fan = _fan(layer, arriving[0])
    parameters = layer.weight_shapes(*arriving)
    rules = {}
    for name, shape in layer.tensor_shapes(*arriving).items():
        if fan and name == "weight":
            rules[name] = Initial(shape, bound=sqrt(3 * gain / fan))
        else:
            value = PRELU_SLOPE if layer.kind == "prelu" else float(name in ONES)
            rules[name] = Initial(shape, value, is_parameter=name in parameters)
    return rules


def _fan(layer: Layer, arriving: Shape) -> float:
    """Products in one output of a kernel or matrix; 0 for a layer that has none.

    Of a transposed convolution, whose outputs see different numbers of taps, the mean over the
    outputs that see any: C/g * prod(max(1, k/s)).
    """
    if isinstance(layer, Linear):
        return arriving[-1]
    if not isinstance(layer, Convolution):
        return 0
    taps: list[float] = [kernel for kernel, _, _ in layer.axes(arriving)]
    if isinstance(layer, ConvTranspose):
        taps = [max(1.0, kernel / stride) for kernel, stride, _ in layer.axes(arriving)]
    return arriving[0] // layer.groups * prod(taps)


def _gains(network: Network) -> dict[str, float]:
    """For each label the smallest gain that an activation behind it asks for.

    Layers that only pass numbers on are looked through, and so is `bn`, which starts as next to
    nothing. Shapes are not asked for: what is behind the part that is run need not fit.
    """
    asked: list[list[float]] = [[] for _ in network.nodes]
    gains = {}
    for index in range(len(network.nodes) - 1, -1, -1):
        node = network.nodes[index]
        gains[node.label] = min(asked[index], default=1.0)
        asks = _asked(node.layer, gains[node.label])
        for source in node.inputs:
            if source != INPUT:
                asked[source].append(asks)
    return gains


def _asked(layer: Layer | Waiting, behind: float) -> float:
    """The gain that a layer asks of the one before it."""
    if layer.kind in HALVING:
        return 2.0
    if layer.kind in ("leakyrelu", "prelu"):
        slope = getattr(layer, "negative_slope", PRELU_SLOPE)
        return 2 / (1 + slope**2)
    return behind if layer.kind == "bn" or KINDS[layer.kind].free else 1.0

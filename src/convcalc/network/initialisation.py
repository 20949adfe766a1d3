"""What the weights of an untrained network start from: a rule for each, from shapes alone."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.kinds import KINDS, row_of
from convcalc.layers.stages import Staged
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.layers import Layer, Shape
    from convcalc.layers.convolution import Convolution
    from convcalc.network.graph import Deferred, Network

PRELU_SLOPE = 0.25
"""He et al. (2015), section 2.1; PyTorch's default."""


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
        """Whether its values depend on a seed."""
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
      before one with a slope below 0, and 1 elsewhere, as in layers of several matrices. Source:
      He et al., "Delving Deep into Rectifiers" (2015), relations 10 and 15.
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
    parameters = layer.weight_shapes(*arriving)
    rules = {}
    several = sum("weight" in name for name in parameters) > 1
    for name, shape in layer.tensor_shapes(*arriving).items():
        if "weight" in name:
            rule = _weight(layer, arriving[0], shape, 1.0 if several else gain)
            # One that is counted elsewhere, or that a model has as a constant, is none here.
            rules[name] = rule._replace(is_parameter=name in parameters)
        else:
            value = float(name == "running_var")
            rules[name] = Initial(shape, value, is_parameter=name in parameters)
    return rules


def _weight(layer: Layer, arriving: Shape, shape: Shape, gain: float) -> Initial:
    start = row_of(STARTS, type(layer))
    if callable(start):
        return Initial(shape, bound=sqrt(3 * gain / start(layer, arriving, shape)))
    return Initial(shape, 1.0 if start is None else start)


def _conv_fan(layer: Convolution, arriving: Shape, shape: Shape) -> float:  # noqa: ARG001
    return arriving[0] // layer.groups * layer.taps(arriving)


def _convt_fan(layer: Convolution, arriving: Shape, shape: Shape) -> float:  # noqa: ARG001
    """The mean over the outputs that see any tap: C/g * prod(max(1, k/s))."""
    taps = (max(1.0, kernel / stride) for kernel, stride, _ in layer.axes(arriving))
    return arriving[0] // layer.groups * prod(taps)


def _matrix_fan(layer: Layer, arriving: Shape, shape: Shape) -> float:  # noqa: ARG001 - as above
    """What a matrix is multiplied with: its last axis."""
    return shape[-1]


def _pair_fan(layer: Layer, arriving: Shape, shape: Shape) -> float:  # noqa: ARG001 - as above
    """Pairs of features."""
    return prod(shape[1:])


def _row_fan(layer: Layer, arriving: Shape, shape: Shape) -> float:  # noqa: ARG001 - as above
    """A result is one number of the table."""
    return 1.0


STARTS: dict[str, float | Callable[..., float]] = {
    "conv": _conv_fan,
    "convt": _convt_fan,
    **dict.fromkeys(("linear", "multiheadattention", "Recurrent"), _matrix_fan),
    "bilinear": _pair_fan,
    "embedding": _row_fan,
    "Norm": 1.0,
    "layerscale": 1.0,
    **dict.fromkeys(("opaque", "parameter", "unreached"), 0.0),
    "prelu": PRELU_SLOPE,
}
"""What the `weight` of a kind starts from: a number, or drawn, by the products in one output."""


def _gains(network: Network) -> dict[str, float]:
    """For each label the smallest gain that an activation behind it asks for.

    Layers that only pass elements on are looked through, and so is `bn`, which starts as next to
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


def _asked(layer: Layer | Deferred, behind: float) -> float:
    """The gain that a layer asks of the one before it; `behind` is what it is itself asked for."""
    gain = row_of(GAINS, KINDS[layer.kind])
    if gain is None:
        return 1.0
    return gain(layer, behind) if callable(gain) else gain


def _sloped(layer: Layer | Deferred, behind: float) -> float:  # noqa: ARG001 - every rule is told both
    slope = getattr(layer, "negative_slope", PRELU_SLOPE)
    return float(2 / (1 + slope**2))


def _cut_off(layer: Layer | Deferred, behind: float) -> float:  # noqa: ARG001
    """A threshold at 0 with nothing below it is a relu."""
    values = (getattr(layer, "threshold", None), getattr(layer, "value", None))
    return 2.0 if values == (0, 0) else 1.0


def _passed_on(layer: Layer | Deferred, behind: float) -> float:  # noqa: ARG001
    return behind


GAINS: dict[str, float | Callable[[Layer | Deferred, float], float]] = {
    **dict.fromkeys(("relu", "relu6", "gelu", "silu", "mish", "hardswish"), 2.0),
    **dict.fromkeys(("leakyrelu", "prelu", "rrelu"), _sloped),
    **dict.fromkeys(("sigmoid", "hardsigmoid", "tanh", "hardtanh", "softplus", "elu"), 1.0),
    **dict.fromkeys(("selu", "celu", "hardshrink", "softshrink", "tanhshrink"), 1.0),
    **dict.fromkeys(("logsigmoid", "logsoftmax", "softmin", "softsign"), 1.0),
    "threshold": _cut_off,
    "glu": 4.0,  # Gehring et al., "Convolutional Sequence to Sequence Learning" (2017), section 3.5
    **dict.fromkeys(("softmax", "embedding", "multiheadattention", "Recurrent"), 1.0),
    **dict.fromkeys(("bn", "concat", "Rearrangement", "view"), _passed_on),
    **dict.fromkeys(("Norm", "layerscale", "lrn", "Join", "opaque"), 1.0),
    **dict.fromkeys(("parameter", "reduce", "unreached"), 1.0),
    **dict.fromkeys(("Convolution", "Staged", "linear", "Pool", "Adaptive", "upsample"), 1.0),
}
"""The gain that each kind asks for: 2 if it keeps about half of the mean square of its input, 4 if
a quarter."""

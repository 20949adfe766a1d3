"""What JSON says of every layer beside its figures: what arrives, its weights, its parameters."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from convcalc.layers.base import Layer
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers import Shape
    from convcalc.render.table import Json

EVERY_AXIS = ("kernel_size", "stride", "dilation", "output_padding")
"""Parameters that are said of every spatial axis, also where one number was given for all."""

ARRIVING = {"out_channels": ("in_channels", 0), "out_features": ("in_features", -1)}
"""What PyTorch has beside a parameter, and the axis of the input that says it."""


def layer_facts(
    layer: Layer, input_shapes: Sequence[Shape], weights: Mapping[str, Shape]
) -> dict[str, Json]:
    """The shapes that arrive and of the weights, the parameters, and the padding in elements.

    Args:
        layer: The layer.
        input_shapes: (channels, *spatial) of each of its inputs, of one sample.
        weights: The shape of each weight by its name.
    """
    ends = layer.padded_ends(*input_shapes)
    return {
        "input_shapes": [list(shape) for shape in input_shapes],
        "weights": {name: list(shape) for name, shape in weights.items()},
        "attributes": attributes_of(layer, input_shapes[0] if input_shapes else ()),
        "padding": None if ends is None else [list(pair) for pair in ends],
    }


def attributes_of(layer: Layer, shape: Shape) -> dict[str, Json]:
    """The parameters of a layer under PyTorch's names, as it has them on an input of `shape`.

    Padding in numbers is one for each axis, as PyTorch has it; where the two ends differ, both.
    """
    stages = list(layer.stages(shape[0]).values()) if isinstance(layer, Staged) else []
    if len(stages) == 1:
        return attributes_of(stages[0], shape)  # dw and pw are convolutions of PyTorch
    found: dict[str, Json] = {}
    for name in layer.rules():
        if name in ARRIVING and shape:
            beside, axis = ARRIVING[name]
            found[beside] = shape[axis]
        value = getattr(layer, name)
        if name == "stride" and value is None:  # of a pooling
            value = getattr(layer, "kernel_size", None)
        if name in EVERY_AXIS and isinstance(value, int) and len(shape) > 1:
            value = (value,) * (len(shape) - 1)
        found[name] = _plain(value)
    ends = layer.padded_ends(shape) if shape else None
    if ends is not None and not isinstance(found.get("padding", ""), str):
        same = all(before == after for before, after in ends)
        found["padding"] = [before if same else [before, after] for before, after in ends]
    return found


def _plain(value: object) -> Json:
    """A parameter as JSON holds it; a layer as its spec, what else there is as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [_plain(item) for item in value]
        case Fraction():
            return float(value)
        case Layer():
            return value.spec()
        case _:
            return str(value)

"""The weights that a model brought with it, which fit some inputs and not others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import LayerError, ShapeError, SpecError
from convcalc.language.source import TreeSource
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.layers import Shape
    from convcalc.network.graph import Network, Step


def is_model(network: Network) -> bool:
    """Whether a network was read from a model, made for the input that it names, and not a text."""
    return network.input_shape is not None and not isinstance(network.source, TreeSource)


class ModelWeights:
    """Walks a network on inputs beside its own, on which a model's weights must keep their shapes.

    A text means a layer with whatever weights the input needs: `flatten linear:10` takes any size.
    In a model the weights are there already, in the shapes that its own input needs.

    Args:
        network: The layers. Those of a text take what they take.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._own: dict[int, dict[str, Shape]] = {}
        if network.input_shape is None or not is_model(network):
            return
        try:
            for place, step in enumerate(network.walk(network.input_shape)):
                if step.layer.has_weights():
                    self._own[place] = step.layer.weight_shapes(*step.arriving)
        except (LayerError, SpecError):
            return  # a model that was followed in part: what was reached is known

    def walk(self, input_shape: Shape) -> Iterator[Step]:
        """Each node with its layer and the shapes around it, as `Network.walk`.

        Raises:
            ShapeError, SpecError: a layer does not fit, or its weights are of other shapes.
        """
        for place, step in enumerate(self._network.walk(input_shape)):
            own = self._own.get(place)
            if own is not None:
                _check(step, own)
            yield step


def _check(step: Step, own: dict[str, Shape]) -> None:
    """Refuses an input on which the weights of a layer would be others.

    Raises:
        ShapeError: they would be.
    """
    for name, needed in step.layer.weight_shapes(*step.arriving).items():
        if needed != own.get(name, needed):
            raise ShapeError(
                f"layer {step.node.label} ({step.layer.spec()}): the model's {name} is "
                f"{format_shape(own[name])}, this input needs {format_shape(needed)}"
            )

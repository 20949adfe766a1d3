"""Models that source text goes on with, by the tensors at their ends: `base.output`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.keras.source.objects import Model, Tensor

_ENDS = ("input", "inputs", "output", "outputs")


def tensors_of(
    model: Model, name: str, use: Callable[[Made | Model, list[object]], Tensor]
) -> object:
    """What `model.input`, `model.output` and the like are; None of others.

    Args:
        model: The model.
        name: The attribute.
        use: Calls a layer.
    """
    if name not in _ENDS or model.fault is not None:
        return None
    ends = (model.inputs, model.outputs) if model.inputs else _ends_of_chain(model, use)
    if ends is None:
        return None
    behind = name.startswith("output")
    model.is_continued = model.is_continued or behind
    tensors = ends[behind]
    return [*tensors] if name.endswith("s") or len(tensors) > 1 else tensors[0]


def _ends_of_chain(
    model: Model, use: Callable[[Made | Model, list[object]], Tensor]
) -> tuple[list[Tensor], list[Tensor]] | None:
    """The tensors at both ends of a chain; None where its input is not told."""
    if model.ends is not None and model.ends[0] == model.layers:
        return model.ends[1]
    first = model.layers[0] if model.layers else None
    if not isinstance(first, Made):
        return None
    entry = first
    if first.kind != "InputLayer":
        shape = first.config.get("batch_input_shape")
        if shape is None:
            return None
        entry = Made("InputLayer", f"{model.name}_input", {"batch_shape": shape}, model.place)
    tensors = [use(entry, [])]
    for layer in model.layers[entry is first :]:
        tensors.append(use(layer, [tensors[-1]]))
    model.ends = ([*model.layers], (tensors[:1], tensors[-1:]))
    return model.ends[1]

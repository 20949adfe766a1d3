"""The storages that training keeps for the backward pass, by the table of what each layer keeps.

A storage that several layers keep is kept once. Some of the channels of several samples, and what
is left of a cropped one, do not lie next to each other: kinds that need their input in one piece
copy them first, and keep the copy. A layer saves nothing if nothing before it, and nothing in it,
is trained: the caller's input asks for no gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import size_in_bytes
from convcalc.analysis.memory.autograd import SAVED, LayerShapes
from convcalc.analysis.memory.lifetimes import placed
from convcalc.layers.kinds import row_of
from convcalc.network.graph import INPUT, leading_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.analysis.memory.autograd import Kept
    from convcalc.analysis.memory.lifetimes import Placement
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Step


@dataclass(frozen=True)
class SavedTensors:
    """What the backward pass needs of the forward pass.

    Attributes:
        layers: Bytes that each layer is the first to keep; None where it is not known.
        unknown: The kinds of which it is not known; they are not in the bytes.
    """

    layers: tuple[int | None, ...]
    unknown: tuple[str, ...]


def saved_tensors(
    steps: Sequence[Step],
    input_shape: Shape,
    batch: int = 1,
    dtype: str = "float32",
    *,
    output: int | None = None,
) -> SavedTensors:
    """The bytes that each layer keeps, every storage where it is first kept.

    Args:
        steps: The layers on their shapes, as `Network.walk` gives them.
        input_shape: (channels, *spatial) of one sample.
        batch: Samples.
        dtype: A name in `precision.BITS`, of activations and statistics alike.
        output: The node whose result is the network's, -1 for the input; None is the last one.
            What a layer keeps that this does not depend on is let go with its result.
    """
    placement = placed(steps, input_shape, batch, views=_is_view)
    trained = _trained(steps)
    last = len(steps) - 1 if output is None else output
    needed = leading_to([step.node.inputs for step in steps], last)
    kept: set[int] = set()
    layers: list[int | None] = []
    unknown: dict[str, None] = {}
    for index, (step, own) in enumerate(zip(steps, _each(steps, placement, batch), strict=True)):
        if not trained[index] or index not in needed:
            layers.append(0)
            continue
        if own is None:
            unknown[step.layer.kind] = None
            layers.append(None)
            continue
        storages = {placement.home(node) for node in _nodes(index, step, own, trained)}
        beside = own.whole_bytes + size_in_bytes(own.elements, dtype)
        first = (placement.storages[home].elements for home in storages - kept)
        layers.append(beside + sum(size_in_bytes(elements, dtype) for elements in first))
        kept |= storages
    return SavedTensors(tuple(layers), tuple(unknown))


def _each(steps: Sequence[Step], placement: Placement, batch: int) -> Iterator[Kept | None]:
    """What each layer keeps if it is trained; the same layer on the same shapes is asked once."""
    known: dict[tuple[int, tuple[Shape, ...]], Kept | None] = {}
    in_parts = _in_parts(steps, placement, batch)
    for step in steps:
        key = (id(step.layer), step.arriving)
        if key not in known:
            known[key] = _kept(step, batch)
        own = known[key]
        if own is not None and step.node.inputs[0] in in_parts:
            own = _of_parts(own, step, batch)
        yield own


def _is_view(layer: Layer) -> bool:
    """In training a dropout makes a tensor of its own."""
    return layer.view and not (layer.kind == "dropout" and getattr(layer, "p", 0) > 0)


def _in_parts(steps: Sequence[Step], placement: Placement, batch: int) -> set[int]:
    """The results in parts: some channels of each of several samples, or cropped ones."""
    return {*placement.scattered} | {
        index
        for index, step in enumerate(steps)
        if batch > 1
        and placement.storages[placement.home(index)].elements > batch * prod(step.leaving)
    }


def _of_parts(kept: Kept, step: Step, batch: int) -> Kept:
    """What a layer keeps of an input that does not lie in one piece: a copy, if it makes one."""
    if not kept.one_piece:
        return kept
    return kept._replace(inputs=(), elements=kept.elements + batch * prod(step.arriving[0]))


def _trained(steps: Sequence[Step]) -> list[bool]:
    """Whether a gradient flows through each result: a weight is in it, or before it."""
    trained: list[bool] = []
    for step in steps:
        before = any(source != INPUT and trained[source] for source in step.node.inputs)
        trained.append(before or bool(step.layer.weight_shapes(*step.arriving)))
    return trained


def _kept(step: Step, batch: int) -> Kept | None:
    """What a layer keeps; None if its kind is not in the table, or nobody can say."""
    rule = row_of(SAVED, type(step.layer))
    if not callable(rule):
        return rule
    return rule(LayerShapes(step.layer, step.arriving[0], step.leaving, batch))


def _nodes(index: int, step: Step, kept: Kept, trained: Sequence[bool]) -> Iterator[int]:
    """The results that a layer keeps, -1 for the network's input.

    A factor of a product is kept for the gradient of the other one, if that has any.
    """
    inputs = step.node.inputs
    has_gradient = [source != INPUT and trained[source] for source in inputs]
    for place in kept.inputs:
        if not kept.factors or has_gradient[1 - place]:
            yield inputs[place]
    for place in kept.for_gradient:
        if has_gradient[place]:
            yield inputs[place]
    if kept.output:
        yield index

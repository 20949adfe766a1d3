"""The bytes that training keeps of a forward pass of a whole network, layer by layer.

A storage that several layers keep is kept once. Some of the channels of several samples, and what
is left of a cropped one, do not lie next to each other: kinds that make axes one copy such an
input first, where its strides ask for that, and keep the copy. A layer saves nothing if nothing
before it, and nothing in it, is trained: the caller's input asks for no gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.analysis.dtypes import size_in_bytes
from convcalc.analysis.memory.autograd import SAVED, LayerShapes
from convcalc.analysis.memory.lifetimes import placed
from convcalc.analysis.memory.strides import lie_as_one
from convcalc.layers.kinds import row_of
from convcalc.network.graph import INPUT, leading_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.analysis.memory.autograd import Kept
    from convcalc.analysis.memory.lifetimes import Placement
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Step


class SavedPart(NamedTuple):
    """Something that a layer is the first to keep.

    Attributes:
        node: The layer whose result it is, -1 for the network's input; None for what it makes
            itself for the backward pass, as statistics, masks, indices and copies.
        bytes: Its size, of the whole batch.
    """

    node: int | None
    bytes: int


@dataclass(frozen=True)
class SavedTensors:
    """What the backward pass needs of the forward pass.

    Attributes:
        parts: What each layer is the first to keep; None where it is not known.
        unknown: The kinds of which it is not known; they are not in the bytes.
    """

    parts: tuple[tuple[SavedPart, ...] | None, ...]
    unknown: tuple[str, ...]

    @property
    def layers(self) -> tuple[int | None, ...]:
        """Bytes that each layer is the first to keep; None where it is not known."""
        return tuple(own if own is None else sum(part.bytes for part in own) for own in self.parts)


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
    found: set[_Finder] = set()
    layers: list[tuple[SavedPart, ...] | None] = []
    unknown: dict[str, None] = {}
    for index, (step, own) in enumerate(zip(steps, _each(steps, placement, batch), strict=True)):
        if not trained[index] or index not in needed:
            layers.append(())
            continue
        if own is None:
            unknown[step.layer.kind] = None
            layers.append(None)
            continue
        storages = {placement.home(node): node for node in _nodes(index, step, own, trained)}
        beside = size_in_bytes(own.elements, dtype) + _whole_bytes(own, step, found)
        parts = [
            SavedPart(node, size_in_bytes(placement.storages[home].elements, dtype))
            for home, node in storages.items()
            if home not in kept
        ]
        layers.append((*parts, *([SavedPart(None, beside)] if beside else [])))
        kept |= storages.keys()
    return SavedTensors(tuple(layers), tuple(unknown))


_Finder: TypeAlias = "tuple[Layer, int]"
"""A layer and the node that it reads."""


def _whole_bytes(own: Kept, step: Step, found: set[_Finder]) -> int:
    """Bytes whatever the dtype; indices that the pooling has kept before are there already."""
    if not own.whole_bytes:
        return 0
    finder = (own.of or step.layer, step.node.inputs[-1])
    there = own.of is not None and finder in found
    found.add(finder)
    return 0 if there else own.whole_bytes


def _each(steps: Sequence[Step], placement: Placement, batch: int) -> Iterator[Kept | None]:
    """What each layer keeps if it is trained; the same layer on the same shapes is asked once."""
    known: dict[tuple[int, tuple[Shape, ...]], Kept | None] = {}
    for step in steps:
        key = (id(step.layer), step.arriving)
        if key not in known:
            known[key] = _kept(step, batch)
        own = known[key]
        yield own and _with_copies(own, step, placement, batch)


def _is_view(layer: Layer) -> bool:
    """In training a dropout makes a tensor of its own."""
    return layer.view and not (layer.kind == "dropout" and getattr(layer, "p", 0) > 0)


def _with_copies(kept: Kept, step: Step, placement: Placement, batch: int) -> Kept:
    """What a layer keeps where axes that it makes one lie apart: copies of those inputs."""
    if not kept.joined:
        return kept
    there, copied = [], 0
    for place in kept.inputs:
        sizes = (batch, *step.arriving[place])
        strides = placement.strides.get(step.node.inputs[place])
        if strides is None or lie_as_one(sizes, strides, kept.joined):
            there.append(place)
        else:
            copied += prod(sizes)
    return kept._replace(inputs=tuple(there), elements=kept.elements + copied)


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

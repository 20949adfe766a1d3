"""The receptive field of what leaves a node, from those of what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.layers.base import field_behind
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Fields
    from convcalc.network.graph import Step


def field_of(step: Step, earlier: Sequence[Fields | None], start: Fields) -> Fields | None:
    """The receptive field of each axis of what leaves a node; None where it is not known.

    Args:
        step: The node on its input.
        earlier: The fields of the nodes before it, in their order.
        start: Those of the network's input.

    Raises:
        LayerError: the layer has none for such fields.
    """
    fields = tuple(start if source == INPUT else earlier[source] for source in step.node.inputs)
    field = field_behind(step.layer, fields, step.arriving)
    if field is None or fields[0] is None:
        return None
    return _beside_lost_axes(field, fields[0], start)


def _beside_lost_axes(field: Fields, before: Fields, start: Fields) -> Fields:
    """The fields of a layer behind one that made channels of an axis of the network's input.

    Axes that are made of channels again hold the whole of that axis.
    """
    new = len(field) - len(before)
    if new <= 0 or len(before) >= len(start):
        return field
    return (*(one.seeing_all() for one in field[:new]), *field[new:])

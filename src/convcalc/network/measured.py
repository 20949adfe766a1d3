"""What was measured of a layer where the model that it belongs to was run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers import Layer


class Amount(NamedTuple):
    """A part of what another tool counts.

    Attributes:
        amount: How much.
        text: What it counts; empty for products.
        wrong: Why that is a mistake by the tool's own rule, or nothing.
    """

    amount: int
    text: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class Measured:
    """The counts of one layer, of a whole batch, as the model was run.

    Attributes:
        layer: The layer that they are of; they say nothing of one that takes its place.
        batch: Samples of the run.
        macs: Multiply-accumulates of all of them.
        counts: What each tool counts by its name; None where it gives no total.
    """

    layer: Layer
    batch: int
    macs: int
    counts: Mapping[str, tuple[Amount, ...] | None] = field(default_factory=dict)


def measured_for(found: tuple[Measured, ...], layer: Layer, batch: int) -> Measured | None:
    """What was measured of a layer with so many samples; of other numbers of them nothing."""
    for one in found:
        if one.layer is layer and one.batch == batch:
            return one
    return None

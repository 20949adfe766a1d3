"""Which kind says what of its numbers: a row for each kind, or for the class of its family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.explain import elements, features, moves, tensors, windows
from convcalc.layers.kinds import KINDS, row_of

if TYPE_CHECKING:
    from convcalc.explain.equation import Explainer

EXPLAINED: dict[str, Explainer] = {
    **windows.EXPLAINED,
    **elements.EXPLAINED,
    **features.EXPLAINED,
    **moves.EXPLAINED,
    **tensors.EXPLAINED,
}


def explainer_of(kind: str) -> Explainer:
    """What a kind says of its numbers.

    Raises:
        KeyError: it has no row.
    """
    row = row_of(EXPLAINED, KINDS[kind])
    if row is None:
        raise KeyError(kind)
    return row

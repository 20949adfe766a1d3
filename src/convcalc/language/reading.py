"""What reading a text comes to, whichever language it is written in."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.errors import Diagnostic
    from convcalc.language.pytorch.modules import Expectation
    from convcalc.language.tree import Item
    from convcalc.layers import Shape


class Reading(NamedTuple):
    """What a text comes to.

    Attributes:
        items: The layers.
        problems: What could not be read.
        expectations: What each layer expects of its input, by its label.
        notes: What was passed over, and what was assumed.
        input_shape: The input that the text names, (channels, *sizes), or None.
    """

    items: tuple[Item, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    expectations: Mapping[str, Expectation] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    input_shape: Shape | None = None

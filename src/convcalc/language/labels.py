"""The labels of a spec without its layers, for whoever waits at a keyboard.

Loading the kinds of a network and checking their parameters takes as long as all else that is read
of a text; a label depends on neither.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from convcalc.collecting import gc_paused
from convcalc.language import read_tree
from convcalc.language.bound_layers import BoundLayers
from convcalc.language.expand import Lowering, Unreadable
from convcalc.language.parse import shorthands
from convcalc.language.scope import Scope
from convcalc.layers import Layer
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from convcalc.language import Call, Value


class _AnyKind(Layer):
    """Stands for every kind, with branches or without."""

    joins: ClassVar[bool] = True
    stands_alone: ClassVar[bool] = True

    @classmethod
    def branch_inputs(cls, source: int, ends: Sequence[int]) -> tuple[int, ...]:
        """Whatever there is."""
        return (source, *ends)


class _AnyLayers(BoundLayers):
    """One layer for every call, so that none is bound."""

    _layer = _AnyKind()

    def key(self, call: Call, parameters: Mapping[str, Value]) -> Hashable:
        """Nothing that makes a difference."""
        del call, parameters
        return None

    def get(self, key: Hashable) -> Layer | None:
        """The one layer."""
        del key
        return self._layer


class _Labelling(Lowering):
    """A tree written out for the sake of its labels."""

    def kind(self, call: Call, scope: Scope) -> type[Layer]:
        """Any kind will do."""
        del call, scope
        return _AnyKind


def labels_of(text: str) -> list[str]:
    """The labels of the layers that a spec describes, in its order; of a faulty one, those before.

    Example:
        >>> labels_of("stem=conv:8,k3 2x{conv:8,k3 relu}")
        ['stem', '1.0.0', '1.0.1', '1.1.0', '1.1.1']
    """
    with gc_paused():
        items, _ = read_tree(text)
        lowering = _Labelling(text, shorthands(), _AnyLayers())
        with suppress(Unreadable):
            lowering.sequence(items, INPUT, Scope(), "", 0)
        return [node.label for node in lowering.nodes]

"""Layers of calls that were bound before: equal calls for equal values share one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.language.expressions import Operation, Parameter
from convcalc.language.tree import Axes, Ends

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from convcalc.language.tree import Call, Value
    from convcalc.layers import Layer

MOST_LAYERS = 50_000
"""Layers that are kept; with more of them all are let go, so that long sweeps stay small."""


class _Known(NamedTuple):
    """A call, the number that equal calls share, and the parameters that it names."""

    call: Call
    number: int
    names: tuple[str, ...]


class BoundLayers:
    """The layers of the calls of one text, by the values of the parameters that each call names.

    What a call does not name does not matter to it: a normalisation is the same layer at every
    width. Only layers that no shape and no label takes part in are kept.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._numbers: dict[Call, int] = {}
        self._layers: dict[Hashable, Layer] = {}

    def key(self, call: Call, parameters: Mapping[str, Value]) -> Hashable:
        """What calls have in common that are bound to the same layer."""
        # Looked up by identity: the hash of a call goes through all of its arguments.
        known = self._known.get(id(call))
        if known is None:
            number = self._numbers.setdefault(call, len(self._numbers))
            names = dict.fromkeys(
                name for argument in call.arguments for name in _named(argument.value)
            )
            known = self._known[id(call)] = _Known(call, number, tuple(names))
        return (known.number, *[parameters.get(name) for name in known.names])

    def get(self, key: Hashable) -> Layer | None:
        """The layer of a key, if it was bound before."""
        return self._layers.get(key)

    def keep(self, key: Hashable, layer: Layer) -> None:
        """One more layer."""
        if len(self._layers) >= MOST_LAYERS:
            self._layers.clear()
        self._layers[key] = layer


def _named(value: object) -> Iterator[str]:
    """The parameters that a value names; a layer in brackets can name none."""
    match value:
        case Parameter(name):
            yield name
        case Operation(_, left, right) | Ends(left, right):
            yield from _named(left)
            yield from _named(right)
        case Axes(values):
            for axis in values:
                yield from _named(axis)

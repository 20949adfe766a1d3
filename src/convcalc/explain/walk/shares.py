"""`softmax` and its like: what an element is among all along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from convcalc.explain.walk.data import Read, Shared
from convcalc.layers.dims import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.explain.walk.data import Number, Place, Values


class Share(NamedTuple):
    """How a kind is told.

    Attributes:
        formula: In letters: x is the element, y each along the axis.
        text: With `{x}` or `{(x)}` for the element and `{sum}` for the sum.
        term: A term of the sum, of an element.
    """

    formula: str
    text: str
    term: str


SHARES: Final = {
    "softmax": Share("exp(x) / sum of exp(y)", "exp({x}) / ({sum})", "exp({x})"),
    "softmin": Share("exp(-x) / sum of exp(-y)", "exp(-{(x)}) / ({sum})", "exp(-{(x)})"),
    "logsoftmax": Share("x - log(sum of exp(y))", "{x} - log({sum})", "exp({x})"),
}
"""How each kind is told."""


def shared(layer: Any, inputs: Sequence[Values], place: Place, result: Number) -> Shared:
    """An output of a layer whose results along an axis depend on each other.

    Args:
        layer: A `softmax`, `softmin` or `logsoftmax`.
        inputs: What arrives.
        place: The output.
        result: What it comes to.
    """
    (values,) = inputs
    axis = place_of(layer.dim, values.shape)
    places = [(*place[:axis], at, *place[axis + 1 :]) for at in range(values.shape[axis])]
    reads = tuple(Read(at, at, values[at]) for at in places)
    return Shared(place, layer.kind, values[place], reads, result)

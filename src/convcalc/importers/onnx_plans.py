"""What a rule answers of a node: a layer, the inputs that it reads, and what its weights are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np

    from convcalc.importers.onnx_calls import Call, Tensor
    from convcalc.layers import Layer

T = TypeVar("T")


class Recipe(NamedTuple):
    """How the array of a weight is made.

    Attributes:
        tensors: The tensors of the file that it is made of.
        make: Makes it of their arrays; None where it is the first as it is.
    """

    tensors: tuple[Tensor, ...]
    make: Callable[..., np.ndarray] | None = None

    @classmethod
    def of(cls, tensor: Tensor, make: Callable[[np.ndarray], np.ndarray] | None = None) -> Recipe:
        """The recipe of a weight that is made of one tensor."""
        return cls((tensor,), make)


@dataclass(frozen=True)
class Plan:
    """A node as a layer.

    Attributes:
        layer: The layer.
        inputs: The places of the node's inputs that are the layer's, in its order.
        weights: How each of its weights and buffers is made.
    """

    layer: Layer
    inputs: tuple[int, ...] = (0,)
    weights: Mapping[str, Recipe] = field(default_factory=dict)


Rule: TypeAlias = "Callable[[Call], Plan | None]"
"""What answers of a node; None where it is another thing, as ValueError and its like say too."""


def folded(values: Iterable[T]) -> T | tuple[T, ...]:
    """A value per axis as one, if all are the same: 3 for [3, 3]."""
    each = tuple(values)
    return each[0] if len(set(each)) == 1 else each


def need(condition: bool) -> None:
    """Ends a rule where it does not apply.

    Raises:
        ValueError: the condition does not hold.
    """
    if not condition:
        raise ValueError("the rule does not apply")


def known(value: T | None) -> T:
    """A value that is there; a rule ends where it is not.

    Raises:
        ValueError: it is None.
    """
    if value is None:
        raise ValueError("the rule does not apply")
    return value


def need_batch(call: Call, axes: int | None = None) -> None:
    """Ends a rule unless a batch of one comes first, before channels and so many spatial axes.

    Raises:
        ValueError: it does not.
    """
    need(call.x.has_batch and axes in (None, len(call.x.known) - 2))

"""Views of which it is known how they come about: one move of whole axes after the other."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from convcalc.errors import DataError
from convcalc.layers.rearranging import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations

Move: TypeAlias = "tuple[str, tuple[int, ...]]"
"""A word of `MOVES` and its numbers; axes are those of a batch, whose samples are axis 0."""


class Rearranged(View):
    """A `view` that can be run, by its moves; as a text it is a `view`.

    Attributes:
        moves: The moves in order. What they leave is put on the axes of the result.
    """

    computable: ClassVar[bool] = True
    moves: tuple[Move, ...]

    def __init__(self, name: str, out: Shape, moves: Sequence[Move]) -> None:
        """Makes it of what it is called, the shape that leaves it, and its moves."""
        super().__init__(name, out)
        object.__setattr__(self, "moves", tuple(moves))

    def __eq__(self, other: object) -> bool:
        """Whether another is the same view by the same moves."""
        same = isinstance(other, Rearranged) and self.moves == other.moves
        return same and self.spec() == other.spec()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        """That of its text and moves."""
        return hash((self.spec(), self.moves))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The elements, with the axes of a batch.

        Raises:
            DataError: the moves do not fit what arrives.
        """
        array = arrays[0]
        number = array.shape[0]
        try:
            for word, numbers in self.moves:
                array = MOVES[word](ops, array, numbers)
            if prod(array.shape[1:]) != prod(self.out):
                raise ValueError("other elements are left than there are places")
            moved = array.reshape(number, *self.out)
        except (ValueError, IndexError, RuntimeError) as error:
            raise DataError(f"{self.spec()} does not fit its input: {error}") from None
        return moved


def _reshape(ops: Operations[A], x: A, sizes: tuple[int, ...]) -> A:  # noqa: ARG001 - as all moves
    return x.reshape(x.shape[0], *sizes)


def _permute(ops: Operations[A], x: A, order: tuple[int, ...]) -> A:
    if sorted(order) != list(range(len(x.shape))):
        raise ValueError("the order does not name each axis once")
    return ops.permute(x, order)


def _slice(ops: Operations[A], x: A, numbers: tuple[int, ...]) -> A:  # noqa: ARG001 - as all moves
    axis, begin, end, step = numbers
    return x[(*(slice(None),) * axis, slice(begin, end, step))]


def _take(ops: Operations[A], x: A, numbers: tuple[int, ...]) -> A:
    axis, *places = numbers
    return ops.take(x, axis, places)


class Moving(Protocol):
    """What moves an array of any library, by its numbers."""

    def __call__(self, ops: Operations[A], x: A, numbers: tuple[int, ...], /) -> A:
        """The array, moved."""


MOVES: dict[str, Moving] = {
    "reshape": _reshape,
    "permute": _permute,
    "slice": _slice,
    "take": _take,
}
"""Moves by their words, and what their numbers are.

Of "reshape" the sizes of a sample, of "permute" the order of all axes, the samples' first. Of
"slice" an axis, where it begins, before where it ends, in which steps; of "take" an axis and its
places.
"""


def move_of(word: object, numbers: object) -> Move:
    """A move of what a document says.

    Raises:
        ValueError: there is no such move, or its numbers are none.
    """
    right = isinstance(numbers, list) and all(type(one) is int for one in numbers)
    if not isinstance(word, str) or word not in MOVES or not isinstance(numbers, list) or not right:
        raise ValueError("a move is a word and its numbers, as ['permute', [0, 2, 1]]")
    sizes = {"slice": 4}
    if len(numbers) != sizes.get(word, len(numbers)) or (word != "reshape" and not numbers):
        raise ValueError(f"'{word}' has other numbers")
    axes = numbers[:1] if word in ("slice", "take") else []
    if any(axis < 1 or axis > 10 for axis in axes):
        raise ValueError(f"'{word}' is along one of the axes 1 to 10")
    if word == "slice" and (min(numbers) < 0 or numbers[3] < 1):
        raise ValueError("'slice' begins and ends at places from 0 on, in steps from 1 on")
    return word, tuple(numbers)

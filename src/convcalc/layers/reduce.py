"""`reduce`: one number, by a named rule, in the place of all elements along some axes."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from convcalc.errors import ShapeError, UsageError
from convcalc.layers.adaptive import GlobalAvgPool
from convcalc.layers.base import Costs, ElementOps, Layer, format_shape
from convcalc.layers.broadcasting import is_unseen, whole, whole_unless_unseen
from convcalc.layers.parameters import axes, one_of, param, switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


class Reduction(NamedTuple):
    """What one element that is read costs, and what one of the result."""

    each: ElementOps
    once: ElementOps = ElementOps()


SPREAD = ElementOps(multiply=1, add=3)
"""What a variance costs: sum x; d = x - mean; the sum of d*d."""

REDUCTIONS: dict[str, Reduction] = {
    "sum": Reduction(ElementOps(add=1)),
    "mean": Reduction(ElementOps(add=1), ElementOps(divide=1)),
    "max": Reduction(ElementOps(compare=1)),
    "min": Reduction(ElementOps(compare=1)),
    "argmax": Reduction(ElementOps(compare=1)),
    "argmin": Reduction(ElementOps(compare=1)),
    "any": Reduction(ElementOps(compare=1)),
    "all": Reduction(ElementOps(compare=1)),
    "prod": Reduction(ElementOps(multiply=1)),
    "norm": Reduction(ElementOps(multiply=1, add=1), ElementOps(exponent=1)),
    "var": Reduction(SPREAD, ElementOps(divide=2)),
    "std": Reduction(SPREAD, ElementOps(divide=2, exponent=1)),
    "logsumexp": Reduction(ElementOps(add=2, compare=1, exponent=1), ElementOps(add=1, exponent=1)),
}
"""What each rule costs: as `gap`, one operation for each element that is read."""


@dataclasses.dataclass(frozen=True)
class Reduce(Layer):
    """Sum, mean, maximum or the like over some axes of a sample; `norm` is the root of squares."""

    kind: ClassVar[str] = "reduce"

    name: str = param(one_of(*REDUCTIONS), "name", "the rule")
    axes: tuple[int, ...] = param(axes(), "axes", "axes of the sample, the first is 0, the last -1")
    keepdim: bool = param(switch(), "keep", "keep them, with one element each", default=False)

    @property
    def called(self) -> str:
        """Its name."""
        return self.name

    @property
    def needs_floats(self) -> bool:
        """True: most of them make fractions, and sums may leave the range of their dtype."""
        return True

    @property
    def refusal(self) -> str | None:
        """What it lacks to be computed."""
        return None if self.name in RUN else f"'{self.name}' is known by its cost alone"

    def out_shape(self, shape: Shape) -> Shape:
        """The sizes of the other axes, or 1 in place of those that are kept; 1 if none is left.

        Raises:
            ShapeError: there is no such axis.
        """
        gone = self.places(shape)
        if self.keepdim:
            return tuple(1 if axis in gone else size for axis, size in enumerate(shape))
        return tuple(size for axis, size in enumerate(shape) if axis not in gone) or (1,)

    def costs(self, shape: Shape) -> Costs:
        """So much for each element that is read, and once for each of the result."""
        each, once = REDUCTIONS[self.name]
        results = Costs(elements=once.times(prod(self.out_shape(shape))))
        return Costs(elements=each.times(prod(shape))) + results

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole of the axes that are gone; others see what they saw, if channels stay first."""
        (own,), (shape,) = fields, shapes
        out, gone = self.out_shape(shape), self.places(shape)
        if is_unseen(own):
            return whole_unless_unseen(fields, out)
        if len(own) != len(shape) - 1 or (0 in gone and not self.keepdim):
            return whole(len(out) - 1)
        reduced = GlobalAvgPool().field(fields, shapes) if len(shape) <= 4 else whole(len(own))
        seen = [reduced[a] if a + 1 in gone else field for a, field in enumerate(own)]
        if self.keepdim or len(out) == 1:
            return tuple(seen)
        return tuple(field for a, field in enumerate(seen) if a + 1 not in gone)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The result of each sample.

        Raises:
            UsageError: it is known by its cost alone.
        """
        (array,) = arrays
        shape = tuple(array.shape[1:])
        if self.refusal:
            raise UsageError(f"{self.spec()} cannot be run: {self.refusal}")
        places = tuple(axis + 1 for axis in sorted(self.places(shape)))
        result = RUN[self.name](ops, array, places)
        return result.reshape(array.shape[0], *self.out_shape(shape))

    def places(self, shape: Shape) -> set[int]:
        """The axes from the first on."""
        if not all(-len(shape) <= axis < len(shape) for axis in self.axes):
            raise ShapeError(
                f"axes {format_shape(self.axes)} of {format_shape(shape)}: no such axis"
            )
        return {axis % len(shape) for axis in self.axes}


def _sum(ops: Operations[A], x: A, places: tuple[int, ...]) -> A:
    return ops.reduce(x, places, "sum")


def _mean(ops: Operations[A], x: A, places: tuple[int, ...]) -> A:
    return ops.reduce(x, places, "sum") / prod(x.shape[axis] for axis in places)


def _max(ops: Operations[A], x: A, places: tuple[int, ...]) -> A:
    return ops.reduce(x, places, "max")


def _min(ops: Operations[A], x: A, places: tuple[int, ...]) -> A:
    return -ops.reduce(-x, places, "max")


def _norm(ops: Operations[A], x: A, places: tuple[int, ...]) -> A:
    return ops.reduce(x * x, places, "sum") ** 0.5


class Reducing(Protocol):
    """What reduces an array of any library along some of its axes."""

    def __call__(self, ops: Operations[A], x: A, places: tuple[int, ...], /) -> A:
        """The array with one element along each of these axes."""


RUN: dict[str, Reducing] = {
    "sum": _sum,
    "mean": _mean,
    "max": _max,
    "min": _min,
    "norm": _norm,
}
"""How those that can be run are computed."""

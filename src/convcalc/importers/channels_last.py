"""Arrays of programs that have the channels last, and how nodes of ours are written of them.

The axis that comes last there is the first of ours wherever a layer needs channels before spatial
axes; sequences stay as they are. Where one is wanted and the other is there, axes are permuted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from convcalc import layers
from convcalc.errors import DataError, printable
from convcalc.importers.written import Written, plain_name
from convcalc.layers.base import format_shape
from convcalc.layers.named_operations import ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers import Layer, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.layers.parameters import PerAxis


class Value(NamedTuple):
    """What a layer gives.

    Attributes:
        node: The node that gives it.
        shape: Its shape as the program has it, without the batch.
        moved: Whether the last axis of that is the first of ours.
    """

    node: int
    shape: Shape
    moved: bool

    @property
    def ours(self) -> Shape:
        """Its shape as ours, (channels, *sizes) where the axis is moved."""
        return channels_first(self.shape) if self.moved else self.shape or (1,)

    def dim(self, axis: int) -> int:
        """The axis of ours that one of the program's is, as `dim`: from 1, or -1 for the last."""
        last = len(self.shape) - 1
        place = (axis + 1) % (last + 1) if self.moved else axis
        return -1 if 0 < place == last else place + 1


def channels_first(shape: Shape) -> Shape:
    """(*sizes, channels) as (channels, *sizes)."""
    return (*shape[-1:], *shape[:-1])


def channels_last(shape: Shape) -> Shape:
    """(channels, *sizes) as (*sizes, channels)."""
    return (*shape[1:], *shape[:1])


def folded(value: int | list[int] | tuple[int, ...]) -> PerAxis:
    """A value per axis as one, if all are the same: 3 for [3, 3]."""
    if isinstance(value, list | tuple):
        return value[0] if len(set(value)) == 1 else tuple(value)
    return value


def values_in(item: object) -> list[Value]:
    """The values among arguments, in lists and mappings too."""
    if isinstance(item, Value):
        return [item]
    if isinstance(item, list | tuple):
        return [value for one in item for value in values_in(one)]
    if isinstance(item, dict):
        return [value for one in item.values() for value in values_in(one)]
    return []


class Regrouped(layers.View):
    """Elements on other axes in the order in which the program has them, channels last."""

    computable: ClassVar[bool] = True
    before: Value
    after: tuple[Shape, bool]

    def __init__(self, before: Value, shape: Shape, *, moved: bool) -> None:
        """Makes it of what it reads, and of what it gives as the program has it."""
        super().__init__("reshape", channels_first(shape) if moved else shape)
        object.__setattr__(self, "before", before)
        object.__setattr__(self, "after", (shape, moved))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:  # noqa: ARG002 - as all layers
        """The elements of each sample, through the program's order of axes."""
        (array,), (shape, moved) = arrays, self.after
        count, last = array.shape[0], len(self.before.shape)
        if self.before.moved and last > 1:
            array = ops.permute(array, (0, *range(2, last + 1), 1))
        array = array.reshape(count, *shape)
        if moved and len(shape) > 1:
            array = ops.permute(array, (0, len(shape), *range(1, len(shape))))
        return array.reshape(count, *(self.out or ()))


class Writing:
    """Writes the nodes of one layer.

    Attributes:
        path: The label of the layer.
        written: The nodes so far.
        is_new: Whether its weights have not been counted yet.
    """

    path: str
    written: Written

    @property
    def is_new(self) -> bool:
        """Whether its weights have not been counted yet."""
        return True

    def add(
        self,
        layer: Layer,
        *values: Value,
        shape: Shape | None = None,
        moved: bool | None = None,
        end: str = "",
        params: int | None = None,
        computed: Layer | None = None,
    ) -> Value:
        """Writes a node.

        Args:
            layer: What it computes.
            values: What it reads.
            shape: What it gives, as the program has it; else what the layer says.
            moved: Whether the last axis of the program is the first of what it gives.
            end: What its label ends with, behind the path.
            params: The weights, if these are others than those of the layer.
            computed: The layer that is run in its place.
        """
        params = params if self.is_new else 0
        label = f"{self.path}.{end}" if end else self.path
        nodes = [value.node for value in values]
        node = self.written.add(layer, nodes, label, params, self.path, computed)
        given = self.written.shape(node)
        moved = values[0].moved if moved is None else moved
        if shape is None:
            shape = channels_last(given) if moved else given
        return Value(node, shape, moved)

    def placed(self, value: Value, *, moved: bool) -> Value:
        """The value with its channels in front, or with the axes as the program has them."""
        if value.moved == moved or len(value.shape) < 2:
            return value._replace(moved=moved)
        last = len(value.shape) - 1
        order = (last, *range(last)) if moved else (*range(1, last + 1), 0)
        return self.add(layers.Permute(order), value, shape=value.shape, moved=moved, end="permute")

    def view(self, name: str, value: Value, shape: Shape) -> Value:
        """Elements that are moved, copied or left out, in a way known by name alone."""
        moved = value.moved and len(shape) > 1
        out = (channels_first(shape) if moved else shape) or (1,)
        return self.add(layers.View(name, out), value, shape=shape, moved=moved)

    def elementwise(
        self,
        name: str,
        *values: Value,
        number: float | None = None,
        params: int = 0,
        end: str = "",
    ) -> Value:
        """An operation of each element, of values that are spread to each other.

        Args:
            name: Of the operation; one that has no kind is known by it alone.
            values: What it is applied to.
            number: Another operand.
            params: The weights that it has.
            end: What its label ends with.
        """
        first = max(values, key=lambda value: (len(value.shape), value.moved))
        shape = broadcast(self.path, *(value.shape for value in values))
        alike = [self.spread(value, len(shape), moved=first.moved) for value in values]
        layer: Layer
        if name in ELEMENTWISE and len(values) <= ELEMENTWISE[name].operands and not params:
            layer = layers.Elementwise(name, number)
        else:
            held = params if self.is_new else 0
            layer = layers.Opaque(plain_name(name), None, held, 0, elementwise=True)
        return self.add(layer, *alike, shape=shape, moved=first.moved, end=end)

    def spread(self, value: Value, rank: int, *, moved: bool) -> Value:
        """The value with so many axes, those that are added in front of the program's."""
        value = self.placed(value, moved=moved)
        missing = rank - len(value.shape)
        if not missing or not moved:
            return value
        shape = (1,) * missing + value.shape
        layer = layers.Reshape(channels_first(shape))
        return self.add(layer, value, shape=shape, end="reshape")

    def nameless(
        self, name: str, shape: Shape, params: int, macs: int | None, *values: Value
    ) -> Value:
        """A layer of which nothing is known but what it gives; pictures keep their channels first.

        Args:
            name: What it is called.
            shape: What it gives, as the program has it.
            params: Its weights.
            macs: Its products; None if nobody knows them.
            values: What it reads, in whatever order of the axes.
        """
        moved = values[0].moved and len(shape) > 2
        out = (channels_first(shape) if moved else shape) or (1,)
        layer = layers.Opaque(plain_name(name), out, params if self.is_new else 0, macs)
        return self.add(layer, *values, shape=shape, moved=moved)


def broadcast(path: str, *shapes: Shape) -> Shape:
    """The shape of an operation on arrays of these, axes of size 1 serving all."""
    rank = max(map(len, shapes))
    sizes = zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True)
    axes = [{size for size in axis if size != 1} for axis in sizes]
    if any(len(axis) > 1 for axis in axes):
        shown = " and ".join(map(format_shape, shapes))
        raise DataError(f"layer '{printable(path, 60)}' cannot join arrays of {shown}")
    return tuple(max(axis, default=1) for axis in axes)

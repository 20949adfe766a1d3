"""`bn`, `gn`, `ln` and `in`: values made to have mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, ElementOps, Layer, format_shape
from convcalc.layers.dims import along, dim_of_channels, place_of
from convcalc.layers.parameters import count, param, real, switch
from convcalc.layers.placing import spatial_dims_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Norm(Layer):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with a weight and bias per channel."""

    normalises: ClassVar[bool] = True

    eps: float = param(
        real(0), "eps", "added to the variance, against division by 0", default=1e-5, kw_only=True
    )
    affine: bool = param(
        switch(), "affine", "scale and shift each channel by weights", default=True, kw_only=True
    )

    @property
    def needs_floats(self) -> bool:
        """True: the square root of a variance is a fraction."""
        return True

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (C) and bias (C)."""
        return {"weight": shape[:1], "bias": shape[:1]} if self.affine else {}

    def scaled(self, ops: Operations[A], array: A, weights: Mapping[str, A]) -> A:
        """An array (N, C, ...) times the weight plus the bias."""
        if not self.affine:
            return array
        shape = (1, -1, *(1,) * (len(array.shape) - 2))
        return array * weights["weight"].reshape(*shape) + weights["bias"].reshape(*shape)


@dataclasses.dataclass(frozen=True)
class BatchNorm(Norm):
    """Normalisation with the mean and variance per channel that training has left behind."""

    kind: ClassVar[str] = "bn"
    in_place: ClassVar[bool] = True

    def buffer_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The mean (C) and variance (C) of the training data, which are no parameters."""
        return {"running_mean": shape[:1], "running_var": shape[:1]}

    def costs(self, shape: Shape) -> Costs:
        """At inference one multiplication and one addition per element.

        (x - mean) / sqrt(var + eps) * w + b is x*a + c with a = w / sqrt(var + eps) and
        c = b - mean*a, known before any input is. Source: derived.
        """
        return Costs(elements=ElementOps(multiply=1, add=1).times(prod(shape)))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """x*a + c, in which the fixed numbers are put together first."""
        (array,) = arrays
        scale = (weights["running_var"] + self.eps) ** -0.5
        if self.affine:
            scale = scale * weights["weight"]
        shift = -weights["running_mean"] * scale
        if self.affine:
            shift = shift + weights["bias"]
        shape = (1, -1, *(1,) * (len(array.shape) - 2))
        return array * scale.reshape(*shape) + shift.reshape(*shape)


class Measured(Norm, ABC):
    """Normalisation with the mean and variance of the input itself, taken over sets of values."""

    @abstractmethod
    def sets(self, shape: Shape) -> int:
        """Sets of values in one sample, each with a mean and a variance of its own."""

    def costs(self, shape: Shape) -> Costs:
        """Per element 3 additions and 2 multiplications, per set 3 divisions, 1 addition, 1 root.

        sum x; d = x - mean; sum d*d; d * r: three additions and two multiplications of elements,
        with r = 1 / sqrt(variance + eps) of each set. The scale and shift are one more of each.
        The root is counted as an exponent.

        Source: derived.
        """
        affine = int(self.affine)
        each = ElementOps(multiply=2 + affine, add=3 + affine).times(prod(shape))
        once = ElementOps(add=1, divide=3, exponent=1).times(self.sets(shape))
        return Costs(elements=each) + Costs(elements=once)

    def normalised(self, ops: Operations[A], array: A, axes: tuple[int, ...]) -> A:
        """The array with mean 0 and variance 1 over these axes."""
        number = prod(array.shape[axis] for axis in axes)
        centred = array - ops.reduce(array, axes, "sum") / number
        variance = ops.reduce(centred * centred, axes, "sum") / number
        return centred / (variance + self.eps) ** 0.5


@dataclasses.dataclass(frozen=True)
class GroupNorm(Measured):
    """Statistics over each group of channels and all positions of a sample (Wu and He, 2018)."""

    kind: ClassVar[str] = "gn"
    positional: ClassVar[str | None] = "num_groups"

    num_groups: int = param(count(1), "g", "groups of channels")

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: the channels do not divide by the groups.
        """
        if shape[0] % self.num_groups:
            raise ShapeError(
                f"{shape[0]} channels do not divide by num_groups={self.num_groups}; "
                f"the input is {format_shape(shape)}"
            )
        return shape

    def sets(self, shape: Shape) -> int:
        """The groups of one sample."""
        return self.num_groups

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole of each axis, which the statistics look at."""
        return tuple(field.seeing_all() for field in fields[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array normalised, each group by itself."""
        (array,) = arrays
        groups = array.reshape(array.shape[0], self.num_groups, -1)
        return self.scaled(ops, self.normalised(ops, groups, (2,)).reshape(*array.shape), weights)


@dataclasses.dataclass(frozen=True)
class InstanceNorm(Measured):
    """Statistics over the positions of each channel of a sample; no weights unless asked for."""

    kind: ClassVar[str] = "in"

    affine: bool = param(
        switch(), "affine", "scale and shift each channel by weights", default=False, kw_only=True
    )

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: a channel has one element only, which has no variance.
        """
        spatial_dims_of(shape)
        if prod(shape[1:]) == 1:
            raise ShapeError(
                f"needs more than one element in each channel, got {format_shape(shape)}"
            )
        return shape

    def sets(self, shape: Shape) -> int:
        """The channels of one sample."""
        return shape[0]

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole of each axis, which the statistics look at."""
        return tuple(field.seeing_all() for field in fields[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array normalised, each channel by itself."""
        (array,) = arrays
        axes = tuple(range(2, len(array.shape)))
        return self.scaled(ops, self.normalised(ops, array, axes), weights)


@dataclasses.dataclass(frozen=True)
class LayerNorm(Measured):
    """Statistics over the channels at each position, as ConvNeXt normalises (Liu et al., 2022)."""

    kind: ClassVar[str] = "ln"

    dim: int = dim_of_channels(kw_only=True)

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: it has no such axis.
        """
        place_of(self.dim, shape)
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight and bias of each element of the axis."""
        place = place_of(self.dim, shape)
        return super().weight_shapes(shape[place : place + 1])

    def sets(self, shape: Shape) -> int:
        """The positions of one sample."""
        return prod(shape) // shape[place_of(self.dim, shape)]

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the input sees, of a spatial axis that it works along all."""
        return along(fields[0], place_of(self.dim, shapes[0]), shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array normalised, each position by itself."""
        (array,) = arrays
        place = place_of(self.dim, tuple(array.shape[1:]))
        normal = self.normalised(ops, array, (1 + place,))
        if not place:
            return self.scaled(ops, normal, weights)
        return self.scaled(ops, normal.swapaxes(1, 1 + place), weights).swapaxes(1, 1 + place)

"""`maxunpool`: values put back to where a `maxpool` found its maxima, zeros everywhere else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError, UsageError
from convcalc.layers.base import Rearrangement, SeveralInputs, format_shape
from convcalc.layers.link import Link
from convcalc.layers.parameters import PerAxis, Rule, optional, param, per_axis
from convcalc.layers.placing import checked_sizes, spatial_dims_of, spread
from convcalc.layers.pooling import MaxPool
from convcalc.receptive import united
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


def _pooling() -> Rule[Link | None]:
    """A `maxpool` of the network, or none."""

    def normalise(name: str, value: object) -> Link | None:
        if value is None:
            return None
        if not isinstance(value, Link):
            raise ParameterError(name, "is known in the text of a network only, as of=@pool1")
        if isinstance(value.layer, MaxPool):
            return value
        kind = getattr(value.layer, "kind", "the network's input")
        if kind == MaxPool.kind:
            raise ParameterError(name, f"the parameters of '{value}' have to be numbers")
        raise ParameterError(name, f"expected the label of a maxpool, but '{value}' is {kind}")

    return Rule("@pool1 (the label of a maxpool)", normalise, labels="layer")


@dataclasses.dataclass(frozen=True)
class MaxUnpool(SeveralInputs, Rearrangement):
    """Values put where a `maxpool` found its maxima, which `of` names, and zeros elsewhere."""

    kind: ClassVar[str] = "maxunpool"
    positional: ClassVar[str | None] = "kernel_size"

    kernel_size: PerAxis = param(per_axis(1), "k", "elements of the window")
    stride: PerAxis | None = param(
        optional(per_axis(1)),
        "s",
        "step from one window to the next; the kernel size by default",
        default=None,
    )
    padding: PerAxis = param(per_axis(0), "p", "elements that the pooling added", default=0)
    of: Link | None = param(
        _pooling(), "of", "whose maxima say where values go; running needs it", default=None
    )

    @property
    def pool(self) -> MaxPool | None:
        """The pooling that `of` names."""
        if self.of is None:
            return None
        assert isinstance(self.of.layer, MaxPool)
        return self.of.layer

    @property
    def refusal(self) -> str | None:
        """Why it cannot be computed: without `of` nobody knows where values go."""
        if self.of is not None:
            return None
        return f"label the maxpool whose positions it takes, and write {self.spec()},of=LABEL"

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The windows that its own parameters describe, one for each axis of `shape`."""
        spatial_dims = spatial_dims_of(shape)
        kernels = spread("kernel_size", self.kernel_size, spatial_dims)
        strides = kernels if self.stride is None else spread("stride", self.stride, spatial_dims)
        pads = spread("padding", self.padding, spatial_dims)
        axes = zip(kernels, strides, pads, strict=True)
        return tuple(Window(kernel, stride, pad, pad) for kernel, stride, pad in axes)

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements added before and after each spatial axis."""
        return tuple((w.before, w.after) for w in self.windows(shapes[0]))

    def out_shape(self, *shapes: Shape) -> Shape:
        """(C, *sizes), each size (i - 1)*s - 2*p + k, or that of the input of the pooling.

        Source: PyTorch, `_unpool_output_size` in torch/nn/functional.py, which takes other sizes as
        well, less than a stride away.

        Raises:
            ShapeError: the pooling does not fit.
        """
        shape, *pooled = shapes
        windows = self.windows(shape)
        sizes = tuple(w.transposed_size(size) for w, size in zip(windows, shape[1:], strict=True))
        pool = self.pool
        if pool is None:
            return (shape[0], *checked_sizes(sizes, "padding"))
        if not pooled:
            raise ShapeError(f"needs a second input, what arrives at '{self.of}'")
        found = pool.out_shape(pooled[0])
        if found != shape:
            raise ShapeError(
                f"'{self.of}' has {format_shape(found)} positions, {format_shape(shape)} arrives; "
                f"each element needs one"
            )
        for window, size, own in zip(windows, sizes, pooled[0][1:], strict=True):
            if abs(own - size) >= window.stride:
                raise ShapeError(
                    f"unpools an axis to {size} elements, '{self.of}' pooled one of {own}; give "
                    f"the kernel_size, stride and padding of that"
                )
        return pooled[0]

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the windows around an element hold: their values, and all that decided where to."""
        pool = self.pool
        if pool is None:
            windows = self.windows(shapes[0])
            axes = zip(fields[0], windows, strict=True)
            return tuple(field.through_transposed(window) for field, window in axes)
        windows = pool.windows(shapes[1])
        return tuple(
            united([way.through_transposed(w) for way in (own, pooled.through(w))], size)
            for own, pooled, w, size in zip(*fields, windows, shapes[1][1:], strict=True)
        )

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The backend's `unpool`, with the windows of the pooling.

        Raises:
            UsageError: no pooling was named.
        """
        pool = self.pool
        if pool is None:
            raise UsageError(f"{self.spec()}: {self.refusal}")
        array, pooled = arrays
        return ops.unpool(array, pooled, pool.windows(tuple(pooled.shape[1:])))

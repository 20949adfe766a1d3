"""What `conv` and `convt` share: the parameters, the channel rule and the bias."""

from __future__ import annotations

import dataclasses
from math import gcd, prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Layer
from convcalc.layers.parameters import Padding, PerAxis, count, padding, param, per_axis, switch
from convcalc.layers.placing import check_same, spatial_dims_of, spread

if TYPE_CHECKING:
    from convcalc.layers.base import Shape
    from convcalc.window import Window


@dataclasses.dataclass(frozen=True)
class Convolution(Layer):
    """A kernel of k taps per axis from C input channels to `out_channels`, in `groups` groups."""

    positional: ClassVar[str | None] = "out_channels"

    out_channels: int = param(count(1), "n", "channels of the result")
    kernel_size: PerAxis = param(per_axis(1), "k", "taps of the kernel")
    stride: PerAxis = param(per_axis(1), "s", "step from one window to the next", default=1)
    padding: Padding = param(padding(), "p", "elements added at the ends", default=0)
    dilation: PerAxis = param(per_axis(1), "d", "spacing of kernel elements", default=1)
    groups: int = param(count(1), "g", "blocks of channels that do not mix", default=1)
    bias: bool = param(switch(), "bias", "add a number per output channel", default=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_same(self.padding, self.stride)

    def axes(self, shape: Shape) -> tuple[tuple[int, int, int], ...]:
        """(kernel, stride, dilation) of each spatial axis of `shape`."""
        spatial_dims = spatial_dims_of(shape)
        return tuple(
            zip(
                spread("kernel_size", self.kernel_size, spatial_dims),
                spread("stride", self.stride, spatial_dims),
                spread("dilation", self.dilation, spatial_dims),
                strict=True,
            )
        )

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The window of each spatial axis on an input of `shape`."""
        raise NotImplementedError

    def check_channels(self, shape: Shape) -> None:
        """Refuses channel counts that do not divide into the groups.

        Raises:
            ShapeError: one does not; the message names the groups that would fit.
        """
        for what, channels in (("input", shape[0]), ("output", self.out_channels)):
            if channels % self.groups:
                fits = _common_divisors(shape[0], self.out_channels)
                raise ShapeError(
                    f"{channels} {what} channels do not divide by groups={self.groups}; "
                    f"{shape[0]} and {self.out_channels} channels allow groups {fits}"
                )

    def taps(self, shape: Shape) -> int:
        """Taps of one kernel over all axes: the product of the kernel sizes."""
        return prod(kernel for kernel, _, _ in self.axes(shape))


def _common_divisors(one: int, other: int, most: int = 8) -> str:
    """The numbers that divide both, written out, the middle left out when they are many."""
    common = gcd(one, other)
    small = [n for n in range(1, min(int(common**0.5), 100_000) + 1) if common % n == 0]
    found = sorted({*small, *(common // n for n in small)})
    if len(found) > most:
        return ", ".join(map(str, found[: most - 1])) + f", ... {found[-1]}"
    return ", ".join(map(str, found))

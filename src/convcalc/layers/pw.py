"""`pw`: pointwise convolution, which mixes the channels of each position by itself."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from convcalc.layers.conv import Conv
from convcalc.layers.parameters import PerAxis, count, param, per_axis, switch
from convcalc.layers.stages import Staged


@dataclasses.dataclass(frozen=True)
class Pointwise(Staged):
    """A convolution of kernel size 1: m*n*h'*w' multiply-accumulates from m to n channels."""

    kind: ClassVar[str] = "pw"
    positional: ClassVar[str | None] = "out_channels"

    out_channels: int = param(count(1), "n", "channels of the result")
    stride: PerAxis = param(per_axis(1), "s", "step from one window to the next", default=1)
    groups: int = param(count(1), "g", "blocks of channels that do not mix", default=1)
    bias: bool = param(switch(), "bias", "add a number per output channel", default=True)

    def stages(self, channels: int) -> dict[str, Conv]:
        """One convolution of one tap."""
        return {"": Conv(self.out_channels, 1, self.stride, groups=self.groups, bias=self.bias)}

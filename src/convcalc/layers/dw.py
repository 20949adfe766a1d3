"""`dw`: depthwise convolution, one kernel (or `multiplier` of them) for each channel by itself."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from convcalc.layers.conv import Conv
from convcalc.layers.parameters import (
    CONV_WORDS,
    Padding,
    PerAxis,
    count,
    padding,
    padding_mode,
    param,
    per_axis,
    switch,
)
from convcalc.layers.stages import Staged


@dataclasses.dataclass(frozen=True)
class Depthwise(Staged):
    """A convolution with as many groups as channels: k*k*C*h'*w' multiply-accumulates."""

    kind: ClassVar[str] = "dw"

    kernel_size: PerAxis = param(per_axis(1), "k", "taps of the kernel")
    stride: PerAxis = param(per_axis(1), "s", "step from one window to the next", default=1)
    padding: Padding = param(padding(CONV_WORDS), "p", "elements added at the ends", default=0)
    dilation: PerAxis = param(per_axis(1), "d", "spacing of kernel elements", default=1)
    multiplier: int = param(count(1), "m", "output channels of each input channel", default=1)
    bias: bool = param(switch(), "bias", "add a number per output channel", default=True)
    padding_mode: str = param(
        padding_mode(), "mode", "what the added elements contain", default="zeros"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stages(1)  # refuses what the convolution refuses, before any shape is known

    def stages(self, channels: int) -> dict[str, Conv]:
        """One convolution of `channels` groups."""
        conv = Conv(
            self.multiplier * channels,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            groups=channels,
            bias=self.bias,
            padding_mode=self.padding_mode,
        )
        return {"": conv}

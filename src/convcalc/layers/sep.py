"""`sep`: depthwise separable convolution, a depthwise one and then a pointwise one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.dw import Depthwise
from convcalc.layers.parameters import count, param, switch
from convcalc.layers.pw import Pointwise

if TYPE_CHECKING:
    from convcalc.layers.conv import Conv


@dataclasses.dataclass(frozen=True)
class Separable(Depthwise):
    """`dw` then `pw`: k*k*m*h'*w' + m*n*h'*w' multiply-accumulates, 1/n + 1/(k*k) of a `conv`.

    Source: Howard et al., "MobileNets" (2017), relations 3 to 5.
    """

    kind: ClassVar[str] = "sep"
    positional: ClassVar[str | None] = "out_channels"

    out_channels: int = param(count(1), "n", "channels of the result", kw_only=True)
    depthwise_bias: bool = param(
        switch(), "dwbias", "with a bias, one between the two as well; Keras has none", default=True
    )

    def stages(self, channels: int) -> dict[str, Conv]:
        """The depthwise convolution, then the pointwise one; `bias` goes for both, or the last."""
        depthwise = super().stages(channels)[""]
        if not self.depthwise_bias:
            depthwise = dataclasses.replace(depthwise, bias=False)
        pointwise = Pointwise(self.out_channels, bias=self.bias)
        return {"depthwise.": depthwise, "pointwise.": pointwise.stages(channels)[""]}

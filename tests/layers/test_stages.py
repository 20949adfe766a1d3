"""`dw`, `pw` and `sep`: the convolutions that they are made of."""

from __future__ import annotations

import numpy as np
from reports import Loops, report

from convcalc.layers import (
    Conv,
    Depthwise,
    Pointwise,
    Separable,
)


def test_depthwise_takes_its_channels_from_the_input():
    assert report("dw:k3", (5, 4, 4)).weights == {"weight": (5, 1, 3, 3), "bias": (5,)}
    assert Depthwise(3).stages(5) == {"": Conv(5, 3, groups=5)}


def test_pointwise_is_a_convolution_of_one_tap():
    assert Pointwise(8, 2, 2).stages(4) == {"": Conv(8, 1, 2, groups=2)}


def test_separable_keeps_every_spatial_parameter_in_its_first_stage():
    layer = Separable(3, 2, 1, 2, 4, False, "reflect", out_channels=7)
    first = Conv(20, 3, 2, 1, 2, 5, False, "reflect")
    assert {"depthwise.": first, "pointwise.": Conv(7, 1, bias=False)} == layer.stages(5)


def test_a_separable_layer_may_have_its_bias_at_the_end_only():
    stages = Separable(3, out_channels=7, depthwise_bias=False).stages(5)
    assert {"depthwise.": Conv(5, 3, groups=5, bias=False), "pointwise.": Conv(7, 1)} == stages
    assert ["depthwise.weight", "pointwise.weight", "pointwise.bias"] == list(
        report("sep:7,k3,nodwbias", (5, 4, 4)).weights
    )
    weights = {
        "depthwise.weight": np.array([[[2]], [[3]]]),
        "pointwise.weight": np.array([[[10], [1]]]),
        "pointwise.bias": np.array([5]),
    }
    layer = Separable(1, out_channels=1, depthwise_bias=False)
    result = layer.run(Loops(), [np.array([[[1, 2], [3, 4]]])], weights)
    assert [[[34, 57]]] == result.tolist()  # 10*2x + 3y + 5


def test_running_a_separable_layer_hands_each_stage_its_own_weights():
    weights = {
        "depthwise.weight": np.array([[[2]], [[3]]]),
        "depthwise.bias": np.array([1, 1]),
        "pointwise.weight": np.array([[[10], [1]]]),
        "pointwise.bias": np.array([5]),
    }
    result = Separable(1, out_channels=1).run(Loops(), [np.array([[[1, 2], [3, 4]]])], weights)
    assert [[[45, 68]]] == result.tolist()  # 10*(2x + 1) + (3y + 1) + 5

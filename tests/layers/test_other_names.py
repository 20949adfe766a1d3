"""Names of layers that other programs use are answered by ours."""

from __future__ import annotations

import pytest

from convcalc.language.parse import shorthands
from convcalc.layers import KINDS
from convcalc.layers.other_names import OTHER_NAMES, kind_hint


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *(("LayerNorm", "ln"), ("batch_norm2d", "bn"), ("BatchNormalization", "bn")),
        *(("conv2d", "conv"), ("ConvTranspose3d", "convt"), ("conv_transpose2d", "convt")),
        *(("Conv2DTranspose", "convt"), ("avg_pool1d", "avgpool"), ("MaxPool2d", "maxpool")),
        *(("dense", "linear"), ("fc", "linear"), ("GlobalAveragePooling2D", "gap")),
        *(("mha", "multiheadattention"), ("swish", "silu"), ("add", "residual"), ("mul", "scale")),
        *(("cat", "concat"), ("interpolate", "upsample"), ("depthwise", "dw"), ("pool", "maxpool")),
        *(("conx", "conv"), ("flattten", "flatten"), ("bottlneck", "bottleneck")),
    ],
)
def test_a_name_of_another_program_is_a_hint(word, kind):
    assert f"; did you mean '{kind}'?" == kind_hint(word, ["bottleneck"])


@pytest.mark.parametrize("word", ["", "zzz", "einsum", "_", "2d", "x" * 100_000])
def test_what_no_program_calls_so_has_no_hint(word):
    assert "" == kind_hint(word)


def test_each_name_stands_for_one_kind_and_is_none_itself():
    names = [name for row in OTHER_NAMES.values() for name in row]
    assert len(names) == len(set(names))
    assert not set(names) & {*KINDS, *shorthands()}
    assert set(OTHER_NAMES) <= {*KINDS, *shorthands()}

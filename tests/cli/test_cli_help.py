"""What the help says of options that are easily said wrong by one."""

from __future__ import annotations

import re

import pytest

from convcalc.layers import KINDS

STRIDE, DILATION = "from one window to the next", "Spacing of kernel elements"


@pytest.mark.parametrize(
    "command", ["shape", "flops", "rf", "memory", "summary", "roofline", "run"]
)
def test_a_stride_is_a_step_and_a_dilation_a_spacing(inside, command):
    # Stride 2 leaves one element out, and dilation 2 one hole: neither is what lies "between".
    told = " ".join(inside(command, "--help").out.split())
    assert (True, True, False) == (STRIDE in told, DILATION in told, "between" in told.lower())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_kinds_say_the_same(inside, kind):
    for line in inside("layers", kind).out.splitlines():
        name, *_ = line.split() or [""]
        if name == "stride":
            assert "step from one window to the next" in line
        if name == "dilation":
            assert "spacing of kernel elements" in line
        assert not re.search(r"cells? between", line)

"""Branches that become one: what does not fit, and what a gate sees."""

from __future__ import annotations

import pytest
from reports import report, seen

from convcalc.errors import ShapeError
from convcalc.layers import (
    Concat,
    Residual,
    Scale,
)


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (
            Residual(),
            [(64, 56, 56), (256, 56, 56)],
            "branch 0 gives 64x56x56, branch 1 gives 256x56x56: a sum needs equal shapes; branch 1 "
            "would have to give 64x56x56; pw:64 at the end of branch 1 would "
            "(an empty branch is the input)",
        ),
        (
            Residual(),
            [(8, 4, 4), (8, 4, 4), (8, 2, 4)],
            "branch 0 gives 8x4x4, branch 2 gives 8x2x4: a sum needs equal shapes; branch 2 would "
            "have to give 8x4x4",
        ),
        (
            Residual(),
            [(8, 4, 4), (4, 2, 2)],
            "a sum needs equal shapes; branch 1 would have to give 8x4x4",
        ),
        (Residual(), [(8, 4, 4), (8,)], "branch 1 would have to give 8x4x4"),
        (
            Concat(),
            [(8, 28, 28), (4, 14, 14)],
            "branch 0 gives 8x28x28, branch 1 gives 4x14x14: a concatenation needs equal spatial "
            "sizes; branch 1 would have to give 4x28x28",
        ),
        (Concat(), [(8, 4), (4,)], "branch 1 would have to give 4x4"),
        (
            Scale(),
            [(8, 4, 5), (4, 1, 1)],
            "the input is 8x4x5, the gate gives 4x1x1: a gate has the input's size or 1 along each "
            "axis; it would have to give 8x1x1 or 8x4x5 or 1x4x5",
        ),
        (Scale(), [(8, 4, 5), (8,)], "it would have to give 8x1x1 or 8x4x5 or 1x4x5"),
        (Scale(), [(8, 4, 5)], "needs an input and one gate, got 1 inputs"),
    ],
)
def test_branches_that_do_not_fit_together_say_what_would_have_to_change(layer, shapes, message):
    with pytest.raises(ShapeError) as caught:
        layer.out_shape(*shapes)
    assert str(caught.value).endswith(message)


def test_a_gate_of_a_single_cell_lets_every_output_see_all():
    row = report("conv:4,k3,p1 scale{gap pw:4 sigmoid}", (3, 8, 8))
    assert ((3, 1, -1), (3, 1, -1)) == seen(row)
    assert all(field.whole for field in row.receptive_field)

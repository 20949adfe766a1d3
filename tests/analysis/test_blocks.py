"""Layers folded into blocks: their sums, and the layer whose output leaves."""

from __future__ import annotations

import convcalc
from convcalc.analysis.blocks import fold


def test_a_fold_has_the_sums_of_its_layers_and_the_one_that_leaves():
    report = convcalc.parse("a=residual{conv:4,k1 relu | } gap").analyze((4, 6, 6))
    block, last = fold(report.layers, 1, report.output)
    assert ("a", 3, False, "residual") == (
        block.label,
        len(block.layers),
        block.is_single,
        block.last.kind,
    )
    # 4*4 + 4 parameters, 36 positions of 16 products
    assert (20, 576) == (block.totals.params, block.totals.macs)
    assert (True, "gap") == (last.is_single, last.last.kind)

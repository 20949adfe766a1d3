"""The layers before the one that does not fit."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.analysis.fitting import fitting_part

CHAIN = "conv:8,k3 relu conv:8,k9 relu"


@pytest.mark.parametrize(
    ("spec", "shape", "kinds"),
    [
        (CHAIN, (3, 8, 8), ["conv", "relu"]),
        (CHAIN, (3, 2, 2), []),
        (CHAIN, (3, 11, 11), ["conv", "relu", "conv", "relu"]),
        ("conv:2,k1 residual{pw:2 pw:3 | } relu", (1, 4), ["conv", "pw", "pw"]),
        # Found out by its weights, not by its shape: what asks all questions finds all faults.
        ("relu prelu:5", (3, 4), ["relu"]),
    ],
)
def test_the_fitting_part_ends_before_the_first_layer_that_does_not_fit(spec, shape, kinds):
    part = fitting_part(convcalc.parse(spec), shape)
    assert kinds == [node.layer.kind for node in part.nodes]
    assert len(kinds) - 1 == part.output


def test_the_fitting_part_is_a_network_by_itself():
    network = convcalc.parse("a=residual{conv:3,k1 | } b=residual{conv:3,k1 conv:3,k9 | } @a relu")
    report = fitting_part(network, (3, 4, 4)).analyze((3, 4, 4))
    assert ["a.0.0", "a", "b.0.0"] == [row.label for row in report.layers]
    assert (24, (3, 4, 4), 2) == (report.totals.params, report.output_shape, report.output)

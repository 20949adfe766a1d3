"""A standard convolution beside its depthwise separable replacement."""

from fractions import Fraction

import pytest

import convcalc
from convcalc.analysis import compare_separable
from convcalc.errors import ShapeError, SpecError, UsageError
from convcalc.layers import Conv
from convcalc.network import Network


def compare(spec, shape, batch=1):
    return compare_separable(convcalc.parse(spec), shape, batch)


def test_the_layer_of_the_mobilenet_paper():
    # Howard et al., "MobileNets" (2017), table 3: 462 M and 52.3 M mult-adds, 2.36 M and 0.27 M.
    (row,) = compare("conv:512,k3,p1,nobias", (512, 14, 14)).layers
    assert (462_422_016, 52_283_392) == (row.standard.macs, row.separable.macs)
    assert (2_359_296, 266_752) == (row.standard.params, row.separable.params)
    assert Fraction(521, 4608) == row.ratio == row.formula_value  # 1/512 + 1/9 = 0.11306
    assert ("1/512 + 1/(3*3)", "") == (row.formula, row.note)
    assert "0.11306" == f"{float(row.ratio):.5f}"


@pytest.mark.parametrize(
    ("spec", "shape", "standard", "separable", "ratio", "formula"),
    [
        # 10 outputs * 8*4*3; 10 * (4*3 + 4*8)
        ("conv:8,k3,p1", (4, 10), 960, 440, Fraction(11, 24), "1/8 + 1/3"),
        # 6^3 outputs * 8*4*27; 6^3 * (4*27 + 4*8)
        ("conv:8,k3,p1", (4, 6, 6, 6), 186_624, 30_240, Fraction(35, 216), "1/8 + 1/(3*3*3)"),
        # Stride, padding and dilation change the 3*3 outputs and not the ratio
        ("conv:8,k3,s2,p0:1x1,d2", (4, 9, 8), 2592, 612, Fraction(17, 72), "1/8 + 1/(3*3)"),
        # A pointwise kernel only becomes dearer: 4^2 * 3*2; 4^2 * (3 + 3*2)
        ("conv:2,k1", (3, 4, 4), 96, 144, Fraction(3, 2), "1/2 + 1/(1*1)"),
    ],
)
def test_the_formula_is_the_ratio_of_the_counts(spec, shape, standard, separable, ratio, formula):
    (row,) = compare(spec, shape).layers
    assert (standard, separable) == (row.standard.macs, row.separable.macs)
    assert (ratio, ratio, formula) == (row.ratio, row.formula_value, row.formula)


@pytest.mark.parametrize(
    ("spec", "ratio", "parts"),
    [
        # Groups make the standard layer cheaper: 2*(1/8 + 1/9)
        ("conv:8,k3,g2", Fraction(17, 36), ["groups=2", "the ratio is 2 x (1/8 + 1/(3*3))"]),
        ("conv:4,k3,g4", Fraction(13, 9), ["groups=4", "the ratio is 4 x (1/4 + 1/(3*3))"]),
        ("conv:8,k3x5", Fraction(23, 120), ["is not square", "the ratio is 1/8 + 1/(3*5)"]),
        ("conv:8,k3x5,g2", Fraction(23, 60), ["groups=2", "the ratio is 2 x (1/8 + 1/(3*5))"]),
    ],
)
def test_where_the_formula_does_not_apply_the_note_says_why(spec, ratio, parts):
    (row,) = compare(spec, (4, 9, 9)).layers
    assert (ratio, None, None) == (row.ratio, row.formula, row.formula_value)
    assert row.note.startswith("1/n + 1/k^2 does not apply: ")
    assert all(part in row.note for part in parts)


def test_in_a_chain_only_the_standard_convolutions_are_replaced():
    both = compare("conv:8,k3,nobias dw:k3,nobias conv:4,k1,nobias", (3, 8, 8))
    assert [0, 2] == [row.standard.index for row in both.layers]
    assert ["sep:8,k3,nobias", "sep:4,k1,nobias"] == [row.separable.spec for row in both.layers]
    assert 9440 == both.standard.totals.macs  # 36*8*27 + 16*8*9 + 16*4*8
    assert 3628 == both.separable.totals.macs  # 36*(27 + 24) + 16*8*9 + 16*(8 + 32)
    assert [(8, 6, 6), (8, 4, 4), (4, 4, 4)] == [r.output_shape for r in both.separable.layers]


def test_the_replacement_keeps_every_spatial_parameter():
    (row,) = compare("conv:8,k3,s2,p1:2,d2,reflect", (4, 9, 9)).layers
    assert "sep:8,k3,s2,p1:2,d2,reflect" == row.separable.spec
    assert row.standard.output_shape == row.separable.output_shape
    assert row.standard.receptive_field == row.separable.receptive_field


def test_batch_multiplies_both_sides():
    (row,) = compare("conv:8,k3,p1", (4, 10), batch=3).layers
    assert (2880, 1320, Fraction(11, 24)) == (row.standard.macs, row.separable.macs, row.ratio)


def test_without_a_standard_convolution_there_is_nothing_to_compare():
    with pytest.raises(UsageError, match=r"nothing to compare: .* found only dw, pw$"):
        compare("dw:k3 pw:8 dw:k3", (3, 9, 9))


def test_a_network_that_does_not_fit_is_refused_with_its_place():
    with pytest.raises(SpecError, match=r"the kernel spans 9 cells.* \(column 6\)"):
        compare("pw:8 conv:8,k9", (3, 4, 4))
    with pytest.raises(ShapeError, match=r"^layer 0 \(conv:8,k9\): the kernel spans 9 cells"):
        compare_separable(Network.chain([Conv(8, 9)]), (3, 4, 4))


def test_in_a_network_with_branches_every_standard_convolution_is_replaced_in_its_place():
    both = compare("conv:8,k3,p1 residual{2xconv:8,k3,p1 | dw:k3,p1}", (3, 8, 8))
    assert ["0", "1.0.0.0.0", "1.0.0.1.0"] == [row.standard.label for row in both.layers]
    assert [(-1,), (0,), (1,), (0,), (2, 3)] == [row.inputs for row in both.separable.layers]
    assert (8, 8, 8) == both.separable.layers[-1].output_shape

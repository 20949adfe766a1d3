"""Convolutions beside what could stand in their place: each variant by hand."""

from fractions import Fraction

import pytest
from comparing import change, fields

# -- separable -------------------------------------------------------------------------------------


def test_the_layer_of_the_mobilenet_paper():
    # Howard et al., "MobileNets" (2017), table 3: 462 M and 52.3 M mult-adds, 2.36 M and 0.27 M.
    row = change("conv:512,k3,p1,nobias", (512, 14, 14), "separable")
    assert (462_422_016, 52_283_392) == (row.original.macs, row.totals.macs)
    assert (2_359_296, 266_752) == (row.original.params, row.totals.params)
    assert Fraction(521, 4608) == row.ratio == row.formula.value  # 1/512 + 1/9 = 0.11306
    assert ("1/n + 1/k^2", "1/512 + 1/(3*3)", "") == (*row.formula[:2], row.note)
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
    row = change(spec, shape, "separable")
    assert (standard, separable) == (row.original.macs, row.totals.macs)
    assert (ratio, ratio, formula) == (row.ratio, row.formula.value, row.formula.numbers)


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
    row = change(spec, (4, 9, 9), "separable")
    assert (ratio, None) == (row.ratio, row.formula)
    assert row.note.startswith("1/n + 1/k^2 does not apply: ")
    assert all(part in row.note for part in parts)


def test_the_replacement_keeps_every_spatial_parameter():
    row = change("conv:8,k3,s2,p1:2,d2,reflect", (4, 9, 9), "separable")
    assert ["sep:8,k3,s2,p1:2,d2,reflect"] == [stage.spec for stage in row.stages]
    assert row.original.output_shape == row.stages[-1].output_shape
    assert row.original.receptive_field == row.stages[-1].receptive_field


# -- each variant, by hand -------------------------------------------------------------------------

IN_PLACE = [
    # 512 -> 512 channels, 14*14 = 196 cells, 3*3 taps: 196 * 512*512*9 = 462,422,016 MACs
    ("grouped:4", "conv:512,k3,p1,g4,nobias", 115_605_504, 589_824, 100_352),  # 512*128*9
    ("depthwise", "dw:k3,p1,nobias", 903_168, 4608, 100_352),  # 196 * 512*9
    (
        "bottleneck:4",  # 512*128 + 128*128*9 + 128*512 = 278,528 weights, each used 196 times
        "pw:128,nobias conv:128,k3,p1,nobias pw:512,nobias",
        54_591_488,
        278_528,
        150_528,  # 196 * (128 + 128 + 512)
    ),
    ("dilated:2", "conv:512,k3,p2,d2,nobias", 462_422_016, 2_359_296, 100_352),
    (
        "factorized",  # 2 * 512*512*3
        "conv:512,k3x1,p1x0,nobias conv:512,k1x3,p0x1,nobias",
        308_281_344,
        1_572_864,
        200_704,
    ),
    (
        "lowrank:8",  # 512*8*3 + 8*512*3
        "conv:8,k3x1,p1x0,nobias conv:512,k1x3,p0x1,nobias",
        4_816_896,
        24_576,
        101_920,  # 196 * (8 + 512)
    ),
]


@pytest.mark.parametrize(("variant", "spec", "macs", "params", "activations"), IN_PLACE)
def test_a_variant_in_the_place_of_the_mobilenet_layer(variant, spec, macs, params, activations):
    row = change("conv:512,k3,p1,nobias", (512, 14, 14), variant)
    assert spec == " ".join(stage.spec for stage in row.stages)
    sums = row.totals
    assert (macs, params, activations) == (sums.macs, sums.params, sums.activations)
    assert (512, 14, 14) == row.stages[-1].output_shape
    assert Fraction(macs, 462_422_016) == row.ratio == row.formula.value


@pytest.mark.parametrize(
    ("variant", "symbols", "numbers", "ratio"),
    [
        ("grouped:4", "1/g", "1/4", Fraction(1, 4)),
        ("depthwise", "1/m", "1/512", Fraction(1, 512)),
        ("bottleneck:4", "2/(r*k^2) + 1/r^2", "2/(4*(3*3)) + 1/4^2", Fraction(17, 144)),
        ("dilated:2", "k^2/k^2", "(3*3)/(3*3)", Fraction(1)),
        ("factorized", "2/k", "2/3", Fraction(2, 3)),
        ("lowrank:8", "r/(n*k) + r/(m*k)", "8/(512*3) + 8/(512*3)", Fraction(1, 96)),
    ],
)
def test_the_formulas_of_equal_channels(variant, symbols, numbers, ratio):
    row = change("conv:512,k3,p1,nobias", (512, 14, 14), variant)
    assert (symbols, numbers, ratio, "") == row.formula


@pytest.mark.parametrize(
    ("spec", "shape", "symbols", "numbers", "ratio"),
    [
        # VGG's argument: three 3 x 3 of C channels are 27 C^2 weights, one 7 x 7 is 49 C^2
        ("conv:8,k7,p3", (8, 9, 9), "(k-1)/2 * 9/k^2", "(7-1)/2 * 9/(7*7)", Fraction(27, 49)),
        ("conv:8,k5,p2", (8, 9), "(k-1)/2 * 3/k", "(5-1)/2 * 3/5", Fraction(6, 5)),
        # 4 -> 8 channels: 9*4*8 + 9*8*8 = 864 of 25*4*8 = 800 weights
        (
            "conv:8,k5,p2",
            (4, 9, 9),
            "9/k^2 * (1 + (k-3)/2 * n/m)",
            "9/(5*5) * (1 + (5-3)/2 * 8/4)",
            Fraction(27, 25),
        ),
        # The first one works on 8*8 cells, the second one on 4*4: 64*9*8*8 + 16*9*8*8 of 16*25*8*8
        (
            "conv:8,k5,s2,p2",
            (8, 8, 8),
            "9/k^2 * (c1 + c2*n/m)",
            "9/(5*5) * (4 + 1*8/8)",
            Fraction(9, 5),
        ),
    ],
)
def test_stacked_kernels_of_three(spec, shape, symbols, numbers, ratio):
    row = change(spec, shape, "stacked")
    assert (symbols, numbers, ratio) == row.formula[:3]
    assert ratio == row.ratio
    assert row.original.receptive_field == row.stages[-1].receptive_field


@pytest.mark.parametrize(
    ("spec", "shape", "stages"),
    [
        ("conv:8,k7,p3", (8, 9, 9), "conv:8,k3,p1 conv:8,k3,p1 conv:8,k3,p1"),
        # The stride is on the last one: before it the cells must lie side by side
        ("conv:8,k5,s2,p2", (8, 8, 8), "conv:8,k3,p1 conv:8,k3,s2,p1"),
        ("conv:8,k5,p1:2x0:3,d2", (8, 9, 9), "conv:8,k3,p1x0:2,d2 conv:8,k3,p0:1,d2"),
        ("conv:8,k5,same", (8, 9, 9), "conv:8,k3,p1 conv:8,k3,p1"),
        # ceil(9/2) = 5 outputs span 4*2 + 5 = 13 cells, 4 more than 9: 2 at each end
        ("conv:8,k5,s2,same-upper", (8, 9, 9), "conv:8,k3,p1 conv:8,k3,s2,p1"),
        ("conv:8,k5,reflect,p2,nobias", (8, 9, 9), 2 * "conv:8,k3,p1,nobias,reflect "),
    ],
)
def test_the_stages_of_stacked_share_the_padding(spec, shape, stages):
    row = change(spec, shape, "stacked")
    assert stages.split() == [stage.spec for stage in row.stages]
    assert row.original.output_shape == row.stages[-1].output_shape


@pytest.mark.parametrize(
    ("spec", "shape", "stages", "formula"),
    [
        # 5*11 cells after the first stage, 5*6 after the second
        (
            "conv:8,k3,s2,p1",
            (4, 9, 11),
            "conv:8,k3x1,s2x1,p1x0 conv:8,k1x3,s1x2,p0x1",
            ("c/k + n/(m*k)", "(11/6)/3 + 8/(4*3)", Fraction(23, 18)),
        ),
        (
            "conv:8,k3x5,p1x2",
            (4, 9, 9),
            "conv:8,k3x1,p1x0 conv:8,k1x5,p0x2",
            ("1/kw + n/(m*kh)", "1/5 + 8/(4*3)", Fraction(13, 15)),
        ),
        (
            "conv:4,k3,p1",
            (4, 5, 5, 5),
            "conv:4,k3x1x1,p1x0x0 conv:4,k1x3x1,p0x1x0 conv:4,k1x1x3,p0x0x1",
            ("3/k^2", "3/3^2", Fraction(1, 3)),
        ),
        # An axis of one tap goes with the first stage, its stride and padding too
        (
            "conv:4,k3x1x3,s1x2x1,p1",
            (4, 5, 5, 5),
            "conv:4,k3x1x1,s1x2x1,p1x1x0 conv:4,k1x1x3,p0x0x1",
            ("2/k", "2/3", Fraction(2, 3)),
        ),
        (
            "conv:4,k2,nobias,reflect,p1",
            (4, 5, 5),
            "conv:4,k2x1,p1x0,nobias,reflect conv:4,k1x2,p0x1,nobias,reflect",
            ("c/k + n/(m*k)", "(5/6)/2 + 4/(4*2)", Fraction(11, 12)),  # 6*5 cells, then 6*6
        ),
        ("conv:4,k3,same", (4, 5, 5), "conv:4,k3x1,same conv:4,k1x3,same", ("2/k", "2/3", None)),
    ],
)
def test_factorized_kernels(spec, shape, stages, formula):
    row = change(spec, shape, "factorized")
    assert stages.split() == [stage.spec for stage in row.stages]
    assert formula == (*row.formula[:2], formula[2] and row.formula.value)
    assert row.ratio == row.formula.value
    assert row.original.output_shape == row.stages[-1].output_shape


def test_the_size_between_two_stages_is_in_the_formula_and_explained():
    # The rows are halved first: 5 x 11 cells in between for 5 x 6 at the end
    row = change("conv:8,k3,s2,p1", (4, 9, 11), "factorized")
    assert [(8, 5, 11), (8, 5, 6)] == [stage.output_shape for stage in row.stages]
    # 55 * 8*4*3 + 30 * 8*8*3 of 30 * 8*4*9
    assert (5280 + 5760, 8640) == (row.totals.macs, row.original.macs)
    assert "c = 11/6 positions after stage 1 per output position" == row.note


def test_the_first_stage_of_low_rank_has_no_bias():
    row = change("conv:8,k3,p1", (4, 9, 9), "lowrank:2")
    assert ["conv:2,k3x1,p1x0,nobias", "conv:8,k1x3,p0x1"] == [stage.spec for stage in row.stages]
    assert 2 * 4 * 3 + 8 * 2 * 3 + 8 == row.totals.params


def test_a_bottleneck_with_a_stride_pays_for_the_cells_before_it():
    row = change("conv:8,k3,s2,p1", (4, 8, 8), "bottleneck:2")
    # 64 cells * 4*4, 16 cells * 4*4*9, 16 cells * 4*8 of 16 * 4*8*9
    assert (1024 + 2304 + 512, 4608) == (row.totals.macs, row.original.macs)
    assert "c/(r*k^2) + n/(m*r^2) + n/(m*r*k^2)" == row.formula.symbols
    assert "4/(2*(3*3)) + 8/(4*2^2) + 8/(4*2*(3*3))" == row.formula.numbers
    assert Fraction(5, 6) == row.formula.value == row.ratio
    assert "c = 4 input positions per output position" == row.note


@pytest.mark.parametrize(
    ("spec", "replaced", "before", "after"),
    [
        ("conv:8,k3,p1", "conv:8,k3,p2,d2", 3, 5),
        ("conv:8,k3", "conv:8,k3,p1,d2", 3, 5),
        ("conv:8,k3,valid", "conv:8,k3,p1,d2", 3, 5),
        ("conv:8,k3,full", "conv:8,k3,p3,d2", 3, 5),
        ("conv:8,k3,same", "conv:8,k3,same,d2", 3, 5),
        ("conv:8,k3,s2,same-upper", "conv:8,k3,s2,same-upper,d2", 3, 5),
        ("conv:8,k4", "conv:8,k4,p1:2,d2", 4, 7),  # 3 cells more: 1 before and 2 after
        ("conv:8,k3,d3,p1", "conv:8,k3,p4,d6", 7, 13),
        ("conv:8,k3,g2", "conv:8,k3,p1,d2,g2", 3, 5),
    ],
)
def test_dilation_keeps_cost_and_shape_and_widens_the_field(spec, replaced, before, after):
    row = change(spec, (8, 12, 12), "dilated:2")
    assert [replaced] == [stage.spec for stage in row.stages]
    assert row.original.output_shape == row.stages[0].output_shape
    assert row.original.macs == row.totals.macs
    sizes = [(one.size, two.size) for one, two in zip(*fields(row), strict=True)]
    assert [(before, after)] * 2 == sizes

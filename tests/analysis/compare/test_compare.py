"""Convolutions beside what could stand in their place."""

import re
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis.compare import EXAMPLES, VARIANTS, compare, read_variant, read_variants
from convcalc.errors import ConvcalcError, ShapeError, SpecError, UsageError
from convcalc.layers import Conv
from convcalc.network.graph import Network
from convcalc.zoo.catalog import network_input


def outcome(spec, shape, variant, batch=1):
    (found,) = compare(convcalc.parse(spec), shape, variant, batch).outcomes
    return found


def change(spec, shape, variant, batch=1):
    (found,) = outcome(spec, shape, variant, batch).changes
    return found


def reasons(spec, shape, *variants):
    """Why each variant leaves the one layer; `separable` is there so that something is replaced."""
    found = compare(convcalc.parse(spec), shape, ["separable", *variants]).outcomes[1:]
    return [one.reason for other in found for one in other.unchanged]


def value_of(numbers):
    """What a formula with its numbers put in comes to: read as arithmetic, exactly."""
    text = re.sub(r"\d+", lambda number: f"Fraction({number[0]})", numbers.replace("^", "**"))
    return eval(text, {"Fraction": Fraction})


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


def fields(row):
    return row.original.receptive_field, row.stages[-1].receptive_field


# -- what cannot be replaced -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "shape", "variant", "reason"),
    [
        ("conv:8,k3", (3, 9, 9), "grouped:4", "3 input channels do not divide by 4"),
        ("conv:9,k3", (8, 9, 9), "grouped:4", "9 output channels do not divide by 4"),
        ("conv:8,k3,g2", (8, 9, 9), "grouped:4", "it has groups=2 already"),
        ("conv:8,k3", (3, 9, 9), "depthwise", "8 output channels are no multiple of 3 input ones"),
        ("conv:8,k3", (1, 9, 9), "depthwise", "reads one channel"),
        ("conv:9,k3", (8, 9, 9), "bottleneck:4", "9 output channels do not divide by 4"),
        ("conv:8,k1", (8, 9, 9), "bottleneck:4", "one tap"),
        ("conv:8,k1", (8, 9, 9), "dilated:2", "one tap"),
        ("conv:8,k3", (8, 9), "factorized", "one axis at most"),
        ("conv:8,k1x3", (8, 9, 9), "factorized", "one axis at most"),
        ("conv:8,k3", (8, 9, 9), "stacked", "its kernel of 3 is no larger than one of 3"),
        ("conv:8,k1", (8, 9, 9), "stacked", "its kernel of 1"),
        ("conv:8,k6", (8, 9, 9), "stacked", "its kernel of 6 is even"),
        ("conv:8,k5x7", (8, 9, 9), "stacked", "sides that differ"),
        ("conv:8,k3", (8, 9), "lowrank:4", "two spatial axes, not 1"),
        ("conv:8,k3", (8, 5, 5, 5), "lowrank:4", "two spatial axes, not 3"),
        ("conv:8,k3", (2, 9, 9), "lowrank:7", "a rank of at most 6"),  # 2*3 rows
        ("conv:2,k3x2", (8, 9, 9), "lowrank:5", "a rank of at most 4"),  # 2*2 columns
        ("conv:8,k5,g2", (8, 9, 9), "stacked", "groups=2"),
        ("conv:8,k5,g2", (8, 9, 9), "factorized", "groups=2"),
        ("conv:8,k5,g2", (8, 9, 9), "lowrank:1", "groups=2"),
        ("conv:8,k5,g2", (8, 9, 9), "bottleneck:2", "groups=2"),
        ("conv:8,k5,g2", (8, 9, 9), "depthwise", "groups=2"),
        # Twice as far apart, the taps need 4 reflected cells, and there are 3
        ("conv:8,k3,p2,d2,reflect", (8, 4, 4), "dilated:2", "reflect padding of 4"),
    ],
)
def test_a_layer_that_cannot_be_replaced_has_a_reason(spec, shape, variant, reason):
    (found,) = reasons(spec, shape, variant)
    assert reason in found


def test_a_layer_that_is_left_stays_in_the_network():
    found = outcome("conv:8,k3,p1 relu conv:16,k3,p1", (3, 9, 9), "grouped:4")
    assert "conv:8,k3,p1 relu conv:16,k3,p1,g4" == found.network.spec()
    assert ([2], [0]) == (
        [row.original.index for row in found.changes],
        [row.original.index for row in found.unchanged],
    )
    # 81 * (8*3*9 + 16*2*9) of 81 * (8*3*9 + 16*8*9)
    assert (40_824, 110_808, Fraction(7, 19)) == (
        found.report.totals.macs,
        compare(
            convcalc.parse("conv:8,k3,p1 relu conv:16,k3,p1"), (3, 9, 9), "dilated:2"
        ).original.totals.macs,
        found.ratio,
    )


def test_without_a_standard_convolution_there_is_nothing_to_compare():
    with pytest.raises(UsageError, match=r"nothing to compare: .* found only dw, pw$"):
        compare(convcalc.parse("dw:k3 pw:8 dw:k3"), (3, 9, 9), "separable")


def test_where_no_variant_replaces_anything_the_reasons_are_told():
    with pytest.raises(UsageError) as caught:
        compare(convcalc.parse("conv:8,k3"), (3, 9, 9), "stacked,grouped:4,depthwise")
    lines = str(caught.value).splitlines()
    assert "nothing to compare: no layer can be replaced" == lines[0]
    assert lines[1].startswith("stacked leaves layer 0 (conv:8,k3) as it is: its kernel of 3")
    assert lines[2].startswith("grouped:4 leaves layer 0 (conv:8,k3) as it is: 3 input")
    assert 3 == len(lines)


def test_a_network_that_does_not_fit_is_refused_with_its_place():
    with pytest.raises(SpecError, match=r"the kernel spans 9 elements.* \(column 6\)"):
        compare(convcalc.parse("pw:8 conv:8,k9"), (3, 4, 4), "separable")
    with pytest.raises(ShapeError, match=r"^layer 0 \(conv:8,k9\): the kernel spans 9 elements"):
        compare(Network.chain([Conv(8, 9)]), (3, 4, 4), "separable")


# -- whole networks --------------------------------------------------------------------------------


def test_in_a_chain_only_the_standard_convolutions_are_replaced():
    spec = "conv:8,k3,nobias dw:k3,nobias conv:4,k1,nobias"
    both = compare(convcalc.parse(spec), (3, 8, 8), "separable")
    (found,) = both.outcomes
    assert [0, 2] == [row.original.index for row in found.changes]
    assert "sep:8,k3,nobias dw:k3,nobias sep:4,k1,nobias" == found.network.spec()
    assert 9440 == both.original.totals.macs  # 36*8*27 + 16*8*9 + 16*4*8
    assert 3628 == found.report.totals.macs  # 36*(27 + 24) + 16*8*9 + 16*(8 + 32)
    assert [(8, 6, 6), (8, 4, 4), (4, 4, 4)] == [r.output_shape for r in found.report.layers]


def test_in_a_network_with_branches_every_standard_convolution_is_replaced_in_its_place():
    found = outcome("conv:8,k3,p1 residual{2xconv:8,k3,p1 | dw:k3,p1}", (3, 8, 8), "separable")
    assert ["0", "1.0.0.0.0", "1.0.0.1.0"] == [row.stages[0].label for row in found.changes]
    assert [(-1,), (0,), (1,), (0,), (2, 3)] == [row.inputs for row in found.report.layers]
    assert (8, 8, 8) == found.report.layers[-1].output_shape


def test_several_layers_take_the_place_of_one_under_its_name():
    spec = "stem=conv:8,k5,p2 relu residual{conv:8,k5,p2 | @stem relu}"
    found = outcome(spec, (3, 8, 8), "stacked")
    labels = ["stem.0", "stem.1", "1", "2.0.0.0", "2.0.0.1", "2.1.0", "2"]
    assert labels == [row.label for row in found.report.layers]
    assert [(-1,), (0,), (1,), (2,), (3,), (1,), (4, 5)] == [
        row.inputs for row in found.report.layers
    ]
    assert convcalc.parse(found.network.spec()) == found.network
    assert "stem.0.weight" in found.network.weight_shapes((3, 8, 8))


def test_a_label_that_is_taken_is_not_taken_again():
    found = outcome("1=conv:8,k5,p2 1.1=relu", (3, 8, 8), "stacked")
    assert ["1_.0", "1_.1", "1.1"] == [row.label for row in found.report.layers]


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "unet", "fcn8s"])
@pytest.mark.parametrize("variant", ["separable", "bottleneck:2", "factorized"])
def test_the_network_of_a_variant_reads_back_as_it_prints(name, variant):
    network = convcalc.load_network(name)
    shape = network_input(name)
    (found,) = compare(network, shape, variant).outcomes
    assert found.changes
    again = convcalc.parse(found.network.spec())
    assert again == found.network
    assert found.report == again.analyze(shape)
    before = network.analyze(shape)
    assert before.layers[-1].output_shape == found.report.layers[-1].output_shape


def test_batch_multiplies_both_sides():
    row = change("conv:8,k3,p1", (4, 10), "separable", batch=3)
    assert (2880, 1320, Fraction(11, 24)) == (row.original.macs, row.totals.macs, row.ratio)


# -- how variants are asked for --------------------------------------------------------------------


def test_every_variant_can_be_asked_for_by_its_example():
    assert EXAMPLES == tuple(map(str, read_variants(",".join(EXAMPLES))))
    assert VARIANTS == tuple(read_variant(example).name for example in EXAMPLES)


@pytest.mark.parametrize("text", ["GROUPED:4", " grouped:4 ", "Grouped:04"])
def test_a_variant_is_read_in_any_case(text):
    assert "grouped:4" == str(read_variant(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seperable", "did you mean 'separable'"),
        ("bogus", "expected one or more of separable, grouped:4, "),
        ("grouped", "grouped needs a number, as grouped:4"),
        ("grouped:", "grouped needs a number, as grouped:4"),
        ("stacked:2", "stacked takes no number; got 'stacked:2'"),
        ("grouped:1", "grouped: must be at least 2, got 1; write grouped:4"),
        ("lowrank:0", "lowrank: must be at least 1, got 0; write lowrank:8"),
        ("grouped:x", "expected a whole number, got 'x'"),
        ("grouped:-2", "expected a whole number, got '-2'"),
        ("grouped:²", "expected a whole number"),
        ("grouped:" + "9" * 5000, "number"),
        ("", "a variant is missing"),
        ("separable,", "a variant is missing"),
        ("stacked,stacked", "'stacked' is given twice"),
        ("grouped:4,grouped:04", "'grouped:4' is given twice"),
    ],
)
def test_a_wrong_variant_is_refused_in_one_line(text, message):
    with pytest.raises(UsageError) as caught:
        read_variants(text)
    assert message in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())
    assert len(str(caught.value)) < 250


# -- everything at once ----------------------------------------------------------------------------

SAME_FIELD = {"separable", "grouped", "depthwise", "bottleneck", "factorized", "stacked", "lowrank"}


@st.composite
def convolutions(draw):
    """A convolution, and an input that it fits."""
    rank = draw(st.integers(1, 3))
    small = st.integers(1, 3)

    def axes(values):
        return draw(values | st.tuples(*[values] * rank))

    ends = st.integers(0, 4)
    words = st.sampled_from(["valid", "same-upper", "same-lower", "same"])
    each = st.tuples(*[st.tuples(ends, ends)] * rank)
    groups = draw(st.sampled_from([1, 1, 1, 2]))
    channels, out = (groups * draw(st.integers(1, 6)) for _ in range(2))
    padding, stride = draw(ends | words | each), axes(small)
    assume(padding != "same" or stride in {1, (1,) * rank})
    conv = Conv(
        out,
        axes(st.integers(1, 7)),
        stride,
        padding,
        axes(small),
        groups,
        draw(st.booleans()),
        draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate"])),
    )
    shape = (channels, *draw(st.tuples(*[st.integers(1, 20)] * rank)))
    try:
        conv.out_shape(shape)
    except ConvcalcError:
        assume(False)
    return conv, shape


@given(convolutions(), st.sampled_from(VARIANTS), st.integers(2, 4), st.integers(1, 2))
def test_every_replacement_has_the_same_output_and_the_ratio_of_its_formula(
    case, name, number, batch
):
    conv, shape = case
    variant = read_variant(f"{name}:{number}" if ":" in EXAMPLES[VARIANTS.index(name)] else name)
    network = Network.chain([conv])
    assume(not isinstance(variant.replacement(conv, shape), str))
    (found,) = compare(network, shape, [variant], batch).outcomes
    (row,) = found.changes
    assert row.original.output_shape == row.stages[-1].output_shape
    before, after = fields(row)
    if name in SAME_FIELD:
        assert before == after
    else:
        assert all(one.size <= two.size for one, two in zip(before, after, strict=True))
        assert before != after
    assert Fraction(sum(s.macs for s in row.stages), row.original.macs) == row.ratio == found.ratio
    assert sum(s.params for s in row.stages) == row.totals.params
    if row.formula is None:
        assert "separable" == name
        assert "does not apply" in row.note
    else:
        assert row.ratio == row.formula.value == value_of(row.formula.numbers)
    assert convcalc.parse(found.network.spec()).analyze(shape, batch) == found.report


# -- against torch ---------------------------------------------------------------------------------


def built(torch, variant):
    """The modules of each variant for 8 -> 16 channels, 5 x 5, stride 2, padding 2, by hand."""

    def conv(*arguments, **named):
        return torch.nn.Conv2d(*arguments, **named)

    return {
        "separable": [
            conv(8, 8, 5, stride=2, padding=2, groups=8),
            conv(8, 16, 1),
        ],
        "grouped:4": [conv(8, 16, 5, stride=2, padding=2, groups=4)],
        "depthwise": [conv(8, 16, 5, stride=2, padding=2, groups=8)],
        "bottleneck:4": [
            conv(8, 4, 1),
            conv(4, 4, 5, stride=2, padding=2),
            conv(4, 16, 1),
        ],
        "dilated:2": [conv(8, 16, 5, stride=2, padding=4, dilation=2)],
        "factorized": [
            conv(8, 16, (5, 1), stride=(2, 1), padding=(2, 0)),
            conv(16, 16, (1, 5), stride=(1, 2), padding=(0, 2)),
        ],
        "stacked": [conv(8, 16, 3, padding=1), conv(16, 16, 3, stride=2, padding=1)],
        "lowrank:8": [
            conv(8, 8, (5, 1), stride=(2, 1), padding=(2, 0), bias=False),
            conv(8, 16, (1, 5), stride=(1, 2), padding=(0, 2)),
        ],
    }[variant]


@pytest.mark.parametrize("variant", EXAMPLES)
@pytest.mark.parametrize("size", [(9, 12), (8, 8)])
def test_a_variant_counts_as_the_torch_modules_do(variant, size):
    torch = pytest.importorskip("torch")
    modules = built(torch, variant)
    array, macs, activations = torch.zeros(1, 8, *size), 0, 0
    for module in modules:
        array = module(array)
        # Each output is a sum over one kernel: as many products as a filter has weights.
        macs += array.numel() * module.weight[0].numel()
        activations += array.numel()
    row = change("conv:16,k5,s2,p2", (8, *size), variant)
    assert tuple(array.shape[1:]) == row.stages[-1].output_shape
    assert macs == row.totals.macs
    assert sum(w.numel() for m in modules for w in m.parameters()) == row.totals.params
    if variant != "separable":  # `sep` is one layer, and what is inside it is not an output
        assert activations == row.totals.activations
    original = torch.nn.Conv2d(8, 16, 5, stride=2, padding=2)
    assert original(torch.zeros(1, 8, *size)).shape == array.shape

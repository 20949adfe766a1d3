"""What cannot be replaced, whole networks, and how variants are asked for."""

from fractions import Fraction

import pytest
from comparing import change, outcome

import convcalc
from convcalc.analysis.compare import EXAMPLES, VARIANTS, compare, read_variant, read_variants
from convcalc.errors import ShapeError, SpecError, UsageError
from convcalc.layers import Conv
from convcalc.network.graph import Network
from convcalc.zoo.catalog import network_input


def reasons(spec, shape, *variants):
    """Why each variant leaves the one layer; `separable` is there so that something is replaced."""
    found = compare(convcalc.parse(spec), shape, ["separable", *variants]).outcomes[1:]
    return [one.reason for other in found for one in other.unchanged]


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

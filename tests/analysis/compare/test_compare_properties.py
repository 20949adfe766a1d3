"""Every replacement has the ratio of its formula, and counts as PyTorch's modules do."""

import re
from fractions import Fraction

import pytest
from comparing import change, fields
from hypothesis import assume, given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis.compare import EXAMPLES, VARIANTS, compare, read_variant
from convcalc.errors import ConvcalcError
from convcalc.layers import Conv
from convcalc.network.graph import Network


def value_of(numbers):
    """What a formula with its numbers put in comes to: read as arithmetic, exactly."""
    text = re.sub(r"\d+", lambda number: f"Fraction({number[0]})", numbers.replace("^", "**"))
    return eval(text, {"Fraction": Fraction})


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

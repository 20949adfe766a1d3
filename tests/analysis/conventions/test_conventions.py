"""Other tools' ways of counting: their figures for torchvision's models, and kind by kind."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import pytest

import convcalc
from convcalc.analysis.conventions import CONVENTIONS, MODULE_OF, load_convention
from convcalc.analysis.conventions.reconcile import reconcile
from convcalc.errors import UsageError
from convcalc.layers import KINDS, Layer
from convcalc.layers.kinds import CLASS_OF, row_of
from convcalc.network.graph import Network
from convcalc.zoo.catalog import load_network, network_input, network_names
from torchvision_totals import COUNTERS, totals

PUBLISHED = totals()
TOOLS = ("torch", "fvcore", "torchinfo", "ptflops", "thop")


def counted(spec, size, convention, functions=(), batch=1):
    network = dataclasses.replace(convcalc.parse(spec), functions=functions)
    return network.analyze(size, batch, convention).totals.total


def in_all(spec, size, functions=(), batch=1):
    return tuple(counted(spec, size, tool, functions, batch) for tool in TOOLS)


# torchvision's ConvNeXt has linear layers on channels last where the spec has pointwise
# convolutions, which torchinfo counts once per sample; no spec says that.
UNLIKE = {("convnext_tiny", "torchinfo")}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_each_convention_gives_the_tools_own_figure_for_torchvisions_models(name):
    network = load_network(name)
    figures = {
        counter: network.analyze(network_input(name), convention=counter).totals.total
        for counter in COUNTERS
        if (name, counter) not in UNLIKE
    }
    assert figures == {counter: PUBLISHED[name][counter] for counter in figures}


def test_the_six_totals_of_resnet50():
    network = load_network("resnet50")
    found = [network.analyze((3, 224, 224), convention=name).totals.total for name in CONVENTIONS]
    assert found == [
        4_089_184_256,
        8_178_368_512,
        4_111_512_576,
        4_089_238_376,
        4_132_436_968,
        4_133_742_592,
    ]


# (torch, fvcore, torchinfo, ptflops, thop) of the transposed and `same` rows of published sizes.
# By hand: MACs by input positions; torchinfo and thop by output positions, stride^axes too many.
@pytest.mark.parametrize(
    ("spec", "size", "macs", "expected"),
    [
        (
            "convt:32,k4,s2,p1,nobias",
            (64, 8, 8),
            2_097_152,
            (4_194_304, 2_097_152, 8_388_608, 2_097_152, 8_388_608),
        ),
        (
            "convt:8,k3,s2,p1,op1,g8,nobias",
            (8, 8, 8),
            4_608,
            (9_216, 4_608, 18_432, 4_608, 18_432),
        ),
        (
            "convt:12,k2,s2,g3,nobias",
            (6, 8, 8),
            6_144,
            (12_288, 6_144, 24_576, 6_144, 24_576),
        ),
        (
            "convt:2,k2,s2,nobias",
            (4, 3, 4, 4),
            3_072,
            (6_144, 3_072, 24_576, 3_072, 24_576),
        ),
        (
            "conv:8,k4,same,nobias",
            (8, 10, 10),
            102_400,
            (204_800, 0, 102_400, 102_400, 102_400),
        ),
        (
            "conv:8,k3x5,same,d2x3,nobias",
            (8, 28, 31),
            833_280,
            (1_666_560, 0, 833_280, 833_280, 833_280),
        ),
    ],
)
def test_transposed_and_same_convolutions_with_the_tools_mistakes(spec, size, macs, expected):
    assert macs == counted(spec, size, "macs")
    assert expected == in_all(spec, size)


@pytest.mark.parametrize(
    ("spec", "size", "tool", "words"),
    [
        ("convt:32,k4,s2,p1", (64, 8, 8), "torchinfo", "INPUT position"),
        ("convt:32,k4,s2,p1", (64, 8, 8), "thop", "INPUT position"),
        ("conv:8,k4,same", (8, 10, 10), "fvcore", "padding='same'"),
        ("relu", (4, 6, 6), "ptflops", "again by the function"),
        ("ln", (4, 6, 6), "ptflops", "elementwise_affine"),
        ("bn", (4, 6, 6), "torchinfo", "every position"),
        ("linear:8", (5, 10, 3), "torchinfo", "too low"),
    ],
)
def test_a_mistake_by_the_tools_own_rule_is_marked(spec, size, tool, words):
    tools = {one.convention.name: one for one in reconcile(convcalc.parse(spec), size).tools}
    (mistake,) = [part for part in tools[tool].differences if part.reason.wrong]
    assert words in mistake.reason.wrong


# Each on 4 channels of 6x6 cells, 144 numbers, twice: 288 in a batch of two.
# (torch, fvcore, torchinfo, ptflops, thop), from the tools' sources.
@pytest.mark.parametrize(
    ("spec", "module", "function"),
    [
        ("relu", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("relu6", (0, 0, 0, 288, 0), (0, 0, 0, 288, 0)),
        ("leakyrelu", (0, 0, 0, 288, 0), (0, 0, 0, 0, 0)),
        ("elu", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("selu", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("celu", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("hardshrink", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("softshrink", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("tanhshrink", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("threshold:0,value1", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("logsigmoid", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("gelu", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("gelu:tanh", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("softsign", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("rrelu", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("silu", (0, 0, 0, 288, 0), (0, 0, 0, 288, 0)),
        ("sigmoid", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("hardswish", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("softmax", (0, 0, 0, 288, 792), (0, 0, 0, 288, 0)),
        ("softmin", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("logsoftmax", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("glu", (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ("maxpool:2", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("avgpool:2", (0, 0, 0, 576, 72), (0, 0, 0, 288, 0)),
        ("adaptiveavgpool:2", (0, 288, 0, 576, 320), (0, 288, 0, 288, 0)),
        ("adaptivemaxpool:2", (0, 0, 0, 576, 0), (0, 0, 0, 288, 0)),
        ("gap", (0, 288, 0, 576, 296), (0, 0, 0, 0, 0)),
        ("upsample:2", (0, 1152, 0, 2304, 1152), (0, 1152, 0, 1152, 0)),
        ("upsample:2,bilinear", (0, 4608, 0, 2304, 12672), (0, 4608, 0, 1152, 0)),
        ("ln", (0, 1440, 16, 288, 1152), (0, 1440, 16, 0, 0)),
    ],
)
def test_modules_and_functions_of_each_kind(spec, module, function):
    kind = spec.partition(":")[0]
    assert module == in_all(spec, (4, 6, 6), batch=2)
    assert function == in_all(spec, (4, 6, 6), (kind,), batch=2)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("bn", (0, 576, 16, 576, 1152)),
        ("bn:noaffine", (0, 288, 0, 288, 576)),
        ("gn:2", (0, 1440, 16, 576, 0)),
        ("gn:2,noaffine", (0, 1152, 0, 288, 0)),
        ("in", (0, 1152, 0, 288, 576)),
        ("in:affine", (0, 1440, 16, 576, 1152)),
        ("ln:noaffine", (0, 1152, 0, 288, 576)),
        ("prelu:4", (0, 0, 8, 576, 288)),
        ("layerscale", (0, 0, 8, 0, 0)),
        ("residual{}", (0, 0, 0, 0, 0)),
        ("scale{gap}", (0, 288, 0, 576, 296)),
        ("conv:3,k3", (6912, 3456, 3552, 3552, 3456)),
        ("conv:3,k3,nobias", (6912, 3456, 3456, 3456, 3456)),
        ("conv:3,k3,valid", (6912, 0, 3552, 3552, 3456)),
        ("conv:3,k3,same,reflect", (15552, 7776, 7992, 7992, 7776)),
        ("dw:k3", (2304, 1152, 1280, 1280, 1152)),
        ("dw:k3,valid", (2304, 0, 1280, 1280, 1152)),
        ("sep:3,k3", (3072, 1536, 1760, 1760, 1536)),
        ("sep:3,k3,nodwbias", (3072, 1536, 1632, 1632, 1536)),
        ("sep:3,k3,valid", (3072, 384, 1760, 1760, 1536)),
        ("convt:3,k2,s2", (6912, 3456, 14688, 4320, 13824)),
        ("flatten linear:5", (2880, 1440, 1450, 1450, 1440)),
        ("linear:5", (2880, 1440, 70, 1680, 1440)),
    ],
)
def test_kinds_that_are_modules_always(spec, expected):
    assert expected == in_all(spec, (4, 6, 6), batch=2)


# torch crops and pads both ends alike: otherwise a module works on more cells than the layer.
# convt: 11 cells where 10 are left; the poolings: 9 cells of 8, then 5 of 4.
@pytest.mark.parametrize(
    ("spec", "size", "expected"),
    [
        ("convt:4,k3,s2,same-upper", (2, 5, 5), (3_600, 1_800, 9_196, 2_284, 8_712)),
        ("maxpool:3,s2,same-upper", (3, 8, 8), (0, 0, 0, 486, 0)),
        ("avgpool:3,s2,same-upper", (3, 8, 8), (0, 0, 0, 486, 48)),
        # 3 cells at each end, more than half the kernel: 15*15 cells for the module.
        ("maxpool:3,s1,d3,same-upper", (3, 9, 9), (0, 0, 0, 1_350, 0)),
        # 11 cells are left of 12, the last of which output padding adds: 4*12 of 2*3 products.
        ("convt:4,k3,s2,p1:0,op1", (2, 5), (240, 120, 336, 168, 288)),
    ],
)
def test_what_torch_pads_or_crops_apart(spec, size, expected):
    assert expected == in_all(spec, size)
    assert tuple(3 * total for total in expected) == in_all(spec, size, batch=3)


def test_what_has_other_operators_on_one_or_three_axes():
    # fvcore has handles for the operators of two axes; thop none for linear in three.
    assert (0, 0, 0, 48, 28) == in_all("gap", (4, 6))
    assert (0, 0, 0, 384, 0) == in_all("upsample:2,bilinear", (3, 2, 2, 2))
    assert (0, 0, 0, 96, 240) == in_all("upsample:2,bilinear", (4, 6))
    assert (0, 0, 0, 384, 192) == in_all("upsample:2", (3, 2, 2, 2))


def test_thops_quotients_are_binary_fractions_and_cut():
    # ((8/7)^2 + 1) * 98 is 226, and a little less in float64; thop itself says 225.
    assert 225 == counted("adaptiveavgpool:7", (2, 8, 8), "thop")
    assert 298 == counted("adaptiveavgpool:7", (2, 10, 10), "thop")
    # The whole batch is cut once: two samples are 451.99..., not twice 225.
    assert 451 == counted("adaptiveavgpool:7", (2, 8, 8), "thop", batch=2)
    assert 1581 == counted("adaptiveavgpool:7", (2, 8, 8), "thop", batch=7)


@pytest.mark.parametrize("name", MODULE_OF)
def test_every_convention_knows_every_kind(name):
    rules = load_convention(name).rules
    computable = [kind for kind, layer in KINDS.items() if layer.computable]
    assert [] == [kind for kind in computable if row_of(rules, KINDS[kind]) is None]


@pytest.mark.parametrize("name", network_names())
def test_the_terms_add_up_to_the_difference(name):
    reconciliation = reconcile(load_network(name), network_input(name))
    macs = reconciliation.report.totals.macs
    assert len(MODULE_OF) == len(reconciliation.tools)
    for tool in reconciliation.tools:
        amounts = [part.amount for part in tool.differences]
        assert tool.total - macs == tool.difference == sum(amounts)
        assert sorted(amounts, key=abs, reverse=True) == amounts
        assert () == tool.unknown


def test_terms_of_one_reason_are_put_together_by_kind():
    tools = reconcile(convcalc.parse("conv:2,k1 bn relu maxpool:2 conv:3,k1"), (1, 4, 4)).tools
    ptflops = next(tool for tool in tools if tool.convention.name == "ptflops")
    found = [(part.kinds, part.reason.text, part.amount) for part in ptflops.differences]
    assert found == [
        (("bn",), "2 per element", 64),
        (("relu", "maxpool"), "counted a second time", 64),
        (("conv",), "the bias counted as MACs", 44),
        (("relu",), "1 per element", 32),
        (("maxpool",), "1 per input element", 32),
    ]


@pytest.fixture
def kinds():
    """Takes back the kinds that a test adds."""
    yield
    for kind in KINDS._loaded.keys() - CLASS_OF.keys():
        del KINDS._loaded[kind]


def test_a_kind_that_does_not_say_what_it_costs_is_named_and_no_zero(kinds):
    @dataclasses.dataclass(frozen=True)
    class Strange(Layer):
        kind: ClassVar[str] = "strange"

    (conv,) = convcalc.parse("conv:2,k1").nodes
    report = Network.chain([conv.layer, Strange()]).analyze((1, 4, 4))
    known, strange = report.layers
    assert (strange,) == report.unknown
    assert (True, 32) == (known.counted, known.total)
    assert (False, None) == (strange.counted, strange.total)
    assert 32 == report.totals.total


def test_a_kind_that_a_convention_does_not_know_is_named(kinds):
    @dataclasses.dataclass(frozen=True)
    class Free(Layer):
        kind: ClassVar[str] = "free"
        no_arithmetic: ClassVar[bool] = True

    network = Network.chain([Free()])
    assert () == network.analyze((1, 4, 4)).unknown
    tools = reconcile(network, (1, 4, 4)).tools
    assert [["0"]] * len(MODULE_OF) == [[row.label for row in tool.unknown] for tool in tools]


def test_an_unknown_convention_names_the_nearest():
    with pytest.raises(UsageError, match="'tohp'; did you mean 'thop'"):
        convcalc.parse("relu").analyze((1, 4, 4), convention="tohp")

"""Two networks side by side."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis import diff as module
from convcalc.analysis.diff import difference, paired_blocks
from convcalc.layers import KINDS
from convcalc.layers.kinds import row_of
from convcalc.zoo.catalog import load_network, network_input, network_names


def report(text, shape=(3, 16, 16)):
    if text in network_names():
        return load_network(text).analyze(network_input(text))
    return convcalc.parse(text).analyze(shape)


def between(a, b, shape=(3, 16, 16)):
    return difference(report(a, shape), report(b, shape))


def written(found):
    """Each pair as a line: what stands in the first, what in the second."""
    return [
        (pair.status, *(row.spec if row else None for row in (pair.a, pair.b)))
        for pair in found.pairs
    ]


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [
        ("pw:8 relu", "pw:8 relu", [("equal", "pw:8", "pw:8"), ("equal", "relu", "relu")]),
        ("pw:8 relu", "pw:8", [("equal", "pw:8", "pw:8"), ("only_a", "relu", None)]),
        ("pw:8", "bn pw:8", [("only_b", None, "bn"), ("equal", "pw:8", "pw:8")]),
        (
            "conv:8,k3,p1 relu",
            "conv:8,k5,p2 relu",
            [("changed", "conv:8,k3,p1", "conv:8,k5,p2"), ("equal", "relu", "relu")],
        ),
        # The same words on other numbers of channels or other sizes
        (
            "pw:8 relu",
            "pw:4 relu",
            [("changed", "pw:8", "pw:4"), ("reshaped", "relu", "relu")],
        ),
        # Kinds of one family stand in each other's place, others do not
        ("maxpool:2", "avgpool:2", [("changed", "maxpool:2", "avgpool:2")]),
        ("relu", "gelu", [("changed", "relu", "gelu")]),
        ("relu", "maxpool:2", [("only_a", "relu", None), ("only_b", None, "maxpool:2")]),
        ("flatten", "identity", [("only_a", "flatten", None), ("only_b", None, "identity")]),
        # A layer written alike is a better partner than the first of its kind
        (
            "conv:8,k3,p1",
            "conv:4,k1 conv:8,k3,p1",
            [("only_b", None, "conv:4,k1"), ("reshaped", "conv:8,k3,p1", "conv:8,k3,p1")],
        ),
        # The pointwise convolution has the channels, the depthwise one has the kernel
        (
            "dw:k3,p1 pw:3",
            "conv:3,k3,p1",
            [("only_a", "dw:k3,p1", None), ("changed", "pw:3", "conv:3,k3,p1")],
        ),
        # Of equal layers, the first ones are paired
        (
            "bn 2xrelu",
            "relu",
            [("only_a", "bn", None), ("equal", "relu", "relu"), ("only_a", "relu", None)],
        ),
        (
            "2xrelu pw:8",
            "3xrelu pw:8",
            [
                ("equal", "relu", "relu"),
                ("equal", "relu", "relu"),
                ("only_b", None, "relu"),
                ("equal", "pw:8", "pw:8"),
            ],
        ),
    ],
)
def test_layers_are_paired_with_what_they_became(a, b, pairs):
    assert pairs == written(between(a, b))


def test_a_layer_that_reads_others_is_rewired():
    found = between("x=relu y=relu residual{@x | @y}", "x=relu y=relu residual{@y | @x}")
    assert ["equal", "equal", "rewired"] == [pair.status for pair in found.pairs]
    assert found.a.totals == found.b.totals


def test_a_layer_in_between_does_not_rewire_what_follows_it():
    found = between("residual{relu | }", "residual{relu bn | }")
    assert ["equal", "only_b", "equal"] == [pair.status for pair in found.pairs]


@pytest.mark.parametrize(
    ("a", "b", "counts"),
    [
        # 13 convolutions, each with a normalisation behind it
        ("vgg16", "vgg16_bn", {"equal": 40, "only_b": 13}),
        # Of the first block of three stages the 1 x 1 and the 3 x 3; between them bn and relu
        ("resnet50", "resnet50-paper", {"equal": 163, "changed": 6, "reshaped": 6}),
        # One, two, four and one more blocks of 2 conv, 2 bn, 2 relu and a sum
        ("resnet18", "resnet34", {"equal": 69, "only_b": 56}),
        # 13 times dw bn relu pw instead of conv
        ("mobilenet_v1", "conv-mobilenet", {"equal": 32, "changed": 13, "only_a": 39}),
        ("resnet50", "resnet50", {"equal": 175}),
    ],
)
def test_reference_networks_differ_in_what_their_papers_say(a, b, counts):
    found = between(a, b)
    names = ("equal", "changed", "reshaped", "rewired", "only_a", "only_b")
    assert counts == {name: found.count(name) for name in names if found.count(name)}


def test_the_blocks_that_resnet34_has_more_are_whole():
    found = between("resnet18", "resnet34")
    more = [pair.b.label for pair in found.pairs if pair.status == "only_b"]
    blocks = {label.rpartition(".0.0.0.")[0] or label.rpartition(".")[0] for label in more}
    assert {
        *("layer1.2", "layer2.2.1", "layer2.2.2"),
        *("layer3.2.1", "layer3.2.2", "layer3.2.3", "layer3.2.4", "layer4.2.1"),
    } == {block.removesuffix(".0") for block in blocks}


def test_the_quantities_are_those_of_both_and_their_ratio():
    found = between("resnet50", "resnet50-paper")
    params, macs, activations, field = found.quantities
    assert ("params", 25_557_032, 25_557_032, Fraction(1)) == (*params, params.ratio)
    # Both numbers of ResNet-50: the stride on the 3 x 3, or on the first 1 x 1
    assert ("macs", 4_089_184_256, 3_857_973_248) == tuple(macs)
    assert Fraction(3_857_973_248, 4_089_184_256) == macs.ratio
    assert "activations" == activations.name
    assert ("field", 619, 675) == tuple(field)


def test_the_peak_is_a_quantity_where_it_is_known():
    a, b = report("conv:8,k3,p1 relu"), report("conv:4,k3,p1 relu")
    found = difference(a, b, ("wide", "narrow"), (8192, 4096))
    assert ("peak_memory", 8192, 4096) in map(tuple, found.quantities)
    assert ("wide", "narrow") == found.names


def test_pairs_go_by_block_on_each_side_by_itself():
    found = between("a=2x{pw:8 relu} b=pw:4", "a=3x{pw:8 relu} c=pw:4")
    blocks = paired_blocks(found.pairs, 1)
    assert [("a", "a", 6), ("b", "c", 1)] == [(b.a, b.b, len(b.pairs)) for b in blocks]
    assert found.pairs == tuple(pair for block in blocks for pair in block.pairs)
    found = between("a=1x{pw:8} b=1x{relu}", "c=1x{pw:8 relu}")
    assert [("a", "c"), ("b", "c")] == [block[:2] for block in paired_blocks(found.pairs, 1)]


def test_there_is_no_ratio_to_nothing():
    assert [None, None, 2, 1] == [q.ratio for q in between("relu", "pw:6").quantities]


layers = st.sampled_from(["relu", "bn", "pw:3", "pw:4", "conv:3,k3,p1", "maxpool:1", "flatten"])
chains = st.lists(layers, min_size=1, max_size=7).filter(lambda words: "flatten" not in words[:-1])


def reports(words):
    return report(" ".join(words), (3, 4, 4))


@given(chains, chains)
def test_every_layer_of_both_is_in_one_pair_and_in_order(first, second):
    found = difference(reports(first), reports(second))
    for mine, side in ((found.a, "a"), (found.b, "b")):
        rows = [getattr(pair, side) for pair in found.pairs]
        assert list(mine.layers) == [row for row in rows if row is not None]
    for pair in found.pairs:
        assert (pair.status == "only_a") == (pair.b is None)
        assert (pair.status == "only_b") == (pair.a is None)


def naive(a, b):
    """The most that an alignment is worth, by trying them all."""
    if not a or not b:
        return 0
    own = module._match_score(a[0], b[0])
    with_both = own + naive(a[1:], b[1:]) if own else 0
    return max(naive(a[1:], b), naive(a, b[1:]), with_both)


@given(st.lists(layers, min_size=1, max_size=5), st.lists(layers, min_size=1, max_size=5))
def test_no_alignment_is_worth_more(first, second):
    first, second = ([w for w in words if w != "flatten"] or ["relu"] for words in (first, second))
    found = difference(reports(first), reports(second))
    worth = sum(module._match_score(p.a, p.b) for p in found.pairs if p.a and p.b)
    assert naive(found.a.layers, found.b.layers) == worth


@given(chains, chains)
def test_the_other_way_round_the_same_is_worth_as_much(first, second):
    here = difference(reports(first), reports(second))
    there = difference(reports(second), reports(first))
    assert [(q.b, q.a) for q in here.quantities] == [(q.a, q.b) for q in there.quantities]
    both = [sum(p.status == "equal" for p in found.pairs) for found in (here, there)]
    assert both[0] == both[1]


def test_very_different_long_networks_are_paired_by_their_place(monkeypatch):
    monkeypatch.setattr(module, "MOST_PAIRS", 5)
    found = between("relu pw:3 bn pw:4 relu", "relu bn pw:3 gelu pw:4 relu")
    assert found.in_order
    assert [
        ("equal", "relu", "relu"),
        *(("only_a", "pw:3", None), ("only_b", None, "bn")),
        *(("only_a", "bn", None), ("only_b", None, "pw:3")),
        ("only_b", None, "gelu"),
        *(("equal", "pw:4", "pw:4"), ("equal", "relu", "relu")),
    ] == written(found)
    monkeypatch.setattr(module, "MOST_PAIRS", 6)  # the ends are set aside: 2 x 3 are left
    assert not between("relu pw:3 bn pw:4 relu", "relu bn pw:3 gelu pw:4 relu").in_order


def test_every_name_of_a_family_is_a_kind_or_a_class_of_kinds():
    names = [name for names in module.FAMILIES for name in names]
    classes = {base.__name__ for kind in KINDS.values() for base in kind.__mro__}
    assert set(names) <= KINDS.keys() | classes
    assert len(names) == len(set(names))


def test_the_families_are_these():
    families = [
        sorted(kind for kind in KINDS if row_of(module._FAMILY, KINDS[kind]) == number)
        for number in range(len(module.FAMILIES))
    ]
    assert families == [
        ["conv", "convt", "dw", "linear", "pw", "sep"],
        ["adaptiveavgpool", "adaptivemaxpool", "avgpool", "gap", "lppool", "maxpool"],
        ["bn", "gn", "in", "layerscale", "ln", "lrn"],
        ["bilinear", "concat", "elementwise", "residual", "scale"],
        [
            *("celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh"),
            *("leakyrelu", "logsigmoid", "logsoftmax", "mish", "prelu", "relu", "relu6", "rrelu"),
            *("selu", "sigmoid", "silu", "softmax", "softmin", "softplus", "softshrink"),
            *("softsign", "tanh", "tanhshrink", "threshold"),
        ],
        ["attention", "matmul", "multiheadattention"],
        ["maxunpool", "pixelshuffle", "pixelunshuffle", "upsample"],
        ["flatten", "permute", "reshape", "unflatten", "view"],
        ["gru", "lstm", "rnn"],
    ]

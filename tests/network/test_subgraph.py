"""Parts of networks: what leads to a label, and nothing else."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import UsageError
from convcalc.network.subgraph import last_node, needed_nodes, part_until, without_nodes

TEXT = (
    "stem=conv:4,k3,p1 body=2x{residual{pw:4 bn}} side=pw:6 relu @stem end=concat{pw:2 | dw:k1} bn"
)
LABELS = [
    "stem",
    *("body.0.0.0.0", "body.0.0.0.1", "body.0.0", "body.1.0.0.0", "body.1.0.0.1", "body.1.0"),
    *("side", "3", "end.0.0", "end.1.0", "end", "5"),
]


def network(text=TEXT):
    return convcalc.parse(text)


def test_the_labels_of_the_example_are_these():
    assert LABELS == [node.label for node in network().nodes]


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("stem", "stem"),
        ("body.0.0.0.0", "body.0.0.0.0"),
        # A block's own node, not the last one within.
        ("body.0.0", "body.0.0"),
        ("body.0.0.0", "body.0.0.0.1"),
        ("body.0", "body.0.0"),
        ("body", "body.1.0"),
        ("end", "end"),
        ("5", "5"),
        (None, "5"),
    ],
)
def test_a_label_is_a_layer_or_the_last_one_of_a_block(label, found):
    assert found == LABELS[last_node(network(), label)]


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("bdoy", "; did you mean 'body'?"),
        ("sten", "; did you mean 'stem'?"),
        ("body.0.0.0.2", "; did you mean 'body.0.0.0.1'?"),
        ("bod", "; did you mean 'body'?"),
        ("stem.", "; did you mean 'stem'?"),
        ("qqqqqqq", "; the last one is '5'"),
    ],
)
def test_a_wrong_label_is_named_with_its_nearest(label, hint):
    with pytest.raises(UsageError) as caught:
        last_node(network(), label)
    assert f"no layer or block is called '{label}'{hint}" == str(caught.value)


@pytest.mark.parametrize(
    ("label", "needed"),
    [
        ("stem", ["stem"]),
        ("body.0.0.0.1", ["stem", "body.0.0.0.0", "body.0.0.0.1"]),
        ("body.0.0", ["stem", "body.0.0.0.0", "body.0.0.0.1", "body.0.0"]),
        # The body is no part of what follows @stem.
        ("end", ["stem", "end.0.0", "end.1.0", "end"]),
        ("end.1", ["stem", "end.1.0"]),
    ],
)
def test_only_what_leads_to_the_label_is_kept(label, needed):
    whole, shape = network(), (3, 8, 8)
    part = part_until(whole, shape, label)
    assert needed == [node.label for node in part.nodes]
    assert needed == [LABELS[i] for i in needed_nodes(whole, last_node(whole, label))]
    rows = {row.label: row for row in whole.analyze(shape).layers}
    for row in part.analyze(shape).layers:
        before = rows[row.label]
        assert (row.output_shape, row.weights) == (before.output_shape, before.weights)
        assert [needed[i] if i >= 0 else i for i in row.inputs] == [
            LABELS[i] if i >= 0 else i for i in before.inputs
        ]


def test_parameters_that_wait_for_channels_are_those_of_the_whole():
    # `in` names a node by its index, which is another one in the part.
    text = "a=pw:6 b=pw:2 @a x=pw:5 conv:in*2,k1,g(in)"
    part = part_until(network(text), (3, 4, 4), "x")
    assert ["a", "x"] == [node.label for node in part.nodes]
    last = part_until(network(text), (3, 4, 4), network(text).nodes[-1].label)
    assert (10, 4, 4) == last.analyze((3, 4, 4)).layers[-1].output_shape
    assert ["a", "x", network(text).nodes[-1].label] == [node.label for node in last.nodes]


def test_layers_behind_the_label_need_not_fit():
    part = part_until(network("conv:4,k3 relu conv:4,k99"), (3, 8, 8), "1")
    assert (4, 6, 6) == part.analyze((3, 8, 8)).layers[-1].output_shape


def test_who_read_a_node_that_is_gone_reads_what_it_stood_on():
    whole = network("pw:4 bn residual{pw:4} bn")
    rest = without_nodes(whole, (3, 4, 4), {1: 0, 4: 3})
    assert ["0", "2.0.0", "2"] == [node.label for node in rest.nodes]
    assert [(-1,), (0,), (1, 0)] == [node.inputs for node in rest.nodes]
    assert (4, 4, 4) == rest.analyze((3, 4, 4)).layers[-1].output_shape

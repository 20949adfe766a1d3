"""`@label` as a value: the spatial sizes of another node, measured and not read."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import SpecError
from convcalc.language.unparse import with_source
from convcalc.network.graph import Network
from convcalc.network.subgraph import part_until


def specs(text, shape=(2, 9, 7)):
    """The layers of a text on an input, their sizes known."""
    return [row.spec for row in convcalc.parse(text).analyze(shape).layers]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("upsample:size9x7", "a=relu maxpool:2 upsample:size=@a"),
        ("adaptiveavgpool:7x5", "a=conv:4,k3 relu adaptiveavgpool:@a"),
        # What leaves a block or the last turn of a repeat is what its label means, as for a jump
        ("upsample:size5x3", "a=2x{conv:2,k3 residual{relu}} maxpool:2 upsample:size=@a"),
        ("upsample:size9x7", "a=0x{relu} maxpool:2 upsample:size=@a"),
        # Labels of repeats and definitions are seen further in, never from outside
        ("upsample:size9x7", "a=relu 1x{maxpool:2 upsample:size=@a}"),
        ("upsample:size9x7", "define f() {maxpool:2 upsample:size=@a} a=relu f"),
        ("upsample:size4x3", "define f() {a=maxpool:2 relu upsample:size=@a} a=relu f"),
        # A parameter means what its name meant where the definition is used
        ("upsample:size9x7", "define f(to) {a=maxpool:2 upsample:size=$to} a=relu f:@a"),
        ("upsample:size9x7", "define f(to=@a) {maxpool:2 upsample:size=$to} a=relu f"),
    ],
)  # fmt: skip
def test_the_sizes_are_those_of_what_leaves_the_labelled_item(expected, text):
    assert expected == specs(text)[-1]


def test_labels_of_earlier_branches_are_seen_by_parameters_alone():
    text = "concat{up=convt:4,k2,s2 | relu upsample:size=@up}"
    assert ["convt:4,k2,s2", "relu", "upsample:size18x14", "concat"] == specs(text)
    inner = "concat{up=convt:2,k2,s2 | residual{upsample:2 | upsample:size=@up}}"
    assert "upsample:size18x14" == specs(inner)[2]
    own = "a=maxpool:2 relu concat{a=upsample:2 | upsample:size=@a upsample:2}"
    assert "upsample:size4x3" == specs(own)[3]  # a label around the block comes first


@pytest.mark.parametrize(
    ("message", "column", "text"),
    [
        ("no label 'a' is set before this place; none is set yet", 10, "upsample:size=@a a=relu"),
        ("no label 'a' is set before this place; none is set yet", 12, "a=upsample:size=@a"),
        ("no label 'b' is set before this place; the labels so far are a", 17,
         "a=relu upsample:size=@b"),
        ("no label 'stme' is set before this place; did you mean 'stem'?", 20,
         "stem=relu upsample:size=@stme"),
        ("no label 'a' is set before this place", 21, "2x{a=relu} upsample:size=@a"),
        ("no label 'a' is set before this place", 27, "residual{a=relu} upsample:size=@a"),
        ("no label 'a' is set before this place", 17, "concat{upsample:size=@a | a=relu}"),
        ("no label 'a' is set before this place", 20, "define f(s) {bn} f:s=@a"),
        ("size: what leaves 'a' has no spatial axes", 30, "b=relu a=flatten @b upsample:size=@a"),
        ("out_channels: expected a whole number, got (9, 7)", 13, "a=relu conv:@a,k3"),
        ("'*' needs whole numbers on both sides", 23, "define f(s) {upsample:size=$s*2} a=bn f:@a"),
        ("expected a value such as 7, 3x5", 17, "a=relu upsample:size=@"),
    ],
)  # fmt: skip
def test_what_is_no_label_or_no_size_is_pointed_at(message, column, text):
    with pytest.raises(SpecError) as caught:
        convcalc.parse(text).analyze((2, 9, 7))
    (problem,) = caught.value.problems
    assert message in problem.message
    assert column == problem.start + 1


def test_a_label_is_printed_and_formatted_as_it_was_written():
    text = "a.b-1=relu maxpool:2 upsample:size=@a.b-1,bilinear"
    assert text == convcalc.parse(text).spec()
    written = "a=relu  maxpool:2  upsample:mode=bilinear,size=@a"
    assert "a=relu maxpool:2 upsample:size=@a,bilinear" == convcalc.parse(written).spec()


def test_what_only_gives_its_size_is_measured_and_not_read():
    network = convcalc.parse("a=pad:2 @a up=conv:4,k3 @a adaptiveavgpool:@up relu")
    assert [(-1,), (0,), (0,), (2,)] == [node.inputs for node in network.nodes]
    report = network.analyze((1, 5))
    assert ["up"] == [row.label for row in report.unused]
    part = part_until(network, (1, 5), "2")
    assert ["a", "2"] == [node.label for node in part.nodes]
    assert (1, 7) == part.analyze((1, 5)).output_shape


def test_nodes_whose_sizes_are_known_are_written_with_them():
    network = convcalc.parse("a=relu maxpool:2 upsample:size=@a")
    nodes = tuple(step.node for step in network.walk((2, 9, 7)))
    assert with_source(Network(nodes)).source is None  # they still wait
    assert "a=relu maxpool:2 upsample:size9x7" == with_source(
        part_until(network, (2, 9, 7), "2")
    ).spec().replace("0=", "")

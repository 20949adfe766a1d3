"""From nodes back to a text that reads as the same nodes."""

from dataclasses import replace

import pytest

import convcalc
from convcalc.language.unparse import with_source
from convcalc.layers import KINDS, Conv
from convcalc.network.graph import INPUT, Network, Node
from convcalc.zoo.catalog import network_input, network_names


def flat(text, shape):
    """The nodes of a text on an input, without the text."""
    steps = convcalc.parse(text).walk(shape)
    return Network(tuple(replace(step.node, layer=step.layer, origin=None) for step in steps))


@pytest.mark.parametrize("name", network_names())
def test_every_reference_network_is_found_again_from_its_nodes(name):
    steps = list(convcalc.load_network(name).walk(network_input(name)))
    nodes = Network(tuple(Node(step.layer, step.node.inputs, step.node.label) for step in steps))
    again = with_source(nodes)
    assert again.source is not None
    assert nodes == convcalc.parse(again.spec())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv:8,k3 relu", "conv:8,k3 relu"),
        ("2x{pw:4 relu}", "0.0.0=pw:4 0.0.1=relu 0.1.0=pw:4 0.1.1=relu"),
        ("a=pw:4 relu", "a=pw:4 relu"),
        ("residual{conv:3,k3,p1}", "residual{conv:3,k3,p1 | }"),
        ("concat{pw:8 | pw:4 relu | } relu", "concat{pw:8 | pw:4 relu | } relu"),
        ("scale{gap pw:3}", "scale{gap pw:3}"),
        ("x=pw:4 relu concat{@x | pw:3}", "x=pw:4 relu concat{@x | pw:3}"),
        ("x=pw:3 pw:3 @x scale{gap}", "x=pw:3 pw:3 @x scale{gap}"),
        (
            "residual{residual{pw:3 | } relu | pw:3}",
            "residual{residual{pw:3 | } relu | pw:3}",
        ),
        # A label in front of nothing is the input's
        ("in0=0x{relu} pw:3 residual{@in0 | }", "input=0xidentity pw:3 residual{@input | }"),
        ("pw:in*2 relu", "pw:6 relu"),
        ("relu a=relu opaque:name=x{@a | pw:3}", "relu a=relu opaque:name=x{ | pw:3}"),
        ("a=relu opaque:name=x,macs5,like=(conv:3,k1)", None),
    ],
)
def test_a_text_is_found_again_as_far_as_the_nodes_tell(text, shown):
    nodes = flat(text, (3, 8, 8))
    again = with_source(nodes)
    assert nodes == again == convcalc.parse(again.spec())
    assert (shown or text) == again.spec()


def test_joins_whose_branches_no_label_tells_name_them():
    residual, concat = KINDS["residual"](), KINDS["concat"]()
    network = Network(
        (
            Node(Conv(3, 3, padding=1), (INPUT,), "a"),
            Node(Conv(3, 1), (INPUT,), "b"),
            Node(residual, (0, INPUT), "c"),
            Node(KINDS["scale"](), (1, 2), "d"),
            Node(concat, (0, 0, INPUT), "input"),
        )
    )
    again = with_source(network)
    assert again.source is not None
    assert network == convcalc.parse(again.spec())
    assert (9, 8, 8) == convcalc.parse(again.spec()).analyze((3, 8, 8)).layers[-1].output_shape


def test_labels_that_only_look_like_branches_do_not_mislead():
    concat = KINDS["concat"]()
    network = Network(
        (
            Node(Conv(3, 1), (INPUT,), "c.7.0"),
            Node(Conv(3, 1), (0,), "c.0"),
            Node(concat, (0, 1), "c"),
        )
    )
    assert network == convcalc.parse(with_source(network).spec())


def test_labels_that_the_language_has_not_leave_the_network_without_a_text():
    network = Network((Node(Conv(3, 3), (INPUT,), "a label"),))
    assert with_source(network).source is None


def test_a_layer_that_waits_for_channels_leaves_the_network_as_it_is():
    network = Network(convcalc.parse("pw:in*2").nodes)
    assert with_source(network) is network

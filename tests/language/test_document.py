"""A network as a JSON document: it holds any, is read at once, and trusts nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from drawn_dags import dags
from hypothesis import given, settings

import convcalc
from convcalc.errors import DataError, UsageError
from convcalc.language.document import read_document, write_document
from convcalc.language.spec_file import spec_file
from convcalc.layers import Conv, ReLU
from convcalc.network.graph import INPUT, Network, Node
from convcalc.zoo.catalog import network_input, network_names


def settled(network, shape):
    """The nodes of a network with the layers that they have on an input, without their text."""
    steps = network.walk(shape)
    nodes = tuple(replace(step.node, layer=step.layer, origin=None) for step in steps)
    return replace(network, nodes=nodes, source=None)


@pytest.mark.parametrize("name", network_names())
def test_every_reference_network_reads_back_from_a_document_and_from_a_text(name):
    shape = network_input(name)
    network = settled(convcalc.load_network(name), shape)
    read = read_document(write_document(network, shape), name)
    assert (network, network.ends, shape) == (read, read.ends, read.input_shape)
    again = convcalc.parse(spec_file(read, None))
    assert (network, shape) == (again, again.input_shape)


@settings(max_examples=50)
@given(dags())
def test_any_network_reads_back_from_a_document_and_from_a_text(network):
    read = read_document(write_document(network, (3, 8, 8)), "net")
    assert (network, (3, 8, 8)) == (read, read.input_shape)
    assert network == convcalc.parse(spec_file(read, None))


def test_a_document_has_a_line_for_each_node_that_says_what_it_reads():
    network = replace(
        convcalc.parse("a=conv:8,k3,p1 relu residual{@a | } bn @a"),
        functions=("relu",),
        notes=("two",),
    )
    assert write_document(network, (3, 9, 9)) == (
        "{\n"
        '  "convcalc_network": 1,\n'
        '  "input": [3, 9, 9],\n'
        '  "nodes": [\n'
        '    {"label": "a", "spec": "conv:8,k3,p1", "inputs": [null]},\n'
        '    {"label": "1", "spec": "relu", "inputs": ["a"]},\n'
        '    {"label": "2", "spec": "residual", "inputs": ["a", "1"]},\n'
        '    {"label": "3", "spec": "bn", "inputs": ["2"]}\n'
        "  ],\n"
        '  "output": "a",\n'
        '  "functions": ["relu"],\n'
        '  "ends": {"2.0": "a", "": "a"},\n'
        '  "notes": ["two"]\n'
        "}\n"
    )
    read = read_document(write_document(network), "net")
    assert (network, ("relu",), ("two",)) == (read, read.functions, read.notes)


def test_parameters_that_wait_for_shapes_become_those_of_the_input():
    network = convcalc.parse("a=pw:in*2 upsample:size=@a")
    read = read_document(write_document(network, (3, 5, 6)), "net")
    assert ["pw:6", "upsample:size5x6"] == [node.layer.spec() for node in read.nodes]
    with pytest.raises(UsageError, match="pw 'a' needs the shape of the input"):
        write_document(network)


def test_a_layer_that_names_another_names_it_by_its_whole_path():
    network = convcalc.parse("1x{down=maxpool:2 relu maxunpool:2,of=down}")
    text = write_document(network, (3, 8, 8))
    assert "maxunpool:2,of=@0.0.down" in text
    assert settled(network, (3, 8, 8)) == read_document(text, "net")


def test_two_layers_of_one_label_have_no_document():
    node = Node(ReLU(), (INPUT,), "a")
    with pytest.raises(UsageError, match="two layers are called 'a'"):
        write_document(Network((node, node)))
    with pytest.raises(UsageError, match="a layer is called 'a b'"):
        write_document(Network((replace(node, label="a b"),)))


def test_labels_of_other_alphabets_stay():
    network = Network((Node(Conv(3, 3), (INPUT,), "étage.层"),))
    assert network == read_document(write_document(network), "net")


NODE = {"label": "a", "spec": "relu", "inputs": [None]}


def refused(*nodes, **more):
    content = {"convcalc_network": 1, "nodes": list(nodes), **more}
    with pytest.raises(DataError) as caught:
        read_document(json.dumps(content), "'n.json'")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("'n.json'")
    return message.removeprefix("'n.json'").removeprefix(": ")


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("node 0: expected the spec of one layer", {"spec": "relu relu", "label": 7}),
        ("node 0 ('a'): spec: expected a text, got 3", {"spec": 3}),
        ("node 0 ('a'): spec: expected a text, got nothing", {"spec": None}),
        ("node 0 ('a'): unknown kind 'conx'", {"spec": "conx:8"}),
        ("node 0 ('a'): 'conv:8': conv needs kernel_size, written k3", {"spec": "conv:8"}),
        ("node 0 ('a'): expected the spec of one layer, as conv:64", {"spec": "relu relu"}),
        ("node 0 ('a'): expected the spec of one layer, as conv:64", {"spec": "x" * 10**6}),
        ("node 0 ('a'): expected the spec of one layer, as conv:64", {"spec": "2xrelu"}),
        ("node 0 ('a'): 'b' is no earlier node", {"inputs": ["b"]}),
        ("node 0 ('a'): 'a' is no earlier node", {"inputs": ["a"]}),
        ("node 0 ('a'): '[]' is no earlier node", {"inputs": [[]]}),
        ("node 0 ('a'): it reads nothing", {"inputs": []}),
        ("node 0 ('a'): inputs: expected a list, got nothing", {"inputs": None}),
        ("node 0 ('a'): relu takes one input, got 2 inputs", {"inputs": [None, None]}),
        ("node 0 ('a'): residual takes one branch or more, got 1", {"spec": "residual"}),
        ("node 0 ('a'): 'maxunpool:2,of=@z': 'z' is no earlier", {"spec": "maxunpool:2,of=@z"}),
        ("node 0 ('a b'): a label has neither blanks", {"label": "a b"}),
        ("node 0 ('\\x1b'): a label has neither blanks", {"label": "\x1b"}),
        ("node 0 ('", {"label": "a" * 1001}),
    ],
)
def test_what_is_wrong_with_a_node_is_said_with_its_place(message, changed):
    if "label" in changed and not isinstance(changed["label"], str):
        message = "node 0: label: expected a text, got 7"
    assert refused({**NODE, **changed}).startswith(message)


@pytest.mark.parametrize(
    ("message", "nodes", "more"),
    [
        ("expected 1 to 250,000 nodes, got 0", [], {}),
        ("node 1 ('a'): an earlier node has this label", [NODE, NODE], {}),
        ("node 0: a node: expected an object, got [1]", [[1]], {}),
        ("input: expected sizes, as [3, 224, 224], got [0]", [NODE], {"input": [0]}),
        ("input: expected sizes, as [3, 224, 224], got [True]", [NODE], {"input": [True]}),
        ("input: expected sizes, as [3, 224, 224], got [2147483648]", [NODE], {"input": [2**31]}),
        ("'b' is no earlier node; null is the network's input", [NODE], {"output": "b"}),
        ("notes: expected a list, got 'x'", [NODE], {"notes": "x"}),
        ("notes: at most 100, got 101", [NODE], {"notes": ["x"] * 101}),
        (
            "expected 'convcalc_network': 1, got 2: a document of a later",
            [],
            {"convcalc_network": 2},
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_said_in_a_line(message, nodes, more):
    assert refused(*nodes, **more).startswith(message)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("net is no JSON: Expecting", '{"convcalc_network"'),
        ("net is nested too deep for a network", '{"convcalc_network": ' + "[" * 100_000),
        ("net: expected 'convcalc_network': 1, got None", "[1]"),
        ("net is no JSON: NaN is no number", '{"convcalc_network": NaN}'),
        ("net is no JSON: an object has a key twice", '{"a": 1, "a": 2}'),
        ("net is no JSON: Exceeds the limit", '{"convcalc_network": ' + "1" * 5000 + "}"),
    ],
)
def test_a_text_that_is_no_such_document_is_refused_in_a_line(message, text):
    with pytest.raises(DataError, match=r"\A[^\n]*\Z") as caught:
        read_document(text, "net")
    assert str(caught.value).startswith(message)

"""Which node's result is the network's: a jump at the end of a text goes back to an earlier one."""

from __future__ import annotations

import numpy as np
import pytest

import convcalc
from convcalc.analysis import analyze_memory
from convcalc.analysis.blocks import fold
from convcalc.analysis.compare import compare
from convcalc.analysis.diff import difference
from convcalc.errors import UsageError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.language.unparse import with_source
from convcalc.layers import Identity, ReLU
from convcalc.network.batchnorm_folding import absorptions
from convcalc.network.graph import INPUT, Network, Node
from convcalc.network.subgraph import part_until, without_nodes

IMAGE = (1, 4)
X = np.array([[[-1.0, 2.0, -3.0, 4.0]]])


def labels(network):
    return [node.label for node in network.nodes]


def run(text, **settings):
    network = convcalc.parse(text)
    return run_network(network, X, {}, Settings(backend="numpy", spatial_dims=1, **settings))


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("pad:1 relu", 1),
        ("a=pad:1 relu @a", 0),
        ("a=pad:1 relu @a # the end", 0),
        ("a=pad:1 b=relu @a @b", 1),
        ("a=pad:1 relu @a define f(n) {relu}", 0),
        ("i=0x{relu} pad:1 @i", INPUT),
        ("1x{a=pad:1 relu @a}", 0),
        ("define f(n) {a=pad:$n relu @a} f:1", 0),
        ("a=pad:1 1x{relu @a}", 0),
        ("a=pad:1 residual{relu | } @a", 0),
        ("a=pad:1 relu residual{@a | }", 2),  # the jump ends a branch, and the sum the network
    ],
)
def test_a_network_ends_where_its_text_does(text, output):
    assert output == convcalc.parse(text).output


def test_networks_with_different_outputs_are_different():
    nodes = convcalc.parse("a=pad:1 relu").nodes
    assert Network(nodes, 0) == convcalc.parse("a=pad:1 relu @a") != Network(nodes)
    assert Network(nodes, 1) == Network(nodes) == convcalc.parse("a=pad:1 relu")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=pad:1 relu @a", [0, -1, 2, -3, 4, 0]),
        ("a=pad:1 relu", [0, 0, 2, 0, 4, 0]),
        ("i=0x{relu} pad:1 @i", [-1, 2, -3, 4]),
        ("b=1x{a=pad:1 relu @a} pad:1", [0, 0, -1, 2, -3, 4, 0, 0]),
    ],
)
def test_run_and_torch_give_the_result_of_that_node(text, expected):
    assert expected == run(text).array[0, 0].tolist()
    torch = pytest.importorskip("torch")
    model = convcalc.parse(text).to_torch(IMAGE)
    assert expected == model(torch.from_numpy(X))[0, 0].tolist()


def test_run_says_that_the_last_layer_is_not_the_output():
    assert run("pad:1 relu").notes == run("a=pad:1 relu @a").notes[:-1]
    assert "the output is that of 'a'" in run("a=pad:1 relu @a").notes[-1]


def test_every_layer_is_computed_and_may_be_saved():
    seen = []
    network = convcalc.parse("a=pad:1 relu @a")
    run_network(
        network, X, {}, Settings(backend="numpy", spatial_dims=1), lambda name, _: seen.append(name)
    )
    assert ["a", "1"] == seen


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("b", [0, -1, 2, -3, 4, 0]),  # the block ends with its first layer
        ("b.0", [0, -1, 2, -3, 4, 0]),
        ("b.0.1", [0, 0, 2, 0, 4, 0]),
    ],
)
def test_until_a_block_ends_where_the_block_does(until, expected):
    result = run("b=1x{a=pad:1 relu @a} pad:9", until=until)
    assert expected == result.array[0, 0].tolist()


def test_until_a_block_that_only_goes_back():
    network = convcalc.parse("a=pad:1 relu b=1x{@a} relu c=1x{relu @a}")
    assert (
        ["a"] == labels(part_until(network, IMAGE, "b")) == labels(part_until(network, IMAGE, "c"))
    )


def test_until_a_block_that_ends_with_the_input_is_refused():
    network = convcalc.parse("i=0x{relu} b=1x{relu @i} relu")
    with pytest.raises(UsageError, match="'b' ends with the input itself"):
        part_until(network, IMAGE, "b")


def test_a_report_knows_its_output_and_what_is_unused():
    report = convcalc.parse("a=conv:4,k3 relu maxpool:2 @a").analyze((3, 9, 9))
    assert (4, 7, 7) == report.output_shape
    assert ["1", "2"] == [row.label for row in report.unused]
    # All layers count: 4*3*9 + 4 parameters, and 7*7*4 + 7*7*4 + 3*3*4 activations.
    assert (112, 428) == (report.totals.params, report.totals.activations)


def test_an_unused_layer_in_the_middle_is_named_too():
    report = convcalc.parse("a=pad:1 relu @a pad:1").analyze(IMAGE)
    assert ["1"] == [row.label for row in report.unused]
    assert 2 == report.output


def test_the_result_stays_until_the_end_and_is_not_written_over():
    # relu may write over a, were a not the result: 6 numbers are padded, 6 more are relu's.
    for in_place, live in ((False, [40, 48]), (True, [40, 48])):
        found = analyze_memory(convcalc.parse("a=pad:1 relu @a"), IMAGE, in_place=in_place)
        assert live == [row.live for row in found.layers]
    # Without the jump relu writes over it: nothing more is alive.
    found = analyze_memory(convcalc.parse("a=pad:1 relu"), IMAGE, in_place=True)
    assert [40, 24] == [row.live for row in found.layers]
    # The caller's input, 16 bytes, is the result.
    found = analyze_memory(convcalc.parse("i=0x{relu} pad:1 relu @i"), IMAGE)
    assert [40, 64] == [row.live for row in found.layers]


def test_training_keeps_nothing_for_what_the_result_does_not_need():
    # The conv keeps its input, 16 bytes; relu's output, 12 bytes, is let go with it.
    for text, saved in (("a=conv:1,k1 relu", 32), ("a=conv:1,k1 relu @a", 16)):
        training = analyze_memory(convcalc.parse(text), IMAGE).training
        assert training is not None
        assert saved == training.saved


def test_a_bn_stays_where_the_layer_before_it_is_the_result():
    shape = (1, 4)
    assert 1 == len(absorptions(convcalc.parse("conv:1,k1 bn"), shape))
    assert not absorptions(convcalc.parse("a=conv:1,k1 bn @a"), shape)


def test_a_removed_node_hands_its_place_as_the_output_on():
    network = convcalc.parse("pad:1 a=relu pad:2 @a")
    assert 0 == without_nodes(network, IMAGE, {1: 0}).output
    assert 1 == without_nodes(network, IMAGE, {0: INPUT}).nodes[1].inputs[0] + 1
    kept = without_nodes(network, IMAGE, {2: 1})
    assert (1, None) == (kept.output, kept.end)


def test_a_comparison_keeps_the_output():
    network = convcalc.parse("a=conv:4,k3 relu @a")
    (outcome,) = compare(network, (3, 9, 9), "bottleneck:2").outcomes
    assert 2 == outcome.network.output  # the last of the three layers in the place of a
    assert (4, 7, 7) == outcome.report.output_shape
    assert convcalc.parse(outcome.network.spec()) == outcome.network


def test_a_difference_in_the_output_alone_is_one():
    plain, jump = (convcalc.parse(f"a=pad:1 relu{end}").analyze(IMAGE) for end in ("", " @a"))
    assert difference(plain, jump).outputs_differ
    assert not difference(jump, jump).outputs_differ
    assert not difference(plain, plain).outputs_differ


@pytest.mark.parametrize("end", [INPUT, 0, 1, 2, None])
def test_nodes_with_any_output_are_written_as_a_text(end):
    nodes = (
        Node(Identity(), (INPUT,), "0"),
        Node(ReLU(), (0,), "1"),
        Node(ReLU(), (1,), "2"),
    )
    network = with_source(Network(nodes, end))
    assert network.source is not None
    assert network == convcalc.parse(network.spec())


def test_a_text_is_printed_with_the_jump_at_its_end():
    text = "a=pad:1 relu 1x{b=relu pad:1 @b} @a"
    assert text == convcalc.parse(text).spec()
    assert convcalc.parse(text) == convcalc.parse(convcalc.parse(text).spec())


@pytest.mark.parametrize(
    ("text", "depth", "shapes"),
    [
        ("1x{a=pad:1 maxpool:2 @a} relu", 1, [(1, 6), (1, 6)]),
        ("relu 1x{a=pad:1 maxpool:2 @a}", 1, [(1, 4), (1, 6)]),
        ("residual{a=pad:1 maxpool:2 @a | pad:1}", 2, [(1, 6), (1, 6), (1, 6)]),
    ],
)
def test_a_folded_block_shows_what_leaves_it(text, depth, shapes):
    report = convcalc.parse(text).analyze(IMAGE)
    assert shapes == [one.last.output_shape for one in fold(report.layers, depth, report.output)]

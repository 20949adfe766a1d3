"""ONNX files as JSON documents: read back, they are the same nodes, and are run alike."""

from __future__ import annotations

import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from convcalc.cli.commands.run.onnx_network import computed_part  # noqa: E402
from convcalc.errors import DataError  # noqa: E402
from convcalc.execute.in_memory import run_network  # noqa: E402
from convcalc.execute.settings import Settings  # noqa: E402
from convcalc.importers.onnx_model import imported  # noqa: E402
from convcalc.importers.onnx_weights import arrays_of  # noqa: E402
from convcalc.language.document import read_document, write_document  # noqa: E402
from convcalc.layers.rearranged import Rearranged  # noqa: E402
from convcalc.layers.shared import Shared  # noqa: E402


@pytest.fixture
def path(tmp_path):
    """A kernel used twice, an array that is no parameter of a layer, and views of every move."""
    draw = np.random.default_rng(6).normal
    arrays = {
        "kernel": draw(size=(4, 4, 3, 3)),
        "shift": draw(size=(1, 1, 1, 6)),
        "places": np.array([3, 0, 0]),
        "begin": np.array([0, 1]),
        "end": np.array([3, 6]),
        "axes": np.array([1, 3]),
        "steps": np.array([1, 2]),
    }
    whole = ("places", "begin", "end", "axes", "steps")
    stored = [
        numpy_helper.from_array(array.astype("int64" if name in whole else "float32"), name)
        for name, array in arrays.items()
    ]
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["a"], **pads),
        helper.make_node("Conv", ["a", "kernel"], ["b"], **pads),
        helper.make_node("Add", ["b", "shift"], ["c"]),
        helper.make_node("SpaceToDepth", ["c"], ["d"], blocksize=2),
        helper.make_node("DepthToSpace", ["d"], ["e"], blocksize=2),
        helper.make_node("Gather", ["e", "places"], ["f"], axis=1),
        helper.make_node("Slice", ["f", "begin", "end", "axes", "steps"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", 1, [1, 4, 6, 6])], [value("y", 1, None)], stored
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(
        helper.make_model(graph, opset_imports=opset, ir_version=8), str(tmp_path / "net.onnx")
    )
    return str(tmp_path / "net.onnx")


def figures(network):
    report = network.analyze(network.input_shape)
    return report.totals, [(row.output_shape, row.params, row.macs) for row in report.layers]


def test_a_document_has_the_same_nodes_and_is_run_alike(path):
    found = imported(path)
    network = computed_part(found.network)
    read = read_document(write_document(network), "net")
    kinds = [type(node.layer) for node in network.nodes]
    assert kinds == [type(node.layer) for node in read.nodes]
    assert {Rearranged, Shared} <= set(kinds)
    assert read == network
    assert figures(read) == figures(network)
    weights = arrays_of(path, found, network)
    x = np.random.default_rng(1).normal(size=(2, 4, 6, 6)).astype("float32")
    how = Settings(spatial_dims=2, backend="numpy")
    one, other = (run_network(net, x, weights, how).array for net in (network, read))
    np.testing.assert_array_equal(one, other)
    ort = pytest.importorskip("onnxruntime")
    wanted = ort.InferenceSession(path).run(None, {"x": x[:1]})[0]
    np.testing.assert_allclose(one[:1], wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"moves": [["turn", [1]]]}, "a move is a word and its numbers"),
        ({"moves": [["slice", [1, 2]]]}, "'slice' has other numbers"),
        ({"moves": [["slice", [1, -2, 4, 1]]]}, "'slice' begins and ends at places from 0 on"),
        ({"moves": [["take", [99, 0]]]}, "'take' is along one of the axes 1 to 10"),
        ({"moves": [["permute", ["a"]]]}, "a move is a word and its numbers"),
        ({"moves": 3}, "moves: expected a list, got 3"),
        ({"counted": {}}, "counted weights are those of an opaque layer"),
    ],
)
def test_what_no_such_layer_has_is_refused(more, told):
    node = {"label": "a", "spec": "view:name=roll,out=3x4", "inputs": [None], **more}
    text = json.dumps({"convcalc_network": 1, "input": [3, 4], "nodes": [node]})
    with pytest.raises(DataError) as refused:
        read_document(text, "net")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "moves", [[["permute", [0, 2]]], [["slice", [1, 0, 2, 1]]], [["take", [2, 9]]]]
)
def test_moves_that_do_not_fit_are_told_where_they_are_run(moves):
    node = {"label": "a", "spec": "view:name=roll,out=3x4", "inputs": [None], "moves": moves}
    text = json.dumps({"convcalc_network": 1, "input": [3, 4], "nodes": [node]})
    network = read_document(text, "net")
    with pytest.raises(DataError, match="does not fit its input"):
        run_network(network, np.zeros((1, 3, 4)), {}, Settings(spatial_dims=1, backend="numpy"))

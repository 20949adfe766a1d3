"""Nodes of ONNX files as nodes of a network: kinds, names, parameters, products."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from onnx import TensorProto, helper

from convcalc.importers.onnx_model import imported, network_of
from onnx_files import floats, model, node, saved


@pytest.fixture
def read(tmp_path):
    """The network of a model."""
    return lambda made, given=None: network_of(saved(tmp_path, made), given)


def specs(network):
    return [one.layer.spec() for one in network.nodes]


# --- kinds


@pytest.mark.parametrize(
    ("attributes", "spec"),
    [
        ({}, "conv:4,k3,nobias"),
        ({"pads": [1, 1, 1, 1], "strides": [2, 2]}, "conv:4,k3,s2,p1,nobias"),
        ({"pads": [0, 0, 1, 1]}, "conv:4,k3,p0:1x0:1,nobias"),
        ({"pads": [1, 0, 1, 0], "dilations": [1, 2]}, "conv:4,k3,p1x0,d1x2,nobias"),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 1]}, "conv:4,k3,s2x1,same-upper,nobias"),
        ({"auto_pad": "SAME_LOWER"}, "conv:4,k3,same-lower,nobias"),
        ({"auto_pad": "VALID"}, "conv:4,k3,nobias"),
    ],
)
def test_a_convolution_has_its_strides_padding_and_dilation(read, attributes, spec):
    made = model(node("Conv", "x w", "y", **attributes), weights={"w": floats(4, 3, 3, 3)})
    assert [spec] == specs(read(made))


@pytest.mark.parametrize(
    ("op", "attributes", "spec"),
    [
        ("MaxPool", {"kernel_shape": [2, 2]}, "maxpool:2,s1"),
        (
            "MaxPool",
            {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
            "maxpool:3,s2,ceil",
        ),
        ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}, "avgpool:2,s2,noinclude"),
        ("AveragePool", {"kernel_shape": [3, 3], "count_include_pad": 1}, "avgpool:3,s1"),
        ("AveragePool", {"kernel_shape": [3, 3], "dilations": [2, 2]}, "opaque:name=average_pool"),
        ("GlobalAveragePool", {}, "gap"),
        ("GlobalMaxPool", {}, "adaptivemaxpool:1"),
        ("ReduceMean", {"axes": [2, 3]}, "gap"),
        ("Clip", {"min": 0.0, "max": 6.0}, "relu6"),
        ("Softmax", {}, "opaque:name=softmax"),
        ("Flatten", {}, "flatten"),
        ("DepthToSpace", {"blocksize": 1, "mode": "CRD"}, "pixelshuffle:1"),
        ("Upsample", {"scales": [1.0, 1.0, 2.0, 2.0]}, "upsample:2"),
    ],
)
def test_operations_are_our_kinds_where_they_mean_the_same(read, op, attributes, spec):
    opset = {"Upsample": 8, "Clip": 10, "AveragePool": 19}.get(op, 11)
    made = model(node(op, "x", "y", **attributes), opset=opset)
    (found,) = specs(read(made))
    assert found == spec or (spec.startswith("opaque") and found.startswith(spec))


@pytest.mark.parametrize(
    ("op", "opset", "spec"),
    [
        *(("MaxPool", 11, "maxpool:2,s3,ceil"), ("MaxPool", 22, "maxpool:2,s3,ceil")),
        *(
            ("AveragePool", 11, "avgpool:2,s3,ceil,noinclude"),
            ("LpPool", 18, "opaque:name=lp_pool,"),
        ),
        *(("AveragePool", 20, "avgpool:2,s3,ceil,noinclude"),),
    ],
)
def test_no_window_of_a_pooling_begins_behind_its_input(read, op, opset, spec):
    # As onnxruntime and the reference have it; inference says 4 x 4 before AveragePool-22.
    attributes = {"kernel_shape": [2, 2], "strides": [3, 3], "ceil_mode": 1}
    network = read(model(node(op, "x", "y", **attributes), x=(1, 3, 9, 9), opset=opset))
    assert specs(network)[0].startswith(spec)
    assert (3, 3, 3) == network.analyze((3, 9, 9)).output_shape


def test_softmax_was_over_all_axes_from_one_on(read):
    # Before version 13; over channels of one position that is the same.
    flat = model(node("Softmax", "x", "y"), x=(1, 5), opset=9)
    assert ["softmax"] == specs(read(flat))
    planes = model(node("Softmax", "x", "y"), opset=9)
    assert ["opaque"] == [one.layer.kind for one in read(planes).nodes]
    new = model(node("Softmax", "x", "y", axis=1), opset=13)
    assert ["softmax"] == specs(read(new))


def test_what_is_no_kind_keeps_its_shape_and_says_so(read):
    made = model(node("Conv", "x w", "a"), node("Einsum", "a a", "y", equation="nchw,ncvw->nhv"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(floats(4, 3, 1, 1), "w"))
    network = read(made)
    assert 4 * 8 * 8 * 8 == network.nodes[1].layer.macs
    assert (8, 8) == network.analyze((3, 8, 8)).layers[-1].output_shape
    assert (
        "nodes that are no kind of layer (Einsum 1): known products count, other operations do "
        "not, and fields are known behind none but those of single elements",
    ) == network.notes


def test_what_nobody_knows_is_unknown_and_not_zero(read):
    made = model(
        node("Own", "x", "a", domain="test.own"), node("Relu", "a", "y"), node("DFT", "x", "z")
    )
    network = read(made)
    report = network.analyze((3, 8, 8))
    assert ["own", "dft"] == [row.label for row in report.unknown]
    assert "shapes that the file does not tell: " in network.notes[-1]


# --- names


def test_names_are_those_of_the_modules_that_the_file_names(read):
    conv = node("Conv", "x w", "a", "node_1")
    conv.metadata_props.add(
        key="pkg.torch.onnx.name_scopes", value="['', 'body', 'body.0', 'conv2d']"
    )
    made = model(
        conv,
        node("Relu", "a", "b", "/body/body.1/Relu"),
        node("Relu", "b", "c", "/body/body.1/Relu_1"),
        node("Add", "b c", "d", "/body/Add"),
        node("Tanh", "d", "e", "Tanh_7"),
        node("Sigmoid", "e", "y", "last one"),
        weights={"w": floats(4, 3, 1, 1)},
    )
    labels = ["body.0", "body.1", "body.1-2", "body.add", "tanh", "last_one"]
    assert labels == [one.label for one in read(made).nodes]


def test_a_weight_names_its_module(read):
    made = model(
        node("Conv", "x head.0.weight", "y", "Conv_3"),
        weights={"head.0.weight": floats(4, 3, 1, 1)},
    )
    assert ["head.0"] == [one.label for one in read(made).nodes]


# --- parameters


def test_a_weight_that_is_used_twice_counts_once_and_is_found_through_names(tmp_path):
    made = model(
        node("Identity", "w", "again"),
        node("Conv", "x w", "a"),
        node("Conv", "a again", "y"),
        weights={"w": floats(3, 3, 1, 1)},
    )
    found = imported(saved(tmp_path, made))
    report = found.network.analyze((3, 8, 8))
    assert [9, 0] == [row.params for row in report.layers]
    assert [9 * 64, 9 * 64] == [row.macs for row in report.layers]
    assert {"conv.weight", "conv-2.weight"} == set(found.recipes)


def test_numbers_in_arithmetic_are_no_parameters(read):
    made = model(
        node("Mul", "x half", "a"),
        node("Add", "a shift", "y"),
        weights={"half": np.float32(0.5), "shift": floats(3, 1, 1)},
    )
    network = read(made)
    assert ["elementwise:name=mul,value0.5", "parameter:3x1x1", "elementwise:name=add"] == (
        specs(network)
    )
    assert [0, 3, 0] == [row.params for row in network.analyze((3, 8, 8)).layers]


def test_the_statistics_of_a_norm_are_no_parameters(read):
    names = ("scale", "shift", "mean", "variance")
    made = model(
        node("BatchNormalization", f"x {' '.join(names)}", "y"),
        weights={name: floats(3) for name in names},
    )
    assert 6 == read(made).analyze((3, 8, 8)).totals.params


def test_parameters_that_no_node_reads_are_named(read):
    made = model(node("Relu", "x", "y"), weights={"left": floats(5, 2), "one": np.float32(1)})
    network = read(made)
    assert ["relu", "unreached"] == [one.label for one in network.nodes]
    assert ("10 parameters that no node reads: left",) == network.notes


def test_what_is_made_of_weights_alone_is_paid_by_who_reads_it(read):
    made = model(
        node("MatMul", "a b", "w"),
        node("MatMul", "x w", "y"),
        x=(1, 6),
        weights={"a": floats(6, 2), "b": floats(2, 5)},
    )
    (row,) = read(made).analyze((6,)).layers
    assert (6 * 2 * 5 + 6 * 5, 6 * 2 + 2 * 5) == (row.macs, row.params)


# --- products by hand


def reads_products(read, made, given=None):
    network = read(made, given)
    return network.analyze(network.input_shape).totals.macs


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("ij,jk->ik", [(4, 5), (5, 6)], 4 * 5 * 6),
        ("ij,jk,kl->il", [(4, 5), (5, 6), (6, 7)], 4 * 5 * 6 + 4 * 6 * 7),
        ("i,j->ij", [(4,), (5,)], 0),
        ("ij,jk", [(4, 5), (5, 6)], 4 * 5 * 6),
        ("...ij,...jk->...ik", [(2, 3, 4, 5), (2, 3, 5, 6)], 2 * 3 * 4 * 5 * 6),
        ("ij,k->ik", [(4, 5), (6,)], 0),
    ],
)
def test_einsum_counts_pair_by_pair(read, equation, shapes, macs):
    names = [f"w{place}" for place in range(1, len(shapes))]
    made = model(
        node("Einsum", f"x {' '.join(names)}", "y", equation=equation),
        x=shapes[0],
        weights={name: floats(*shape) for name, shape in zip(names, shapes[1:], strict=True)},
    )
    assert macs == reads_products(read, made)


def test_recurrent_layers_count_every_weight_at_every_step(read):
    # 2 layers of 2 samples, 10 steps, 16 features, 32 elements: 2*10*4*32*(16+32 + 32+32).
    layers = [
        node("LSTM", "x w0 r0", "a", hidden_size=32),
        node("Squeeze", "a one", "b"),
        node("LSTM", "b w1 r1", "y", hidden_size=32),
    ]
    weights = {
        "w0": floats(1, 128, 16),
        "r0": floats(1, 128, 32),
        "w1": floats(1, 128, 32),
        "r1": floats(1, 128, 32),
        "one": np.array([1]),
    }
    made = model(*layers, x=(10, 2, 16), weights=weights)
    assert 286_720 == reads_products(read, made)


def test_attention_counts_both_of_its_products(read):
    # q (1, 1, 4, 8), k (1, 1, 7, 8), v (1, 1, 7, 3): 4*7*(8 + 3).
    made = model(
        node("Attention", "x k v", "y"),
        x=(1, 1, 4, 8),
        weights={"k": floats(1, 1, 7, 8), "v": floats(1, 1, 7, 3)},
        opset=23,
    )
    assert 308 == reads_products(read, made)


# --- shapes


def test_shapes_that_have_to_be_divided_are_found(read):
    # The channels, halved by arithmetic, end a slice.
    made = model(
        node("Shape", "x", "s"),
        node("Gather", "s one", "c"),
        node("Div", "c two", "h"),
        node("Unsqueeze", "h zero", "e"),
        node("Slice", "x zero e channel", "a"),
        node("Relu", "a", "y"),
        x=("n", 6, "h", "w"),
        weights={
            "one": np.array(1),
            "two": np.array(2),
            "zero": np.array([0]),
            "channel": np.array([1]),
        },
    )
    assert ["slice:0:3", "relu"] == specs(read(made, {"": (6, 5, 5)}))


def test_what_the_file_says_of_inner_shapes_is_not_believed_where_sizes_are_given(read):
    made = model(node("Relu", "x", "a"), node("Tanh", "a", "y"), x=("n", 3, "h", "w"))
    made.graph.value_info.append(helper.make_tensor_value_info("a", 1, (1, 3, 99, 99)))
    assert (3, 5, 7) == read(made, {"": (3, 5, 7)}).analyze((3, 5, 7)).layers[0].output_shape


def test_a_batch_that_is_fixed_is_taken_apart_where_the_file_works_for_one(read):
    made = model(node("Conv", "x w", "y"), x=(8, 3, 4, 4), weights={"w": floats(2, 3, 1, 1)})
    network = read(made)
    assert ("the file is for batches of 8; what is shown is one sample's",) == network.notes
    assert 2 * 3 * 16 == network.analyze((3, 4, 4)).totals.macs
    shaped = model(node("Reshape", "x s", "y"), x=(8, 3, 4, 4), weights={"s": np.array([8, 3, 16])})
    assert "the first axis has 8 elements in the file" in read(shaped).notes[0]


def test_branches_and_bodies_count_once(read):
    def graph(name, macs):
        weight = onnx.numpy_helper.from_array(floats(3, macs), f"{name}_w")
        result = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        return helper.make_graph(
            [node("MatMul", f"x {name}_w", name)], name, [], [result], [weight]
        )

    made = model(
        node("ReduceSum", "x", "s", keepdims=0),
        node("Cast", "s", "c", to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["y"], then_branch=graph("a", 5), else_branch=graph("b", 7)),
        x=(1, 3),
    )
    network = read(made)
    report = network.analyze((3,))
    assert (3 * 7, 3 * 5 + 3 * 7) == (report.totals.macs, report.totals.params)
    assert "bodies are counted once, of branches the larger: If 1" in network.notes

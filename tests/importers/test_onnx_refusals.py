"""ONNX files that are none, or that cannot be computed: one line tells each."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper

from convcalc.errors import ConvcalcError, DataError, UsageError
from convcalc.importers.onnx_model import imported, network_of
from convcalc.importers.onnx_weights import arrays_of
from onnx_files import floats, model, node, saved


def refused(tmp_path, made, kind=DataError):
    """The message of a model that is refused, without the name of its file."""
    path = saved(tmp_path, made)
    with pytest.raises(kind) as caught:
        network_of(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"'{path}'", "FILE")


# --- files


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty, no ONNX model"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no ONNX model, or damaged"),
        (b"PK\x03\x04\x14\0\0\0\0\0", "is no ONNX model, or damaged"),
        (b"conv:8,k3 relu", "is no ONNX model, or damaged"),
        (b"\x08\x08", "is no ONNX model: it has no nodes, or names no opset"),
        (b"\x3a" + b"\xff" * 9 + b"\x01", "is cut short"),
    ],
)
def test_what_is_no_model_is_told(tmp_path, content, told):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        network_of(str(path))
    assert f"'{path}' {told}" == str(caught.value)


def test_a_file_that_is_cut_short_anywhere_ends_in_one_line(tmp_path):
    whole = model(node("Conv", "x w", "y"), weights={"w": floats(4, 3, 3, 3)}).SerializeToString()
    path = tmp_path / "x.onnx"
    for length in range(whole.index(b"test.own") - 6):  # before the opset, the last field
        path.write_bytes(whole[:length])
        with pytest.raises(DataError) as caught:
            network_of(str(path))
        assert "\n" not in str(caught.value)


def test_damaged_bytes_end_in_one_line_or_in_a_network(tmp_path):
    whole = model(node("Conv", "x w", "c"), node("Relu", "c", "y"), weights={"w": floats(4, 3, 3)})
    whole = whole.SerializeToString()
    rng = np.random.default_rng(0)
    path = tmp_path / "x.onnx"
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            network_of(str(path))
        except ConvcalcError as error:
            assert "\n" not in str(error)


# --- versions and graphs


def test_a_version_that_is_not_known_says_what_to_do(tmp_path):
    newest, known = onnx.defs.onnx_opset_version(), onnx.__version__
    told = refused(tmp_path, model(node("Relu", "x", "y"), opset=newest + 1))
    assert told == (
        f"FILE is of opset {newest + 1}; onnx {known} knows up to {newest}: "
        "pip install --upgrade onnx"
    )
    newer = model(node("Relu", "x", "y"))
    newer.ir_version = onnx.IR_VERSION + 1
    assert f"FILE is of IR version {onnx.IR_VERSION + 1}; onnx" in refused(tmp_path, newer)


def test_graphs_that_cannot_be_computed_are_told_apart(tmp_path):
    circle = model(node("Add", "x b", "a", "one"), node("Relu", "a", "b", "two"), out="b")
    assert "FILE has nodes that read each other in a circle: " in refused(tmp_path, circle)
    dangling = model(node("Add", "x nobody", "y"))
    assert "FILE has a node Add that reads 'nobody', which nothing gives" == refused(
        tmp_path, dangling
    )
    twice = model(node("Relu", "x", "y"), node("Tanh", "x", "y"))
    assert "FILE gives the tensor 'y' twice" == refused(tmp_path, twice)
    overwritten = model(node("Relu", "y", "x"))
    assert "FILE gives the tensor 'x' twice" == refused(tmp_path, overwritten)
    unmade = model(node("Relu", "x", "y"), out="z")
    assert "FILE has no node that gives its output 'z'" == refused(tmp_path, unmade)


def test_nodes_in_any_order_are_sorted(tmp_path):
    made = model(node("Relu", "b", "y"), node("Tanh", "a", "b"), node("Sigmoid", "x", "a"))
    network = network_of(saved(tmp_path, made))
    assert ["sigmoid", "tanh", "relu"] == [one.layer.kind for one in network.nodes]


def test_a_node_that_does_not_fit_is_named(tmp_path):
    made = model(node("Conv", "x w", "y", "first"), weights={"w": floats(4, 5, 3, 3)}, opset=22)
    flat = model(node("Gemm", "x w", "y", "last"), x=(1, 4), weights={"w": floats(5, 6)})
    assert "FILE: the Gemm 'last' does not fit: " in refused(tmp_path, flat)
    # onnx infers a shape all the same where channels differ; nothing could compute it.
    told = "FILE: the Conv 'first' reads 3 channels, its weight takes 5"
    assert told == refused(tmp_path, made)


# --- initialisers


@pytest.mark.parametrize("count", [100, 100_000])
def test_an_initialiser_has_as_many_elements_as_its_dims_say(tmp_path, count):
    made = model(node("Add", "x w", "y"))
    short = numpy_helper.from_array(floats(count - 1), "w")
    short.dims[0] = count
    made.graph.initializer.append(short)
    told = refused(tmp_path, made)
    assert f"FILE has 'w' of {count}" in told
    assert ("but not so many elements" in told) == (count == 100)


def test_weights_in_other_files_are_not_opened_to_count(tmp_path):
    made = model(node("Conv", "x w", "y"), weights={"w": floats(4, 3, 3, 3)})
    outside = made.graph.initializer[0]
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="../outside.data")
    (tmp_path / "inner").mkdir()
    (tmp_path / "outside.data").write_bytes(bytes(4 * 108))
    path = saved(tmp_path / "inner", made)
    found = imported(path)
    assert 108 == found.network.analyze((3, 8, 8)).totals.params
    with pytest.raises(DataError, match="cannot read the weights of") as caught:
        arrays_of(path, found)
    assert "\n" not in str(caught.value)


def test_a_constant_of_any_size_is_never_made(tmp_path):
    made = model(
        node("ConstantOfShape", "size", "w"),
        node("Add", "x w", "y"),
        x=(1, 1),
        weights={"size": np.array([1, 10**12])},
    )
    assert "FILE: the Add 'y' cannot be a layer: " in refused(tmp_path, made)
    small = model(
        node("ConstantOfShape", "size", "w"),
        node("ReduceSum", "w", "s", keepdims=0),
        node("Add", "x s", "y"),
        weights={"size": np.array([10**6, 10**6])},
    )
    path = saved(tmp_path, small)
    found = imported(path)
    assert (3, 8, 8) == found.network.analyze((3, 8, 8)).layers[-1].output_shape
    with pytest.raises(ConvcalcError, match="bytes of memory"):
        arrays_of(path, found)


# --- sizes


def test_an_open_axis_says_how_to_give_it(tmp_path):
    made = model(node("Relu", "x", "y"), x=("batch", 3, "height", "width"))
    assert (
        "the input 'x' is batchx3xheightxwidth, where 'height', 'width' have no sizes; give "
        "-i x=1x3x224x224"
    ) == refused(tmp_path, made, UsageError)
    one = model(node("Relu", "x", "y"), x=(1, None, 8))
    told = "the input 'x' is 1x?x8, where axis 1 has no size; give -i x=1x224x8"
    assert told == refused(tmp_path, one, UsageError)


def test_sizes_have_to_be_those_of_the_file(tmp_path):
    path = saved(tmp_path, model(node("Relu", "x", "y"), x=("n", 3, "side", "side")))
    assert (3, 5, 5) == network_of(path, {"": (3, 5, 5)}).input_shape
    assert (3, 5, 5) == network_of(path, {"x": (1, 3, 5, 5)}).input_shape
    with pytest.raises(UsageError, match="says that its input 'x' is nx3xsidexside; got 1x4x5x5"):
        network_of(path, {"": (4, 5, 5)})
    with pytest.raises(UsageError, match="the axis 'side' has 5 elements in one input and 6 in an"):
        network_of(path, {"": (3, 5, 6)})
    with pytest.raises(UsageError, match="has no input 'z'; its inputs are x"):
        network_of(path, {"z": (3, 5, 6)})


def test_what_is_no_tensor_is_not_read(tmp_path):
    made = model(node("Relu", "x", "y"))
    made.graph.input[0].type.CopyFrom(
        helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, (3,)))
    )
    assert "the input 'x' is no tensor, and is not read" == refused(tmp_path, made)


def test_a_network_that_does_not_read_its_input_is_told(tmp_path):
    made = model(node("Relu", "w", "y"), weights={"w": floats(4, 3)})
    assert "FILE gives nothing that depends on its input" == refused(tmp_path, made)


def test_graphs_within_each_other_are_bounded(tmp_path):
    result = [helper.make_tensor_value_info("y", 1, None)]
    flat = helper.make_graph([node("Relu", "x", "y")], "flat", [], result)
    deep = flat
    for _ in range(25):
        branch = helper.make_node("If", ["c"], ["y"], then_branch=deep, else_branch=flat)
        deep = helper.make_graph([branch], "deep", [], result)
    made = model(*deep.node, weights={"c": np.array(True)})
    assert "graphs within each other" in refused(tmp_path, made)


def test_channels_that_a_weight_does_not_take_are_told(tmp_path):
    grouped = model(node("Conv", "x w", "y", group=3), weights={"w": floats(3, 1, 3, 3)})
    assert len(network_of(saved(tmp_path, grouped)).nodes) == 1
    turned = model(node("ConvTranspose", "x w", "y"), weights={"w": floats(5, 4, 3, 3)})
    assert "the ConvTranspose 'y' reads 3 channels, its weight takes 5" in refused(tmp_path, turned)


def test_numbers_of_32_bits_are_those_that_were_written(tmp_path):
    weights = {name: floats(3) for name in ("scale", "bias", "mean", "var")}
    made = model(
        node("BatchNormalization", "x scale bias mean var", "y", epsilon=0.001), weights=weights
    )
    assert [one.layer.spec() for one in network_of(saved(tmp_path, made)).nodes] == ["bn:eps0.001"]

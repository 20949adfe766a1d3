"""Single layers of Keras's configurations: their options, their order, and what is wrong."""

from __future__ import annotations

import json
import zipfile

import pytest

from convcalc.errors import ConvcalcError, DataError, UsageError
from convcalc.importers.keras.file import config_of, config_of_hdf5
from convcalc.importers.keras.model import network_of


def layer(kind, name=None, **config):
    return {"class_name": kind, "config": {"name": name or kind.lower(), **config}}


def chain(shape, *layers):
    first = layer("InputLayer", batch_shape=[None, *shape])
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def tensor(name, call=0, index=0, shape=None):
    config = {"shape": shape, "keras_history": [name, call, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def called(one, *calls):
    """A layer with its calls, each a list of arguments, as Keras 3 writes them."""
    nodes = [{"args": args, "kwargs": {}} for args in calls]
    return {**one, "name": one["config"]["name"], "inbound_nodes": nodes}


def graph(inputs, outputs, *layers):
    ends = {"input_layers": [[n, 0, 0] for n in inputs], "output_layers": [outputs, 0, 0]}
    return {"class_name": "Functional", "config": {"name": "net", "layers": [*layers], **ends}}


def of(model, shape=None):
    return network_of(model, shape, "net.keras")


def rows(model, shape=None):
    found = of(model, shape)
    report = found.analyze(found.input_shape)
    return [(row.spec, row.output_shape, row.params, row.macs) for row in report.layers]


CONV = {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2]}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # ceil(9 / 2) = 5, and floor((9 - 3) / 2) + 1 = 4
        (layer("Conv2D", padding="same", **CONV), ("conv:4,k3,s2,same-upper", (4, 5, 5))),
        (layer("Conv2D", padding="valid", **CONV), ("conv:4,k3,s2", (4, 4, 4))),
        # Keras: i * s, and i * s + max(k - s, 0)
        (layer("Conv2DTranspose", padding="same", **CONV), ("convt:4,k3,s2,p0:1x0:1", (4, 18, 18))),
        (layer("Conv2DTranspose", padding="valid", **CONV), ("convt:4,k3,s2", (4, 19, 19))),
        (
            layer("Conv2DTranspose", filters=4, kernel_size=2, strides=2, padding="same"),
            ("convt:4,k2,s2", (4, 18, 18)),
        ),
        (
            layer("Conv2DTranspose", filters=4, kernel_size=1, strides=2, padding="valid"),
            ("convt:4,k1,s2,op1", (4, 18, 18)),
        ),
        (layer("DepthwiseConv2D", kernel_size=3, depth_multiplier=2), ("dw:k3,m2", (4, 7, 7))),
        (layer("MaxPooling2D", pool_size=[2, 2], padding="same"), ("maxpool:2,s2", (2, 5, 5))),
        (layer("ZeroPadding2D", padding=[[1, 2], [0, 3]]), ("pad:1:2x0:3", (2, 12, 12))),
        (layer("Cropping2D", cropping=[[1, 2], [0, 3]]), ("crop:6,offset1x0", (2, 6, 6))),
        (layer("UpSampling2D", size=[2, 3]), ("upsample:2x3", (2, 18, 27))),
        (layer("Resizing", height=5, width=4), ("upsample:size5x4,bilinear", (2, 5, 4))),
        (layer("Dense", units=7), ("pw:7", (7, 9, 9))),
        (layer("ReLU", max_value=6.0), ("relu6", (2, 9, 9))),
        (layer("LeakyReLU", negative_slope=0.2), ("leakyrelu:0.2", (2, 9, 9))),
        (layer("Dropout", rate=0.25), ("dropout:0.25", (2, 9, 9))),
    ],
)
def test_a_layer_is_one_of_ours_with_the_channels_first(one, expected):
    (spec, shape, _, _), *_ = rows(chain((9, 9, 2), one))
    assert expected[1] == shape
    assert spec.startswith(expected[0])


def test_an_activation_inside_a_layer_is_a_node_behind_it():
    labels = [n.label for n in of(chain((8,), layer("Dense", units=3, activation="gelu"))).nodes]
    assert ["dense", "dense.gelu"] == labels


def test_causal_padding_is_before_the_first_step():
    one = layer("Conv1D", filters=4, kernel_size=[3], dilation_rate=[2], padding="causal")
    assert ("conv:4,k3,p4:0,d2", (4, 20), 4 * 2 * 3 + 4, 20 * 4 * 2 * 3) == rows(
        chain((20, 2), one)
    )[0]


def test_biases_of_recurrent_layers_are_those_of_keras():
    # 4*5*(3 + 5 + 1), 3*5*(3 + 5 + 2) where the gate is after the product, and with one bias before
    lstm = layer("LSTM", units=5, return_sequences=True)
    gru, old = (
        layer("GRU", units=5, return_sequences=True, reset_after=after) for after in (True, False)
    )
    found = [rows(chain((7, 3), one))[0] for one in (lstm, gru, old)]
    assert [(180, 1120), (150, 840), (135, 840)] == [row[2:] for row in found]


def test_the_last_step_alone_is_what_a_recurrent_layer_gives():
    found = rows(chain((7, 3), layer("LSTM", units=5), layer("Dense", units=2)))
    assert [(7, 5), (1, 5), (5,), (2,)] == [row[1] for row in found]


def test_a_layer_that_is_called_twice_has_its_weights_once():
    shared = called(layer("Dense", units=3), [tensor("x")], [tensor("y")])
    both = called(layer("Add"), [[tensor("dense", 0), tensor("dense", 1)]])
    x, y = (called(layer("InputLayer", name, batch_shape=[None, 4])) for name in "xy")
    found = rows(graph(["x", "y"], "add", x, y, shared, both))
    assert [0, 15, 0, 0] == [row[2] for row in found]  # the second input, twice, the sum
    assert [0, 12, 12, 0] == [row[3] for row in found]


def test_calls_are_put_in_order_whatever_the_order_of_the_file():
    x = called(layer("InputLayer", "x", batch_shape=[None, 4]))
    last = called(layer("Dense", "last", units=2), [tensor("first")])
    first = called(layer("Dense", "first", units=3), [tensor("x")])
    assert ["first", "last"] == [n.label for n in of(graph(["x"], "last", x, last, first)).nodes]


def test_a_model_within_a_model_is_the_first_part_of_its_labels():
    inner = chain((4,), layer("Dense", "a", units=3), layer("Dense", "b", units=2))
    inner["config"]["name"] = "inner"
    found = of(chain((4,), inner, layer("Dense", "head", units=1)))
    assert ["inner.a", "inner.b", "head"] == [node.label for node in found.nodes]


def test_keras_2_wrote_calls_in_another_way():
    x = {**layer("InputLayer", "x", batch_input_shape=[None, 8, 8, 3]), "inbound_nodes": []}
    conv = layer("Conv2D", "c", filters=3, kernel_size=[3, 3], padding="same")
    conv["inbound_nodes"] = [[["x", 0, 0, {}]]]
    shifted = layer("TFOpLambda", "tf.math.multiply", function="math.multiply")
    shifted["inbound_nodes"] = [["c", 0, 0, {"y": 0.5, "name": None}]]
    add = layer("Add", "add")
    add["inbound_nodes"] = [[["tf.math.multiply", 0, 0, {}], ["x", 0, 0, {}]]]
    found = rows(graph(["x"], "add", x, conv, shifted, add))
    assert ["conv:3,k3,same-upper", "elementwise:name=mul,value0.5", "residual"] == [
        row[0] for row in found
    ]


def test_statistics_are_no_parameters_and_are_told():
    found = of(chain((9, 9, 2), layer("BatchNormalization", scale=False)))
    assert 2 == found.analyze((2, 9, 9)).totals.params
    assert any(note.startswith("4 elements of statistics") for note in found.notes)


def test_maps_become_features_and_features_maps_without_another_order():
    found = rows(
        chain(
            (12,),
            layer("Reshape", target_shape=[2, 2, 3]),
            layer("Flatten"),
            layer("Dense", units=1),
        )
    )
    assert [(3, 2, 2), (12,), (1,)] == [row[1] for row in found]


def test_a_lambda_is_known_by_its_shape_alone_and_its_code_is_not_run():
    code = {"class_name": "__lambda__", "config": {"code": "!no code"}}
    x = called(layer("InputLayer", "x", batch_shape=[None, 4]))
    own = called(layer("Lambda", function=code), [tensor("x")])
    head = called(layer("Dense", units=2), [tensor("lambda", shape=[None, 6])])
    found = of(graph(["x"], "dense", x, own, head))
    row, last = found.analyze((4,)).layers
    assert ("opaque:name=Lambda,out6", False, 12) == (row.spec, row.counted, last.macs)
    assert any("not known (Lambda 1)" in note for note in found.notes)


def test_a_layer_in_each_step_costs_as_much_as_there_are_steps():
    inner = layer("Conv2D", filters=2, kernel_size=[3, 3], activation="relu")
    found = rows(chain((5, 8, 8, 3), layer("TimeDistributed", layer=inner)))
    assert ((2, 5, 6, 6), 2 * 27 + 2, 5 * 2 * 36 * 27) == found[-1][1:]
    dense = layer("TimeDistributed", layer=layer("Dense", units=4))
    assert [("linear:4", (5, 4), 16, 60)] == rows(chain((5, 3), dense))


def test_an_operation_of_a_number_has_that_number():
    x = called(layer("InputLayer", "x", batch_shape=[None, 4]))
    less = called(layer("Subtract"), [1.0, tensor("x")])
    assert "elementwise:name=rsub,value1" == rows(graph(["x"], "subtract", x, less))[0][0]


def test_a_vector_is_spread_over_maps_by_their_channels():
    x = called(layer("InputLayer", "x", batch_shape=[None, 5, 6, 3]))
    pooled = called(layer("GlobalAveragePooling2D", "gap"), [tensor("x")])
    product = called(layer("Subtract"), [tensor("x"), tensor("gap")])
    found = rows(graph(["x"], "subtract", x, pooled, product))
    assert ("reshape:3x1x1", (3, 1, 1)) == found[-2][:2]
    assert (3, 5, 6) == found[-1][1]


def test_open_sizes_of_a_picture_are_assumed_and_others_asked_for():
    found = of(chain((None, None, 3), layer("Conv2D", filters=2, kernel_size=1)))
    assert (3, 224, 224) == found.input_shape
    assert "not given, so assumed: input 3x224x224 (-i)" in found.notes
    with pytest.raises(UsageError, match=r"leaves sizes of its input open: \?x8; give all \(-i\)"):
        of(chain((None, 8), layer("LSTM", units=2)))


WRONG = {
    "a class of its own": ({"class_name": "MyNet", "config": {}}, "class MyNet, whose layers"),
    "no layers": ({"class_name": "Sequential", "config": {"layers": []}}, "has no layers"),
    "no shape": (
        {"class_name": "Sequential", "config": {"layers": [layer("Dense", units=1)]}},
        "does not tell the shape of its input",
    ),
    "unknown without a shape": (chain((4,), layer("Mine", "m")), "layer 'm' is of class Mine"),
    "does not fit": (
        chain((4, 4, 1), layer("Conv2D", filters=1, kernel_size=[9, 9])),
        r"layer conv2d \(conv:1,k9\) does not fit",
    ),
    "text for a number": (
        chain((4,), layer("Dense", units="many")),
        r"layer 'dense' \(Dense\): out_features: expected a whole number",
    ),
    "layers that are none": ({"class_name": "Sequential", "config": {"layers": [1]}}, "is none"),
    "nobody gives it": (
        graph(["x"], "a", called(layer("Dense", "a", units=1), [tensor("b")])),
        "layer 'a' reads 'b', which nothing gives",
    ),
    "a circle": (
        graph(
            ["x"],
            "a",
            called(layer("InputLayer", "x", batch_shape=[None, 4])),
            called(layer("Dense", "a", units=1), [tensor("b")]),
            called(layer("Dense", "b", units=1), [tensor("a")]),
        ),
        "in a circle",
    ),
}

KEPT = called(layer("InputLayer", "x", batch_shape=[None, 4]))
DENSE = called(layer("Dense", "a", units=3), [tensor("x")])
HOSTILE = {
    "numbers beyond all floats": (
        chain((8,), layer("Reshape", target_shape=[json.loads("1e999")])),
        "damaged, or of another kind .OverflowError",
    ),
    "whole numbers beyond all floats": (
        chain((8,), layer("Dropout", rate=10**400)),
        "damaged, or of another kind .OverflowError",
    ),
    "units beyond all floats": (
        chain((8, 3), layer("LSTM", units=json.loads("1e999"))),
        "damaged, or of another kind .OverflowError",
    ),
    "a layer of parameters without names": (
        chain((8, 8, 3), {"class_name": "Conv2D", "config": [1]}),
        "lists a layer that is none",
    ),
    "calls that are a number": (
        graph(["x"], "a", KEPT, {**DENSE, "inbound_nodes": 5}),
        "layer 'a' has no list of its calls",
    ),
    "named arguments that are a list": (
        graph(["x"], "a", KEPT, {**DENSE, "inbound_nodes": [{"args": [], "kwargs": [1]}]}),
        "a call whose named arguments are none",
    ),
    "a layer inside another that is a list": (
        chain((8, 3), layer("Bidirectional", layer=[3])),
        "of class Bidirectional, which is not known",
    ),
}


@pytest.mark.parametrize("case", [*WRONG, *HOSTILE])
def test_what_is_wrong_is_one_line(case):
    model, message = {**WRONG, **HOSTILE}[case]
    with pytest.raises(ConvcalcError, match=message) as caught:
        of(model)
    assert "\n" not in str(caught.value)


def test_models_within_models_without_end_are_refused():
    model = chain((4,), layer("Dense", units=1))
    for _ in range(60):
        model = chain((4,), model)
    with pytest.raises(DataError, match="nested more than 50 times"):
        of(model)


def test_models_that_call_models_twice_each_come_to_an_end(monkeypatch):
    monkeypatch.setattr("convcalc.importers.keras.model.MAX_CALLS", 2000)
    x = called(layer("InputLayer", "x", batch_shape=[None, 4]))
    model = graph(["x"], "x", x)
    for _ in range(40):
        inner = {**model, "config": {**model["config"], "name": "inner"}}
        twice = called(inner, [tensor("x")], [tensor("inner", 0)])
        model = graph(["x"], "inner", x, twice)
    model["config"]["output_layers"] = ["inner", 1, 0]
    with pytest.raises(DataError, match="calls layers more than 2,000 times"):
        of(model)


def write(path, config):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", config)


def test_a_configuration_that_unpacks_to_much_is_not_read(tmp_path):
    path = tmp_path / "net.keras"
    write(path, b" " * (64 * 2**20 + 1))
    with pytest.raises(DataError, match=r"over 67,108,864 bytes"):
        config_of(str(path))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\x00\xff"])
def test_a_configuration_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "net.keras"
    write(path, text)
    with pytest.raises(DataError, match="the configuration in"):
        config_of(str(path))


def test_an_h5_file_has_the_same_configuration(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "net.h5"
    model = chain((8, 8, 3), layer("Conv2D", filters=2, kernel_size=[3, 3]))
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model)
    assert rows(model) == rows(config_of_hdf5(str(path)))


def test_an_h5_file_of_weights_is_told_to_be_that(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "net.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = [[1.0, 2.0]] * 3
        file["optimizer/vars/0"] = [1.0]
    with pytest.raises(DataError, match="without an architecture: 6 numbers in 1 arrays"):
        config_of_hdf5(str(path))


def test_a_damaged_h5_file_is_one_line(tmp_path):
    pytest.importorskip("h5py")
    path = tmp_path / "net.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(DataError, match=r"cannot read '.*' as HDF5: ") as caught:
        config_of_hdf5(str(path))
    assert "\n" not in str(caught.value)

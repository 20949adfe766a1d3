"""Models of TFLite: operators as layers of ours, and files that are not what they seem."""

from __future__ import annotations

import pytest

tflite = pytest.importorskip("tflite")

from tflite_builder import Operator, Tensor, integers, model_of, weights  # noqa: E402

from convcalc.errors import ConvcalcError, DataError, UsageError  # noqa: E402
from convcalc.importers.tflite.model import network_of  # noqa: E402

CODE = tflite.BuiltinOperator
STEPS = {"StrideW": 2, "StrideH": 2}
SAME, VALID = 0, 1


def rows(tmp_path, tensors, operators, inputs=(0,), outputs=None):
    """Spec, shape, parameters and MACs of each layer of a model."""
    path = tmp_path / "net.tflite"
    end = operators[-1].outputs if outputs is None else outputs
    path.write_bytes(model_of(tensors, operators, inputs, end))
    found = network_of(str(path), None)
    report = found.analyze(found.input_shape)
    return [(row.spec, row.output_shape, row.params, row.macs) for row in report.layers]


def one(tmp_path, operator, *tensors):
    return rows(tmp_path, tensors, [operator])


IMAGE = Tensor((1, 8, 8, 4))


def test_a_convolution_with_an_activation_inside(tmp_path):
    options = {"Padding": SAME, **STEPS, "FusedActivationFunction": 3}
    conv = Operator(CODE.CONV_2D, (0, 1, 2), (3,), "Conv2DOptions", options)
    found = one(tmp_path, conv, IMAGE, weights(6, 3, 3, 4), weights(6), Tensor((1, 4, 4, 6)))
    assert [
        ("conv:6,k3,s2,same-upper", (6, 4, 4), 6 * 3 * 3 * 4 + 6, 6 * 4 * 4 * 3 * 3 * 4),
        ("relu6", (6, 4, 4), 0, 0),
    ] == found


def test_a_depthwise_convolution_has_its_multiplier_from_its_weights(tmp_path):
    options = {"Padding": VALID, "StrideW": 1, "StrideH": 1, "DilationWFactor": 2}
    conv = Operator(CODE.DEPTHWISE_CONV_2D, (0, 1), (2,), "DepthwiseConv2DOptions", options)
    found = one(tmp_path, conv, IMAGE, weights(1, 3, 3, 8), Tensor((1, 6, 4, 8)))
    assert [("dw:k3,d1x2,m2,nobias", (8, 6, 4), 72, 6 * 4 * 8 * 9)] == found


def test_a_grouped_convolution_has_its_groups_from_its_weights(tmp_path):
    options = {"Padding": VALID, "StrideW": 1, "StrideH": 1}
    conv = Operator(CODE.CONV_2D, (0, 1), (2,), "Conv2DOptions", options)
    found = one(tmp_path, conv, IMAGE, weights(6, 1, 1, 2), Tensor((1, 8, 8, 6)))
    assert [("conv:6,k1,g2,nobias", (6, 8, 8), 12, 6 * 64 * 2)] == found


def test_a_transposed_convolution_has_its_input_third(tmp_path):
    conv = Operator(
        CODE.TRANSPOSE_CONV, (1, 2, 0), (3,), "TransposeConvOptions", {"Padding": SAME, **STEPS}
    )
    size, end = integers(1, 16, 16, 5), Tensor((1, 16, 16, 5))
    found = one(tmp_path, conv, IMAGE, size, weights(5, 3, 3, 4), end)
    assert [("convt:5,k3,s2,p0:1x0:1,nobias", (5, 16, 16), 180, 64 * 180)] == found


def test_a_pooling_a_sum_and_a_concatenation(tmp_path):
    pool = {"Padding": VALID, **STEPS, "FilterWidth": 2, "FilterHeight": 3}
    small = Tensor((1, 3, 4, 4))
    found = rows(
        tmp_path,
        [IMAGE, small, small, Tensor((1, 3, 4, 8))],
        [
            Operator(CODE.AVERAGE_POOL_2D, (0,), (1,), "Pool2DOptions", pool),
            Operator(CODE.ADD, (1, 1), (2,), "AddOptions", {}),
            Operator(CODE.CONCATENATION, (1, 2), (3,), "ConcatenationOptions", {"Axis": -1}),
        ],
    )
    assert ["avgpool:3x2,s2", "residual", "concat"] == [
        row[0].partition(",noinc")[0] for row in found
    ]
    assert (8, 3, 4) == found[-1][1]


def test_features_of_a_classifier(tmp_path):
    full = Operator(CODE.FULLY_CONNECTED, (2, 3, 4), (5,), "FullyConnectedOptions", {})
    found = rows(
        tmp_path,
        [
            *(IMAGE, integers(1, -1), Tensor((1, 256))),
            *(weights(10, 256), weights(10), Tensor((1, 10)), Tensor((1, 10))),
        ],
        [
            Operator(CODE.RESHAPE, (0, 1), (2,)),
            full,
            Operator(CODE.SOFTMAX, (5,), (6,)),
        ],
    )
    assert [("flatten", 0), ("linear:10", 2560), ("softmax", 0)] == [(r[0], r[3]) for r in found]


def test_padding_means_and_resizing(tmp_path):
    pads = Operator(CODE.PAD, (0, 1), (2,))
    resize = Operator(
        CODE.RESIZE_BILINEAR, (2, 3), (4,), "ResizeBilinearOptions", {"HalfPixelCenters": True}
    )
    mean = Operator(CODE.MEAN, (4, 5), (6,), "ReducerOptions", {"KeepDims": True})
    found = rows(
        tmp_path,
        [
            *(IMAGE, integers(0, 0, 1, 2, 0, 3, 0, 0), Tensor((1, 11, 11, 4))),
            *(integers(5, 7), Tensor((1, 5, 7, 4)), integers(1, 2), Tensor((1, 1, 1, 4))),
        ],
        [pads, resize, mean],
    )
    assert ["pad:1:2x0:3", "upsample:size5x7,bilinear", "gap"] == [row[0] for row in found]


def test_weights_in_half_precision_are_weights(tmp_path):
    half = Tensor((6, 1, 1, 4), bytes(48), tflite.TensorType.FLOAT16)
    options = {"Padding": VALID, "StrideW": 1, "StrideH": 1}
    found = rows(
        tmp_path,
        [IMAGE, half, Tensor((6, 1, 1, 4)), Tensor((1, 8, 8, 6))],
        [
            Operator(CODE.DEQUANTIZE, (1,), (2,)),
            Operator(CODE.CONV_2D, (0, 2), (3,), "Conv2DOptions", options),
        ],
    )
    assert [("conv:6,k1,nobias", 24)] == [(row[0], row[2]) for row in found]


def test_a_custom_operator_is_known_by_its_name_and_shape_alone(tmp_path):
    path = tmp_path / "net.tflite"
    own = Operator(CODE.CUSTOM, (0,), (1,), custom="My Op")
    path.write_bytes(model_of([IMAGE, Tensor((1, 10))], [own], (0,), (1,)))
    found = network_of(str(path), None)
    (row,) = found.analyze((4, 8, 8)).layers
    assert ("opaque:name=My_Op,out10", False) == (row.spec, row.counted)
    assert any("MACs are not known: My_Op 1" in note for note in found.notes)


def test_an_operator_that_gives_another_shape_than_ours_keeps_the_shape_of_the_file(tmp_path):
    options = {"Padding": VALID, "StrideW": 1, "StrideH": 1}
    conv = Operator(CODE.CONV_2D, (0, 1), (2,), "Conv2DOptions", options)
    ((_, shape, params, macs),) = one(
        tmp_path, conv, IMAGE, weights(6, 3, 3, 4), Tensor((1, 8, 8, 6))
    )[-1:]
    assert ((6, 8, 8), 216, 64 * 216) == (shape, params, macs)


def test_another_input_is_refused(tmp_path):
    path = tmp_path / "net.tflite"
    relu = Operator(CODE.RELU, (0,), (1,))
    path.write_bytes(model_of([IMAGE, IMAGE], [relu], (0,), (1,)))
    with pytest.raises(UsageError, match="is for an input of 4x8x8, got 4x9x9"):
        network_of(str(path), (4, 9, 9))


def data_of(tmp_path):
    options = {"Padding": SAME, **STEPS}
    conv = Operator(CODE.CONV_2D, (0, 1, 2), (3,), "Conv2DOptions", options)
    tensors = [IMAGE, weights(6, 3, 3, 4), weights(6), Tensor((1, 4, 4, 6))]
    return model_of(tensors, [conv], (0,), (3,))


def test_whatever_is_cut_off_or_changed_is_a_network_or_one_line(tmp_path):
    data = data_of(tmp_path)
    path = tmp_path / "net.tflite"
    broken = [data[:size] for size in range(8, len(data), 37)]
    broken += [
        data[:at] + bytes([value]) + data[at + 1 :]
        for at in range(8, len(data) - 900, 5)
        for value in (0xFF, 0x7F)
    ]
    for one in broken:
        path.write_bytes(one)
        try:
            network_of(str(path), None)
        except ConvcalcError as error:
            assert "\n" not in str(error)


def test_lists_that_share_their_bytes_are_not_read_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr("convcalc.importers.tflite.file.MAX_ITEMS", 10_000)
    path = tmp_path / "net.tflite"
    relu = Operator(CODE.RELU, (0,), (1,))
    wide = Tensor((1,) * 2000)
    path.write_bytes(model_of([wide] * 6, [relu], (0,), (1,)))
    with pytest.raises(DataError, match="a list of 2,000 items"):
        network_of(str(path), None)


def test_names_of_tensors_that_are_not_there_are_one_line(tmp_path):
    path = tmp_path / "net.tflite"
    relu = Operator(CODE.RELU, (7,), (1,))
    path.write_bytes(model_of([IMAGE, IMAGE], [relu], (0,), (1,)))
    with pytest.raises(DataError, match="names tensor 7, which it has not"):
        network_of(str(path), None)

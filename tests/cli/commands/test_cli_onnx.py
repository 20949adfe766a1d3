"""ONNX files on the command line: counted, compared, run with their own weights and with others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx_files import floats, model, node, saved


@pytest.fixture
def net(folder):
    """net.onnx: a convolution, a norm and a fully connected layer, sides open."""
    names = "scale shift mean variance"
    made = model(
        node("Conv", "x body.0.weight body.0.bias", "a", pads=[1, 1, 1, 1]),
        node("BatchNormalization", f"a {names}", "b"),
        node("Relu", "b", "c"),
        node("GlobalAveragePool", "c", "d"),
        node("Flatten", "d", "e"),
        node("Gemm", "e head.weight head.bias", "y", transB=1),
        x=("n", 3, "h", "w"),
        weights={
            "body.0.weight": floats(4, 3, 3, 3),
            "body.0.bias": floats(4, seed=1),
            **{name: np.abs(floats(4, seed=2)) + 1 for name in names.split()},
            "head.weight": floats(5, 4, seed=3),
            "head.bias": floats(5, seed=4),
        },
    )
    saved(folder, made, "net.onnx")


def totals(done):
    assert (0, "") == (done.code, done.err)
    found = json.loads(done.out)["totals"]
    return found["params"], found["macs"]


def test_a_file_is_counted_on_the_sizes_that_are_given(inside, net):
    # conv 4*3*9 + 4, norm 8, linear 20 + 5; 4*27 products at each of 64 positions, and 20.
    wanted = 112 + 8 + 25, 64 * 108 + 20
    for given in ("3x8x8", "1x3x8x8", "x=1x3x8x8"):
        assert wanted == totals(inside("flops", "net.onnx", "-i", given, "--format", "json"))


def test_an_open_side_is_asked_for(inside, net):
    done = inside("summary", "net.onnx")
    assert done[:3] == (
        2,
        "",
        "convcalc: error: the input 'x' is nx3xhxw, where 'h', 'w' have no sizes; "
        "give -i x=1x3x224x224\n",
    )


@pytest.mark.parametrize("given", ["x=", "x=0x3", "3x", "x=ax3x8x8", "x=1x3x8x8,x=1x3x8x8", "z=3"])
def test_what_is_no_shape_is_told(inside, net, given):
    done = inside("shape", "net.onnx", "-i", given)
    assert 2 == done.code
    assert 1 == done.err.count("\n")


def test_each_of_several_inputs_has_its_own_shape(inside, folder):
    made = model(
        node("Add", "x other", "y"), x=(1, "c", "h"), more={"other": (1, "c", "w")}, opset=13
    )
    saved(folder, made, "two.onnx")
    done = inside("shape", "two.onnx", "-i", "x=1x4x6", "-i", "other=1x4x1", "--format", "json")
    assert (0, "") == (done.code, done.err)
    rows = json.loads(done.out)["layers"]
    assert ["input", "elementwise"] == [row["kind"] for row in rows]
    assert [4, 6] == rows[1]["output_shape"]


def test_layers_are_folded_by_the_modules_that_weights_are_named_after(inside, net):
    done = inside("summary", "net.onnx", "-i", "3x8x8", "--depth", "1")
    assert "body " in done.out
    assert "head " in done.out


def test_two_files_are_compared(inside, net):
    done = inside("diff", "net.onnx", "net.onnx", "-i", "3x8x8")
    assert (0, "") == (done.code, done.err)
    assert "MACs: 6,932 in both" in done.out


def test_a_file_is_run_with_its_own_weights(inside, net, save):
    x = floats(2, 3, 8, 8, seed=5)
    save("x.npy", x)
    done = inside("run", "x.npy", "--network", "net.onnx", "-o", "y.npy", "--backend", "numpy")
    assert 0 == done.code
    ort = pytest.importorskip("onnxruntime")
    ort.set_default_logger_severity(4)
    wanted = ort.InferenceSession("net.onnx").run(None, {"x": x})[0]
    np.testing.assert_allclose(np.load("y.npy"), wanted, rtol=1e-4, atol=1e-5)


def test_weights_of_a_file_go_by_name_or_in_order_into_a_network(inside, net, save):
    save("x.npy", floats(1, 3, 8, 8))
    spec = "body.0=conv:4,k3,p1 batch_normalization=bn relu gap flatten head=linear:5"
    order = "conv:4,k3,p1 bn relu gap flatten linear:5"
    words = ("--weights", "net.onnx", "--backend", "numpy", "-q")
    assert 0 == inside("run", "x.npy", "--network", "net.onnx", "-o", "own.npy", *words[2:]).code
    assert 0 == inside("run", "x.npy", "--network", spec, "-o", "name.npy", *words).code
    by = ("--weights-by", "order")
    assert 0 == inside("run", "x.npy", "--network", order, "-o", "order.npy", *words, *by).code
    assert np.array_equal(np.load("own.npy"), np.load("name.npy"))
    assert np.array_equal(np.load("own.npy"), np.load("order.npy"))


def test_an_input_that_does_not_fit_is_told(inside, net, save):
    save("x.npy", floats(1, 4, 8, 8))
    done = inside("run", "x.npy", "--network", "net.onnx", "-o", "y.npy")
    assert 3 == done.code
    told = "the input is 1x4x8x8 (input 'x.npy'); the model reads nx3xhxw as 'x'"
    assert f"convcalc: error: {told}\n" == done.err


def test_what_cannot_be_run_is_named(inside, folder, save):
    saved(folder, model(node("Erf", "x", "a"), node("IsNaN", "a", "y")), "net.onnx")
    save("x.npy", floats(1, 3, 8, 8))
    done = inside("run", "x.npy", "--network", "net.onnx", "-o", "y.npy")
    assert 2 == done.code
    assert "'isnan' is known by its cost alone, and cannot be run" in done.err


def test_damaged_files_are_one_line(inside, net):
    whole = Path("net.onnx").read_bytes()
    Path("cut.onnx").write_bytes(whole[: len(whole) // 2])
    assert (3, "", "convcalc: error: 'cut.onnx' is cut short\n") == inside("shape", "cut.onnx")[:3]

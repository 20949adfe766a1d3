"""`run` of networks with several inputs: an array for each, by its place or its name."""

from __future__ import annotations

import numpy as np
import pytest

MODEL = '''
import torch
from torch import nn


class Net(nn.Module):
    """A picture and a mask."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding=1)

    def forward(self, image, mask):
        return torch.relu(self.conv(image)) * mask


class Tokens(nn.Module):
    """Whole numbers and a weight of each."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 4)

    def forward(self, ids, weight):
        return (self.table(ids) * weight.unsqueeze(-1)).sum(1)


torch.manual_seed(2)
net = Net()
tokens = Tokens()
'''

SPEC = "a=relu b=input:2x4x5 c=input:2x1x1 d=residual{@a | @b} elementwise:name=mul{@d | @c}"


@pytest.fixture
def arrays(folder, save):
    """a.npy, b.npy and c.npy: two samples of three inputs."""
    draw = np.random.default_rng(5).normal
    made = [draw(size=(2, *sizes)).astype("float32") for sizes in ((2, 4, 5), (2, 4, 5), (2, 1, 1))]
    for name, array in zip("abc", made, strict=True):
        save(f"{name}.npy", array, "float32")
    return made


def of_spec(a, b, c):
    return (np.maximum(a, 0) + b) * c


@pytest.mark.parametrize(
    "words",
    [
        ("a.npy", "b.npy", "c.npy"),
        ("c=c.npy", "a.npy", "b=b.npy"),
        ("input=a.npy", "c=c.npy", "b.npy"),
    ],
)
def test_inputs_are_taken_in_order_or_by_name(inside, arrays, words):
    done = inside("run", *words, "--network", SPEC, "-o", "y.npy", "--backend", "numpy")
    assert 0 == done.code, done.err
    np.testing.assert_allclose(np.load("y.npy"), of_spec(*arrays), rtol=1e-6)


def test_one_sample_needs_no_axis_of_its_own(inside, arrays, save):
    for name, array in zip("abc", arrays, strict=True):
        save(f"{name}.npy", array[0], "float32")
    done = inside("run", "a.npy", "b.npy", "c.npy", "--network", SPEC, "-o", "y.npy")
    assert 0 == done.code, done.err
    np.testing.assert_allclose(np.load("y.npy"), of_spec(*arrays)[0], rtol=1e-6)


def test_an_input_that_nothing_computed_reads_is_not_asked_for(inside, arrays):
    words = ("--network", SPEC, "--until", "d", "-o", "y.npy")
    assert 0 == inside("run", "a.npy", "b.npy", *words).code
    np.testing.assert_allclose(np.load("y.npy"), np.maximum(arrays[0], 0) + arrays[1], rtol=1e-6)


def test_every_output_is_kept_beside_several_inputs(inside, arrays):
    words = ("a.npy", "b.npy", "c.npy", "--network", SPEC)
    assert 0 == inside("run", *words, "--save-all", "maps", "--stats").code
    np.testing.assert_array_equal(np.load("maps/b.npy"), arrays[1])
    np.testing.assert_allclose(np.load("maps/d.npy"), np.maximum(arrays[0], 0) + arrays[1])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ("a.npy", "b.npy"),
            2,
            "the network reads the inputs input, b, c, and 'c' is not given: an array for each in "
            "this order, or c=FILE.npy",
        ),
        (
            ("b=b.npy", "c=c.npy"),
            2,
            "the network reads the inputs input, b, c, and 'input' is not given: an array for each "
            "in this order, or input=FILE.npy",
        ),
        (("a.npy", "b.npy", "c.npy", "a.npy"), 2, "the network has 3 inputs, 4 are given"),
        (
            ("a.npy", "b=b.npy", "d=c.npy"),
            2,
            "the network has no input 'd'; it has the inputs input, b, c",
        ),
        (("a.npy", "b=b.npy", "b=c.npy", "c.npy"), 2, "the input 'b' is given twice"),
        (
            ("a.npy", "c.npy", "b.npy"),
            3,
            "the input 'b' is 2x2x1x1 (input 'a.npy', input 2 'c.npy', input 3 'b.npy'); beside 2 "
            "samples of the first input it has to be 2x2x4x5",
        ),
        (("-", "-", "c.npy"), 2, "only one input can come from standard input ('-')"),
        (("a.npy", "b=", "c.npy"), 3, "cannot read 'b=': No such file or directory"),
        (
            ("a.npy", "b.npy", "c.npy", "--layout", "nhwc"),
            2,
            "--layout goes with one input: several are given with channels first",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(inside, arrays, words, code, told):
    done = inside("run", *words, "--network", SPEC, "-o", "y.npy")
    assert (code, f"convcalc: error: {told}\n") == (done.code, done.err)


def test_a_convolution_has_one_input(inside, arrays):
    done = inside("run", "a.npy", "b.npy", "--kernel", "box:3", "-o", "y.npy")
    assert 2 == done.code
    assert done.err == (
        "convcalc: error: a convolution has one input, and 'b.npy' is another; several go with "
        "--network\n"
    )


def test_a_file_with_the_sign_of_a_name_is_a_file(inside, arrays, save):
    save("b=1.npy", arrays[1], "float32")
    done = inside("run", "a.npy", "b=1.npy", "c.npy", "--network", SPEC, "-o", "y.npy")
    assert 0 == done.code, done.err


@pytest.fixture
def model(folder):
    """What the file defines, in the folder that the commands run in."""
    pytest.importorskip("torch")
    (folder / "model.py").write_text(MODEL)
    names = {"__name__": "model"}
    exec(MODEL, names)
    return names


def forwarded(model, *arrays):
    import torch

    with torch.no_grad():
        return model(*map(torch.from_numpy, arrays)).numpy()


@pytest.mark.parametrize("words", [("x.npy", "m.npy"), ("mask=m.npy", "image=x.npy")])
def test_a_model_of_pytorch_gets_an_array_for_each_parameter(inside, model, save, words):
    draw = np.random.default_rng(1).normal
    x, mask = draw(size=(3, 2, 6, 7)).astype("f4"), draw(size=(3, 1, 6, 7)).astype("f4")
    save("x.npy", x, "f4")
    save("m.npy", mask, "f4")
    done = inside("run", *words, "--network", "model.py:net", "-o", "y.npy")
    assert 0 == done.code, done.err
    expected = forwarded(model["net"], x, mask)
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-6)


def test_tokens_stay_whole_numbers(inside, model, save):
    ids = np.random.default_rng(1).integers(0, 11, (3, 5))
    weight = np.random.default_rng(2).normal(size=(3, 5)).astype("f4")
    save("ids.npy", ids)
    save("w.npy", weight, "f4")
    words = ("--network", "model.py:tokens", "-o", "y.npy", "--dtype", "float32")
    done = inside("run", "ids.npy", "w.npy", *words)
    assert 0 == done.code, done.err
    expected = forwarded(model["tokens"], ids, weight)
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-6)


def test_an_onnx_file_gets_its_inputs_by_name_or_in_order(inside, folder, save):
    onnx = pytest.importorskip("onnx")
    ort = pytest.importorskip("onnxruntime")
    nodes = [
        onnx.helper.make_node("Sub", ["first.1", "second.1"], ["d"]),
        onnx.helper.make_node("Mul", ["d", "second.1"], ["y"]),
    ]
    shape = ["N", 3, "W"]
    inputs = [onnx.helper.make_tensor_value_info(f"{n}.1", 1, shape) for n in ("first", "second")]
    out = onnx.helper.make_tensor_value_info("y", 1, shape)
    graph = onnx.helper.make_graph(nodes, "g", inputs, [out])
    opset = [onnx.helper.make_opsetid("", 20)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), "net.onnx")
    first, second = np.random.default_rng(7).normal(size=(2, 2, 3, 6)).astype("f4")
    save("first.npy", first, "f4")
    save("second.npy", second, "f4")
    wanted = ort.InferenceSession("net.onnx").run(None, {"first.1": first, "second.1": second})[0]
    for words in (("first.npy", "second.npy"), ("second.1=second.npy", "first.npy")):
        done = inside("run", *words, "--network", "net.onnx", "-o", "y.npy", "--force")
        assert 0 == done.code, done.err
        np.testing.assert_allclose(np.load("y.npy"), wanted, rtol=1e-6)
    done = inside("run", "first.npy", "--network", "net.onnx", "-o", "y.npy", "--force")
    assert 2 == done.code
    assert "the inputs first.1, second.1, and 'second.1' is not given" in done.err

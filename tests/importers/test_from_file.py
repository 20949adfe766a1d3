"""Every kind of file that holds a network is one in Python, by its content."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import convcalc
from convcalc.errors import DataError, ParameterError, SpecError, UsageError

HERE = Path(__file__).parent
RUN = "a TorchScript file is a program, and was run, which may read and write your files"

SPEC = "# input 3x9x9\nconv:8,k3,s2 bn relu\n"
DOCUMENT = """{"convcalc_network": 1, "input": [2, 5, 7], "nodes": [
  {"label": "a", "spec": "conv:4,k3", "inputs": [null]},
  {"label": "b", "spec": "dw:k3,p1", "inputs": ["a"]}]}
"""
PRINTED = """>>> print(net)
Sequential(
  (0): Conv2d(2, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): ReLU()
)
"""
SOURCE = "# input 3x8x8\nnet = nn.Sequential(nn.Conv2d(3, 4, 3, groups=1), nn.Conv2d(4, 2, 1))\n"
DARKNET = """[net]
width=8
height=6
channels=4
[convolutional]
filters=8
size=3
pad=1
activation=linear
"""
TWO = """first = nn.Linear(7, 3)
SmallNet(
  (stem): Conv2d(3, 8, kernel_size=(3, 3))
  (head): Conv2d(8, 2, kernel_size=(1, 1))
)
"""


def onnx_of_two_inputs(path):
    """A kernel 3x3 without padding on x, and z behind it, both of open sizes."""
    pytest.importorskip("onnx")
    from onnx_files import floats, model, node, saved

    made = model(
        node("Conv", "x w", "c"),
        node("Concat", "c z", "y", axis=1),
        x=("n", 3, "h", "w"),
        more={"z": ("n", 5, "a", "b")},
        weights={"w": floats(8, 3, 3, 3)},
    )
    saved(path.parent, made, path.name)


def onnx_of_one_input(path):
    pytest.importorskip("onnx")
    from onnx_files import floats, model, node, saved

    made = model(node("Conv", "x w", "y"), weights={"w": floats(8, 3, 3, 3)})
    saved(path.parent, made, path.name)


def tflite_of_one_convolution(path):
    tflite = pytest.importorskip("tflite")
    from tflite_builder import Operator, Tensor, model_of, weights

    options = {"Padding": 1, "StrideW": 1, "StrideH": 1}
    conv = Operator(tflite.BuiltinOperator.CONV_2D, (0, 1), (2,), "Conv2DOptions", options)
    tensors = [Tensor((1, 6, 5, 4)), weights(7, 3, 3, 4), Tensor((1, 4, 3, 7))]
    path.write_bytes(model_of(tensors, [conv], (0,), (2,)))


def script_of(model, path):
    torch = pytest.importorskip("torch")
    torch.jit.script(model(torch.nn).eval()).save(str(path))


def script_of_one_convolution(path):
    script_of(lambda nn: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), path)


def hdf5(path):
    pytest.importorskip("h5py")
    shutil.copy(HERE / "keras_weights" / "maps.h5", path)


MODELS = {
    "net.keras": lambda path: shutil.copy(HERE / "keras_models" / "unet.keras", path),
    "net.h5": hdf5,
    "net.pt2": lambda path: shutil.copy(HERE / "exported" / "resnet18.pt2", path),
    "net.onnx": onnx_of_one_input,
    "net.tflite": tflite_of_one_convolution,
    "net.pt": script_of_one_convolution,
    "open.onnx": onnx_of_two_inputs,
}
TEXTS = {
    "net.spec": SPEC,
    "net.json": DOCUMENT,
    "net.txt": PRINTED,
    "source.txt": SOURCE,
    "net.cfg": DARKNET,
    "two.txt": TWO,
}


def made(folder, name):
    """A file of one kind."""
    path = folder / name
    if name in TEXTS:
        path.write_text(TEXTS[name])
    else:
        MODELS[name](path)
    return path


# torch speaks of torch.jit as of what it will not have for ever.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

KINDS = [
    # 3*8*9 + 8, and 2*8 of the norm; 216 products at 4x4 positions
    ("net.spec", (3, 9, 9), 240, 3_456, (8, 4, 4)),
    # 2*4*9 + 4, and 4*9 + 4; 72 and 36 products at 3x5 positions
    ("net.json", (2, 5, 7), 116, 1_620, (4, 3, 5)),
    # 3*4*9 + 4, and 4*2 + 2; 108 and 8 products at 6x6 positions
    ("source.txt", (3, 8, 8), 122, 4_176, (2, 6, 6)),
    # 4*8*9 + 8; 288 products at 6x8 positions
    ("net.cfg", (4, 6, 8), 296, 13_824, (8, 6, 8)),
    ("net.keras", (3, 64, 64), 81_458, 77_398_016, (2, 64, 64)),
    ("net.h5", (3, 8, 8), 735, 17_043, (7,)),
    ("net.pt2", (3, 224, 224), 11_689_512, 1_814_073_344, (1000,)),
    # 3*8*9; 216 products at 6x6 positions
    ("net.onnx", (3, 8, 8), 216, 7_776, (8, 6, 6)),
    # 4*7*9; 252 products at 4x3 positions
    ("net.tflite", (4, 6, 5), 252, 3_024, (7, 4, 3)),
    # 3*4*9 + 4; 108 products at 222x222 positions
    ("net.pt", (3, 224, 224), 112, 5_322_672, (4, 222, 222)),
]


@pytest.mark.parametrize(("name", "shape", "params", "macs", "out"), KINDS)
def test_a_file_of_each_kind_is_a_network(tmp_path, name, shape, params, macs, out):
    network = convcalc.from_file(made(tmp_path, name))
    assert (convcalc.Network, shape) == (type(network), network.input_shape)
    report = network.analyze()
    assert (params, macs) == (report.totals.params, report.totals.macs)
    assert out == report.output_shape


def test_a_text_that_states_no_input_has_none(tmp_path):
    network = convcalc.from_file(str(made(tmp_path, "net.txt")))
    assert (None, ("passed over: line 1",)) == (network.input_shape, network.notes)
    assert 2 * 6 * 9 * 64 == network.analyze((2, 8, 8)).totals.macs


@pytest.mark.parametrize("name", ["net.keras", "net.onnx", "net.tflite"])
def test_the_content_decides_whatever_the_name(tmp_path, name):
    path = made(tmp_path, name)
    network = convcalc.from_file(path)
    assert network == convcalc.from_file(path.rename(tmp_path / "other.txt"))


# --- inputs


@pytest.mark.parametrize(
    ("placed", "named"),
    [
        ([(3, 6, 4), (5, 4, 2)], {}),
        ([(1, 3, 6, 4), (1, 5, 4, 2)], {}),
        ([(3, 6, 4)], {"z": (5, 4, 2)}),
        ([], {"z": (1, 5, 4, 2), "x": (1, 3, 6, 4)}),
    ],
)
def test_inputs_of_onnx_are_told_by_place_or_by_name(tmp_path, placed, named):
    network = convcalc.from_file(made(tmp_path, "open.onnx"), *placed, **named)
    report = network.analyze()
    assert ((3, 6, 4), (13, 4, 2)) == (network.input_shape, report.output_shape)
    assert 216 * 4 * 2 == report.totals.macs


def test_a_model_is_asked_about_another_size(tmp_path):
    keras = convcalc.from_file(made(tmp_path, "net.keras"), (3, 128, 128))
    assert ((3, 128, 128), 4 * 77_398_016) == (keras.input_shape, keras.analyze().totals.macs)
    text = convcalc.from_file(made(tmp_path, "net.spec"), [3, 5, 5])
    assert ((3, 5, 5), (8, 2, 2)) == (text.input_shape, text.analyze().output_shape)


def test_a_tensor_tells_the_dtype_of_an_input(tmp_path):
    torch = pytest.importorskip("torch")
    script_of(lambda nn: nn.Sequential(nn.Embedding(50, 4), nn.Linear(4, 6)), tmp_path / "net.pt")
    ids = torch.zeros(1, 7, dtype=torch.int64)
    report = convcalc.from_file(tmp_path / "net.pt", ids).analyze()
    assert ((7, 6), 230, 168) == (report.output_shape, report.totals.params, report.totals.macs)


@pytest.mark.parametrize(
    ("name", "placed", "named", "told"),
    [
        ("net.spec", [(3, 9)], {}, r"inputs: the text is for 3x9x9, got 3x9$"),
        ("net.spec", [(3, 9, 9), (3, 9, 9)], {}, "inputs: a text takes one input, without a name"),
        ("net.json", [], {"x": (2, 5, 7)}, "inputs: a text takes one input, without a name"),
        ("net.keras", [], {"x": (3, 64, 64)}, "x: inputs of this file are told by their places"),
        ("net.pt2", ["3x8x8"], {}, r"input 0: expected a tensor, or \(channels, \*sizes\)"),
        ("net.keras", [(64, 64, 3)], {}, "the model takes an input 3x64x64, got 64x64x3$"),
        ("net.tflite", [(4, 8, 8)], {}, "the model is for an input of 4x6x5, got 4x8x8$"),
        ("open.onnx", [], {}, "where 'h', 'w' have no sizes; give -i x=1x3x224x224$"),
        ("open.onnx", [], {"q": (3, 6, 4)}, "'q'"),
    ],
)
def test_an_input_that_a_file_does_not_take_is_told(tmp_path, name, placed, named, told):
    with pytest.raises((ParameterError, UsageError), match=told):
        convcalc.from_file(made(tmp_path, name), *placed, **named)


# --- one of several models


def test_one_of_several_models_is_named(tmp_path):
    path = made(tmp_path, "two.txt")
    assert 7 * 3 + 3 == convcalc.from_file(path, model="1").analyze((7,)).totals.params
    second = convcalc.from_file(path, model="2", in_order=True)
    assert 224 + 18 == second.analyze((3, 8, 8)).totals.params
    with pytest.raises(SpecError, match="'nope'"):
        convcalc.from_file(path, model="nope")
    with pytest.raises(SpecError, match="--in-order reads them so"):
        convcalc.from_file(path, model="2")


@pytest.mark.parametrize("name", ["net.keras", "net.onnx", "net.tflite", "net.pt2", "net.pt"])
def test_a_model_has_no_others_in_it(tmp_path, name):
    path = made(tmp_path, name)
    with pytest.raises(UsageError, match=f"{name}' holds one model, and no 'other'$"):
        convcalc.from_file(path, model="other")


# --- what is run, and what is not


def test_a_program_of_torchscript_says_that_it_was_run(tmp_path):
    network = convcalc.from_file(made(tmp_path, "net.pt"), (3, 8, 8))
    assert (RUN,) == network.notes
    assert 108 * 36 == network.analyze().totals.macs


def test_a_program_that_fails_on_its_way_is_an_error(tmp_path):
    script_of(lambda nn: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3)), tmp_path / "net.pt")
    with pytest.raises(DataError, match=r"^the run ended at .*: RuntimeError"):
        convcalc.from_file(tmp_path / "net.pt", (3, 8, 8))


def test_a_file_of_python_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text("open('trapped', 'w').close()\nNet = 1\n")
    for path in ("model.py", "model.py:Net"):
        with pytest.raises(UsageError) as caught:
            convcalc.from_file(path)
        assert str(caught.value) == (
            "'model.py' is a Python file, which is not run here: give the model that it makes to "
            "convcalc.from_torch"
        )
    assert not Path("trapped").exists()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (b"net.spec", r"path: expected the name of a file, got b'net\.spec'$"),
        (3, "path: expected the name of a file, got 3$"),
        (None, "path: expected the name of a file, got None$"),
        ("x" * 40_000, "path: no file has a name of 40,000 characters$"),
    ],
)
def test_what_is_no_name_is_told(path, told):
    with pytest.raises(ParameterError, match=told):
        convcalc.from_file(path)


# --- what is loaded

LIBRARIES = {"numpy", "onnx", "h5py", "tflite", "torch"}
USED = {
    "net.spec": set(),
    "net.json": set(),
    "net.cfg": set(),
    "net.keras": {"numpy"},
    "net.pt2": {"numpy"},
    "net.onnx": {"numpy", "onnx"},
    "net.tflite": {"numpy", "tflite"},
    "net.h5": {"numpy", "h5py"},
}


@pytest.mark.parametrize("name", USED)
def test_a_file_is_read_without_the_command_line_and_other_libraries(tmp_path, name):
    path = made(tmp_path, name)
    code = f"import sys, convcalc\nconvcalc.from_file({str(path)!r})\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = run.stdout.split()
    assert "convcalc.importers.files.from_file" in loaded
    assert set() == {"typer", "click", "rich"} & set(loaded)
    assert USED[name] >= LIBRARIES & set(loaded)
    assert [] == [module for module in loaded if module.startswith("convcalc.cli")]

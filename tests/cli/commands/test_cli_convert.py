"""`convert`: one network in several forms, each of which the other commands read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cli_support import call, loaded_by

MODEL = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x):
        return torch.relu(x + self.bn(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2)
        self.body = nn.Sequential(Block(), Block())
        self.fc = nn.Linear(4, 10)

    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.body(self.stem(x)), 1)
        return self.fc(x.flatten(1))
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The name of a model in a file of the folder that the commands run in."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return "model.py:Net"


def totals(inside, *words):
    done = inside("summary", *words, "-q", "--format", "json")
    assert (0, "") == (done.code, done.err)
    content = json.loads(done.out)
    return content["totals"], [(row["label"], row["spec"]) for row in content["layers"]]


@pytest.mark.parametrize("ending", ["json", "spec"])
def test_a_converted_model_of_pytorch_is_the_same_network(ending, model, inside):
    name = f"net.{ending}"
    done = inside("convert", model, "-i", "3x32x32", "-o", name)
    assert (0, "") == (done.code, done.out)
    assert f"wrote {name} (12 layers" in done.err
    assert totals(inside, model, "-i", "3x32x32") == totals(inside, name)
    assert 0 == inside("diff", name, model).code


def test_a_converted_network_is_summarised_without_torch_or_numpy(model, inside, tmp_path):
    assert 0 == inside("convert", model, "-i", "3x32x32", "-o", "net.json").code
    loaded = loaded_by("summary", str(tmp_path / "net.json"), "--format", "json")
    assert "convcalc.language.document" in loaded
    assert set() == loaded & {"torch", "numpy", "onnx"}


def test_the_spec_of_a_model_has_a_line_for_each_module(model, inside):
    done = inside("fmt", model)
    assert 0 == done.code
    assert "the model's Python code was run" in done.err
    assert [
        "# input 3x224x224",
        "stem=conv:4,k3,s2",
        "body=2x{begin=0xidentity conv=conv:4,k3,p1,nobias bn=bn add=residual{@begin | } "
        "relu=relu}",
        "adaptive_avg_pool2d=gap flatten=flatten fc=linear:10",
    ] == done.out.splitlines()


def test_a_text_keeps_its_lines_definitions_and_comments():
    text = "# mine\ndefine f(w) { conv:$w,k3 }\n2xf:8\n"
    done = call("convert", "-", "-i", "3x9x9", "-o", "-", "--to", "spec", stdin=text.encode())
    assert "# input 3x9x9\n# mine\ndefine f(w) {conv:$w,k3}\n2xf:8\n" == done.out


def test_a_document_on_standard_output_is_read_from_standard_input(inside):
    text = inside("convert", "resnet18", "-o", "-", "--to", "json").out
    assert totals(inside, "resnet18")[0] == totals_of(text)


def totals_of(text):
    done = call("summary", "-", "--format", "json", "-q", stdin=text.encode())
    return json.loads(done.out)["totals"]


def test_notes_of_how_a_model_was_read_do_not_go_into_its_document(model, inside):
    text = inside("convert", model, "-o", "-", "--to", "json").out
    assert "notes" not in json.loads(text)


def test_an_output_that_is_there_stays(model, inside, tmp_path):
    (tmp_path / "net.json").write_text("mine")
    done = inside("convert", "resnet18", "-o", "net.json")
    assert (4, "mine") == (done.code, (tmp_path / "net.json").read_text())
    assert "it exists; add --force to replace it" in done.err
    assert 0 == inside("convert", "resnet18", "-o", "net.json", "--force").code
    assert json.loads((tmp_path / "net.json").read_text())["input"] == [3, 224, 224]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("what to convert? give layers", ["-o", "net.json"]),
        ("name what to write, as -o net.json; the endings are .spec, .json", ["resnet18"]),
        ("--output: '.txt' is not written; the endings are .spec", ["resnet18", "-o", "n.txt"]),
        ("--output: a form has an ending; the endings are .spec", ["resnet18", "-o", "net"]),
        ("-o - says no form: give --to spec, --to json, --to", ["resnet18", "-o", "-"]),
        ("--to: ", ["resnet18", "-o", "-", "--to", "yaml"]),
        ("--weights goes with an .onnx: the other", ["relu", "-o", "n.spec", "--weights", "w.npz"]),
    ],
)
def test_what_no_file_comes_of_is_said_in_a_line(message, words, inside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = inside("convert", *words)
    assert (2, "", []) == (done.code, done.out, list(tmp_path.iterdir()))
    assert done.err.startswith(f"convcalc: error: {message}")
    assert 1 == done.err.count("\n")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            "'net.json': node 0 ('a'): unknown kind 'conx'",
            '{"convcalc_network": 1, "nodes": [{'
            '"label": "a", "spec": "conx:8", "inputs": [null]}]}',
        ),
        ("'net.json' is nested too deep", '{"convcalc_network": ' + "[" * 10**6),
    ],
)
def test_a_document_with_a_fault_is_refused_in_a_line(message, text, inside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.json").write_text(text)
    for command in ("summary", "fmt"):
        done = inside(command, "net.json")
        assert (3, 1) == (done.code, done.err.count("\n"))
        assert done.err.startswith(f"convcalc: error: {message}")


def test_diff_takes_a_model_on_the_input_of_the_other(model, inside):
    inside("convert", model, "-i", "3x32x32", "-o", "net.json")
    done = inside("diff", model, "net.json")
    assert "the networks are alike: 12 layers, all equal" in done.out


def test_an_onnx_computes_what_run_does_with_the_weights_of_its_seed(inside, tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    network = "conv:8,k3,p1 bn relu residual{conv:8,k3,p1 | } gap flatten linear:3"
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 9)).astype("float32")
    np.save("x.npy", x)
    ran = inside("run", "x.npy", "--network", network, "--random-weights", "7", "-o", "y.npy")
    done = inside("convert", network, "-i", "3x9x9", "-o", "net.onnx", "--seed", "7")
    assert ((0, 0), "") == ((ran.code, done.code), done.out)
    assert done.err.startswith("convcalc: note: wrote net.onnx (8 layers, ")
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"input": x})
    np.testing.assert_allclose(result, np.load("y.npy"), rtol=1e-5, atol=1e-5)


def test_an_onnx_holds_the_weights_of_a_file_and_says_which_are_missing(
    inside, tmp_path, monkeypatch
):
    onnx = pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    np.savez("w.npz", **{"0.weight": np.full((1, 3, 1, 1), 0.5), "0.bias": np.ones(1)})
    options = ("-i", "3x4x4", "--weights", "w.npz", "-o")
    assert 0 == inside("convert", "pw:1", *options, "net.onnx").code
    tensors = onnx.load("net.onnx").graph.initializer
    assert {"0.weight": 1.5, "0.bias": 1.0} == {
        tensor.name: onnx.numpy_helper.to_array(tensor).sum() for tensor in tensors
    }
    done = inside("convert", "pw:1 relu pw:1", *options, "more.onnx")
    assert (3, False) == (done.code, (tmp_path / "more.onnx").exists())
    assert "missing '2.weight' (1x1x1x1)" in done.err
    done = inside("convert", "relu", *options, "net.onnx", "--seed", "1", "--force")
    assert "give either --weights or --seed, not both" in done.err


def test_python_source_of_a_model_is_read_back_as_the_same_network(model, inside):
    assert 0 == inside("convert", model, "-i", "3x32x32", "-o", "again.py").code
    once, again = (totals(inside, name, "-i", "3x32x32") for name in (model, "again.py:Net"))
    assert once[0] == again[0]
    assert [spec for _, spec in once[1]] == [spec for _, spec in again[1]]

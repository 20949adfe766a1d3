"""`-i` once for each input of a model in a file, in the order of the file; more are refused."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "importers"))


def keras_file(path):
    """Two pictures, one of an open size, side by side."""

    def layer(kind, name, reads, **config):
        arrays = [
            {
                "class_name": "__keras_tensor__",
                "config": {"shape": None, "keras_history": [read, 0, 0]},
            }
            for read in reads
        ]
        calls = [{"args": [arrays], "kwargs": {}}] if reads else []
        config = {"name": name, **config}
        return {"class_name": kind, "name": name, "config": config, "inbound_nodes": calls}

    layers = [
        layer("InputLayer", "a", [], batch_shape=[None, None, None, 3]),
        layer("InputLayer", "b", [], batch_shape=[None, None, None, 5]),
        layer("Concatenate", "c", ["a", "b"], axis=-1),
    ]
    ends = {"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["c", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "net", "layers": layers, **ends}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    return path, [("3x6x4", "5x6x4"), ("3x9x9", "5x9x9")], "3x?x?, 5x?x?"


def onnx_file(path):
    pytest.importorskip("onnx")
    from onnx_files import model, node, saved

    made = model(
        node("Concat", "x z", "y", axis=1), x=("n", 3, "h", "w"), more={"z": ("n", 5, "h", "w")}
    )
    saved(path.parent, made, path.name)
    return path, [("3x6x4", "5x6x4"), ("1x3x9x9", "z=1x5x9x9")], "x nx3xhxw, z nx5xhxw"


def tflite_file(path):
    tflite = pytest.importorskip("tflite")
    from tflite_builder import Operator, Tensor, model_of

    code = tflite.BuiltinOperator.CONCATENATION
    joined = Operator(code, (0, 1), (2,), "ConcatenationOptions", {"Axis": 3})
    tensors = [Tensor((1, 6, 4, channels)) for channels in (3, 5, 8)]
    path.write_bytes(model_of(tensors, [joined], (0, 1), (2,)))
    return path, [("3x6x4", "5x6x4")], "3x6x4, 5x6x4"


def pt2_file(path):
    torch = pytest.importorskip("torch")

    class Joined(torch.nn.Module):
        def forward(self, a, b):
            return torch.cat((a, b), 1)

    arrays = torch.zeros(1, 3, 6, 4), torch.zeros(1, 5, 6, 4)
    size = torch.export.Dim("size", min=2, max=64)
    open_sizes = ({2: size}, {2: size})
    torch.export.save(torch.export.export(Joined(), arrays, dynamic_shapes=open_sizes), path)
    return path, [("3x6x4", "5x6x4"), ("3x9x4", "5x9x4")], "1x3x"


FILES = {"keras": keras_file, "onnx": onnx_file, "tflite": tflite_file, "pt2": pt2_file}


@pytest.mark.filterwarnings("ignore")  # torch.export's own
@pytest.mark.parametrize("kind", FILES)
def test_each_input_has_its_shape_in_their_order(inside, tmp_path, kind):
    path, fitting, declared = FILES[kind](tmp_path / f"net.{kind}")
    for first, second in fitting:
        shapes = ("-i", first, "-i", second)
        done = inside("shape", str(path), *shapes, "-q", "--format", "json")
        sizes = [int(size) for size in first.split("x")][-2:]
        rows = json.loads(done.out)["layers"]
        assert [8, *sizes] == [row for row in rows if row["kind"] == "concat"][-1]["output_shape"]
    done = inside("shape", str(path), *("-i", "3x6x4") * 3)
    assert (2, True) == (done.code, f"the model takes 2 inputs: {declared}" in done.err)
    assert "--input is given 3 times" in done.err
    done = inside("shape", str(path), "-i", "3x6x4", "-i", "7x6x4")
    assert (2, True) == (done.code, "7x6x4" in done.err)

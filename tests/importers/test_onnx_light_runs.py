"""The light models with weights put in, run here and by onnxruntime: the same logits.

The files make all weights from one number, so that every output is the same whatever is computed.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from onnx import numpy_helper

from convcalc.cli.commands.run.onnx_network import computed_part
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.importers.onnx_model import imported
from convcalc.importers.onnx_weights import arrays_of
from onnx_files import light


def seeded(name):
    """A light model that ends before its softmax, with drawn arrays where it has constant ones."""
    made = onnx.load(light(name))
    rng = np.random.default_rng(0)
    shapes = {one.name: numpy_helper.to_array(one) for one in made.graph.initializer}
    kept, arrays = [], []
    for node in made.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = tuple(shapes[node.input[0]])
        spread = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else None
        drawn = rng.uniform(0.5, 1.5, shape) if spread is None else rng.normal(0, spread, shape)
        arrays.append(numpy_helper.from_array(drawn.astype(np.float32), node.output[0]))
    assert "Softmax" == kept[-1].op_type
    made.graph.output[0].name = kept.pop().input[0]
    del made.graph.node[:]
    made.graph.node.extend(kept)
    made.graph.initializer.extend(arrays)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squeezenet", "resnet50", "inception_v2", "shufflenet"])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_logits_are_those_of_onnxruntime(name, backend, tmp_path):
    pytest.importorskip("torch" if backend == "torch" else "numpy")
    ort = pytest.importorskip("onnxruntime")
    ort.set_default_logger_severity(4)
    made = seeded(name)
    path = str(tmp_path / "seeded.onnx")
    onnx.save(made, path)
    x = np.random.default_rng(1).normal(size=(1, 3, 224, 224)).astype(np.float32)
    (first,) = {one.name for one in made.graph.input} - {one.name for one in made.graph.initializer}
    (wanted,) = ort.InferenceSession(path).run(None, {first: x})
    found = imported(path)
    result = run_network(
        computed_part(found.network),
        x,
        lambda part, _: arrays_of(path, found, part),
        Settings(spatial_dims=2, backend=backend),
    )
    assert np.std(wanted) > 0.1
    error = np.abs(result.array.reshape(wanted.shape) - wanted).max()
    assert error < 1e-4 * np.abs(wanted).max()

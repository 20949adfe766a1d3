"""ONNX files for tests: models of a few nodes, written with onnx's own helpers."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def node(op, reads, gives, name="", **attributes):
    """A node that reads tensors and gives others, each a text of names with blanks between."""
    inputs = ["" if one == "_" else one for one in reads.split()]
    domain = attributes.pop("domain", None)
    return helper.make_node(op, inputs, gives.split(), name or None, domain=domain, **attributes)


def model(*nodes, x=(1, 3, 8, 8), more=None, weights=None, out="y", opset=17, dtype=None):
    """A model of nodes on an input x, with others in `more` and arrays in `weights`."""
    kind = dtype or TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", kind, x)]
    inputs += [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (more or {}).items()
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in out.split()]
    arrays = [numpy_helper.from_array(np.asarray(w), n) for n, w in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "graph", inputs, outputs, arrays)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("test.own", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def saved(folder, made, name="model.onnx"):
    """The path of a model that is written into a folder."""
    path = folder / name
    path.write_bytes(made.SerializeToString())
    return str(path)


def floats(*shape, seed=0):
    """Numbers around 0, the same for a seed."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def light(name):
    """The path of one of the light models that onnx brings along."""
    from pathlib import Path

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return str(folder / f"light_{name}.onnx")

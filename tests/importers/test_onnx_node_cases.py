"""The cases that the onnx package has for its operations, through the import and the execution.

All inputs but the first become arrays of the file, as weights are.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as cases_of_nodes

from convcalc.cli.commands.run.onnx_network import computed_part
from convcalc.errors import DataError, UsageError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.importers.onnx_model import imported
from convcalc.importers.onnx_weights import arrays_of

QUICK = (
    *("conv", "convtranspose", "globalaveragepool", "globalmaxpool", "gemm", "matmul", "lstm"),
    *("gru", "rnn", "batch_normalization", "lrn", "prelu", "pad", "instance_normalization"),
    *("groupnormalization", "depthtospace", "softmax", "logsoftmax", "resize", "upsample"),
    *("gelu", "celu", "elu", "selu", "hardsigmoid", "hardswish", "leakyrelu", "mish", "shrink"),
    *("softplus", "softsign", "thresholdedrelu", "clip", "concat", "slice", "split", "flatten"),
    *("reshape", "squeeze", "unsqueeze", "add", "sub", "mul", "div", "sum", "dropout"),
    *("log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh"),
    *("atanh", "floor", "ceil", "round", "sign"),
)
"""Modules whose cases are made at once; those of poolings take seconds."""

HAVE_TO_RUN = (
    *("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"),
    *("Gemm", "MatMul", "LSTM", "GRU", "RNN", "BatchNormalization", "LpPool"),
)
"""Operations every case of which is computed, but for those in training."""

IN_TRAINING = {"test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode"}


def collected(modules):
    """The cases of some modules by their names, without those written out as other operations."""
    for module in modules:
        name = f"{cases_of_nodes.__name__}.{module}"
        import_module(name if find_spec(name) else name.replace("_normalization", "norm"))
    return {
        case.name: case for case in cases_of_nodes._NodeTestCases if "_expanded" not in case.name
    }


def answer(case, folder):
    """What is computed for a case, and what should be."""
    made = onnx.ModelProto()
    made.CopyFrom(case.model)
    arrays, wanted = case.data_sets[0]
    names = [one.name for one in made.graph.input]
    for name, array in list(zip(names, arrays, strict=True))[1:]:
        made.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    del made.graph.input[1:]
    path = str(folder / "case.onnx")
    onnx.save(made, path)
    found = imported(path)
    shape = found.network.input_shape
    x = arrays[0] if arrays[0].shape != shape else arrays[0][None]
    result = run_network(
        computed_part(found.network),
        x,
        lambda part, _: arrays_of(path, found, part),
        Settings(spatial_dims=len(shape) - 1, backend="numpy"),
    )
    return result.array.reshape(wanted[0].shape), wanted[0]


def run_all(cases, folder):
    """The names of the cases that are computed, all of them rightly, and of those that are not."""
    computed, refused = set(), set()
    for name, case in cases.items():
        arrays = case.data_sets[0][0]
        if not arrays or not all(isinstance(one, np.ndarray) for one in arrays):
            continue
        if not arrays[0].ndim or arrays[0].dtype.kind not in "fiub" or "cast" in name:
            continue  # elements that no array of ours has
        try:
            found, wanted = answer(case, folder)
        except (UsageError, DataError) as error:
            assert "\n" not in str(error)
            refused.add(name)
            continue
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5, err_msg=name)
        computed.add(name)
    return computed, refused


def of_operations(cases, ops):
    """The names of those cases that are of these operations alone."""
    return {n for n, case in cases.items() if {one.op_type for one in case.model.graph.node} <= ops}


def test_the_cases_of_products_and_norms_are_computed(tmp_path):
    cases = collected(QUICK)
    computed, refused = run_all(cases, tmp_path)
    assert IN_TRAINING == refused & of_operations(cases, set(HAVE_TO_RUN))
    assert len(computed) > 100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the package's own, while it makes its cases
def test_no_case_of_the_package_is_computed_wrongly(tmp_path):
    cases_of_nodes.collect_testcases(None)
    cases = collected(())
    computed, refused = run_all(cases, tmp_path)
    assert IN_TRAINING == refused & of_operations(cases, set(HAVE_TO_RUN))
    assert len(computed) > 340

"""Weights that an ONNX file makes for the shape of its input, as exporters write class tokens."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from convcalc.cli.commands.run.onnx_network import computed_part
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.importers.onnx_model import imported
from convcalc.importers.onnx_weights import arrays_of
from onnx_files import floats, model, node, saved


@pytest.mark.parametrize("samples", [1, 2])
def test_a_parameter_is_made_as_large_as_the_input(tmp_path, samples):
    token, x = floats(1, 1, 4, 4), floats(samples, 3, 4, 4, seed=1)
    made = model(
        node("Shape", "x", "samples", end=1),
        node("Concat", "samples rest", "shape", axis=0),
        node("Expand", "token shape", "tokens"),
        node("Concat", "x tokens", "y", axis=1),
        x=("batch", 3, 4, 4),
        weights={"token": token, "rest": np.ones(3, np.int64)},
    )
    path = saved(tmp_path, made)
    found = imported(path, arrays=[("", x.shape)])
    result = run_network(
        computed_part(found.network),
        x,
        lambda part, _: arrays_of(path, found, part),
        Settings(spatial_dims=2, backend="numpy"),
    )
    wanted = np.concatenate([x, np.repeat(token, samples, axis=0)], axis=1)
    np.testing.assert_array_equal(wanted, result.array)

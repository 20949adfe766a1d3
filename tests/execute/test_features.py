"""Feature vectors, (F) or (N, F), as the input of networks that begin with a linear layer."""

from __future__ import annotations

import numpy as np
import pytest
from running_networks import network

from convcalc.errors import DataError

WEIGHT = {"0.weight": np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])}
NORM = {
    "1.weight": np.array([2.0, 1.0]),
    "1.bias": np.array([0.0, 5.0]),
    "1.running_mean": np.array([1.0, 0.0]),
    "1.running_var": np.array([1.0, 4.0]),
}
ONE, TWO = np.array([1.0, 0.0, 2.0]), np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_vector_and_several_are_features(backend):
    if backend == "torch":
        pytest.importorskip("torch")
    for x, expected in ((ONE, [7.0, -2.0]), (TWO, [[7.0, -2.0], [2.0, 1.0]])):
        result = network("linear:2,nobias", x, WEIGHT, backend=backend)
        assert expected == result.array.tolist()


def test_a_norm_behind_the_layer_is_over_its_features():
    result = network("linear:2,nobias bn:eps0", TWO, WEIGHT | NORM)
    # (7 - 1)*2, (-2 - 0)/2 + 5 and (2 - 1)*2, (1 - 0)/2 + 5
    assert [[12.0, 4.0], [2.0, 5.5]] == result.array.tolist()


@pytest.mark.parametrize(
    ("spec", "shape", "leaving"),
    [
        ("linear:64 unflatten:4x4x4 conv:3,k3", (10,), (3, 2, 2)),
        ("linear:64 unflatten:4x4x4 conv:3,k3", (5, 10), (5, 3, 2, 2)),
        ("relu linear:3", (5, 10), (5, 3)),
        ("flatten linear:3", (10,), (3,)),
        ("flatten linear:3", (5, 10), (3,)),  # a picture of 5x10
        ("linear:3", (2, 5, 10), (2, 5, 3)),
    ],
)
def test_what_leaves_has_the_axes_of_the_features(spec, shape, leaving):
    assert leaving == network(spec, np.ones(shape)).array.shape


def test_a_vector_is_no_sequence():
    with pytest.raises(DataError, match="of 1 axes; a network of 2 spatial axes"):
        network("linear:4 gru:5", np.ones(10))

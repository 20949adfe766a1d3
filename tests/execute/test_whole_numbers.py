"""Every kind on integers: whole and exact, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import BACKENDS
from running_kinds import CASES, run

import convcalc
from convcalc.errors import DataError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import (
    KINDS,
    AdaptiveMaxPool,
    ChannelShuffle,
    Flatten,
    Identity,
    Linear,
    MaxPool,
    Pad,
    ReLU,
    ReLU6,
    Residual,
    Scale,
    Slice,
    Upsample,
)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (MaxPool(3, 2, 1), [[[9, 9]]]),
        (AdaptiveMaxPool((1, 2)), [[[9, 9]]]),
        (ReLU(), [[[0, 0, 3], [0, 9, 0]]]),
        (ReLU6(), [[[0, 0, 3], [0, 6, 0]]]),
        (Flatten(), [-5, -1, 3, -7, 9, -2]),
        (Pad(((0, 0), (1, 0))), [[[0, -5, -1, 3], [0, -7, 9, -2]]]),
        (Upsample((1, 2)), [[[-5, -5, -1, -1, 3, 3], [-7, -7, 9, 9, -2, -2]]]),
        (Identity(), [[[-5, -1, 3], [-7, 9, -2]]]),
        (Slice((0, 1)), [[[-5, -1, 3], [-7, 9, -2]]]),
        (ChannelShuffle(1), [[[-5, -1, 3], [-7, 9, -2]]]),
    ],
)
def test_whole_numbers_stay_whole_and_exact(backend, layer, expected):
    x = np.array([[[[-5, -1, 3], [-7, 9, -2]]]])
    result = run(layer, x, backend=backend)
    assert (np.int64, expected) == (result.dtype, result[0].tolist())


@pytest.mark.parametrize("backend", BACKENDS)
def test_integers_of_a_linear_layer_are_exact(backend):
    x = np.array([[2**40 + 1, 3]])
    weights = {"weight": np.array([[2**20, 1]]), "bias": np.array([7])}
    assert [[2**60 + 2**20 + 10]] == run(Linear(1), x, backend=backend, weights=weights).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("layer", "arrays", "weights"),
    [
        (Residual(), ([[2**62]], [[2**62]]), {}),
        (Scale(), ([[2**40]], [[-(2**40)]]), {}),
        (Linear(1), ([[2**40]],), {"weight": [[2**40]], "bias": [0]}),
    ],
)
def test_integers_that_could_leave_int64_are_refused(backend, layer, arrays, weights):
    weights = {name: np.array(weight) for name, weight in weights.items()}
    with pytest.raises(DataError, match="the integers are too large: "):
        run(layer, *map(np.array, arrays), backend=backend, weights=weights)


def test_a_layer_that_makes_fractions_refuses_integers_before_anything_is_computed():
    network = convcalc.parse("relu avgpool:2 gelu")
    with pytest.raises(DataError, match=r"layer 1 \(avgpool:2\) makes fractions of whole numbers"):
        run_network(network, np.ones((1, 4, 4), np.int64), {}, Settings())


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_kind_that_takes_integers_gives_integers(kind, backend):
    cases = [(layer, shape) for layer, shape, _ in CASES if layer.kind == kind]
    for layer, shape in cases:
        if not layer.needs_floats:
            x = np.arange(np.prod((2, *shape))).reshape(2, *shape) - 20
            weights = {name: np.full(of, 2) for name, of in layer.weight_shapes(shape).items()}
            result = run(layer, x, backend=backend, weights=weights)
            floats = run(layer, x.astype(float), backend=backend, weights=weights)
            assert (np.int64, floats.tolist()) == (result.dtype, result.tolist())

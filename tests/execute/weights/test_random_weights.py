"""Weights of an untrained network: the same for ever, and such that signals keep their size."""

from __future__ import annotations

import numpy as np
import pytest

import convcalc
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.execute.weights.random_weights import initial_weights
from convcalc.zoo.catalog import load_network


def weights(text, seed, shape=(4, 8, 8), dtype="float32"):
    return dict(initial_weights(convcalc.parse(text), shape, seed, dtype))


def test_the_numbers_of_a_seed_never_change():
    drawn = weights("pw:2", 7, (1, 1))["0.weight"]
    # numpy's PCG64 with SeedSequence(7, spawn_key=b"0.weight"): 0.2592259 and 0.02825272, from
    # [0, 1) to within sqrt(3)
    np.testing.assert_allclose(drawn.ravel(), [-0.8340659, -1.6341804], rtol=1e-6)


def test_the_same_seed_gives_the_same_and_another_seed_another():
    one, again, other = (weights("conv:8,k3 relu pw:8", seed) for seed in (7, 7, 8))
    assert list(one) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, array in one.items():
        assert array.tobytes() == again[name].tobytes()
        assert name.endswith("bias") or (array != other[name]).all()


def test_a_weight_does_not_depend_on_the_layers_around_it():
    one = weights("a=pw:8 relu b=pw:8", 3, (8, 4, 4))
    other = weights("relu conv:8,k3,p1 bn a=pw:8 silu b=pw:8,nobias", 3, (8, 9, 9))
    assert one["a.weight"].tolist() == other["a.weight"].tolist()
    assert (one["a.weight"] != one["b.weight"]).all()


@pytest.mark.parametrize("bound_of", [("conv:64,k3", (16, 8, 8), 144), ("pw:64", (64, 4, 4), 64)])
def test_the_numbers_fill_the_range_evenly(bound_of):
    text, shape, fan = bound_of
    drawn = weights(text, 0, shape)["0.weight"]
    bound = (3 / fan) ** 0.5
    assert 0.99 * bound < drawn.max() <= bound
    assert -bound <= drawn.min() < -0.99 * bound
    # The mean of n numbers is off by b / sqrt(3 n), their variance by 0.4 b^2 / sqrt(n).
    assert abs(drawn.mean()) < 4 * bound / (3 * drawn.size) ** 0.5
    assert abs(drawn.astype(float).var() * fan - 1) < 4 * 0.9 / drawn.size**0.5


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_dtype_has_the_same_numbers(dtype):
    drawn, same = weights("pw:4 bn", 5, dtype=dtype), weights("pw:4 bn", 5)
    for name, array in drawn.items():
        assert (dtype, same[name].astype(dtype).tolist()) == (array.dtype, array.tolist())


def test_zeros_are_zeros_but_for_the_variance():
    found = {name: set(array.ravel()) for name, array in weights("conv:2,k3 bn", None).items()}
    assert {"1.running_var"} == {name for name, values in found.items() if values == {1}}
    assert all(values == {0} for name, values in found.items() if name != "1.running_var")


@pytest.mark.parametrize("seed", [0, 2**64, 10**30])
def test_a_seed_may_be_any_whole_number(seed):
    assert len(set(weights("pw:4", seed)["0.weight"].ravel())) == 16


@pytest.mark.parametrize(
    "text",
    [
        "12x{conv:64,k3,p1,circular relu}",
        "12x{conv:64,k3,p1,circular}",
        "12x{sep:64,k3,p1,circular relu}",
    ],
)
def test_signals_keep_their_size_through_twelve_layers(text):
    # The mean square, not the variance: behind relu the mean is not 0. Every layer is off by the
    # luck of its draw; a gain that is wrong by 2 would make it 4096-fold or a 4096th.
    x = np.random.default_rng(0).standard_normal((64, 16, 16)).astype("float32")
    network = convcalc.parse(text)

    def drawn(part, shape):
        return dict(initial_weights(part, shape, 0))

    array = run_network(network, x, drawn, Settings(backend="numpy")).array
    assert 0.2 < (array.astype(float) ** 2).mean() / (x.astype(float) ** 2).mean() < 5


def test_a_network_with_residuals_stays_finite():
    x = np.random.default_rng(0).standard_normal((3, 64, 64)).astype("float32")
    array = run_network(
        load_network("resnet18"),
        x,
        lambda part, shape: dict(initial_weights(part, shape, 0)),
        Settings(backend="numpy"),
    ).array
    assert 0.1 < array.std() < 100

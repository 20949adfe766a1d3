"""`bn` folded into the layers before them: the same numbers as far as roundings allow."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import BACKENDS, drawn

import convcalc
from convcalc.errors import DataError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.execute.weights.batchnorm_folding import fold_norms
from convcalc.network.graph import Network, Node
from tolerances import TOLERANCES

both = pytest.mark.parametrize("backend", BACKENDS)

CASES = [
    ("conv:6,k3,p1 bn", (4, 7, 8)),
    ("conv:6,k3,s2,g2,nobias bn", (4, 7, 8)),
    ("conv:6,k3,p2,reflect bn:noaffine", (4, 7, 8)),
    ("conv:6,k3x2,d2,p1,nobias bn:noaffine,eps0.5", (2, 9, 8)),
    ("conv:5,k4 bn", (3, 20)),
    ("conv:3,k2,p1 bn", (2, 4, 5, 3)),
    ("dw:k3,m2,p1 bn", (3, 7, 8)),
    ("dw:k3,nobias bn", (3, 7, 8)),
    ("pw:5,nobias bn", (3, 7, 8)),
    ("sep:5,k3,p1 bn", (3, 7, 8)),
    ("sep:5,k3,nobias bn", (3, 7, 8)),
    ("sep:5,k3,nodwbias bn", (3, 7, 8)),
    ("sep:5,k3,nobias,nodwbias bn", (3, 7, 8)),
    ("convt:6,k3,s2,p1,op1 bn", (4, 5, 6)),
    ("convt:6,k3,s2,g2,nobias bn", (4, 5, 6)),
    # As many channels in as out: which axis is which cannot be told from the sizes.
    ("convt:4,k3,s2 bn", (4, 5, 6)),
    ("convt:4,k3,s2,g2 bn", (4, 5, 6)),
    ("convt:6,k2,s3,g3 bn", (3, 4, 4)),
    ("flatten linear:7 bn", (3, 4, 4)),
    ("flatten linear:7,nobias bn", (3, 4, 4)),
]


def case(spec, shape, seed=1):
    x = np.random.default_rng(seed).standard_normal((2, *shape)).astype("float32")
    network = convcalc.parse(spec)
    weights = drawn(seed)(network, shape)
    for name in weights:
        if name.endswith("running_mean"):
            weights[name] += 3  # a mean that matters
    return network, x, weights


def result(network, x, weights, **settings):
    return run_network(network, x, weights, Settings(**{"backend": "numpy", **settings})).array


def products(network, x, weights):
    """sum|x||w| of the layer, times |a|, plus everything that is added: in float64."""
    wide = {name: array.astype("float64") for name, array in weights.items()}
    norm = network.nodes[-1]
    own = {k.rpartition(".")[2]: v for k, v in wide.items() if k.startswith(f"{norm.label}.")}
    scale = abs(own.get("weight", 1) / np.sqrt(own["running_var"] + norm.layer.eps))
    rest = abs(own["running_mean"]) * scale + abs(own.get("bias", 0))
    host = Network(network.nodes[:-1])
    magnitudes = {
        name: abs(array) for name, array in wide.items() if not name.startswith(f"{norm.label}.")
    }
    sums = result(host, abs(x).astype("float64"), magnitudes)
    spread = (-1, *(1,) * (sums.ndim - 2))
    return sums * scale.reshape(spread) + rest.reshape(spread)


@both
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(("spec", "shape"), CASES)
def test_a_folded_network_gives_the_same_within_the_tolerance(backend, dtype, spec, shape):
    network, x, weights = case(spec, shape)
    x, weights = x.astype(dtype), {name: a.astype(dtype) for name, a in weights.items()}
    wide = {name: array.astype("float64") for name, array in weights.items()}
    exact = result(network, x.astype("float64"), wide)
    folded = result(network, x, weights, backend=backend, fold_norms=True)
    terms = int(np.prod(shape)) * 2
    # Of `float64` the exact result is a float64 as well, and off by as much.
    bound = (1 + (dtype == "float64")) * TOLERANCES[dtype].bound(
        products(network, x, weights), terms
    )
    assert (dtype, exact.shape) == (folded.dtype, folded.shape)
    assert (abs(folded - exact) <= bound).all()
    # It is another sum than the one with a bn after it, and not a copy of it.
    assert dtype == "float16" or (folded != result(network, x, weights, backend=backend)).any()
    assert np.count_nonzero(abs(exact) > 1e3 * bound) > 0.5 * exact.size or dtype == "float16"


@pytest.mark.parametrize(("spec", "shape"), CASES)
def test_the_bn_is_gone_and_the_layer_has_a_bias(spec, shape):
    network, _, weights = case(spec, shape)
    folded = fold_norms(network, shape, weights, "float32")
    assert "1 bn folded into the convolution before it" == folded.note
    assert "bn" not in {node.layer.kind for node in folded.network.nodes}
    needed = folded.network.tensor_shapes(shape)
    assert needed.items() <= {name: a.shape for name, a in folded.weights.items()}.items()
    assert all(folded.weights[name].dtype == "float32" for name in needed)


def test_by_hand():
    # y = 2x + 1; bn: (y - 4) / sqrt(0 + 4) * 3 + 10 = 1.5 y + 4: 3x + 5.5
    network = convcalc.parse("pw:1 bn:eps4")
    weights = {
        "0.weight": np.full((1, 1, 1), 2.0),
        "0.bias": np.ones(1),
        "1.weight": np.full(1, 3.0),
        "1.bias": np.full(1, 10.0),
        "1.running_mean": np.full(1, 4.0),
        "1.running_var": np.zeros(1),
    }
    folded = fold_norms(network, (1, 1), weights, "float64")
    assert [[[3.0]]] == folded.weights["0.weight"].tolist()
    assert [5.5] == folded.weights["0.bias"].tolist()
    assert 2.0 == weights["0.weight"].item()


@both
def test_a_network_of_many_blocks_stays_the_same(backend):
    text = "conv:8,k3,nobias bn relu 3x{residual{conv:8,k3,p1 bn relu dw:k3,p1 bn} bn relu} pw:2"
    network, x, weights = case(text, (3, 12, 12))
    chosen = Settings(backend=backend, fold_norms=True)
    folded = run_network(network, x, weights, chosen)
    plain = result(network, x, weights, backend=backend)
    # 1 + 3 * 2 follow a convolution, 3 a sum.
    assert "7 bn folded into the convolutions before them; 3 stay as they are" in folded.notes
    assert 3 == sum(row.kind == "bn" for row in folded.report.layers)
    np.testing.assert_allclose(folded.array, plain, rtol=1e-4, atol=1e-5 * abs(plain).max())


def test_where_nothing_can_be_folded_that_is_said():
    network, x, weights = case("bn relu", (3, 4, 4))
    done = run_network(network, x, weights, Settings(backend="numpy", fold_norms=True))
    assert "no bn follows a convolution that it could be folded into" in done.notes
    assert result(network, x, weights).tolist() == done.array.tolist()


def test_integers_are_refused_as_without_folding():
    network = convcalc.parse("pw:2,nobias bn")
    weights = {name: np.ones(s, int) for name, s in network.tensor_shapes((2, 3, 3)).items()}
    with pytest.raises(DataError, match=r"layer 1 \(bn\) makes fractions of whole numbers"):
        result(network, np.ones((2, 3, 3), int), weights, fold_norms=True)


def test_a_missing_weight_of_a_bn_is_named_all_the_same():
    network, x, weights = case("pw:2 bn", (2, 3, 3))
    del weights["1.running_var"]
    with pytest.raises(DataError, match=r"missing '1\.running_var' \(2\)"):
        result(network, x, weights, fold_norms=True)


def test_labels_of_any_form_keep_their_weights():
    nodes = (
        Node(convcalc.parse("pw:2").nodes[0].layer, (-1,), "a.0"),
        Node(convcalc.parse("bn").nodes[0].layer, (0,), "a.0.norm"),
    )
    network, x = Network(nodes), np.ones((1, 2, 3, 3), "float32")
    weights = drawn(0)(network, (2, 3, 3))
    folded, plain = (result(network, x, weights, fold_norms=fold) for fold in (True, False))
    np.testing.assert_allclose(folded, plain, rtol=1e-5)

"""Layers for sequences on both backends, beside PyTorch's modules and plain loops."""

from __future__ import annotations

from math import exp, tanh

import numpy as np
import pytest
from convolving import BACKENDS
from running_kinds import run

import convcalc
from convcalc.errors import DataError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import GRU, LSTM, RNN, Bilinear, Embedding, MultiheadAttention

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")

RECURRENT = [
    (LSTM(5), "LSTM(4, 5, batch_first=True)"),
    (LSTM(5, bias=False), "LSTM(4, 5, bias=False, batch_first=True)"),
    (LSTM(5, num_layers=3, bidirectional=True), "LSTM(4, 5, 3, True, True, 0, True)"),
    (LSTM(5, 2, proj_size=2, bidirectional=True), "LSTM(4, 5, 2, True, True, 0, True, 2)"),
    (LSTM(5, 2, proj_size=2, bias=False), "LSTM(4, 5, 2, False, True, 0, False, 2)"),
    (GRU(5), "GRU(4, 5, batch_first=True)"),
    (GRU(5, 2, bias=False, bidirectional=True), "GRU(4, 5, 2, False, True, 0, True)"),
    (RNN(5, 2), "RNN(4, 5, 2, batch_first=True)"),
    (RNN(5, 2, True, True, "relu"), "RNN(4, 5, 2, 'relu', batch_first=True, bidirectional=True)"),
]
NAMES = [text for _, text in RECURRENT]


def module_of(text, dtype="float64"):
    """PyTorch's module, and its weights as arrays."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = eval(f"torch.nn.{text}", {"torch": torch}).eval().to(getattr(torch, dtype))
    return module, {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def sequence(shape=(3, 7, 4), dtype="float64", seed=0):
    return (2 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("layer", "text"), RECURRENT, ids=NAMES)
@pytest.mark.parametrize("shape", [(3, 7, 4), (1, 1, 4)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
def test_a_recurrent_layer_gives_what_torchs_gives(backend, layer, text, shape, dtype, tolerance):
    torch = pytest.importorskip("torch")
    module, weights = module_of(text, dtype)
    x = sequence(shape, dtype)
    expected = module(torch.from_numpy(x))[0].detach().numpy()
    result = run(layer, x, backend=backend, weights=weights)
    assert (x.dtype, expected.shape) == (result.dtype, result.shape)
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("layer", "text"), RECURRENT, ids=NAMES)
def test_weights_have_torchs_names_shapes_and_order(layer, text):
    _, weights = module_of(text)
    expected = [(name, array.shape) for name, array in weights.items()]
    assert expected == list(layer.weight_shapes((7, 4)).items())


def sigmoid(x):
    return 1 / (1 + exp(-x))


def naive_lstm(x, w):
    """One sample, one direction, number by number."""
    size = len(w["weight_hh_l0"][0])
    h, c, results = [0.0] * size, [0.0] * size, []

    def total(row, step):
        own = sum(a * b for a, b in zip(w["weight_ih_l0"][row], step, strict=True))
        return own + sum(a * b for a, b in zip(w["weight_hh_l0"][row], h, strict=True))

    for step in x:
        sums = [total(row, step) for row in range(4 * size)]
        i, f, g, o = (sums[gate * size : (gate + 1) * size] for gate in range(4))
        c = [sigmoid(f[n]) * c[n] + sigmoid(i[n]) * tanh(g[n]) for n in range(size)]
        h = [sigmoid(o[n]) * tanh(c[n]) for n in range(size)]
        results.append(h)
    return results


def naive_gru(x, w):
    size = len(w["weight_hh_l0"][0])
    h, results = [0.0] * size, []
    for step in x:
        own = [sum(a * b for a, b in zip(r, step, strict=True)) for r in w["weight_ih_l0"]]
        kept = [sum(a * b for a, b in zip(r, h, strict=True)) for r in w["weight_hh_l0"]]
        r, z = ([sigmoid(own[g + n] + kept[g + n]) for n in range(size)] for g in (0, size))
        n = [tanh(own[2 * size + k] + r[k] * kept[2 * size + k]) for k in range(size)]
        h = [(1 - z[k]) * n[k] + z[k] * h[k] for k in range(size)]
        results.append(h)
    return results


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("kind", "naive", "rows"), [(LSTM, naive_lstm, 8), (GRU, naive_gru, 6)])
def test_a_recurrent_layer_gives_what_plain_loops_give(backend, kind, naive, rows):
    weights = {"weight_ih_l0": sequence((rows, 3)), "weight_hh_l0": sequence((rows, 2), seed=1)}
    x = sequence((1, 5, 3), seed=2)
    result = run(kind(2, bias=False), x, backend=backend, weights=weights)
    np.testing.assert_allclose(result[0], naive(x[0].tolist(), weights), rtol=0, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("layer", "text"), RECURRENT[::2], ids=NAMES[::2])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_spreads_as_in_torch(backend, layer, text, value):
    torch = pytest.importorskip("torch")
    module, weights = module_of(text)
    x = sequence()
    x[1, 3, 2] = value
    expected = module(torch.from_numpy(x))[0].detach().numpy()
    result = run(layer, x, backend=backend, weights=weights)
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_rnn_with_relu_is_exact_on_integers(backend):
    weights = {
        "weight_ih_l0": np.array([[1, 2], [-1, 0]]),
        "weight_hh_l0": np.array([[1, 0], [0, 3]]),
    }
    x = np.array([[[1, 1], [2, -1], [-9, 1]]])
    # 1 + 2 and -1; 0 + 3 and -2 + 0; -7 + 3 and 9 + 0
    result = run(RNN(2, bias=False, nonlinearity="relu"), x, backend=backend, weights=weights)
    assert [[[3, 0], [3, 0], [0, 9]]] == result.tolist()
    assert np.int64 == result.dtype
    large = {**weights, "weight_hh_l0": np.full((2, 2), 2**62)}
    with pytest.raises(DataError, match="int64"):
        run(RNN(2, bias=False, nonlinearity="relu"), x, backend=backend, weights=large)


@pytest.mark.parametrize("kind", ["lstm:2", "gru:2", "rnn:2"])
def test_gates_refuse_integers(kind):
    network = convcalc.parse(kind)
    weights = {name: np.ones(size, int) for name, size in network.tensor_shapes((3, 2)).items()}
    with pytest.raises(DataError, match="makes fractions of whole numbers"):
        run_network(network, np.ones((1, 3, 2), int), weights, Settings("numpy", spatial_dims=1))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_of_nothing_gives_nothing(backend):
    layer = LSTM(5, bidirectional=True)
    weights = {name: np.ones(size) for name, size in layer.weight_shapes((7, 4)).items()}
    result = run(layer, np.ones((0, 7, 4)), backend=backend, weights=weights)
    assert (0, 7, 10) == result.shape


def test_a_network_with_a_recurrent_layer_runs_from_a_seed():
    network = convcalc.parse("lstm:5,layers2,bidirectional linear:3")
    from convcalc.execute.weights.random_weights import initial_weights

    weights = dict(initial_weights(network, (7, 4), 1))
    assert 0 == abs(weights["0.bias_hh_l1_reverse"]).max()
    assert 0.5 < abs(weights["0.weight_hh_l1_reverse"]).max() <= (3 / 5) ** 0.5
    result = run_network(network, sequence(dtype="float32"), weights, Settings(spatial_dims=1))
    assert (3, 7, 3) == result.array.shape
    assert 0.01 < result.array.std() < 1


TABLE = np.array([[0.5, -1.0], [np.nan, np.inf], [3.0, 4.0]])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_embedding_looks_up_rows(backend, dtype):
    indices = np.array([[2, 0, 0], [1, 2, 1]])
    result = run(Embedding(3, 2), indices.astype(dtype), backend=backend, weights={"weight": TABLE})
    assert dtype == result.dtype
    np.testing.assert_array_equal(result, TABLE.astype(dtype)[indices])


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_embedding_of_whole_numbers_is_exact(backend):
    table = np.array([[2**62 + 1, -3], [5, -(2**63)]])
    result = run(Embedding(2, 2), np.array([[1, 0]]), backend=backend, weights={"weight": table})
    assert [[[5, -(2**63)], [2**62 + 1, -3]]] == result.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (-1, "-1"), (0.5, "0.5"), (np.nan, "nan"), (np.inf, "inf"), (1e300, "1e")],
)
def test_an_index_that_is_no_row_is_named(backend, value, shown):
    x = np.array([[0.0, 2.0], [value, value]])
    with pytest.raises(DataError) as caught:
        run(Embedding(3, 2), x, backend=backend, weights={"weight": TABLE})
    start, end = "an index is ", ", at (1, 0) of (sample, step); a table of 3 rows takes "
    assert str(caught.value).startswith(start + shown)
    assert str(caught.value).endswith(f"{end}whole numbers from 0 to 2")


def test_indices_of_samples_and_of_one_sample_are_read_as_they_are():
    network = convcalc.parse("embedding:3,d2 gru:4")
    weights = {name: np.ones(size, "float32") for name, size in network.tensor_shapes((5,)).items()}
    for shape, leaving in (((5,), (5, 4)), ((2, 5), (2, 5, 4))):
        result = run_network(network, np.zeros(shape, int), weights, Settings("numpy"))
        assert leaving == result.array.shape
    with pytest.raises(DataError, match=r"a network of 0 spatial axes reads \(C\), \(N, C\)"):
        run_network(network, np.zeros((2, 5, 3), int), weights, Settings("numpy"))


@pytest.mark.parametrize("spec", ["lstm:2", "relu rnn:2"])
def test_a_sequence_is_read_without_being_told(spec):
    network = convcalc.parse(spec)
    weights = {name: np.ones(size) for name, size in network.tensor_shapes((7, 4)).items()}
    for shape, leaving in (((7, 4), (7, 2)), ((3, 7, 4), (3, 7, 2))):
        assert leaving == run_network(network, np.ones(shape), weights, Settings()).array.shape


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("leading", [(3,), (3, 2), (3, 2, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_bilinear_gives_what_torchs_gives(backend, leading, bias):
    torch = pytest.importorskip("torch")
    module, weights = module_of(f"Bilinear(4, 6, 5, bias={bias})")
    one, other = sequence((*leading, 4)), sequence((*leading, 6), seed=1)
    other[-1, ..., 2] = np.nan
    expected = module(torch.from_numpy(one), torch.from_numpy(other)).detach().numpy()
    result = run(Bilinear(5, bias=bias), one, other, backend=backend, weights=weights)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-13)
    shapes = {name: array.shape for name, array in weights.items()}
    assert shapes == Bilinear(5, bias=bias).weight_shapes((*leading[1:], 4), (*leading[1:], 6))


@pytest.mark.parametrize("backend", BACKENDS)
def test_bilinear_is_exact_on_integers(backend):
    one, other = np.array([[2**28 + 1, -2]]), np.array([[2**28, 3, 5]])
    weight = np.array([[[1, 0, -1], [4, 0, 0]], [[0, 1, 0], [0, 0, 7]]])
    bias = np.array([1, -1])
    # (2^28 + 1)*(2^28 - 5) - 2*4*2^28 + 1; 3*(2^28 + 1) - 2*7*5 - 1
    expected = [[(2**28 + 1) * (2**28 - 5) - 2**31 + 1, 3 * (2**28 + 1) - 71]]
    weights = {"weight": weight, "bias": bias}
    result = run(Bilinear(2), one, other, backend=backend, weights=weights)
    assert (np.int64, expected) == (result.dtype, result.tolist())
    with pytest.raises(DataError, match="int64"):
        run(Bilinear(2), one * 2**30, other, backend=backend, weights=weights)


ATTENTION = [
    (MultiheadAttention(6), "MultiheadAttention(6, 1, batch_first=True)"),
    (MultiheadAttention(6, 3), "MultiheadAttention(6, 3, batch_first=True)"),
    (
        MultiheadAttention(6, 2, bias=False),
        "MultiheadAttention(6, 2, bias=False, batch_first=True)",
    ),
]


def attended(text, x, dtype="float64"):
    """The result of PyTorch's module, whose biases are no zeros, and its weights."""
    torch = pytest.importorskip("torch")
    module, _ = module_of(text, dtype)
    for name, parameter in module.named_parameters():
        if "bias" in name:
            torch.nn.init.normal_(parameter)
    x = torch.from_numpy(x)
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    return module(x, x, x)[0].detach().numpy(), weights


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("layer", "text"), ATTENTION)
@pytest.mark.parametrize("shape", [(3, 7, 6), (1, 1, 6)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 4e-5)])
def test_an_attention_gives_what_torchs_gives(backend, layer, text, shape, dtype, tolerance):
    x = sequence(shape, dtype)
    expected, weights = attended(text, x, dtype)
    result = run(layer, x, backend=backend, weights=weights)
    assert (x.dtype, expected.shape) == (result.dtype, result.shape)
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance)
    shapes = {name: array.shape for name, array in weights.items()}
    assert list(shapes.items()) == list(layer.weight_shapes(shape[1:]).items())


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_attention_gives_what_plain_loops_give(backend):
    x, size, heads, one = sequence((1, 5, 4)), 4, 2, 2
    names = {"in_proj_weight": (12, 4), "in_proj_bias": (12,), "out_proj.weight": (4, 4)}
    weights = {name: sequence(of, seed=len(name)) for name, of in names.items()}
    weights["out_proj.bias"] = sequence((4,), seed=3)
    made = x[0] @ weights["in_proj_weight"].T + weights["in_proj_bias"]
    joined = np.zeros((5, 4))
    for step in range(5):
        for head in range(heads):
            own = slice(head * one, head * one + one)
            keys, values = made[:, size : 2 * size][:, own], made[:, 2 * size :][:, own]
            query = made[step, :size][own]
            scores = [sum(query * keys[other]) / one**0.5 for other in range(5)]
            powers = [exp(score - max(scores)) for score in scores]
            for other in range(5):
                joined[step, own] += powers[other] / sum(powers) * values[other]
    expected = joined @ weights["out_proj.weight"].T + weights["out_proj.bias"]
    result = run(MultiheadAttention(4, 2), x, backend=backend, weights=weights)
    np.testing.assert_allclose(result[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e150])
def test_what_is_not_finite_spreads_through_an_attention_as_in_torch(backend, value):
    layer, text = ATTENTION[1]
    x = sequence((2, 4, 6))
    x[1, 2, 3] = value
    expected, weights = attended(text, x)
    with np.errstate(all="ignore"):  # as a network is run
        result = run(layer, x, backend=backend, weights=weights)
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_scores_of_any_size_do_not_overflow(backend):
    weights = {"in_proj_weight": np.ones((3, 1)), "out_proj.weight": np.ones((1, 1))}
    x = np.array([[[1e4], [-1e4], [2e4]]])
    # The largest product of each step with all others: 2e4, and -1e4 for the negative one
    result = run(MultiheadAttention(1, bias=False), x, backend=backend, weights=weights)
    assert [[[2e4], [-1e4], [2e4]]] == result.tolist()

"""Operations on whole tensors on both backends, beside torch's functions and plain loops."""

from __future__ import annotations

from math import exp, prod

import numpy as np
import pytest
from convolving import BACKENDS
from running_kinds import run

from convcalc.errors import UsageError
from convcalc.layers import (
    GLU,
    Attention,
    Concat,
    Elementwise,
    LayerNorm,
    LogSoftmax,
    MatMul,
    Parameter,
    Permute,
    Reduce,
    Softmax,
    Softmin,
    View,
)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def computed(layer, arrays, backend, weights=None):
    """The result of a layer for arrays (N, *sample)."""
    result = run(layer, *arrays, backend=backend, weights=weights)
    assert result.shape == (len(arrays[0]), *layer.out_shape(*(a.shape[1:] for a in arrays)))
    return result


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((3, 4), (4, 5)),
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((4,), (4, 5)),
        ((3, 4), (4,)),
        ((4,), (4,)),
        ((4,), (2, 4, 5)),
    ],
)
def test_a_product_is_numpys_of_each_sample(backend, one, other):
    a, b = numbers((2, *one)), numbers((2, *other), 1)
    expected = np.stack([np.matmul(x, y) for x, y in zip(a, b, strict=True)])
    result = computed(MatMul(), (a, b), backend)
    np.testing.assert_allclose(result, expected.reshape(result.shape), rtol=1e-12, atol=1e-12)


def looped(query, key, value, scale, mask, *, causal):
    """Attention of one sample (heads, steps, features) in plain loops."""
    heads, steps, _ = query.shape
    out = np.zeros((heads, steps, value.shape[-1]))
    for head in range(heads):
        own = head * len(key) // heads
        for step in range(steps):
            seen = [s for s in range(len(key[own])) if not causal or s <= step]
            scores = [scale * sum(query[head, step] * key[own, s]) for s in seen]
            if mask is not None:
                scores = [score + mask[step, s] for score, s in zip(scores, seen, strict=True)]
            powers = [exp(score - max(scores)) for score in scores]
            for power, s in zip(powers, seen, strict=True):
                out[head, step] += power / sum(powers) * value[own, s]
    return out


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention_is_what_loops_and_torch_give(backend, heads, causal, masked, scale):
    query, key, value = (
        numbers((2, 4, 3, 6)),
        numbers((2, heads, 5, 6), 1),
        numbers((2, heads, 5, 7)),
    )
    mask = [numbers((2, 3, 5), 2)] if masked else []
    result = computed(Attention(scale, causal), (query, key, value, *mask), backend)
    for sample in range(2):
        own = mask[0][sample] if masked else None
        one = looped(
            query[sample], key[sample], value[sample], scale or 6**-0.5, own, causal=causal
        )
        np.testing.assert_allclose(result[sample], one, rtol=0, atol=1e-12)
    if masked and causal:
        return  # torch has no such call
    torch = pytest.importorskip("torch")
    tensors = [torch.from_numpy(array) for array in (query, key, value)]
    own = torch.from_numpy(mask[0])[:, None] if masked else None
    attend = torch.nn.functional.scaled_dot_product_attention
    expected = attend(*tensors, own, 0.0, causal, scale=scale, enable_gqa=True)
    np.testing.assert_allclose(result, expected.numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_attention_without_heads_or_with_more_axes_in_front(backend):
    query, key, value = numbers((2, 3, 6)), numbers((2, 5, 6), 1), numbers((2, 5, 7), 2)
    plain = computed(Attention(), (query, key, value), backend)
    more = [array[:, None, None] for array in (query, key, value)]
    np.testing.assert_allclose(computed(Attention(), more, backend)[:, 0, 0], plain, atol=1e-14)


BINARY = ["add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum"]
UNARY = [
    *("neg", "square", "reciprocal", "sqrt", "rsqrt", "exp", "expm1", "log1p", "tanh", "erf"),
    *("erfc", "abs", "sigmoid"),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    ("one", "other"), [((3, 4), (3, 4)), ((3, 4), (2, 1, 4)), ((2, 3, 1), (4,))]
)
def test_an_operation_on_two_inputs_is_torchs(backend, name, one, other):
    torch = pytest.importorskip("torch")
    a, b = abs(numbers((2, *one))) + 0.5, numbers((2, *other), 1)
    function = getattr(torch, name)
    pairs = zip(torch.from_numpy(a), torch.from_numpy(b), strict=True)
    expected = np.stack([function(x, y).numpy() for x, y in pairs])
    result = computed(Elementwise(name), (a, b), backend)
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", UNARY)
def test_an_operation_on_one_input_is_torchs(backend, name):
    torch = pytest.importorskip("torch")
    x = abs(numbers((2, 3, 4))) + 0.5
    expected = getattr(torch, name)(torch.from_numpy(x)).numpy()
    result = computed(Elementwise(name), (x,), backend)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", 3.5), ("sub", 0.5), ("rsub", -0.5), ("mul", 3.0), ("div", 2 / 1.5), ("rdiv", 0.75),
        ("pow", 2**1.5), ("clamp_min", 2.0), ("clamp_max", 1.5), ("maximum", 2.0),
    ],
)  # fmt: skip
def test_a_second_operand_may_be_a_number(backend, name, expected):
    result = computed(Elementwise(name, 1.5), (np.full((1, 1), 2.0),), backend)
    assert result.item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("layer", [Elementwise("sub"), Elementwise("where"), Elementwise("lgamma")])
def test_what_lacks_an_operand_or_a_rule_is_not_run(layer):
    with pytest.raises(UsageError, match="cannot be run"):
        computed(layer, (np.ones((1, 2)),), "numpy")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "own"), [("sum", "sum"), ("mean", "mean"), ("max", "amax"), ("min", "amin")]
)
@pytest.mark.parametrize("axes", [(0,), (-1,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_a_reduction_is_numpys(backend, name, own, axes, keepdim):
    x = numbers((2, 3, 4, 5))
    places = tuple(axis + 1 if axis >= 0 else axis for axis in axes)
    expected = getattr(np, own)(x, axis=places, keepdims=keepdim)
    result = computed(Reduce(name, axes, keepdim), (x,), backend)
    np.testing.assert_allclose(result, expected.reshape(result.shape), rtol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_norm_is_the_root_of_the_sum_of_squares(backend):
    assert [[5.0]] == computed(Reduce("norm", 0), (np.array([[3.0, 4.0]]),), backend).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_axes_are_put_in_numpys_order(backend):
    x = numbers((2, 3, 4, 5))
    result = computed(Permute((1, 2, 0)), (x,), backend)
    np.testing.assert_array_equal(result, x.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_learned_array_is_the_same_for_each_sample(backend):
    weight = numbers((3, 4))
    result = computed(Parameter((3, 4)), (numbers((2, 7)),), backend, {"weight": weight})
    np.testing.assert_array_equal(result, np.stack([weight, weight]))


def test_a_view_is_not_run():
    with pytest.raises(UsageError, match="where its elements go is not known"):
        View("roll", (2,)).run(None, (np.ones((1, 2)),), {})


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dim", [1, 2, 3, -1, -2])
@pytest.mark.parametrize(
    ("kind", "function"),
    [(Softmax, "softmax"), (Softmin, "softmin"), (LogSoftmax, "log_softmax"), (GLU, "glu")],
)
def test_an_activation_along_any_axis_is_torchs(backend, dim, kind, function):
    torch = pytest.importorskip("torch")
    x = numbers((2, 4, 6, 8))
    expected = getattr(torch.nn.functional, function)(torch.from_numpy(x), dim=dim).numpy()
    result = computed(kind(dim=dim), (x,), backend)
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dim", [1, 2, -1])
def test_a_normalisation_along_any_axis_is_torchs(backend, dim):
    torch = pytest.importorskip("torch")
    x, place = numbers((2, 4, 5, 6)), dim % 4
    weight, bias = numbers((x.shape[place],), 1), numbers((x.shape[place],), 2)
    given = [torch.from_numpy(array) for array in (np.moveaxis(x, place, -1), weight, bias)]
    expected = torch.nn.functional.layer_norm(given[0], (x.shape[place],), *given[1:], 1e-5)
    layer = LayerNorm(dim=dim)
    result = computed(layer, (x,), backend, {"weight": weight, "bias": bias})
    np.testing.assert_allclose(result, np.moveaxis(expected.numpy(), -1, place), atol=1e-12)
    assert {"weight": (x.shape[place],), "bias": (x.shape[place],)} == layer.weight_shapes(
        (4, 5, 6)
    )
    assert prod(x.shape[1:]) // x.shape[place] == layer.sets((4, 5, 6))


@pytest.mark.parametrize("backend", BACKENDS)
def test_branches_are_put_together_along_any_axis(backend):
    one, other = numbers((2, 3, 4)), numbers((2, 3, 5), 1)
    result = computed(Concat(2), (one, other), backend)
    np.testing.assert_array_equal(result, np.concatenate((one, other), 2))

"""Whole networks on arrays: shapes, axes, and inputs and memory that are refused."""

import numpy as np
import pytest
from convolving import both, conv
from running_networks import network, normal

from convcalc.errors import DataError, ResourceError
from convcalc.execute import in_memory
from convcalc.layers import KINDS
from convcalc.layers.convolution import Convolution
from convcalc.layers.stages import Staged

NETWORKS = [
    # kind, spec, input, output
    ("conv", "conv:6,k3,s2,p1,g2", (4, 9, 8), (6, 5, 4)),  # (9 + 2 - 3)//2 + 1, (8 + 2 - 3)//2 + 1
    ("conv", "conv:5,k3,same-upper,s2,nobias", (2, 3, 9, 8), (2, 5, 5, 4)),
    ("conv", "conv:4,k3,p2,reflect conv:2,k2,d2", (3, 6, 6), (2, 6, 6)),
    ("convt", "convt:6,k3,s2,p1,op1", (4, 5, 6), (6, 10, 12)),
    ("convt", "convt:6,k3x2,s2x3,g2,nobias", (2, 4, 3, 2), (2, 6, 7, 5)),
    ("convt", "convt:3,k4,s2,p1 convt:1,k3,same", (2, 4, 4), (1, 8, 8)),
    ("dw", "dw:k3,p1,m2", (3, 7, 7), (6, 7, 7)),
    ("dw", "dw:k3 pw:4", (3, 7, 7), (4, 5, 5)),
    ("pw", "pw:8,s2,g2", (4, 5, 6), (8, 3, 3)),
    ("sep", "sep:5,k3,p1,m2", (3, 4, 4), (5, 4, 4)),
    ("sep", "sep:5,k3,nodwbias", (3, 7, 7), (5, 5, 5)),
    ("sep", "sep:5,k3 sep:7,k2,s2,nobias", (2, 3, 8, 8), (2, 7, 3, 3)),
]


def test_every_convolution_is_run_here():
    kinds = {name for name, kind in KINDS.items() if issubclass(kind, Convolution | Staged)}
    assert kinds == {kind for kind, *_ in NETWORKS}


@both
@pytest.mark.parametrize(("kind", "spec", "x", "expected"), NETWORKS)
def test_a_network_gives_the_shape_that_was_calculated(backend, kind, spec, x, expected):
    result = network(spec, normal(*x), backend=backend)
    sample = expected[-len(result.report.layers[-1].output_shape) :]
    assert (expected, sample) == (result.array.shape, result.report.layers[-1].output_shape)
    assert kind in {row.kind for row in result.report.layers}
    assert ("float32", backend, 0) == (result.array.dtype, result.backend, result.overflowed)
    assert np.count_nonzero(result.array) > 0.7 * result.array.size


@pytest.mark.parametrize(("kind", "spec", "x", "expected"), NETWORKS)
def test_both_backends_give_the_same_network(kind, spec, x, expected):
    pytest.importorskip("torch")
    one, other = (network(spec, normal(*x), backend=b).array for b in ("numpy", "torch"))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize(
    ("spec", "weight", "x", "expected"),
    [
        ("conv:1,k2,p1", (1, 1, 2), (1, 3), (1, 4)),
        ("dw:k2", (5, 1, 2, 2, 2), (2, 5, 3, 3, 3), (2, 5, 2, 2, 2)),
        ("pw:4", (4, 2, 1), (2, 9), (4, 9)),
    ],
)
def test_the_weights_tell_the_number_of_spatial_axes(backend, spec, weight, x, expected):
    weights = {"0.weight": np.ones(weight), "0.bias": np.ones(weight[0])}
    assert expected == network(spec, np.ones(x), weights, backend=backend).array.shape


def test_random_weights_are_for_images_unless_the_rank_is_told():
    assert (4, 5, 7) == network("conv:4,k3", normal(1, 7, 9)).array.shape
    assert (1, 4, 7) == network("conv:4,k3", normal(1, 7, 9), spatial_dims=1).array.shape


def test_an_image_without_channels_gets_them_and_loses_them():
    result = network("conv:1,k3", normal(7, 9))
    assert ((5, 7), ("the input 7x9 is read as (H, W)",)) == (result.array.shape, result.notes)
    assert (4, 5, 7) == network("conv:4,k3", normal(7, 9)).array.shape


def test_a_network_takes_channels_last():
    x = normal(2, 3, 7, 9)
    expected = np.moveaxis(network("dw:k3 pw:4", x).array, 1, -1)
    array = network("dw:k3 pw:4", np.moveaxis(x, 1, -1), channels_last=True).array
    assert expected.tolist() == array.tolist()


def test_two_layers_are_one_after_the_other():
    x = np.array([[[1, 2, 3, 4]]])
    weights = {"0.weight": np.array([[[1, 10]]]), "1.weight": np.array([[[1]], [[-2]]])}
    array = network("conv:1,k2,nobias pw:2,nobias", x, weights).array
    assert [[[21, 32, 43], [-42, -64, -86]]] == array.tolist()  # 1 + 10*2, ...; times 1 and -2


def test_integers_are_checked_in_every_layer():
    x, big = np.full((1, 1, 1), 2**31), np.full((1, 1, 1), 2**16)
    weights = {"0.weight": big, "1.weight": big}
    with pytest.raises(
        DataError, match="may reach 9,223,372,036,854,775,808"
    ):  # 2^31 * 2^16 * 2^16 = 2^63
        network("pw:1,nobias pw:1,nobias", x, weights)
    assert [[[2**62]]] == network("pw:1,nobias pw:1,nobias", x // 2, weights).array.tolist()


# --- inputs that cannot be convolved


@pytest.mark.parametrize(
    ("x", "w", "b", "expected"),
    [
        ((0,), (3,), None, "the input is empty (0): there is nothing to convolve"),
        ((3, 0, 4), (3,), None, "the input is empty (3x0x4): there is nothing to convolve"),
        ((3,), (0,), None, "the kernel is empty (0): there is nothing to convolve"),
        ((3,), (3,), (0,), "the bias is empty (0): there is nothing to convolve"),
        ((), (3,), None, "the input is a single number; a convolution needs at least one axis"),
        ((3,), (), None, "the kernel is a single number; a convolution needs at least one axis"),
    ],
)
def test_empty_and_single_numbers_are_refused(x, w, b, expected):
    with pytest.raises(DataError) as caught:
        conv(np.ones(x), np.ones(w), None if b is None else np.ones(b))
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ((0, 5, 5), "the input is empty (0x5x5): there is nothing to convolve"),
        ((), "the input is a single number; a convolution needs at least one axis"),
        (
            (5,),
            "the input is 5, of 1 axes; a network of 2 spatial axes reads "
            "(H, W), (C, H, W), (N, C, H, W)",
        ),
        (
            (1, 1, 1, 5, 5),
            "the input is 1x1x1x5x5, of 5 axes; a network of 2 spatial axes reads "
            "(H, W), (C, H, W), (N, C, H, W)",
        ),
    ],
)
def test_an_input_that_no_network_reads_is_refused(x, expected):
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones(x))
    assert expected == str(caught.value)


@pytest.mark.parametrize("dtype", ["bool", "complex128"])
def test_an_input_of_no_real_numbers_is_refused(dtype):
    with pytest.raises(DataError, match=rf"^the input is of dtype {dtype}; "):
        network("conv:4,k3", np.ones((3, 5, 5), dtype))


def test_a_layer_that_does_not_fit_the_input_is_shown_in_its_text():
    with pytest.raises(DataError, match=r"dw:k3 conv:4,k9\n +\^{9}$"):
        network("dw:k3 conv:4,k9", np.ones((3, 5, 5)))


# --- memory


def test_too_little_memory_is_refused_with_what_is_needed(monkeypatch):
    # Of 4 bytes each: two more copies of 4x4 inputs, twice 3x3 results, and 4 weights:
    # 4*(32 + 18 + 4)
    x, w = np.ones((4, 4), "float32"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: 215)
    with pytest.raises(ResourceError) as caught:
        conv(x, w)
    assert str(caught.value).startswith(
        "computing needs about 216 bytes of memory, 215 are available"
    )


def test_an_input_that_must_be_converted_is_another_copy(monkeypatch):
    x, w = np.ones((4, 4), "float16"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: 279)
    with pytest.raises(ResourceError, match=r"needs about 280 bytes"):  # 4*(48 + 18 + 4)
        conv(x, w)


@pytest.mark.parametrize("available", [216, None])
def test_enough_or_unknown_memory_is_used(monkeypatch, available):
    x, w = np.ones((4, 4), "float32"), np.ones((2, 2), "float32")
    monkeypatch.setattr(in_memory, "available_memory", lambda: available)
    assert np.full((3, 3), 4).tolist() == conv(x, w).tolist()


def test_the_largest_layer_and_the_batch_decide_the_memory(monkeypatch):
    monkeypatch.setattr(in_memory, "available_memory", lambda: 0)
    # The second layer: 8 * (3*5*9*4 + 2*5*2*4 + 2*9 + 2)
    with pytest.raises(ResourceError, match=r"needs about 5,120 bytes"):
        network("pw:9 pw:2", np.ones((5, 1, 2, 2), "float64"))
    # 8 * (2*7*6 + 2*7*6 + 6*6*4 + 6*4 + 2*(4*7*6 + 3*7*7))
    with pytest.raises(ResourceError, match=r"needs about 7,728 bytes"):
        network("multiheadattention:6,heads3", np.ones((7, 6), "float64"))

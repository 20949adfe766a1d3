"""The weights of a network by name: PyTorch's load as they are, others are refused."""

from collections import OrderedDict

import numpy as np
import pytest
from convolving import both
from running_networks import network, normal

from convcalc.errors import DataError
from tolerances import TOLERANCES

# --- the same network in torch


def torch_networks(nn):
    """(spec, input shape, the network built by hand)."""
    separable = OrderedDict(
        depthwise=nn.Conv2d(3, 6, 3, 1, 1, groups=3), pointwise=nn.Conv2d(6, 5, 1)
    )
    without_bias = OrderedDict(
        depthwise=nn.Conv2d(3, 6, 3, 1, 1, groups=3, bias=False), pointwise=nn.Conv2d(6, 5, 1)
    )
    return {
        "dw:k3,p1,m2 pw:4": (nn.Conv2d(3, 6, 3, 1, 1, groups=3), nn.Conv2d(6, 4, 1)),
        "conv:9,k3x2,s2,p1,d1x2,g3,nobias conv:3,k1": (
            nn.Conv2d(3, 9, (3, 2), 2, 1, (1, 2), 3, bias=False),
            nn.Conv2d(9, 3, 1),
        ),
        "convt:6,k3,s2,p1,op1,g3 conv:2,k2,same": (
            nn.ConvTranspose2d(3, 6, 3, 2, 1, 1, 3),
            nn.Conv2d(6, 2, 2, padding="same"),
        ),
        "conv:4,k3,p2,circular conv:4,k3,p1,reflect conv:4,k3,p1,replicate": (
            nn.Conv2d(3, 4, 3, padding=2, padding_mode="circular"),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="replicate"),
        ),
        "sep:5,k3,p1,m2": (nn.Sequential(separable),),
        "sep:5,k3,p1,m2,nodwbias": (nn.Sequential(without_bias),),
    }


@both
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", range(6))
def test_the_weights_of_a_torch_sequential_load_as_they_are_named(backend, dtype, place):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    spec, layers = list(torch_networks(torch.nn).items())[place]
    module = torch.nn.Sequential(*layers).to(getattr(torch, dtype))
    x = normal(2, 3, 8, 7, dtype=dtype)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    array = network(spec, x, weights, backend=backend).array
    # |y| < 8 here, after sums of up to 54 products in each of up to three layers.
    assert (expected.shape, dtype) == (array.shape, array.dtype)
    assert abs(expected - array).max() <= TOLERANCES[dtype].bound(8)


# --- weights that do not fit


GOOD = {"0.weight": (4, 3, 3, 3), "0.bias": (4,)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"0.bias": None}, "missing '0.bias' (4)"),
        ({"0.weight": (4, 2, 3, 3)}, "'0.weight' is 4x2x3x3, the network needs 4x3x3x3"),
        ({"0.bias": (4, 1)}, "'0.bias' is 4x1, the network needs 4"),
        ({"0.weight": ()}, "'0.weight' is no axes, the network needs 4x3x3x3"),
        ({"0.bias": (0,)}, "'0.bias' is 0, the network needs 4"),
        ({"1.weight": (4,)}, "no layer has a weight '1.weight'"),
        ({"\x1b[31m": (4,)}, "no layer has a weight '\\x1b[31m'"),
        (
            {"0.bias": None, "0.bais": (4,)},
            "missing '0.bias' (4); did you mean '0.bais'?; no layer has a weight '0.bais'",
        ),
        (
            {"0.bias": None, "a": (1,), "b": (1,), "c": (1,), "d": (1,)},
            "missing '0.bias' (4); no layer has a weight 'a'; no layer has a weight 'b'; "
            "and 2 more",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(changes, expected):
    shapes = {**GOOD, **changes}
    weights = {name: np.ones(shape) for name, shape in shapes.items() if shape is not None}
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones((3, 5, 5)), weights)
    assert f"the weights do not fit: {expected}" == str(caught.value)


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("0.weights", "; did you mean '0.weight'?"),
        ("0.bias_", "; did you mean '0.bias'?"),
        ("1.gamma", ""),
    ],
)
def test_a_weight_too_many_is_named_with_its_nearest(unknown, hint):
    weights = {name: np.ones(shape) for name, shape in (*GOOD.items(), (unknown, (4,)))}
    with pytest.raises(DataError) as caught:
        network("conv:4,k3", np.ones((3, 5, 5)), weights)
    assert str(caught.value) == (f"the weights do not fit: no layer has a weight '{unknown}'{hint}")


@pytest.mark.parametrize("shape", [(4,), (1, 1, 1, 1, 1, 1)])
def test_weights_of_an_impossible_rank_are_named(shape):
    with pytest.raises(DataError, match=r"the weights do not fit: missing '0\.weight'"):
        network("conv:4,k3", np.ones((3, 5, 5)), {"0.bias": np.ones(shape)})


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_a_weight_that_is_no_real_number_is_named(dtype):
    weights = {name: np.ones(shape) for name, shape in GOOD.items()}
    weights["0.bias"] = weights["0.bias"].astype(dtype)
    with pytest.raises(DataError, match=rf"^'0.bias' is of dtype {dtype}; "):
        network("conv:4,k3", np.ones((3, 5, 5)), weights)


def test_a_weight_of_another_dtype_promotes_and_is_named():
    weights = {name: np.ones(shape, "float32") for name, shape in GOOD.items()}
    weights["0.bias"] = weights["0.bias"].astype("float64")
    result = network("conv:4,k3", np.ones((1, 3, 5, 5), "float32"), weights)
    assert "float64" == result.array.dtype
    assert len(result.notes) == 1
    assert "float64 ('0.bias')" in result.notes[0]

"""Activations beside their formulas in 400 digits, written down as plainly as they are defined.

Each is computed at values from 1e-6 to 1e4 of either sign, where a careless formula overflows or
loses its digits, and must be right to a few units in the last place.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from functools import cache

import numpy as np
import pytest
from convolving import BACKENDS
from running_kinds import run, torch_module

import convcalc
from convcalc.errors import DataError, LayerError, ShapeError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import CELU, GLU, RReLU, Softplus

SIZES = (1e4, 300, 88.5, 30, 17, 8, 2.5, 1.5, 1, 0.5, 0.3, 0.1, 0.01, 1e-3, 1e-5, 1e-6)
VALUES = np.array([[SIZES, [-size for size in SIZES]]])
"""One sample: two channels, of 16 positions."""


def each(function):
    """What a function of one element makes of the channels of a position."""
    return lambda channels: [function(x) for x in channels]


def elu(alpha, scale=1, inner=1):
    def function(x):
        return scale * (x if x > 0 else alpha * ((x / inner).exp() - 1))

    return each(function)


def softshrink(lambd):
    lambd = Decimal(lambd)
    return each(lambda x: x - lambd if x > lambd else x + lambd if x < -lambd else 0)


def softplus(beta, threshold):
    beta = Decimal(beta)
    return each(lambda x: x if beta * x > threshold else (1 + (beta * x).exp()).ln() / beta)


def glu(channels):
    half = len(channels) // 2
    return [channels[place] / (1 + (-channels[place + half]).exp()) for place in range(half)]


def gelu(x):
    a = (2 / Decimal(math.pi)).sqrt()
    return x * (1 + tanh(a * (x + Decimal("0.044715") * x**3))) / 2


def softmax(sign):
    def function(channels):
        powers = [(sign * x).exp() for x in channels]
        return [power / sum(powers) for power in powers]

    return function


def logsoftmax(channels):
    logarithm = sum(x.exp() for x in channels).ln()
    return [x - logarithm for x in channels]


def tanh(x):
    power = (-2 * abs(x)).exp()
    return ((1 - power) / (1 + power)).copy_sign(x)


SELU_ALPHA = Decimal("1.6732632423543772848170429916717")
SELU_SCALE = Decimal("1.0507009873554804934193349852946")

ROWS = [
    # (layer, PyTorch's module, its formula on the channels of one position)
    ("selu", "SELU()", elu(SELU_ALPHA, SELU_SCALE)),
    ("celu", "CELU()", elu(1)),
    ("celu:2", "CELU(2)", elu(2, inner=2)),
    ("celu:0.25", "CELU(0.25)", elu(Decimal("0.25"), inner=Decimal("0.25"))),
    ("hardshrink", "Hardshrink()", each(lambda x: x if abs(x) > 0.5 else 0)),
    ("hardshrink:0.25", "Hardshrink(0.25)", each(lambda x: x if abs(x) > 0.25 else 0)),
    ("hardshrink:-1", "Hardshrink(-1)", each(lambda x: x)),
    ("softshrink", "Softshrink()", softshrink(0.5)),
    ("softshrink:0", "Softshrink(0)", softshrink(0)),
    ("softshrink:2", "Softshrink(2)", softshrink(2)),
    ("tanhshrink", "Tanhshrink()", each(lambda x: x - tanh(x))),
    ("softplus", "Softplus()", softplus(1, 20)),
    ("softplus:2,threshold1000", "Softplus(2, 1000)", softplus(2, 1000)),
    ("softplus:0.5,threshold-1", "Softplus(0.5, -1)", softplus(0.5, -1)),
    ("softplus:-1", "Softplus(-1)", softplus(-1, 20)),
    ("logsigmoid", "LogSigmoid()", each(lambda x: -(1 + (-x).exp()).ln())),
    ("mish", "Mish()", each(lambda x: x * tanh((1 + x.exp()).ln()))),
    ("softmax", "Softmax(1)", softmax(1)),
    ("softmin", "Softmin(1)", softmax(-1)),
    ("logsoftmax", "LogSoftmax(1)", logsoftmax),
    ("gelu:tanh", "GELU('tanh')", each(gelu)),
    ("rrelu", "RReLU()", each(lambda x: x if x > 0 else x * 11 / 48)),
    ("rrelu:lower-2,upper0.5", "RReLU(-2, 0.5)", each(lambda x: x if x > 0 else -x * 3 / 4)),
    ("softsign", "Softsign()", each(lambda x: x / (1 + abs(x)))),
    ("glu", "GLU(1)", glu),
    ("threshold:0.25,value20", "Threshold(0.25, 20)", each(lambda x: x if x > 0.25 else 20)),
    ("threshold:-17,value-3.5", "Threshold(-17, -3.5)", each(lambda x: x if x > -17 else -3.5)),
]
SHARES = [("softmax", softmax(1)), ("softmin", softmax(-1)), ("logsoftmax", logsoftmax)]
SPECS = [row[0] for row in ROWS]

FACTORS = {"gelu:tanh": 1000}
"""Units in the last place, beyond 8: at -17 an input changed by one changes the result by 1100."""

LEAST = {"float16": 2**-24, "float32": 2**-126, "float64": 2**-1022}
"""Below it digits are lost."""


@cache
def at_position(channels, formula):
    """The formula on the channels of one position: a number has the same value for every test."""
    with localcontext(Context(prec=400)):
        return [float(y) for y in formula([Decimal(one) for one in channels])]


def by_formula(x, formula):
    """The formula at every position of (N, C, positions), as float64."""
    positions = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    columns = [at_position(tuple(map(float, channels)), formula) for channels in positions]
    shape = (x.shape[0], *x.shape[2:], -1)
    return np.moveaxis(np.array(columns).reshape(shape), -1, 1)


def layer_of(spec):
    return convcalc.parse(spec).nodes[0].layer


def close(result, expected, dtype, factor=8):
    np.testing.assert_allclose(
        result, expected, rtol=factor * np.finfo(dtype).eps, atol=2 * LEAST[dtype]
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("spec", "text", "formula"), ROWS, ids=SPECS)
def test_an_activation_keeps_its_digits_everywhere(backend, dtype, spec, text, formula):
    x = VALUES.astype(dtype)
    with np.errstate(all="ignore"):
        result = run(layer_of(spec), x, backend=backend)
    assert dtype == result.dtype
    close(result, by_formula(x, formula), dtype, FACTORS.get(spec, 8))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("spec", "text", "formula"), ROWS, ids=SPECS)
def test_float16_is_rounded_once(backend, spec, text, formula):
    x = VALUES.astype("float16")
    image = x[..., np.newaxis]  # one channel would be read of three axes
    result = run_network(convcalc.parse(spec), image, {}, Settings(backend=backend)).array
    assert "float16" == result.dtype
    close(result[..., 0], by_formula(x, formula), "float16", factor=0.51)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("spec", "formula"), [("softmin", softmax(-1)), ("logsoftmax", logsoftmax)]
)
@pytest.mark.parametrize(
    "channels",
    [
        [1e4, 1e4 - 1, 1e4 - 2, 1e4 - 2],
        [-1e4, -1e4, -1e4, -1e4 - 3],
        [0, 0, 0, 0],
        [40, 1, -1, 3],  # nearly all of one channel: the logarithm of 1 + 8e-17
        [-40, 1, -1, 3],
    ],
)
def test_shares_of_channels_keep_their_digits(backend, dtype, spec, formula, channels):
    x = np.array([channels], dtype).reshape(1, 4, 1)
    result = run(layer_of(spec), x, backend=backend)
    close(result, by_formula(x, formula), dtype)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("spec", "text", "formula"), ROWS, ids=SPECS)
def test_infinities_nan_and_zeros_are_torchs(backend, dtype, spec, text, formula):
    torch = pytest.importorskip("torch")
    special = [[-np.inf, np.inf, np.nan, 0.0, -0.0, 1.0], [0.0, -np.inf, 1.0, np.nan, np.inf, -0.0]]
    x = np.array([special], dtype)
    expected = torch_module(text)(torch.from_numpy(x)).numpy()
    with np.errstate(all="ignore"):
        result = run(layer_of(spec), x, backend=backend)
    close(result, expected, dtype)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(1, 2), (1, 2, 1), (2, 4, 3, 2), (2, 4, 2, 1, 2)])
@pytest.mark.parametrize(("spec", "text", "formula"), ROWS, ids=SPECS)
def test_any_number_of_axes(backend, shape, spec, text, formula):
    x = np.linspace(-3, 3, int(np.prod(shape))).reshape(shape)
    result = run(layer_of(spec), x, backend=backend)
    assert (shape[0], *layer_of(spec).out_shape(shape[1:])) == result.shape
    flat = by_formula(x.reshape(*shape[:2], -1), formula)
    close(result.reshape(flat.shape), flat, "float64")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("spec", SPECS)
def test_no_samples_make_none(backend, spec):
    network = convcalc.parse(spec)
    result = run_network(network, np.zeros((0, 2, 3, 3)), {}, Settings(backend=backend)).array
    assert (0, *network.analyze((2, 3, 3)).output_shape) == result.shape


@pytest.mark.parametrize("spec", SPECS)
def test_fractions_of_whole_numbers_are_refused(spec):
    with pytest.raises(DataError, match="makes fractions of whole numbers"):
        run_network(convcalc.parse(spec), np.ones((1, 2, 3, 3), int), {}, Settings(backend="numpy"))


@pytest.mark.parametrize(
    ("shape", "message"),
    [((5, 4, 4), "odd in 5x4x4; 4 or 6 fit"), ((1,), "odd in 1; 2 fit")],
)
def test_an_odd_number_of_channels_has_no_half(shape, message):
    with pytest.raises(ShapeError, match=message):
        GLU().out_shape(shape)


def test_no_slope_lies_between_bounds_in_the_wrong_order():
    with pytest.raises(LayerError, match=r"upper: must not be below lower=0.5, got 0.25"):
        RReLU(0.5, 0.25)
    assert 0.5 == RReLU(0.5, 0.5).negative_slope


@pytest.mark.parametrize(("kind", "name"), [(CELU, "alpha"), (Softplus, "beta")])
def test_0_would_divide_by_it(kind, name):
    with pytest.raises(LayerError, match=f"{name}: must not be 0"):
        kind(0)

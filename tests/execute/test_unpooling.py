"""`maxunpool` on both backends: the positions of `maxpool`, found as PyTorch finds them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from convolving import BACKENDS, backend_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ShapeError, SpecError, UsageError
from convcalc.execute.in_memory import plan_work, run_network
from convcalc.execute.network_job import network_work
from convcalc.execute.settings import Settings

NAN, INF = np.nan, np.inf


def run(text, values, backend="numpy", axes=1):
    """The result of a network on arrays, with as many spatial axes."""
    x = np.asarray(values)
    return run_network(convcalc.parse(text), x, {}, Settings(backend, spatial_dims=axes)).array


def naive(x, values, window):
    """`values` where the windows of `x` have their maxima, by a loop over all that exists."""
    out = np.zeros(x.shape, values.dtype)
    for place in product(*map(range, values.shape)):
        best = None
        for tap in product(*(range(kernel) for kernel, _, _, _ in window)):
            element = tuple(
                u * stride - before + dilation * t
                for u, t, (_, stride, before, dilation) in zip(place[2:], tap, window, strict=True)
            )
            if any(not 0 <= e < size for e, size in zip(element, x.shape[2:], strict=True)):
                continue
            at = (*place[:2], *element)
            if best is None or x[at] > x[best] or np.isnan(x[at]):
                best = at
        if best is not None:
            out[best] = values[place]
    return out


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("pool", "unpool", "values", "expected"),
    [
        ("2", "2", [1, 4, 3, 2], [0, 4, 3, 0]),
        # Of equal ones the first; the last element is in no window
        ("2", "2", [5, 5, -1, -1, 9], [5, 0, -1, 0, 0]),
        # Windows of 3, a step of 1 apart: those that share a maximum leave it one value
        ("3,s1", "3,s1", [0, 0, 5, 0, 0], [0, 0, 5, 0, 0]),
        ("3,s2,p1", "3,s2,p1", [7, 1, 2, 3, 9], [7, 0, 0, 3, 9]),
        # The last window hangs over the end
        ("2,ceil", "2", [1, 2, 3], [0, 2, 3]),
        ("2,s2,d2", "3,s2", [1, 2, 3, 4], [0, 0, 3, 0]),
        # Taps at -1 and 1 of one element: of a window of padding alone nothing goes anywhere
        ("2,s1,p1,d2", "3,s1,p1", [4], [0]),
        ("2,same-lower", "2", [8, 1, 2], [8, 0, 2]),
        # Not a number counts as a maximum, the last of several; below all there is still a first
        ("3", "3", [NAN, 1, NAN, NAN, 2, 3], [0, 0, NAN, NAN, 0, 0]),
        ("3", "3", [INF, INF, 1, -INF, -INF, -INF], [INF, 0, 0, -INF, 0, 0]),
        ("2,s1,p1", "2,s1,p1", [-INF, -INF], [-INF, -INF]),
    ],
)
def test_values_go_to_where_the_maxima_were(backend, pool, unpool, values, expected):
    text = f"p=maxpool:{pool} maxunpool:{unpool},of=p"
    result = run(text, np.array([[values]], float), backend)
    np.testing.assert_array_equal([[expected]], result)


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_windows_that_share_a_maximum_the_last_one_stays(backend):
    # Windows 0 1 2 of 3 elements have their maximum at element 2; their values are 5, 7 and 9.
    layer = convcalc.parse("p=maxpool:3,s1 maxunpool:3,s1,of=p").nodes[1].layer
    ops = backend_of(backend)
    x, values = np.array([[[0.0, 0, 8, 0, 0]]]), np.array([[[5.0, 7, 9]]])
    arrays = [ops.load(array, "float64") for array in (values, x)]
    assert [[[0, 0, 9, 0, 0]]] == ops.unload(layer.run(ops, arrays, {})).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
def test_two_axes_and_whole_numbers(backend, dtype):
    x = np.array([[[[1, 9, 3, 3], [2, 4, 3, 7], [-5, -6, 0, 0], [-7, -8, 0, 0]]]], dtype)
    expected = [[0, 9, 0, 0], [0, 0, 0, 7], [-5, 0, 0, 0], [0, 0, 0, 0]]
    result = run("p=maxpool:2 maxunpool:2,of=p", x, backend, 2)
    assert (expected, dtype) == (result[0, 0].tolist(), result.dtype.name)
    assert (0, 1, 4, 4) == run("p=maxpool:2 maxunpool:2,of=p", x[:0], backend, 2).shape


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=40)
@given(data=st.data())
def test_any_windows_are_those_of_a_naive_loop_and_of_torch(backend, data):
    torch = pytest.importorskip("torch")
    axes = data.draw(st.integers(1, 3))
    shape = (2, 2, *(data.draw(st.integers(1, (0, 9, 6, 4)[axes])) for _ in range(axes)))
    window = []
    for _ in range(axes):
        kernel, stride = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
        dilation = data.draw(st.integers(1, 2))
        # torch names an element that does not exist for a window of padding alone.
        padding = data.draw(st.integers(0, kernel // 2)) if dilation == 1 else 0
        window.append((kernel, stride, padding, dilation))
    ceil = data.draw(st.booleans())
    seed = data.draw(st.integers(0, 2**32 - 1))
    x = np.random.default_rng(seed).choice([0.0, -1, 1, 2, NAN, -INF, INF], shape)
    kernel, stride, padding, dilation = (
        "x".join(map(str, each)) for each in zip(*window, strict=True)
    )
    extent = [d * (k - 1) + 1 for k, _, _, d in window]
    pool = f"maxpool:{kernel},s{stride},p{padding},d{dilation}{',ceil' * ceil}"
    own = f"maxunpool:{'x'.join(map(str, extent))},s{stride},p{padding},of=p"
    network = convcalc.parse(f"p={pool} relu {own}")
    try:
        network.analyze(shape[1:])
    except SpecError:
        assume(False)
    result = run_network(network, x, {}, Settings(backend, spatial_dims=axes)).array
    values = run(f"{pool} relu", x, axes=axes)
    np.testing.assert_array_equal(naive(x, values, window), result)
    functions = torch.nn.functional
    parts = [list(each) for each in zip(*window, strict=True)]
    pooled, positions = getattr(functions, f"max_pool{axes}d")(
        torch.from_numpy(x), *parts, ceil_mode=ceil, return_indices=True
    )
    expected = getattr(functions, f"max_unpool{axes}d")(
        torch.relu(pooled), positions, extent, *parts[1:3], output_size=list(shape[2:])
    )
    np.testing.assert_array_equal(expected.numpy(), result)


@pytest.mark.parametrize(
    ("text", "output"), [("maxunpool:2", (2, 8, 8)), ("pw:4 maxunpool:2x3,s1", (4, 5, 6))]
)
def test_without_a_pooling_it_is_counted_and_not_computed(text, output):
    network, x = convcalc.parse(text), np.zeros((2, 4, 4))
    report = network.analyze((2, 4, 4))
    assert output == report.output_shape
    spec = text.rpartition(" ")[2]
    label = len(report.layers) - 1
    message = rf"layer {label} \({spec}\): label the maxpool whose positions it takes, and write "
    weights = {name: np.zeros(shape) for name, shape in network.tensor_shapes((2, 4, 4)).items()}
    with pytest.raises(UsageError, match=rf"^{message}{spec},of=LABEL$"):
        run_network(network, x, weights, Settings("numpy"))
    with pytest.raises(UsageError, match=message):
        plan_work(network_work(network, x, weights, Settings()), Settings())
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=message):
        network.to_torch((2, 4, 4))


def test_a_layer_of_two_inputs_needs_both():
    layer = convcalc.parse("p=maxpool:2 maxunpool:2,of=p").nodes[1].layer
    with pytest.raises(ShapeError, match="needs a second input, what arrives at '@p'"):
        layer.out_shape((1, 4))
